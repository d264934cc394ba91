"""Text that a trained model writes, printed as it is written."""

from typing import Any

from experiments.trained.load import load_model
from numpygpt.generation import prompt_ids, sample_ids, stream
from numpygpt.runs import RunFolder


def print_samples(run: RunFolder, prompt: str, length: int, number: int, seed: int, **settings: Any) -> None:
    """`number` samples of `length` tokens, `settings` as `generate` takes them.

    Raises UserError if the run is damaged, the prompt has no token, or a setting is out of range.
    """
    model, tokenizer = load_model(run)
    ids = prompt_ids(tokenizer, prompt)
    for k in range(number):
        if number > 1:
            print(f"--- sample {k + 1} ---")
        print(prompt.lstrip("\n"), end="", flush=True)
        for piece in stream(tokenizer, ids, sample_ids(model, ids, length, seed, k, **settings)):
            print(piece, end="", flush=True)
        print()
