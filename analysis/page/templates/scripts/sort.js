// --- sort: a table by one of its columns; runs, baselines and human text keep apart ---

// What is missing comes last whatever the direction, words after numbers.
function ordered(rows, column, down) {
  const keyed = rows.map((row) => {
    const cell = row.cells[column];
    const value = cell.dataset.value ?? "text";
    const text = cell.textContent.trim();
    if (value === "") return { row, rank: 2 };
    return value === "text" ? { row, rank: 1, text } : { row, rank: 0, number: Number(value) };
  });
  const words = new Intl.Collator("en", { numeric: true });
  keyed.sort((a, b) => a.rank - b.rank || (down ? -1 : 1) * (
    a.rank === 0 ? a.number - b.number : a.rank === 1 ? words.compare(a.text, b.text) : 0));
  return keyed.map(({ row }) => row);
}

// First ascending, then descending, then as the table was.
function startSorting(table) {
  const bodies = [...table.tBodies].map((body) => ({ body, rows: [...body.rows] }));
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = head.querySelector("button.sort");
    button.addEventListener("click", () => {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[head.getAttribute("aria-sort")];
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", next);
      for (const { body, rows } of bodies) {
        body.append(...(next === "none" ? rows : ordered(rows, column, next === "descending")));
      }
      say(next === "none" ? "in the original order" : `sorted by ${button.textContent}, ${next}`);
    });
  });
}
