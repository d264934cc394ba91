"""What docs/METRICS.md tells with our own figures: tokenizers trained on the same text, several seeds each."""

import math
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.display import plus_minus
from analysis.uncertainty import MIN_SEEDS
from analysis.verdicts import COUNT, Contender, Verdict
from making.metrics_figures import blocks_figure, floors_figure, losses_figure
from making.records import Study, study
from making.words import markdown_table
from numpygpt.errors import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STUDIES = ("quick-text", "quick-iters")  # equal text is the fairer; either tells the story
LOSSY, RIVAL = "word", "bpe"  # the pair of which the essay tells
UNKNOWN = 0  # the lossy tokenizer's number for it
PASSAGE = " affability and bashful modesty"  # a stretch that shows what is charged


def kept() -> Study:
    """The first of STUDIES that is complete: every tokenizer under the same seeds, enough of them for a rank."""
    for name in STUDIES:
        found = study(name)
        seeds = {group.seeds for comparison in found.comparisons for group in comparison.groups}
        if len(found.labels) > 2 and len(seeds) == 1 and len(seeds.pop()) >= MIN_SEEDS:
            return found
    raise UserError(f"none of {', '.join(STUDIES)} is complete in docs/results: run and keep what is missing")


@cache
def told() -> Study:
    """The study of which the essay tells. Raises UserError if its figures tell another story."""
    found = kept()
    by_loss, by_bits = (_ranked(found, key) for key in ("val_loss", "bits_per_byte"))
    if by_loss[0] != by_bits[-1]:
        raise UserError("the lowest loss per token no longer has the most bits per byte: tell it anew")
    if found.only.conclusion.leader != LOSSY:
        raise UserError(f"{LOSSY} no longer beats all others from its ceiling: tell it anew")
    return found


def _ranked(among: Study, key: str) -> list[str]:
    return sorted(among.labels, key=lambda label: among.mean(label, key))


def verdict() -> Verdict:
    """What the report concludes of the pair, LOSSY taken at its ceiling."""
    pairs = kept().only.conclusion.verdicts
    return next(v for v in pairs if {v.a, v.b} == {LOSSY, RIVAL})


# --- why losses per token cannot be compared ---


def shown(label: str, key: str) -> str:
    return told().shown(label, key)


def ranking(key: str) -> str:
    """The tokenizers by a measure, lowest first: `char < word < bpe`."""
    return " < ".join(_ranked(told(), key))


def losses_table() -> str:
    heads = ["tokenizer", "loss, nats per token", "tokens of the text", "bits per byte"]
    keys = ("val_loss", "val_tokens", "bits_per_byte")
    rows = [[label, *(_cell(label, key) for key in keys)] for label in told().labels]
    return markdown_table(heads, rows)


def _cell(label: str, key: str) -> str:
    return f"{told().mean(label, key):,.0f}" if key == "val_tokens" else told().shown(label, key)


def exchange(label: str) -> str:
    """The way from nats per token to bits per byte, with the figures of one setting."""
    s = told()
    nats, tokens, n_bytes = s.mean(label, "val_loss"), s.mean(label, "val_tokens"), s.only.val_bytes
    bits = nats / math.log(2)
    result = bits * tokens / n_bytes
    return (
        f"{label:4}   {nats:.3f} nats per token / ln 2 = {bits:.3f} bits per token\n"
        f"           {bits:.3f} * {tokens:,.0f} tokens / {n_bytes:,} bytes = {result:.3f} bits per byte"
    )


def n_tokenizers() -> str:
    return COUNT[len(told().labels)]


def n_seeds() -> int:
    return len(told().only.groups[0].seeds)


def budget() -> str:
    """What was held equal: `768,000 characters seen`."""
    return told().only.budget


def times_tokens(label: str, rival: str) -> str:
    """How many times as many tokens one setting needs for the validation text."""
    return f"{told().mean(label, 'val_tokens') / told().mean(rival, 'val_tokens'):.1f}"


# --- what is charged ---


def stretches() -> list[tuple[str, str, str, str]]:
    """PASSAGE as the lossy tokenizer's first run scored it, token by token.

    The stretch of text, what stands for it, the bits of the token and those of what it leaves out.
    """
    passage = next(p for p in told().folders(LOSSY)[0].passages() if PASSAGE in p["text"])
    data, start = passage["text"].encode(), passage["text"].index(PASSAGE)
    first, last = (len(passage["text"][:n].encode()) for n in (start, start + len(PASSAGE)))
    rows = []
    for begin, end, id, bits, residual in zip(
        [0, *passage["ends"]], passage["ends"], passage["ids"], passage["bits"], passage["bits_residual"],
        strict=False,
    ):  # fmt: skip
        if first <= begin < last:
            stretch = data[begin:end].decode()
            seen = "<unk>" if id == UNKNOWN else stretch.strip().lower()
            rows.append((stretch, seen, f"{bits:.1f}", f"{residual:.1f}"))
    return rows


def _residuals() -> dict[bool, list[float]]:
    """What the lossy tokenizer is charged for tokens that are known (True) and unknown, in its kept passages."""
    found: dict[bool, list[float]] = {True: [], False: []}
    for passage in told().folders(LOSSY)[0].passages():
        for id, bits in zip(passage["ids"], passage["bits_residual"], strict=True):
            found[id != UNKNOWN].append(bits)
    return found


def known_stretch_bits() -> str:
    return f"{np.mean(_residuals()[True]):.2f}"


def share_of_unknown() -> str:
    known, unknown = (sum(_residuals()[side]) for side in (True, False))
    return f"{unknown / (known + unknown):.0%}".replace("%", " %")


# --- two doubts ---


def difference(kind: str) -> str:
    """RIVAL less LOSSY in bits per byte with its interval, over seeds or over text."""
    found = verdict().seeds if kind == "seeds" else verdict().text
    assert found is not None
    return plus_minus(found.value, found.half)


def half(which: str) -> str:
    """The same difference on the first or the second half of the validation text."""
    text = verdict().text
    assert text is not None
    return f"{text.first_half if which == 'first' else text.second_half:.2f}"


def neighbours() -> str:
    """How the difference of a block is correlated with that of the one before it."""
    text = verdict().text
    assert text is not None
    return f"{text.neighbours:.2f}"


def n_blocks() -> int:
    text = verdict().text
    assert text is not None
    return text.n_blocks


def n_pairs() -> int:
    return len(told().only.conclusion.verdicts)


def _contender(label: str) -> Contender:
    return next(c for c in told().only.contenders if c.label == label)


VALUES: dict[str, Callable[..., Any]] = {
    "shown": shown,
    "ranking": ranking,
    "losses_table": losses_table,
    "n_tokenizers": n_tokenizers,
    "n_seeds": n_seeds,
    "in_words": COUNT.__getitem__,
    "budget": budget,
    "exchange": exchange,
    "times_tokens": times_tokens,
    "stretches": stretches,
    "verdict": verdict,
    "known_stretch_bits": known_stretch_bits,
    "share_of_unknown": share_of_unknown,
    "difference": difference,
    "half": half,
    "neighbours": neighbours,
    "n_blocks": n_blocks,
    "n_pairs": n_pairs,
}
FIGURES: dict[str, "Callable[[], Figure]"] = {
    "metrics-losses": lambda: losses_figure(told()),
    "metrics-floors": lambda: floors_figure(told(), LOSSY),
    "metrics-doubts": lambda: blocks_figure(_contender(LOSSY), _contender(RIVAL), verdict()),
}
