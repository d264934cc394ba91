// --- dom: making elements; text is always text ---

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const make = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
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
