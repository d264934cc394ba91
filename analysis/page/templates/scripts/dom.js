// --- dom: making elements; text is always text ---

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Tells readers who listen what has changed.
function say(sentence) {
  document.getElementById("said").textContent = sentence;
}

// Runs `work` once: when `element` comes near the screen, or before printing.
const waiting = new Set();

function whenNear(element, work) {
  const watcher = new IntersectionObserver((entries) => {
    if (entries.some((entry) => entry.isIntersecting)) once();
  }, { rootMargin: "400px" });
  const once = () => {
    watcher.disconnect();
    if (waiting.delete(once)) work();
  };
  waiting.add(once);
  watcher.observe(element);
}

// --- samples: which of each setting's samples is shown ---

function startSamples(view) {
  const number = view.querySelector("select");
  number?.addEventListener("change", () => {
    for (const sample of all(".sample", view)) sample.hidden = sample.dataset.number !== number.value;
  });
}
