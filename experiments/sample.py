# ruff: noqa: E402  (threads are set before NumPy is imported)
"""Text from a trained model, as it is written: `python experiments/sample.py RUN [--prompt "ROMEO:"]`.

RUN is a run folder, or its name anywhere under outputs/ (the beginning is enough if only one run has it).
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.configuration.schema import REPOSITORY, SampleConfig
from numpygpt.errors import UserError, did_you_mean
from numpygpt.printing import print_anything
from numpygpt.runs import RunFolder, find_runs, is_folder

DECODED_TOGETHER, DECODED_AT_MOST = 64, 1024  # tokens

if TYPE_CHECKING:
    import numpy as np

    from numpygpt.models import GPT
    from numpygpt.tokenizers import Tokenizer


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sample.py", description="Print text that a trained model writes.")
    parser.add_argument("run", help="a run folder, or (the beginning of) a run's name under outputs/")
    parser.add_argument(
        "--prompt",
        default="\n",
        type=lambda typed: typed.replace(r"\n", "\n"),
        help=r"the text to continue; \n is a new line, and the default (--prompt=-x if it begins with a dash)",
    )
    parser.add_argument("--length", type=int, default=500, metavar="TOKENS", help="tokens per sample (500)")
    parser.add_argument("--number", type=int, default=1, metavar="N", help="how many samples (1)")
    parser.add_argument("--temperature", type=float, default=0.8, help="0: always the likeliest (0.8)")
    parser.add_argument("--top-k", type=int, metavar="K", help="only the K likeliest tokens")
    parser.add_argument("--top-p", type=float, metavar="P", help="only the likeliest tokens that make up P")
    parser.add_argument("--seed", type=int, help="the same seed, the same text (default: another every time)")
    chosen = parser.parse_args(argv)
    for name in ("length", "number"):
        if getattr(chosen, name) < 1:
            raise UserError(f"--{name}={getattr(chosen, name)} is not possible: it may be 1 or more")
    if chosen.seed is not None and chosen.seed < 0:
        raise UserError(f"--seed={chosen.seed} is not possible: it may be 0 or more")
    return chosen


def find_run(wanted: str, outputs: Path = REPOSITORY / "outputs") -> RunFolder:
    """The run of that path, name, or study/name. UserError: there is none, or more than one, or it is not done."""
    if is_folder(wanted):
        if not (Path(wanted) / "run.json").exists():
            raise UserError(f"{wanted} is not a run folder: name one of those in it, or a run's name")
        return _finished(RunFolder(Path(wanted)))
    names = {run: (run.name, run.path.relative_to(outputs).as_posix()) for run in find_runs(outputs)}
    found = [run for run, own in names.items() if wanted in own]
    found = found or [run for run, own in names.items() if any(name.startswith(wanted) for name in own)]
    if not found:
        hint = did_you_mean(wanted, [name for own in names.values() for name in own])
        raise UserError(f"there is no run {wanted} in {outputs}{hint}: name a run folder")
    if len(found) > 1:
        listed = ", ".join(names[run][1] for run in found[:5])
        raise UserError(f"{wanted} may be any of {len(found)} runs ({listed}): write more of the name")
    return _finished(found[0])


def _finished(run: RunFolder) -> RunFolder:
    state = run.state()
    if state == "failed":
        failure = run.failure() or {}
        raise UserError(f"the run {run.path} failed ({failure.get('reason')}): choose one that is done")
    if state != "done":
        raise UserError(
            f"the run {run.path} is not done ({state}): finish it with its command, or choose another"
        )
    return run


def load_model(run: RunFolder) -> "tuple[GPT, Tokenizer]":
    """The trained model and its tokenizer. Raises UserError if a file is missing or damaged."""
    import dataclasses

    from numpygpt import tokenizers
    from numpygpt.models import GPT, GPTConfig, NoDraws
    from numpygpt.training import checkpoints

    result, resolved = run.result(), run.run().get("resolved", {})
    tokenizer = tokenizers.load(run.tokenizer_path)
    if tokenizer.fingerprint() != resolved.get("tokenizer_fingerprint"):
        raise UserError(f"{run.tokenizer_path} is damaged: delete the folder and run its command again")
    shape = GPTConfig(**{field.name: result[field.name] for field in dataclasses.fields(GPTConfig)})
    model = GPT(shape, rng=NoDraws())
    checkpoints.load(run.checkpoint_path, model)
    return model, tokenizer


def stream(tokenizer: "Tokenizer", prompt: "np.ndarray", ids: Iterator[int]) -> Iterator[str]:
    """The text after the prompt in pieces, as soon as no further token can change them.

    A character may come in several byte tokens, and a word's spacing may hang on the next one: so the last
    tokens are always decoded together, and what the next token leaves as it was is given out.
    """
    latest = prompt.tolist()
    before = tokenizer.decode(latest)
    done = len(before)
    for id in ids:
        if len(latest) > 2 * DECODED_TOGETHER:
            later = _later(tokenizer, latest)
            shorter = tokenizer.decode(later)
            if before.endswith(shorter) and len(before) - done <= len(shorter):
                latest, done, before = later, len(shorter) - (len(before) - done), shorter
        latest.append(id)
        text = tokenizer.decode(latest)
        steady = min(_common(before, text), len(text.rstrip("\ufffd")))  # the next byte may complete it
        if steady > done:
            yield text[done:steady]
            done = steady
        before = text
    yield before[done:]


def _later(tokenizer: "Tokenizer", ids: list[int]) -> list[int]:
    """The last tokens, if possible from behind a line break on, where a word tokenizer forgets open quotes."""
    breaks = [
        at for at in range(1, len(ids) - DECODED_TOGETHER) if tokenizer.decode([ids[at - 1]]).endswith("\n")
    ]
    if breaks:
        return ids[breaks[-1] :]
    return ids[-DECODED_TOGETHER:] if len(ids) > DECODED_AT_MOST else ids


def _common(a: str, b: str) -> int:
    """Characters that two texts have in common at their beginnings."""
    n = min(len(a), len(b))
    return n if a[:n] == b[:n] else next(i for i in range(n) if a[i] != b[i])


def show(run: RunFolder, chosen: argparse.Namespace) -> None:
    """Prints the samples; more than one have a line between them."""
    import numpy as np

    from experiments.runner.samples import prompt_ids, sampled_ids

    model, tokenizer = load_model(run)
    prompt = prompt_ids(tokenizer, chosen.prompt)
    seed = chosen.seed if chosen.seed is not None else int(np.random.SeedSequence().generate_state(1)[0])
    settings = SampleConfig(
        tokens=chosen.length, temperature=chosen.temperature, top_k=chosen.top_k, top_p=chosen.top_p
    )
    for number in range(chosen.number):
        if chosen.number > 1:
            print(f"--- sample {number + 1} ---")
        print(chosen.prompt.lstrip("\n"), end="", flush=True)
        for piece in stream(tokenizer, prompt, sampled_ids(model, prompt, settings, seed, number)):
            print(piece, end="", flush=True)
        print()


def main(argv: Sequence[str] | None = None) -> int:
    print_anything()
    try:
        chosen = arguments(argv)
        show(find_run(chosen.run), chosen)
    except UserError as error:
        print(f"sample.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print()
        return 130
    except BrokenPipeError:  # `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


if __name__ == "__main__":
    sys.exit(main())
