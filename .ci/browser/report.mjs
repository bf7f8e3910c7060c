// Report collects what was looked at and what is wrong, and prints each failure once, however many variants have it.
import { writeFile } from "node:fs/promises";

// These are counted once for every page that is examined.
const onEveryPage = ["axe", "scroll", "clipped", "target", "large-target", "focus", "obscured", "keyboard", "contrast", "motion", "direction"];

// causeOf names what probably mends together: numbers and names within a message differ from page to page, and a broken rule of HTML is one
// mistake in one template wherever it shows.
const causeOf = ({ check, selector, what }) => {
  const alike = (text) => text.replace(/"[^"]*"|“[^”]*”/g, "…").replace(/\d+(\.\d+)?/g, "#");
  return check === "html" ? alike(what) : [check, alike(selector), alike(what)].join("|");
};

export class Report {
  failures = new Map();
  pages = new Map(); // variant → how many
  states = new Set();
  counts = new Map();
  failed = new Map();
  known = new Set();

  fresh(key) { return !this.known.has(key) && Boolean(this.known.add(key)); }

  count(...ids) { for (const id of ids) this.counts.set(id, (this.counts.get(id) ?? 0) + 1); }

  page({ state, variant }) {
    this.pages.set(variant, this.pagesOf(variant) + 1);
    this.states.add(state);
    this.count(...onEveryPage);
  }

  pagesOf(variant) { return this.pages.get(variant) ?? 0; }

  add(where, found) {
    for (const f of found) {
      if (!this.failed.has(f.check)) this.failed.set(f.check, new Set());
      this.failed.get(f.check).add(`${where.state}|${where.variant}`);
      const key = [where.state, f.check, f.selector, f.what.replace(/\d+(\.\d+)?/g, "#")].join("|");
      const seen = this.failures.get(key) ?? { ...where, ...f, variants: [] };
      if (!seen.variants.includes(where.variant)) seen.variants.push(where.variant);
      this.failures.set(key, seen);
    }
  }

  // print writes a line for each cause, with one page and one variant that show it; it returns how many there are.
  print() {
    const causes = new Map();
    for (const f of this.failures.values()) {
      const key = causeOf(f);
      const seen = causes.get(key) ?? { ...f, states: new Set(), variants: new Set() };
      seen.states.add(f.state);
      f.variants.forEach((v) => seen.variants.add(v));
      causes.set(key, seen);
    }
    const all = [...causes.values()];
    const others = (set, word) => (set.size > 1 ? ` (and ${set.size - 1} other ${word})` : "");
    for (const f of all) {
      console.log(`${f.state}${others(f.states, "pages")} · ${[...f.variants][0]}${others(f.variants, "variants")} · ${f.check} · ${f.selector || f.path} · ${f.what}${f.todo ? ` → ${f.todo}` : ""}`);
    }
    const looked = [...this.pages.values()].reduce((a, b) => a + b, 0);
    console.log(`${this.states.size} pages and states, ${this.pages.size} variants, looked at ${looked} times: ${all.length} causes of failure`);
    for (const check of new Set(all.map((f) => f.check))) console.log(`  ${check}: ${all.filter((f) => f.check === check).length}`);
    return all.length;
  }

  summary(checks) {
    return {
      pages: this.states.size, variants: this.pages.size,
      checks: Object.entries(checks).map(([id, { name }]) => ({ id, name, count: this.counts.get(id) ?? 0, failures: this.failed.get(id)?.size ?? 0 })),
    };
  }

  // statement is the summary for the accessibility statement.
  statement(checks) { return this.summary(Object.fromEntries(Object.entries(checks).filter(([, { aside }]) => !aside))); }

  async write(file, { checks, ...rest }) {
    const all = { ...rest, ...this.summary(checks), variantPages: Object.fromEntries(this.pages), states: [...this.states], failures: [...this.failures.values()] };
    await writeFile(file, JSON.stringify(all, null, 2));
  }
}
