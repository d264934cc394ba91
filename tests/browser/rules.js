// Rules that every page keeps; each returns sentences about what breaks it.
(() => {
  const visible = (element) => {
    if (element.closest(".unseen, [hidden], #tip, [aria-hidden=true]")) return false;
    return element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && element.getClientRects().length > 0;
  };
  const name = (element) => `${element.tagName.toLowerCase()}${element.id ? `#${element.id}` : ""}.${element.getAttribute("class") ?? ""} "${element.textContent.trim().slice(0, 30)}"`;

  // --- names ---
  const byIds = (ids) => ids.split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
  const nameOf = (element) => (
    element.getAttribute("aria-label")
    || (element.hasAttribute("aria-labelledby") ? byIds(element.getAttribute("aria-labelledby")) : "")
    || [...(element.labels ?? [])].map((label) => label.textContent).join(" ")
    || element.getAttribute("alt") || element.textContent || "").trim();

  function names() {
    const controls = document.querySelectorAll("button, select, input, textarea, a[href], summary, progress, [role=img], img, [role=group][tabindex], [role=region]");
    return [...controls].filter((c) => !c.closest("noscript") && !nameOf(c)).map((c) => `${name(c)} has no name`);
  }

  // --- structure ---
  function structure() {
    const faults = [];
    const heads = [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")];
    if (heads.filter((h) => h.tagName === "H1").length !== 1) faults.push("not one h1");
    heads.reduce((before, h) => {
      const level = Number(h.tagName[1]);
      if (level > before + 1) faults.push(`${name(h)} skips a level`);
      return level;
    }, 0);
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) faults.push(`two elements are called #${id}`);
    for (const link of document.querySelectorAll("a[href^='#']")) {
      if (!document.getElementById(link.getAttribute("href").slice(1))) faults.push(`${name(link)} leads nowhere`);
    }
    for (const attribute of ["aria-labelledby", "aria-describedby", "aria-controls"]) {
      for (const element of document.querySelectorAll(`[${attribute}]`)) {
        for (const id of element.getAttribute(attribute).split(/\s+/)) {
          if (!document.getElementById(id)) faults.push(`${name(element)}: ${attribute} names #${id}, which is not there`);
        }
      }
    }
    for (const inside of document.querySelectorAll("button button, button a, a button, a a, label label, p p")) faults.push(`${name(inside)} is nested`);
    if (!document.documentElement.lang) faults.push("the page does not say its language");
    if (!document.querySelector("main")) faults.push("there is no main part");
    for (const table of document.querySelectorAll("table")) {
      if (![...table.querySelectorAll("th")].every((th) => th.scope)) faults.push(`a heading of ${name(table)} does not say what for`);
    }
    return faults;
  }

  // --- contrast, by the formula of WCAG 2 ---
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d", { willReadFrequently: true });
  function colour(text) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  }
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const luminance = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const known = (work) => { const kept = new Map(); return (key) => kept.get(key) ?? kept.set(key, work(key)).get(key); };
  const seen = known(colour);
  const ground = known((element) => (element ? over(seen(getComputedStyle(element).backgroundColor), ground(element.parentElement)) : [255, 255, 255, 1]));
  const opacity = known((element) => (element ? Number(getComputedStyle(element).opacity) * opacity(element.parentElement) : 1));

  function contrast() {
    const faults = new Map();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.data.trim() || element.closest("script, style, noscript, title") || !visible(element)) continue;
      const style = getComputedStyle(element), behind = ground(element);
      const [r, g, b, a] = seen(element instanceof SVGElement ? style.fill : style.color);
      const [light, dark] = [luminance(over([r, g, b, a * opacity(element)], behind)), luminance(behind)].sort((a, b) => b - a);
      const ratio = (light + 0.05) / (dark + 0.05);
      const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5)) faults.set(`${style.color} on ${behind.slice(0, 3).map(Math.round)}`, `${name(element)}: contrast ${ratio.toFixed(2)}`);
    }
    return [...faults].map(([pair, sentence]) => `${sentence} (${pair})`);
  }

  // --- places ---
  function beside() {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    const wide = [...document.body.querySelectorAll("*")].filter((e) => visible(e) && e.getBoundingClientRect().right > width + 1
      && !e.parentElement.closest(".scroll, nav, pre"));
    return [`the page is ${document.documentElement.scrollWidth} wide, not ${width}`, ...wide.slice(0, 5).map(name)];
  }

  return { names: names(), structure: structure(), contrast: contrast(), beside: beside() };
})()
