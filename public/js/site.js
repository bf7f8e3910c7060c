// Ends the session when somebody leaves, and has the support page kept on the device. Pages that must not talk to the server do without.
(() => {
	"use strict";
	const workers = navigator.serviceWorker; // absent where the connection is not secure
	// The request goes out while the page is already being replaced. Without a connection the worker remembers it.
	document.addEventListener("upstander:leave", () => {
		navigator.sendBeacon("/app/leave");
		workers?.controller?.postMessage({ left: true });
	});
	// The stored support page stands in for another one until there is a connection.
	if (document.querySelector(".offline:not([hidden])")) addEventListener("online", () => location.reload());
	const support = document.querySelector("a.support");
	const style = document.querySelector("link[rel=stylesheet]");
	if (!workers || !support || !style || support.origin !== location.origin) return;
	addEventListener("load", async () => {
		try {
			await workers.register("/sw.js");
			(await workers.ready).active.postMessage({ keep: support.pathname, style: style.getAttribute("href") });
		} catch {
			// a private window may refuse; the page works without
		}
	});
})();
