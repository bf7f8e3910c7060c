// A workshop's pages follow the room: the server sends what is on now as it stands in the page, for everybody at once. What this phone has chosen
// stays, an answer that could not be sent is sent again, and everything works by form without this file.
(() => {
	"use strict";
	const now = document.getElementById("now");
	const words = document.getElementById("live")?.dataset;
	const path = location.pathname;
	if (!now || !words || !window.EventSource) return;

	const isPhone = /^\/room\/[^/]+$/.test(path);
	const beat = 20_000; // ms between heartbeats of a phone
	const again = 3000; // ms until an answer is sent again
	const first = 8000; // ms in which a stream that is let through brings something

	let stream = null;
	let brought = false; // the stream has brought something
	let deaf = 0; // times in a row that it has brought nothing
	let late = 0;
	let held = null; // the answer that waits to be sent
	let retry = 0;
	let sending = null; // what is on its way
	let next = null; // what was pressed meanwhile: the room may have moved on before the answer is here

	const heard = document.getElementById("heard");
	const trouble = document.getElementById("trouble");
	const announce = (text) => {
		heard.textContent = "";
		setTimeout(() => (heard.textContent = text), 100); // the same words are said again too
	};
	const tell = (text) => {
		if (trouble.hidden || trouble.textContent !== text) {
			trouble.textContent = text;
			trouble.hidden = false;
			announce(text);
		}
	};
	const blame = () => tell(navigator.onLine === false ? words.yours : words.ours);
	const calm = () => { // not for an answer that was still on its way when the network went
		if (!held && navigator.onLine !== false) trouble.hidden = true;
	};

	// whose finds out where the fault lies. A stream can be held up where plain requests pass; only if those fail too it is ours. A phone's is its heartbeat.
	const whose = async () => {
		const answer = await (isPhone ? fetch(path + "/here", { method: "POST" }) : fetch(path)).catch(() => null);
		if (!answer || answer.status >= 500) {
			if (stream?.readyState !== EventSource.OPEN || !brought) blame();
		} else if (answer.status === 202) {
			if (!now.textContent.includes(words.host)) tell(words.host);
		} else if (deaf > 1) tell(words.still);
		else calm();
	};

	const part = (root) => root?.querySelector("[data-say]");
	const ballot = () => part(now)?.dataset.ballot;

	// What is under the fingers stays: the form of a question that is still open, what is unfolded, and the place of the focus.
	const put = (target, fresh) => {
		const active = document.activeElement;
		const focused = target.contains(active) ? active : null;
		const was = part(target);
		const is = part(fresh);
		const unfolded = Array.from(target.querySelectorAll("details"), (d) => d.open);
		const said = is && is.dataset.say !== was?.dataset.say ? is.dataset.say : "";
		if (was && is?.dataset.ballot && is.dataset.ballot === was.dataset.ballot && !fresh.querySelector(".problems, [role=status]")) return;
		target.replaceChildren(...fresh.childNodes);
		const folds = target.querySelectorAll("details");
		if (folds.length === unfolded.length) folds.forEach((d, i) => (d.open = d.open || unfolded[i]));
		if (focused && !target.contains(document.activeElement)) {
			const same = focused.id && document.getElementById(focused.id);
			(same || target.querySelector("h1"))?.focus({ preventScroll: true });
		}
		fit();
		if (said && !document.activeElement.closest("details")) scrollTo(0, 0); // what is new begins at the top
		if (said) announce(said);
	};

	// The projector's type becomes smaller until all of a slide can be seen.
	const fit = () => {
		if (!now.hasAttribute("data-fits")) return;
		const root = document.documentElement;
		for (let size = 100; size >= 45; size -= 5) {
			root.style.setProperty("--fit", size / 100);
			if (now.scrollHeight <= now.clientHeight && root.scrollHeight <= innerHeight && now.scrollWidth <= now.clientWidth) return;
		}
	};
	addEventListener("resize", fit);

	const read = (html) => {
		const box = document.createElement("div");
		box.append(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
		return box;
	};

	const show = (event) => {
		brought = true;
		deaf = 0;
		calm();
		if (part(now)?.hasAttribute("data-breathing")) return; // a calm page stays as it is
		const fresh = read(event.data);
		if (held && part(fresh)?.dataset.ballot !== ballot()) drop(); // its question has closed
		put(now, fresh);
	};

	const open = () => {
		if (stream || document.hidden) return;
		stream = new EventSource(path + "/events");
		brought = false;
		late = setTimeout(() => {
			if (brought) return;
			deaf = 2;
			whose();
		}, first);
		if (isPhone) whose(); // it is here
		stream.addEventListener("open", () => {
			if (!brought) return;
			deaf = 0;
			calm();
		});
		stream.addEventListener("now", show);
		stream.addEventListener("pulse", (event) => {
			const pulse = document.getElementById("pulse");
			if (pulse) put(pulse, read(event.data));
		});
		stream.addEventListener("error", () => {
			if (++deaf < 4 || !isPhone) whose(); // then a phone's heartbeats do
			if (stream?.readyState === EventSource.CLOSED) { // a browser gives up when the server answers with an error
				shut();
				setTimeout(open, 1000 + Math.random() * 3000);
			}
		});
	};
	const shut = () => {
		stream?.close();
		stream = null;
		clearTimeout(late);
	};

	// Six open streams would freeze a browser's other tabs, and a phone in a pocket needs none.
	document.addEventListener("visibilitychange", () => (document.hidden ? shut() : open()));
	addEventListener("pagehide", shut);
	addEventListener("pageshow", (event) => event.persisted && open());
	addEventListener("online", () => {
		open();
		whose();
	});
	addEventListener("offline", blame);
	document.addEventListener("upstander:leave", () => {
		shut();
		drop();
	});

	const drop = () => {
		held = null;
		clearTimeout(retry);
		calm();
	};
	const hold = (what) => {
		held = what;
		tell(navigator.onLine === false ? words.yours : words.held);
		retry = setTimeout(() => held && send(held), again + Math.random() * 1000);
	};

	const send = async (what) => {
		if (sending) {
			if (String(new URLSearchParams(what.fields)) !== String(new URLSearchParams(sending.fields))) next = what;
			return;
		}
		sending = what;
		clearTimeout(retry);
		let response = null;
		let text = "";
		try {
			response = await fetch(what.url, { method: "POST", body: new URLSearchParams(what.fields), headers: { Accept: "text/html" } });
			text = await response.text();
		} catch {
			response = null;
		}
		sending = null;
		if (!response || response.status === 429 || response.status >= 500) return hold(what);
		held = null;
		calm();
		const page = new DOMParser().parseFromString(text, "text/html");
		const fresh = page.getElementById("now");
		if (!fresh) return location.reload();
		delete part(now)?.dataset.ballot; // what the server says now takes the place of the form
		put(now, fresh);
		const pulse = page.getElementById("pulse");
		if (pulse) put(document.getElementById("pulse"), pulse);
		const said = now.querySelector(".problems, [role=status]") ?? page.querySelector(".said");
		if (said) announce(said.textContent);
		now.querySelector(".problems")?.focus();
		const queued = next;
		next = null;
		if (queued) send(queued);
	};

	document.addEventListener("submit", (event) => {
		const form = event.target;
		const url = new URL(form.getAttribute("action") ?? "", location.href);
		if (event.defaultPrevented || form.target || form.method !== "post" || url.origin !== location.origin || !url.pathname.startsWith("/room/")) return;
		if (!document.getElementById("main")?.contains(form)) return;
		event.preventDefault();
		const fields = Array.from(new FormData(form)).filter(([, value]) => typeof value === "string");
		if (event.submitter?.name) fields.push([event.submitter.name, event.submitter.value]);
		send({ url: url.pathname, fields });
	});

	if (isPhone) setInterval(() => document.hidden || whose(), beat + Math.random() * 4000);
	fit();
	open();
})();
