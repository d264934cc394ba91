// --- panels: the four charts of each run, drawn when they come near the screen ---

function startPanels(host, panels) {
  for (const panel of panels) {
    const card = make("section", { class: "panel", "data-run": panel.run, "aria-label": panel.run },
      make("h3", {}, make("i", { class: `dot look-${panel.look}` }), panel.run, panel.state === "done" ? null : make("span", { class: "badge caution" }, panel.state)));
    host.append(card);
    whenNear(card, () => charts(card, panel));
  }
}

function charts(card, { look, steps, evaluations, clipped }) {
  const columns = (rows, key) => rows.step.map((x, i) => [x, rows[key][i]]).filter(([, y]) => y !== null);
  const line = (points, more = {}) => ({ points, look, shade: 1, ...more });
  const changes = columns(evaluations, "change");
  small(card, "Nats per token: validation, training (dashed), batches (grey)", [
    line(columns(steps, "loss"), { faint: true, name: "batch" }),
    line(columns(evaluations, "train_loss"), { dash: "5 3", shade: 0.6, name: "training" }),
    line(columns(evaluations, "val_loss"), { name: "validation" }),
  ]);
  const share = clipped > 0 ? `: ${Math.round(100 * clipped)}\u00a0% of the logged steps clipped` : "";
  small(card, `Gradient norm before clipping${share}`,
    [line(columns(steps, "grad_norm"), { name: "norm" })], { zero: true });
  small(card, "Learning rate", [line(columns(steps, "lr"), { name: "rate" })], { zero: true });
  small(card, "Change of the validation loss", [line(changes, { name: "change", hidden: true })], {
    bars: changes.map(([x, y]) => [x, y, y > 0 ? "worse" : "better"]), domain: settled(changes) });
}

// The first drops are so deep that they would hide all others.
function settled(changes) {
  if (!changes.length) return [-1, 0];
  const values = changes.map(([, y]) => y).sort((a, b) => a - b);
  const low = values.length > 4 ? Math.min(1.6 * values[Math.floor(values.length / 4)], 0) - 1e-9 : Math.min(0, values[0]) * 1.1 - 1e-9;
  const high = Math.max(0, values.at(-1)) * 1.15;
  return [low, high - low * 0.05];
}

function small(card, title, lines, { zero = false, bars = undefined, domain = undefined } = {}) {
  const value = make("span", { class: "value" });
  const figure = make("figure", {}, make("figcaption", {}, title, " ", value));
  card.append(figure);
  const read = (nearest, x) => {
    const told = lines.map(({ points, name }, i) => (nearest[i] === null ? null : `${lines.length > 1 ? `${name} ` : ""}${short(points[nearest[i]][1])}`));
    const first = lines.find((_, i) => nearest[i] !== null);
    const step = first ? first.points[nearest[lines.indexOf(first)]][0] : null;
    value.textContent = x === null ? "" : `${told.filter(Boolean).join(", ")} at ${short(step ?? 0)}`;
    return value.textContent;
  };
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x));
  chart(figure, read).show({ label: title, height: 150, look: lines[0].look, lines, bars,
    x: { domain: [0, Math.max(1, ...xs)] }, y: { zero, domain } });
}
