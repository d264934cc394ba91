"""run.json: what was asked, on which text, with which software, on which machine."""

import os
import platform
import re
import subprocess
import sys
import time
import zlib
from contextlib import suppress
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

from experiments.configuration.schema import DataConfig, RunConfig
from numpygpt.data import Part
from numpygpt.machine import own_peak_mb
from numpygpt.places import ROOT

PACKAGES = (
    *("numpygpt", "numpy", "hydra-core", "omegaconf", "safetensors"),
    *("regex", "tokenizers", "sentencepiece", "tiktoken"),
)


def run_record(
    name: str, identity: dict[str, Any], config: RunConfig, train: Part, val: Part
) -> dict[str, Any]:
    """The content of run.json, without what is decided later (`resolved`)."""
    asked = {"name": name, "identity": identity, "config": asdict(config)}
    found = {"corpus": corpus_record(config.data, train, val), "environment": environment(), "git": git()}
    return asked | found


def earlier_parts(before: dict[str, Any], now: dict[str, Any]) -> list[dict[str, Any]]:
    """The software and machines, in order, on which parts of a run were done before, if they were other ones."""
    earlier = list(before.get("earlier", []))
    if not before:
        return earlier
    decides = ("python", "platform", "packages", "cpu", "blas")
    other = any(before["environment"].get(key) != now["environment"].get(key) for key in decides)
    if "trees" in before["git"] and "trees" in now["git"]:  # a commit of something else counts for nothing
        other |= any(before["git"][key] != now["git"][key] for key in ("trees", "changed"))
    return [*earlier, {key: before[key] for key in ("environment", "git")}] if other else earlier


def corpus_record(data: DataConfig, train: Part, val: Part) -> dict[str, Any]:
    """`val` is what is judged, which may be the development text: dev_fraction tells."""
    corpus = train.corpus
    return {
        "name": corpus.name,
        "sha256": corpus.sha256,
        "bytes": corpus.n_bytes,
        "chars": corpus.n_chars,
        "val_fraction": data.val_fraction,
        "dev_fraction": data.dev_fraction,
        "train_chars": train.n_chars,
        "val_chars": val.n_chars,
        "train_bytes": train.n_bytes,
        "val_bytes": val.n_bytes,
    }


def environment() -> dict[str, Any]:
    """Versions, processor, BLAS and threads."""
    installed = {}
    for name in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            installed[name] = metadata.version(name)
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": dict.fromkeys(PACKAGES) | installed,
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "host": f"{zlib.crc32(platform.node().encode()):08x}",  # with when it began: who shared the cores
        "started": time.time(),
        "blas": _blas(),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
    }


def _cpu() -> str:
    with suppress(OSError):
        if found := re.search(r"^model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE):
            return found[1].strip()
    return platform.processor() or platform.machine()


def _blas() -> list[dict[str, Any]]:
    from threadpoolctl import threadpool_info

    keys = ("internal_api", "version", "architecture", "num_threads")
    blas = [x for x in threadpool_info() if x["user_api"] == "blas" and "scipy.libs" not in x["filepath"]]
    return [{key: found.get(key) for key in keys} for found in blas]


def git() -> dict[str, Any]:
    """The commit, what it holds of the code that makes results, and whether that was changed since.

    Empty where there is no repository.
    """

    def ask(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()

    try:
        changed = ask("status", "--porcelain", "--untracked-files=no", "--", "numpygpt", "experiments")
        commit, *trees = ask("rev-parse", "HEAD", "HEAD:numpygpt", "HEAD:experiments").split()
        return {"commit": commit, "trees": trees, "changed": bool(changed)}
    except (OSError, subprocess.SubprocessError):
        return {}


class PeakMemory:
    """The most memory that this process and its workers have held since this object was made, in MiB.

    Memory that they share counts in each. Linux can start the count anew, so that a run in a sweep is not charged
    for those before it; elsewhere the figure is of this process alone, from its start.
    """

    def __init__(self) -> None:
        with suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5")

    def mb(self) -> float:
        try:
            workers = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
            pages = [Path(f"/proc/{pid}/status").read_text() for pid in ("self", *workers)]
            return sum(int(page.partition("VmHWM:")[2].split()[0]) for page in pages) / 1024
        except (OSError, ValueError, IndexError):
            return own_peak_mb()
