"""Right answers to the exercises of docs/TOKENIZERS.md pass, wrong ones are told what is wrong."""

from collections import Counter
from itertools import pairwise

import pytest
import tokens


def judged(monkeypatch, check, **answers):
    """What an exercise's check says of answers, by the names of their functions."""
    for name, answer in answers.items():
        monkeypatch.setattr(tokens, name, answer)
    return check()


# --- 7: learn the merges ---


def learner(tie=lambda pair, numbers: tuple(numbers[s] for s in pair), least=2, neighbours=pairwise):
    def learn(words, n_merges):
        pieces = [list(word) for word in words]
        numbers = {letter: i for i, letter in enumerate(sorted(set("".join(words))))}
        merges = []
        while len(merges) < n_merges:
            counts = Counter(pair for piece in pieces for pair in neighbours(piece))
            best = max(counts.values(), default=0)
            if best < least:
                break
            pair = min((p for p, n in counts.items() if n == best), key=lambda p: tie(p, numbers))
            merges.append(pair)
            numbers["".join(pair)] = len(numbers)
            pieces = [merged(piece, pair) for piece in pieces]
        return merges

    return learn


def disjoint(piece):
    """Neighbours, but of a pair that overlaps its like only one: `aaa` has one `a a`."""
    skip = False
    for before, pair in pairwise([None, *pairwise(piece)]):
        skip = pair == before and not skip
        if not skip:
            yield pair


def merged(piece, pair):
    out, i = [], 0
    while i < len(piece):
        step = 2 if tuple(piece[i : i + 2]) == pair else 1
        out.append("".join(piece[i : i + step]))
        i += step
    return out


def test_learning_merges(monkeypatch):
    assert judged(monkeypatch, tokens.check_learn, learn=learner()) == []


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (learner(tie=lambda pair, numbers: tuple(-numbers[s] for s in pair)), "merge"),
        (learner(tie=lambda pair, numbers: "".join(pair)), "merge"),
        (learner(least=1), "there are"),
        (learner(neighbours=disjoint), "merge"),
        (lambda words, n: [("e", "a")], "merge 2 is ('t', 'ea'), not one of 1"),
    ],
)
def test_wrong_merges(monkeypatch, wrong, hint):
    assert any(hint in sentence for sentence in judged(monkeypatch, tokens.check_learn, learn=wrong))
