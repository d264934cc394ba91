"""Measures of a tokenizer alone, before any model is trained."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from numpygpt.measures.bits.mixing import Ints
from numpygpt.measures.bits.source import Source
from numpygpt.measures.text.edits import edit_rate
from numpygpt.tokenizers.base import Tokenizer
from numpygpt.tokenizers.unicode import WORDS

RARE = 5
ALPHA = 2.5
AT_ONCE = 1 << 20  # ids counted at a time


@dataclass(frozen=True)
class TokenizerMeasures:
    """What a tokenizer does to the training and the validation text; docs/METRICS.md defines each field.

    Shares are between 0 and 1. Fields without `train` in their name are of the validation text.
    """

    chars_per_token_val: float
    chars_per_token: float
    fertility: float
    words_kept_whole: float
    unknown_rate_tokens: float
    unknown_rate_chars: float
    round_trip: bool
    char_edit_rate: float
    vocab_used: float
    vocab_used_train: float
    rare_tokens: int
    unreachable_tokens: int
    unseen_tokens: int
    unseen_rate: float
    renyi_efficiency: float

    def to_dict(self) -> dict[str, float | int | bool]:
        return asdict(self)


def tokenizer_measures(
    tokenizer: Tokenizer, train_ids: npt.NDArray[np.integer], n_train_chars: int, val: Source
) -> TokenizerMeasures:
    """All of them, from the ids of the training text and its number of characters, and from the validation text."""
    measures = TextMeasures(tokenizer, val)
    size = tokenizer.vocab_size
    train, seen = occurrences(train_ids, size), occurrences(val.ids, size)
    return TokenizerMeasures(
        chars_per_token_val=measures.chars_per_token,
        chars_per_token=n_train_chars / max(len(train_ids), 1),
        fertility=measures.fertility,
        words_kept_whole=measures.words_kept_whole,
        unknown_rate_tokens=measures.unknown_rate_tokens,
        unknown_rate_chars=measures.unknown_rate_chars,
        round_trip=measures.round_trip,
        char_edit_rate=measures.char_edit_rate,
        vocab_used=int(np.count_nonzero(seen)) / size,
        vocab_used_train=int(np.count_nonzero(train)) / size,
        rare_tokens=int(np.count_nonzero(train < RARE)),
        unreachable_tokens=len(unreachable_tokens(tokenizer)),
        unseen_tokens=int(np.count_nonzero((train == 0) & (seen > 0))),
        unseen_rate=float(seen[train == 0].sum() / max(seen.sum(), 1)),
        renyi_efficiency=renyi_efficiency(train),
    )


def occurrences(ids: npt.NDArray[np.integer], vocab_size: int) -> npt.NDArray[np.intp]:
    """How often each id occurs, (V,). `ids` may be memory-mapped: it is read stretch by stretch."""
    counts = np.zeros(vocab_size, np.intp)
    for start in range(0, len(ids), AT_ONCE):
        counts += np.bincount(ids[start : start + AT_ONCE], minlength=vocab_size)
    return counts


def unigram_gap(
    seen: npt.NDArray[np.integer],
    train: npt.NDArray[np.integer],
    val: npt.NDArray[np.integer],
    vocab_size: int,
) -> float:
    """Nats per token that `val` costs more than `train` under the frequencies of `seen`, which holds neither.

    All are ids (n,). Frequencies have one added to each count (Laplace), so that none is zero. NaN without `seen`.
    """
    if not len(seen):
        return float("nan")
    counts = occurrences(seen, vocab_size) + 1.0
    nats = np.log(counts.sum() / counts)
    return float(nats[val].mean() - nats[train].mean())


class TextMeasures:
    """The measures that any text has under a tokenizer: also for texts far from the training text."""

    def __init__(self, tokenizer: Tokenizer, source: Source) -> None:
        self.tokenizer, self.source, self.text = tokenizer, source, source.text
        unk = tokenizer.unk_id
        self._unknown = np.zeros(len(source.ids), bool) if unk is None else source.ids == unk

    @property
    def chars_per_token(self) -> float:
        return len(self.text) / max(len(self.source.ids), 1)

    @property
    def fertility(self) -> float:
        """Tokens per word, words being what stands between whitespace."""
        return len(self.source.ids) / max(len(self.text.split()), 1)

    @property
    def words_kept_whole(self) -> float:
        """Share of the words, here runs of letters, digits, their marks and _, that lie inside one known token."""
        bounds = np.array([match.span() for match in WORDS.finditer(self.text)], np.int64).reshape(-1, 2)
        if not len(bounds) or not len(self.source.ids):
            return 0.0
        offsets = self._byte_offsets
        first = np.searchsorted(self.source.ends, offsets[bounds[:, 0]], side="right")
        last = np.searchsorted(self.source.ends, offsets[bounds[:, 1]] - 1, side="right")
        last_known = np.append(~self._unknown, False)  # a word in the tail is in no token at all
        return float(np.mean((first == last) & last_known[last]))

    @cached_property
    def _byte_offsets(self) -> Ints:
        """The byte at which each character begins, and the number of bytes: (characters + 1,)."""
        begins = np.flatnonzero((np.frombuffer(self.source.data, np.uint8) & 0xC0) != 0x80)
        return np.append(begins, len(self.source.data)).astype(np.int64)

    @property
    def unknown_rate_tokens(self) -> float:
        return float(self._unknown.mean()) if len(self._unknown) else 0.0

    @property
    def unknown_rate_chars(self) -> float:
        """Share of the characters that lie in stretches of `<unk>`, with the spaces that go with them."""
        widths = self.source.characters(self.source.ends) - self.source.characters(self.source.starts)
        return float(widths[self._unknown].sum() / max(len(self.text), 1))

    @cached_property
    def _decoded(self) -> str:
        return self.tokenizer.decode(self.source.ids)

    @property
    def round_trip(self) -> bool:
        return self._decoded == self.text

    @property
    def char_edit_rate(self) -> float:
        """Characters to insert, delete or replace, per character of the source, to mend the decoded text."""
        return edit_rate(self._decoded, self.text)

    def to_dict(self) -> dict[str, float | bool]:
        keys = (
            *("chars_per_token", "fertility", "words_kept_whole"),
            *("unknown_rate_tokens", "unknown_rate_chars", "round_trip", "char_edit_rate"),
        )
        return {key: getattr(self, key) for key in keys}


def unreachable_tokens(tokenizer: Tokenizer) -> list[int]:
    """Ids whose own text does not encode to just that id (Land & Bartolo 2024, "Fishing for Magikarp", section 3).

    Special tokens have no text of their own, and bytes that are only a part of a character cannot be put to the
    test by themselves: neither are counted.
    """
    unreachable = []
    for id in range(tokenizer.vocab_size):
        own = tokenizer.token_bytes(id)
        if own is None:
            continue
        try:
            text = own.decode()
        except UnicodeDecodeError:
            continue
        if tokenizer.encode(text).tolist() != [id]:
            unreachable.append(id)
    return unreachable


def renyi_efficiency(counts: npt.ArrayLike, alpha: float = ALPHA) -> float:
    """Renyi entropy of the tokens' frequencies over the largest that the vocabulary allows, between 0 and 1.

    counts: occurrences of every entry of the vocabulary, zeros included, (V,).

        H = log(sum_v p_v^alpha) / (1 - alpha),  efficiency = H / log V

    Zouhar et al. 2023, "Tokenization and the noiseless channel", which recommends alpha 2.5; alpha 1 is Shannon's.
    """
    values = np.asarray(counts, np.float64)
    if len(values) < 2 or not values.sum():
        return 0.0
    p = values[values > 0] / values.sum()
    entropy = -(p @ np.log(p)) if alpha == 1 else np.log((p**alpha).sum()) / (1 - alpha)
    return float(entropy / np.log(len(values)))
