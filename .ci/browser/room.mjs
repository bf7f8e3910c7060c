// A workshop with JavaScript: a cockpit, a second host, a projector and eight phones at once. Nobody loads a page again: the room comes to them.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { launch, out, start } from "./site.mjs";

const phones = 8;
const patience = 30_000; // ms until what happened in the room must show

export async function roomStory(browser, site, axe) {
  const open = async (options = {}) => {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    page.on("pageerror", (error) => { throw new Error(`${page.url()}: ${error.message}`); });
    return page;
  };
  const small = { viewport: { width: 390, height: 844 } };
  const sees = (page, words) => page.getByText(words).first().waitFor();
  const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
  const heard = async (page, words) => {
    await page.waitForFunction((w) => document.getElementById("heard").textContent.includes(w), words);
  };

  const host = await open();
  await host.goto(`${site.base}/app/sign-in`);
  await host.getByRole("button", { name: "Facilitator" }).first().click();
  await host.goto(`${site.base}/app/workshops`);
  await press(host, "Start now");
  const code = await host.locator(".code").first().textContent();
  await host.getByText("Break, attendance, helpers, projector").click();
  await press(host, "Invite somebody to lead with me");
  const link = /(\/room\/\S+\/invitation\/\S+)/.exec(await host.locator("#now .panel .code").first().textContent())[1];
  const second = await open(small);
  await second.goto(site.base + link);
  await press(second, "Open the cockpit on this device");
  await press(host, "Open a projector on another device");
  const screen = await open({ viewport: { width: 1920, height: 1080 } });
  const room = new URL(host.url()).pathname.split("/")[2];
  await screen.goto(`${site.base}/room/${room}/screen`);
  await screen.locator("#code").fill(await host.locator("#now .panel .code").first().textContent());
  await press(screen, "Show the room here");
  await sees(screen, "Five statements");

  const all = await Promise.all(Array.from({ length: phones }, async () => {
    const phone = await open(small);
    await phone.goto(`${site.base}/aldermoor/join/${code}`);
    await sees(phone, "Five statements");
    return phone;
  }));
  const states = async (name) => {
    for (const [who, page] of [["cockpit", host], ["second", second], ["projector", screen], ["phone", all[0]]]) {
      await page.screenshot({ path: join(out, `room-${name}-${who}.png`) });
      await axe?.(page, `room: ${name}, ${who}`);
    }
  };
  await states("shown");

  await press(second, "Next slide");
  await press(second, "Open the question");
  await Promise.all(all.map((p) => heard(p, "A question is open")));
  await heard(screen, "A question is open");
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

  // A phone that is loaded again has its answer.
  await all[1].reload();
  await sees(all[1], "Your answer is in");

  // Somebody needs a moment, and stays in peace when the room goes on.
  await all[7].getByText("I need a moment").first().click();
  await all[7].getByRole("button", { name: "I need a moment" }).click();
  await sees(all[7], "Take your time");
  await host.locator("#pulse", { hasText: /Need a moment\s*1/ }).waitFor();
  await press(host, "Close the question");
  await Promise.all(all.slice(0, 7).map((p) => heard(p, "The question is closed")));
  await press(host, "Show the result");
  await heard(screen, "The result of");
  await sees(screen, "This is a myth");
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
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const site = await start();
  const browser = await launch();
  try {
    await roomStory(browser, site);
    console.log("room: all is well");
  } finally {
    await browser.close();
    await site.stop();
  }
}
