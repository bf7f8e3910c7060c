// Coverage knows the map of all routes, and fails when one of them was not asked for during the run.
import { dimensions, label } from "./variants.mjs";

const outside = "leads to a university's own SAML sign-in, which no site here has got; it is tested in internal/people";

// Routes that no page or form leads to, each with its reason.
const unvisited = {
  "GET /healthz": "for whoever runs the server",
  "GET /readyz": "for whoever runs the server",
  "GET /app/sign-in/saml/:institution": outside,
  "GET /app/sign-in/saml/:institution/metadata": outside,
  "GET /app/sign-in/saml/:institution/finish": outside,
  "GET /app/*": "whatever there is no page for",
  "GET /sw.js": "the browser asks for it itself, and says so to no page",
};

export class Coverage {
  constructor({ base, routes }) {
    this.base = base;
    this.routes = routes.map((r) => ({ ...r, name: `${r.method} ${r.path}`, pattern: pattern(r.path) }));
    this.hits = new Set();
    this.byVariant = new Map();
  }

  // A route with fewer parameters goes first, one that takes anything last.
  routeOf(method, path) {
    return this.routes.filter((r) => r.method === method && r.pattern.test(path)).sort((a, b) => loose(a.path) - loose(b.path))[0];
  }

  requested(method, path) {
    const r = this.routeOf(method, path);
    if (r) this.hits.add(r.name);
  }

  of(variant) {
    const key = label(variant);
    if (!this.byVariant.has(key)) this.byVariant.set(key, { looked: new Map(), links: new Set() });
    return this.byVariant.get(key);
  }

  looked(variant, path) {
    const { looked } = this.of(variant);
    looked.set(path, this.routeOf("GET", path)?.name);
  }

  links(variant, hrefs) {
    for (const href of hrefs) if (href.startsWith(`${this.base}/`)) this.of(variant).links.add(new URL(href).pathname);
  }

  // unseen lists what a visitor has seen a link to, or what the map lists, behind some doors, and has not looked at: of each route with
  // parameters, two at most.
  unseen({ variant, public: home }, doors) {
    const { looked, links } = this.of(variant);
    const times = new Map();
    for (const name of looked.values()) times.set(name, (times.get(name) ?? 0) + 1);
    const listed = this.routes.filter((r) => r.method === "GET" && !/[:*]/.test(r.path)).map((r) => r.path.replace("{institution}", home));
    const other = dimensions.language.filter((l) => l !== "en" && l !== variant.language).map((l) => `${home}/${l}/`);
    const mine = (path) => (path.startsWith(`${home}/`) && !other.some((o) => path.startsWith(o))) || !dimensions.institution.includes(path.split("/")[1]);
    return [...new Set([...listed, ...links])].filter((path) => {
      const route = this.routeOf("GET", path);
      if (looked.has(path) || !mine(path) || !doors.includes(route?.door) || route.path.includes("*") || /\/app\/to\/|\/go$|\/problems\.csv$/.test(path)) return false; // the last goes with an import
      const n = times.get(route.name) ?? 0;
      times.set(route.name, n + 1);
      return n < 2;
    });
  }

  check(report) {
    report.count("status");
    for (const r of this.routes) {
      if (r.method !== "GET" || this.hits.has(r.name) || unvisited[r.name]) continue;
      report.add({ journey: "coverage", state: "routes", variant: "any", path: r.path }, [{
        check: "status", selector: "", what: `nobody asked for ${r.name}`, todo: "walk there in walk.mjs, or give the reason in coverage.mjs",
      }]);
    }
  }
}

const loose = (path) => (path.match(/:/g) ?? []).length + (path.includes("*") ? 100 : 0); // what takes everything comes last

function pattern(path) {
  const source = path.replace(/[.]/g, "\\.").replace("{institution}", `/(${dimensions.institution.join("|")})(/cy|/qaa)?`).replace(/:[a-z]+/g, "[^/]+").replace(/\*/g, ".*");
  return new RegExp(`^${source.replace(/\/$/, "/?") || "/"}$`);
}
