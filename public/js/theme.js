// Light, dark, or as the device says. The choice is kept in this browser and sent nowhere. This runs before anything is painted.
(() => {
	"use strict";
	const root = document.documentElement;
	const kept = () => {
		try {
			return localStorage.getItem("theme");
		} catch {
			return null; // storage is switched off
		}
	};
	const keep = (theme) => {
		try {
			if (theme) localStorage.setItem("theme", theme);
			else localStorage.removeItem("theme");
		} catch {
			// then it holds for this page alone
		}
	};
	const use = (theme) => {
		if (theme === "light" || theme === "dark") root.dataset.theme = theme;
		else delete root.dataset.theme;
		for (const button of document.querySelectorAll("[data-theme-to]")) {
			button.setAttribute("aria-pressed", String(button.dataset.themeTo === (root.dataset.theme || "")));
		}
	};
	use(kept());
	document.addEventListener("DOMContentLoaded", () => {
		use(root.dataset.theme);
		for (const control of document.querySelectorAll(".theme")) control.hidden = false;
	});
	document.addEventListener("click", (event) => {
		const button = event.target.closest("button[data-theme-to]");
		if (!button) return;
		keep(button.dataset.themeTo);
		use(button.dataset.themeTo);
	});
	addEventListener("storage", (event) => {
		if (event.key === "theme" || event.key === null) use(kept());
	});
})();
