// Keeps the support pages of visited institutions for when there is no connection, and nothing else.
"use strict";

const scheme = "support-1 "; // a cache for each page, named by its path; another scheme gets another number
const most = 4;
const left = "left"; // an empty cache: the site was left without a connection, and the session has still to be ended
const day = 24 * 60 * 60 * 1000;

const supportPage = /^(\/[a-z0-9-]+){0,2}\/support$/;
const aboutReports = /\/report(\/|$)/;
const signedIn = /^\/app(\/|$)/;
const assets = /^\/(public|brand)\//;

addEventListener("install", () => skipWaiting());

addEventListener("activate", (event) => event.waitUntil(tidy().then(() => clients.claim())));

addEventListener("message", (event) => {
	if (event.data.keep) event.waitUntil(keep(event.data.keep, event.data.style).catch(() => {})); // the next page asks again
	if (event.data.left) event.waitUntil(endSession());
});

addEventListener("fetch", (event) => {
	const request = event.request;
	const url = new URL(request.url);
	if (request.method !== "GET" || url.origin !== location.origin || aboutReports.test(url.pathname)) return;
	if (request.mode === "navigate") event.respondWith(open(request, url.pathname));
	else if (assets.test(url.pathname)) event.respondWith(fetch(request).catch(() => asset(url.pathname)));
});

async function open(request, path) {
	if (signedIn.test(path) && (await caches.has(left))) await endSession();
	try {
		return await fetch(request);
	} catch (error) {
		const page = await standIn(path);
		if (!page) throw error;
		return page;
	}
}

// standIn returns the stored support page of the same institution and language, else the one that was kept last. It says what it is.
async function standIn(path) {
	const kept = (await pages()).reverse();
	const near = kept.filter((page) => path.startsWith(page.slice(0, -"support".length)));
	const page = near.sort((a, b) => b.length - a.length)[0] ?? kept[0];
	const stored = page && (await find(page));
	if (!stored) return null;
	const headers = new Headers(stored.headers);
	for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
	headers.set("Cache-Control", "no-store");
	return new Response((await stored.text()).replace('class="offline" hidden', 'class="offline"'), { headers });
}

const asset = async (path) => (await caches.match(path, { ignoreVary: true })) ?? Response.error();

const find = (page) => caches.match(page, { cacheName: scheme + page, ignoreVary: true });

const pages = async () => (await caches.keys()).filter((name) => name.startsWith(scheme)).map((name) => name.slice(scheme.length));

// keep stores a support page with everything that it shows, unless a copy of today in the same clothes is there.
async function keep(page, style) {
	if (!supportPage.test(page)) return;
	const old = await find(page);
	if (old && Date.now() - Date.parse(old.headers.get("Date")) < day && (await old.text()).includes(`"${style}"`)) return;
	const fresh = await fetch(page, { credentials: "omit", cache: "no-cache" });
	if (!fresh.ok || fresh.redirected) return;
	const html = await fresh.clone().text();
	const files = [...new Set(Array.from(html.matchAll(/(?:href|src)="(\/(?:public|brand)\/[^"#]+)/g), (match) => match[1]))];
	const bodies = await Promise.all(files.map((file) => fetch(file, { credentials: "omit" })));
	if (!bodies.every((body) => body.ok)) return;
	await caches.delete(scheme + page);
	const cache = await caches.open(scheme + page);
	await Promise.all([cache.put(page, fresh), ...files.map((file, i) => cache.put(file, bodies[i]))]);
	await tidy();
}

// tidy deletes what an older worker left, and the oldest pages when there are too many.
async function tidy() {
	const names = await caches.keys();
	const wanted = [left, ...names.filter((name) => name.startsWith(scheme)).slice(-most)];
	for (const name of names) if (!wanted.includes(name)) await caches.delete(name);
}

// endSession tells the server that somebody has left. What cannot be told now is told before the next page of the signed-in half.
async function endSession() {
	try {
		await fetch("/app/leave", { method: "POST" });
		await caches.delete(left);
	} catch {
		await caches.open(left);
	}
}
