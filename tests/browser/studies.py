"""Studies whose reports a browser opens: one as a sweep leaves it, one full of markup."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from synthetic import make_run

from numpygpt.runs import RunFolder

VERSES = (
    "KING HENRY:\nOnce more unto the breach, dear friends, once more;\nOr close the wall up with our dead.\n",
    "JULIET:\nO Romeo, Romeo! wherefore art thou Romeo?\nDeny thy father and refuse thy name;\n",
)
OWN = "The naïve café, 日本語, costs 42 €.\n"
EVIL = "<script>window.hacked=1</script><img src=x onerror=window.hacked=2>\"'&lt;b&gt;"
EVIL_NAME = "<img src=x onerror=window.hacked=3>"
PIECES = {"char": ".", "word": r"\w+|[^\w\s]|\n", "bpe": r" ?\w{1,3}|\W", "bpe-bytefallback": r" ?\w{1,2}|\W"}


def passage(text: str, tokenizer: str, start: int = 0, **more: Any) -> dict[str, Any]:
    """An entry of passages.json, with tokens about as that tokenizer cuts them and bits of nobody's."""
    ends = [len(text[: m.end()].encode()) for m in re.finditer(PIECES[tokenizer], text, re.DOTALL)]
    rng = np.random.default_rng([start, len(text)])
    bits = rng.gamma(2.0, 2.0, len(ends)).round(4)
    residual = (rng.gamma(1.0, 1.0, len(ends)) * (tokenizer == "word")).round(4)
    ids = rng.integers(0, 999, len(ends))
    entry = {"start": start, "text": text, "ids": ids.tolist(), "ends": ends}
    return entry | {"bits": bits.tolist(), "bits_residual": residual.tolist()} | more


def dress(run: RunFolder, tokenizer: str, verses: tuple[str, ...], samples: tuple[str, ...]) -> None:
    """Passages and samples, as a run leaves them; the last verse is a user's own."""
    *own, last = verses
    entries = [passage(text, tokenizer, 400 * number) for number, text in enumerate(own)]
    run.write_passages([*entries, passage(last, tokenizer, name="mine.txt", bits_tail=0.0)])
    marks = {"foreign": [[0, 4]], "speaker": [[0, 4]], "stranger": [], "copied": [[2, 9]]}
    entries = [{"text": text, "n_words": 9, "marks": marks} for text in samples]
    run.write_samples({"prompt": "", "least_copied": 20, "samples": entries})


def usual_study(root: Path) -> Path:
    """Three tokenizers and four sizes of one of them, three seeds each; one run failed, one was cut short."""
    for seed in (1, 2, 3):
        for tokenizer in ("char", "word", "bpe"):
            dress(make_run(root, tokenizer, seed, every=50), tokenizer, (*VERSES, OWN), VERSES)
        for width in (32, 64, 256):
            dress(make_run(root, "bpe", seed, every=50, model__n_embd=width), "bpe", (*VERSES, OWN), VERSES)
    make_run(root, "char", 4, every=50, state="failed")
    make_run(root, "char", 5, every=50, state="interrupted")
    return root


def hostile_study(root: Path) -> Path:
    """Markup wherever a user, a corpus or a model can put some."""
    for seed in (1, 2, 3):
        for tokenizer in ("char", "bpe"):
            changes = {"optimizer__kind": EVIL} if tokenizer == "bpe" else {}
            extra = {"tokenizer": EVIL_NAME, "losses": EVIL} if tokenizer == "bpe" else {}
            run = make_run(
                root,
                tokenizer,
                seed,
                every=50,
                corpus=EVIL,
                extra=extra,
                name=f"{EVIL_NAME}-{tokenizer}-s{seed}",
                **changes,
            )
            dress(run, tokenizer, (EVIL, EVIL), (EVIL, EVIL))
    failed = make_run(root, "word", 1, every=50, corpus=EVIL, state="failed", name=f"{EVIL_NAME}-word-s1")
    failed.write_failure(EVIL, EVIL)
    return root
