"""Worker processes and what they share with the one that started them: memory, and messages over pipes.

Processes and not threads, which would wait for Python's lock (docs/PERFORMANCE.md has the figures). A worker is
`python -m numpygpt.training.worker`, started afresh and not forked, so that it is safe under every launcher.
"""

import json
import mmap
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NoReturn, Self

import numpy as np
from numpy.typing import DTypeLike

from numpygpt.machine import physical_memory
from numpygpt.optim.optimizer import Array

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class WorkerDied(RuntimeError):
    """A worker process ended before its work did, most likely killed for want of memory."""


class SharedArray:
    """An array (zeros at first) in memory that other processes can map, by the `path` of a file.

    Use as a context, in which they do so: then the file is given up, and the memory goes with the last process,
    however that ends. Raises MemoryError if there is no room.
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        n_bytes = max(1, int(np.prod(shape, dtype=float)) * np.dtype(dtype).itemsize)
        if n_bytes > physical_memory():
            raise MemoryError(f"processes are to share {n_bytes / 2**30:.1f} GiB, more than this machine has")
        try:
            self._number, self.path = _memory_file()
            os.truncate(self._number, n_bytes)
        except OSError as error:
            raise MemoryError(f"no room for {n_bytes / 2**20:.0f} MiB to share ({error})") from error
        self.array = open_shared(self.path, shape, dtype)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._number)
        if self.path.parent != Path(f"/proc/{os.getpid()}/fd"):
            with suppress(PermissionError):  # Windows keeps a file that is mapped
                self.path.unlink(missing_ok=True)


def _memory_file() -> tuple[int, Path]:
    """A file in memory without a name, of which a process that is killed leaves nothing; else a temporary one."""
    files = Path(f"/proc/{os.getpid()}/fd")  # by which other processes can open it
    if hasattr(os, "memfd_create") and files.exists():
        number = os.memfd_create("numpygpt")
        return number, files / str(number)
    number, name = tempfile.mkstemp(prefix="numpygpt-")
    return number, Path(name)


def open_shared(path: Path, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
    """The array behind a SharedArray's path."""
    with path.open("r+b") as file:
        memory = mmap.mmap(file.fileno(), 0)
    return np.frombuffer(memory, dtype, int(np.prod(shape))).reshape(shape)


def send(stream: IO[bytes], message: Any) -> None:
    """Write a message, JSON values with arrays among them: a line of JSON, then the bytes of the arrays."""
    arrays: list[Array] = []

    def form(array: Array) -> dict[str, Any]:
        arrays.append(np.ascontiguousarray(array))
        return {"array": [array.dtype.str, array.shape]}

    stream.write(json.dumps(message, default=form).encode() + b"\n")
    for array in arrays:
        stream.write(array.data)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """Read a message. Raises EOFError when the other side has gone."""

    def filled(value: dict[str, Any]) -> Any:
        """An array in place of its form; forms are met in the order in which `send` wrote the arrays."""
        if value.keys() != {"array"}:
            return value
        dtype, shape = value["array"]
        n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
        data = stream.read(n_bytes)
        if len(data) < n_bytes:
            raise EOFError
        return np.frombuffer(data, dtype).reshape(shape)

    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return json.loads(line, object_hook=filled)


def search_path() -> str:
    """PYTHONPATH of a process that is to import what this one does, and with -P nothing else."""
    return os.pathsep.join(path or str(Path.cwd()) for path in sys.path)


class WorkerPool:
    """n worker processes, each with a pipe to and from it."""

    def __init__(self, n: int) -> None:
        command = [sys.executable, "-P", "-m", "numpygpt.training.worker"]
        environment = os.environ | ONE_THREAD | {"PYTHONPATH": search_path()}
        self.workers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
            for _ in range(n)
        ]

    def run(self, method: str, arguments: Sequence[Sequence[Any]], own: Callable[[], Any]) -> list[Any]:
        """Worker n calls `method(*arguments[n])`, this process `own()` meanwhile: its result, then theirs."""
        try:
            for worker, values in zip(self.workers, arguments, strict=True):
                send(_pipe(worker.stdin), [method, values])
        except BrokenPipeError:
            self._tell_who_died()
        return [own(), *(self._answer(worker) for worker in self.workers)]

    def _answer(self, worker: subprocess.Popen[bytes]) -> Any:
        try:
            kind, value = receive(_pipe(worker.stdout))
        except EOFError:
            self._tell_who_died()
        if kind == "no_memory":
            raise MemoryError(value)
        if kind == "error":
            raise RuntimeError(f"a worker process failed:\n{value}")
        return value

    def _tell_who_died(self) -> NoReturn:
        codes = [worker.poll() for worker in self.workers]
        raise WorkerDied(
            f"a worker process died (exit codes {codes}; -9 is a kill, often for want of memory): "
            "type the command again to go on from the last checkpoint"
        )

    def end(self) -> None:
        for worker in self.workers:
            for pipe in (worker.stdin, worker.stdout):
                with suppress(BrokenPipeError):
                    _pipe(pipe).close()
        for worker in self.workers:
            try:
                worker.wait(timeout=5)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # all were asked for
    return pipe
