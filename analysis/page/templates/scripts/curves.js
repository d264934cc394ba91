// --- curves: validation bits per byte while training, against whatever is chosen ---

function startCurves(host, section, article) {
  const id = article.id, hidden = new Set();
  const pick = (name) => article.querySelector(`[name="${id}-${name}"]:checked`);
  const legend = make("ul", { class: "legend" });
  const rows = new Map();
  const picture = chart(host, (nearest, x) => (x === null ? settle() : tell(nearest)));

  const axis = () => pick("axis").value;
  const drawn = () => section.curves.filter((c) => c.x[axis()] && !hidden.has(`s${c.setting}`));
  const pointsOf = (c) => c.x[axis()].map((x, i) => [x, c.mean[i], c.half[i]]);

  function spec() {
    const lines = drawn().map((c) => {
      const { look, shade, dash, marker: mark } = section.settings[c.setting];
      return { points: pointsOf(c), look, shade, dash, mark };
    });
    const rules = section.baselines.filter((_, i) => !hidden.has(`r${i}`)).map(({ bits, label }) => ({ y: bits, label }));
    const wanted = pick("log") !== null;
    const xs = lines.flatMap(({ points }) => points.map(([x]) => x)).filter((x) => !wanted || x > 0);
    const log = wanted && xs.length > 0;
    const domain = [log ? Math.min(...xs) : 0, Math.max(...xs)];
    return {
      label: `Bits per byte against ${pick("axis").dataset.label}`, height: Math.max(260, Math.min(440, innerHeight * 0.55)),
      x: { label: pick("axis").dataset.label, log, domain: xs.length ? domain : [0, 1] },
      y: { label: "bits per byte", domain: pick("whole") ? undefined : race(lines, rules) }, lines, rules,
    };
  }

  function show() { picture.show(spec()); settle(); }

  function row(key, swatch, label) {
    const value = make("span", { class: "value" });
    const button = make("button", { type: "button", "aria-pressed": "true", "data-series": label }, swatch, make("span", { class: "label" }, label));
    button.addEventListener("click", () => {
      if (!hidden.delete(key)) hidden.add(key);
      button.setAttribute("aria-pressed", String(!hidden.has(key)));
      show();
    });
    rows.set(key, value);
    legend.append(make("li", {}, button, value));
  }

  function write(c, i) {
    const half = c.half[i] > 0 ? ` \u00b1 ${c.half[i].toFixed(3)}` : "";
    rows.get(`s${c.setting}`).textContent = `${c.mean[i].toFixed(3)}${half} at ${short(c.x[axis()][i])}`;
  }

  function settle() {
    for (const c of section.curves) if (c.x[axis()]) write(c, c.mean.length - 1);
  }

  function tell(nearest) {
    drawn().forEach((c, number) => write(c, nearest[number]));
    return drawn().map((c) => `${section.settings[c.setting].label} ${rows.get(`s${c.setting}`).textContent}`).join("; ");
  }

  for (const c of section.curves) {
    const { label, look, dash, shade } = section.settings[c.setting];
    row(`s${c.setting}`, swatch(look, dash, shade), label);
  }
  section.baselines.forEach(({ label, bits }, i) => {
    row(`r${i}`, swatch(null), label);
    rows.get(`r${i}`).textContent = bits.toFixed(3);
  });
  host.append(legend);
  article.querySelectorAll(`[name="${id}-axis"], [name="${id}-log"], [name="${id}-whole"]`)
    .forEach((input) => input.addEventListener("change", show));
  show();
}

// Limits that show the race and not the start: the first evaluations may lie above the picture.
function race(lines, rules) {
  const ends = lines.map(({ points }) => points.at(-1)[1]);
  const starts = lines.map(({ points }) => points[points.length > 3 ? 1 : 0][1]);
  if (!ends.length) return undefined;
  const levels = rules.map(({ y }) => y);
  const low = Math.min(...ends, ...levels.filter((y) => y > Math.min(...ends) - 0.3));
  const high = Math.max(...starts, ...ends, ...levels.filter((y) => y < Math.max(...starts) + 0.4));
  const room = 0.06 * (high - low) + 1e-3;
  return [low - room, high + room];
}

function swatch(look, dash = "1 2", shade = 1) {
  const line = draw("line", { x1: 1, x2: 25, y1: 6, y2: 6, "stroke-dasharray": dash || null, "stroke-opacity": shade,
    class: look === null ? "rule" : `line look-${look}` });
  return draw("svg", { width: 26, height: 12, "aria-hidden": "true" }, line);
}
