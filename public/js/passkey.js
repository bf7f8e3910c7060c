// The form holds what a passkey is asked.
(() => {
	const form = document.querySelector("[data-passkey]");
	const keys = window.PublicKeyCredential;
	if (!form || !keys?.parseRequestOptionsFromJSON) return;
	const { publicKey: it } = JSON.parse(form.dataset.passkey);
	const make = it.rp;
	form.hidden = false;
	form.onsubmit = async (event) => {
		event.preventDefault();
		try {
			const publicKey = keys[`parse${make ? "Creation" : "Request"}OptionsFromJSON`](it);
			const answer = await navigator.credentials[make ? "create" : "get"]({ publicKey });
			form.credential.value = JSON.stringify(answer);
			form.submit();
		} catch {
			form.lastElementChild.hidden = false;
		}
	};
})();
