"""Marks in what finished runs wrote: `python experiments/mark.py RUN ...`.

Writes samples.json beside samples.txt: which words the training text does not have, which speakers it has, and what
was copied from it, for the report to show. Runs do so at their end; this is for runs that ended before they did. No
model is needed, but the very corpus. RUN is a run folder, (the beginning of) a run's name, or a study's folder.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from experiments.score import runs_of
from numpygpt.data.corpus import resolve
from numpygpt.errors import UserError
from numpygpt.printing import print_anything
from numpygpt.runs import RunFolder

if TYPE_CHECKING:
    from numpygpt.measures.generated import Reference


def samples_of(page: str, prompt: str) -> list[str]:
    """The samples of a samples.txt without their prompt. Raises ValueError if it cannot be told where one ends."""
    parts = re.split(r"^--- sample (\d+) ---\n", page, flags=re.MULTILINE)[1:]
    numbers, texts = parts[::2], [text.removesuffix("\n") for text in parts[1::2]]
    whole = numbers == [str(n) for n in range(1, len(texts) + 1)] and texts
    if not whole or not all(text.startswith(prompt) for text in texts):
        raise ValueError("it is not a page of samples")
    return [text.removeprefix(prompt) for text in texts]


def mark(run: RunFolder) -> int:
    """Writes samples.json of a finished run; returns how many samples it holds.

    Raises UserError if the run has no samples, is locked or damaged, or its corpus is not to be had.
    """
    from experiments.measured import samples_record

    record = run.run()
    prompt = record["config"]["sample"]["prompt"]
    try:
        samples = samples_of(run.samples_path.read_bytes().decode("utf-8"), prompt)
    except OSError as error:
        raise UserError(
            f"{run.samples_path} cannot be read ({error.strerror}): choose a run that wrote samples"
        ) from error
    except ValueError as error:
        raise UserError(
            f"{run.samples_path} cannot be taken apart ({error}): choose another run, or train it again"
        ) from error
    data, corpus = record["config"]["data"], record["corpus"]
    reference = _reference(data["kind"], data["path"], corpus["sha256"], data["val_fraction"])
    with run.lock():
        run.write_samples(samples_record(prompt, samples, reference))
    return len(samples)


@lru_cache(maxsize=1)
def _reference(kind: str, path: str | None, sha256: str, val_fraction: float) -> "Reference":
    """The words, speakers and stretches of a training text, gathered once for all runs on it."""
    from experiments.measured import training_excerpt
    from numpygpt.measures.generated import Reference

    corpus = resolve(kind, path)
    if corpus.sha256 != sha256:
        raise UserError(
            f"the corpus {corpus.path} has sha256 {corpus.sha256}, but the run was trained on {sha256}: "
            "put that text back to have its words looked up"
        )
    return Reference(training_excerpt(corpus.parts(val_fraction)[0]), "")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 all marked, 2 something was refused."""
    print_anything()
    parser = argparse.ArgumentParser(
        prog="mark.py", description="Mark what finished runs wrote, for the report."
    )
    parser.add_argument("runs", nargs="+", metavar="RUN",
                        help="a run folder, (the beginning of) a run's name, or a study's folder")  # fmt: skip
    faults: list[UserError] = []
    marked = 0
    try:
        wanted = {run.path.resolve(): run for name in parser.parse_args(argv).runs for run in runs_of(name)}
    except UserError as error:
        wanted, faults = {}, [error]
    for run in wanted.values():
        try:
            mark(run)
            marked += 1
        except UserError as error:
            faults.append(error)
        except KeyboardInterrupt:
            print("mark.py: stopped", file=sys.stderr)
            return 130
    if marked:
        print(f"marked the samples of {marked} run{'s' * (marked != 1)}; the report shows them")
    for fault in faults:
        print(f"mark.py: {fault}", file=sys.stderr)
    return 2 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
