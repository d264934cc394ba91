"""The tables of a comparison: bits per byte, verdicts, the original project's table, and what differs."""

from analysis.inference.comparisons import Comparison
from analysis.inference.pairs import SMALL
from analysis.inference.uncertainty import MIN_BLOCKS
from analysis.records.display import MISSING
from analysis.records.identity import differences, value_words
from analysis.records.measures import measure
from analysis.tables.cells import NAME, PER_TOKEN, cell, mean_note, measure_table
from analysis.tables.model import Cell, Column, Row, Table


def comparison_table(comparison: Comparison) -> Table:
    """Bits per byte as tokens + residual, and what each costs; baselines below."""
    settings = comparison.settings
    parts = {"bits_per_byte_tokens": 2, "bits_per_byte_residual": 7} if any(s.lossy for s in settings) else {}
    order = {
        **{"bits_per_byte": 0} | parts,
        "gap_change_bits_per_byte": 8,
        "n_params": 1,
        "embedding_share": 4,
        "chars_per_token": 3,
        "chars_in_500_tokens": 5,
        "train_seconds": 6,
        "val_loss": 9,
        "vocab_size": 10,
        "epochs": 11,
    }
    notes = {
        "bits_per_byte_tokens": "tokens alone are a floor for any residual coder; "
        "bits/byte, with ours, a ceiling for the best one",
        "gap_change_bits_per_byte": "gap growth: from training to validation, in bits per byte, since the start",
        "val_loss": PER_TOKEN,
    }
    columns = [NAME, Column("seeds", "seeds", priority=12)]
    for key, priority in order.items():
        heading = measure(key).heading + ("*" if key == "val_loss" else "")
        columns.append(Column(key, heading, True, priority, notes.get(key, ""), key != "bits_per_byte"))
    rows = []
    for setting in settings:
        seeds = Cell(len(setting.seeds), "count")
        rows.append(Row((Cell(setting.label), seeds, *(cell(comparison, setting, key) for key in order))))
    for baseline in comparison.main_baselines:
        bits = Cell(baseline.bits_per_byte, ".3f")
        rows.append(Row((Cell(baseline.label), Cell(), bits, *[Cell()] * (len(order) - 1)), "baseline"))
    lost = dict.fromkeys(f"{s.tokenizer} {s.losses}: charged as residual" for s in settings if s.lossy)
    notes_below = (*lost, *mean_note(comparison))
    title = f"Comparison: {comparison.title}"
    return Table("comparison", title, tuple(columns), tuple(rows), notes_below).without_empty()


def why_table(comparison: Comparison) -> Table:
    """Bits per byte taken apart: what a token costs, for how many bytes it stands, and what is charged beside."""
    tokens = ("bits_per_token", "bytes_per_token", "bits_per_byte_tokens")
    note = "tokens (floor) = bits/token \N{DIVISION SIGN} bytes/token; with the residual, bits/byte"
    keys = (*tokens, "bits_per_byte_residual", "bits_per_byte")
    return measure_table(comparison, "why", "Bits per byte, taken apart", keys, note)


def verdict_table(comparison: Comparison) -> Table:
    """Every pair, then each setting beside counting: the differences, their doubt, and what may be said."""
    shown = (
        ("setting", "fewer bits", "text"), ("rival", "more bits", "text"),
        ("seeds", "difference", ".4f"), ("seeds_half", "over seeds ±", ".4f"), ("p", "Holm p", ".2g"),
        ("method", "test", "text"), ("text", "within passage", ".4f"), ("text_half", "passage ±", ".4f"),
        ("first", "first half", ".4f"), ("second", "second half", ".4f"), ("neighbours", "neighbours", ".2f"),
        ("shown_from", "shown from", ".4f"), ("seeds_needed", f"seeds for {SMALL}", "count"),
        ("verdict", "verdict", "text"),
    )  # fmt: skip
    columns = tuple(Column(key, head, form != "text", None) for key, head, form in shown)
    rows = []
    for v in (*comparison.conclusion.verdicts, *comparison.against_counting):
        s, t = v.seeds, v.text
        seeds = (s.value, s.half, v.p, s.method) if s else (None,) * 4
        text = (t.value, t.half, t.first_half, t.second_half, t.neighbours) if t else (None,) * 5
        values = (v.a, v.b, *seeds, *text, v.shown_from, v.seeds_for_small, v.sentence)
        rows.append(Row(tuple(Cell(x, form) for x, (_, _, form) in zip(values, shown, strict=True))))
    notes = (
        "differences in bits per byte, positive if the first is better; "
        "intervals over seeds hold together (Bonferroni), those over the text each",
        f"a rank needs both the seeds (Holm) and the text (at least {MIN_BLOCKS} blocks) to exclude zero",
        "settings beside Kneser-Ney, which has no seeds, are a family of tests of their own",
        "neighbours: correlation of adjacent blocks, which the interval over the text allows for",
        "shown from: the smallest difference that these seeds and this text would have shown in 8 of 10 cases; "
        f"seeds for {SMALL}: how many of each setting the test over seeds takes for that, were the text no limit",
    )
    return Table("verdicts", f"Verdicts: {comparison.title}", columns, tuple(rows), notes)


# The original project's results table: its row, and the measure in its place.
ORIGINAL_TEXT = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"  # sha256: tiny Shakespeare
ORIGINAL = {
    "final loss, nats per token*": "val_loss",
    "bits per byte": "bits_per_byte",
    "characters in 500 tokens": "chars_in_500_tokens",
    "vocabulary": "vocab_size",
    "parameters": "n_params",
    "embedding-related": "n_params_embedding",
    "embedding-related, share": "embedding_share",
    "readable: real words": "generated.word_share",
    "unknown words: <unk> tokens": "tokenizer_measures.unknown_rate_tokens",
    "coherent: human 4-grams": "generated.ngram4_heldout",
    "character names: real ones": "generated.speaker_share",
    "natural phrases: human 3-grams": "generated.ngram3_heldout",
    "training time": "train_seconds",
    "characters trained on per s": "train_chars_per_second",
    "stability: steps clipped": "clipped_share",
    "stability: gradient spikes": "grad_spikes",
}


def original_table(comparison: Comparison) -> Table | None:
    """The results table of the original experiment, every tick and cross a number; None of another text."""
    if comparison.text.corpus_sha256 != ORIGINAL_TEXT:
        return None
    settings = comparison.settings
    with_human = any(key.startswith("human.") for key in settings[0].rows[0])
    columns = [Column("measure", "measure", False)]
    columns += [Column(s.label, s.label, True, 1 + i) for i, s in enumerate(settings)]
    columns += [Column("human", "human text", True, len(settings) + 1)] if with_human else []
    rows = []
    for title, key in ORIGINAL.items():
        found, human = [cell(comparison, s, key) for s in settings], key.replace("generated.", "human.")
        if any(c.text != MISSING for c in found):
            beside = [cell(comparison, settings[0], human) if human != key else Cell()] if with_human else []
            rows.append(Row((Cell(title), *found, *beside)))
    title = f"The original results table, measured: {comparison.title}"
    notes = (PER_TOKEN, *mean_note(comparison))
    return Table("original", title, tuple(columns), tuple(rows), notes, transposed=True)


def difference_table(comparison: Comparison) -> Table | None:
    """Only what is not configured the same way everywhere."""
    found = differences([s.identity for s in comparison.settings])
    if not found:
        return None
    columns = (Column("setting", "setting", False), *(Column(s.label, s.label) for s in comparison.settings))
    words = {key: [MISSING if v is None else value_words(v) for v in values] for key, values in found.items()}
    rows = tuple(Row((Cell(key), *map(Cell, values))) for key, values in words.items())
    return Table("differences", f"Settings that differ: {comparison.title}", columns, rows, transposed=True)
