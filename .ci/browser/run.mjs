// Walks every page in every state, in many variants of the browser, and says what is wrong. `make browser` runs a pairwise selection of the
// variants, `make browser-all` every one. See --help.
import { execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checks, examine, printed, validate } from "./checks.mjs";
import { Coverage } from "./coverage.mjs";
import { proveChecks } from "./proof.mjs";
import { Report } from "./report.mjs";
import { walkRoom } from "./room.mjs";
import { contactSheets, Shots } from "./sheet.mjs";
import { signOn } from "./signon.mjs";
import { launch, out, root, start } from "./site.mjs";
import * as staff from "./staff.mjs";
import { stories } from "./stories.mjs";
import { contextOptions, every, label, mirrored, pairwise } from "./variants.mjs";
import * as walk from "./walk.mjs";
import { Weights } from "./weight.mjs";

const { values: options } = parseArgs({
  options: {
    all: { type: "boolean" }, variants: { type: "string" }, like: { type: "string" }, only: { type: "string" }, stories: { type: "boolean" }, rooms: { type: "boolean" }, staff: { type: "boolean" },
    mirror: { type: "boolean" }, record: { type: "boolean" },
    workers: { type: "string", default: "2" }, help: { type: "boolean" },
  },
});
if (options.help) {
  console.log(`--all         every variant, not only a pairwise selection
--variants N  the first N variants
--like WORDS  only variants whose label contains WORDS
--only WORDS  look only at states whose name contains WORDS
--stories     only the stories: by keyboard, by ear, of what scripts do, of signing in
--rooms       only the workshops
--staff       only the pages of staff
--mirror      only the language that runs from right to left
--record      write internal/campaign/accessibility.json, which the accessibility statement is made from
--workers N   variants at once (2)`);
  process.exit(0);
}

const longestRun = 25 * 60; // seconds, on two cores
const whole = !["stories", "rooms", "staff", "mirror"].some((part) => options[part]);
const began = Date.now();
const site = await start();
const browser = await launch();
const report = new Report();
const shots = new Shots();
const coverage = new Coverage(site);
const weights = new Weights(browser);
const turns = new Map(); // of the demo's only member of staff, by institution
const [weighedIn] = pairwise().map(label);
let status = 1;
try {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  await proveChecks(browser);
  if (whole || options.staff) await variants();
  if (whole || options.mirror) await mirror();
  if (whole || options.rooms) await rooms();
  if (whole || options.rooms || options.stories) await stories(browser, site, report, coverage, options.rooms);
  if (whole || options.stories) await signOn(visit);
  if (whole && !options.only && !options.variants && !options.like) coverage.check(report);
  status = report.print() ? 1 : 0;
  weights.print();
  await report.write(join(out, "results.json"), { seconds: Math.round((Date.now() - began) / 1000), commit: commit(), checks });
  if (options.record) await record();
  if (!options.stories) await contactSheets(browser, shots);
} finally {
  await browser.close();
  await site.stop();
}
const seconds = Math.round((Date.now() - began) / 1000);
console.log(`${seconds} s; details and contact sheets: .ci/browser/out/`);
if (!options.all && seconds > longestRun) {
  console.log(`that is more than ${longestRun} s: what takes so long that nobody runs it proves nothing`);
  status = 1;
}
process.exit(status);

async function variants() {
  const chosen = (options.all ? every() : pairwise()).filter((v) => label(v).includes(options.like ?? "")).slice(0, options.variants ? Number(options.variants) : undefined);
  console.log(`${chosen.length} variants, ${options.workers} at once`);
  await each(chosen, (v, i) => visit(v, i, async (visitor) => {
    await walk.nothingYet(visitor);
    await alone(v.institution, () => visit(v, i, walk.nothingAsked));
  }));
  await walk.fillWalls(site);
  await each(chosen, async (v, i) => {
    const from = Date.now();
    await visit(v, i, walkAll);
    console.log(`${String(i + 1).padStart(4)} ${label(v)}: ${report.pagesOf(label(v))} pages, ${Math.round((Date.now() - from) / 1000)} s`);
  });
}

// mirror walks in the language that runs from right to left.
async function mirror() {
  await each(mirrored.filter((v) => label(v).includes(options.like ?? "")), async (v, i) => {
    const from = Date.now();
    await visit(v, 300 + i, async (visitor) => {
      await walk.rightToLeft(visitor);
      await alone(v.institution, () => visit(v, 300 + i, staff.overview));
    });
    console.log(`     ${label(v)}: ${report.pagesOf(label(v))} pages, ${Math.round((Date.now() - from) / 1000)} s`);
  });
}

// rooms leads a workshop on a phone and on a desk, on the desk without JavaScript.
async function rooms() {
  const [phone, desk] = pairwise();
  const chosen = [phone, { ...desk, script: "no-script" }].filter((v) => label(v).includes(options.like ?? ""));
  await each(chosen, async (v, i) => {
    const from = Date.now();
    await alone(v.institution, () => walkRoom((journey) => visit(v, 200 + i, journey)));
    console.log(`     workshop, ${label(v)}: ${Math.round((Date.now() - from) / 1000)} s`);
  });
}

async function walkAll(visitor) {
  const v = visitor.variant;
  const staffPages = () => alone(v.institution, () => visit(v, visitor.number, (one) => staff.staffPages(one, (doors) => coverage.unseen(one, doors))));
  if (!options.staff) await walk.publicPages(visitor);
  if (!options.staff) await walk.withoutNetwork(visitor);
  await walk.pledges(visitor); // staff decide about a group
  await staffPages();
  if (options.staff) return;
  await walk.crawl(visitor, () => coverage.unseen(visitor, ["public", "guest"]));
  await walk.signingIn(visitor);
  await walk.own(visitor);
  await walk.training(visitor);
  await walk.completion(visitor);
  await walk.crawl(visitor, () => coverage.unseen(visitor, ["public", "member"]));
  await walk.signingOut(visitor);
}

// visit opens a browser on a variant, walks, and closes it. A walk that cannot go on is a failure like any other.
async function visit(variant, number, journey, at = site) {
  const context = await browser.newContext({ ...contextOptions(variant), extraHTTPHeaders: { "X-Forwarded-For": `10.${number >> 8}.${number & 255}.1` } });
  context.setDefaultTimeout(10000);
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  const scripts = (on) => cdp.send("Emulation.setScriptExecutionDisabled", { value: !on });
  const noScript = variant.script === "no-script";
  if (noScript) await scripts(false);
  const watch = watchPage(page, context, variant, at);
  const look = async (kind, name, expected) => {
    coverage.looked(variant, new URL(page.url()).pathname);
    if (options.only && !name.includes(options.only)) return watch.forget();
    if (noScript) await scripts(true); // for the checks; the page's own scripts have not run and do not run any more
    else await page.waitForTimeout(60); // what a script does after the page has come: focus, announcements
    const where = { journey: kind, state: name, variant: label(variant), path: new URL(page.url()).pathname };
    report.page(where);
    const shoot = shots.wanted(variant) && (() => shots.take(page, variant, kind, name));
    report.add(where, await examine(page, cdp, variant, shoot));
    report.add(where, await watch.answer(where, expected));
    if (expected?.sheets && variant.text === "plain") {
      report.count("print");
      report.add(where, await printed(page, expected.sheets));
    }
    if (label(variant) === weighedIn) {
      report.count("weight");
      report.add(where, await weights.weigh(page, name));
    }
    coverage.links(variant, await page.evaluate(() => [...document.querySelectorAll("a[href]")].map((a) => a.href)));
    if (noScript) await scripts(false);
  };
  const fetched = (path, ok) => { // a file, not a page
    coverage.requested("GET", path);
    report.count("status");
    if (!ok) report.add({ journey: "files", state: "files", variant: label(variant), path }, [{ check: "status", selector: "", what: "the file cannot be had" }]);
  };
  const visitor = new walk.Visitor(at, page, variant, number, look, fetched);
  try {
    await journey(visitor);
  } catch (error) {
    const where = { journey: "walk", state: journey.name || "staff pages", variant: label(variant), path: page.url() };
    report.count("status");
    report.add(where, [{ check: "status", selector: "", what: `the walk cannot go on: ${error.message.split("\n").slice(0, 3).join(" ")}`, todo: error.stack.split("\n").find((l) => /(walk|staff|signon|room)\.mjs/.test(l))?.trim() }]);
  } finally {
    await context.close();
  }
}

// watchPage collects what a page does beside being shown: answers, console, requests.
function watchPage(page, context, variant, at) {
  let last, found = [];
  const add = (check, what, todo) => found.push({ check, selector: "", what, todo });
  context.on("request", (request) => {
    const url = request.url();
    if (url.startsWith(at.base)) coverage.requested(request.method(), new URL(url).pathname);
    else if (!/^(data|blob):/.test(url) && !at.elsewhere.some((other) => url.startsWith(other))) add("requests", url, "everything comes from the site itself");
  });
  page.on("response", (response) => {
    const html = (response.headers()["content-type"] ?? "").startsWith("text/html");
    if (html && response.url().startsWith(at.base) && (response.status() < 300 || response.status() >= 400)) last = response;
  });
  page.on("console", (message) => {
    if (!["error", "warning"].includes(message.type())) return;
    if (/ERR_INTERNET_DISCONNECTED/.test(message.text())) return; // the walk has taken the network away
    if (/the server responded with a status of 4\d\d/.test(message.text()) && message.location().url.startsWith(at.base)) return; // the status is checked by itself
    add("console", `${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => add("console", `script: ${error.message}`));
  return {
    forget() { found = []; },
    async answer(where, { status = 200, anyStatus, anyLanguage, served } = {}) {
      const language = await page.evaluate(() => document.documentElement.lang);
      report.count("console", "requests", "status", "language");
      if (!anyLanguage && language !== variant.language) add("language", `lang="${language}" where "${variant.language}" was asked for`);
      if (!anyStatus && ![status].flat().includes(last?.status())) add("status", `answered ${last?.status()} instead of ${status}`);
      if (last && report.fresh(`${where.state} ${language}`)) {
        report.count("html");
        found.push(...validate(served ? await (await page.request.get(page.url())).text() : await textOf(last)));
      }
      const all = found;
      found = [];
      return all;
    },
  };
}

// textOf reads a page as it was sent. The browser does not always keep one that it came to from another site; then it is asked for again.
async function textOf(response) {
  try {
    return await response.text();
  } catch (error) {
    if (response.request().method() !== "GET") throw error;
    return (await response.frame().page().request.get(response.url())).text();
  }
}

// each does something for all variants, several at once.
async function each(variants, work) {
  const queue = variants.map((v, i) => [v, i]);
  await Promise.all(Array.from({ length: Number(options.workers) }, async () => {
    for (let next; (next = queue.shift()); ) await work(...next);
  }));
}

// alone keeps two variants from changing the language of the same member of staff.
function alone(key, work) {
  const turn = (turns.get(key) ?? Promise.resolve()).then(work);
  turns.set(key, turn.catch(() => {}));
  return turn;
}

function commit() { return execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim(); }

async function record() {
  const file = join(root, "internal/campaign/accessibility.json");
  await writeFile(file, `${JSON.stringify({ checked: new Date().toISOString().slice(0, 10), ...report.statement(checks) }, null, 2)}\n`);
  console.log("recorded in internal/campaign/accessibility.json");
}
