"""Figures and numbers of docs/BACKPROP.md: short runs of the library's own functions, and the kept ablation."""

import json
import sys
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.display import plus_minus
from analysis.style import INK, LOOKS, SOFT, label_ends, new_figure
from analysis.uncertainty import Estimate, estimate
from making.records import RESULTS, ROOT, first_step
from making.session import Session
from making.words import markdown_table
from numpygpt.errors import UserError
from numpygpt.nn import functional as F

if TYPE_CHECKING:
    from matplotlib.figure import Figure

sys.path.insert(0, str(ROOT / "examples"))
import weak_tests
import wrong_key_gradient as ablation

KINDS = {  # how each key gradient is named and drawn
    "right": ("right", LOOKS["char"].colour, "-"),
    "wrong": ("transposed and reshaped", LOOKS["bpe"].colour, (0, (5, 1.5))),
    "none": ("zero", SOFT, (0, (1.2, 1.2))),
}

# --- which tests notice ---


@cache
def tests() -> dict[str, dict[str, bool]]:
    return ablation.run_tests()


def test_table() -> str:
    rows = [
        [name, *("passes" if passes[kind] else "FAILS" for kind in ("right", "wrong"))]
        for name, passes in tests().items()
    ]
    return markdown_table(["test", "right", "wrong"], rows)


def n_misses() -> str:
    """How many tests let the wrong gradient through, as a word."""
    return ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"][
        sum(passes["wrong"] for passes in tests().values())
    ]


def slope(kind: str, unit_scale: bool) -> str:
    """By how much the model's slope along its gradient is off."""
    with ablation.key_gradient(kind):
        return _share(weak_tests.slope_error(unit_scale))


def strong_error(kind: str) -> str:
    with ablation.key_gradient(kind):
        error = weak_tests.STRONG.error()
    return _share(error) if error > 0.01 else f"less than {_below(error)} of the norm"


def tiny_largest() -> str:
    """The largest true entry of dk where the scale is that of fresh weights."""
    return _power(float(np.abs(weak_tests.TINY.gradients()[1]).max()))


def _share(x: float) -> str:
    """`29 %`, or for small numbers `4·10⁻⁵`."""
    return f"{100 * x:.0f} %" if x > 0.01 else _power(x)


def _below(x: float) -> str:
    """The next power of ten above x."""
    return _power(10.0 ** np.ceil(np.log10(x))).removeprefix("1·")


def _power(x: float) -> str:
    """`4·10⁻⁶`, to one digit."""
    digit, exponent = f"{x:.0e}".split("e")
    raised = str(int(exponent)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{digit}·10{raised}"


def entries_figure() -> "Figure":
    """The dk of one sequence, heads side by side, (T, H D): true, by the right formula, by the wrong one."""
    probe = weak_tests.Probe(1, 12, 2, 4)
    pictures = []
    for kind in ("right", "wrong"):
        with ablation.key_gradient(kind):
            dk, numeric = probe.gradients()
        pictures.append(dk[0].reshape(probe.T, -1))
    pictures.insert(0, numeric[0].reshape(probe.T, -1))
    figure = new_figure(7.2, 4.4)
    figure.set_layout_engine("constrained")
    largest = max(np.abs(picture).max() for picture in pictures)
    names = ("central differences", "dscoresᵀ q", "qᵀ dscores, reshaped")
    for axes, picture, name in zip(figure.subplots(1, 3, sharey=True), pictures, names, strict=True):
        image = axes.pcolormesh(picture, cmap="PuOr", vmin=-largest, vmax=largest)
        axes.set_title(name)
        axes.set_aspect("equal")
        axes.set_xticks([])
        axes.set_xlabel("channel")
        axes.grid(False)
    figure.axes[0].set_ylabel("position of the key")
    figure.axes[0].set_ylim(len(picture), 0)
    figure.colorbar(image, ax=figure.axes, label="entry of dk", shrink=0.7)
    return figure


# --- central differences ---


@cache
def check_errors() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Steps, and the error of central differences at each, in units of the gradient's norm, by dtype."""
    found = {}
    for dtype in ("float32", "float64"):
        steps = 10.0 ** np.arange(-8 if dtype == "float64" else -6, 0.01, 0.25)
        found[dtype] = (steps, np.array([_check_error(dtype, step) for step in steps]))
    return found


def _check_error(dtype: str, step: float) -> float:
    rng = np.random.default_rng(0)
    x, gain, weights = rng.normal(size=(5, 7)), rng.normal(size=7), rng.normal(size=(5, 7))
    exact = F.layer_norm_backward(weights, F.layer_norm(x, gain, None)[1])[0]
    x, gain, weights = (a.astype(dtype) for a in (x, gain, weights))

    def loss() -> float:
        return float((F.layer_norm(x, gain, None)[0] * weights).sum(dtype=dtype))

    numeric = weak_tests.central_differences(loss, x, step)
    return float(np.linalg.norm(numeric - exact) / np.linalg.norm(exact))


def check_error(dtype: str, step: float | None = None) -> str:
    """The error of central differences: below which power of ten at the best step, above which share at `step`.

    It is rounding noise, of which other machines have another last digit, but the same magnitude.
    """
    steps, errors = check_errors()[dtype]
    if step is None:
        return _below(errors.min())
    return f"more than {10.0 ** np.floor(np.log10(errors[np.abs(steps - step).argmin()])):.0%}".replace(
        "%", " %"
    )


def check_figure() -> "Figure":
    figure = new_figure(6.8, 3.6)
    axes = figure.subplots()
    looks = {"float32": (LOOKS["bpe"].colour, (0, (5, 1.5))), "float64": (LOOKS["char"].colour, "-")}
    for dtype, (steps, errors) in check_errors().items():
        colour, dash = looks[dtype]
        axes.plot(steps, errors, color=colour, linestyle=dash)
        best = errors.argmin()
        axes.plot(steps[best], errors[best], "o", color=colour)
        axes.annotate(dtype, (steps[best], errors[best]), xytext=(0, -13), textcoords="offset points",
                      ha="center", color=colour, fontsize=9)  # fmt: skip
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(axes.get_ylim()[0] / 8, 10)
    axes.set_xlabel("step h")
    axes.set_ylabel("error / norm of the gradient")
    axes.set_title("A right gradient against central differences")
    return figure


# --- the ablation ---


@cache
def records() -> dict[str, list[dict[str, Any]]]:
    """The kept records of docs/results/wrong-gradient by kind; each in the order of the seeds."""
    folder = RESULTS / "wrong-gradient"
    found: dict[str, list[dict[str, Any]]] = {}
    for path in sorted(folder.glob("*-s*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        found.setdefault(record["key_gradient"], []).append(record)
    if not {"right", "wrong"} <= set(found):
        raise UserError(f"{folder} lacks records: run examples/wrong_key_gradient.py --train right wrong")
    for members in found.values():
        members.sort(key=lambda record: record["seed"])
    return found


def iters() -> str:
    return f"{records()['right'][0]['recipe']['iters']:,}"


def by_seed(kind: str, key: str = "bits_per_byte") -> dict[int, float]:
    return {record["seed"]: record[key] for record in records()[kind]}


def cost(kind: str) -> Estimate:
    """Bits per byte of `kind` less those of right, seed by seed: the same weights, the same batches."""
    right, other = by_seed("right"), by_seed(kind)
    return estimate([other[seed] - right[seed] for seed in common_seeds() if seed in other])


def curve_table() -> str:
    """Final bits per byte: a row per kind, a column per seed, and the difference from right."""
    seeds, rows = common_seeds(), []
    for kind in [kind for kind in KINDS if kind in records()]:
        values = by_seed(kind)
        cells = [f"{values[seed]:.3f}" if seed in values else "" for seed in seeds]
        rows.append(
            [
                KINDS[kind][0],
                *cells,
                "" if kind == "right" else plus_minus(cost(kind).mean, cost(kind).half, "+"),
            ]
        )
    heads = ["key gradient", *(f"seed {seed}" for seed in seeds), "above right"]
    return markdown_table(heads, rows)


def falls(kind: str) -> str:
    """Validation loss before and after training, nats per character, mean over seeds."""
    mean = _curves(kind)[1].mean(axis=0)
    return f"from {mean[0]:.2f} to {mean[-1]:.2f}"


def as_good_after() -> int:
    """The update at which the right run is as good as the wrong one at its end (means over seeds)."""
    steps, right = _curves("right")
    return first_step(steps, right.mean(axis=0) <= _curves("wrong")[1].mean(axis=0)[-1])


def common_seeds() -> list[int]:
    """Seeds that were trained with the right and with the wrong gradient."""
    return sorted(by_seed("right").keys() & by_seed("wrong").keys())


def agreement(kind: str, when: str, key: str) -> float:
    """Wrong gradient against right one at the start or end of training with `kind`, mean over seeds."""
    found = [record["wrong_against_right"] for record in records()[kind] if "wrong_against_right" in record]
    return float(np.mean([values[when][key] for values in found]))


def curves_figure() -> "Figure":
    """Validation loss over updates, mean over seeds and each seed thin; at the right, the second half."""
    figure = new_figure(8.4, 3.7)
    whole, end = figure.subplots(1, 2, width_ratios=(3, 2))
    ends = []
    for kind in [kind for kind in KINDS if kind in records()]:
        name, colour, dash = KINDS[kind]
        steps, losses = _curves(kind)
        late = steps >= 0.5 * steps[-1]
        for axes, shown in ((whole, steps >= 0), (end, late)):
            axes.plot(steps[shown], losses.mean(axis=0)[shown], color=colour, linestyle=dash, label=name)
            axes.plot(steps[shown], losses.T[shown], color=colour, linewidth=0.6, alpha=0.6)
            axes.set_xlabel("updates")
        ends.append((float(losses.mean(axis=0)[-1]), kind, colour))
    whole.set_title("Validation loss")
    whole.set_ylabel("nats per character")
    whole.legend(title="key gradient", labelcolor=INK)
    end.set_title("The second half")
    label_ends(end, ends)
    return figure


@cache
def _curves(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Steps (n,) at which all records were evaluated, and validation losses (seeds, n); seeds in common only."""
    every = [_losses(record) for members in records().values() for record in members]
    steps = sorted(set.intersection(*(set(losses) for losses in every)))
    own = [_losses(record) for record in records()[kind] if record["seed"] in common_seeds()]
    return np.array(steps), np.array([[losses[step] for step in steps] for losses in own])


def _losses(record: dict[str, Any]) -> dict[int, float]:
    return {row["step"]: row["val_loss"] for row in record["rows"] if row["kind"] == "eval"}


VALUES: dict[str, Callable[..., Any]] = {
    "python": Session().python,
    "attention_rows": lambda: F.ATTENTION_ROWS,
    "test_table": test_table,
    "n_misses": n_misses,
    "slope": slope,
    "strong_error": strong_error,
    "tiny_largest": tiny_largest,
    "check_error": check_error,
    "iters": iters,
    "curve_table": curve_table,
    "cost": cost,
    "falls": falls,
    "as_good_after": as_good_after,
    "agreement": agreement,
    "power": _power,
    "has": lambda kind: kind in records(),
    "n_seeds": lambda: len(common_seeds()),
}
FIGURES: dict[str, "Callable[[], Figure]"] = {
    "gradient-check": check_figure,
    "wrong-gradient-entries": entries_figure,
    "wrong-gradient-curves": curves_figure,
}
