// Quick exit. The button's form works without this; with it the page is covered at once and the address is replaced. Escape three times
// within five seconds does the same, unless an Escape closed something. This file talks to nobody: pages about reports load it too. It runs
// before anything is painted: whoever comes Back after leaving sees nothing.
(() => {
	"use strict";
	const root = document.documentElement;
	const signedIn = /^\/app(\/|$)/.test(location.pathname);
	// Where this tab was left for, until it is closed or the site is opened anew.
	const left = (to) => {
		try {
			if (to) sessionStorage.setItem("left", to);
			else if (to === "") sessionStorage.removeItem("left");
			return sessionStorage.getItem("left");
		} catch {
			return null; // storage is switched off
		}
	};
	const away = (to) => {
		root.hidden = true;
		location.replace(to);
	};
	if (left()) {
		if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") away(left());
		else left("");
	}
	// Pages of the signed-in half are not shown from the browser's memory: the session may have ended meanwhile.
	addEventListener("pagehide", (event) => {
		if (event.persisted && signedIn) root.hidden = true;
	});
	addEventListener("pageshow", (event) => {
		if (!event.persisted) return;
		if (left()) away(left());
		else if (signedIn) location.reload();
	});
	const leave = () => {
		const form = document.querySelector("form.leave");
		if (!form) return;
		const cover = document.createElement("div");
		cover.className = "cover";
		root.append(cover);
		document.body.hidden = true;
		document.title = " ";
		left(form.dataset.to);
		document.dispatchEvent(new Event("upstander:leave"));
		location.replace(form.dataset.to);
	};
	document.addEventListener("submit", (event) => {
		if (!event.target.matches("form.leave")) return;
		event.preventDefault();
		leave();
	});
	let presses = [];
	document.addEventListener("keydown", (event) => {
		if (event.key !== "Escape" || event.defaultPrevented || event.repeat) return;
		if (document.querySelector(":is(dialog[open], :popover-open, details.menu[open])")) {
			presses = [];
			return;
		}
		const now = event.timeStamp;
		presses = presses.filter((at) => now - at < 5000);
		presses.push(now);
		if (presses.length === 3) leave();
	});
})();
