"""The exercises of docs/METRICS.md: fill in what raises NotImplementedError, and have answer 1 checked by

python examples/exercises/metrics.py 1
"""

import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np
from checking import Array, check_values, report

from analysis.inference.uncertainty import welch, within_text
from numpygpt.data import resolve
from numpygpt.errors import UserError
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.scores import TextScore, score_text
from numpygpt.measures.bits.source import Source
from numpygpt.tokenizers import create

# --- 1: from a loss per token to bits per byte ---

RECORDS = Path(__file__).resolve().parents[2] / "docs" / "results"


def bits_per_byte(nats_per_token: float, n_tokens: int, n_bytes: int, residual_bits: float) -> float:
    """What a text of n_bytes costs per byte, if it is n_tokens tokens of so many nats each on average.

    residual_bits: what it takes to write down all that the tokens leave out, for the whole text.
    """
    raise NotImplementedError


def runs() -> list[dict]:
    """What every kept run measured, with its name and the bytes of its validation text."""
    lines = [line for path in sorted(RECORDS.glob("*.jsonl")) for line in path.open(encoding="utf-8")]
    return [
        kept["result"] | {"run": kept["run"]["name"], "n_bytes": kept["run"]["corpus"]["val_bytes"]}
        for kept in map(json.loads, lines)
        if "result" in kept
    ]


def check_bits_per_byte() -> list[str]:
    for run in runs():
        tokens, rest, name = (
            run["bits_per_byte_tokens"],
            run["bits_per_byte_residual"],
            f"what {run['run']} needs",
        )
        found = bits_per_byte(run["val_loss"], run["val_tokens"], run["n_bytes"], rest * run["n_bytes"])
        misses = {
            "that is bits per token": run["val_loss"] / math.log(2),
            "a nat is 1 / ln 2 bits": tokens * math.log(2) + rest,
        }
        if rest:
            misses["that is without the residual"] = tokens
        if wrong := check_values({name: found}, {name: run["bits_per_byte"]}, misses):
            return wrong
    return []


# --- 2: floor and ceiling ---


@dataclass(frozen=True)
class Side:
    """A tokenizer's bits per byte: its tokens alone, and with what our residual coder charges for the rest.

    The two are equal for a tokenizer that loses nothing.
    """

    floor: float
    ceiling: float


def verdict(a: Side, b: Side) -> str:
    """Who needs fewer bits, whichever residual coder one prefers for either: "a", "b" or "depends"."""
    raise NotImplementedError


CASES = (  # all differences are taken to be sure
    (Side(1.91, 2.31), Side(2.77, 2.77), "a"),
    (Side(2.48, 2.48), Side(1.76, 2.16), "b"),
    (Side(1.91, 2.31), Side(2.10, 2.10), "depends"),
    (Side(1.91, 2.31), Side(1.80, 1.80), "b"),
    (Side(2.48, 2.48), Side(2.50, 2.50), "a"),
    (Side(1.70, 2.30), Side(1.90, 2.00), "depends"),  # a's floor is lower, b's ceiling is
    (Side(1.70, 1.80), Side(1.75, 2.60), "depends"),  # both are lower, and still
    (Side(1.70, 1.80), Side(1.85, 2.60), "a"),
    (Side(2.40, 2.90), Side(1.70, 2.39), "b"),
)


def check_verdict() -> list[str]:
    return [
        f"a from {a.floor} to {a.ceiling}, b from {b.floor} to {b.ceiling}: not {found!r}"
        for a, b, due in CASES
        if (found := verdict(a, b)) != due
    ]


# --- 3: the doubt of the seeds ---


def interval(a: Array, b: Array) -> tuple[float, float]:
    """mean(a) - mean(b), and the half-width of its 95 % interval, for totals of some seeds each, (n,) and (m,).

    By Welch's t: the squared standard errors of the two means add up, and the degrees of freedom are

        (e_a + e_b)^2 / (e_a^2 / (n - 1) + e_b^2 / (m - 1))

    with e_a and e_b the two squared standard errors. `scipy.special.stdtrit(df, 0.975)` says how many standard
    errors the interval reaches to either side.
    """
    raise NotImplementedError


def check_interval() -> list[str]:
    rng, found, expected, misses = np.random.default_rng(1), {}, {}, {}
    for n, m, spread in ((5, 5, 1.0), (3, 8, 4.0), (10, 3, 0.2)):
        a, b = 2.3 + 0.01 * rng.normal(size=n), 2.8 + 0.01 * spread * rng.normal(size=m)
        due, names = (
            welch(a, b),
            [f"the {what} of {n} and {m} seeds" for what in ("difference", "half-width")],
        )
        found |= dict(zip(names, interval(a, b), strict=True))
        expected |= dict(zip(names, (due.value, due.half), strict=True))
        biased = math.sqrt(a.var() / n + b.var() / m)
        misses |= {
            "that is one standard error": due.se,
            "a sample's variance is divided by n - 1 (ddof=1)": biased * due.half / due.se,
            "1.96 is for many seeds: with few, t reaches further": 1.96 * due.se,
        }
        if wrong := check_values(found, expected, misses):
            return wrong
    return []


# --- 4: the doubt of the text ---


def neighbours(bits_a: Array, bits_b: Array, block_bytes: Array) -> tuple[float, float]:
    """The difference a - b in bits per byte over all blocks (n,), and the correlation of neighbouring blocks.

    The blocks are not of equal length: the difference is a ratio of sums. What is correlated is what each block
    adds to it, its own difference in bits less that of a block of its length at the difference over all.
    """
    raise NotImplementedError


def check_neighbours() -> list[str]:
    rng = np.random.default_rng(1)
    size = rng.integers(2000, 6000, 27).astype(np.float64)  # bytes
    b = size * rng.normal(2.8, 0.2, 27)
    scene = np.convolve(rng.normal(0, 0.1, 29), np.ones(3), "valid")  # a scene is longer than a block
    a = b - size * (0.4 + size / 20000 + scene)  # long blocks favour a
    due, names = within_text(a, b, size), ("the difference", "the correlation")
    misses = {
        "in a mean over blocks a short one counts like a long one": float(((a - b) / size).mean()),
        "that is the one of bits, of which a long block has more": np.corrcoef((a - b)[1:], (a - b)[:-1])[
            0, 1
        ],
    }
    found, expected = neighbours(a, b, size), (due.value, due.neighbours)
    return check_values(*(dict(zip(names, pair, strict=True)) for pair in (found, expected)), misses)


# --- 5: the cheat ---

TRAIN_CHARS, VAL_CHARS = 200_000, 20_000


class Cheat:
    """A tokenizer under which a model that gives every token the same probability loses nothing per token.

    Such a model pays ln V for each token. How many different tokens can there be? The stretches may be cut as you
    like, as long as they tile the text; words are not a bad idea.
    """

    unk_id = 0  # stands for anything: the residual coder spells it from scratch

    def train(self, text: str) -> None:
        """Sets self.vocab_size, V."""
        raise NotImplementedError

    def spans(self, text: str) -> tuple[list[int], list[int]]:
        """The ids of the text, and where the stretch of each ends, in characters."""
        raise NotImplementedError

    def encode(self, text: str) -> list[int]:
        return self.spans(text)[0]

    def decode(self, ids: list[int]) -> str:
        return "word " * len(ids)


def score(cheat: type) -> TextScore:
    """What a model that knows nothing needs for the beginning of the validation text under this tokenizer."""
    module = ModuleType("cheat")
    module.__dict__["Cheat"] = cheat
    sys.modules["cheat"] = module
    train, val = resolve("shakespeare", allow_fallback=True).split(0.1)
    train, val = train[-TRAIN_CHARS:], val[:VAL_CHARS]
    tokenizer = create("custom", factory="cheat:Cheat")
    tokenizer.train(train)
    ids, ends = tokenizer.spans(val)
    nats = np.full(len(ids), math.log(tokenizer.vocab_size))
    return score_text(Source(val, ids, ends), nats, ResidualCoder.fit(tokenizer, train))


def check_cheat() -> list[str]:
    Cheat().train("O Romeo!")  # before they are called where errors are made into sentences
    Cheat().spans("O Romeo!")
    try:
        found = score(Cheat)
    except (UserError, AssertionError) as error:
        return [str(error)]
    if found.val_loss > 1e-9:
        return [f"the loss is {found.val_loss:.3f} nats per token: are there fewer different tokens?"]
    print(
        f"A loss of {found.val_loss:.3f} nats per token, without any learning. In bits per byte: "
        f"tokens {found.bits_per_byte_tokens:.3f}, residual {found.bits_per_byte_residual:.3f}, "
        f"together {found.bits_per_byte:.3f}."
    )
    return []


if __name__ == "__main__":
    report(check_bits_per_byte, check_verdict, check_interval, check_neighbours, check_cheat)
