// Contact sheets: one picture a journey, with every state of it on a phone in light and on a desk in dark.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { out } from "./site.mjs";
import { label, pairwise } from "./variants.mjs";

export class Shots {
  constructor() {
    this.variants = pairwise().slice(0, 2).map(label);
    this.journeys = new Map();
  }

  wanted(variant) { return this.variants.includes(label(variant)); }

  async take(page, variant, journey, state) {
    const column = this.variants.indexOf(label(variant));
    if (!this.journeys.has(journey)) this.journeys.set(journey, new Map());
    const states = this.journeys.get(journey);
    if (!states.has(state)) states.set(state, []);
    const name = `${journey}-${state}-${column ? "desk" : "phone"}`.replace(/[^a-z0-9]+/g, "-");
    const path = join(out, "pages", `${name}.jpg`);
    await page.screenshot({ path, fullPage: true, type: "jpeg", quality: 75 });
    states.get(state)[column] = path;
  }
}

const escape = (s) => s.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

export async function contactSheets(browser, shots) {
  await mkdir(out, { recursive: true });
  const page = await browser.newPage({ viewport: { width: 2400, height: 1200 } });
  for (const [journey, states] of shots.journeys) {
    const cells = [...states].map(([state, pictures]) => `<figure><figcaption>${escape(state)}</figcaption><div>${
      pictures.map((p, i) => (p ? `<img class="${i ? "desk" : "phone"}" src="${pathToFileURL(p)}">` : "")).join("")}</div></figure>`);
    const html = `<!doctype html><meta charset="utf-8"><title>${escape(journey)}</title><style>
body{margin:24px;font:16px system-ui;background:#888;display:flex;flex-wrap:wrap;gap:24px;align-items:flex-start}
figure{margin:0}figcaption{color:#fff;margin-bottom:6px}div{display:flex;gap:8px;align-items:flex-start}
.phone{width:240px}.desk{width:520px}</style>${cells.join("")}`;
    const file = join(out, `${journey}.html`);
    await writeFile(file, html);
    await page.goto(pathToFileURL(file).href, { waitUntil: "load" });
    await page.screenshot({ path: join(out, `${journey}.png`), fullPage: true, timeout: 120_000 }); // a large one takes a busy machine long
  }
  await page.close();
}
