"""Rulers: what programs that know nothing of neural networks make of the same validation text.

Each is given the training text first. A model that loses to them has not learned much.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from numpygpt.measures.kneser_ney import KneserNey
from numpygpt.measures.mixing import N_SCALARS
from numpygpt.tokenizers.unicode import code_points

ORDER = 6

_COMPRESSORS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip -9", lambda data: gzip.compress(data, 9, mtime=0)),
    "bz2": ("bz2", lambda data: bz2.compress(data, 9)),
    "xz": ("xz -9e", lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)),
}


@dataclass(frozen=True)
class Ruler:
    """`key` is for machines, `name` for readers; `history`: what it can see of the training text."""

    key: str
    name: str
    bits_per_byte: float
    history: str


def as_result(rows: list[Ruler]) -> dict[str, dict[str, str | float]]:
    """As JSON values, by key: what result.json holds under `rulers`."""
    return {
        row.key: {"label": row.name, "bits_per_byte": row.bits_per_byte, "history": row.history}
        for row in rows
    }


def rulers(train_text: str, val_text: str) -> list[Ruler]:
    """All rulers of a corpus; they depend on nothing else, so they are worth keeping beside its cache."""
    return [*compressors(train_text, val_text), *kneser_ney(train_text, val_text)]


def compressors(train_text: str, val_text: str) -> list[Ruler]:
    """gzip, bz2 and xz: compressed size of training and validation text less that of the training text alone."""
    train, both = train_text.encode(), (train_text + val_text).encode()
    n_bytes = max(len(both) - len(train), 1)
    jobs = [(compress, data) for _, compress in _COMPRESSORS.values() for data in (train, both)]
    with ThreadPoolExecutor(2) as pool:  # the compressors run outside of Python's lock
        sizes = list(pool.map(lambda job: len(job[0](job[1])), jobs))
    rows = []
    for (key, (name, _)), alone, with_val in zip(_COMPRESSORS.items(), sizes[::2], sizes[1::2], strict=True):
        rows.append(Ruler(key, name, 8 * (with_val - alone) / n_bytes, _sees(key, len(train))))
    return rows


def _sees(key: str, n_train: int) -> str:
    """What a compressor can still see of `n_train` bytes of training text when the validation text begins."""
    in_block = n_train % 900_000  # bz2 compresses blocks of 900 kB, each on its own
    window = {"gzip": 32 << 10, "bz2": in_block, "xz": 64 << 20}[key]
    return (
        f"the last {window / 1024:,.0f} KiB of training text"
        if window < n_train
        else "all of the training text"
    )


def kneser_ney(train_text: str, val_text: str, order: int = ORDER) -> list[Ruler]:
    """Character models of orders 1 to `order`, the history carried over from training."""
    bits = kneser_ney_bits(train_text, val_text, order).sum(axis=1)
    n_bytes = max(len(val_text.encode()), 1)
    sees = "counts of all of the training text, {} characters of context"
    return [
        Ruler(f"kneser_ney_{n}", f"Kneser-Ney, order {n}", float(total) / n_bytes, sees.format(n - 1))
        for n, total in enumerate(bits, 1)
    ]


def kneser_ney_bits(train_text: str, val_text: str, order: int = ORDER) -> np.ndarray:
    """Bits of each validation character under each order: (order, characters).

    The base is uniform over the training text's alphabet. A character outside of it, impossible under that base,
    is an escape of probability 1 / (characters of training + 1) and then one of all Unicode scalars alike; setting
    that probability aside costs the other characters next to nothing.
    """
    train, both = (code_points(text).astype(np.int64) for text in (train_text, train_text + val_text))
    alphabet = np.unique(train)
    model = KneserNey.fit(train, np.arange(len(train)), order, 1 / max(len(alphabet), 1))
    first = max(len(train) - order + 1, 0)
    history = np.arange(first, len(both))
    p = model.probabilities(both[first:], history)[:, len(train) - first :]
    new = ~np.isin(both[len(train) :], alphabet)
    escape = 1 / (len(train) + 1)
    return -np.log2(np.where(new, escape / N_SCALARS, (1 - escape) * p))
