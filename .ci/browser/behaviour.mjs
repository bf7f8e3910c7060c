// Stories about what the scripts do, told in a real browser. Each goes through a gate of its own before the server, which can be slow, be cut, or
// lose answers, and which counts what reaches the server. Every story that signs in makes a person of its own.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const weather = "https://www.bbc.co.uk/weather";

// A gate forwards connections to the server.
class Gate {
  requests = []; // what reached the server: "POST /app/…"
  delay = 0; // ms before a request goes on
  deaf = false; // requests go on, answers are lost
  #open = true;
  #sockets = new Set();

  static async before(base) {
    const gate = new Gate();
    const { hostname, port } = new URL(base);
    gate.server = createServer((client) => gate.#forward(client, connect(Number(port), hostname)));
    gate.server.listen(0, "127.0.0.1");
    await once(gate.server, "listening");
    gate.base = `http://localhost:${gate.server.address().port}`;
    return gate;
  }

  #forward(client, server) {
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("error", () => {}).on("close", () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    if (!this.#open) return void client.destroy();
    client.on("data", async (chunk) => {
      if (this.delay) await pause(this.delay);
      if (server.destroyed) return;
      for (const [, request] of chunk.toString("latin1").matchAll(/^((?:GET|POST|HEAD) \S+) HTTP\/1/gm)) this.requests.push(request);
      server.write(chunk);
    });
    server.on("data", (chunk) => (this.deaf ? client.destroy() : client.write(chunk)));
  }

  cut() {
    this.#open = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend() { this.#open = true; }

  posts() { return this.requests.filter((r) => r.startsWith("POST /app/training/")); }

  async close() {
    this.cut();
    this.server.close();
    await once(this.server, "close");
  }
}

let visitors = 0;

// told makes a story: a gate, a browser context and a page around what happens.
function told(name, happens, options = {}) {
  return {
    name,
    async run({ browser, base }) {
      const gate = await Gate.before(base);
      visitors++;
      const context = await browser.newContext({ viewport: { width: 390, height: 720 }, extraHTTPHeaders: { "X-Forwarded-For": `10.250.0.${visitors}` }, ...options });
      context.setDefaultTimeout(10_000);
      await context.route(`${new URL(weather).origin}/**`, (route) => route.fulfill({ contentType: "text/html", body: "<title>Weather</title><h1>Weather</h1>" }));
      const page = await context.newPage();
      const errors = [];
      page.on("pageerror", (error) => errors.push(error.message));
      try {
        await happens({ gate, context, page, base: gate.base, browser });
        assert.deepEqual(errors, [], "errors in the page");
      } finally {
        await context.close();
        await gate.close();
      }
    },
  };
}

async function signIn(page, base) {
  visitors++;
  await page.goto(`${base}/app/sign-in?at=aldermoor&lang=en`);
  await page.fill("#email", `story${visitors}-${Date.now()}@aldermoor.example`);
  await page.locator("form:has(#email) button").click();
  await page.fill("#code", (await page.locator(".code").first().textContent()).trim());
  await page.locator("form:has(#code) button").click();
  await page.waitForURL(`${base}/app`);
}

// toQuestion begins the module and goes on to the first question with options.
async function toQuestion(page, base) {
  await signIn(page, base);
  await page.locator("main a[href^='/app/training/']").first().click();
  await page.locator("main button[name=route]").first().click();
  await page.locator(".progress").waitFor();
  for (let i = 0; i < 30; i++) {
    if (await page.locator("#answer input[name=option]").count()) return;
    await advance(page);
  }
  assert.fail("there is no question");
}

// advance answers what is shown, if it asks, and goes on.
async function advance(page) {
  if (await page.locator("main button[value=continue]").count()) return press(page, "main button[value=continue]");
  while (await page.locator("#answer").count()) {
    for (const set of await page.locator("#answer fieldset").all()) await set.locator("input").first().check();
    await press(page, "#answer button[name=do]:visible");
  }
  await press(page, "main button[value=next]");
}

// press clicks and waits until the page has changed.
async function press(page, selector) {
  await page.evaluate(() => (document.querySelector("main").dataset.before = "yes"));
  await page.locator(selector).first().click();
  await page.waitForFunction(() => document.querySelector("main") && !document.querySelector("main").dataset.before);
}

const chooseFirst = (page) => page.locator("#answer input[name=option]").first().check();
const sendAnswer = (page) => page.locator("#answer button[name=do]:visible").click();
const mark = (page) => page.evaluate(() => (window.same = true));
const sameDocument = (page) => page.evaluate(() => window.same === true);
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.localName);
const liveText = (page) => page.evaluate(() => document.querySelector("p.sr[role=status]").textContent);
const workerReady = (page) => page.waitForFunction(() => navigator.serviceWorker?.controller);

// stored lists the paths in Cache Storage.
const stored = (page) => page.evaluate(async () => {
  const all = [];
  for (const name of await caches.keys()) for (const request of await (await caches.open(name)).keys()) all.push(new URL(request.url).pathname);
  return all;
});

// until asks the page again and again; waitForFunction takes a promise for a yes.
async function until(page, question, argument) {
  for (let i = 0; i < 200; i++) {
    if (await page.evaluate(question, argument)) return;
    await pause(50);
  }
  assert.fail(`never came true: ${question}`);
}

const keptOf = (page, path) => until(page, async (wanted) => Boolean(await caches.match(wanted)), path);

const notSignedIn = async (context, base) => {
  const answer = await context.request.get(`${base}/app/me`, { maxRedirects: 0 });
  assert.equal(answer.status(), 303, "the session has ended");
  assert.match(answer.headers().location, /^\/app\/sign-in/);
};

export const stories = [
  told("moving on exchanges the content, and focus, title and history follow", async ({ page, base }) => {
    await toQuestion(page, base);
    await mark(page);
    const question = page.url();
    const asked = await page.title();
    await chooseFirst(page);
    await press(page, "#answer button[name=do]:visible");
    assert.equal(await sameDocument(page), true, "the document was loaded again");
    assert.equal(page.url(), question, "the reply stands at the question's address");
    await press(page, "main button[value=next]");
    const next = page.url();
    assert.notEqual(next, question);
    assert.notEqual(await page.title(), asked);
    assert.equal(await focused(page), "h1");
    assert.equal(await page.evaluate(() => scrollY), 0);
    await page.evaluate(() => scrollTo(0, 150));
    await page.waitForTimeout(100);
    const far = await page.evaluate(() => scrollY);
    await page.goBack();
    await page.locator("#reply-title").waitFor();
    assert.equal(page.url(), question);
    assert.equal(await page.title(), asked);
    await page.goForward();
    await page.waitForFunction((url) => location.href === url && !document.querySelector("#reply-title"), next);
    await page.waitForTimeout(200);
    assert.equal(await page.evaluate(() => scrollY), far, "reading goes on where it was");
    assert.equal(await sameDocument(page), true);
    await page.reload();
    assert.equal(page.url(), next);
    await page.goBack();
    await page.locator("#reply-title").waitFor();
    assert.equal(page.url(), question, "Back also works after the page was loaded again");
  }),

  told("feedback gets the focus and is announced, and so is what is wrong", async ({ page, base }) => {
    await toQuestion(page, base);
    await mark(page);
    await sendAnswer(page);
    await page.locator("#problems").waitFor();
    assert.equal(await focused(page), "problems");
    await page.waitForTimeout(200);
    assert.equal(await page.locator("#problems").getAttribute("role"), "alert");
    await chooseFirst(page);
    await sendAnswer(page);
    await page.locator("#reply-title").waitFor();
    assert.equal(await focused(page), "reply-title");
    await page.waitForTimeout(200);
    assert.equal((await liveText(page)).trim(), (await page.locator("#reply-title").textContent()).trim());
    const box = await page.locator("#reply-title").boundingBox();
    assert.ok(box.y >= 0 && box.y < 720, "the reply can be seen");
    assert.equal(await sameDocument(page), true);
  }),

  told("the language can be switched in the middle of an item, after moving too, and keeps what was chosen", async ({ page, base }) => {
    await toQuestion(page, base);
    const value = await page.locator("#answer input[name=option]").first().inputValue();
    await chooseFirst(page);
    await page.locator("button[name=language][value=cy]").click();
    await page.waitForFunction(() => document.documentElement.lang === "cy");
    assert.equal(await page.locator("#answer input:checked").inputValue(), value);
    await mark(page);
    await press(page, "#answer button[name=do]:visible");
    const at = page.url();
    await page.locator("button[name=language][value=en]").click();
    await page.waitForFunction(() => document.documentElement.lang === "en");
    assert.equal(page.url().split("?")[0], at.split("?")[0]);
  }),

  told("a slow answer shows progress after 300 ms and not before, and is asked for once", async ({ page, base, gate }) => {
    await toQuestion(page, base);
    await page.evaluate(() => {
      window.bars = [];
      new MutationObserver((changes) => {
        for (const c of changes) for (const n of c.addedNodes) if (n.className === "waiting") window.bars.push(performance.now());
      }).observe(document.body, { childList: true });
    });
    await chooseFirst(page);
    const before = gate.posts().length;
    gate.delay = 450;
    await page.evaluate(() => {
      document.addEventListener("submit", () => (window.sent = performance.now()), { once: true });
      const button = document.querySelector("#answer .button");
      button.click();
      button.click();
      button.click();
    });
    await page.locator(".waiting[role=progressbar][aria-label]").waitFor({ state: "attached" });
    await page.locator("#reply-title").waitFor();
    assert.equal(await page.locator(".waiting").count(), 0);
    const [bar] = await page.evaluate(() => window.bars.map((at) => at - window.sent));
    assert.ok(bar >= 290 && bar < 3000, `progress showed after ${bar} ms`); // clocks are coarse, machines busy
    gate.delay = 0;
    await page.evaluate(() => (window.bars = []));
    await press(page, "main button[value=next]");
    assert.deepEqual(await page.evaluate(() => window.bars), [], "a quick answer shows none");
    assert.equal(gate.posts().length, before + 2, "one answer and one step onward");
  }),

  told("an answer waits while the network is away and is sent once when it is back", async ({ page, context, base, gate }) => {
    await toQuestion(page, base);
    await mark(page);
    await chooseFirst(page);
    const value = await page.locator("#answer input:checked").inputValue();
    const before = gate.posts().length;
    gate.cut();
    await context.setOffline(true);
    await sendAnswer(page);
    await page.locator(".held[role=status]").waitFor();
    assert.equal(await page.locator("#answer input:checked").inputValue(), value, "what was chosen stays");
    await page.waitForTimeout(200);
    assert.equal(await liveText(page), (await page.locator(".held p").first().textContent()).trim());
    assert.deepEqual(await page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie]), [0, 0, ""], "nothing of it is stored");
    await page.evaluate(() => history.back()); // there is nothing to show: the answer's page stays
    await page.waitForTimeout(500);
    assert.equal(await page.locator("#answer input:checked").inputValue(), value);
    gate.mend();
    await context.setOffline(false);
    await page.locator("#reply-title").waitFor({ timeout: 3000 }); // before the slow tries would begin
    await page.waitForTimeout(300);
    assert.equal(await page.locator(".held").count(), 0);
    assert.equal(gate.posts().length, before + 1);
    assert.equal(await sameDocument(page), true);
    await page.evaluate(() => dispatchEvent(new Event("online")));
    await page.waitForTimeout(300);
    assert.equal(gate.posts().length, before + 1, "nothing is sent again");
  }),

  told("an answer whose reply was lost is sent again and stands as it was given", async ({ page, base, gate }) => {
    await toQuestion(page, base);
    await chooseFirst(page);
    const before = gate.posts().length;
    gate.deaf = true;
    await sendAnswer(page);
    await page.locator(".held").waitFor();
    gate.deaf = false;
    await page.locator(".held button").click();
    await page.locator("#reply-title").waitFor();
    assert.ok(gate.posts().length >= before + 2);
    assert.equal(await page.locator(".said").count(), 0, "nobody is told that another answer stands");
  }),

  told("a held answer is forgotten by whoever leaves", async ({ page, context, base, gate }) => {
    await toQuestion(page, base);
    await chooseFirst(page);
    const before = gate.posts().length;
    await context.setOffline(true);
    await sendAnswer(page);
    await page.locator(".held").waitFor();
    await page.evaluate(() => document.dispatchEvent(new Event("upstander:leave")));
    assert.equal(await page.locator(".held").count(), 0);
    await context.setOffline(false);
    await page.waitForTimeout(500);
    assert.equal(gate.posts().length, before);
  }),

  told("an answer sent on a session that has ended leads to sign-in as a whole page", async ({ page, context, base }) => {
    await toQuestion(page, base);
    await chooseFirst(page);
    await context.clearCookies();
    await sendAnswer(page);
    await page.waitForURL(/\/app\/sign-in\?/);
    await page.locator("#email").waitFor();
  }),

  told("what is typed into a reflection is sent nowhere", async ({ page, base }) => {
    const secret = "harebell-4711";
    const sent = [];
    page.on("request", (request) => sent.push(request.url() + (request.postData() ?? "")));
    await toQuestion(page, base);
    for (let i = 0; i < 80 && !(await page.locator("#reflection").count()); i++) await advance(page);
    await page.fill("#reflection", secret);
    await press(page, "main button[value=next]");
    await page.goBack();
    await page.locator("#reflection").waitFor();
    assert.equal(await page.locator("#reflection").inputValue(), "");
    assert.equal(sent.some((s) => s.includes(secret)), false);
    assert.equal(await page.evaluate((s) => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, history.state]).includes(s), secret), false);
  }),

  told("a story goes on at its next moment, and an example can be dragged along its line", async ({ page, base }) => {
    await toQuestion(page, base);
    for (let i = 0; i < 80 && !(await page.locator("#answer input[name=step]").count()); i++) await advance(page);
    await mark(page);
    await page.locator("#answer input[name=step]").first().check();
    await press(page, "#answer button[name=do]:visible");
    assert.equal(await focused(page), (await page.locator("#reply-title").count()) ? "reply-title" : "now");
    const box = await page.locator("#now").boundingBox();
    assert.ok(box.y < 720, "the moment can be seen");
    for (let i = 0; i < 80 && !(await page.locator("form .spots").count()); i++) await advance(page);
    const spots = page.locator("form .spots").first().locator(".spot");
    await spots.last().scrollIntoViewIfNeeded();
    const [from, to] = [await spots.first().boundingBox(), await spots.last().boundingBox()];
    await page.mouse.move(from.x + 20, from.y + 10);
    await page.mouse.down();
    await page.mouse.move(to.x + 20, to.y + 10, { steps: 8 });
    await page.mouse.up();
    assert.equal(await spots.last().locator("input").isChecked(), true);
    assert.equal(await sameDocument(page), true);
  }),

  told("links that a person opens elsewhere, and pages of a newer program, are loaded as a whole", async ({ page, context, base }) => {
    await toQuestion(page, base);
    await mark(page);
    const inside = page.locator("main a[href^='/app/training/']").first();
    const [tab] = await Promise.all([context.waitForEvent("page"), inside.click({ modifiers: ["Control"] })]);
    await tab.close();
    assert.equal(await sameDocument(page), true);
    await page.evaluate(() => document.querySelector("link[rel=stylesheet]").setAttribute("href", "/public/css/site.000000000000.css"));
    await inside.click();
    await page.waitForFunction(() => !window.same);
  }),

  told("without a connection support is there with its numbers, and nothing else is stored", async ({ page, context, base, gate }) => {
    await page.goto(`${base}/aldermoor/cy/`);
    await keptOf(page, "/aldermoor/cy/support");
    await page.goto(`${base}/aldermoor/report`);
    await toQuestion(page, base);
    await keptOf(page, "/aldermoor/support");
    await workerReady(page);
    await page.goto(`${base}/aldermoor/report`);
    await page.goto(`${base}/app/me`);
    gate.cut();
    for (const [path, words] of [["/aldermoor/glossary", "You are not connected"], ["/app", "You are not connected"], ["/aldermoor/cy/policy", "ddim cysylltiad"]]) {
      await page.goto(base + path);
      await page.locator(".offline:not([hidden])", { hasText: words }).waitFor();
      const text = await page.locator("main").innerText();
      for (const number of ["999", "01632 960 101", "01632 960 110"]) assert.ok(text.includes(number), `${path} shows ${number}`);
      assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector(".exit")).cursor), "pointer", "with its stylesheet");
    }
    await assert.rejects(page.goto(`${base}/aldermoor/report`), "the worker does not touch report pages");
    await page.waitForURL("chrome-error://chromewebdata/");
    gate.mend();
    await page.goto(`${base}/aldermoor/support`);
    assert.equal(await page.locator(".offline").isHidden(), true);
    const paths = await stored(page);
    assert.ok(paths.length > 4);
    assert.deepEqual(paths.filter((path) => !/^\/(aldermoor\/(cy\/)?support$|public\/|brand\/)/.test(path)), []);
  }),

  told("no more than four support pages are kept", async ({ page, base }) => {
    await page.goto(`${base}/aldermoor/`);
    await keptOf(page, "/aldermoor/support");
    await workerReady(page);
    await page.evaluate(async () => {
      for (let i = 0; i < 6; i++) await (await caches.open(`support-1 /x${i}/support`)).put(`/x${i}/support`, new Response("x"));
      await caches.open("support-0 /old/support");
    });
    await page.goto(`${base}/aldermoor/cy/`);
    await keptOf(page, "/aldermoor/cy/support");
    await until(page, async () => (await caches.keys()).length === 4);
    assert.deepEqual(await page.evaluate(() => caches.keys()), [3, 4, 5].map((i) => `support-1 /x${i}/support`).concat("support-1 /aldermoor/cy/support"));
  }),

  ...["button", "Escape"].map((way) => told(`leaving by ${way} covers the page, ends the session, and Back shows nothing`, async ({ page, context, base }) => {
    await toQuestion(page, base);
    await chooseFirst(page);
    await press(page, "#answer button[name=do]:visible");
    await press(page, "main button[value=next]");
    const titles = [];
    await context.exposeBinding("shows", ({ frame }, text) => titles.push([frame.url(), text]));
    await context.addInitScript(() => addEventListener("pageshow", () => setTimeout(() => document.body && window.shows(document.documentElement.hidden ? "" : document.body.innerText))));
    if (way === "button") await page.locator("form.leave button").click();
    else for (let i = 0; i < 3; i++) await page.keyboard.press("Escape");
    await page.waitForURL(weather);
    await page.waitForTimeout(300);
    await notSignedIn(context, base);
    for (let i = 0; i < 3; i++) {
      await page.goBack().catch(() => {});
      await page.waitForTimeout(300);
      assert.equal(page.url(), weather, "Back leads away again");
    }
    assert.equal(titles.some(([, text]) => /Question|part|Sign in/i.test(text) && !/Weather/.test(text)), false, "nothing of the site was shown");
    await page.goto(`${base}/aldermoor/`);
    await page.locator("h1").waitFor();
    await page.goto(`${base}/aldermoor/support`);
    await page.goBack();
    assert.equal(page.url(), `${base}/aldermoor/`, "whoever opens the site anew can go back in it");
  })),

  told("a page that comes back from the browser's memory is hidden and loaded again", async ({ page, context, base }) => {
    await toQuestion(page, base);
    await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
    assert.equal(await page.evaluate(() => document.documentElement.hidden), true);
    await context.clearCookies();
    await page.evaluate(() => void dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
    await page.waitForURL(/\/app\/sign-in/);
  }),

  told("leaving works without a connection, and the session ends as soon as there is one", async ({ page, context, base, gate }) => {
    await toQuestion(page, base);
    await keptOf(page, "/aldermoor/support");
    await page.reload();
    await workerReady(page);
    gate.cut();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.waitForURL(weather);
    await page.waitForTimeout(500);
    gate.mend();
    assert.equal((await context.request.get(`${base}/app/me`, { maxRedirects: 0 })).status(), 200, "the server could not be told yet");
    await page.goto(`${base}/app`);
    assert.match(page.url(), /\/app\/sign-in/);
    assert.equal((await page.evaluate(() => caches.keys())).includes("left"), false);
  }),

  told("Escape counts only within five seconds, and not where it closes a dialog", async ({ page, base }) => {
    await page.goto(`${base}/aldermoor/report`);
    await page.evaluate(() => {
      const dialog = document.body.appendChild(document.createElement("dialog"));
      dialog.append("x");
      dialog.showModal();
    });
    for (let i = 0; i < 3; i++) await page.keyboard.press("Escape"); // the first closes the dialog
    assert.equal(await page.evaluate(() => document.querySelector("dialog").open), false);
    await page.waitForTimeout(5100);
    for (let i = 0; i < 2; i++) await page.keyboard.press("Escape");
    await page.waitForTimeout(300);
    assert.match(page.url(), /report$/);
    await page.keyboard.press("Escape");
    await page.waitForURL(weather);
  }),

  told("the theme is kept in this browser and follows the device by default", async ({ page, base }) => {
    await page.goto(`${base}/aldermoor/`);
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.locator(".theme button[data-theme-to=dark]").click();
    assert.equal(await page.locator(".theme button[data-theme-to=dark]").getAttribute("aria-pressed"), "true");
    const dark = await ground();
    assert.notEqual(dark, light);
    await page.goto(`${base}/aldermoor/report`);
    assert.equal(await ground(), dark, "on pages without the site's script too");
    await page.locator(".theme button[data-theme-to='']").click();
    await page.reload();
    assert.equal(await ground(), light);
    assert.equal(await page.evaluate(() => localStorage.length), 0);
    assert.equal((await page.context().cookies()).length, 0);
  }, { colorScheme: "light" }),

  told("a page about reports loads no script that talks to the server", async ({ page, base }) => {
    await page.goto(`${base}/aldermoor/report`);
    const scripts = await page.evaluate(() => Array.from(document.scripts, (s) => s.src.replace(/.*\/js\/(\w+).*/, "$1")).sort());
    assert.deepEqual(scripts, ["leave", "theme"]);
    assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
  }),
];
