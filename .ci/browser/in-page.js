// Runs inside the page that is examined: what is wrong with its layout, and a walk through it with Tab.
(() => {
  const style = (css) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    return () => (document.adoptedStyleSheets = document.adoptedStyleSheets.filter((s) => s !== sheet));
  };
  // dress sets the text as a variant wants it.
  const dress = (text) => {
    if (text === "double") style(`html{font-size:${2 * parseFloat(getComputedStyle(document.documentElement).fontSize)}px!important}`);
    if (text === "spaced") style("*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-bottom:2em!important}");
  };

  const selector = (el) => {
    const parts = [];
    for (let e = el; e && e !== document.documentElement && parts.length < 3; e = e.parentElement) {
      let s = e.localName;
      if (e.id && !/\d{3}|[A-Za-z0-9]{16}/.test(e.id)) { parts.unshift(`${s}#${e.id}`); break; }
      if (e.classList.length) s += `.${[...e.classList].join(".")}`;
      for (const a of ["name", "href", "action"]) {
        const v = e.getAttribute(a);
        if (v && !s.includes("[")) s += `[${a}="${v.replace(/(\/app\/training)(\/[a-z2-7]{8})+|[A-Z0-9]{4}(-[A-Z0-9]{4}){2}|[A-Za-z0-9_-]{20,}/g, "$1…")}"]`;
      }
      parts.unshift(s);
    }
    return parts.join(" > ");
  };
  const shown = (el) => {
    if (!el.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true })) return false;
    const r = el.getBoundingClientRect();
    return r.width > 0 && r.height > 0;
  };
  const interactive = "a[href],button,input:not([type=hidden]),select,textarea,summary,[contenteditable=true],[tabindex]";
  const focusable = () => {
    const groups = new Map();
    const there = (el) => el.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true });
    const all = [...document.querySelectorAll(interactive)].filter((el) => el.tabIndex >= 0 && !el.disabled && there(el) && !el.closest("[inert]")
      && !(el.localName === "summary" && el !== el.closest("details")?.querySelector(":scope > summary")));
    for (const el of all) { // one stop for each group of radio buttons: the one chosen, else the first
      if (el.type !== "radio" || !el.name) continue;
      const key = `${el.form?.id ?? ""}${[...document.forms].indexOf(el.form)} ${el.name}`;
      if (!groups.has(key) || el.checked) groups.set(key, el);
    }
    const stops = new Set(groups.values());
    return all.filter((el) => el.type !== "radio" || !el.name || stops.has(el));
  };
  const scrolls = (el) => /auto|scroll/.test(getComputedStyle(el).overflowX + getComputedStyle(el).overflowY);

  const findings = {};
  // Whatever is wider than the screen.
  findings.scroll = () => {
    const page = document.scrollingElement;
    if (page.scrollWidth <= page.clientWidth) return [];
    const beyond = (el) => { // to the side to which the page scrolls
      const r = el.getBoundingClientRect();
      return getComputedStyle(page).direction === "rtl" ? -r.left : r.right - page.clientWidth;
    };
    const wide = [...document.body.querySelectorAll("*")].filter((el) => {
      if (!shown(el) || beyond(el) <= 0.5) return false;
      for (let p = el.parentElement; p && p !== document.body; p = p.parentElement) if (scrolls(p)) return false;
      return ![...el.children].some((c) => shown(c) && beyond(c) > 0.5);
    });
    const widest = wide.sort((a, b) => beyond(b) - beyond(a))[0] ?? document.body;
    return [{ selector: selector(widest), what: `the page is ${page.scrollWidth - page.clientWidth} px too wide` }];
  };
  // Boxes that hide a part of their own text. What is hidden from the eye on purpose is a pixel or two wide.
  findings.clipped = () => [...document.body.querySelectorAll("*")].filter((el) => {
    const s = getComputedStyle(el);
    if (!/hidden|clip/.test(s.overflowX + s.overflowY) || !shown(el) || el.clientWidth < 4 || el.clientHeight < 4 || s.clipPath !== "none") return false;
    if (!el.innerText?.trim()) return false;
    return el.scrollWidth > el.clientWidth + 1 || el.scrollHeight > el.clientHeight + 2;
  }).map((el) => ({ selector: selector(el), what: "text is cut off" }));

  // In a language that runs from right to left, what is read first stands at the right.
  findings.direction = () => {
    if (document.documentElement.dir !== "rtl") return [];
    const sides = (el) => {
      const text = document.createRange(), box = el.getBoundingClientRect();
      text.selectNodeContents(el);
      const pieces = [...text.getClientRects()].filter((r) => r.width > 0), first = pieces.filter((r) => r.top < pieces[0].bottom); // of the first line
      return { left: Math.min(...first.map((r) => r.left)) - box.left, right: box.right - Math.max(...first.map((r) => r.right)) };
    };
    const wrong = [...document.querySelectorAll("main :is(h1,h2,h3,p,legend,li)")].filter((el) => {
      if (!shown(el) || !el.innerText.trim() || el.closest("[dir=ltr],.number,.code,code")) return false;
      const s = getComputedStyle(el), { left, right } = sides(el);
      return s.direction !== "rtl" || (/block|list-item/.test(s.display) && /start|right/.test(s.textAlign) && right > left + 40);
    });
    return wrong.slice(0, 5).map((el) => ({ selector: selector(el), what: "it begins at the left" }));
  };

  const clickable = () => [...document.querySelectorAll("a[href],button,input:not([type=hidden]),select,textarea,summary,[role=button]")].filter((el) => {
    if (!shown(el) || el.disabled || el.getAttribute("aria-hidden") === "true") return false;
    const r = el.getBoundingClientRect();
    return r.right > 0 && r.bottom + scrollY > 0; // what waits outside the page until it has the focus is no target
  });
  // A field's label is part of its target.
  const boxOf = (el) => {
    let { left, top, right, bottom } = el.getBoundingClientRect();
    for (const l of el.labels ?? []) {
      if (!l.contains(el) || !shown(l)) continue;
      const r = l.getBoundingClientRect();
      [left, top, right, bottom] = [Math.min(left, r.left), Math.min(top, r.top), Math.max(right, r.right), Math.max(bottom, r.bottom)];
    }
    return { left, top, right, bottom, width: right - left, height: bottom - top, x: (left + right) / 2, y: (top + bottom) / 2 };
  };
  const inSentence = (el) => {
    if (el.localName !== "a" || !getComputedStyle(el).display.startsWith("inline")) return false;
    for (let p = el.parentElement; p; p = p.parentElement) {
      if ([...p.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) return true;
      if (!getComputedStyle(p).display.startsWith("inline")) return false;
    }
    return false;
  };
  findings.target = () => {
    const all = clickable().map((el) => ({ el, box: boxOf(el) }));
    const small = (b) => b.width < 23.5 || b.height < 23.5;
    const near = (a, b) => { // does a circle of 24 px around the middle of a touch b, or b's own circle?
      if (small(b)) return Math.hypot(a.x - b.x, a.y - b.y) < 24;
      const dx = Math.max(b.left - a.x, 0, a.x - b.right), dy = Math.max(b.top - a.y, 0, a.y - b.bottom);
      return Math.hypot(dx, dy) < 12;
    };
    return all.filter(({ el, box }) => small(box) && !inSentence(el) && all.some((o) => o.el !== el && near(box, o.box)))
      .map(({ el, box }) => ({ selector: selector(el), what: `${Math.round(box.width)} × ${Math.round(box.height)} px, with others close by` }));
  };
  findings["large-target"] = () => clickable().filter((el) => el.type === "radio" || el.type === "checkbox" || el.closest("form[action='/app/leave']"))
    .map((el) => ({ el, box: boxOf(el) })).filter(({ box }) => box.width < 43.5 || box.height < 43.5)
    .map(({ el, box }) => ({ selector: selector(el), what: `${Math.round(box.width)} × ${Math.round(box.height)} px` }));
  findings.motion = () => {
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) return [];
    const long = (v) => v.split(",").some((t) => parseFloat(t) * (t.trim().endsWith("ms") ? 1 : 1000) > 10);
    return [...document.querySelectorAll("*")].filter((el) => {
      const s = getComputedStyle(el);
      return long(s.transitionDuration) || (s.animationName !== "none" && long(s.animationDuration)) || s.scrollBehavior === "smooth";
    }).slice(0, 5).map((el) => ({ selector: selector(el), what: "moves" }));
  };

  // The walk with Tab: keyup comes when the focus has moved and the page has scrolled.
  const rgba = (c) => {
    const m = /^(rgba?|color)\((?:srgb )?([^)]+)\)/.exec(c);
    const v = m ? m[2].split(/[\s,/]+/).filter(Boolean).map(Number) : [0, 0, 0, 0];
    return m?.[1] === "color" ? [...v.slice(0, 3).map((x) => 255 * x), ...v.slice(3)] : v;
  };
  const luminance = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((v) => ((v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const behind = (el) => {
    for (let p = el.parentElement; p; p = p.parentElement) {
      const c = rgba(getComputedStyle(p).backgroundColor);
      if (c[3] === undefined || c[3] > 0.95) return c;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches ? [18, 18, 18] : [255, 255, 255];
  };
  // axe reads -webkit-text-fill-color, which forced colours leave as it was; so contrast is measured here then.
  findings.contrast = () => {
    if (!matchMedia("(forced-colors: active)").matches) return [];
    return [...document.body.querySelectorAll("*")].filter((el) => shown(el) && [...el.childNodes].some((n) => n.nodeType === 3 && n.data.trim())).map((el) => {
      const s = getComputedStyle(el), own = rgba(s.backgroundColor);
      return { el, ratio: contrast(rgba(s.color), (own[3] ?? 1) > 0.95 ? own : behind(el)) };
    }).filter(({ ratio }) => ratio < 4.5).map(({ el, ratio }) => ({ selector: selector(el), what: `contrast is ${ratio.toFixed(1)}` }));
  };
  const ringed = (el) => [el, el.closest("label"), el.parentElement, el.nextElementSibling].filter((e, i, a) => e && a.indexOf(e) === i);
  const look = (el) => {
    const s = getComputedStyle(el);
    return { outline: `${s.outlineStyle} ${s.outlineWidth} ${s.outlineColor}`, shadow: s.boxShadow, border: `${s.borderTopWidth} ${s.borderTopColor}`, s };
  };
  const ringVisible = (el, before) => ringed(el).some((e, i) => {
    const r = e.getBoundingClientRect(), now = look(e);
    if (+now.s.opacity === 0 || r.width < 3 || r.height < 3 || e === document.body) return false;
    const colours = [];
    if (now.outline !== before[i]?.outline && !/none|hidden/.test(now.s.outlineStyle) && parseFloat(now.s.outlineWidth) >= 2) colours.push(now.s.outlineColor);
    if (now.shadow !== before[i]?.shadow) colours.push(...(now.shadow.match(/(rgba?|color)\([^)]+\)/g) ?? []));
    if (now.border !== before[i]?.border && parseFloat(now.s.borderTopWidth) >= 2) colours.push(now.s.borderTopColor);
    return colours.some((c) => { const v = rgba(c); return (v[3] ?? 1) > 0.5 && contrast(v, behind(e)) >= 3; });
  });
  const covered = (el) => { // how many of five points of what can be seen of it are under something that sticks; null: out of sight
    const r = el.getBoundingClientRect();
    const label = el.closest("label");
    const left = Math.max(r.left, 0), right = Math.min(r.right, innerWidth), top = Math.max(r.top, 0), bottom = Math.min(r.bottom, innerHeight);
    if (right - left < 1 || bottom - top < 1) return null;
    let n = 0;
    for (const [fx, fy] of [[0.5, 0.5], [0.1, 0.2], [0.9, 0.2], [0.1, 0.8], [0.9, 0.8]]) {
      const hit = document.elementFromPoint(left + (right - left) * fx, top + (bottom - top) * fy);
      if (!hit || el.contains(hit) || hit.contains(el) || label?.contains(hit)) continue;
      for (let p = hit; p; p = p.parentElement) {
        if (/fixed|sticky/.test(getComputedStyle(p).position) && !p.contains(el)) { n++; break; }
      }
    }
    return n;
  };
  let tabs;
  const prepareTabs = () => {
    const restore = style("*,*::before,*::after{transition:none!important;animation:none!important;scroll-behavior:auto!important}");
    document.activeElement?.blur?.();
    const stops = focusable();
    tabs = { stops, before: new Map(stops.map((el) => [el, ringed(el).map(look)])), went: [], found: [], restore };
    // The walk begins at the top, wherever the page itself had put the focus.
    const top = document.createElement("span");
    top.tabIndex = -1;
    document.body.prepend(top);
    top.focus({ preventScroll: true });
    top.remove();
    scrollTo(0, 0);
    addEventListener("keyup", tabbed, true);
    return stops.length + 3 * stops.filter((el) => /date|time|month|week/.test(el.type)).length;
  };
  const tabbed = (event) => {
    if (event.key !== "Tab") return;
    const el = document.activeElement;
    if (!el || el === document.body || el === tabs.went.at(-1)) return; // a date has a stop for each of its parts
    tabs.went.push(el);
    const add = (check, what) => tabs.found.push({ check, selector: selector(el), what });
    if (!ringVisible(el, tabs.before.get(el) ?? [])) add("focus", "its focus cannot be seen");
    const hidden = covered(el);
    if (hidden === null) add("obscured", "it has the focus and is out of sight");
    if (hidden === 5) add("obscured", "it has the focus and something lies over it");
  };
  const endTabs = () => {
    removeEventListener("keyup", tabbed, true);
    tabs.restore();
    const went = tabs.went.filter((el) => tabs.stops.includes(el) || !(scrolls(el) && el.tabIndex < 0)); // boxes that scroll take the focus by themselves
    const at = tabs.stops.findIndex((el, i) => went[i] !== el);
    if (at >= 0) {
      const to = went[at] ? selector(went[at]) : "nothing";
      tabs.found.push({ check: "keyboard", selector: selector(tabs.stops[at]), what: `Tab leads to ${to} where this should come (stop ${at + 1} of ${tabs.stops.length})` });
    }
    document.activeElement?.blur?.();
    return tabs.found;
  };

  const layout = () => Object.entries(findings).flatMap(([check, find]) => find().map((f) => ({ check, ...f })));
  const settle = async () => {
    for (const a of document.getAnimations()) { try { a.finish(); } catch { a.cancel(); } }
    await document.fonts.ready;
  };
  // What is folded is looked at too: unfold opens it, fold puts it back for the journey and the picture.
  let folded = [];
  const unfold = () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const d of folded) d.open = true;
  };
  const fold = () => {
    for (const d of folded) d.open = false;
  };
  // What is of no use on paper.
  const toPress = () => [...document.querySelectorAll("nav,button,input:not([type=hidden]),select,textarea,summary,.skip")].filter(shown)
    .map((el) => ({ selector: selector(el), what: "it can be seen on paper" }));
  window.__checks = { toPress, dress, layout, settle, unfold, fold, prepareTabs, endTabs };
})();
