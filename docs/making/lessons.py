"""Every public function draws a picture of OPTIMIZERS.md or BACKPROP.md: small computations, or kept records."""

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from making import records
from matplotlib.figure import Figure
from threadpoolctl import threadpool_limits

from analysis.figures.style import INK, LOOKS, SOFT, label_ends, new_figure
from numpygpt.data import resolve
from numpygpt.data.batches import sample_batch
from numpygpt.models import GPT, GPTConfig
from numpygpt.nn import Parameter
from numpygpt.optim import SGD, Adam, AdamW, Muon
from numpygpt.optim.muon import orthogonalised
from numpygpt.streams import generator
from numpygpt.tokenizers import create

sys.path.insert(0, str(records.RESULTS.parents[1] / "examples"))
import weak_tests
import wrong_key_gradient

LINES: dict[str, dict[str, Any]] = {
    "SGD": {"color": LOOKS["byte"].colour, "linestyle": (0, (1.2, 1.2))},
    "momentum": {"color": LOOKS["word"].colour, "linestyle": (0, (6, 2))},
    "Adam": {"color": LOOKS["bpe"].colour, "linestyle": (0, (5, 1.5, 1, 1.5))},
    "AdamW": {"color": LOOKS["char"].colour, "linestyle": "-"},
    "Muon": {"color": LOOKS["bpe-bytefallback"].colour, "linestyle": "-"},
    "right": {"color": LOOKS["char"].colour, "linestyle": "-"},
    "transposed and reshaped": {"color": LOOKS["bpe"].colour, "linestyle": (0, (5, 1.5))},
}
KEY_GRADIENTS = {"right": "right", "wrong": "transposed and reshaped"}
GRADIENT = np.array([[0.90, 0.09], [0.39, 0.21]])  # its singular values are 1 and 0.15


def optimizers_valley() -> Figure:
    """Thirty steps of three optimizers from (-9, 1) down (x^2 + 25 y^2) / 2."""
    figure, (x, y) = new_figure(7.2, 5.6), np.meshgrid(np.linspace(-10, 4, 141), np.linspace(-1.6, 1.6, 81))
    kinds: tuple[tuple[str, Any, float], ...] = (
        ("SGD", SGD, 0.07),
        ("momentum", partial(SGD, momentum=0.9), 0.02),
        ("Adam", partial(Adam, betas=(0.9, 0.99)), 0.6),
    )
    for axes, (name, kind, lr) in zip(figure.subplots(3, 1, sharex=True), kinds, strict=True):
        p = Parameter(np.array([-9.0, 1.0]))
        optimizer, way = kind([p], lr), [p.data.copy()]
        for _ in range(30):
            optimizer.zero_grad()
            p.add_grad(p.data * np.array([1.0, 25.0]))
            optimizer.step()
            way.append(p.data.copy())
        axes.contour(x, y, (x**2 + 25 * y**2) / 2, [0.5, 2, 5, 12, 25, 45], colors=SOFT, linewidths=0.5)
        axes.plot(*np.transpose(way), color=LINES[name]["color"], marker="o", markersize=2.5, linewidth=1)
        axes.plot(0, 0, "+", color=INK, markersize=9)
        axes.set(title=f"{name}, lr = {lr:g}", xlim=(-10, 4), ylim=(-1.6, 1.6), aspect="equal")
        axes.grid(False)
    return figure


@threadpool_limits.wrap(1, user_api="blas")  # quicker for matrices this small
def _fiftieth_updates() -> dict[str, np.ndarray]:
    """The 50th update of a small model's first feed-forward matrix, as three optimizers would make it."""
    tokenizer, text = create("char"), resolve("pydoc").text
    tokenizer.train(text)
    ids = tokenizer.encode(text)
    shape = GPTConfig(tokenizer.vocab_size, 32, 2, 4, 64, "relu_squared", bias=False, positions="rotary",
                      norm="rmsnorm", qk_norm=True)  # fmt: skip
    model = GPT(shape, rng=generator(1, "init"))
    adam = AdamW(model.flat.parameters, 1e-3)
    for step in range(50):
        x, y = sample_batch(ids, 12, 32, generator(1, "data", step))
        weak_tests.loss_and_gradient(model, x, y)
        adam.step()
    i = next(i for i, p in enumerate(adam.parameters) if p is model.blocks[0].ff.fc.weight)
    mean, square = adam.state["mean"][i], adam.state["square"][i]
    return {"momentum": mean, "Adam": mean / (np.sqrt(square) + adam.eps), "Muon": orthogonalised(mean)}


def optimizers_spectrum() -> Figure:
    """The singular values of one update, as shares of the largest."""
    figure = new_figure(6.8, 3.4)
    axes = figure.subplots()
    for name, update in _fiftieth_updates().items():
        values = np.linalg.svd(update, compute_uv=False)
        axes.plot(np.arange(1, len(values) + 1), values / values[0], **LINES[name], label=name)
    axes.set(xlabel="direction, the loudest first", yscale="log", ylabel="singular value / the largest")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.legend(labelcolor=INK)
    return figure


def optimizers_step() -> Figure:
    """The unit circle, and the gradient's two input directions, as the first step of each optimizer maps them."""
    figure, angles = new_figure(7.2, 2.9), np.linspace(0, 2 * np.pi, 200)
    circle, inputs = np.array([np.cos(angles), np.sin(angles)]), np.linalg.svd(GRADIENT)[2].T
    inputs *= np.sign(inputs[0])  # which of two opposite ones an SVD gives is chance
    kinds: dict[str, Any] = {"SGD": SGD, "Adam": Adam, "Muon": partial(Muon, embedding_lr=1.0)}
    for axes, (name, kind) in zip(figure.subplots(1, 3, sharey=True), kinds.items(), strict=True):
        p = Parameter(np.zeros((2, 2)), n_matrices=1)
        p.add_grad(GRADIENT)
        kind([p], 1.0).step()
        axes.plot(*(-p.data @ circle), color=LINES[name]["color"])
        axes.plot(*circle, color=SOFT, linewidth=0.7, linestyle=(0, (1, 2)))
        for number, (x, y) in enumerate((-p.data @ inputs).T, start=1):
            axes.plot([0, x], [0, y], color=INK, linewidth=1)
            axes.annotate(f"{number}", (x, y), xytext=(4, -9), textcoords="offset points", fontsize=9)
        axes.set(title=name, aspect="equal", xlim=(-1.5, 1.5), ylim=(-1.5, 1.5))
        axes.grid(False)
    return figure


def optimizers_race() -> Figure:
    """Validation loss over updates, each optimizer at its best learning rate."""
    return _validation({n: pd.DataFrame({1: records.raced(n)["validation"]}) for n in records.OPTIMIZERS})


def wrong_gradient_curves() -> Figure:
    """Validation loss over updates with the right and the wrong key gradient."""
    return _validation({name: records.key_losses(kind) for kind, name in KEY_GRADIENTS.items()})


def _validation(losses: Mapping[str, pd.DataFrame]) -> Figure:
    """A line per name (rows: steps, columns: seeds), thin for single seeds; at the right, the second half."""
    figure, ends = new_figure(8.4, 3.8), []
    whole, late = figure.subplots(1, 2, width_ratios=(3, 2))
    common = pd.concat(losses, axis=1).dropna()  # steps at which all were evaluated
    for name in losses:
        mean = pd.DataFrame(common[name]).mean(axis=1)
        for axes, start in ((whole, 0), (late, common.index[-1] // 2)):
            axes.plot(mean.loc[start:], **LINES[name], label=name)
            axes.plot(common[name].loc[start:], color=LINES[name]["color"], linewidth=0.6, alpha=0.6)
        ends.append((float(mean.iloc[-1]), name, LINES[name]["color"], "_"))
    whole.set(title="Validation loss", xlabel="updates", ylabel="nats per character")
    late.set(title="The second half", xlabel="updates")
    whole.legend(labelcolor=INK)
    label_ends(late, ends)
    return figure


def wrong_gradient_entries() -> Figure:
    """The dk of one sequence, heads side by side, (T, H D): true, by the right formula, by the wrong one."""
    probe, found = weak_tests.Probe(1, 12, 2, 4), []
    for kind in KEY_GRADIENTS:
        with wrong_key_gradient.key_gradient(kind):
            dk, numeric = probe.gradients()
        found.append(dk)
    pictures = np.reshape([numeric, *found], (3, probe.T, -1))
    figure, largest = new_figure(7.2, 4.4), np.abs(pictures).max()
    figure.set_layout_engine("constrained")
    titles = ("central differences", "dscoresᵀ q", "qᵀ dscores, reshaped")
    for axes, title, picture in zip(figure.subplots(1, 3, sharey=True), titles, pictures, strict=True):
        image = axes.pcolormesh(picture, cmap="PuOr", vmin=-largest, vmax=largest)
        axes.set(title=title, aspect="equal", xticks=[], xlabel="channel")
        axes.grid(False)
    figure.axes[0].set(ylabel="position of the key", ylim=(probe.T, 0))
    figure.colorbar(image, ax=figure.axes, label="entry of dk", shrink=0.7)
    return figure
