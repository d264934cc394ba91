// Runs before anything is shown: no flash of the other theme, and no controls that nothing would answer.
(() => {
  "use strict";
  const root = document.documentElement;
  root.classList.add("js");
  let kept = null;
  try { kept = localStorage.getItem("theme"); } catch { /* a browser that keeps nothing */ }
  if (kept === "dark" || kept === "light") root.dataset.theme = kept;
})();
