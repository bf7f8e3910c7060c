// What a first visit to a page brings over the wire: everything that the page asks for, bodies as they are packed and heads as they are sent, in a
// browser that has been nowhere before but is signed in as the visitor is.
const most = 60_000; // bytes

export class Weights {
  pages = new Map(); // path → { state, bytes }

  constructor(browser) { this.browser = browser; }

  // weigh returns what is wrong with the weight of the page that a visitor stands on. Each address is weighed once.
  async weigh(page, state) {
    const address = new URL(page.url());
    if (this.pages.has(address.pathname)) return [];
    this.pages.set(address.pathname, { state, bytes: 0 });
    const bytes = await coldLoad(this.browser, address.href, await page.context().storageState());
    this.pages.set(address.pathname, { state, bytes });
    if (bytes <= most) return [];
    return [{ check: "weight", selector: "", what: `a first visit brings ${kB(bytes)}`, todo: `at most ${kB(most)}: smaller drawings, fewer files, less on one page` }];
  }

  print() {
    const heaviest = [...this.pages.values()].sort((a, b) => b.bytes - a.bytes);
    if (!heaviest.length) return;
    console.log(`${heaviest.length} pages weighed, ${kB(most)} at most; the heaviest: ${heaviest.slice(0, 3).map((p) => `${p.state} ${kB(p.bytes)}`).join(", ")}`);
  }
}

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

export async function coldLoad(browser, url, storageState) {
  const context = await browser.newContext({ storageState });
  try {
    const page = await context.newPage();
    const cdp = await context.newCDPSession(page);
    await cdp.send("Network.enable");
    let bytes = 0;
    cdp.on("Network.loadingFinished", ({ encodedDataLength }) => (bytes += encodedDataLength));
    cdp.on("Network.requestWillBeSent", ({ redirectResponse }) => (bytes += redirectResponse?.encodedDataLength ?? 0));
    await page.goto(url);
    await page.waitForTimeout(50); // until the last of it has been counted
    return bytes;
  } finally {
    await context.close();
  }
}
