// The variants in which every page is looked at, and a small pairwise generator: any two values of two dimensions meet in at least one
// variant, which finds nearly everything that all combinations would find, in a thirtieth of the time.

export const dimensions = {
  width: ["320", "768", "1280", "zoom"], // zoom: 1280 × 1024 at 400 %, which is 320 × 256 CSS pixels
  text: ["plain", "double", "spaced"], // 200 % text (WCAG 1.4.4), text spacing (1.4.12)
  scheme: ["light", "dark"],
  language: ["en", "cy"],
  script: ["script", "no-script"],
  colours: ["own", "forced"],
  motion: ["full", "reduced"],
  institution: ["aldermoor", "bryncoed"], // two colours each, and one or two report doors
  module: ["consent", "bystander"],
};

const names = Object.keys(dimensions);

// Zoom and larger text are two ways to the same end; WCAG asks for either, so they are not stacked.
const possible = (v) => !(v.width === "zoom" && v.text === "double");

// The two that the contact sheets show come first.
const base = { text: "plain", script: "script", colours: "own", motion: "full" };
const first = [
  { ...base, width: "320", scheme: "light", language: "en", institution: "aldermoor", module: "consent" },
  { ...base, width: "1280", scheme: "dark", language: "cy", institution: "bryncoed", module: "bystander" },
];

// The mirror language runs from right to left: on a phone, and on a desk where notes stand in the margin and the line of the spectrum lies down.
export const mirrored = [
  { ...base, width: "320", scheme: "light", language: "qaa", institution: "aldermoor", module: "consent" },
  { ...base, width: "1280", scheme: "dark", language: "qaa", institution: "aldermoor", module: "bystander" },
];

export const label = (v) => names.map((n) => v[n]).filter((x) => !["plain", "own", "full"].includes(x)).join(" ");

// forTheEye says whether the contact sheets show a variant.
export const forTheEye = (v) => first.some((f) => label(f) === label(v));

const size = (v) => ({ 320: [320, 640], 768: [768, 1024], 1280: [1280, 900], zoom: [320, 256] })[v.width];

// contextOptions is how the browser shows a variant.
export function contextOptions(v) {
  const [width, height] = size(v);
  return {
    viewport: { width, height },
    colorScheme: v.scheme,
    forcedColors: v.colours === "forced" ? "active" : "none",
    reducedMotion: v.motion === "reduced" ? "reduce" : "no-preference",
    locale: v.language === "cy" ? "cy-GB" : "en-GB",
  };
}

function product(over) {
  let all = [{}];
  for (const n of over) all = all.flatMap((v) => dimensions[n].map((value) => ({ ...v, [n]: value })));
  return all.filter(possible);
}

// every lists all that a browser can be set to; what is shown alternates below it.
export function every() {
  const shown = ["institution", "module"];
  return product(names.filter((n) => !shown.includes(n))).map((v, i) => ({
    ...v, institution: dimensions.institution[i % 2], module: dimensions.module[(i >> 1) % 2],
  }));
}

function pairsOf(v) {
  const pairs = [];
  for (let i = 0; i < names.length; i++) {
    for (let j = i + 1; j < names.length; j++) pairs.push(`${names[i]}=${v[names[i]]} ${names[j]}=${v[names[j]]}`);
  }
  return pairs;
}

// pairwise is the smallest of some greedy selections: each takes, again and again, the variant that meets most pairs which none has met yet.
// The draw is the same every time, so that a failure comes back.
export function pairwise() {
  const all = product(names).map((v) => ({ v, pairs: pairsOf(v) }));
  let seed = 1;
  const draw = () => (seed = (seed * 48271) % 2147483647);
  let smallest;
  for (let round = 0; round < 16; round++) {
    const order = all.map((x) => ({ ...x, at: draw() })).sort((a, b) => a.at - b.at);
    const missing = new Set(all.flatMap((x) => x.pairs));
    const chosen = [];
    const take = ({ v, pairs }) => {
      chosen.push(v);
      for (const p of pairs) missing.delete(p);
    };
    for (const v of first) take({ v, pairs: pairsOf(v) });
    while (missing.size > 0) {
      let best, most = 0;
      for (const x of order) {
        let n = 0;
        for (const p of x.pairs) if (missing.has(p)) n++;
        if (n > most) [best, most] = [x, n];
      }
      take(best);
    }
    if (!smallest || chosen.length < smallest.length) smallest = chosen;
  }
  return smallest;
}
