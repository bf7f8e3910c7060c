// Proves that the checks can fail: a page with every fault must be found out, and the same page without them must pass.
import { examine, validate } from "./checks.mjs";

const page = (faulty) => `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Faults</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{margin:0;background:#fff;color:#111;font:18px/1.5 sans-serif}
:focus-visible{outline:3px solid #111;outline-offset:2px}
a{color:#003}button,label{display:block;min-height:48px;min-width:48px;padding:0}
.bar{position:fixed;inset:0 0 auto;height:20px;background:#eee;z-index:1}
main{padding-top:30px}html{scroll-padding-top:60px}
${faulty ? `.wide{width:900px}.cut{height:20px;width:60px;overflow:hidden}.tiny{display:block;width:12px;height:12px;overflow:visible;font-size:8px}
.none:focus-visible{outline:none}.under{position:absolute;top:0;min-height:15px;height:15px}.low{min-height:20px;height:20px}
.moving{transition:color 1s}.forced{forced-color-adjust:none;color:#777;background:#666}` : ""}
</style></head><body><header class="bar"></header><main><h1>Faults</h1>
<p class="wide">A paragraph.</p><p class="cut">Much more text than can be seen in here.</p>
<ul><li><a class="tiny" href="#a">a</a></li><li><a class="tiny" href="#b">b</a></li></ul>
<button class="none" type="button">One</button><button class="under" type="button">Two</button>
<label class="low"><input type="radio" name="r"> Three</label>
<p class="moving forced">Four</p>
${faulty ? '<button type="button" tabindex="3">Five</button><img src="data:," width="9" height="9"><p id="x">Six</p><p id="x">Seven</p>' : ""}
</main></body></html>`;

const faults = ["axe", "scroll", "clipped", "target", "large-target", "focus", "obscured", "keyboard", "motion", "contrast"];

export async function proveChecks(browser) {
  for (const faulty of [true, false]) {
    const context = await browser.newContext({ viewport: { width: 320, height: 640 }, reducedMotion: "reduce", forcedColors: "active" });
    const tab = await context.newPage();
    await tab.setContent(page(faulty));
    const found = await examine(tab, await context.newCDPSession(tab), { text: "plain", colours: "own" });
    found.push(...validate(page(faulty)));
    await context.close();
    const kinds = new Set(found.map((f) => f.check));
    const missed = [...faults, "html"].filter((f) => !kinds.has(f));
    if (faulty && missed.length) throw new Error(`these checks do not find their fault: ${missed.join(", ")}`);
    if (!faulty && found.length) throw new Error(`these checks find faults where none are: ${JSON.stringify(found)}`);
  }
}
