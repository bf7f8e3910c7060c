// Proves that the checks can fail: a page with every fault must be found out, and the same page without them must pass.
import { once } from "node:events";
import { createServer } from "node:http";
import { examine, printed, validate } from "./checks.mjs";
import { Weights } from "./weight.mjs";

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
  await proveDirection(browser);
  await provePaper(browser);
  await proveWeight(browser);
}

const must = (holds, what) => { if (!holds) throw new Error(`the checks are wrong about ${what}`); };

async function proveDirection(browser) {
  const context = await browser.newContext({ viewport: { width: 320, height: 640 } });
  const tab = await context.newPage();
  const cdp = await context.newCDPSession(tab);
  const kinds = async (style, wide) => {
    await tab.setContent(`<!doctype html><html lang="en" dir="rtl"><meta name="viewport" content="width=device-width"><title>Faults</title><style>body{margin:0}main{${style}}</style>
      <main><h1>Faults</h1><p style="width:${wide}px">A paragraph.</p></main>`);
    return new Set((await examine(tab, cdp, { text: "plain", colours: "own" })).map((f) => f.check));
  };
  must((await kinds("direction:ltr", 100)).has("direction"), "what begins at the left in a page from right to left");
  must((await kinds("text-align:left", 100)).has("direction") === false, "what is set to the left on purpose");
  must((await kinds("", 900)).has("scroll"), "what is too wide for a page from right to left");
  must((await kinds("", 100)).size === 0, "a page from right to left");
  await context.close();
}

async function provePaper(browser) {
  const tab = await browser.newPage();
  await tab.setContent(page(false));
  await examine(tab, await tab.context().newCDPSession(tab), { text: "plain", colours: "own" });
  const found = async () => (await printed(tab, 1)).length;
  must((await found()) > 0, "buttons on paper");
  await tab.addStyleTag({ content: "@media print{button,label,.bar{display:none!important}}" });
  must((await found()) === 0, "paper with nothing to press");
  await tab.addStyleTag({ content: "main{min-height:300vh}h1{break-after:page}" });
  must((await found()) > 0, "a page that takes two sheets");
  await tab.close();
}

async function proveWeight(browser) {
  const server = createServer((request, response) => response.end("x".repeat(Number(new URL(request.url, "http://localhost").searchParams.get("bytes")))));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const tab = await browser.newPage();
  for (const [bytes, heavy] of [[50_000, false], [60_001, true]]) {
    await tab.goto(`http://localhost:${server.address().port}/${bytes}?bytes=${bytes}`);
    must((await new Weights(browser).weigh(tab, "proof")).length > 0 === heavy, `a page of ${bytes} bytes`);
  }
  await tab.close();
  server.close();
}
