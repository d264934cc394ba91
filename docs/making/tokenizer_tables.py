"""What algorithm, case and size of a tokenizer buy: every public function is a table of RESULTS.md."""

from itertools import product

import numpy as np
import pandas as pd
from making import records
from making.records import markdown, verdict_words
from making.tokenizer_cells import DIGITS, EFFECTS, KINDS, SIZES, best_size, cell_bits, effect, size_effect

from analysis.inference.uncertainty import mean_and_half
from analysis.records.display import plus_minus, show

TEXTS = ("shakespeare", "stdlib")
RIVALS = ("bpe-bytelevel", "word")


def tokenizer_cells() -> str:
    """Bits per byte of every kind at every size on both texts, and the best size of each."""
    bits, rows = cell_bits(), []
    for kind in (*KINDS, *DIGITS.values()):
        row = [kind]
        for text in TEXTS:
            own = bits[text].get(kind, pd.Series(dtype=float))
            row += [show(own.get(size), ".3f") for size in SIZES] + [_size_words(own)]
        rows.append(row)
    heads = [
        f"{text}, {what}" for text, what in product(TEXTS, (*(f"{size:,}" for size in SIZES), "best size"))
    ]
    return markdown(["tokenizer", *heads], rows)


def _size_words(bits: pd.Series) -> str:
    if bits.empty:
        return ""
    best = best_size(bits)
    return f"{best:,.0f}" if 0 < best < np.inf else f"at the edge, {SIZES[-1 if best else 0]:,}"


def tokenizer_effects() -> str:
    """What each change adds to the bits per byte: the mean over cells, with an interval over them."""
    bits, rows = cell_bits(), []
    changes = {
        text: {
            **{name: effect(bits, text, name) for name in EFFECTS if text == "stdlib" or name not in DIGITS},
            **{f"{size:,} entries in place of 2,048": size_effect(bits, text, size) for size in SIZES[::2]},
        }
        for text in TEXTS
    }
    for name in changes["stdlib"]:
        rows.append([name, *(_mean(found[name]) if name in found else "" for found in changes.values())])
    return markdown(["change", *TEXTS], rows)


def _mean(changes: pd.Series) -> str:
    mean, half = mean_and_half(changes.to_numpy())
    return f"{plus_minus(mean, half, '+')} ({len(changes)} cells)"


def lossless_tokenizers() -> str:
    """Every tokenizer at the default size on Shakespeare, and each beside bpe-bytelevel and word."""
    study = records.at_default_size()
    rows = []
    for label in (setting.label for setting in study.comparison.settings):
        beside = ["" if label == other else verdict_words(study.verdict(label, other)) for other in RIVALS]
        bits, length = study.text(label, "bits_per_byte"), study.text(label, "chars_per_token")
        rows.append([label.replace(" case=marks", ", marks"), bits, length, *beside])
    heads = ["bits per byte", "characters per token", *(f"beside {name}" for name in RIVALS)]
    return markdown(["tokenizer", *heads], rows)
