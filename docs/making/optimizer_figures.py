"""Figures of docs/OPTIMIZERS.md that need no records: small computations with numpygpt.optim."""

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.style import INK, LOOKS, SOFT, new_figure
from numpygpt.data import resolve
from numpygpt.data.batches import sample_batch
from numpygpt.models import GPT, GPTConfig
from numpygpt.nn import Parameter
from numpygpt.optim import SGD, Adam, AdamW, Muon, Optimizer, warmup_cosine, warmup_stable_decay
from numpygpt.optim.muon import orthogonalised
from numpygpt.streams import generator
from numpygpt.tokenizers import create

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

STYLES: dict[str, tuple[str, Any, str]] = {
    "SGD": (LOOKS["byte"].colour, (0, (1.2, 1.2)), "v"),
    "momentum": (LOOKS["word"].colour, (0, (6, 2)), "s"),
    "Adam": (LOOKS["bpe"].colour, (0, (5, 1.5, 1, 1.5)), "^"),
    "AdamW": (LOOKS["char"].colour, "-", "o"),
    "Muon": (LOOKS["bpe-bytefallback"].colour, "-", "D"),
}

# --- a valley ---


def valley(optimizer: str, lr: float, steps: int = 30) -> np.ndarray:
    """The way (steps + 1, 2) from (-9, 1) down (x^2 + 25 y^2) / 2, by the library's own optimizers."""
    p = Parameter(np.array([-9.0, 1.0]))
    makers: dict[str, Callable[[], Optimizer]] = {
        "SGD": lambda: SGD([p], lr),
        "momentum": lambda: SGD([p], lr, momentum=0.9),
        "Adam": lambda: Adam([p], lr, betas=(0.9, 0.99)),
    }
    made, way = makers[optimizer](), [p.data.copy()]
    for _ in range(steps):
        made.zero_grad()
        p.add_grad(p.data * np.array([1.0, 25.0]))
        made.step()
        way.append(p.data.copy())
    return np.array(way)


VALLEYS = (("SGD", 0.07), ("momentum", 0.02), ("Adam", 0.6))


def valley_figure() -> "Figure":
    figure = new_figure(7.2, 5.6)
    x, y = np.meshgrid(np.linspace(-10, 4, 141), np.linspace(-1.6, 1.6, 81))
    for axes, (name, lr) in zip(figure.subplots(3, 1, sharex=True), VALLEYS, strict=True):
        axes.contour(
            x,
            y,
            (x**2 + 25 * y**2) / 2,
            levels=[0.5, 2, 5, 12, 25, 45],
            colors=SOFT,
            linewidths=0.5,
        )
        way = valley(name, lr)
        axes.plot(
            way[:, 0],
            way[:, 1],
            color=STYLES[name][0],
            marker="o",
            markersize=2.5,
            linewidth=1,
        )
        axes.plot(0, 0, "+", color=INK, markersize=9)
        axes.set_title(f"{name}, lr = {lr:g}")
        axes.set_xlim(-10, 4)
        axes.set_ylim(-1.6, 1.6)
        axes.set_aspect("equal")
        axes.grid(False)
    return figure


# --- bias correction and schedules ---


def correction(beta1: float, beta2: float, steps: np.ndarray) -> np.ndarray:
    """Without the corrections, under a constant gradient: the length of a step in units of lr."""
    return (1 - beta1**steps) / np.sqrt(1 - beta2**steps)


def correction_figure() -> "Figure":
    figure = new_figure(6.8, 3.3)
    axes = figure.subplots()
    steps = np.arange(1, 1001)
    looks = (((0.9, 0.999), "bpe", "-"), ((0.9, 0.99), "char", (0, (5, 1.5))))
    for betas, look, dash in looks:
        axes.plot(steps, correction(*betas, steps), color=LOOKS[look].colour, linestyle=dash,
                  label=f"betas {betas[0]:g}, {betas[1]:g}")  # fmt: skip
    axes.axhline(1, color=SOFT, linewidth=0.9)
    axes.annotate("with both corrections", (1000, 1), xytext=(0, -11), textcoords="offset points", ha="right",
                  fontsize=8.5, color=SOFT)  # fmt: skip
    axes.set_xscale("log")
    axes.set_ylim(0, None)
    axes.set_xlabel("step")
    axes.set_ylabel("length of the step / lr")
    axes.set_title("Adam without bias correction")
    axes.legend()
    return figure


def schedule_figure() -> "Figure":
    figure = new_figure(6.8, 3.2)
    axes = figure.subplots()
    rate, steps = warmup_cosine(1e-3, 1e-4, 100, 1000), np.arange(0, 1401)
    held = warmup_stable_decay(1e-3, 0, 100, 300, 1000)
    for shown, name, colour, dash in (
        (held, "warmup_stable_decay(0.001, 0, warmup=100, decay=300, total=1000)", "bpe", (0, (5, 1.5))),
        (rate, "warmup_cosine(0.001, 0.0001, warmup=100, total=1000)", "char", "-"),
    ):
        heights = [1e3 * shown(int(step)) for step in steps]
        axes.plot(steps, heights, color=LOOKS[colour].colour, linestyle=dash, label=name)
    for step, words, offset in (
        (0, "the first step: a hundredth", (10, 4)),
        (550, "half way: the mean of both ends", (-112, -32)), (1000, "the end, and from there on", (4, 8)),
    ):  # fmt: skip
        axes.plot(step, 1e3 * rate(step), "o", color=LOOKS["char"].colour)
        axes.annotate(
            words,
            (step, 1e3 * rate(step)),
            xytext=offset,
            textcoords="offset points",
            fontsize=8.5,
        )
    axes.set_ylim(0, 1.5)
    axes.set_yticks([0, 0.5, 1])
    axes.set_xlabel("step")
    axes.set_ylabel("learning rate / 0.001")
    axes.legend(loc="upper left")
    _upright_lines(axes)
    return figure


def _upright_lines(axes: "Axes") -> None:
    """Marks where the warm-up and the decay end."""
    for step in (100, 1000):
        axes.axvline(step, color=SOFT, linewidth=0.7, linestyle=(0, (1, 2)))


# --- what a step does to a matrix ---

SPECTRUM_UPDATES = 50


@cache
@threadpool_limits.wrap(1, user_api="blas")  # quicker for matrices this small
def spectra() -> dict[str, np.ndarray]:
    """Singular values, largest first, of one update of a small model's first feed-forward matrix."""
    tokenizer, text = create("char"), resolve("pydoc").text
    tokenizer.train(text)
    ids = tokenizer.encode(text)
    shape = GPTConfig(
        tokenizer.vocab_size, 32, 2, 4, 64, "relu_squared", bias=False,
        positions="rotary", norm="rmsnorm", qk_norm=True,
    )  # fmt: skip
    model = GPT(shape, rng=generator(1, "init"))
    adam = AdamW(model.flat.parameters, 1e-3)
    for step in range(SPECTRUM_UPDATES):
        x, y = sample_batch(ids, 12, 32, generator(1, "data", step))
        model.zero_grad()
        model.loss(x, y)
        model.loss_backward(1 / y.size)
        adam.step()
    i = next(i for i, p in enumerate(adam.parameters) if p is model.blocks[0].ff.fc.weight)
    mean, square = adam.state["mean"][i], adam.state["square"][i]
    updates = {"momentum": mean, "Adam": mean / (np.sqrt(square) + adam.eps), "Muon": orthogonalised(mean)}
    return {name: np.linalg.svd(update, compute_uv=False) for name, update in updates.items()}


def spectrum_figure() -> "Figure":
    figure = new_figure(6.8, 3.4)
    axes = figure.subplots()
    for name, values in spectra().items():
        colour, dash, _ = STYLES[name]
        axes.plot(np.arange(1, len(values) + 1), values / values[0], color=colour, linestyle=dash, label=name)
    axes.set_yscale("log")
    axes.set_xlabel("direction, the loudest first")
    axes.set_ylabel("singular value / the largest")
    axes.set_title("One update of a matrix")
    axes.legend(labelcolor=INK)
    return figure


GRADIENT = np.array([[0.90, 0.09], [0.39, 0.21]])  # its singular values are 1 and 0.15


def first_step_of(optimizer: str) -> np.ndarray:
    """What the first step, at a learning rate of 1, takes off a matrix (2, 2) whose gradient is GRADIENT."""
    p = Parameter(np.zeros((2, 2)), n_matrices=1)
    makers: dict[str, Callable[[], Optimizer]] = {
        "SGD": lambda: SGD([p], 1.0),
        "Adam": lambda: Adam([p], 1.0),
        "Muon": lambda: Muon([p], 1.0, embedding_lr=1.0),
    }
    p.add_grad(GRADIENT)
    makers[optimizer]().step()
    return -p.data


def step_figure() -> "Figure":
    """The unit circle, and the gradient's two input directions, as each optimizer's step maps them."""
    figure = new_figure(7.2, 2.9)
    angles = np.linspace(0, 2 * np.pi, 200)
    circle, inputs = np.array([np.cos(angles), np.sin(angles)]), np.linalg.svd(GRADIENT)[2].T
    inputs *= np.sign(inputs[0])  # which of two opposite ones an SVD gives is chance
    for axes, name in zip(figure.subplots(1, 3, sharey=True), ("SGD", "Adam", "Muon"), strict=True):
        step = first_step_of(name)
        axes.plot(*circle, color=SOFT, linewidth=0.7, linestyle=(0, (1, 2)))
        axes.plot(*(step @ circle), color=STYLES[name][0])
        for number, (x, y) in enumerate((step @ inputs).T, start=1):
            axes.plot([0, x], [0, y], color=INK, linewidth=1)
            axes.annotate(f"{number}", (x, y), xytext=(4, -9), textcoords="offset points", fontsize=9)
        axes.set_title(name)
        axes.set_aspect("equal")
        axes.set_xlim(-1.5, 1.5)
        axes.set_ylim(-1.5, 1.5)
        axes.grid(False)
    return figure
