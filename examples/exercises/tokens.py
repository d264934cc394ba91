"""Exercise 7 of docs/TOKENIZERS.md: fill in what raises NotImplementedError, and have it checked by

python examples/exercises/tokens.py 7
"""

from checking import report

from numpygpt.tokenizers import create

# --- 7: learn the merges of a BPE ---


def learn(words: list[str], n_merges: int) -> list[tuple[str, str]]:
    """The first n_merges merges of a BPE on these words, in order: fewer if no pair stands there twice.

    Symbols are numbered: first the letters of all words in the order of their code points, then each merged
    symbol as it is made. The most frequent pair of neighbours is merged, everywhere, from left to right; of
    several that are equally frequent the one with the smaller number in front, then the one with the smaller
    number behind. All neighbours count: in `aaa` there are two pairs `a a`.
    """
    raise NotImplementedError


LEARNT = (
    " tea team tea steam meat",
    " banana bananas ban band",
    " she sells sea shells by the sea shore the shells she sells are sea shells",
    " caaa caaa ab ab ab",
    " to be or not to be that is the question whether tis nobler in the mind to suffer",
)


def due(text: str) -> list[tuple[str, str]]:
    tokenizer = create("bpe", vocab_size=200, min_freq=2)
    tokenizer.train(text)
    return [(left, right) for left, right in tokenizer.to_dict()["merges"]]


def check_learn() -> list[str]:
    wrong = []
    for text in LEARNT:
        words, merges = [" " + word for word in text.split()], due(text)
        for number, merge in enumerate(merges, start=1):
            found = [tuple(pair) for pair in learn(words, number)]
            if found[-1:] != [merge] or len(found) != number:
                last = found[-1] if len(found) == number else f"one of {len(found)}"
                wrong.append(f"{text.strip()!r}: merge {number} is {merge}, not {last}")
                break
        else:
            if len(found := learn(words, 1000)) != len(merges):
                wrong.append(f"{text.strip()!r}: there are {len(merges)} merges, not {len(found)}")
    return wrong


if __name__ == "__main__":
    report(check_learn, first=7)
