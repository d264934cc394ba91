"""The tables of a comparison, filled from its groups: one function per table, all of them in `tables_of`.

Every figure is the mean over the seeds of one setting, with its 95 % t-interval where there are at least
two seeds that differ. Rulers and human text stand as rows of their own.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from analysis.inference.comparisons import Comparison, Group, differences, setting
from analysis.inference.uncertainty import MIN_BLOCKS, Estimate, estimate
from analysis.inference.verdicts import SMALL
from analysis.records.collect import flatten
from analysis.records.display import MISSING, measure
from analysis.tables.model import Cell, Column, Row, Table, column

NAME = Column("tokenizer", "tokenizer", right=False)
PER_TOKEN = "* per token of its own vocabulary: never to be compared across vocabularies"
MEAN = "± is the 95 % t-interval of the mean over the seeds of a row; (a to b) is one cut off at what can be"


def derived(group: Group, key: str) -> np.ndarray:
    """Values per seed of a key, or of one of the few that are computed from others."""
    if key == "embedding_share":
        return group.values("n_params_embedding") / group.values("n_params")
    if key == "n_params_body" and not np.isfinite(group.values(key)).all():
        return group.values("n_params") - group.values("n_params_embedding")
    if key == "bits_per_byte_at_best":
        return group.values("bits_per_byte") - group.gained
    if key == "train_chars_per_second":
        return group.values("chars_seen") / group.values("train_seconds")
    return group.values(key)


def cell(group: Group, key: str, best: bool = False) -> Cell:
    """The mean over the seeds with its interval; text and yes/no as the first seed has them."""
    form = measure(key).form
    value = group.rows[0].get(key)
    if isinstance(value, str | bool | np.bool_):
        return Cell(value if isinstance(value, str) else bool(value), form)
    values = derived(group, key)
    values = values[np.isfinite(values)]
    if not len(values):
        return Cell(None, form)
    found = estimate(values)
    if form == "yesno":
        return Cell(bool(found.mean), form)
    return Cell(found.mean, form, interval(found), best)


def interval(found: Estimate) -> float:
    """The half-width, NaN if there is no spread but that of rounding."""
    return found.half if found.half > 1e-9 * abs(found.mean) else float("nan")


def bits_cell(comparison: Comparison, group: Group) -> Cell:
    """The headline figure, marked if this setting beats all others."""
    return cell(group, "bits_per_byte", best=group.label == comparison.conclusion.leader)


def name_cell(group: Group) -> Cell:
    return Cell(group.label)


def seeds_cell(group: Group) -> Cell:
    return Cell(len(group.seeds), "count")


def losses(comparison: Comparison) -> tuple[str, ...]:
    """What each lossy tokenizer loses."""
    lossy = [group for group in comparison.groups if group.lossy]
    return tuple(dict.fromkeys(f"{group.tokenizer} {group.losses}: charged as residual" for group in lossy))


def mean_note(comparison: Comparison) -> tuple[str, ...]:
    """What ± means, where there is any."""
    return (MEAN,) if any(len(g.seeds) > 1 for g in comparison.groups) else ("one seed each: no intervals",)


def _rows(groups: Iterable[Group], keys: Sequence[str]) -> tuple[Row, ...]:
    return tuple(Row((name_cell(g), *(cell(g, key) for key in keys))) for g in groups)


def _simple(comparison: Comparison, name: str, title: str, keys: Sequence[str], *notes: str) -> Table:
    columns = (NAME, *(column(measure(key)) for key in keys))
    title = f"{title}: {comparison.title}"
    return Table(
        name, title, columns, _rows(comparison.groups, keys), (*notes, *mean_note(comparison))
    ).without_empty()


def comparison_table(comparison: Comparison) -> Table:
    """Bits per byte as tokens + residual, and what each costs; rulers below."""
    lossy = any(g.lossy for g in comparison.groups)
    order = {
        "bits_per_byte": 0,
        **({"bits_per_byte_tokens": 2, "bits_per_byte_residual": 7} if lossy else {}),
    }
    order |= {"gap_change_bits_per_byte": 8, "n_params": 1, "embedding_share": 4, "chars_per_token": 3}
    order |= {"chars_in_500_tokens": 5, "train_seconds": 6, "val_loss": 9, "vocab_size": 10, "epochs": 11}
    notes = {
        "bits_per_byte_tokens": "tokens alone are a floor for any residual coder; "
        "bits/byte, with ours, a ceiling for the best one",
        "gap_change_bits_per_byte": "gap: training to validation, bits per byte, since the first evaluation",
        "val_loss": PER_TOKEN,
    }
    columns = [NAME, Column("seeds", "seeds", priority=12, form="count")]
    for key, priority in order.items():
        head = measure(key).heading + "*" * (key == "val_loss")
        fixed = key == "bits_per_byte"
        columns.append(Column(key, head, True, priority, measure(key).form, notes.get(key, ""), not fixed))
    rows = []
    for group in comparison.groups:
        rest = [cell(group, key) for key in list(order)[1:]]
        rows.append(Row((name_cell(group), seeds_cell(group), bits_cell(comparison, group), *rest)))
    for ruler in comparison.main_rulers:
        bits = Cell(ruler.bits_per_byte, ".3f")
        rows.append(Row((Cell(ruler.label), Cell(), bits, *[Cell()] * (len(order) - 1)), "ruler"))
    title = f"Comparison: {comparison.title}"
    table = Table(
        "comparison", title, tuple(columns), tuple(rows), (*losses(comparison), *mean_note(comparison)), True
    )
    return table.without_empty()


def verdict_table(comparison: Comparison) -> Table:
    """Every pair, then each setting beside counting: the differences, their doubt, and what may be said."""
    columns = [Column("a", "fewer bits", False, None), Column("b", "more bits", False, None)]
    numbers = (
        ("seeds", "difference", ".4f"), ("seeds_half", "over seeds ±", ".4f"), ("p", "Holm p", ".2g"),
        ("method", "test", "text"), ("text", "within passage", ".4f"), ("text_half", "passage ±", ".4f"),
        ("first", "first half", ".4f"), ("second", "second half", ".4f"), ("neighbours", "neighbours", ".2f"),
        ("shown_from", "shown from", ".4f"), ("seeds_needed", f"seeds for {SMALL}", "count"),
    )  # fmt: skip
    columns += [Column(key, head, form != "text", None) for key, head, form in numbers]
    columns.append(Column("verdict", "verdict", False, None))
    rows = []
    for v in (*comparison.conclusion.verdicts, *comparison.against_counting):
        s, t = v.seeds, v.text
        seeds = (s.value, s.half, v.p, s.method) if s else (None,) * 4
        text = (t.value, t.half, t.first_half, t.second_half, t.neighbours) if t else (None,) * 5
        cells = [
            Cell(x, form)
            for x, (_, _, form) in zip((*seeds, *text, v.shown_from, v.seeds_for_small), numbers, strict=True)
        ]
        rows.append(Row((Cell(v.a), Cell(v.b), *cells, Cell(v.sentence))))
    notes = (
        "differences in bits per byte, positive if the first is better; "
        "intervals over seeds hold together (Bonferroni), those over the text each",
        f"a rank needs both the seeds (Holm) and the text (at least {MIN_BLOCKS} blocks) to exclude zero",
        "settings beside Kneser-Ney, which has no seeds, are a family of tests of their own",
        "neighbours: correlation of adjacent blocks, which the interval over the text allows for",
        "shown from: the smallest difference that these seeds and this text would have shown in 8 of 10 cases; "
        f"seeds for {SMALL}: how many of each setting the test over seeds takes for that, were the text no limit",
    )
    return Table("verdicts", f"Verdicts: {comparison.title}", tuple(columns), tuple(rows), notes)


def parameter_table(comparison: Comparison) -> Table:
    keys = ["vocab_size", "n_params", "n_params_embedding", "embedding_share", "n_params_body"]
    note = "embedding: token and position tables and the output head, biases included"
    return _simple(comparison, "parameters", "Parameters", keys, note)


def cost_table(comparison: Comparison) -> Table:
    keys = ["train_seconds", "total_seconds", "train_chars_per_second", "seconds_per_mb", "train_flops"]
    keys += ["flops_per_byte", "peak_rss_mb", "tokens_per_second_generated", "chars_per_second_generated"]
    keys += ["grad_spikes", "clipped_share", "loss_spread"]
    return _simple(comparison, "cost", "Cost and stability", keys)


def setting_table(comparison: Comparison) -> Table:
    keys = ["iters", "epochs", "chars_seen", "tokens_seen", "context_chars_mean", "context_chars_min"]
    keys += ["lr_peak", "schedule_iters", "warmup_iters", "train_bits_per_byte", "gap_unigram_bits_per_byte"]
    keys += ["bits_per_byte_at_best", "best_step"]
    return _simple(
        comparison, "settings", "What each was given", keys, "best: chosen on validation, never the headline"
    )


def _nested(comparison: Comparison, prefix: str) -> list[str]:
    """The keys of a nested dictionary of the results, in the order in which the runs wrote them."""
    keys: dict[str, None] = {}
    for group in comparison.groups:
        for key in flatten(group.first(prefix) or {}):
            keys.setdefault(f"{prefix}.{key}")
    return [key for key in keys if any(key in g.runs for g in comparison.groups)]


def tokenizer_table(comparison: Comparison) -> Table:
    nested = _nested(comparison, "tokenizer_measures")
    own = [k for k in ("vocab_size", "chars_per_token") if f"tokenizer_measures.{k}" not in nested]
    return _simple(comparison, "tokenizers", "What each tokenizer does to the text", [*own, *nested])


def generated_tables(comparison: Comparison) -> list[Table]:
    """Measures of generated text of a fixed length: in characters, with human text as last rows, and in tokens."""
    found = [
        _generated(comparison, "generated", "a fixed number of characters", with_human=True),
        _generated(comparison, "generated_tokens", "a fixed number of tokens"),
    ]
    return [table for table in found if len(table.columns) > 1]


def _generated(comparison: Comparison, name: str, length: str, with_human: bool = False) -> Table:
    keys = _nested(comparison, name)
    rows = [*_rows(comparison.groups, keys), *(_human_rows(comparison, keys) if with_human else ())]
    columns = (NAME, *(column(measure(key)) for key in keys))
    title = f"Generated text, {length}: {comparison.title}"
    return Table(name, title, columns, tuple(rows), mean_note(comparison)).without_empty()


def _human_rows(comparison: Comparison, keys: Sequence[str]) -> Iterator[Row]:
    """The same of held-out text: one row if it is the same text for all groups, else one for each."""
    beside = [[cell(g, key.replace("generated.", "human.")) for key in keys] for g in comparison.groups]
    texts = [[c.text for c in cells] for cells in beside]
    same = all(t == texts[0] for t in texts)
    for group, cells in zip(comparison.groups[:1] if same else comparison.groups, beside, strict=False):
        label = "human, held out" if same else f"human, held out ({group.label})"
        if any(c.text != MISSING for c in cells):
            yield Row((Cell(label), *cells), "human")


def ruler_table(comparison: Comparison) -> Table:
    """Every ruler, and what it could see of the training text."""
    bits = Column("bits_per_byte", "bits/byte", True, 0, ".3f")
    columns = (Column("ruler", "ruler", False), bits, Column("history", "sees", False))
    rows = [
        Row((Cell(r.label), Cell(r.bits_per_byte, ".3f"), Cell(r.history or None))) for r in comparison.rulers
    ]
    note = "each was given the training text; a model that loses to them has not learned much"
    return Table("rulers", f"Rulers: {comparison.title}", columns, tuple(rows), (note,))


def _texts(group: Group) -> dict[str, list[dict[str, Any]]]:
    """The scores of the extra texts of all seeds, by the text's name."""
    by_name: dict[str, list[dict[str, Any]]] = {}
    for result in group.results:
        for text in result.get("texts") or ():
            by_name.setdefault(str(text["name"]), []).append(flatten(text))
    return by_name


def text_tables(comparison: Comparison) -> list[Table]:
    """Out-of-domain texts: bits per byte at a glance (texts in columns), and everything measured on them."""
    found = {g.label: _texts(g) for g in comparison.groups}
    names = list(dict.fromkeys(name for by_name in found.values() for name in by_name))
    if not names:
        return []
    keys = list(
        dict.fromkeys(k for t in found.values() for s in t.values() for x in s for k in x if k != "name")
    )
    glance, long = [], []
    for name in names:
        for label, by_name in found.items():
            if name in by_name:
                long.append(Row((Cell(name), Cell(label), *(_text_cell(by_name[name], k) for k in keys))))
    for label, by_name in found.items():
        bits = [_text_cell(by_name.get(n, []), "bits_per_byte", mark=True) for n in names]
        glance.append(Row((Cell(label), *bits)))
    heads = tuple(Column(n, n, True, 1 + i) for i, n in enumerate(names))
    note = (
        "! the text does not survive encoding and decoding: see the round trip and what the tokenizer loses"
    )
    title = f"Other texts, bits per byte: {comparison.title}"
    columns = (Column("text", "text", False), NAME, *(column(measure(k)) for k in keys))
    return [
        Table("texts", title, (NAME, *heads), tuple(glance), (note, *mean_note(comparison)), True),
        Table(
            "texts_all", f"Other texts: {comparison.title}", columns, tuple(long), mean_note(comparison)
        ).without_empty(),
    ]


def _text_cell(scores: Sequence[dict[str, Any]], key: str, mark: bool = False) -> Cell:
    values = [s[key] for s in scores if s.get(key) is not None]
    form = measure(key).form
    if not values or isinstance(values[0], str | bool | list):
        return Cell(values[0] if values and not isinstance(values[0], list) else None, form)
    found = estimate([float(v) for v in values])
    exact = all(s.get("round_trip") is not False for s in scores)
    return Cell(found.mean, form, interval(found), mark="" if exact or not mark else "!")


# The original project's results table: its row, and what is measured in its place. Of several keys the
# first that the runs hold is shown.
ORIGINAL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("final loss, nats per token*", ("val_loss",)),
    ("bits per byte", ("bits_per_byte",)),
    ("characters in 500 tokens", ("chars_in_500_tokens",)),
    ("vocabulary", ("vocab_size",)),
    ("parameters", ("n_params",)),
    ("embedding-related", ("n_params_embedding",)),
    ("embedding-related, share", ("embedding_share",)),
    ("readable: real words", ("generated.word_share",)),
    ("unknown words: <unk> tokens", ("tokenizer_measures.unknown_rate_tokens",)),
    ("coherent: human 4-grams", ("generated.ngram4_heldout",)),
    ("character names: real ones", ("generated.speaker_share",)),
    ("natural phrases: human 3-grams", ("generated.ngram3_heldout",)),
    ("training time", ("train_seconds",)),
    ("characters trained on per s", ("train_chars_per_second",)),
    ("stability: steps clipped", ("clipped_share",)),
    ("stability: gradient spikes", ("grad_spikes",)),
)


def original_table(comparison: Comparison) -> Table:
    """The results table of the original experiment, every tick and cross replaced by a number."""
    groups = comparison.groups
    columns = [Column("measure", "measure", False)]
    columns += [Column(g.label, g.label, True, 1 + i) for i, g in enumerate(groups)]
    with_human = any(str(key).startswith("human.") for g in groups for key in g.runs)
    columns += [Column("human", "human text", True, len(groups) + 1)] if with_human else []
    rows = []
    for title, keys in ORIGINAL:
        cells = [_first_cell(comparison, g, keys) for g in groups]
        human = [
            cell(groups[0], k.replace("generated.", "human.")) for k in keys if k.startswith("generated.")
        ]
        if any(c.text != MISSING for c in cells):
            extra = [human[0] if human else Cell()] if with_human else []
            rows.append(Row((Cell(title), *cells, *extra)))
    title = f"The original results table, measured: {comparison.title}"
    notes = (PER_TOKEN, *mean_note(comparison))
    return Table("original", title, tuple(columns), tuple(rows), notes, essential=len(groups) <= 8)


def _first_cell(comparison: Comparison, group: Group, keys: Sequence[str]) -> Cell:
    if "bits_per_byte" in keys:
        return bits_cell(comparison, group)
    return next((c for c in (cell(group, key) for key in keys) if c.text != MISSING), Cell())


def difference_table(comparison: Comparison) -> Table | None:
    """Only the settings that are not the same everywhere."""
    found = differences(comparison.groups)
    if not found:
        return None
    columns = (Column("setting", "setting", False), *(Column(g.label, g.label) for g in comparison.groups))
    rows = tuple(Row((Cell(key), *(Cell(_setting(v)) for v in values))) for key, values in found.items())
    return Table("differences", f"Settings that differ: {comparison.title}", columns, rows)


def _setting(value: Any) -> str:
    return MISSING if value is None else setting(value)


TABLES: tuple[Callable[[Comparison], Table | None], ...] = (
    comparison_table,
    original_table,
    verdict_table,
    parameter_table,
    tokenizer_table,
    ruler_table,
    cost_table,
    setting_table,
    difference_table,
)


def tables_of(comparison: Comparison) -> list[Table]:
    """All tables that have something to show."""
    tables = [table for fill in TABLES if (table := fill(comparison)) is not None]
    tables += generated_tables(comparison) + text_tables(comparison)
    return [t for t in tables if t.rows and len(t.columns) > 1]
