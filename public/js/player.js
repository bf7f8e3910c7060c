// Moving through the training exchanges only the page's content. Nothing needs this file: it announces feedback, and keeps an answer in this page's
// memory, and nowhere else, while the network is away.
(() => {
	"use strict";
	const training = "/app/training/";
	const words = document.getElementById("words")?.dataset;
	if (!words || !location.pathname.startsWith(training)) return;

	const slow = 300; // ms until progress shows
	const patience = 20_000; // ms until a request counts as failed
	const away = [429, 502, 503, 504]; // the server cannot take an answer now
	const mostTries = 10;

	const main = () => document.getElementById("main");
	const address = (url) => url.pathname + url.search;
	const ours = (url) => url.origin === location.origin && url.pathname.startsWith(training);

	let shown = address(location);
	let entry = history.state?.entry ?? 0;
	let request = null;
	let sending = false; // it carries an answer
	let held = null;
	let gone = false; // the page is being left: nothing is sent or shown any more
	let tries = 0;
	let retry = 0;
	let notice = null;
	const scrolls = new Map(); // how far down each entry was read

	const make = (tag, attributes, ...inside) => {
		const element = document.createElement(tag);
		for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
		element.append(...inside);
		return element;
	};

	const live = make("p", { class: "sr", role: "status" });
	document.body.append(live);
	let saying = 0;
	const announce = (text) => {
		live.textContent = "";
		clearTimeout(saying);
		saying = setTimeout(() => (live.textContent = text), 100); // the same words are said again too
	};

	const showWaiting = () => {
		const bar = make("div", { class: "waiting", role: "progressbar", "aria-label": words.waiting });
		document.body.append(bar);
		announce(words.waiting);
		return bar;
	};

	// ask throws when the network fails, or another request takes its place.
	const ask = async (url, body) => {
		request?.abort();
		const mine = (request = new AbortController());
		let bar = null;
		const wait = setTimeout(() => (bar = showWaiting()), slow);
		const late = setTimeout(() => mine.abort(), patience);
		main().setAttribute("aria-busy", "true");
		try {
			const response = await fetch(url, { method: body ? "POST" : "GET", body, headers: { Accept: "text/html" }, signal: mine.signal });
			return { response, text: await response.text() };
		} finally {
			clearTimeout(wait);
			clearTimeout(late);
			bar?.remove();
			if (request === mine) {
				request = null;
				main().removeAttribute("aria-busy");
			}
		}
	};

	const dressed = (page) => Array.from(page.querySelectorAll("link[rel=stylesheet], script[src]"), (e) => e.getAttribute("href") ?? e.getAttribute("src")).join();

	const saidOutside = (page) => {
		const said = page.querySelector("body > .said, body > :not(main) > .said");
		return said?.parentNode === page.body ? said : said?.parentNode;
	};

	const exchange = (page) => {
		saidOutside(document)?.remove();
		const said = saidOutside(page);
		main().replaceWith(page.getElementById("main"));
		if (said) main().before(said);
		document.getElementById("languages")?.replaceWith(page.getElementById("languages") ?? ""); // they carry the form along
		document.title = page.title;
	};

	// Reading goes on at the reply, at what is wrong, at the next moment of a story, or else at the heading.
	const focus = (parts, traversed) => {
		const part = parts.map((id) => document.getElementById(id)).find(Boolean);
		const target = part || main().querySelector("h1") || main();
		target.tabIndex = -1;
		target.focus({ preventScroll: true });
		const { top } = target.getBoundingClientRect();
		if (traversed) scrollTo(0, scrolls.get(entry) ?? 0);
		else if (!part) scrollTo(0, 0);
		else if (top > innerHeight * 0.6 || top < 0) part.scrollIntoView();
		const said = Array.from(document.querySelectorAll(".said"), (e) => e.textContent);
		if (!part) said.push(document.title);
		else if (part.id === "reply-title") said.push(part.textContent); // problems are an alert of their own, and focus reads a moment
		announce(said.join(" ").trim());
	};

	// What is no page of the training, or comes from a newer program, is loaded as a whole.
	const show = ({ response, text }, { form, button, to, hash = "" } = {}) => {
		const url = new URL(response.url);
		const page = new DOMParser().parseFromString(text, "text/html");
		const alike = (response.headers.get("Content-Type") ?? "").startsWith("text/html") && page.getElementById("main") &&
			dressed(page) === dressed(document) && page.documentElement.lang === document.documentElement.lang;
		const traversed = to !== undefined;
		if (!ours(url) || !alike) {
			gone = true;
			if (form && !response.redirected) form.requestSubmit(button); // taking the same answer twice changes nothing
			else if (traversed) location.replace(url);
			else location.assign(url);
			return;
		}
		const same = address(url) === shown;
		const parts = form && same ? ["reply-title", "problems", ...(main().querySelector("#now") ? ["now"] : [])] : [];
		exchange(page);
		shown = address(url);
		if (traversed) {
			entry = to;
			if (response.redirected) history.replaceState({ entry }, "", url);
		} else if (same) history.replaceState({ entry }, "", shown + hash);
		else history.pushState({ entry: ++entry }, "", shown + hash);
		focus(parts, traversed);
	};

	const tell = (text, button) => {
		announce(text);
		if (held && !button) return; // that it waits still stands there
		notice?.remove();
		notice = make("div", { class: "held", role: "status", "aria-live": "off" }, make("p", {}, text)); // announce() says it
		if (button) {
			const again = make("button", { type: "button", class: "button quiet" }, button);
			again.addEventListener("click", resend);
			notice.append(make("p", {}, again));
		}
		document.body.append(notice);
	};

	const hush = () => {
		notice?.remove();
		notice = null;
	};

	const forget = () => {
		held = null;
		tries = 0;
		clearTimeout(retry);
		hush();
	};

	const hold = (answer) => {
		const first = held !== answer;
		held = answer;
		clearTimeout(retry);
		if (first) tries = 0;
		if (first || !notice) tell(words.held, words.retry);
		if (tries < mostTries) retry = setTimeout(resend, Math.min(60_000, 5000 * 2 ** tries++));
	};

	const send = async (answer) => {
		if (sending || gone) return;
		sending = true;
		clearTimeout(retry);
		let came = null;
		try {
			came = await ask(answer.url, new URLSearchParams(answer.fields));
		} catch {
		}
		sending = false;
		if (gone) return;
		if (!came || away.includes(came.response.status)) return hold(answer);
		forget();
		show(came, answer);
	};

	const resend = () => held && send(held);

	const drop = () => {
		gone = true;
		request?.abort();
		forget();
	};

	document.addEventListener("submit", (event) => {
		const form = event.target;
		const button = event.submitter;
		if (event.defaultPrevented || gone) return;
		const url = new URL(button?.getAttribute("formaction") ?? form.getAttribute("action") ?? "", location.href);
		if (url.pathname === "/app/sign-out") return drop();
		if (!main().contains(form) || form.getAttribute("target") || form.getAttribute("method")?.toLowerCase() !== "post" || !ours(url)) return;
		if (button?.name === "language") { // the whole page changes
			if (navigator.onLine === false || sending) {
				event.preventDefault(); // what was typed would be lost
				tell(words.failed);
			}
			return;
		}
		event.preventDefault();
		if (sending) return;
		const fields = Array.from(new FormData(form)).filter(([, value]) => typeof value === "string");
		if (button?.name) fields.push([button.name, button.value]);
		send({ form, button, fields, url: address(url), hash: url.hash });
	});

	// visit says whether the page is another one now. An answer that waits goes first.
	const visit = async (url, how) => {
		if (sending || gone) return false;
		if (held) {
			announce(words.held);
			resend();
			return false;
		}
		try {
			const came = await ask(address(url));
			hush();
			show(came, how);
			return true;
		} catch {
			if (request || gone) return true; // another one took its place
			tell(words.failed);
			return false;
		}
	};

	document.addEventListener("click", (event) => {
		const link = event.target.closest("a[href]");
		if (!link || !main().contains(link) || gone || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
		if ((link.target && link.target !== "_self") || link.hasAttribute("download") || link.hash || !ours(link)) return;
		event.preventDefault();
		visit(link);
	});

	history.scrollRestoration = "manual";
	history.replaceState({ entry }, "");
	addEventListener("scroll", () => scrolls.set(entry, scrollY), { passive: true });

	addEventListener("popstate", async (event) => {
		const from = entry;
		const to = event.state?.entry;
		if (address(location) === shown) { // within the page
			entry = to ?? entry + 1;
			if (to === undefined) history.replaceState({ entry }, "");
			else scrollTo(0, scrolls.get(entry) ?? scrollY);
			return;
		}
		if (to === undefined || gone) return location.reload();
		if (!(await visit(location, { to }))) history.go(from - to); // what is here stays, with all that was typed
	});

	// On a line of spots the bead can be dragged as well as set.
	document.addEventListener("pointerdown", (event) => {
		const line = event.button ? null : event.target.closest("form .spots");
		if (!line) return;
		const end = new AbortController();
		const during = (type, listener) => addEventListener(type, listener, { signal: end.signal });
		during("pointermove", (move) => {
			const stop = document.elementFromPoint(move.clientX, move.clientY)?.closest(".spot");
			if (stop && line.contains(stop)) stop.querySelector("input").checked = true;
		});
		during("selectstart", (select) => select.preventDefault());
		for (const type of ["pointerup", "pointercancel"]) during(type, () => end.abort());
	});

	addEventListener("online", () => (held ? resend() : hush()));
	addEventListener("pagehide", () => {
		history.scrollRestoration = "auto";
		drop();
	});
	document.addEventListener("upstander:leave", drop);
})();
