// Workshops: the walk shows cockpit, projector and phone in every state.
import { enterAs } from "./walk.mjs";

const patience = 30_000; // ms until what happened in the room must show
const walls = [[1920, 1080], [1280, 720], [1024, 768]];
const slides = { myth: 2, sort: 4, story: 7, skipped: 8, word: 10 }; // of the workshop that is walked through

// walkRoom opens three browsers of one variant and leads a workshop from its beginning to its summary.
export async function walkRoom(visit) {
  await visit((host) => visit((screen) => visit((phone) => visit((second) => new Walk(host, screen, phone, second).all()))));
}

class Walk {
  constructor(host, screen, phone, second) {
    Object.assign(this, { host, screen, phone, second, script: host.variant.script === "script" });
  }

  async see(who, state, options = {}) {
    if (who === "screen" && options.served !== false && this.script) await this.fits(state);
    await this[who].see("room", `${{ host: "cockpit", second: "cockpit of a helper", screen: "projector", phone: "phone" }[who]}, ${state}`, { served: true, ...options });
  }

  // fits holds the wall to its promise at the sizes that projectors have: nothing lies below the edge, and nothing is too small for the back row.
  async fits(state) {
    const { page } = this.screen, own = page.viewportSize();
    if (!(await page.locator("#now").count())) return; // it asks for its code first, on an ordinary page
    for (const [width, height] of walls) {
      await page.setViewportSize({ width, height });
      await page.waitForTimeout(120); // the script that sets the type
      const { below, smallest } = await page.evaluate(() => {
        const texts = [...document.querySelectorAll("#now *")].filter((el) => el.checkVisibility() && [...el.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && !el.closest(".sr"));
        return {
          below: document.scrollingElement.scrollHeight - innerHeight,
          smallest: Math.min(...texts.map((el) => parseFloat(getComputedStyle(el).fontSize))) / innerHeight,
        };
      });
      if (below > 1 || smallest < 1 / 40.5) throw new Error(`the wall, ${state}, at ${width} × ${height}: ${below} px lie below, the smallest text is ${(100 * smallest).toFixed(1)} % of the height`);
    }
    await page.setViewportSize(own);
  }

  async seeAll(state) { for (const who of ["host", "screen", "phone"]) await this.see(who, state); }

  // press clicks in the cockpit and waits for what must be there then.
  async press(button, then) { await this.act("host", button, then); }

  async act(who, button, then) {
    const { page } = this[who];
    await page.locator(button).first().click();
    await page.locator(then).first().waitFor({ state: "attached", timeout: patience });
  }

  // unfold opens what is folded around something.
  async unfold(who, inside) {
    const fold = this[who].page.locator("main details", { has: this[who].page.locator(inside) }).first();
    if ((await fold.getAttribute("open")) === null) await fold.locator("summary").first().click();
  }

  // arrives waits until a page shows something; where no script follows the room, it is asked for again.
  async arrives(who, what) {
    const v = this[who];
    if (!this.script) await v.open(v.path());
    await v.page.locator(what).first().waitFor({ state: "attached", timeout: patience });
  }

  async everywhere(what) { for (const who of ["screen", "phone"]) await this.arrives(who, what); }

  async to(slide) {
    for (let at = this.at ?? 0; at < slide; at++) await this.press("#do-next", `#now input[name=at][value^="${at + 1}."]`);
    this.at = slide;
  }

  async ask() {
    await this.press("#do-ask", "#do-close");
    await this.arrives("phone", "#answer");
    await this.arrives("screen", ".cue");
  }

  async answer() {
    for (const field of await this.phone.page.locator("#answer fieldset").all()) await field.locator("input").first().check();
    await this.act("phone", "#answer button", "#now .notice");
  }

  async reveal() {
    await this.press("#do-close", "#do-reveal");
    await this.press("#do-reveal", "#now input[name=at][value*='.revealed.']");
    await this.everywhere(".tally, .said-words");
  }

  async all() {
    await this.begin();
    await this.myth();
    await this.sort();
    await this.story();
    await this.skip();
    await this.word();
    await this.end();
  }

  async begin() {
    const { host, screen, phone } = this;
    await enterAs(host, "facilitator");
    await host.visit("room", "workshops, of a facilitator", "/app/workshops");
    await this.press("#template button[value='bystander/step-by-step']", ".cockpit");
    this.path = host.path().replace(/\/host$/, "");
    await host.open(`${host.path()}?lang=${host.variant.language}`);
    await this.see("host", "waiting");
    const made = async (button, what) => {
      await this.unfold("host", button);
      await this.press(button, what);
      return host.page.locator(what).first().textContent();
    };
    const code = await made("button[value=offer]", "#now p.panel .code");
    await screen.open(`${this.path}/screen?lang=${host.variant.language}`);
    await this.see("screen", "asks for its code");
    await screen.page.fill("#code", "CCCCCCCC");
    await screen.press(screen.page.locator("main form button"));
    await this.see("screen", "wrong code", { status: 422, served: false });
    await screen.page.fill("#code", code);
    await screen.press(screen.page.locator("main form button"));
    await this.see("screen", "waiting");
    const invitation = new URL(await made("button[value=invite]", "#now p.panel .code:has-text('/invitation/')")).pathname;
    await this.see("host", "invitation made", { anyStatus: true });
    await phone.open(`${invitation}?lang=${host.variant.language}`);
    await phone.see("room", "an invitation to lead");
    await this.second.open(`${invitation}?lang=${host.variant.language}`);
    await this.act("second", "main form button", ".cockpit");
    await this.see("second", "waiting");
    await phone.visit("room", "join", `${phone.public}/join`);
    await phone.page.fill("#code", "CDF679");
    await phone.press(phone.page.locator("main form button"));
    await phone.see("room", "join, wrong code", { status: 422 });
    await phone.open(`${phone.public}/join/${await host.page.locator(".kicker .code").textContent()}`);
    await this.see("phone", "waiting");
  }

  async myth() {
    await this.to(slides.myth);
    await this.ask();
    await this.seeAll("open");
    await this.arrives("second", "#do-close");
    await this.see("second", "open");
    await this.act("phone", "#answer button", "#problems");
    await this.see("phone", "nothing chosen", { anyStatus: true });
    await this.offline();
    await this.answer();
    await this.see("phone", "voted");
    await this.unfold("phone", "button[value=breathe]");
    await this.act("phone", "button[value=breathe]", "button[value=back]");
    await this.see("phone", "a moment");
    await this.arrives("host", "#pulse");
    await this.act("phone", "button[value=back]", "#answer");
    await this.press("#do-close", "#do-reveal");
    if (!this.script) { // the phone has not heard yet that the question is closed
      await this.act("phone", "#answer button", "#now .notice.stop");
      await this.see("phone", "too late", { served: false });
    }
    await this.arrives("screen", ".cue");
    await this.arrives("phone", "#now .notice");
    await this.seeAll("closed");
    await this.unfold("host", "button[value=hands]");
    await this.host.page.locator("main input[inputmode=numeric]").first().fill("many");
    await this.press("button[value=hands]", "#problems");
    await this.see("host", "hands that are no number", { anyStatus: true, served: false });
    await this.host.page.locator("main input[inputmode=numeric]").first().fill("3");
    await this.press("button[value=hands]", "main:not(:has(#problems)) #do-reveal");
    await this.press("#do-reveal", "#outcome");
    await this.everywhere(".tally");
    await this.seeAll("result");
    await this.again();
    await this.hostAway();
  }

  // offline keeps an answer on a phone that has no network, with a script only.
  async offline() {
    if (!this.script) return;
    const { page } = this.phone;
    for (const field of await page.locator("#answer fieldset").all()) await field.locator("input").last().check();
    await page.context().setOffline(true);
    await this.act("phone", "#answer button", "#trouble:not([hidden])");
    await this.see("phone", "its answer is held", { anyStatus: true, served: false });
    await page.context().setOffline(false);
    await page.locator("#now .notice").first().waitFor({ state: "attached", timeout: patience });
  }

  // again opens the question for a second round: what a phone had answered is gone.
  async again() {
    await this.press("#do-again", "#do-close");
    await this.arrives("phone", "#answer:not(:has(input:checked))");
    await this.arrives("screen", ".cue");
    await this.seeAll("second round");
    await this.answer();
    await this.see("phone", "second round, voted");
    await this.reveal();
    await this.seeAll("second round, result");
  }

  // hostAway shows a phone whose host has gone. Five minutes without a cockpit would be long to wait for, so its heartbeat is answered for the server.
  async hostAway() {
    if (!this.script) return;
    const { page } = this.phone;
    await page.route("**/here", (route) => route.fulfill({ status: 202 }));
    await this.phone.open(this.phone.path());
    await page.locator("#trouble:not([hidden])").waitFor({ timeout: patience });
    await this.see("phone", "its host is away");
    await page.unroute("**/here");
    await this.phone.open(this.phone.path());
  }

  // skip leaves a slide out.
  async skip() {
    await this.to(slides.skipped);
    await this.see("host", "a slide that can be left out");
    await this.press("#do-skip", `#now input[name=at][value^="${slides.skipped + 1}."]`);
    this.at = slides.skipped + 1;
    await this.everywhere(`h1:text-is(${JSON.stringify((await this.host.page.locator("#now h1").textContent()).trim())})`);
    await this.seeAll("a slide was left out");
  }

  async sort() {
    await this.to(slides.sort);
    await this.everywhere(".note");
    await this.seeAll("note before a question");
    await this.ask();
    await this.seeAll("sort, open");
    await this.answer();
    await this.reveal();
    await this.press("#do-further", "#do-nearer");
    await this.arrives("screen", ".tally");
    await this.unfold("host", ".tally");
    await this.seeAll("sort, result");
  }

  async story() {
    await this.to(slides.story);
    await this.ask();
    await this.seeAll("story, open");
    await this.answer();
    await this.reveal();
    await this.seeAll("story, result");
    await this.press("#do-groups", "#do-close");
    await this.arrives("phone", "#answer:not(:has(input:checked))");
    await this.arrives("screen", ".cue");
    await this.seeAll("story, small groups");
    await this.answer();
    await this.reveal();
    await this.seeAll("story, small groups, result");
    await this.press("#do-step", "#now input[name=at][value*='.1.shown.']");
  }

  async word() {
    await this.to(slides.word);
    await this.ask();
    await this.phone.page.fill("#word", "Are you all right?");
    await this.act("phone", "#answer button", "#now .notice");
    await this.see("phone", "word sent");
    await this.arrives("host", "button[value=let]");
    await this.see("host", "a word waits");
    await this.press("button[value=let]", "#pulse:not(:has(button[value=let]))");
    await this.reveal();
    await this.seeAll("words");
  }

  async end() {
    await this.unfold("host", "button[value=credit]");
    await this.press("button[value=credit]", "button[value=no-credit]");
    await this.arrives("screen", ".credit");
    await this.see("screen", "attendance code");
    await this.unfold("host", "button[value=pause]");
    await this.press("button[value=pause]", "button[value=resume]");
    await this.everywhere("[data-say]:not(:has(.said-words))");
    await this.seeAll("paused");
    await this.unfold("host", "button[value=end]");
    await this.press("button[value=end]", "main a[href^='/app/workshops/']");
    await this.arrives("screen", "#now:not(:has(.joining))");
    await this.arrives("phone", "main a[href='/app/workshops']");
    await this.seeAll("ended");
    await this.host.press(this.host.page.locator("main a[href^='/app/workshops/']"));
    await this.host.see("room", "summary of a facilitator");
    await this.host.visit("room", "workshops, one has ended", "/app/workshops");
    await enterAs(this.host, "staff");
    await this.host.visit("room", "workshops that were held", "/app/workshops/held");
    await this.host.press(this.host.page.locator("main a[href^='/app/workshops/held/']").first());
    await this.host.see("room", "summary of staff");
  }
}
