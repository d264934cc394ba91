"""What the tokenizer tests share: a small text to train on, and one trained tokenizer of every kind."""

import sys
from pathlib import Path

import pytest

from numpygpt.tokenizers import KINDS, Tokenizer, create

sys.path.insert(0, str(Path(__file__).parent))  # for `spans`, what any tokenizer's must hold

SMALL_TEXT = (
    """First Citizen:
Before we proceed any further, hear me speak. It's 1623, o' the clock!
All:
Speak, speak.\tThe cat sat on the mat; the cat, the mat, the <unk>.  Two  spaces.\r
The cafe\u0301 and the café; naïve façade — “quoted”. 你好\uff0c世界。 😀👍🏽
"""
    * 3
)

OPTIONS = {
    "word": {"min_freq": 1},
    "word-lossless": {"min_freq": 2},
    "bpe": {"vocab_size": 160},
    "bpe-bytefallback": {"vocab_size": 420, "character_coverage": 0.98},
    "bpe-bytelevel": {"vocab_size": 340},
    "superbpe": {"vocab_size": 360, "transition": 0.9},
    "unigram": {"vocab_size": 420, "character_coverage": 0.98},
}
MARKED = [f"{kind} marks" for kind in KINDS if "bpe" in kind]  # with tokenizer.case=marks


def trained(kind: str, **options: object) -> Tokenizer:
    if kind in MARKED:
        kind, options = kind.removesuffix(" marks"), {"case": "marks", **options}
    tokenizer = create(kind, **{**OPTIONS.get(kind, {}), **options})
    tokenizer.train(SMALL_TEXT)
    return tokenizer


@pytest.fixture(scope="session", params=[*KINDS, *MARKED])
def tokenizer(request: pytest.FixtureRequest) -> Tokenizer:
    """Each kind in turn, trained on SMALL_TEXT."""
    return trained(request.param)


@pytest.fixture(scope="session")
def small_text() -> str:
    return SMALL_TEXT


@pytest.fixture(scope="session")
def train_small():
    """train_small(kind, **options): a tokenizer trained on the small text."""
    return trained
