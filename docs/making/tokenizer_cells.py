"""The cells of `experiment=tokenizers`: a kind of tokenizer at a size on a text, and what changes between cells."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from making import records

SIZES, SEEDS = (512, 2048, 8192), (1, 2)
CELLS = ["corpus", "kind", "size"]
BPES = ("bpe-bytelevel", "bpe-bytelevel, marks", "superbpe", "superbpe, marks")
KINDS = (*BPES, "unigram", "word-lossless")
DIGITS = {"numbers in threes": "bpe-bytelevel, digits 3", "digits one by one": "bpe-bytelevel, digits 1"}
EFFECTS: Mapping[str, Mapping[str, str]] = {  # what is changed: who has it, and who is the same without
    "merges across words (superbpe)": dict(zip(BPES[2:], BPES[:2], strict=True)),
    "marks for case": dict(zip(BPES[1::2], BPES[::2], strict=True)),
    "unigram in place of BPE": {"unigram": "bpe-bytelevel"},
    "words in place of BPE with marks": {"word-lossless": "bpe-bytelevel, marks"},
    **{name: {kind: "bpe-bytelevel"} for name, kind in DIGITS.items()},
}


def cell_bits() -> pd.Series:
    """Mean bits per byte over the seeds of each cell, by corpus, kind and size."""
    runs = records.runs("tokenizers", "texts")  # of which the second has bpe-bytelevel with 2,048 entries
    marks = (runs["tokenizer.case"] == "marks").map({True: ", marks", False: ""})
    digits = runs["tokenizer.digits"].map(lambda n: "" if pd.isna(n) else f", digits {n:.0f}")
    runs = runs.assign(kind=runs["tokenizer"] + marks + digits, size=runs["tokenizer.vocab_size"])
    runs = runs[runs["kind"].isin([*KINDS, *DIGITS.values()]) & runs["seed"].isin(SEEDS)]
    runs = runs.drop_duplicates([*CELLS, "seed"]).astype({"size": int})
    return runs.groupby(CELLS)["bits_per_byte"].mean()


def effect(bits: pd.Series, corpus: str, name: str) -> pd.Series:
    """What a change adds to the bits per byte, in every cell that has it, by kind and size."""
    table = bits[corpus].unstack("size")
    return pd.concat({new: table.loc[new] - table.loc[old] for new, old in EFFECTS[name].items()})


def size_effect(bits: pd.Series, corpus: str, size: int) -> pd.Series:
    """What another size than 2,048 adds, by kind."""
    table = bits[corpus].unstack("size").loc[list(KINDS)]
    return table[size] - table[SIZES[1]]


def best_size(bits: pd.Series) -> float:
    """Where a parabola over the logarithm of the size is lowest; infinite or 0 if that is not between the sizes.

    bits: of one kind on one text, by size
    """
    if bits.idxmin() != SIZES[1]:
        return np.inf if bits.idxmin() == SIZES[-1] else 0.0
    bend, slope, _ = np.polyfit(np.log2(SIZES), bits.loc[list(SIZES)], 2)
    return float(2 ** (-slope / (2 * bend)))
