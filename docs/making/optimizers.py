"""Figures and numbers of docs/OPTIMIZERS.md: the study of that name, and what optimizer_figures.py draws."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.collect import collect
from analysis.style import INK, label_ends, new_figure
from making.optimizer_figures import (
    SPECTRUM_UPDATES,
    STYLES,
    correction_figure,
    schedule_figure,
    spectrum_figure,
    step_figure,
    valley_figure,
)
from making.records import RESULTS, first_step
from making.session import Session
from making.words import listed, markdown_table
from numpygpt.optim.optimizer import CHUNK
from numpygpt.runs import RunFolder, find_runs

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = ("SGD", "momentum", "Adam", "AdamW")

# --- the study ---


@dataclass(frozen=True)
class Run:
    """One run of the study: bits per byte of the validation text, None where it diverged."""

    folder: RunFolder
    name: str
    lr: float
    iters: int
    seed: int
    bits: float | None

    def curve(self, kind: str, key: str) -> tuple[np.ndarray, np.ndarray]:
        """Steps and a logged number, for the rows of one kind."""
        rows = [row for row in self.folder.metrics() if row["kind"] == kind]
        return np.array([row["step"] for row in rows]), np.array([row[key] for row in rows])


@cache
def runs() -> tuple[Run, ...]:
    """All runs of docs/results/optimizers, those that diverged too; none if the folder is not there (yet)."""
    collection = collect(find_runs(RESULTS / "optimizers"))
    found = []
    for path, row in collection.runs.iterrows():
        identity = collection.identities[str(path)]
        bits = collection.results[str(path)].get("bits_per_byte")
        if bits is None and row["state"] != "failed":
            continue
        found.append(
            Run(
                RunFolder(Path(str(path))),
                _name(identity),
                float(identity["optimizer.lr"]),
                int(identity["budget.iters"]),
                int(row["seed"]),
                None if bits is None else float(bits),
            )
        )
    return tuple(found)


def _name(identity: dict[str, Any]) -> str:
    kind = identity["optimizer.kind"]
    if kind == "sgd":
        return "momentum" if identity["optimizer.momentum"] else "SGD"
    return {"adam": "Adam", "adamw": "AdamW"}[kind]


def _common_iters() -> list[int]:
    """The numbers of updates for which every optimizer has a run, fewest first: search, and race."""
    have = [{run.iters for run in runs() if run.name == name and run.bits is not None} for name in NAMES]
    return sorted(set.intersection(*have))


def _search_iters() -> int:
    return _common_iters()[0]


def _race_iters() -> int:
    return _common_iters()[-1]


def searched() -> bool:
    return len(_common_iters()) > 0


def raced() -> bool:
    return len(_common_iters()) > 1


def grid(name: str) -> list[Run]:
    """The search of one optimizer, learning rates rising."""
    return sorted(
        (r for r in runs() if r.name == name and r.iters == _search_iters()),
        key=lambda r: r.lr,
    )


def race(name: str) -> list[Run]:
    """The long runs of one optimizer at the learning rate that ended best, a run per seed."""
    long = [run for run in runs() if run.name == name and run.iters == _race_iters() and run.bits is not None]
    by_rate = {run.lr: [other for other in long if other.lr == run.lr] for run in long}
    return sorted(
        min(by_rate.values(), key=lambda group: np.mean([run.bits or np.nan for run in group])),
        key=lambda run: run.seed,
    )


def best(name: str) -> Run:
    """Of the search, the run with the lowest bits per byte."""
    return min(
        (run for run in grid(name) if run.bits is not None),
        key=lambda run: run.bits or np.inf,
    )


def final(name: str) -> float:
    """Bits per byte at the end of the race, mean over seeds."""
    return float(np.mean([run.bits for run in race(name) if run.bits is not None]))


def grid_table() -> str:
    """A row per optimizer, a column per learning rate; the best of each row marked."""
    rates = sorted({run.lr for name in NAMES for run in grid(name)})
    rows = []
    for name in NAMES:
        found = {run.lr: run for run in grid(name)}
        rows.append([name, *(_cell(found.get(rate), best(name)) for rate in rates)])
    return markdown_table(["", *(f"{rate:g}" for rate in rates)], rows)


def _cell(run: Run | None, winner: Run) -> str:
    if run is None:
        return ""
    return "diverged" if run.bits is None else f"{run.bits:.3f}{' (best)' if run is winner else ''}"


def race_table() -> str:
    """What each optimizer keeps per weight, its learning rate, and how it ended."""
    rows = []
    for name in NAMES:
        clipped = np.mean([run.folder.result()["clipped_share"] for run in race(name)])
        rate, state = race(name)[0].lr, {"SGD": 0, "momentum": 1}.get(name, 2)
        bits = " / ".join(f"{run.bits:.3f}" for run in race(name))
        rows.append([name, f"{rate:g}", str(state), f"{100 * clipped:.0f} %", bits])
    heads = [
        "",
        "learning rate",
        "numbers kept per weight",
        "steps clipped",
        "bits per byte",
    ]
    return markdown_table(heads, rows)


def steps_to(name: str, other: str) -> int:
    """The update at which `name` has come as low as `other` ends (validation windows, first seed)."""
    steps, losses = race(name)[0].curve("eval", "val_loss")
    end = race(other)[0].curve("eval", "val_loss")[1][-1]
    return first_step(steps, losses <= end)


def seeds_words() -> str:
    """`seed 1`, `seeds 1, 2 and 3`."""
    seeds = sorted({run.seed for name in NAMES for run in race(name)})
    return f"seed{'s' if len(seeds) > 1 else ''} {listed([str(seed) for seed in seeds])}"


def grid_figure() -> "Figure":
    """Bits per byte after the search's updates against the learning rate."""
    figure = new_figure(7.2, 3.8)
    axes = figure.subplots()
    ends = []
    for name in NAMES:
        colour, dash, marker = STYLES[name]
        done = [run for run in grid(name) if run.bits is not None]
        rates, bits = [run.lr for run in done], [run.bits or np.nan for run in done]
        axes.plot(rates, bits, color=colour, linestyle=dash, marker=marker, label=name)
        ends.append((bits[-1], name, colour))
    low, high = axes.get_ylim()
    for name in NAMES:
        for run in [run for run in grid(name) if run.bits is None]:
            axes.plot(
                run.lr,
                high,
                color=STYLES[name][0],
                marker="x",
                markersize=8,
                clip_on=False,
            )
            axes.annotate("diverged", (run.lr, high), xytext=(0, -12), textcoords="offset points", ha="center",
                          fontsize=8.5, color=STYLES[name][0])  # fmt: skip
    axes.set_ylim(low, high)
    axes.set_xscale("log")
    axes.set_xlabel("learning rate")
    axes.set_ylabel("bits per byte")
    axes.set_title(f"After {_search_iters()} updates")
    axes.legend()
    return figure


def race_figure() -> "Figure":
    """Validation loss over updates, each optimizer at its best learning rate; thin: single seeds."""
    figure = new_figure(8.4, 3.9)
    whole, late = figure.subplots(1, 2, width_ratios=(3, 2))
    ends = []
    for name in NAMES:
        colour, dash, _ = STYLES[name]
        curves = [run.curve("eval", "val_loss") for run in race(name)]
        steps, mean = curves[0][0], np.mean([losses for _, losses in curves], axis=0)
        for axes, from_ in ((whole, 0), (late, steps[-1] // 2)):
            shown = steps >= from_
            axes.plot(steps[shown], mean[shown], color=colour, linestyle=dash, label=name)
            for _, losses in curves if len(curves) > 1 else ():
                axes.plot(steps[shown], losses[shown], color=colour, linewidth=0.6, alpha=0.6)
            axes.set_xlabel("updates")
        ends.append((float(mean[-1]), name, colour))
    whole.set_title("Validation loss")
    whole.set_ylabel("nats per character")
    whole.legend(labelcolor=INK)
    late.set_title("The second half")
    label_ends(late, ends)
    return figure


VALUES: dict[str, Callable[..., Any]] = {
    "spectrum_updates": lambda: SPECTRUM_UPDATES,
    "python": Session().python,
    "chunk": lambda: f"{CHUNK:,}",
    "decayed": lambda: f"{(1 - 1e-3 * 0.1) ** 1000:.2f}",
    "grid_table": grid_table,
    "race_table": race_table,
    "best_lr": lambda name: f"{best(name).lr:g}",
    "final": final,
    "steps_to": steps_to,
    "seeds_words": seeds_words,
    "search_iters": _search_iters,
    "race_iters": lambda: f"{_race_iters():,}",
    "searched": searched,
    "raced": raced,
    "search_best": lambda name: best(name).bits,
}
FIGURES: dict[str, "Callable[[], Figure]"] = {
    "optimizers-valley": valley_figure,
    "optimizers-correction": correction_figure,
    "optimizers-schedule": schedule_figure,
    "optimizers-spectrum": spectrum_figure,
    "optimizers-step": step_figure,
}
if searched():
    FIGURES["optimizers-grid"] = grid_figure
if raced():
    FIGURES["optimizers-race"] = race_figure
