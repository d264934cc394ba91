// --- chart: axes, bands, lines, bars and baselines in one picture that fits its place and is read by hovering ---
//
// spec: { label, height, x: {label, log, domain}, y: {label, domain, zero},
//         lines: [{points: [[x, y, half]], look, shade, dash, mark, dots, faint, hidden}], bars, rules: [{y, label}], under: [[x, y]] }
// `read(nearest)` is told, per line, the number of the point nearest to the pointer or the arrow keys; null on leaving.
// What it returns is said to those who listen, after a key.

function chart(host, read = () => {}) {
  let spec = null, map = null, width = 0;
  const frame = make("div", { class: "frame", tabindex: "0", role: "group" });
  host.append(frame);

  function redraw() {
    if (!spec || !width) return;
    frame.setAttribute("aria-label", `${spec.label}. Arrow keys read the values.`);
    map = paint(frame, spec, width);
  }

  function readAt(x) {
    const nearest = spec.lines.map(({ points }) => (x === null ? null : nearestTo(points, x, spec.x.log)));
    map.point(nearest, x);
    return read(nearest, x);
  }

  frame.addEventListener("pointermove", (event) => {
    if (map) readAt(map.invert(event.clientX - frame.getBoundingClientRect().left));
  });
  frame.addEventListener("pointerdown", (event) => {
    if (map) readAt(map.invert(event.clientX - frame.getBoundingClientRect().left));
  });
  frame.addEventListener("pointerleave", (event) => { if (map && event.pointerType === "mouse") readAt(null); });
  frame.addEventListener("blur", () => map && readAt(null));
  let at = -1;
  frame.addEventListener("keydown", (event) => {
    const stops = [...new Set(spec.lines.flatMap(({ points }) => points.map(([x]) => x)))].filter((x) => !spec.x.log || x > 0).sort((a, b) => a - b);
    const moves = { ArrowRight: at + 1, ArrowLeft: at < 0 ? stops.length - 1 : at - 1, Home: 0, End: stops.length - 1 };
    if (!(event.key in moves) || !stops.length) return;
    event.preventDefault();
    at = Math.min(Math.max(0, moves[event.key]), stops.length - 1);
    say(readAt(stops[at]));
  });
  new ResizeObserver(([entry]) => {
    const now = Math.round(entry.contentRect.width);
    if (now !== width) { width = now; redraw(); }
  }).observe(frame);
  return { show(next) { spec = next; at = -1; width = Math.round(frame.clientWidth); redraw(); } };
}

// On a logarithmic axis as it looks there.
function nearestTo(points, x, log) {
  const away = ([px]) => (log ? Math.abs(Math.log(px / x)) : Math.abs(px - x));
  let best = null;
  points.forEach((point, i) => { if (best === null || away(point) < away(points[best])) best = i; });
  return best;
}

function extent(values) {
  return values.length ? [Math.min(...values), Math.max(...values)] : [0, 1];
}

function domains(spec) {
  const points = [...spec.lines.flatMap((line) => line.points), ...(spec.bars ?? [])];
  const xs = points.map(([x]) => x).filter((x) => !spec.x.log || x > 0);
  const ys = points.map(([, y]) => y);
  let [left, right] = spec.x.domain ?? extent(xs);
  let [low, high] = spec.y.domain ?? extent(ys);
  if (spec.y.zero) low = Math.min(0, low);
  if (!spec.y.domain) {
    const room = 0.06 * (high - low || 1);
    low -= spec.y.zero && low === 0 ? 0 : room;
    high += room;
  }
  if (right === left) { left -= 0.5; right += 0.5; }
  if (high === low) { low -= 0.5; high += 0.5; }
  return { left, right, low, high };
}

let clips = 0;

function paint(frame, spec, width) {
  const height = spec.height, small = height < 190;
  const { left, right, low, high } = domains(spec);
  const area = { left: small ? 42 : 46, right: width - 12, top: small ? 8 : 24, bottom: height - (small ? 20 : 40) };
  const x = scale([left, right], [area.left, area.right], spec.x.log);
  const y = scale([low, high], [area.bottom, area.top], false);
  const clip = `clip-${clips++}`;
  const svg = draw("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
  svg.append(draw("clipPath", { id: clip }, draw("rect", {
    x: area.left, y: area.top - 4, width: Math.max(0, area.right - area.left + 6), height: area.bottom - area.top + 8 })));
  svg.append(axes(spec, { left, right, low, high }, area, x, y, small));
  const inside = draw("g", { "clip-path": `url(#${clip})` });
  for (const rule of spec.rules ?? []) {
    inside.append(draw("line", { class: "rule", x1: area.left, x2: area.right, y1: y(rule.y), y2: y(rule.y) }));
  }
  if (spec.under) inside.append(draw("path", { class: "under", d: path(spec.under, x, y) }));
  for (const [bx, by, kind] of spec.bars ?? []) inside.append(bar(spec, bx, by, kind, x, y, area));
  for (const line of spec.lines) if (!line.hidden) inside.append(...curve(line, x, y, spec.x.log));
  const cursor = draw("g", { class: "cursor" });
  svg.append(inside, draw("g", {}, ...ruleNames(spec, area, y, low, high)), cursor);
  frame.replaceChildren(svg);
  return {
    invert: (px) => invert(px, [left, right], [area.left, area.right], spec.x.log),
    point: (nearest, at) => cursor.replaceChildren(...hand(spec, nearest, at, x, y, area)),
  };
}

function invert(px, [low, high], [start, end], log) {
  const share = Math.min(1, Math.max(0, (px - start) / (end - start || 1)));
  return log ? low * (high / low) ** share : low + share * (high - low);
}

function axes(spec, { left, right, low, high }, area, x, y, small) {
  const group = draw("g", { class: "axes" });
  const wide = area.right - area.left;
  const marks = spec.x.log ? logTicks(left, right) : ticks(left, right, wide / (small ? 70 : 90));
  let last = -Infinity;
  for (const value of marks) {
    const at = x(value), name = short(value);
    if (at - last < 12 + 6 * name.length) continue;
    last = at;
    group.append(draw("line", { class: "grid", x1: at, x2: at, y1: area.top, y2: area.bottom }));
    group.append(draw("text", { x: at, y: area.bottom + 15, "text-anchor": "middle" }, name));
  }
  const levels = ticks(low, high, (area.bottom - area.top) / (small ? 28 : 42));
  for (const value of levels) {
    group.append(draw("line", { class: "grid", x1: area.left, x2: area.right, y1: y(value), y2: y(value) }));
    group.append(draw("text", { x: area.left - 6, y: y(value) + 4, "text-anchor": "end" }, tickName(value, levels.length > 1 ? levels[1] - levels[0] : Math.abs(value) || 1)));
  }
  if (!small) group.append(draw("text", { class: "axis", x: area.right, y: area.bottom + 34, "text-anchor": "end" }, spec.x.label));
  if (spec.y.label) group.append(draw("text", { class: "axis", x: 0, y: 12 }, spec.y.label));
  return group;
}

function path(points, x, y) {
  return points.map(([px, py], i) => `${i ? "L" : "M"}${x(px).toFixed(1)},${y(py).toFixed(1)}`).join("");
}

function curve(line, x, y, log) {
  const points = line.points.filter(([px]) => !log || px > 0);
  if (!points.length) return [];
  const look = `look-${line.look}`;
  const parts = [];
  if (points.some(([, , half]) => half > 0)) {
    const upper = points.map(([px, py, half]) => [px, py + (half ?? 0)]);
    const lower = points.map(([px, py, half]) => [px, py - (half ?? 0)]).reverse();
    parts.push(draw("path", { class: `band ${look}`, d: `${path([...upper, ...lower], x, y)}Z` }));
  }
  const shade = { "stroke-opacity": line.shade, "stroke-dasharray": line.dash || null };
  parts.push(draw("path", { class: `line ${look}${line.faint ? " faint" : ""}`, d: path(points, x, y), ...shade }));
  for (const [px, py, half] of line.dots ? points : points.slice(-1)) {
    if (line.dots && half) parts.push(draw("line", { class: `line ${look}`, x1: x(px), x2: x(px), y1: y(py - half), y2: y(py + half) }));
    const mark = marker(line.mark, x(px), y(py), line.faint ? 1.5 : 4);
    mark.classList.add(look);
    mark.setAttribute("opacity", line.shade ?? 1);
    parts.push(mark);
  }
  return parts;
}

function bar(spec, bx, by, kind, x, y, area) {
  const wide = Math.max(1, ((area.right - area.left) / (spec.bars.length + 1)) * 0.7);
  const top = Math.min(y(0), y(by));
  return draw("rect", { class: `bar look-${spec.look} ${kind}`, x: x(bx) - wide / 2, y: top, width: wide, height: Math.abs(y(by) - y(0)) });
}

// Names of baselines at the right end, moved apart where they would overlap.
function ruleNames(spec, area, y, low, high) {
  let last = Infinity;
  return (spec.rules ?? []).filter((rule) => rule.y >= low && rule.y <= high && rule.label)
    .sort((a, b) => a.y - b.y)
    .map((rule) => {
      last = Math.min(y(rule.y) - 4, last - 13);
      return draw("text", { class: "rule-name", x: area.right, y: last, "text-anchor": "end" }, rule.label);
    });
}

// The crosshair with a dot on every line.
function hand(spec, nearest, at, x, y, area) {
  if (at === null) return [];
  const parts = [draw("line", { x1: x(at), x2: x(at), y1: area.top, y2: area.bottom })];
  nearest.forEach((i, number) => {
    if (i === null) return;
    const [px, py] = spec.lines[number].points[i];
    const where = y(py);
    if (where < area.top - 4 || where > area.bottom + 4) return;
    parts.push(draw("circle", { class: `look-${spec.lines[number].look}`, cx: x(px), cy: where, r: 4.5 }));
  });
  return parts;
}
