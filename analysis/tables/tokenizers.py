"""What tokenizers do to texts: their own measures, text that the models write, extra texts, where the bits go."""

from collections.abc import Sequence
from dataclasses import replace

from analysis.inference.comparisons import Comparison
from analysis.records.display import MISSING
from analysis.records.identity import flatten
from analysis.records.settings import Setting
from analysis.tables.cells import NAME, cell, mean_note, measure_table
from analysis.tables.model import Cell, Column, Row, Table, measure_column


def _nested(comparison: Comparison, prefix: str) -> list[str]:
    """The keys of a nested dictionary of the results, in the order in which the runs wrote them."""
    return [key for key in comparison.settings[0].rows[0] if key.startswith(f"{prefix}.")]


def tokenizer_table(comparison: Comparison) -> Table:
    nested = _nested(comparison, "tokenizer_measures")
    own = [k for k in ("vocab_size", "chars_per_token") if f"tokenizer_measures.{k}" not in nested]
    return measure_table(comparison, "tokenizers", "What each tokenizer does to the text", [*own, *nested])


def baseline_table(comparison: Comparison) -> Table:
    """Every baseline, and what it could see of the training text."""
    ends = Column("baseline", "baseline", False), Column("history", "sees", False)
    columns = (ends[0], measure_column("bits_per_byte", 0), ends[1])
    found = comparison.baselines
    rows = [Row((Cell(b.label), Cell(b.bits_per_byte, ".3f"), Cell(b.history or None))) for b in found]
    note = "each was given the training text; a model that loses to them has not learned much"
    return Table("baselines", f"Baselines: {comparison.title}", columns, tuple(rows), (note,))


def generated_tables(comparison: Comparison) -> list[Table]:
    """Measures of generated text of a fixed length: in characters, with human text as last rows, and in tokens."""
    tables = []
    for name, length in (("generated", "characters"), ("generated_tokens", "tokens")):
        title = f"Generated text, a fixed number of {length}"
        table = measure_table(comparison, name, title, _nested(comparison, name))
        human = _human_rows(comparison, [c.key for c in table.columns[1:]]) if name == "generated" else []
        tables.append(replace(table, rows=(*table.rows, *human)))
    return tables


def _human_rows(comparison: Comparison, keys: Sequence[str]) -> list[Row]:
    """The same of held-out text, where that is the same text for all settings."""
    human = [key.replace("generated.", "human.") for key in keys]
    first, *others = ([cell(comparison, s, key) for key in human] for s in comparison.settings)
    same = all([c.text for c in cells] == [c.text for c in first] for cells in others)
    told = same and any(c.text != MISSING for c in first)
    return [Row((Cell("human, held out"), *first), "human")] if told else []


def perturbed_table(comparison: Comparison) -> Table:
    """By how much the bits per byte rise where mistakes were put into the validation text."""
    note = "mistakes in this share of the characters that can have them, the same for all tokenizers"
    title = "Mistakes in the text, rise of bits per byte"
    return measure_table(comparison, "perturbed", title, _nested(comparison, "perturbed"), note)


def text_tables(comparison: Comparison) -> list[Table]:
    """Out-of-domain texts: bits per byte at a glance (texts in columns), and everything measured on them."""
    settings = comparison.settings
    texts = [flatten(text) for setting in settings for text in setting.texts]
    if not texts:
        return []
    names = list(dict.fromkeys(text["name"] for text in texts))
    keys = [k for k in dict.fromkeys(k for text in texts for k in text) if k not in ("name", "sha256")]
    glance = []
    for s in settings:  # marked: some seed's tokenizer loses some of the text
        marks = ["!" if s.mean(f"texts.{name}.round_trip") < 1 else "" for name in names]
        bits = [cell(comparison, s, f"texts.{name}.bits_per_byte") for name in names]
        glance.append(Row((Cell(s.label), *(replace(c, mark=m) for c, m in zip(bits, marks, strict=True)))))
    long = [
        Row((Cell(name), Cell(s.label), *(cell(comparison, s, f"texts.{name}.{key}") for key in keys)))
        for name in names for s in settings
    ]  # fmt: skip
    heads = tuple(Column(name, name, True, 1 + i) for i, name in enumerate(names))
    columns = (Column("text", "text", False), NAME, *map(measure_column, keys))
    note = "! the text does not come back from its tokens: see the round trip and what the tokenizer loses"
    mean = mean_note(comparison)
    title = f"Other texts, bits per byte: {comparison.title}"
    read = tuple(row for row in long if any(c.text != MISSING for c in row.cells[2:]))
    whole = Table("texts_all", f"Other texts: {comparison.title}", columns, read, mean)
    return [Table("texts", title, (NAME, *heads), tuple(glance), (note, *mean)), whole.without_empty()]


# --- where the bits go ---

WAYS = {
    "byte_kind": "Where the bits go, by kind of byte",
    "word_frequency": "Where the bits go, by how often the word occurs in training",
    "window_place": "Where the bits go, by how much the model sees before",
}
EVENLY = (
    "bits per byte of the whole text: a row sums to bits/byte; a token's bits are shared evenly by its bytes"
)


def part_keys(setting: Setting, way: str) -> dict[str, str]:
    """Part -> key of its bits per byte, in the order of writing; empty for runs that did not record them."""
    parts = (setting.first("bits_by") or {}).get(way, {})
    return {part: f"bits_by.{way}.{part}" for part in parts}


def part_tables(comparison: Comparison) -> list[Table]:
    """A table for each way to take the bits apart; below the settings the shares of the bytes, where all agree."""
    tables = []
    for way, title in WAYS.items():
        keys = {part: key for s in comparison.settings for part, key in part_keys(s, way).items()}
        table = measure_table(comparison, f"bits_by_{way}", title, list(keys.values()), EVENLY)
        shares = [(s.first("bits_by") or {}).get("share_of_bytes", {}).get(way) for s in comparison.settings]
        if keys and all(share == shares[0] for share in shares):
            cells = tuple(Cell(shares[0].get(part), "percent") for part in keys)
            table = replace(table, rows=(*table.rows, Row((Cell("share of the bytes"), *cells), "baseline")))
        tables.append(table)
    return tables
