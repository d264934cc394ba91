"""What reaches beyond one comparison: every run with its state, budgets side by side, the best sizes."""

from collections.abc import Sequence
from dataclasses import replace

from analysis.inference.comparisons import Comparison, Group
from analysis.inference.verdicts import Outcome, Verdict
from analysis.records.collect import Collection
from analysis.tables.comparison import bits_cell, cell, name_cell
from analysis.tables.model import Cell, Column, Row, Table

REVERSAL = "the ranking depends on the budget"


def run_table(collection: Collection) -> Table:
    """Every folder that could be read, with its state; no run is left out silently."""
    columns = (
        Column("run", "run", False),
        Column("state", "state", False),
        Column("tokenizer", "tokenizer", False, 2),
        Column("model", "model", False, 2),
        Column("seed", "seed", True, 2, "count"),
        Column("corpus", "corpus", False, None),
        Column("bits_per_byte", "bits/byte", True, 1, ".3f"),
        Column("reason", "reason", False, 1),
    )
    rows = []
    for _, run in collection.runs.sort_values(["study", "run", "folder"]).iterrows():
        bits = run.get("bits_per_byte")
        shown = [Cell(str(run[key]) or None) for key in ("run", "state", "tokenizer", "model")]
        shown += [Cell(str(run["seed"])), Cell(run["corpus"]), Cell(bits, ".3f"), Cell(run["reason"] or None)]
        rows.append(Row(tuple(shown)))
    return Table("runs", "Runs", columns, tuple(rows))


def unfinished(collection: Collection) -> Table | None:
    """The runs that count nowhere, for the terminal."""
    left = collection.runs[collection.runs["state"] != "done"]
    if left.empty:
        return None
    table = run_table(Collection(left, {}, {}, {}))
    reasons = tuple(f"{run}: {why}" for run, why in zip(left["run"], left["reason"], strict=True) if why)
    columns = tuple(c if c.key != "reason" else replace(c, priority=None) for c in table.columns)
    return Table("unfinished", "Not counted", columns, table.rows, reasons, True)


def _by_corpus(comparisons: Sequence[Comparison]) -> list[list[Comparison]]:
    """Comparisons on the very same text, which differ in their budget alone."""
    texts: dict[tuple[str, str, float, float, int], list[Comparison]] = {}
    for c in comparisons:
        texts.setdefault((c.corpus, c.sha256, c.val_fraction, c.dev_fraction, c.val_bytes), []).append(c)
    return list(texts.values())


def budget_tables(comparisons: Sequence[Comparison]) -> list[Table]:
    """Per corpus with several budgets: bits per byte side by side, and in words where the ranking depends."""
    tables: list[Table] = []
    for same_text in _by_corpus([c for c in comparisons if not c.study]):
        if len(same_text) < 2:
            continue
        labels = list(dict.fromkeys(g.label for c in same_text for g in c.groups))
        columns = [Column("tokenizer", "tokenizer", False)]
        columns += [Column(c.budget, c.budget, True, 1 + i, ".3f") for i, c in enumerate(same_text)]
        rows = []
        for label in labels:
            cells = [_bits_of(c, label) for c in same_text]
            rows.append(Row((Cell(label), *cells)))
        name = "budgets" if not tables else f"budgets_{len(tables) + 1}"
        title = f"Budgets side by side, bits per byte: {same_text[0].corpus}"
        tables.append(Table(name, title, tuple(columns), tuple(rows), tuple(dependence(same_text)), True))
    return tables


def _bits_of(comparison: Comparison, label: str) -> Cell:
    group = next((g for g in comparison.groups if g.label == label), None)
    return bits_cell(comparison, group) if group else Cell(None, ".3f")


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
            what = REVERSAL if len(winners - {None}) > 1 else "the verdict depends on the budget"
            words = "; ".join(f"under {budget}, {verdict.sentence}" for budget, verdict in found)
            sentences.append(f"{what}: {words}")
    return sentences or ["no verdict depends on the budget"]


def size_families(comparison: Comparison) -> dict[str, list[Group]]:
    """Per tokenizer, its groups of several vocabulary or model sizes, if there are at least two."""
    families: dict[str, list[Group]] = {}
    for group in comparison.groups:
        families.setdefault(group.tokenizer, []).append(group)
    sizes = {
        name: {(g.first("vocab_size"), g.first("n_params")) for g in gs} for name, gs in families.items()
    }
    return {name: groups for name, groups in families.items() if len(sizes[name]) > 1}


def best_size_table(comparisons: Sequence[Comparison]) -> Table | None:
    """Per budget and tokenizer with several sizes: the one with the fewest bits, and its equals."""
    rows = []
    for comparison in comparisons:
        for tokenizer, groups in size_families(comparison).items():
            best = min(groups, key=lambda g: float(g.values("bits_per_byte").mean()))
            beaten = {v.b for v in comparison.conclusion.verdicts if v.winner == best.label}
            tied = {Outcome.TIED, Outcome.UNRANKED}
            equals = [
                v.b if v.a == best.label else v.a
                for v in comparison.conclusion.verdicts
                if v.outcome in tied and best.label in (v.a, v.b)
            ]
            own = {g.label for g in groups}
            shown = [Cell(comparison.title), Cell(tokenizer), name_cell(best), cell(best, "vocab_size")]
            shown += [cell(best, "n_params"), cell(best, "bits_per_byte")]
            shown += [
                Cell(", ".join(sorted(own & beaten)) or None),
                Cell(", ".join(x for x in equals if x in own) or None),
            ]
            rows.append(Row(tuple(shown)))
    if not rows:
        return None
    heads = ("comparison", "tokenizer", "fewest bits", "vocabulary", "parameters", "bits/byte", "better than")
    keys = ("comparison", "tokenizer", "best", "vocab_size", "n_params", "bits_per_byte", "better_than")
    places = (1, 0, 0, 3, 2, 0, None)
    columns = [
        Column(k, h, i in (3, 4, 5), p) for i, (k, h, p) in enumerate(zip(keys, heads, places, strict=True))
    ]
    columns.append(Column("not_told_apart", "not told apart from", False, None))
    return Table("best_sizes", "Best size of each tokenizer", tuple(columns), tuple(rows), (), True)
