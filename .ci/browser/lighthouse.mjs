// Measures four pages with Lighthouse as on a phone on a slow network, and fails below 98. A page that falls short is measured twice more, and
// the middle counts: the speed of a busy machine varies.
import lighthouse from "lighthouse";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort, launch, out, start } from "./site.mjs";
import { Visitor } from "./walk.mjs";

const wanted = 98;
const titles = { performance: "Performance", accessibility: "Accessibility", "best-practices": "Best practices", seo: "SEO" };

const site = await start();
const port = await freePort();
const browser = await launch([`--remote-debugging-port=${port}`]);
let short = 0;
try {
  await mkdir(out, { recursive: true });
  const item = await signedIn("measured@aldermoor.example", async (v) => {
    await v.open(`/app/training/${v.module.slug}`);
    await v.press(v.button("route", "main"));
    while (!(await v.button("do", "answer").count())) {
      const past = v.button("do", "continue"); // a content note stands before its item
      await v.press((await past.count()) ? past : v.button("do", "next"));
    }
  });
  const certificate = await signedIn("robin.sample@aldermoor.example", async (v) => {
    await v.open("/app/certificates");
    await v.press(v.page.locator("main a[href^='/app/certificates/']").first());
  });
  const pages = [
    { name: "front", path: "/aldermoor/", seo: true },
    { name: "catalogue", path: "/aldermoor/training", seo: true },
    { name: "item", ...item }, // the signed-in half is for nobody's search engine
    { name: "certificate", ...certificate },
  ];
  console.log(["page".padEnd(12), ...Object.values(titles)].join("  "));
  for (const page of pages) {
    const scores = await measure(page);
    console.log([page.name.padEnd(12), ...Object.entries(titles).map(([id, title]) => String(scores[id] ?? "–").padStart(title.length))].join("  "));
    short += Object.values(scores).filter((s) => s < wanted).length;
  }
} finally {
  await browser.close();
  await site.stop();
}
if (short) console.log(`${short} below ${wanted}; the reports are in .ci/browser/out/`);
process.exit(short ? 1 : 0);

// signedIn returns where a person is after walking, and the cookie to come back with.
async function signedIn(email, journey) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const v = new Visitor(site, page, { institution: "aldermoor", language: "en", module: "consent" }, 0, async () => {});
  await v.signIn(email);
  await journey(v);
  const cookies = await context.cookies(`${site.base}/app`);
  const at = { path: v.path(), cookie: cookies.map((c) => `${c.name}=${c.value}`).join("; ") };
  await context.close();
  return at;
}

async function measure(page) {
  const runs = [await once(page)];
  if (Object.values(runs[0]).some((s) => s < wanted)) runs.push(await once(page), await once(page));
  const middle = (id) => runs.map((r) => r[id]).sort((a, b) => a - b)[Math.floor(runs.length / 2)];
  return Object.fromEntries(Object.keys(runs[0]).map((id) => [id, middle(id)]));
}

async function once({ name, path, cookie, seo }) {
  const { lhr, report } = await lighthouse(site.base + path, {
    port, output: "html", logLevel: "error", onlyCategories: Object.keys(titles).filter((c) => c !== "seo" || seo),
    extraHeaders: cookie ? { Cookie: cookie } : undefined,
  });
  await writeFile(join(out, `lighthouse-${name}.html`), report);
  for (const [id, category] of Object.entries(lhr.categories)) {
    if (category.score >= wanted / 100) continue;
    const why = category.auditRefs.filter((a) => a.weight > 0 && (lhr.audits[a.id].score ?? 1) < 0.9).map((a) => `${a.id} ${lhr.audits[a.id].displayValue ?? ""}`.trim());
    console.log(`  ${name}: ${id} ${Math.round(category.score * 100)}: ${why.join(", ")}`);
  }
  return Object.fromEntries(Object.entries(lhr.categories).map(([id, c]) => [id, Math.round(c.score * 100)]));
}
