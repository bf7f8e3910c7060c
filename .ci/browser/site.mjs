// The site under test: builds the program, serves its demo from a fresh data folder, and knows what a test may know from outside.
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { chromium } from "playwright-core";
import YAML from "yaml";

const run = promisify(execFile);
export const here = dirname(fileURLToPath(import.meta.url));
export const root = resolve(here, "../..");
export const out = join(here, "out");

// Nothing but the site itself can be reached: every other name fails to resolve.
const chromiumFlags = [
  "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-component-update", "--disable-sync",
  "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
];
export const chromiumPath = process.env.CHROME_PATH || "/usr/bin/chromium";
export const launch = (flags = []) => chromium.launch({ executablePath: chromiumPath, args: [...chromiumFlags, ...flags] });

export async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

let built;
const program = () => (built ??= (async () => {
  const folder = await mkdtemp(join(tmpdir(), "upstander-built-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  await run(process.env.GO || "go", ["build", "-o", join(folder, "upstander"), "./cmd/upstander"], { cwd: root });
  return join(folder, "upstander");
})());

// start serves the demo, or what prepare lays into the data folder of a site without it; prepare returns the settings that go with that.
export async function start(prepare) {
  const binary = await program();
  const data = await mkdtemp(join(tmpdir(), "upstander-browser-"));
  const port = await freePort();
  const base = `http://localhost:${port}`;
  const env = {
    ...process.env, UPSTANDER_ADDR: `127.0.0.1:${port}`, UPSTANDER_URL: base, UPSTANDER_DATA: data, UPSTANDER_STORE: "", UPSTANDER_REDIS: "",
    UPSTANDER_MODULES: "", UPSTANDER_LOG: "warn",
    UPSTANDER_TRUSTED_PROXIES: "127.0.0.1/32", // so that every variant comes from a network of its own and none uses up another's attempts
    ...(await prepare?.(base, data)),
  };
  const server = spawn(binary, prepare ? ["serve"] : ["serve", "--demo"], { env, stdio: ["ignore", "pipe", "pipe"] });
  let log = "";
  server.stdout.on("data", (b) => (log += b));
  server.stderr.on("data", (b) => (log += b));
  process.on("exit", () => server.kill("SIGKILL"));
  const gone = new Promise((done) => server.on("exit", done));
  const stop = async () => {
    server.kill("SIGTERM");
    await gone;
    await rm(data, { recursive: true, force: true });
  };
  for (let i = 0; ; i++) {
    if (server.exitCode !== null || i > 300) {
      await stop();
      throw new Error(`the program does not start:\n${log}`);
    }
    try {
      if ((await fetch(`${base}/readyz`)).ok) break;
    } catch {
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  return {
    base, stop, log: () => log,
    command: (...words) => run(binary, words, { env }), // of the operator
    elsewhere: [], // what browsers may ask for that is not the site's
    certificate: /A certificate:\s+(\S+)/.exec(log)?.[1],
    modules: await readModules(),
    routes: await readRoutes(),
  };
}

// readRoutes reads the security map: METHOD PATH DOOR.
async function readRoutes() {
  const text = await readFile(join(root, "internal/app/testdata/routes.golden"), "utf8");
  return text.trim().split("\n").map((line) => {
    const [method, path, door] = line.trim().split(/\s+/);
    return { method, path, door };
  });
}

// slugOf is how the signed-in half names modules and items: neutrally. It repeats internal/content.
function slugOf(...parts) {
  const sum = createHash("sha256").update(`upstander/${parts.join("/")}`).digest();
  const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
  let bits = 0n;
  for (const b of sum.subarray(0, 5)) bits = (bits << 8n) | BigInt(b);
  return Array.from({ length: 8 }, (_, i) => alphabet[Number((bits >> BigInt(35 - 5 * i)) & 31n)]).join("");
}

const kinds = ["page", "choice", "myth", "scenario", "sort", "reflect"];

async function readModules() {
  const modules = {};
  for (const entry of await readdir(join(root, "modules"), { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const folder = join(root, "modules", entry.name);
    const items = new Map();
    for (const file of await readdir(folder)) {
      if (!/^\d.*\.yaml$/.test(file)) continue;
      const section = YAML.parse(await readFile(join(folder, file), "utf8"));
      for (const one of section.items.flatMap((it) => it.ask ?? [it])) {
        const kind = kinds.find((k) => k in one);
        items.set(slugOf(entry.name, one[kind]), { ...one, kind, id: one[kind] });
      }
    }
    modules[entry.name] = { id: entry.name, slug: slugOf(entry.name), items };
  }
  return modules;
}

const credits = { none: 0, part: 0.5, full: 1 };

// answerTo returns an item's answer, right or as wrong as can be, as form fields; of a story, the steps.
export function answerTo(item, right) {
  switch (item.kind) {
    case "choice": {
      const wanted = item.options.filter((o) => Boolean(o.right) === right).map((o) => o.id);
      return { option: item.choose === "several" ? wanted : wanted.slice(0, 1) };
    }
    case "myth":
      return { verdict: [(item.verdict === "true" || item.verdict === true) === right ? "true" : "myth"], sure: ["3"] };
    case "sort":
      return Object.fromEntries(item.things.map((t) => {
        const place = right ? t.place[0] : item.places.map((p) => p.id).find((p) => !t.place.includes(p));
        return [`place-${t.id}`, [place]];
      }));
    case "scenario": {
      const moments = new Map(item.moments.map((m) => [m.id, m]));
      const paths = [];
      const walk = (id, steps) => {
        const m = moments.get(id);
        if (!m.choices) paths.push({ steps, credit: credits[m.credit] });
        for (const c of m.choices ?? []) walk(c.to, [...steps, c.id]);
      };
      walk(item.start, []);
      paths.sort((a, b) => (right ? b.credit - a.credit : a.credit - b.credit) || b.steps.length - a.steps.length);
      return { step: paths[0].steps };
    }
  }
  return {};
}
