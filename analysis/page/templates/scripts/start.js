// --- start: everything is put to work, the parts further down when they are reached ---

const sections = JSON.parse(document.getElementById("data").textContent);

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
  for (const view of all("[data-view=tokens]", article)) whenNear(view, () => startTokens(view, section, article.id));
  all("[data-view=samples]", article).forEach(startSamples);
}
addEventListener("beforeprint", () => {
  all("details").forEach((d) => { d.dataset.was = d.open; d.open = true; });
  waiting.forEach((once) => once());
});
addEventListener("afterprint", () => all("details").forEach((d) => { d.open = d.dataset.was === "true"; }));
