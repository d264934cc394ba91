"""The exercises of docs/METRICS.md: fill in what raises NotImplementedError, and have answer 1 checked by

python examples/exercises/metrics.py 1
"""

import json
import math
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
from checking import report

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
        tokens, rest, due = (run[f"bits_per_byte{part}"] for part in ("_tokens", "_residual", ""))
        found = bits_per_byte(run["val_loss"], run["val_tokens"], run["n_bytes"], rest * run["n_bytes"])
        if math.isclose(found, due, rel_tol=1e-9):
            continue
        misses = {
            "that is bits per token": run["val_loss"] / math.log(2),
            "a nat is 1 / ln 2 bits": tokens * math.log(2) + rest,
        }
        if rest:
            misses["that is without the residual"] = tokens
        whys = [f": {why}" for why, miss in misses.items() if math.isclose(found, miss, rel_tol=1e-3)]
        return [f"what {run['run']} needs is {found}, and should be {due}{''.join(whys)}"]
    return []


# --- 2: the cheat ---

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
    report(check_bits_per_byte, check_cheat)
