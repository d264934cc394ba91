// --- plot: scales, ticks, numbers and marks, which all charts share ---

function scale([low, high], [start, end], log) {
  const f = log ? Math.log : (x) => x;
  const a = f(low), b = f(high);
  return (x) => (b === a ? (start + end) / 2 : start + ((f(x) - a) / (b - a)) * (end - start));
}

// Round values, about `count` of them.
function ticks(low, high, count) {
  if (!(high > low)) return [low];
  const rough = (high - low) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((m) => m * power >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) found.push(i * step);
  return found;
}

// 1, 2 and 5 times the powers of ten; only the powers where those are many, other round values where they are few.
function logTicks(low, high) {
  const found = [];
  if (!(low > 0 && high > low)) return found;
  const wide = Math.log10(high / low) > 3.5;
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const m of wide ? [1] : [1, 2, 5]) {
      const value = m * 10 ** power;
      if (value >= low * 0.999 && value <= high * 1.001) found.push(value);
    }
  }
  return found.length > 2 ? found : ticks(low, high, 6);
}

// 1500000 -> 1.5M; of small numbers three digits.
function short(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  for (const [unit, letter] of [[1e15, "P"], [1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]]) {
    if (size >= unit * 0.9995) return `${Number((value / unit).toPrecision(3))}${letter}`;
  }
  return size < 1e-3 ? value.toExponential(1).replace(".0", "").replace("e-", "e\u2212") : `${Number(value.toPrecision(3))}`.replace("-", "\u2212");
}

// Of an axis: as many digits as tell it from the next tick.
function tickName(value, step) {
  const digits = Math.ceil(Math.log10(Math.max(Math.abs(value), step) / step) + 1e-9) + 1;
  return digits > 3 && Math.abs(value) < 1000 ? `${Number(value.toPrecision(digits))}`.replace("-", "\u2212") : short(value);
}

// The shapes of matplotlib's markers that the palette uses, as paths around (x, y).
function marker(shape, x, y, r) {
  const path = {
    s: `M${x - r},${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
    "^": `M${x},${y - 1.2 * r}l${1.2 * r},${2.1 * r}h${-2.4 * r}z`,
    v: `M${x},${y + 1.2 * r}l${1.2 * r},${-2.1 * r}h${-2.4 * r}z`,
    D: `M${x},${y - 1.3 * r}l${1.3 * r},${1.3 * r}l${-1.3 * r},${1.3 * r}l${-1.3 * r},${-1.3 * r}z`,
    P: `M${x - r / 2},${y - r * 1.2}h${r}v${r * 0.7}h${r * 0.7}v${r}h${-r * 0.7}v${r * 0.7}h${-r}v${-r * 0.7}h${-r * 0.7}v${-r}h${r * 0.7}z`,
    X: `M${x - r},${y - r}l${2 * r},${2 * r}m0,${-2 * r}l${-2 * r},${2 * r}`,
  }[shape];
  return path ? draw("path", { d: path, class: shape === "X" ? "cross" : "mark" }) : draw("circle", { cx: x, cy: y, r, class: "mark" });
}
