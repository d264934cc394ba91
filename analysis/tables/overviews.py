"""What reaches beyond one comparison: every run with its state, and budgets side by side."""

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from analysis.inference.comparisons import Comparison
from analysis.inference.pairs import Verdict
from analysis.inference.scaling import Scaling, scaling
from analysis.inference.uncertainty import mean_and_half
from analysis.records.collect import Collection
from analysis.records.display import show
from analysis.tables.cells import NAME, cell
from analysis.tables.model import Cell, Column, Row, Table, measure_column


def run_table(collection: Collection) -> Table:
    """Every folder that could be read, with its state; no run is left out silently."""
    priorities = {"run": 0, "state": 0, "tokenizer": 2, "model": 2, "seed": 2, "corpus": None, "reason": 1}
    columns = [Column(key, key, key == "seed", priority) for key, priority in priorities.items()]
    columns.insert(-1, measure_column("bits_per_byte", 1))
    keys = [(column.key, ".3f" if column.key == "bits_per_byte" else "text") for column in columns]
    runs = collection.runs.assign(seed=collection.runs["seed"].astype(str))
    runs = runs.sort_values(["study", "run", "folder"]).where(runs != "", None)
    rows = [Row(tuple(Cell(run.get(k), form) for k, form in keys)) for run in runs.to_dict("records")]
    return Table("runs", "Runs", tuple(columns), tuple(rows))


def same_texts(comparisons: Sequence[Comparison]) -> Iterator[tuple[str, list[Comparison]]]:
    """The name of each text with several budgets, and its comparisons, which differ in their budget alone."""
    usual = (c for c in comparisons if not c.study)
    for (text, numerics), group in groupby(usual, key=lambda c: (c.text, c.numerics)):
        same_text = list(group)
        if len(same_text) > 1:
            yield ", ".join(filter(None, (text.corpus, numerics))), same_text


def budget_tables(comparisons: Sequence[Comparison]) -> list[Table]:
    """Per text with several budgets: bits per byte side by side, and in words where the ranking depends."""
    tables: list[Table] = []
    for of_what, same_text in same_texts(comparisons):
        by_label = [{s.label: cell(c, s, "bits_per_byte") for s in c.settings} for c in same_text]
        columns = [NAME, *(Column(c.budget, c.budget, True, 1 + i) for i, c in enumerate(same_text))]
        labels = dict.fromkeys(label for bits in by_label for label in bits)
        rows = [Row((Cell(label), *(bits.get(label, Cell()) for bits in by_label))) for label in labels]
        name = "budgets" if not tables else f"budgets_{len(tables) + 1}"
        title = f"Budgets side by side, bits per byte: {of_what}"
        tables.append(Table(name, title, tuple(columns), tuple(rows), tuple(dependence(same_text))))
    return tables


def scalings(comparisons: Sequence[Comparison]) -> list[tuple[Table, Scaling]]:
    """Per text that was trained on under enough budgets, what comes of more compute, and its table."""
    found = [(name, own) for name, group in same_texts(comparisons) if (own := scaling(group))]
    titles = [f"As training compute grows, bits per byte: {name}" for name, _ in found]
    names = ["scaling", *(f"scaling_{i}" for i in range(2, len(found) + 1))]
    return [(_scaling_table(own, *head), own) for (_, own), *head in zip(found, names, titles, strict=False)]


def _scaling_table(found: Scaling, name: str, title: str) -> Table:
    """Bits per byte of each tokenizer's frontier at several amounts of compute, and the floor of its law."""
    heads = {f"bits_at_{flops:.3g}_flops": f"{show(flops, 'si')} FLOPs" for flops in found.levels}
    columns = [NAME, *(Column(key, head, True, 1 + i) for i, (key, head) in enumerate(heads.items()))]
    extrapolated = "floor: the limit of the law that fits, floor + scale FLOPs^-exponent: extrapolated"
    columns.append(Column("floor", "floor", True, None, extrapolated))
    leaders, rows = [found.leader(flops) for flops in found.levels], []
    for label in found.points:
        bits = [mean_and_half(own) for own in found.bits(label, found.levels).T]
        cells = [Cell(x, ".3f", half, label == first) for (x, half), first in zip(bits, leaders, strict=True)]
        law = found.law(label)
        floor, doubt = (math.nan, math.nan) if law is None else mean_and_half(law[:, 0])
        rows.append(Row((Cell(label), *cells, Cell(floor, ".3f", doubt))))
    notes = (
        "each at the best size and length that were trained for so many FLOPs, in a line between two of them; "
        "bold: lowest, by the seeds alone",
        *found.crossings(),
    )
    return Table(name, title, tuple(columns), tuple(rows), notes).without_empty()


def dependence(same_text: Sequence[Comparison]) -> list[str]:
    """A sentence for each pair that is not ranked the same way under every budget: all its verdicts.

    One sentence that says so if there is no such pair, or nothing to compare.
    """
    pairs: dict[frozenset[str], list[tuple[str, Verdict]]] = {}
    for comparison in same_text:
        for verdict in comparison.conclusion.verdicts:
            pairs.setdefault(frozenset((verdict.a, verdict.b)), []).append((comparison.budget, verdict))
    several = [found for found in pairs.values() if len(found) > 1]
    if not any(verdict.winner for found in several for _, verdict in found):
        return ["nothing is ranked under two budgets, so that these runs cannot say what depends on them"]
    sentences = []
    for found in several:
        winners = {verdict.winner for _, verdict in found}
        if len(winners) > 1:
            what = "ranking" if len(winners - {None}) > 1 else "verdict"
            words = "; ".join(f"under {budget}, {verdict.sentence}" for budget, verdict in found)
            sentences.append(f"the {what} depends on the budget: {words}")
    return sentences or ["no verdict depends on the budget"]
