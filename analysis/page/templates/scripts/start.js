// --- start: everything is put to work, the parts further down when they are reached ---

const { sections, panels } = JSON.parse(document.getElementById("data").textContent);

function startTheme(button) {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const label = () => {
    button.textContent = dark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `${dark() ? "Light" : "Dark"} theme`);
  };
  button.addEventListener("click", () => {
    root.dataset.theme = dark() ? "light" : "dark";
    try { localStorage.setItem("theme", root.dataset.theme); } catch { /* then it lasts as long as the page */ }
    label();
  });
  system.addEventListener("change", label);
  label();
}

startTheme(document.getElementById("theme"));
startTips();
all("table[data-sortable]").forEach(startSorting);
for (const article of all("article.comparison")) {
  const section = sections[Number(article.dataset.section)];
  const starts = { curves: startCurves, frontier: startFrontier };
  for (const host of all("[data-chart]", article)) whenNear(host, () => starts[host.dataset.chart](host, section, article));
  for (const view of all("[data-view=tokens]", article)) whenNear(view, () => startTokens(view, section, article.id));
  all("[data-view=samples]", article).forEach(startSamples);
}
const drawn = document.querySelector("[data-panels]");
if (drawn) {
  const begin = () => { if (!drawn.childElementCount) startPanels(drawn, panels); };
  drawn.closest("details").addEventListener("toggle", begin);
  addEventListener("beforeprint", begin);
}
addEventListener("beforeprint", () => {
  all("details").forEach((d) => { d.dataset.was = d.open; d.open = true; });
  waiting.forEach((once) => once());
});
addEventListener("afterprint", () => all("details").forEach((d) => { d.open = d.dataset.was === "true"; }));
