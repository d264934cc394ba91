"""How long a report takes, as a command typed by somebody who waits for it, by the number of runs; and --help."""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from experiments.benchmarks.processes import Row

ROOT = Path(__file__).parents[2]
STUDIES = ("quick-iters", "quick-text", "quick-flops", "quick-rates", "ladder")  # kept in docs/results
RUNS = (4, 20, 109)
HELP = ("experiments/run.py", "analysis/report.py")


def report(rounds: int, numbers: tuple[int, ...] = RUNS) -> list[Row]:
    """Seconds of a report over so many kept runs, and of what prints --help."""
    files = [ROOT / "docs/results" / f"{name}.jsonl" for name in STUDIES]
    kept = "".join(file.read_text(encoding="utf-8") for file in files).splitlines(keepends=True)
    with tempfile.TemporaryDirectory() as folder:
        commands = {f"{script} --help": [script, "--help"] for script in HELP}
        for n in numbers:
            study = Path(folder, f"{n}-runs.jsonl")
            study.write_text("".join(kept[:n]), encoding="utf-8")
            place = ["-o", f"{folder}/report-{n}"]
            commands[f"report over {n} runs"] = ["analysis/report.py", str(study), *place]
        seconds: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                started = time.perf_counter()
                subprocess.run([sys.executable, *command], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
                seconds[name].append(time.perf_counter() - started)
    return [{"case": name, "seconds": statistics.median(times)} for name, times in seconds.items()]
