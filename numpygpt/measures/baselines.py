"""Baselines: what programs that know nothing of neural networks make of the same validation text.

Each is given the training text first. A model that loses to them has not learned much.
"""

import bz2
import gzip
import lzma
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from numpygpt.measures.bits.kneser_ney import KneserNey
from numpygpt.measures.bits.mixing import N_SCALARS, Floats
from numpygpt.measures.bits.scores import block_edges, sum_by_block
from numpygpt.tokenizers.unicode import code_points, utf8_widths

ORDER = 6  # of Kneser-Ney with one discount, and of PPMd; three discounts bear one more
BZ2_BLOCK = 900_000 - 19  # bytes that bz2 -9 packs together, once runs of one byte are shortened

_COMPRESSORS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip -9", lambda data: gzip.compress(data, 9, mtime=0)),
    "bz2": ("bz2", lambda data: bz2.compress(data, 9)),
    "xz": ("xz -9e", lambda data: lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)),
}


@dataclass(frozen=True)
class Baseline:
    """`key` is for machines, `name` for readers; `history`: what it can see of the training text.

    block_bits: bits per block of the validation text (`scores.block_edges`), of the best order of Kneser-Ney.
    """

    key: str
    name: str
    bits_per_byte: float
    history: str
    block_bits: Floats | None = None


def as_result(rows: list[Baseline]) -> dict[str, dict[str, str | float]]:
    """As JSON values, by key: what result.json holds under `baselines`."""
    keys = ("label", "bits_per_byte", "history")
    return {row.key: dict(zip(keys, (row.name, row.bits_per_byte, row.history), strict=True)) for row in rows}


def as_scores(rows: list[Baseline]) -> dict[str, list[float]]:
    """Bits per block, by key: what scores.json holds under `bits_baselines`."""
    return {row.key: row.block_bits.tolist() for row in rows if row.block_bits is not None}


def baselines(train_text: str, val_text: str) -> list[Baseline]:
    """All baselines of a corpus; they depend on nothing else, so they are worth keeping beside its cache."""
    return [
        *compressors(train_text, val_text),
        *kneser_ney(train_text, val_text),
        *kneser_ney(train_text, val_text, ORDER + 1, n_discounts=3),
    ]


def compressors(train_text: str, val_text: str) -> list[Baseline]:
    """gzip, bz2, xz, and PPMd if pyppmd is installed: size of all the text less that of the training text."""
    train, both = train_text.encode(), (train_text + val_text).encode()
    n_bytes = max(len(both) - len(train), 1)
    ppmd = {f"ppmd_{ORDER}": (f"PPMd, order {ORDER}", _ppmd)} if find_spec("pyppmd") else {}
    programs = _COMPRESSORS | ppmd
    jobs = [(compress, data) for _, compress in programs.values() for data in (train, both)]
    with ThreadPoolExecutor(2) as pool:  # the compressors run outside of Python's lock
        sizes = list(pool.map(lambda job: len(job[0](job[1])), jobs))
    rows = []
    for (key, (name, _)), alone, with_val in zip(programs.items(), sizes[::2], sizes[1::2], strict=True):
        rows.append(Baseline(key, name, 8 * (with_val - alone) / n_bytes, _sees(key, train)))
    return rows


def _ppmd(data: bytes) -> bytes:
    """PPMd variant I (Shkarin 2002), as 7-Zip has it, with memory enough for all that it is given here."""
    from pyppmd import Ppmd8Encoder

    encoder = Ppmd8Encoder(ORDER, 256 << 20)
    return encoder.encode(data) + encoder.flush()


def _sees(key: str, train: bytes) -> str:
    """What a compressor can still see of the training text when the validation text begins."""
    window = {"gzip": 32 << 10, "bz2": bz2_history(train), "xz": 64 << 20}.get(key, len(train))
    if window >= len(train):
        return "all of the training text"
    return f"the last {window / 1024:,.0f} KiB of training text"


def bz2_history(data: bytes) -> int:
    """How many of the last bytes lie in the block of bz2 -9 that is not full yet.

    Blocks are filled with what run-length coding leaves: of 4 to 255 equal bytes in a row, four and a count.
    """
    left = np.ones(len(data), np.int64)  # of each byte
    for run in re.finditer(rb"(.)\1{3,254}", data, re.DOTALL):
        left[run.start() : run.end()] = 0
        left[run.start()] = 5
    full = left.sum() // BZ2_BLOCK * BZ2_BLOCK
    return len(data) - int(np.searchsorted(np.cumsum(left), full, "right"))


def kneser_ney(train_text: str, val_text: str, order: int = ORDER, n_discounts: int = 1) -> list[Baseline]:
    """Character models of orders 1 to `order`, the history carried over from training.

    With three discounts they are a family of their own: modified Kneser-Ney (Chen & Goodman 1999).
    """
    bits = kneser_ney_bits(train_text, val_text, order, n_discounts)
    per_byte = bits.sum(axis=1) / max(len(val_text.encode()), 1)
    kind = "modified Kneser-Ney" if n_discounts > 1 else "Kneser-Ney"
    key = kind.lower().replace(" ", "_").replace("-", "_")
    sees = "counts of all of the training text, {} characters of context"
    best, widths = int(per_byte.argmin()), utf8_widths(code_points(val_text))
    blocks = {best: sum_by_block(bits[best], np.cumsum(widths) - widths, block_edges(val_text.encode()))}
    return [
        Baseline(f"{key}_{n + 1}", f"{kind}, order {n + 1}", float(x), sees.format(n), blocks.get(n))
        for n, x in enumerate(per_byte)
    ]


def kneser_ney_bits(train_text: str, val_text: str, order: int = ORDER, n_discounts: int = 1) -> Floats:
    """Bits of each validation character under each order: (order, characters); `n_discounts` per order, 1 or 3.

    The base is uniform over the training text's alphabet. A character outside of it, impossible under that base,
    is an escape of probability 1 / (characters of training + 1) and then one of all Unicode scalars alike; setting
    that probability aside costs the other characters next to nothing.
    """
    train, both = (code_points(text).astype(np.int64) for text in (train_text, train_text + val_text))
    alphabet = np.unique(train)
    model = KneserNey(train, np.arange(len(train)), order, 1 / max(len(alphabet), 1), n_discounts)
    first = max(len(train) - order + 1, 0)
    history = np.arange(first, len(both))
    p = model.probabilities(both[first:], history)[:, len(train) - first :]
    new = ~np.isin(both[len(train) :], alphabet)
    escape = 1 / (len(train) + 1)
    return -np.log2(np.where(new, escape / N_SCALARS, (1 - escape) * p))
