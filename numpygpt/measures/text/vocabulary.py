"""Measures of a tokenizer alone, before any model is trained."""

from contextlib import suppress

import numpy as np
import numpy.typing as npt

from numpygpt.measures.bits.source import Source
from numpygpt.measures.text.edits import edit_rate
from numpygpt.tokenizers.base import Tokenizer
from numpygpt.tokenizers.unicode import WORDS, byte_offsets

RARE = 5
ALPHA = 2.5
AT_ONCE = 1 << 20  # ids counted at a time
Ids = npt.NDArray[np.integer]
# By the keys of result.json, which docs/METRICS.md defines. Shares are between 0 and 1.
Measures = dict[str, float | int | bool]


def tokenizer_measures(tokenizer: Tokenizer, train_ids: Ids, n_train_chars: int, val: Source) -> Measures:
    """What a tokenizer does to the training and the validation text.

    train_ids, n_train_chars: the ids of the training text, and its number of characters. Of this text are
    `chars_per_token`, what has `train` in its name, rare tokens and the efficiency; all else is of the other.
    """
    size = tokenizer.vocab_size
    train, seen = occurrences(train_ids, size), occurrences(val.ids, size)
    of_val = text_measures(tokenizer, val)
    never = np.flatnonzero(train == 0).tolist()
    return of_val | {
        "chars_per_token": n_train_chars / max(len(train_ids), 1),
        "chars_per_token_val": of_val["chars_per_token"],
        "vocab_used": int(np.count_nonzero(seen)) / size,
        "vocab_used_train": int(np.count_nonzero(train)) / size,
        "rare_tokens": int(np.count_nonzero(train < RARE)),
        "merge_residues": sum(len(tokenizer.token_bytes(id) or b"") > 1 for id in never),
        "unreachable_tokens": len(unreachable_tokens(tokenizer)),
        "unseen_tokens": int(np.count_nonzero((train == 0) & (seen > 0))),
        "unseen_rate": float(seen[train == 0].sum() / max(seen.sum(), 1)),
        "renyi_efficiency": renyi_efficiency(train),
    }


def text_measures(tokenizer: Tokenizer, source: Source) -> Measures:
    """What a tokenizer does to any text, also to one far from the training text."""
    text, n_tokens, n_chars = source.text, max(len(source.ids), 1), max(len(source.text), 1)
    unknown = source.ids == (-1 if tokenizer.unk_id is None else tokenizer.unk_id)
    widths = source.characters(source.ends) - source.characters(source.starts)
    decoded = tokenizer.decode(source.ids)
    return {
        "chars_per_token": len(text) / n_tokens,
        "fertility": len(source.ids) / max(len(text.split()), 1),
        "words_kept_whole": _words_kept_whole(source, unknown),
        "unknown_rate_tokens": float(unknown.sum() / n_tokens),
        "unknown_rate_chars": float(widths[unknown].sum() / n_chars),
        "split_chars": _split_chars(source) / n_chars,
        "round_trip": decoded == text,
        "char_edit_rate": edit_rate(decoded, text),
    }


def _words_kept_whole(source: Source, unknown: npt.NDArray[np.bool_]) -> float:
    """Share of the words, here runs of letters, digits, their marks and _, that lie inside one known token."""
    bounds = np.array([match.span() for match in WORDS.finditer(source.text)], np.int64).reshape(-1, 2)
    if not len(bounds) or not len(source.ids):
        return 0.0
    offsets = byte_offsets(source.text, bounds)
    first = np.searchsorted(source.ends, offsets[:, 0], side="right")
    last = np.searchsorted(source.ends, offsets[:, 1] - 1, side="right")
    last_known = np.append(~unknown, False)  # a word in the tail is in no token at all
    return float(np.mean((first == last) & last_known[last]))


def _split_chars(source: Source) -> int:
    """How many characters lie in more than one token."""
    inside = source.ends[source.ends < len(source.data)]
    inside = inside[np.frombuffer(source.data, np.uint8)[inside] & 0xC0 == 0x80]
    return len(np.unique(source.characters(inside)))


def occurrences(ids: Ids, vocab_size: int) -> npt.NDArray[np.intp]:
    """How often each id occurs, (V,). `ids` may be memory-mapped: it is read stretch by stretch."""
    counts = np.zeros(vocab_size, np.intp)
    for start in range(0, len(ids), AT_ONCE):
        counts += np.bincount(ids[start : start + AT_ONCE], minlength=vocab_size)
    return counts


def unigram_gap(seen: Ids, train: Ids, val: Ids, vocab_size: int) -> float:
    """Nats per token that `val` costs more than `train` under the frequencies of `seen`, which holds neither.

    All are ids (n,). Frequencies have one added to each count (Laplace), so that none is zero. NaN without `seen`.
    """
    if not len(seen):
        return float("nan")
    counts = occurrences(seen, vocab_size) + 1.0
    nats = np.log(counts.sum() / counts)
    return float(nats[val].mean() - nats[train].mean())


def unreachable_tokens(tokenizer: Tokenizer) -> list[int]:
    """Ids whose own text does not encode to just that id (Land & Bartolo 2024, "Fishing for Magikarp", section 3).

    Special tokens have no text of their own, and bytes that are only a part of a character cannot be put to the
    test by themselves: neither are counted.
    """
    unreachable = []
    for id in range(tokenizer.vocab_size):
        with suppress(UnicodeDecodeError):
            own = tokenizer.token_bytes(id)
            if own is not None and tokenizer.encode(own.decode()).tolist() != [id]:
                unreachable.append(id)
    return unreachable


def renyi_efficiency(counts: npt.ArrayLike) -> float:
    """Renyi entropy of the tokens' frequencies over the largest that the vocabulary allows, between 0 and 1.

    counts: occurrences of every entry of the vocabulary, zeros included, (V,).

        H = log(sum_v p_v^alpha) / (1 - alpha),  efficiency = H / log V

    Zouhar et al. 2023, "Tokenization and the noiseless channel", which recommends alpha 2.5.
    """
    values = np.asarray(counts, np.float64)
    if len(values) < 2 or not values.sum():
        return 0.0
    p = values[values > 0] / values.sum()
    return float(np.log((p**ALPHA).sum()) / (1 - ALPHA) / np.log(len(values)))
