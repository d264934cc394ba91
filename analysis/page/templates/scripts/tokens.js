// --- tokens: one passage under every setting, by its tokens or by what they cost ---

const STEPS = [0.5, 1, 1.5, 2, 3, 4, 5, 6, 8]; // bits per byte, the borders of the ten colours
const MOST_BLOCKS = 6; // settings shown at first
const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const stepOf = (bits) => { const i = STEPS.findIndex((border) => bits < border); return i < 0 ? STEPS.length : i; };

// The characters of some bytes; bytes that are a part of a character are shown as numbers.
function textOf(bytes) {
  try { return { text: strict.decode(bytes), whole: true }; } catch {
    return { text: [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("\u200a"), whole: false };
  }
}

// A line's end is seen and kept.
function shown(text) {
  const parts = text.split(/(\r\n|\n|\r)/);
  return parts.flatMap((part, i) => (i % 2 ? [make("span", { class: "break", "aria-hidden": "true" }, "\u21b5"), part] : part ? [part] : []));
}

// A token that stands for no bytes hands its bits on to the next one that does.
function priced({ bits, residual, lengths }) {
  let carried = 0;
  return lengths.map((length, i) => {
    const all = (bits[i] ?? 0) + (residual[i] ?? 0) + carried;
    carried = length ? 0 : all;
    return { all, perByte: length ? all / length : null };
  });
}

function block(reading, setting, passage) {
  const bytes = encoder.encode(passage.text);
  const prices = priced(reading);
  const text = make("div", { class: "reading", tabindex: "0", role: "group", "aria-label": `Tokens of ${setting.label}. Arrow keys read them.` });
  let start = 0;
  reading.lengths.forEach((length, i) => {
    const { text: own, whole } = textOf(bytes.subarray(start, start + length));
    start += length;
    const span = make("span", { class: `token t${i % 4} b${prices[i].perByte === null ? 0 : stepOf(prices[i].perByte)}${whole ? "" : " part"}`,
      "data-id": reading.ids[i], "data-bits": prices[i].all.toFixed(2), "data-bytes": length, "data-rest": (reading.residual[i] ?? 0).toFixed(2) }, ...shown(own));
    text.append(span);
  });
  const rest = textOf(bytes.subarray(start)).text;
  if (rest) text.append(make("span", { class: "tail" }, ...shown(rest)));
  walk(text);
  return make("section", { class: "block", "data-setting": setting.label },
    make("h4", {}, make("i", { class: `dot look-${setting.look}` }), setting.label), make("p", { class: "note" }, counts(reading, prices, passage.cut ? start : bytes.length)), text);
}

function counts(reading, prices, n_bytes) {
  const n = reading.ids.length;
  const total = prices.reduce((sum, { perByte, all }) => sum + (perByte === null ? 0 : all), reading.tail);
  const mean = n_bytes ? (total / n_bytes).toFixed(3) : "\u2013";
  const seeds = reading.seeds > 1 ? `, mean of ${reading.seeds} seeds` : "";
  return `${n.toLocaleString("en")} tokens, ${(n_bytes / Math.max(1, n)).toFixed(2)} bytes each; ${mean} bits per byte here${seeds}`;
}

// Arrow keys go from token to token; the pointer and a finger point at one.
function walk(text) {
  let current = null;
  const choose = (token) => {
    current?.classList.remove("current");
    current = token;
    if (!token) { hideTip(); return; }
    token.classList.add("current");
    showTip(token, ...described(token));
  };
  text.addEventListener("pointerover", (event) => choose(event.target.closest(".token")));
  text.addEventListener("click", (event) => choose(event.target.closest(".token")));
  text.addEventListener("pointerleave", () => choose(null));
  text.addEventListener("blur", () => choose(null));
  text.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const tokens = all(".token", text);
    const next = tokens[current ? tokens.indexOf(current) + step : 0];
    if (!next) return;
    next.scrollIntoView({ block: "nearest" });
    choose(next);
    say([...tip.childNodes].map((part) => part.textContent).join(": "));
  });
}

function described(token) {
  const { id, bits, bytes, rest } = token.dataset;
  const each = Number(bytes) ? `${(bits / bytes).toFixed(2)} per byte` : "no bytes of its own";
  const charged = Number(rest) > 0 ? `, of them ${rest} charged for what is lost` : "";
  const part = token.classList.contains("part") ? ", part of a character" : "";
  const own = token.textContent.replaceAll("\u21b5", "").replaceAll("\n", "\u21b5");
  return [make("b", {}, own || "(nothing)"), make("span", {}, `token ${id}: ${bits} bits on ${bytes} byte${bytes === "1" ? "" : "s"}, ${each}${charged}${part}`)];
}

function legendOfBits() {
  const cells = STEPS.map((border, i) => make("span", { class: `b${i}` }, `${i ? STEPS[i - 1] : 0}`));
  return [make("span", {}, "bits per byte"), ...cells, make("span", { class: `b${STEPS.length}` }, `${STEPS.at(-1)}+`)];
}

function startTokens(view, section, id) {
  const passage = view.querySelector("select");
  const colours = all(`[name="${id}-colour"]`, view);
  const [scaleBar, chips, blocks] = ["scale", "chips", "blocks"].map((name) => view.querySelector(`[data-${name}]`));
  const off = new Set(section.settings.slice(MOST_BLOCKS).map((s) => s.label));

  function show() {
    hideTip();
    const chosen = section.passages[Number(passage.value)];
    const readings = chosen.readings.filter((r) => !off.has(section.settings[r.setting].label));
    blocks.replaceChildren(...readings.map((r) => block(r, section.settings[r.setting], chosen)));
    if (chosen.cut) blocks.append(make("p", { class: "note" }, `only the beginning of ${chosen.n_bytes.toLocaleString("en")} bytes is shown`));
    recolour();
  }

  function recolour() {
    const kind = colours.find((c) => c.checked).value;
    view.dataset.colour = kind;
    scaleBar.hidden = kind !== "bits";
  }

  scaleBar.append(...legendOfBits());
  if (section.settings.length > 1) chips.append(...section.settings.map((setting) => chip(setting, off, show)));
  passage.addEventListener("change", show);
  colours.forEach((input) => input.addEventListener("change", recolour));
  show();
}

function chip(setting, off, show) {
  const button = make("button", { type: "button", "aria-pressed": String(!off.has(setting.label)) },
    make("i", { class: `dot look-${setting.look}` }), setting.label);
  button.addEventListener("click", () => {
    if (!off.delete(setting.label)) off.add(setting.label);
    button.setAttribute("aria-pressed", String(!off.has(setting.label)));
    show();
  });
  return button;
}
