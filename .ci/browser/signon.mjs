// Stories about ways in that the demo has not got, on a site of its own that serves as a university would run it: through the university's own
// OpenID Connect, and with passkeys and recovery codes, on an authenticator that the browser makes up.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import YAML from "yaml";
import { root, start } from "./site.mjs";
import { University } from "./university.mjs";

const institution = "aldermoor";
const domain = "aldermoor.example";
const weather = "https://www.bbc.co.uk";
const plain = { text: "plain", colours: "own", motion: "full", institution, module: "consent" };

// On a phone and on a desk, each way once by day in English and once by night in Welsh; what needs no script is done without one, too.
const told = [
  [throughTheUniversity, { ...plain, width: "320", scheme: "light", language: "en", script: "no-script" }],
  [throughTheUniversity, { ...plain, width: "1280", scheme: "dark", language: "cy", script: "script" }],
  [withPasskeys, { ...plain, width: "320", scheme: "dark", language: "cy", script: "script" }],
  [withPasskeys, { ...plain, width: "1280", scheme: "light", language: "en", script: "script" }],
];

// signOn tells them one after the other. visit opens a browser on a variant of a site and checks each page that the story looks at.
export async function signOn(visit) {
  let university;
  const site = await start(async (base, data) => {
    university = await University.found(base, institution);
    await writeFile(join(data, "institutions.yaml"), await institutions(university));
    return { ...university.environment, UPSTANDER_SECRET: "a secret that is as long as it has to be" };
  });
  site.elsewhere = [university.issuer, "https://fonts.googleapis.com", weather]; // the provider's pages, what they ask for, and where quick exit leads
  try {
    for (const [i, [story, variant]] of told.entries()) {
      const named = { [story.name]: (visitor) => story(Object.assign(visitor, { university })) }; // failures are told by this name
      await visit(variant, 240 + i, named[story.name], site);
      console.log(`     sign-on: ${story.name} at ${variant.width}`);
    }
  } finally {
    await site.stop();
    await university.close();
  }
}

// institutions is the demo's file, in which one university has a sign-in of its own and codes are for students.
async function institutions(university) {
  const file = YAML.parse(await readFile(join(root, "internal/app/demo.yaml"), "utf8"));
  Object.assign(file.institutions.find((one) => one.id === institution), { oidc: university.entry, sign_in: { codes: "students" } });
  return YAML.stringify(file);
}

function must(holds, what) {
  if (!holds) throw new Error(what);
}

// toUniversity follows the sign-in page's link to the provider.
async function toUniversity(v) {
  await v.open(`/app/sign-in${v.at()}`);
  await v.press(v.page.locator(`main a[href^="/app/sign-in/oidc/${institution}"]`));
}

async function logIn(v, login) {
  await v.page.fill("input[name=login]", login);
  await v.page.fill("input[name=password]", "whatever");
  await v.press(v.page.locator("button[type=submit]"));
}

const consent = (v) => v.press(v.page.locator("button[type=submit]"));

// Until now the provider has known this browser as somebody else.
const forget = (v) => v.page.context().clearCookies({ domain: "127.0.0.1" });

async function signOut(v) {
  await v.open("/app");
  await v.press(v.page.locator("form[action='/app/sign-out'] button"));
}

async function answered(v, path, status) {
  const got = (await v.page.request.get(v.site.base + path)).status();
  must(got === status, `${path} answers ${got} instead of ${status}`);
}

const signedIn = async (v) => (await v.page.context().cookies(`${v.site.base}/app`)).some((cookie) => cookie.name === "upstander");

// enterMailed types the code that was mailed.
async function enterMailed(v, address) {
  await v.page.fill("input[name=code]", v.university.codeFor(address));
  await v.submit(v.form("/app/sign-in/code"));
}

async function throughTheUniversity(v) {
  await v.page.context().route(`${weather}/**`, (route) => route.fulfill({ contentType: "text/html", body: "<title>Weather</title><h1>Weather</h1>" }));
  await v.page.context().route("https://fonts.googleapis.com/**", (route) => route.fulfill({ contentType: "text/css", body: "" }));
  await v.visit("sign-on", "sign in, through the university too", `/app/sign-in${v.at()}`);
  await claimsOnce(v);
  await goesStraightIn(v);
  await leaves(v);
  await staffByGroup(v);
  await declines(v);
  await comesBackWrongly(v);
}

// The provider says nothing of this student, so that an address is asked for, once.
async function claimsOnce(v) {
  const address = `jo-${v.number}@${domain}`;
  await toUniversity(v);
  const { state, nonce, ...asked } = v.university.asked.at(-1);
  must(asked.response_type === "code" && asked.code_challenge_method === "S256" && asked.code_challenge?.length === 43, "the sign-in does not begin with PKCE");
  must(state?.length >= 20 && nonce?.length >= 20 && state !== nonce, "the sign-in does not begin with a state and a nonce");
  await logIn(v, `pairwise-${v.number}`);
  await consent(v);
  must(v.path() === "/app/sign-in/claim", `after the university comes ${v.path()}`);
  await v.see("sign-on", "claim");
  must(!(await signedIn(v)), "there is a session before the claim");
  await v.page.fill("input[name=email]", "jo@bryncoed.example");
  await v.submit(v.form("/app/sign-in/claim"));
  await v.see("sign-on", "claim, with problems", { status: 422 });
  await v.page.fill("input[name=email]", address);
  await v.submit(v.form("/app/sign-in/claim"));
  await v.see("sign-on", "claim, code sent");
  await enterMailed(v, address);
  must(v.path() === "/app", `after the claim comes ${v.path()}`);
  await v.see("sign-on", "home, through the university");
  await signOut(v);
}

async function goesStraightIn(v) {
  const before = v.university.asked.length;
  await toUniversity(v);
  must(v.path() === "/app", `the second time leads to ${v.path()}`);
  const [first, second] = [v.university.asked[before - 1], v.university.asked.at(-1)];
  must(v.university.asked.length === before + 1 && first.state !== second.state && first.nonce !== second.nonce && first.code_challenge !== second.code_challenge, "the second sign-in uses the first one's secrets");
  await v.open("/app/me");
  must((await v.page.locator("main").innerText()).includes(`jo-${v.number}@${domain}`), "the second time is another person");
}

async function leaves(v) {
  await v.page.locator("form[action='/app/leave'] button").click();
  await v.page.waitForURL(`${weather}/**`);
  await v.open("/app");
  must(v.path() === "/app/sign-in", "after quick exit the session is still open");
}

async function staffByGroup(v) {
  await forget(v);
  await toUniversity(v);
  await logIn(v, `registry-${v.number}`);
  await consent(v);
  must(v.path() === "/app", `a member of staff comes to ${v.path()}`);
  await v.see("sign-on", "home of staff by group");
  await v.visit("sign-on", "roster of staff by group", "/app/staff/roster");
  await answered(v, "/app/roles", 403); // no group makes an admin here
  await signOut(v);
  await forget(v);
  await toUniversity(v);
  await logIn(v, `student-${v.number}`);
  await consent(v);
  must(v.path() === "/app", `a student of no group comes to ${v.path()}`);
  await answered(v, "/app/staff/roster", 403);
  await signOut(v);
}

// Whoever thinks better of it at the university is told what to do, in their language.
async function declines(v) {
  await forget(v);
  await toUniversity(v);
  await logIn(v, `nobody-${v.number}`);
  await v.press(v.page.locator("a[href$='/abort']"));
  must(v.path() === "/app/sign-in" && v.page.url().includes("said=sso-refused"), `declining leads to ${v.page.url()}`);
  await v.see("sign-on", "sign in, declined at the university");
}

// An answer that this browser has not asked for opens nothing.
async function comesBackWrongly(v) {
  await v.open(`/app/sign-in/oidc/${institution}/callback?code=stolen&state=made-up&iss=${encodeURIComponent(v.university.issuer)}`);
  must(v.page.url().includes("said=sso-gone"), `a stranger's answer leads to ${v.page.url()}`);
  await v.see("sign-on", "sign in, an answer that nobody asked for", { anyLanguage: true });
}

// signInByCode is how a student begins who has no key yet.
async function signInByCode(v, address) {
  await v.open(`/app/sign-in${v.at()}`);
  await v.page.fill("input[name=email]", address);
  await v.submit(v.form("/app/sign-in"));
  await enterMailed(v, address);
}

const useKey = (v) => v.press(v.page.locator("main form[data-passkey] button"));

// authenticator gives the browser a device that keeps passkeys and has just recognised its owner.
async function authenticator(v) {
  const cdp = await v.page.context().newCDPSession(v.page);
  await cdp.send("WebAuthn.enable");
  const options = { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", { options });
  return {
    keys: async () => (await cdp.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    recognises: (is) => cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: is }),
  };
}

// codesOn reads the recovery codes that stand on the page.
const codesOn = (v) => v.page.locator("main .codes li").allInnerTexts();

// A member of staff whose university has no sign-in for them: a code opens what students do, a key the rest.
async function withPasskeys(v) {
  const address = `keeper-${v.number}@${domain}`;
  await v.site.command("grant", address, "staff");
  const device = await authenticator(v);
  await signInByCode(v, address);
  if (v.variant.language === "cy") await v.press(v.page.locator("button[name=language][value=cy]").first());
  await answered(v, "/app/staff/roster", 403);
  await v.visit("passkeys", "me, roles withheld", "/app/me");
  await v.visit("passkeys", "passkeys, none", "/app/me/passkeys");
  await useKey(v);
  const [key] = await device.keys();
  must(key?.isResidentCredential && key.rpId === "localhost", "no passkey was made");
  const codes = await codesOn(v);
  must(codes.length === 10 && new Set(codes).size === 10, `there are ${codes.length} recovery codes`);
  await v.see("passkeys", "recovery codes");
  await answered(v, "/app/staff/roster", 200); // the key has just been shown
  await v.visit("passkeys", "passkeys, one", "/app/me/passkeys");
  await signOut(v);

  await v.visit("passkeys", "sign in with a passkey", `/app/sign-in/passkey${v.at()}`);
  await device.recognises(false);
  await v.page.locator("main form[data-passkey] button").click();
  await v.page.locator("#passkey-wrong:visible").waitFor();
  await v.see("passkeys", "sign in with a passkey, not recognised");
  await device.recognises(true);
  await v.open(`/app/sign-in/passkey${v.at()}`);
  await useKey(v);
  must(v.path() === "/app", `the passkey leads to ${v.path()}`);
  await answered(v, "/app/staff/roster", 200);
  await v.visit("passkeys", "home of staff by passkey", "/app");
  await signOut(v);
  await recovers(v, address, codes);
}

// recovers signs in with a recovery code, once: it opens the page on which keys are kept, and not a second time.
async function recovers(v, address, codes) {
  const enter = async (code) => {
    await v.open(`/app/sign-in/passkey${v.at()}`);
    await v.page.fill("input[name=email]", address);
    await v.page.fill("input[name=code]", code);
    await v.submit(v.form("/app/sign-in/recovery"));
  };
  await enter(codes[0].toLowerCase().replaceAll("-", " ")); // as people copy from paper
  must(v.path() === "/app/me/passkeys", `a recovery code leads to ${v.path()}`);
  await v.see("passkeys", "passkeys, after recovery");
  await signOut(v);
  await enter(codes[0]);
  must(v.path() === "/app/sign-in/recovery", `a used recovery code leads to ${v.path()}`);
  await v.see("passkeys", "sign in, a used recovery code", { status: 422 });
  must(!(await signedIn(v)), "a used recovery code opens a session");
}
