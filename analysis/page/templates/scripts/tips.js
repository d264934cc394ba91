// --- tips: one bubble for definitions and tokens, by pointer, keyboard and touch ---

const tip = document.getElementById("tip");
let tipped = null;

function place(target) {
  const box = target.getClientRects()[0] ?? target.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = tip;
  const left = Math.min(Math.max(8, box.left + box.width / 2 - width / 2), innerWidth - width - 8);
  const above = box.top - height - 8;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${above > 8 ? above : box.bottom + 8}px`;
}

function showTip(target, ...content) {
  tipped = target;
  tip.replaceChildren(...content);
  tip.hidden = false;
  place(target);
}

function hideTip() {
  tipped = null;
  tip.hidden = true;
}

function tipOf(target) {
  return document.getElementById(target.dataset.tip)?.textContent ?? "";
}

function startTips() {
  const owner = (event) => event.target.closest?.("[data-tip]") ?? null;
  const show = (event) => { const target = owner(event); if (target) showTip(target, tipOf(target)); };
  addEventListener("pointerover", show);
  addEventListener("focusin", (event) => (owner(event) ? show(event) : hideTip()));
  addEventListener("click", show); // touch: not every browser focuses what is tapped
  addEventListener("pointerout", (event) => { if (event.pointerType === "mouse" && owner(event) === tipped) hideTip(); });
  addEventListener("focusout", hideTip);
  addEventListener("pointerdown", (event) => { if (!owner(event)) hideTip(); });
  addEventListener("keydown", (event) => { if (event.key === "Escape") hideTip(); });
  addEventListener("scroll", () => { if (tipped) place(tipped); }, { passive: true, capture: true });
}
