// --- samples: which of each setting's samples is shown ---

function startSamples(view) {
  const number = view.querySelector("select");
  number?.addEventListener("change", () => {
    for (const sample of all(".sample", view)) sample.hidden = sample.dataset.number !== number.value;
  });
}
