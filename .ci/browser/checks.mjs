// What is checked on a page as it stands.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { HtmlValidate } from "html-validate";
import htmlRules from "./html-rules.mjs";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const inPage = readFileSync(new URL("in-page.js", import.meta.url), "utf8");
const validator = new HtmlValidate(htmlRules);

// checks names what a failure belongs to, in the words of the accessibility statement, and says what to do.
export const checks = {
  axe: { name: "axe-core: WCAG 2.0, 2.1 and 2.2 A and AA, and best practices" },
  html: { name: "Valid HTML" },
  console: { name: "No error or warning in the console" },
  requests: { name: "No request to another site" },
  status: { name: "The expected answer of the server" },
  language: { name: "The page says which language it is in" },
  direction: { name: "A language that runs from right to left begins at the right", aside: true, todo: "use inline-start and inline-end, and say dir where the language changes" },
  scroll: { name: "No scrolling in two directions (WCAG 1.4.10)", todo: "let it shrink or wrap, or scroll inside its own box" },
  clipped: { name: "No text is cut off (WCAG 1.4.4, 1.4.12)", todo: "let the box grow with its text" },
  target: { name: "Targets of at least 24 px (WCAG 2.5.8)", todo: "make it at least 24 × 24 px, or leave 24 px around its middle free" },
  "large-target": { name: "Answers and quick exit of at least 44 px (WCAG 2.5.5)", todo: "make it at least 44 × 44 px" },
  focus: { name: "The focus is visible (WCAG 2.4.7, 1.4.11)", todo: "give it an outline of 2 px or more with 3:1 against what is behind it" },
  obscured: { name: "The focus is never hidden (WCAG 2.4.11)", todo: "keep bars from covering it: scroll-padding, or a bar that does not stick" },
  keyboard: { name: "Everything is reached by Tab, in the order of the page (WCAG 2.1.1, 2.4.3)", todo: "use a real link, button or field in its place in the page" },
  contrast: { name: "Contrast where the system chooses the colours", todo: "leave colours to the system: no forced-color-adjust without a pair of system colours" },
  motion: { name: "No motion where none is wanted (WCAG 2.3.3)", todo: "remove transition and animation under prefers-reduced-motion" },
  story: { name: "Whole journeys by keyboard alone and with a screen reader" },
  weight: { name: "A first visit brings no more than 60 kB", aside: true }, // not a matter of the accessibility statement
  print: { name: "Paper shows what is to be read and nothing to press", aside: true, todo: "hide it in @media print, or let the text take less room" },
};

async function axe(page, variant) {
  if (!(await page.evaluate(() => Boolean(window.axe)))) await page.evaluate(axeSource);
  const violations = await page.evaluate(async (forced) => {
    scrollTo(0, 0); // a link that happens to have scrolled half under the head is no fault of its size
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const r = await window.axe.run(document, { runOnly: tags, rules: { "target-size": { enabled: true }, "color-contrast": { enabled: !forced } }, resultTypes: ["violations"], iframes: false });
    return r.violations.map((v) => ({ id: v.id, help: v.help, nodes: v.nodes.map((n) => ({ target: n.target.join(" "), why: [...n.any, ...n.all, ...n.none].map((c) => c.message).join("; ") })) }));
  }, variant.colours === "forced");
  return violations.flatMap((v) => v.nodes.map((n) => ({ check: "axe", selector: n.target.replace(/(\/app\/training)(\/[a-z2-7]{8})+/g, "$1/…"), what: `${v.id}: ${n.why || v.help}`, todo: v.help })));
}

async function tab(page, cdp) {
  const n = await page.evaluate(() => window.__checks.prepareTabs());
  const key = { key: "Tab", code: "Tab", windowsVirtualKeyCode: 9, nativeVirtualKeyCode: 9 };
  const sent = [];
  for (let i = 0; i < n; i++) sent.push(cdp.send("Input.dispatchKeyEvent", { type: "rawKeyDown", ...key }), cdp.send("Input.dispatchKeyEvent", { type: "keyUp", ...key }));
  await Promise.all(sent);
  return page.evaluate(() => window.__checks.endTabs());
}

// examine returns what is wrong on the page as it stands.
export async function examine(page, cdp, variant, shoot) {
  if (!(await page.evaluate(() => Boolean(window.__checks)))) {
    await page.evaluate(inPage);
    await page.evaluate((text) => window.__checks.dress(text), variant.text);
  }
  await page.evaluate(() => window.__checks.settle());
  if (shoot) await shoot();
  await page.evaluate(() => window.__checks.unfold());
  const found = await page.evaluate(() => window.__checks.layout());
  found.push(...(await axe(page, variant)));
  found.push(...(await tab(page, cdp)));
  await page.evaluate(() => window.__checks.fold());
  return found.map((f) => ({ todo: checks[f.check].todo, ...f }));
}

// printed returns what is wrong with a page on paper: A4, with no more sheets than it may have.
export async function printed(page, most) {
  await page.emulateMedia({ media: "print" });
  const found = await page.evaluate(() => window.__checks.toPress());
  await page.emulateMedia({ media: null });
  const pdf = await page.pdf({ format: "A4" });
  const sheets = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  if (sheets < 1 || sheets > most) found.push({ selector: "main", what: `it takes ${sheets} sheets of A4 where ${most} should do` });
  return found.map((f) => ({ check: "print", todo: checks.print.todo, ...f }));
}

export function validate(html) {
  const report = validator.validateStringSync(html);
  return report.results.flatMap((r) => r.messages).filter((m) => m.severity === 2).map((m) => ({
    check: "html", selector: m.selector ?? `line ${m.line}`, what: `${m.ruleId}: ${m.message}`, todo: m.ruleUrl ? `see ${m.ruleUrl}` : undefined,
  }));
}
