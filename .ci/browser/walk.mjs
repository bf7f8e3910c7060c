// The journeys: how every page is brought into every state, by clicking and typing as people do. Pages are known by addresses, the names of
// fields and the values of buttons, never by classes or words, so that design and language may change.
import { answerTo } from "./site.mjs";
import { dimensions, forTheEye } from "./variants.mjs";

// longest is a name of 80 letters with no place to break it. All visitors have it, and addresses of 100 letters, but those that the contact sheets show.
export const longest = "Bartholomewina".repeat(6).slice(0, 80);
const long = (v) => !forTheEye(v.variant);
const ownName = (v) => (long(v) ? longest : "Robin Sample");

export function addressOf(v, who) {
  const domain = `@${v.variant.institution}.example`;
  return `${who}-${v.number}${long(v) ? `-${"abcdefghi".repeat(10)}`.slice(0, 100 - `${who}-${v.number}${domain}`.length) : ""}${domain}`;
}

// Visitor is one browser on one variant.
export class Visitor {
  constructor(site, page, variant, number, look, fetched) {
    Object.assign(this, { site, page, variant, number, look, fetched });
    this.public = `/${variant.institution}${variant.language === "en" ? "" : `/${variant.language}`}`;
    this.module = site.modules[variant.module];
  }

  path() { return new URL(this.page.url()).pathname; }

  async open(path) { await this.page.goto(this.site.base + path); }

  // see looks at the page as it stands. Its name is that of the state, and of the journey it belongs to.
  async see(journey, name, options = {}) { await this.look(journey, name, options); }

  async visit(journey, name, path, options) {
    await this.open(path);
    await this.see(journey, name, options);
  }

  button(name, value) { return this.page.locator(`main button[name="${name}"][value="${value}"]`).first(); }

  form(action) { return this.page.locator(`main form[action^="${action}"]`).first(); }

  // press clicks what leads on, and waits until the page has changed: another one, or other content in the same one.
  async press(target) { await this.changed(() => target.click(), `pressing ${target}`); }

  async changed(act, what) {
    await this.page.evaluate(() => document.querySelector("main > *")?.setAttribute("data-seen-before", ""));
    await act();
    const until = Date.now() + 10000;
    for (;;) {
      const changed = await this.page.evaluate(() => document.readyState === "complete" && !document.querySelector("[data-seen-before]")).catch(() => false);
      if (changed) return;
      if (Date.now() > until) throw new Error(`nothing happened on ${this.page.url()} after ${what}`);
      await new Promise((done) => setTimeout(done, 15));
    }
  }

  // submit presses a form's own button.
  async submit(form) { await this.press(form.locator("button:not([formaction])").last()); }

  async choose(fields) {
    for (const [name, values] of Object.entries(fields)) {
      for (const value of values) await this.page.locator(`main input[name="${name}"][value="${value}"]`).check();
    }
  }

  at(inside = "") { return `?at=${this.variant.institution}&lang=${this.variant.language}${inside}`; }

  async signIn(email) {
    await this.open(`/app/sign-in${this.at()}`);
    await this.page.fill("input[name=email]", email);
    await this.submit(this.form("/app/sign-in"));
    await this.enterCode();
  }

  async enterCode() {
    const code = /(?<!\d)\d{3} ?\d{3}(?!\d)/.exec(await this.page.locator("main").innerText())?.[0]; // the demo shows it
    await this.page.fill("input[name=code]", code);
    await this.submit(this.form("/app/sign-in/code"));
  }
}

// publicPages shows everybody's half.
export async function publicPages(v) {
  await v.visit("public", "chooser", "/", { anyLanguage: true });
  await v.visit("public", "front", `${v.public}/`);
  const other = v.page.locator(`button[data-theme-to=${v.variant.scheme === "light" ? "dark" : "light"}]:visible`);
  if (v.variant.script === "script" && (await other.count())) { // the switch is there with JavaScript only
    await other.click();
    await v.see("public", "front, in the other theme");
    await v.page.locator("button[data-theme-to='']").click();
  }
  for (const file of await v.page.locator("main a[href$='.ics']").all()) {
    const answer = await v.page.request.get(v.site.base + (await file.getAttribute("href")));
    v.fetched(new URL(answer.url()).pathname, answer.ok());
  }
  await v.visit("public", "catalogue", `${v.public}/training`);
  await v.visit("public", "module", `${v.public}/training/${v.module.id}`);
  await v.visit("public", "support", `${v.public}/support`, { sheets: 3 });
  await v.visit("public", "tips", `${v.public}/tips`, { sheets: 1 });
  await v.visit("public", "report doors", `${v.public}/report`);
  await v.visit("public", "policy", `${v.public}/policy`);
  const older = v.page.locator(`main a[href*="/policy/"]`).first();
  if (await older.count()) {
    await v.press(older);
    await v.see("public", "policy, an older version");
  } else {
    await v.visit("public", "policy, one version", `${v.public}/policy/2026.1`);
  }
  await v.visit("public", "glossary", `${v.public}/glossary`);
  await v.visit("public", "about leaving", `${v.public}/leaving`);
  await v.visit("public", "not found", `${v.public}/nowhere`, { status: 404 });
}

// withoutNetwork shows what is left when the connection drops: the support page, whatever was asked for. The browser keeps it by itself, a moment
// after it has been visited.
export async function withoutNetwork(v) {
  if (v.variant.script !== "script") return;
  await v.open(`${v.public}/support`);
  await v.page.waitForFunction(async () => (await caches.keys()).length > 0);
  await v.page.context().setOffline(true);
  await v.visit("public", "support, without a network", `${v.public}/`);
  await v.page.context().setOffline(false);
}

// pledges signs as a group by the private link, and shows the wall around it.
export async function pledges(v) {
  await v.visit("pledge", "pledge wall", `${v.public}/pledges`);
  const next = v.page.locator("main a[rel=next]");
  if (await next.count()) {
    await v.press(next);
    await v.see("pledge", "pledge wall, second page");
    await v.open(`${v.public}/pledges`);
  }
  await v.submit(v.form(`${v.public}/pledges`));
  await v.see("pledge", "pledge wall, with problems", { status: 422 });
  await v.choose({ kind: ["society"], action: ["talk"], wall: ["yes"] });
  await v.page.fill("input[name=email]", addressOf(v, "group"));
  await v.page.fill("input[name=group]", long(v) ? `${v.number}${longest}`.slice(0, 80) : `Climbing club ${v.number}`);
  await v.submit(v.form(`${v.public}/pledges`));
  await v.see("pledge", "pledge sent");
  const link = await v.page.locator(`main a[href*="/pledges/mine/"]`).getAttribute("href");
  await v.open(`${v.public}/pledges/sent`);
  await v.visit("pledge", "pledge, waiting", new URL(link, v.page.url()).pathname);
  await v.press(v.button("do", "confirm"));
  await v.see("pledge", "pledge, confirmed");
}

// signingIn comes in by a code, with what can go wrong on the way.
export async function signingIn(v) {
  await v.visit("sign-in", "sign in", `/app/sign-in${v.at()}`);
  await v.page.fill("input[name=email]", "nobody");
  await v.submit(v.form("/app/sign-in"));
  await v.see("sign-in", "sign in, with problems", { status: 422 });
  await v.page.fill("input[name=email]", addressOf(v, "visitor"));
  await v.submit(v.form("/app/sign-in"));
  await v.see("sign-in", "code");
  await v.page.fill("input[name=code]", "000000");
  await v.submit(v.form("/app/sign-in/code"));
  await v.see("sign-in", "code, a wrong one", { status: 422 });
  await v.enterCode();
  await v.see("home", "home, new");
}

// own shows what belongs to a person besides the training.
export async function own(v) {
  await v.visit("home", "certificates, none", "/app/certificates");
  await v.visit("home", "me", "/app/me");
  await v.page.fill("input[name=name]", "x".repeat(300));
  await v.submit(v.form("/app/me"));
  await v.see("home", "me, with problems", { status: 422 });
  await v.page.fill("input[name=name]", long(v) ? longest : "");
  await v.submit(v.form("/app/me"));
  await v.see("home", "me, saved");
  const other = v.variant.language === "en" ? "cy" : "en";
  for (const language of [other, v.variant.language]) await v.press(v.page.locator(`button[name=language][value=${language}]`).first());
  await v.visit("pledge", "own pledge", "/app/pledge");
  await v.submit(v.form("/app/pledge"));
  await v.see("pledge", "own pledge, with problems", { status: 422 });
  await v.choose({ action: ["check"] });
  await v.submit(v.form("/app/pledge"));
  await v.see("pledge", "own pledge, signed");
  await v.submit(v.form("/app/pledge/withdraw"));
  await v.see("pledge", "own pledge, withdrawn");
  for (const page of ["support", "report"]) await v.open(`/app/to/${page}`);
  await v.visit("home", "not allowed", "/app/pledges", { status: 403 });
  await v.visit("home", "not found, signed in", "/app/nowhere", { status: 404 });
}

// training walks through a whole module: the first of each kind wrongly, everything else rightly, so that practice follows.
export async function training(v) {
  const seen = new Set();
  const once = async (name, options) => {
    if (seen.has(name)) return;
    seen.add(name);
    await v.see(/^(done|certificate)/.test(name) ? "completion" : "training", name, options);
  };
  const start = `/app/training/${v.module.slug}`;
  await v.visit("training", "start", start);
  await v.press(v.button("route", "main"));
  for (let n = 0; n < 300 && !v.path().endsWith("/done"); n++) {
    if (n === 6) {
      await v.visit("home", "home, begun", "/app");
      await v.visit("training", "start, begun", start);
      await v.open(`${start}/go`);
    }
    if (await pastContentNote(v, once, seen)) continue;
    const item = v.module.items.get(v.path().split("/").pop());
    if (!item) throw new Error(`${v.path()} names no item: has the way that addresses are made changed?`);
    const practising = n > 6 && seen.has("wrong answers") && seen.has(`visited ${v.path()}`) === false && (await isPractice(v, seen));
    seen.add(`visited ${v.path()}`);
    await doItem(v, item, once, seen, practising);
    await v.press(v.button("do", "next"));
  }
  if (!seen.has("practice, asked")) throw new Error("practice never came");
}

// A content note stands before its item: the first is left for later, and comes again at the end.
async function pastContentNote(v, once, seen) {
  const on = v.button("do", "continue");
  if (!(await on.count())) return false;
  const here = v.path();
  if (!seen.later) {
    await once("content note");
    seen.later = here;
    await v.press(v.button("do", "skip"));
    return true;
  }
  if (here === seen.later) await once("content note, again");
  await v.press(on);
  return false;
}

// Practice follows when every place of the route has been visited; its progress line has no part and no number, only what is left.
async function isPractice(v, seen) {
  const pattern = (await v.page.title()).replace(/\d+/g, "#");
  seen.firstPattern ??= pattern;
  return pattern !== seen.firstPattern;
}

const kindOf = (item) => (item.kind === "choice" ? `choice of ${item.choose}` : item.kind);

async function doItem(v, item, once, seen, practising) {
  const kind = kindOf(item);
  if (item.kind === "page") return once("page");
  if (item.kind === "reflect") {
    await once("reflection");
    return v.page.fill("main textarea", "What I type here stays here.");
  }
  if (item.kind === "scenario") return doStory(v, item, once, seen);
  await once(`${kind}, asked`);
  if (practising) await once("practice, asked");
  if (!seen.has(`${kind}, with problems`)) {
    await v.press(v.button("do", "answer"));
    await once(`${kind}, with problems`, { status: 422 });
  }
  const wrongly = !seen.has(`${kind}, answered wrongly`) || (!practising && (seen.wrong ?? 0) < 6);
  if (wrongly) {
    seen.wrong = (seen.wrong ?? 0) + 1;
    seen.add("wrong answers");
  }
  await v.choose(answerTo(item, !wrongly));
  if (v.variant.script === "script" && seen.has("answer, held back") === false) await holdAnswer(v, once);
  else await v.press(v.button("do", "answer"));
  await once(`${kind}, answered ${wrongly ? "wrongly" : "rightly"}`);
  if (practising) await once("practice, answered");
}

// An answer that finds no network waits on the page, and goes out by itself when there is one.
async function holdAnswer(v, once) {
  await v.page.context().setOffline(true);
  await v.button("do", "answer").click();
  await v.page.locator("[role=status] button").waitFor();
  await once("answer, held back", { anyStatus: true }); // no answer of the server has come
  await v.changed(() => v.page.context().setOffline(false), "the network came back");
}

async function doStory(v, item, once, seen) {
  const walk = async (right, name) => {
    const steps = answerTo(item, right).step;
    for (const [i, step] of steps.entries()) {
      if (i === 1) await once("story, on the way");
      await v.choose({ step: [step] });
      await v.press(v.button("do", "step"));
    }
    await once(name);
  };
  await once("story, begun");
  if (!seen.has("story, with problems")) {
    await v.press(v.button("do", "step"));
    await once("story, with problems", { status: 422 });
    await walk(false, "story, ended badly");
    await v.press(v.page.locator("main button[name=do][value=rewind]").last());
    await once("story, begun again");
  }
  await walk(true, "story, ended well");
}

// completion makes the certificate and shows it to somebody else.
export async function completion(v) {
  const done = v.path();
  await v.see("completion", "done");
  await v.page.fill("input[name=name]", ""); // whoever has given a name finds it there
  await v.submit(v.form(done));
  await v.see("completion", "done, with problems", { status: 422 });
  await v.page.fill("input[name=name]", ownName(v));
  await v.submit(v.form(done));
  await v.see("completion", "certificate", { sheets: 1 });
  const code = v.path().split("/").pop();
  await v.visit("completion", "done, certified", done);
  const read = v.page.locator(`main a[href*="/read/"]`).first();
  await v.visit("completion", "pages to read again", await read.getAttribute("href"));
  await v.visit("completion", "certificates", "/app/certificates");
  await v.visit("completion", "home, certified", "/app");
  await v.visit("completion", "start, completed", done.replace("/done", ""));

  await v.visit("verify", "verify", `${v.public}/verify`);
  await v.submit(v.form(`${v.public}/verify`));
  await v.see("verify", "verify, with problems", { status: 422 });
  await v.page.fill("input[name=code]", "AAAA-AAAA-AAAA");
  await v.submit(v.form(`${v.public}/verify`));
  await v.see("verify", "verify, unknown code", { status: 422 });
  await v.visit("verify", "verify, unknown address", `${v.public}/verify/AAAA-AAAA-AAAA`, { status: [200, 404, 422] });
  await v.open(`${v.public}/verify`);
  await v.page.fill("input[name=code]", code);
  await v.submit(v.form(`${v.public}/verify`));
  await v.see("verify", "verify, genuine");
  for (const [name, typed, status] of [["no name", "", 422], ["another name", "Somebody Else", 200], ["the same name", ownName(v), 200]]) {
    await v.page.fill("input[name=name]", typed);
    await v.submit(v.form(`${v.public}/verify/`));
    await v.see("verify", `verify, ${name}`, { status });
  }
}

export async function enterAs(v, role) {
  await v.page.context().clearCookies();
  await v.open(`/app/sign-in${v.at()}`);
  await v.press(v.page.locator(`form:has(input[name=at][value=${v.variant.institution}]) button[name=role][value=${role}]`));
}

// rightToLeft goes the whole way of a reader in the mirror language.
export async function rightToLeft(v) {
  await publicPages(v);
  await pledges(v);
  await signingIn(v);
  await v.visit("home", "me", "/app/me");
  await training(v);
  await completion(v);
  await signingOut(v);
}

export async function signingOut(v) {
  const everywhere = v.variant.script === "script";
  await v.open(everywhere ? "/app/me" : "/app");
  await v.press(v.page.locator(`form[action='/app/sign-out${everywhere ? "-everywhere" : ""}'] button`).first());
  await v.see("sign-in", "signed out", { anyLanguage: true });
}

// nothingYet shows the pages that are empty only until somebody comes; so it goes first.
export async function nothingYet(v) {
  await v.visit("pledge", "pledge wall, empty", `${v.public}/pledges`);
}

export async function nothingAsked(v) {
  await enterAs(v, "staff");
  await v.visit("staff", "groups that ask, none", "/app/pledges");
}

// crawl looks at what has been linked or is listed in the map of routes and was not seen yet, so that a new page is proved from its first day.
export async function crawl(v, unseen) {
  const tried = new Set();
  for (let round = 0; round < 3; round++) { // a page may lead to further ones
    for (const path of unseen().filter((p) => !tried.has(p))) {
      tried.add(path);
      const answer = await v.page.request.get(v.site.base + path, { failOnStatusCode: false });
      if (!(answer.headers()["content-type"] ?? "").startsWith("text/html")) {
        v.fetched(path, answer.ok());
        continue;
      }
      await v.visit("more", `also ${named(path.replace(v.public, ""))}`, path, {
        anyLanguage: !path.startsWith(v.public) && (!path.startsWith("/app") || path.startsWith("/app/sign-in")), // where nobody has signed in, the address says it
      });
    }
  }
}

const named = (path) => path.replace(/(\/app\/training)(\/[a-z2-7]{8})+|[0-9A-Z]{4}(-[0-9A-Z]{4}){2}|[0-9a-f]{8}-[0-9a-f-]{27}|[\w-]{22,}/g, "$1/…").replace("//", "/");

// fillWalls has enough people sign that the wall has a second page.
export async function fillWalls(site) {
  const sign = async (institution, n) => {
    const post = (path, fields) => fetch(site.base + path, {
      method: "POST", headers: { "Content-Type": "application/x-www-form-urlencoded" }, body: new URLSearchParams(fields),
    });
    const sent = await post(`/${institution}/pledges`, {
      kind: "person", action: "talk", email: `signer-${n}@${institution}.example`, wall: "yes", initials: `A. ${String.fromCharCode(65 + (n % 26))}.`, role: "student",
    });
    const link = /\/pledges\/mine\/[\w-]+/.exec(await sent.text())?.[0];
    if (!link) throw new Error(`no pledge was made at ${institution}: ${sent.status}`);
    await post(`/${institution}${link}`, { do: "confirm" });
  };
  for (const institution of dimensions.institution) {
    for (let n = 0; n < 64; n += 8) await Promise.all(Array.from({ length: 8 }, (_, i) => sign(institution, n + i)));
  }
}
