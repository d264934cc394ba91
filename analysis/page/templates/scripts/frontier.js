// --- frontier: bits per byte against what they cost, a line per tokenizer over its sizes ---

function startFrontier(host, section, article) {
  const output = make("p", { class: "readout" });
  const inputs = all(`[name="${article.id}-cost"]`, article);
  const chosen = () => inputs.find((input) => input.checked);
  let lines = [];

  const picture = chart(host, (nearest, x) => {
    const costs = x === null ? [] : lines.map((line, number) => line.points[nearest[number]]?.[0]).filter(Boolean);
    const away = (cost) => Math.abs(Math.log(cost / x));
    const closest = costs.reduce((best, cost) => (away(cost) < away(best) ? cost : best), costs[0]);
    const there = lines.flatMap((line) => line.points.map((point, i) => ({ name: line.names[i], point })));
    output.textContent = there.filter(({ point }) => point[0] === closest).map(describe).join("; ");
    return output.textContent;
  });

  function describe({ name, point: [cost, bits, half] }) {
    return `${name}: ${bits.toFixed(3)}${half > 0 ? ` \u00b1 ${half.toFixed(3)}` : ""} bits per byte at ${short(cost)} ${chosen().dataset.label}`;
  }

  function show() {
    const key = chosen().value;
    const points = section.frontier.filter((p) => p.costs[key] > 0);
    const kinds = [...new Set(points.map((p) => section.settings[p.setting].tokenizer))];
    lines = kinds.map((kind) => {
      const own = points.filter((p) => section.settings[p.setting].tokenizer === kind).sort((a, b) => a.costs[key] - b.costs[key]);
      const { look, dash, marker: mark } = section.settings[own[0].setting];
      return { points: own.map((p) => [p.costs[key], p.bits, p.half]), look, dash, mark, dots: true, shade: 1,
        names: own.map((p) => section.settings[p.setting].label) };
    });
    const xs = points.map((p) => p.costs[key]);
    const rules = section.baselines.map(({ bits, label }) => ({ y: bits, label }));
    const bits = [...points.flatMap((p) => [p.bits - p.half, p.bits + p.half])];
    const [low, high] = extent([...bits, ...rules.map(({ y }) => y).filter((y) => y > Math.min(...bits) - 0.3 && y < Math.max(...bits) + 0.4)]);
    const room = 0.08 * (high - low || 1);
    picture.show({
      label: `Bits per byte against ${chosen().dataset.label}`, height: 380,
      x: { label: chosen().dataset.label, log: true, domain: [Math.min(...xs) / 1.15, Math.max(...xs) * 1.15] },
      y: { label: "bits per byte", domain: [low - room, high + room] }, lines, rules, under: steps(points, key),
    });
  }

  inputs.forEach((input) => {
    input.closest("label").hidden = !section.frontier.some((p) => p.costs[input.value] > 0);
    input.addEventListener("change", show);
  });
  const legend = make("ul", { class: "legend" });
  for (const kind of new Set(section.settings.map((s) => s.tokenizer))) {
    const { look, dash } = section.settings.find((s) => s.tokenizer === kind);
    legend.append(make("li", {}, swatch(look, dash), make("span", { class: "label" }, kind)));
  }
  host.append(output, legend);
  show();
}

// The settings that no other beats in both, as steps.
function steps(points, key) {
  const found = [];
  for (const p of [...points].sort((a, b) => a.costs[key] - b.costs[key] || a.bits - b.bits)) {
    const last = found.at(-1);
    if (last && p.bits >= last[1]) continue;
    if (last) found.push([p.costs[key], last[1]]);
    found.push([p.costs[key], p.bits]);
  }
  return found;
}
