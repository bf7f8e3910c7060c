// Stories with JavaScript: by people who use the keyboard alone, at a desk and on a phone, by one who listens to the page, and by one who has to leave. At
// the desk and by ear they sign in, get an answer wrong and others right, and reach the certificate; on the phone they place examples on the spectrum. What the listener hears is written to out/screen-reader.txt.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stories as behaviours } from "./behaviour.mjs";
import { faultStory, roomStory } from "./room-stories.mjs";
import { answerTo, out } from "./site.mjs";

export async function stories(browser, site, report, coverage, onlyRooms) {
  const told = async (name, tell) => {
    const where = { journey: "stories", state: `story: ${name}`, variant: "script", path: "" };
    const fail = (what, selector = "") => report.add(where, [{ check: "story", selector, what }]);
    report.count("story");
    try {
      await tell(fail);
      console.log(`     story: ${name}`);
    } catch (error) {
      fail(`cannot go on: ${error.message.split("\n").slice(0, 3).join(" ")}`, error.stack.split("\n").find((l) => /(stories|behaviour|room)\.mjs/.test(l))?.trim());
    }
  };
  await told("a room of eight phones", () => roomStory(browser, site));
  await told("whose fault it is that a room stands still", () => faultStory(browser));
  if (onlyRooms) return;
  const desk = { width: 1280, height: 900 }, phone = { width: 320, height: 640 };
  const people = [
    ["by keyboard alone", keyboardStory, desk], ["by keyboard alone, on a phone", phoneStory, phone], ["by ear", listenerStory, desk], ["by somebody who has to leave", exitStory, desk],
  ];
  await Promise.all(people.map(([name, story, viewport]) => told(name, async (fail) => {
    const context = await browser.newContext({ viewport, extraHTTPHeaders: { "X-Forwarded-For": "10.255.255.1" } });
    context.setDefaultTimeout(10000);
    context.on("request", (r) => r.url().startsWith(site.base) && coverage.requested(r.method(), new URL(r.url()).pathname));
    try {
      await story(await context.newPage(), site, fail);
    } finally {
      await context.close();
    }
  })));
  for (const story of behaviours) await told(story.name, () => story.run({ browser, base: site.base })); // one by one: some of them measure time
}

// Hands work the page by keys alone.
class Hands {
  constructor(page) { this.page = page; }

  // to goes on with Tab until the focus stands on what is wanted.
  async to(selector) {
    for (let i = 0; i < 120; i++) {
      if (await this.page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`Tab never comes to ${selector} on ${this.page.url()}`);
  }

  async type(selector, text) {
    await this.to(selector);
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.type(text);
  }

  // press comes to a button or link and presses Enter; the page changes.
  async press(selector) {
    await this.to(selector);
    await this.change(() => this.page.keyboard.press("Enter"));
  }

  async change(act) {
    await this.page.evaluate(() => document.querySelector("main > *")?.setAttribute("data-seen-before", ""));
    await act();
    for (const until = Date.now() + 10000; Date.now() < until; await new Promise((done) => setTimeout(done, 20))) {
      const changed = await this.page.evaluate(() => document.readyState === "complete" && !document.querySelector("[data-seen-before]")).catch(() => false);
      if (changed) return this.page.waitForTimeout(200); // until the focus has been moved and announcements are made
    }
    throw new Error(`nothing happened on ${this.page.url()}`);
  }

  // choose picks radio buttons with the arrows and ticks boxes with the space bar.
  async choose(fields) {
    for (const [name, values] of Object.entries(fields)) {
      for (const value of values) {
        const field = `main input[name="${name}"]`;
        if (await this.page.locator(`${field}[type=checkbox]`).count()) {
          await this.to(`${field}[value="${value}"]`);
          await this.page.keyboard.press("Space");
          continue;
        }
        await this.to(field);
        await this.page.keyboard.press("Space");
        for (let i = 0; i < 20 && (await this.page.evaluate(() => document.activeElement.value)) !== value; i++) await this.page.keyboard.press("ArrowDown");
      }
    }
  }

  async signIn(email, onCode = async () => {}) {
    await this.page.goto(`${this.base}/app/sign-in?at=aldermoor&lang=en`);
    await this.type("input[name=email]", email);
    await this.press("main form[action^='/app/sign-in'] button");
    await onCode();
    const code = /(?<!\d)\d{3} ?\d{3}(?!\d)/.exec(await this.page.locator("main").innerText())[0];
    await this.type("input[name=code]", code);
    await this.press("main form[action^='/app/sign-in/code'] button");
  }

  // answer does what an item asks and presses its button.
  async answer(item, right) {
    const fields = answerTo(item, right);
    if (item.kind !== "scenario") {
      await this.choose(fields);
      return this.press("main button[name=do][value=answer]");
    }
    for (const step of fields.step) {
      await this.choose({ step: [step] });
      await this.press("main button[name=do][value=step]");
    }
  }
}

const next = "main button[name=do][value=next]";
const enough = Symbol("enough"); // said by whoever need not go on
const pastNote = "main button[name=do][value=continue]";

// goThrough does a whole route; at says what to do with every item, and whether to answer it rightly.
async function goThrough(hands, page, module, at) {
  for (let n = 0; n < 200 && !new URL(page.url()).pathname.endsWith("/done"); n++) {
    const item = module.items.get(new URL(page.url()).pathname.split("/").pop());
    if (!item) throw new Error(`${page.url()} is no item`);
    if (await page.locator(pastNote).count()) await hands.press(pastNote);
    if ((await at(item)) === enough) return;
    await hands.press(next);
  }
}

async function keyboardStory(page, site, fail) {
  const hands = Object.assign(new Hands(page), { base: site.base });
  const module = site.modules.consent;
  await page.goto(`${site.base}/aldermoor/`);
  await page.keyboard.press("Tab");
  const skip = await page.evaluate(() => ({ href: document.activeElement.getAttribute("href"), seen: document.activeElement.getBoundingClientRect().left >= 0 }));
  if (!skip.href?.startsWith("#") || !skip.seen) fail("the first stop is no visible link to the content", "a.skip");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  if (!(await focusInside(page))) fail("after the skip link, Tab does not go on in the content", "main");
  await exitIsNear(page, site, fail);

  await hands.signIn("keyboard@aldermoor.example");
  await hands.press(`main a[href^='/app/training/${module.slug}']`);
  await hands.press("main button[name=route][value='another-way']");
  let looked = false, wrong = false;
  await goThrough(hands, page, module, async (item) => {
    if (item.kind === "page" || item.kind === "reflect") return;
    if (!looked) {
      looked = true;
      await everyFocusShows(page, fail);
    }
    await hands.answer(item, wrong);
    wrong = true;
    if (!(await focusInside(page))) fail("after the answer the focus is not in the content", item.kind);
  });
  if (!looked) fail("no question came");
  await hands.type("main input[name=name]", "Robin Sample");
  await hands.press("main form[action$='/done'] button");
  if (!/\/app\/certificates\/[\w-]+$/.test(new URL(page.url()).pathname)) fail("the story does not end at the certificate");
}

const focusInside = (page) => page.evaluate(() => document.activeElement !== document.body && document.querySelector("main").contains(document.activeElement));

// exitIsNear: on a page that has just come, the way out is among the first four stops: past the content link, the site's name and support.
async function exitIsNear(page, site, fail) {
  for (const path of ["/aldermoor/", "/aldermoor/report", "/app/sign-in?at=aldermoor&lang=en"]) {
    await page.goto(site.base + path);
    let stops = 0;
    do {
      await page.keyboard.press("Tab");
      stops++;
    } while (stops < 10 && !(await page.evaluate(() => document.activeElement.matches("form.leave button"))));
    if (stops > 4) fail(`Tab comes to the quick exit after ${stops} stops`, path);
  }
}

// phoneStory goes on, page by page, until there is a line to place examples on.
async function phoneStory(page, site, fail) {
  const hands = Object.assign(new Hands(page), { base: site.base });
  const module = site.modules.bystander;
  await exitIsNear(page, site, fail);
  await hands.signIn("keyboard-phone@aldermoor.example");
  await hands.press(`main a[href^='/app/training/${module.slug}']`);
  await hands.press("main button[name=route][value=main]");
  let placed = false;
  await goThrough(hands, page, module, async (item) => {
    if (!(await focusInside(page))) fail("on a new page the focus is not in the content", item.kind);
    if (item.kind === "page" || item.kind === "reflect") return;
    if (item.kind !== "sort") return hands.answer(item, true);
    placed = true;
    await everyLineIsOneStop(page, fail);
    await hands.answer(item, true);
    if (!(await page.locator(".reply.yes").count())) fail("examples placed rightly by the arrows are not taken as right", "sort");
    return enough;
  });
  if (!placed) fail("no spectrum came");
}

// everyLineIsOneStop: Tab goes from example to example, whatever number of places each has; the arrows move along its line.
async function everyLineIsOneStop(page, fail) {
  const lines = await page.locator("#answer .spots").count();
  const first = await page.locator("#answer .spots input").first().getAttribute("name");
  const at = () => page.evaluate(() => document.activeElement.getAttribute("name"));
  for (let i = 0; i < 60 && (await at()) !== first; i++) await page.keyboard.press("Tab");
  const names = new Set();
  for (let name = await at(); name?.startsWith("place-") && names.size < 40; name = await at()) {
    if (names.has(name)) fail("one example takes more than one stop", name);
    names.add(name);
    await page.keyboard.press("Tab");
  }
  if (lines < 2 || names.size !== lines) fail(`Tab comes to ${names.size} of ${lines} examples`, "sort");
  for (let i = 0; i < 60 && (await at()) !== first; i++) await page.keyboard.press("Shift+Tab");
}

// everyFocusShows compares pictures of what has the focus with pictures of the same without it.
async function everyFocusShows(page, fail) {
  await page.evaluate(() => { document.activeElement?.blur(); scrollTo(0, 0); });
  for (let i = 0; i < 40; i++) {
    await page.keyboard.press("Tab");
    const box = await page.evaluate(() => {
      const el = document.activeElement;
      if (!el || el === document.body) return null;
      const r = (el.closest("label") ?? el).getBoundingClientRect();
      const left = Math.max(0, r.left - 8), top = Math.max(0, r.top - 8);
      return { clip: { x: left, y: top, width: Math.min(r.right + 8, innerWidth) - left, height: Math.min(r.bottom + 8, innerHeight) - top }, name: el.outerHTML.slice(0, 80) };
    });
    if (!box) return;
    const clip = { clip: box.clip, animations: "disabled" };
    const focused = await page.screenshot(clip);
    await page.evaluate(() => { window.__focused = document.activeElement; window.__focused.blur(); });
    const plain = await page.screenshot(clip);
    await page.evaluate(() => window.__focused.focus({ preventScroll: true, focusVisible: true }));
    if (focused.equals(plain)) fail("it looks the same with and without the focus", box.name);
  }
}

// What a screen reader says by itself: a new document's title, what the focus comes to, and what changes in live regions.
function listen() {
  const heard = (window.__heard = []);
  const say = (what) => heard.push(what.replace(/\s+/g, " ").trim());
  const live = "[role=status],[role=alert],[role=log],[aria-live=polite],[aria-live=assertive],output";
  addEventListener("DOMContentLoaded", () => {
    say(`page: ${document.title}`);
    for (const el of document.querySelectorAll("[role=alert]")) say(`alert: ${el.innerText}`);
    const spoken = new Map();
    const settle = () => {
      for (const el of document.querySelectorAll(live)) {
        const text = el.textContent.trim();
        if (text && spoken.get(el) !== text) say(`${el.getAttribute("role") === "alert" ? "alert" : "status"}: ${el.innerText}`);
        spoken.set(el, text);
      }
    };
    for (const el of document.querySelectorAll(live)) spoken.set(el, el.textContent.trim());
    new MutationObserver(settle).observe(document.documentElement, { subtree: true, childList: true, characterData: true, attributes: true });
  });
  addEventListener("focusin", (event) => say(`focus: <${event.target.localName}> ${event.target.getAttribute("aria-label") ?? event.target.innerText?.slice(0, 200) ?? event.target.name ?? ""}`));
}

// Ears read the accessibility tree, as a screen reader gets it from the browser.
class Ears {
  constructor(page, cdp) { Object.assign(this, { page, cdp, transcript: [] }); }

  async tree() {
    const { nodes } = await this.cdp.send("Accessibility.getFullAXTree");
    const property = (n, name) => n.properties?.find((p) => p.name === name)?.value.value;
    const byId = new Map(nodes.map((n) => [n.nodeId, n]));
    const inOrder = (n) => [n, ...(n.childIds ?? []).flatMap((id) => (byId.has(id) ? inOrder(byId.get(id)) : []))];
    return inOrder(nodes[0]).filter((n) => !n.ignored).map((n) => ({
      role: n.role?.value, name: (n.name?.value ?? "").replace(/\s+/g, " ").trim(), description: n.description?.value ?? "",
      level: property(n, "level"), focused: property(n, "focused"), invalid: property(n, "invalid"), checked: property(n, "checked"),
    }));
  }

  // hear returns what has been said since the last time, and notes it.
  async hear(after) {
    const heard = await this.page.evaluate(() => window.__heard.splice(0));
    this.transcript.push(`— ${after}`, ...heard.map((h) => `  ${h}`));
    return heard;
  }

  // read notes the page in reading order and returns its tree.
  async read() {
    const tree = await this.tree();
    const worth = new Set(["RootWebArea", "banner", "main", "contentinfo", "navigation", "heading", "group", "radio", "checkbox", "textbox", "button", "link", "alert", "status"]);
    for (const n of tree) {
      if (!worth.has(n.role)) continue;
      const state = [n.level && `level ${n.level}`, n.checked === "true" && "checked", n.invalid === "true" && "invalid", n.description].filter(Boolean).join(", ");
      this.transcript.push(`    ${n.role}: ${n.name}${state ? ` (${state})` : ""}`);
    }
    return tree;
  }
}

async function listenerStory(page, site, fail) {
  await page.addInitScript(listen);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Accessibility.enable");
  const ears = new Ears(page, cdp);
  const hands = Object.assign(new Hands(page), { base: site.base });
  const must = (holds, what) => holds || fail(what, new URL(page.url()).pathname.replace(/[a-z2-7]{8}(?=\/|$)/g, "…"));

  // Every page says its title first, has one heading of the first level, and its title holds more than the site's name.
  const arrive = async (after) => {
    const heard = await ears.hear(after);
    const tree = await ears.read();
    const headings = tree.filter((n) => n.role === "heading");
    const h1 = headings.filter((n) => n.level === 1);
    must(h1.length === 1, `it has ${h1.length} headings of the first level`);
    must(headings[0]?.level === 1, "its first heading is not of the first level");
    const title = tree[0].name;
    must(title && title.includes("·"), `the title “${title}” does not say page and site`);
    const announced = heard.some((h) => h.startsWith("page:") || (h.startsWith("focus:") && /<(h1|h2|main|article|section)>/.test(h)) || h.startsWith("status:") || h.startsWith("alert:"));
    must(announced, `nothing is said after “${after}”`);
    return { heard, tree, title, h1: h1[0]?.name };
  };
  try {
    await tell();
  } finally {
    await writeFile(join(out, "screen-reader.txt"), `${ears.transcript.join("\n")}\n`);
  }

  async function tell() {
    await page.goto(`${site.base}/app/sign-in?at=aldermoor&lang=en`);
    let at = await arrive("open the sign-in page");
    must(at.title.includes(at.h1), "the title does not begin with the heading");
    const field = at.tree.find((n) => n.role === "textbox");
    must(field?.name && field.description, "the address field has no name or no hint");
    await hands.type("input[name=email]", "nobody");
    await ears.hear("type an address that is none");
    await hands.press("main form[action^='/app/sign-in'] button");
    at = await arrive("send it");
    must(at.heard.some((h) => h.startsWith("alert:") || /^focus: .*(problem|<div>|<section>|<h2>)/.test(h)), "the problem is not announced");
    must(at.tree.some((n) => n.role === "textbox" && n.invalid === "true" && n.description), "the field does not say what is wrong with it");

    await hands.signIn("listener@aldermoor.example", () => arrive("send an address"));
    at = await arrive("send the code");
    const module = site.modules.consent;
    await hands.press(`main a[href^='/app/training/${module.slug}']`);
    await arrive("choose the module");
    await hands.press("main button[name=route][value='another-way']");
    at = await arrive("begin");
    let answered = 0, last = "";
    await goThrough(hands, page, module, async (item) => {
      if (answered > 0 || last) at = await arrive("go on");
      must(at.title !== last, `the title “${at.title}” is the same as of the page before`);
      must(!/consent|harass|assault|rape|sexual/i.test(at.title), `the title “${at.title}” names the subject`);
      last = at.title;
      if (item.kind === "page" || item.kind === "reflect") return;
      const group = at.tree.some((n) => (n.role === "group" || n.role === "radiogroup") && n.name);
      must(group, `a ${item.kind} has no group with a name`);
      must(at.tree.filter((n) => n.role === "radio" || n.role === "checkbox").every((n) => n.name), "an answer has no name");
      const headings = at.tree.filter((n) => n.role === "heading").map((n) => n.name);
      await hands.answer(item, answered > 0);
      answered++;
      at = await arrive("answer");
      const replies = at.tree.filter((n) => n.role === "heading" && !headings.includes(n.name)).map((n) => n.name);
      must(replies.length > 0, "the reply has no heading");
      must(at.heard.some((h) => replies.some((r) => h.includes(r))), `the reply “${replies[0]}” is not said: neither focus nor live region has it`);
    });
    must(answered >= 3, `only ${answered} questions came`);
    at = await arrive("go on");
    await hands.type("main input[name=name]", "Robin Sample");
    await ears.hear("type the name");
    await hands.press("main form[action$='/done'] button");
    at = await arrive("make the certificate");
    const words = await page.locator("main").innerText();
    must(at.tree.some((n) => n.name.includes("Robin Sample")) && /\w{4}-\w{4}-\w{4}/.test(words), "the certificate does not read the name and the code");
  }
}

// Quick exit: by its button and by Escape three times. Where it leads cannot be reached from here; that the session has ended can be seen.
async function exitStory(page, site, fail) {
  const hands = Object.assign(new Hands(page), { base: site.base });
  const left = async (how) => {
    for (let i = 0; i < 100 && page.url().startsWith(site.base); i++) await page.waitForTimeout(50);
    if (page.url().startsWith(site.base)) fail(`${how} does not lead away`);
    const other = await page.context().newPage();
    await other.goto(`${site.base}/app`);
    if (!other.url().includes("/app/sign-in")) fail(`after ${how} the session is still open`);
    await other.close();
  };
  for (const [how, act] of [
    ["the button", async () => { await hands.to("form[action='/app/leave'] button"); await page.keyboard.press("Enter"); }],
    ["Escape three times", async () => { for (let i = 0; i < 3; i++) await page.keyboard.press("Escape"); }],
  ]) {
    await hands.signIn("leaver@aldermoor.example");
    await act();
    await left(how);
  }
}
