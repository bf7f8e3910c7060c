// Stories of workshops, told with JavaScript. In the first one a room has a second host and eight phones at once, and nobody loads a page again: the room
// comes to them. In the second one it does not come, and then all of it is gone. What is said by itself is read from the accessibility tree, where a
// screen reader finds it.
import { join } from "node:path";
import { out, start } from "./site.mjs";

const phones = 8;
const patience = 30_000; // ms until what happened in the room must show
const small = { viewport: { width: 390, height: 844 } };

const sees = (page, words) => page.getByText(words).first().waitFor();
const press = (page, name) => page.getByRole("button", { name, exact: true }).first().click();

// opener opens pages in browsers of their own. A script that fails ends the story.
function opener(browser) {
  return async (options = {}) => {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    page.on("pageerror", (error) => { throw new Error(`${page.url()}: ${error.message}`); });
    return page;
  };
}

const trees = new WeakMap();

// status returns what the page's own live region holds, as the browser hands it to a screen reader.
async function status(page) {
  if (!trees.has(page)) trees.set(page, await page.context().newCDPSession(page));
  const { nodes } = await trees.get(page).send("Accessibility.getFullAXTree");
  const byId = new Map(nodes.map((n) => [n.nodeId, n]));
  const text = (n) => [n.role?.value === "StaticText" ? n.name?.value : "", ...(n.childIds ?? []).map((id) => (byId.has(id) ? text(byId.get(id)) : ""))].join("");
  const polite = (n) => n.properties?.some((p) => p.name === "live" && p.value.value === "polite");
  return nodes.filter((n) => !n.ignored && n.role?.value === "status" && polite(n)).map(text).join(" | ");
}

// heard waits until a screen reader is told something.
async function heard(page, words) {
  let last = "";
  for (const until = Date.now() + patience; Date.now() < until; await page.waitForTimeout(100)) {
    last = await status(page);
    if (last.includes(words)) return;
  }
  throw new Error(`${page.url()}: a screen reader is not told “${words}” but “${last}”`);
}

const allHear = (pages, words) => Promise.all(pages.map((p) => heard(p, words)));

// begin opens a cockpit and returns it with the code for phones.
async function begin(open, site) {
  const host = await open();
  await host.goto(`${site.base}/app/sign-in`);
  await host.getByRole("button", { name: "Facilitator" }).first().click();
  await host.goto(`${site.base}/app/workshops`);
  await press(host, "Start now");
  return { host, code: await host.locator(".code").first().textContent() };
}

// project opens a projector with a code from the cockpit.
async function project(open, host) {
  await press(host, "Open a projector on another device");
  const screen = await open({ viewport: { width: 1920, height: 1080 } });
  await screen.goto(host.url().replace(/\/host.*$/, "/screen"));
  await screen.locator("#code").fill(await host.locator("#now .panel .code").first().textContent());
  await press(screen, "Show the room here");
  await sees(screen, "Five statements");
  return screen;
}

// sleep turns a phone's screen off, or on again.
const sleep = (page, hidden) => page.evaluate((is) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => is });
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => (is ? "hidden" : "visible") });
  document.dispatchEvent(new Event("visibilitychange"));
}, hidden);

const ofStream = (request) => request.url().endsWith("/events");

// nap lets a phone fall asleep, and wake up in another network: meanwhile it holds no stream open.
async function nap(page, network) {
  const shut = page.waitForEvent("requestfailed", ofStream);
  await sleep(page, true);
  await shut;
  let early = 0;
  const count = (request) => { early += ofStream(request) ? 1 : 0; };
  page.on("request", count);
  await page.context().setExtraHTTPHeaders({ "X-Forwarded-For": network });
  await page.evaluate(() => dispatchEvent(new Event("online"))); // as a phone does that finds another network in a pocket
  await page.waitForTimeout(500);
  page.off("request", count);
  if (early) throw new Error("a phone that sleeps opens a stream");
  const [again] = await Promise.all([page.waitForRequest(ofStream), sleep(page, false)]);
  const from = (await again.allHeaders())["x-forwarded-for"];
  if (from !== network) throw new Error(`the phone comes back from ${from}`);
}

// hasItsAnswer holds that a phone shows the question with what it has chosen.
async function hasItsAnswer(page, verdict) {
  await sees(page, "Your answer is in");
  if (!(await page.locator(`input[name=verdict][value=${verdict}]`).isChecked())) throw new Error(`the phone has lost that it chose ${verdict}`);
}

export async function roomStory(browser, site) {
  const open = opener(browser);
  const { host, code } = await begin(open, site);
  await host.getByText("Break, attendance, helpers, projector").click();
  await press(host, "Invite somebody to lead with me");
  const link = /(\/room\/\S+\/invitation\/\S+)/.exec(await host.locator("#now .panel .code").first().textContent())[1];
  const second = await open(small);
  await second.goto(site.base + link);
  await press(second, "Open the cockpit on this device");
  const screen = await project(open, host);

  const all = await Promise.all(Array.from({ length: phones }, async () => {
    const phone = await open(small);
    await phone.goto(`${site.base}/aldermoor/join/${code}`);
    await sees(phone, "Five statements");
    return phone;
  }));
  await host.locator("#pulse", { hasText: /Phones here\s*8/ }).waitFor();
  const states = async (name) => {
    for (const [who, page] of [["cockpit", host], ["second", second], ["projector", screen], ["phone", all[0]]]) {
      await page.screenshot({ path: join(out, `room-${name}-${who}.png`) });
    }
  };
  await states("shown");

  await press(second, "Next slide");
  await press(second, "Open the question");
  await allHear([host, second, screen, ...all], "A question is open");
  await states("asking");

  // An answer stays chosen while the room goes on; one that cannot be sent is kept and sent again.
  await all[0].context().setOffline(true);
  await all[0].locator('input[name=verdict][value=myth]').check();
  await all[0].locator('input[name=sure][value="3"]').check();
  await press(all[0], "Send my answer");
  await sees(all[0], "Your phone is not connected");
  await Promise.all(all.slice(1).map(async (p, i) => {
    await p.locator(`input[name=verdict][value=${i % 2 ? "true" : "myth"}]`).check();
    await p.locator(`input[name=sure][value="${1 + (i % 3)}"]`).check();
    await press(p, "Send my answer");
    await sees(p, "Your answer is in");
  }));
  await all[0].context().setOffline(false);
  await sees(all[0], "Your answer is in");
  if (await all[0].locator("#trouble").isVisible()) throw new Error("the trouble is over and still shows");
  await host.locator("#pulse", { hasText: /Answers in\s*8/ }).waitFor();

  // A phone that is loaded again has its answer; so has one that slept, and woke up in another network.
  await all[1].reload();
  await hasItsAnswer(all[1], "myth");
  await nap(all[2], "10.200.1.1");
  await hasItsAnswer(all[2], "true");
  await all[2].reload();
  await hasItsAnswer(all[2], "true");
  await host.locator("#pulse", { hasText: /Answers in\s*8/ }).waitFor();

  // Somebody needs a moment, and stays in peace when the room goes on.
  await all[7].getByText("I need a moment").first().click();
  await all[7].getByRole("button", { name: "I need a moment" }).click();
  await sees(all[7], "Take your time");
  await host.locator("#pulse", { hasText: /Need a moment\s*1/ }).waitFor();
  await press(host, "Close the question");
  await allHear([host, second, screen, ...all.slice(0, 7)], "The question is closed");
  await press(host, "Show the result");
  await allHear([host, second, screen, ...all.slice(0, 7)], "The result of");
  await allHear([host, screen, all[2]], "This is a myth");
  await Promise.all(all.slice(0, 7).map((p) => sees(p, "This is a myth")));
  await sees(all[7], "Take your time");
  await states("result");
  await press(all[7], "I am back");
  await sees(all[7], "This is a myth");

  await host.getByText("Break, attendance, helpers, projector").click();
  await press(host, "Take a break");
  await Promise.all([screen, ...all].map((p) => sees(p, "We are taking a short break")));
  await states("paused");
  await host.getByText("End the workshop").click();
  await press(host, "End it now");
  await Promise.all([screen, ...all].map((p) => sees(p, "This workshop has ended")));
  await states("ended");
  await Promise.all([host, second, screen, ...all].map((p) => p.context().close()));
}

const whose = {
  yours: "Your phone is not connected", ours: "Something on our side does not answer", host: "The workshop waits for whoever leads it",
  still: "This connection keeps the page from following by itself",
};

// blames notes what a page says about trouble, from its loading on, also what it takes back.
async function blames(page) {
  const said = [];
  await page.exposeFunction("blamed", (words) => said.push(words));
  await page.addInitScript(() => addEventListener("DOMContentLoaded", () => {
    const trouble = document.getElementById("trouble");
    if (trouble) new MutationObserver(() => trouble.hidden || window.blamed(trouble.textContent)).observe(trouble, { attributes: true, childList: true });
  }));
  return said;
}

// trouble waits until a page says, in sight and to a screen reader, whose fault it is.
async function trouble(page, words) {
  await page.locator("#trouble:visible", { hasText: words }).waitFor();
  await heard(page, words);
}

// faultStory has a server of its own. A network that lets no stream through is nobody's fault, and the phone votes all the same; a host who has gone is the
// host's; a phone without a network is its own; and when the server stops it is ours.
export async function faultStory(browser) {
  const site = await start();
  try {
    const open = opener(browser);
    const { host, code } = await begin(open, site);
    await host.getByText("Break, attendance, helpers, projector").click();
    const screen = await project(open, host);
    const join = async (prepare) => {
      const phone = await open(small);
      await prepare?.(phone);
      await phone.goto(`${site.base}/aldermoor/join/${code}`);
      await sees(phone, "Five statements");
      return phone;
    };
    let said;
    const deaf = await join(async (phone) => {
      said = await blames(phone);
      await phone.route("**/events", (route) => route.abort());
    });
    const phone = await join();
    await trouble(deaf, whose.still);

    const now = () => deaf.getByRole("link", { name: "Show what is on now" }).click();
    await press(host, "Next slide");
    await press(host, "Open the question");
    await now();
    await deaf.locator("input[name=verdict][value=myth]").check();
    await deaf.locator('input[name=sure][value="2"]').check();
    await press(deaf, "Send my answer");
    await hasItsAnswer(deaf, "myth");
    await host.locator("#pulse", { hasText: /Answers in\s*1/ }).waitFor();
    await press(host, "Close the question");
    await press(host, "Show the result");
    await now();
    await sees(deaf, "This is a myth");
    await press(host, "Next slide");
    await now();
    await sees(deaf, "hardly ever do anything");
    await trouble(deaf, whose.still);
    const wrong = said.filter((words) => !words.includes(whose.still));
    if (wrong.length) throw new Error(`plain requests pass, and the page says “${wrong[0]}”`);

    await phone.route("**/here", (route) => route.fulfill({ status: 202 })); // five minutes without a cockpit would be long to wait for
    await phone.reload();
    await trouble(phone, whose.host);
    await phone.unroute("**/here");
    await phone.reload();
    await phone.context().setOffline(true);
    await trouble(phone, whose.yours);
    await phone.context().setOffline(false);
    await phone.locator("#trouble:visible").waitFor({ state: "detached" });

    await site.stop();
    await Promise.all([phone, deaf, host, screen].map((p) => trouble(p, whose.ours)));
    await Promise.all([phone, deaf, host, screen].map((p) => p.context().close()));
  } finally {
    await site.stop();
  }
}
