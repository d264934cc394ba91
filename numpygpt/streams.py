"""Independent streams of random numbers, each a pure function of (seed, stream, step, slice).

There is no global seed: whatever draws numbers is handed a generator. Because a generator is derived from
the step, and not advanced by earlier steps, a resumed run draws what it would have drawn, with nothing saved.
"""

import numpy as np

STREAMS = ("init", "data", "dropout", "sample", "evaluation")


def generator(seed: int, stream: str, step: int = 0, slice: int = 0) -> np.random.Generator:
    """The generator of `stream` at `step` for one slice of the batch (counter-based: Philox)."""
    key = np.random.SeedSequence(entropy=seed, spawn_key=(STREAMS.index(stream), step, slice))
    return np.random.Generator(np.random.Philox(key))
