"""Bits per byte: everything that has to be sent so that the text can be read back, over the bytes of the text."""

from dataclasses import dataclass

import numpy as np

from numpygpt.measures.bits.mixing import Floats, Ints
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import Source

BLOCK_BYTES = 4096


@dataclass(frozen=True)
class BlockScores:
    """A text in blocks of about 4 kB, the same for every tokenizer; arrays (k,). A token's bits belong to the block
    of the first byte of its stretch, the tail's to the last block."""

    block_bytes: Ints
    block_chars: Ints
    bits_tokens: Floats
    bits_residual: Floats


@dataclass(frozen=True)
class TextScore:
    """What a model and its tokenizer need for a text of `n_bytes` UTF-8 bytes and `n_chars` characters.

    bits_tokens: of each token, float64 (n,); the first costs log2 V.   bits_residual: of its stretch, (n,).
    bits_tail: of what follows the last token.   blocks: the same bits, by place.
    """

    n_bytes: int
    n_chars: int
    bits_tokens: Floats
    bits_residual: Floats
    bits_tail: float
    blocks: BlockScores

    @property
    def val_loss(self) -> float:
        """Nats per token: never to be compared between vocabularies."""
        return float(self.bits_tokens.mean() * np.log(2)) if len(self.bits_tokens) else 0.0

    @property
    def bits(self) -> float:
        """The length of a code from which the text can be read back, given its number of tokens."""
        return float(self.bits_tokens.sum() + self.bits_residual.sum() + self.bits_tail)

    @property
    def bits_per_byte(self) -> float:
        """The headline: tokens and residual. For a lossy tokenizer the ceiling of what its model could reach."""
        return self.bits / max(self.n_bytes, 1)

    @property
    def bits_per_char(self) -> float:
        return self.bits / max(self.n_chars, 1)

    @property
    def bits_per_byte_tokens(self) -> float:
        """Tokens alone: for a lossy tokenizer the floor under any residual coder."""
        return float(self.bits_tokens.sum()) / max(self.n_bytes, 1)

    @property
    def bits_per_byte_residual(self) -> float:
        return float(self.bits_residual.sum() + self.bits_tail) / max(self.n_bytes, 1)

    def to_dict(self) -> dict[str, float]:
        """The keys of result.json."""
        of_bytes = ("bits_per_byte", "bits_per_char", "bits_per_byte_tokens", "bits_per_byte_residual")
        return {key: getattr(self, key) for key in ("val_loss", *of_bytes)}


def score_text(source: Source, nats: Floats, coder: ResidualCoder) -> TextScore:
    """Charge a text for everything. nats: -ln p of each of its tokens, the first ln V, (n,).

    AssertionError: an exact token's stretch is not what the ids tell, or a loss is negative or not finite.
    """
    nats = np.asarray(nats, np.float64)
    assert nats.shape == source.ids.shape, "one loss per token"
    assert ((nats >= -1e-9) & (nats < np.inf)).all(), "every loss is finite and at least zero"
    bits_tokens = nats / np.log(2)
    bits_residual, bits_tail = coder.bits(source)
    edges = block_edges(source.data)
    tokens, residual = (sum_by_block(bits, source.starts, edges) for bits in (bits_tokens, bits_residual))
    residual[-1:] += bits_tail
    blocks = BlockScores(np.diff(edges), np.diff(source.characters(edges)), tokens, residual)
    return TextScore(len(source.data), len(source.text), bits_tokens, bits_residual, bits_tail, blocks)


def sum_by_block(bits: Floats, starts: Ints, edges: Ints) -> Floats:
    """The bits (n,) of what begins at byte offsets `starts` (n,), summed over the k blocks between `edges`."""
    number = np.clip(np.searchsorted(edges, starts, side="right") - 1, 0, max(len(edges) - 2, 0))
    return np.bincount(number, bits, len(edges) - 1).astype(np.float64)


def block_edges(data: bytes, size: int = BLOCK_BYTES) -> Ints:
    """Byte offsets of the borders of k blocks, (k + 1,), first 0 and last len(data).

    A block ends with the first line that brings it to `size` bytes; if that line runs on past twice the size, it
    is cut at the next character. What is left at the end joins the last block if it is less than half of one.
    """
    edges = [0]
    while len(data) - edges[-1] > size:
        line_end = data.find(b"\n", edges[-1] + size - 1) + 1
        if not 0 < line_end <= edges[-1] + 2 * size:
            line_end = edges[-1] + 2 * size
            while line_end < len(data) and data[line_end] & 0xC0 == 0x80:
                line_end += 1
        edges.append(min(line_end, len(data)))
    if len(data) > edges[-1]:
        if len(edges) > 1 and len(data) - edges[-1] < size / 2:
            edges.pop()
        edges.append(len(data))
    return np.array(edges, np.int64)
