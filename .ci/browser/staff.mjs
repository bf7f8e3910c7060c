// What staff do: the roster, requirements, reminders, decisions on one person, roles, records, workshops to plan.
import { addressOf, crawl, enterAs, longest } from "./walk.mjs";

// staffPages shows what staff see of groups that ask for the wall, and what else is behind their doors.
export async function staffPages(v, unseen) {
  await enterAs(v, "staff");
  await v.visit("staff", "home of staff", "/app");
  await v.visit("staff", "groups that ask", "/app/pledges");
  await v.press(v.button("do", "let"));
  await v.see("staff", "groups that ask, one let in");
  await v.visit("staff", "pledge wall, with a group", `${v.public}/pledges`);
  await roster(v);
  await decisions(v);
  await requirement(v);
  await reminders(v);
  await crawl(v, () => unseen(["staff", "office", "aggregates"]));
  for (const role of ["facilitator", "responder", "admin"]) {
    await enterAs(v, role);
    await v.visit("staff", `home of ${role}`, "/app");
    await crawl(v, () => unseen([role]));
    if (role === "facilitator") await v.visit("staff", "dashboard of those who see no names", "/app/staff/insights");
    if (role === "admin") await administration(v);
  }
  await sessions(v);
}

// overview shows what staff see most: charts, tables and forms.
export async function overview(v) {
  await enterAs(v, "staff");
  for (const [name, path] of [["dashboard", "/app/staff/insights"], ["people", "/app/staff/people"], ["requirement, new", "/app/staff/requirements/new"]]) await v.visit("staff", name, path);
  await roster(v);
  await decisions(v);
}

// sessions announces a workshop with one place, and shows it to whoever plans, books and waits, and to staff.
async function sessions(v) {
  await enterAs(v, "facilitator");
  await v.open("/app/workshops/plan");
  await v.submit(v.form("/app/workshops/plan"));
  await v.see("staff", "workshop planned, with problems", { status: 422 });
  const place = `Room ${v.number}, north wing`;
  await v.page.locator("main input[name=template]").first().check();
  await v.page.fill("input[name=day]", new Date(Date.now() + 14 * 24 * 3600 * 1000).toISOString().slice(0, 10));
  await v.page.fill("input[name=time]", "14:00");
  await v.page.fill("input[name=place]", place);
  await v.page.fill("input[name=places]", "1");
  await v.page.locator("main input[name=bookable]").check();
  await v.submit(v.form("/app/workshops/plan"));
  await v.open("/app/workshops");
  const one = () => v.page.locator("main li", { hasText: place });
  await v.press(one().locator("button[value=book]"));
  await v.see("staff", "workshops, with a place booked");
  const file = await v.page.request.get(v.site.base + (await one().locator("a[href$='.ics']").getAttribute("href")));
  v.fetched(new URL(file.url()).pathname, file.ok());
  await v.press(one().locator("a[href^='/app/workshops/plan/']"));
  await v.see("staff", "workshop to change");
  const names = `${v.path()}/names`;
  await enterAs(v, "staff");
  await v.visit("staff", "workshops, all places taken", "/app/workshops");
  await v.press(one().locator("button[value=book]"));
  await v.see("staff", "workshops, on the waiting list");
  await v.visit("staff", "who has booked", names);
}

const columns = "student-number,email,name,cohort,department,level,entry,shoe size";

// fileOf is a list of three people, one with the longest name, and of six rows that cannot be taken.
function fileOf(v) {
  const domain = `${v.variant.institution}.example`;
  const row = (n, email, name, entry = "2026-09-21", ...more) => [`S-${v.number}-${n}`, email, name, "2026", "Computing", "4", entry, "41", ...more].join(",");
  return [
    columns,
    row(1, addressOf(v, "roster"), longest), row(2, `reader-${v.number}-b@${domain}`, "Sam Example"), row(3, `reader-${v.number}-c@${domain}`, "Alex Example"),
    row(4, "", "Nobody's Address"), row(5, "no address at all", "Kit Example"), row(6, `reader-${v.number}-f@${domain}`, "Jo Example", "the 31st of June"),
    row(7, `reader-${v.number}-g@${domain}`, "=1+1"), row(1, `reader-${v.number}-h@${domain}`, "Twice Example"), row(8, `reader-${v.number}-i@${domain}`, "Ash Example", "2026-09-21", "one", "two"),
  ].join("\r\n");
}

// roster sends files that cannot be read, that promise to be the whole list, and that are taken with what is wrong in them.
async function roster(v) {
  const send = async (text, complete) => {
    await v.open("/app/staff/roster");
    if (text) await v.page.setInputFiles("input[name=file]", { name: "autumn.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
    if (complete) await v.page.locator("input[name=complete]").check();
    await v.submit(v.form("/app/staff/roster"));
  };
  await send("", false);
  await v.see("staff", "roster, with problems", { status: 422 });
  await send("a,b,c\n1,2,3\n", false);
  await v.see("staff", "roster, a file that is none");
  await v.press(v.button("do", "discard"));
  await send(fileOf(v), true);
  await v.see("staff", "roster, before a whole list is taken");
  await v.press(v.button("do", "discard"));
  await v.see("staff", "roster, a file thrown away");
  await send(fileOf(v), false);
  await v.see("staff", "roster, preview with problems");
  const problems = await v.page.request.get(v.site.base + (await v.page.locator("main a[href$='/problems.csv']").getAttribute("href")));
  v.fetched(new URL(problems.url()).pathname, problems.ok());
  await v.press(v.button("do", "import"));
  await v.see("staff", "roster, imported");
  await v.visit("staff", "roster, with a file", "/app/staff/roster");
}

// decisions are made on the person with the longest name.
async function decisions(v) {
  await v.visit("staff", "people, nobody found", "/app/staff/people?q=zzzz");
  await v.visit("staff", "people, the longest name", `/app/staff/people?q=${encodeURIComponent(longest.slice(0, 20))}`);
  await v.press(v.page.locator("main td a[href^='/app/staff/people/'], main th a[href^='/app/staff/people/']").first());
  await v.see("staff", "person, the longest name");
  const decide = async (field, day, value) => {
    const about = v.page.locator(`main form:has(button[value=${value}])`).first();
    await v.page.evaluate(() => document.querySelectorAll("main details").forEach((d) => (d.open = true)));
    if (field) await about.locator(`input[name=${field}]`).fill(day);
    await v.press(about.locator("button"));
  };
  await decide("due", "", "extend");
  await decide("day", "2199-01-01", "met");
  await v.see("staff", "person, with problems", { status: 422 });
  await decide("due", "2199-01-01", "extend");
  await v.see("staff", "person, with more time");
  await decide("day", "2026-10-01", "met");
  await v.see("staff", "person, met by hand");
  await decide("", "", "restore");
  await decide("", "", "exempt");
  await v.see("staff", "person, exempt");
  await decide("", "", "restore");
}

async function requirement(v) {
  await v.open("/app/staff/requirements/new");
  await v.press(v.button("do", "save"));
  await v.see("staff", "requirement, with problems", { status: 422 });
  await v.page.locator("main input[name=modules]").first().check();
  await v.page.fill("input[name=title-en]", longest);
  await v.page.fill("input[name=due]", "2199-01-01");
  await v.page.fill("input[name=start]", "2026-09-01");
  await v.press(v.button("do", "preview"));
  await v.see("staff", "requirement, preview");
}

async function reminders(v) {
  await v.open("/app/reminders");
  await v.press(v.page.locator("main a[href^='/app/reminders/']").first());
  await v.see("staff", "reminders, with their letters");
  await v.page.selectOption("select[name=from]", { index: 10 });
  await v.page.selectOption("select[name=to]", { index: 0 });
  await v.press(v.button("do", "save"));
  await v.see("staff", "reminders, with problems", { status: 422 });
}

// administration is what an admin can refuse to do, or be refused.
async function administration(v) {
  await v.open("/app/roles");
  await v.submit(v.form("/app/roles"));
  await v.see("staff", "roles, with problems", { status: 422 });
  await v.press(v.page.locator("main a[href^='/app/roles/']", { hasText: "admin@" }).first());
  await v.page.fill("textarea[name=scope]", "not a place\n/");
  await v.submit(v.form("/app/roles/"));
  await v.see("staff", "roles of one person, with problems", { status: 422 });
  await v.visit("staff", "audit", "/app/audit");
  await v.visit("staff", "audit, nothing found", "/app/audit?actor=nobody");
  await v.visit("staff", "audit, with problems", `/app/audit?actor=${longest.repeat(3)}`, { status: 422 });
  await records(v);
}

// records shows what an admin can do with what is held on one person, up to the last button.
async function records(v) {
  const find = async (who) => {
    await v.open("/app/records");
    await v.page.fill("input[name=who]", who);
    await v.submit(v.form("/app/records"));
  };
  await find("nobody-of-that-address");
  await v.see("staff", "records, nobody found", { status: [200, 404, 422] });
  await find(`staff@${v.variant.institution}.example`);
  await v.see("staff", "records of one person");
  await v.press(v.page.locator("main a[href$='/erase']"));
  await v.see("staff", "records, before erasing");
  await v.submit(v.form(v.path()));
  await v.see("staff", "records, before erasing, with problems", { status: 422 });
}

