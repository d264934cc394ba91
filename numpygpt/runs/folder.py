"""The run folder: its files, their schema, and how they are written and read (standard library only).

    run.json       what was asked: config, identity, corpus, environment, git commit
    metrics.jsonl  a line per logged step or evaluation, appended
    scores.json    bits per block of the validation text
    passages.json  bits of single tokens of a few passages
    samples.json   text that the model wrote, with what of it is no word, whose name it is, what it copied
    result.json    written once, last: that it exists means that the run is complete
    failure.json   status and reason, if it failed
    run.lock       held while a process works on the run; it stays, and means nothing when nobody holds it
    tokenizer.json, checkpoint.safetensors, samples.txt, curves.png: written by others, with `files.replacing`

Every file but metrics.jsonl is replaced atomically. A reader of a damaged or half-written folder gets a
`UserError` that names the file, never a wrong number: JSON files carry a sha256 over their content, each line
of metrics.jsonl carries a CRC-32 over its bytes, and result.json and every checkpoint say how many such lines
there were.

JSON knows no NaN and no infinity: here they are `{"float": "nan"}`, `{"float": "inf"}`, `{"float": "-inf"}`,
and reading gives the float back. NumPy numbers and arrays are written as numbers and lists.

Only the process that holds `RunFolder.lock` writes; anybody may read at any time, without write permission.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpygpt.errors import UserError
from numpygpt.files import is_locked, locked, read_bytes, reading, replacing, writing
from numpygpt.runs.json_values import digest, from_json, metric_line, metric_row, to_json

SCHEMA = 1
REQUIRED = {
    "run.json": ("name", "identity", "config", "corpus", "environment", "git"),
    "result.json": (
        *("tokenizer", "vocab_size", "val_loss", "bits_per_byte", "bits_per_char", "chars_per_token"),
        *("n_params", "n_params_embedding", "train_seconds", "iters", "seed", "corpus", "metrics_rows"),
    ),
    "scores.json": ("block_bytes", "block_chars", "bits_tokens", "bits_residual"),
    "passages.json": ("passages",),
    "samples.json": ("samples",),
    "failure.json": ("status", "reason"),
}
COMPACT = ("scores.json", "passages.json", "samples.json")  # written on one line


class RunDamaged(UserError):
    """A file of a run folder does not hold what was written to it."""


class RunUnfinished(UserError):
    """A file that a run writes later is not there yet."""


@dataclass(frozen=True, order=True)
class RunFolder:
    """One run's folder. Making this object touches no disk; `create` makes the folder.

    Reading raises RunUnfinished for a file that is not there, RunDamaged for one that is not what was
    written, UserError for one of another schema or without read permission; writing raises NotWritable.
    """

    path: Path

    name = property(lambda self: self.path.name)
    tokenizer_path = property(lambda self: self.path / "tokenizer.json")
    checkpoint_path = property(lambda self: self.path / "checkpoint.safetensors")
    samples_path = property(lambda self: self.path / "samples.txt")
    curves_path = property(lambda self: self.path / "curves.png")
    metrics_path = property(lambda self: self.path / "metrics.jsonl")
    _lock_path = property(lambda self: self.path / "run.lock")
    _anew = property(lambda self: f"delete the folder {self.path} and run its command again")

    # --- state and lock ---

    def state(self) -> str:
        """One of "done", "failed", "running", "interrupted", derived from what the folder holds."""
        for _ in range(2):  # it may end while we look at the lock
            if (self.path / "result.json").exists():
                return "done"
            if (self.path / "failure.json").exists():
                return "failed"
            if is_locked(self._lock_path):
                return "running"
        return "interrupted"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Holds the run for this process; raises Locked, naming the holder, if another one holds it.

        The lock is the operating system's and dies with the process, however that ends. Makes the folder.
        """
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        with locked(self._lock_path):
            yield

    # --- run.json, result.json, scores.json, passages.json, samples.json, failure.json ---

    def create(self, run: dict[str, Any]) -> None:
        """Makes the folder and writes run.json."""
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
        self._write("run.json", run)

    def run(self) -> dict[str, Any]:
        return self._read("run.json")

    def write_result(self, result: dict[str, Any]) -> None:
        """Writes result.json, after which the run is done. Adds `metrics_rows`, so that a loss is noticed."""
        self._write("result.json", {**result, "metrics_rows": len(self._metric_rows())})

    def result(self) -> dict[str, Any]:
        return self._read("result.json")

    def write_scores(self, scores: dict[str, Any]) -> None:
        self._write("scores.json", scores)

    def scores(self) -> dict[str, Any]:
        return self._read("scores.json")

    def write_passages(self, passages: Any) -> None:
        self._write("passages.json", {"passages": passages})

    def passages(self) -> Any:
        return self._read("passages.json")["passages"]

    def write_samples(self, samples: dict[str, Any]) -> None:
        self._write("samples.json", samples)

    def samples(self) -> dict[str, Any]:
        return self._read("samples.json")

    def write_failure(self, status: str, reason: str) -> None:
        """Records that the run failed: `status` is one word or two ("diverged"), `reason` a sentence."""
        self._write("failure.json", {"status": status, "reason": reason})

    def failure(self) -> dict[str, Any] | None:
        """{"status", "reason"} of a failed run, else None."""
        return self._read("failure.json") if (self.path / "failure.json").exists() else None

    def clear_failure(self) -> None:
        """Forgets a recorded failure; to be called when a failed run starts anew."""
        with writing(self.path / "failure.json"):
            (self.path / "failure.json").unlink(missing_ok=True)

    def _write(self, name: str, content: dict[str, Any]) -> None:
        missing = [key for key in REQUIRED[name] if key not in content]
        if missing:
            raise ValueError(f"{name} lacks {', '.join(missing)}")
        document = {"schema": SCHEMA, **to_json(content)}
        document["content_sha256"] = digest(document)
        text = json.dumps(document, indent=None if name in COMPACT else 2)
        with replacing(self.path / name) as temporary:
            temporary.write_text(text + "\n", encoding="ascii")

    def _read(self, name: str) -> dict[str, Any]:
        path = self.path / name
        raw = _read_bytes(path)
        if raw is None:
            state, why = self.state(), (self.failure() or {}).get("reason")
            again = self._anew if state == "done" else why or "run its command again"
            raise RunUnfinished(f"{path} does not exist: the run is {state}; {again}")
        try:
            content = json.loads(raw.decode("ascii"))
            intact = content.pop("content_sha256") == digest(content)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            intact = False
        if not intact:
            raise RunDamaged(f"{path} is damaged: {self._anew}")
        if content.get("schema") != SCHEMA or any(key not in content for key in REQUIRED[name]):
            raise UserError(f"{path} was written by another version of numpygpt: use that, or run it again")
        return from_json(content) if b'"float"' in raw else content  # only then is there anything to turn

    # --- metrics.jsonl ---

    def append_metrics(self, row: dict[str, Any]) -> None:
        """Appends one line, in one write. What a crash left half-written before it is cut off first."""
        if not isinstance(row.get("step"), int) or not isinstance(row.get("kind"), str):
            raise ValueError(f"a row of metrics has a step and a kind, unlike {row}")
        line, path = metric_line(row), self.metrics_path
        with writing(path), path.open("a+b", buffering=0) as file:
            size = file.seek(0, os.SEEK_END)
            if size and (file.seek(size - 1), file.read(1))[1] != b"\n":
                file.seek(0)
                size = file.read().rfind(b"\n") + 1
                file.truncate(size)
            try:
                if file.write(line) != len(line):
                    raise OSError(None, "No space left on device")
            except BaseException:
                file.truncate(size)
                raise

    def metrics(self) -> list[dict[str, Any]]:
        """The rows in the order of writing; a half-written last line is no row. [] if there is no file."""
        is_done = (self.path / "result.json").exists()
        expected = self.result()["metrics_rows"] if is_done else 0  # read first: a running run adds to both
        rows = self._metric_rows()
        self._require_rows(len(rows), expected)
        return rows

    def sync_metrics(self) -> None:
        """Has the rows on the disk, where a loss of power spares them, before a checkpoint counts on them."""
        with writing(self.metrics_path), self.metrics_path.open("ab") as file:
            os.fsync(file.fileno())

    def drop_metrics_after(self, step: int, n_rows: int = 0) -> None:
        """Keeps the rows up to `step` (inclusive), the step of the checkpoint from which a run resumes.

        Raises RunDamaged if there are fewer than `n_rows`, which is how many there were at the checkpoint. What is
        damaged after those does no harm: a loss of power spares only what the checkpoint counts on.
        """
        raw = _read_bytes(self.metrics_path) or b""
        kept = []
        for line in raw.split(b"\n")[:-1]:
            if (row := metric_row(line)) is None:
                break
            if row["step"] <= step:
                kept.append(line + b"\n")
        self._require_rows(len(kept), n_rows)
        if (lines := b"".join(kept)) != raw:
            with replacing(self.metrics_path) as temporary:
                temporary.write_bytes(lines)

    def _require_rows(self, found: int, expected: int) -> None:
        if found < expected:
            what = f"{self.metrics_path} is damaged, lines after line {found} are missing"
            raise RunDamaged(f"{what}: {self._anew}")

    def _metric_rows(self) -> list[dict[str, Any]]:
        rows = []
        for number, line in enumerate((_read_bytes(self.metrics_path) or b"").split(b"\n")[:-1], start=1):
            if (row := metric_row(line)) is None:
                raise RunDamaged(f"{self.metrics_path} is damaged in line {number}: {self._anew}")
            rows.append(row)
        return rows


def _read_bytes(path: Path) -> bytes | None:
    with reading(path, "make it readable"), suppress(FileNotFoundError, NotADirectoryError):
        return read_bytes(path)
    return None
