"""A small text to train on."""

import numpy as np

SENTENCES = (
    "The cat sat on the mat.",
    "A dog, it seems, ate the cat's hat!",
    "Who sat there? Nobody: only a bat.",
    "Then SHE came home, and all  was well.",
)


def prose(n: int, seed: int) -> str:
    """n sentences in an order of its own, with a few dozen different words."""
    order = np.random.default_rng(seed).integers(0, len(SENTENCES), n)
    return "".join(SENTENCES[k] + ("\n\n" if i % 5 == 0 else " ") for i, k in enumerate(order))
