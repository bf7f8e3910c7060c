// Passkeys: the form holds what the server asks, and takes the browser's answer back to it.
(() => {
	"use strict";
	const form = document.querySelector("form[data-passkey]");
	const keys = window.PublicKeyCredential;
	if (!form || !keys?.parseRequestOptionsFromJSON) return;
	form.hidden = false;
	form.addEventListener("submit", async (event) => {
		event.preventDefault();
		try {
			const { publicKey: asked } = JSON.parse(form.dataset.passkey);
			const answer = asked.rp
				? navigator.credentials.create({ publicKey: keys.parseCreationOptionsFromJSON(asked) })
				: navigator.credentials.get({ publicKey: keys.parseRequestOptionsFromJSON(asked) });
			form.credential.value = JSON.stringify(await answer);
			form.submit();
		} catch {
			document.getElementById("passkey-wrong").hidden = false;
		}
	});
})();
