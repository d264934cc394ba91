"""Figures: that each can be drawn from what runs leave behind, and the arithmetic behind them."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from synthetic import make_run, make_study

from analysis.figures import style
from analysis.figures.curves import bands_of, curve_rows
from analysis.figures.drawings import drawings
from analysis.figures.style import PALETTE
from analysis.figures.training_panel import _change, draw_curves
from analysis.inference.choices import pareto
from analysis.inference.comparisons import group_runs
from analysis.page.page import TEMPLATES
from analysis.records.collect import collect, metrics_frame
from numpygpt.runs import find_runs


def test_a_bar_is_as_wide_as_the_updates_in_which_the_loss_changed():
    from matplotlib.figure import Figure

    axes = Figure().subplots()
    losses = pd.DataFrame({"step": [0, 100, 200, 300, 302], "val_loss": [4.0, 3.0, 2.5, 2.6, 2.59]})
    _change(axes, losses, "C0")
    assert sorted(round(bar.get_width(), 6) for bar in axes.patches) == [1.4, 70, 70, 70]


def test_a_run_draws_its_panel_at_any_time(tmp_path):
    for run in (
        make_run(tmp_path, "char", 1, every=50),
        make_run(tmp_path, "word", 2, state="interrupted", every=500),
        make_run(tmp_path, "bpe", 3, state="empty"),
    ):
        path = draw_curves(run)
        assert path == run.curves_path
        assert path.read_bytes().startswith(b"\x89PNG")
        assert not list(run.path.glob(".curves*"))


def test_bands_are_means_and_intervals_over_seeds(study):
    found = collect(find_runs(study))
    ((comparison,), _) = group_runs(found)
    rows = curve_rows(comparison, metrics_frame(found)[0])
    setting = comparison.settings[0]
    bands = bands_of(rows, "flops")
    last = bands[bands["setting"] == setting.label].iloc[-1]
    here = rows[(rows["setting"] == setting.label) & (rows["step"] == 1000)]["val_bpb"]
    want = stats.ttest_1samp(here, 0).confidence_interval(0.95)
    assert (last["low"], last["high"]) == pytest.approx((want.low, want.high))
    assert last["x"] == pytest.approx(setting.values("train_flops").mean())


def test_curves_are_those_of_the_runs_that_count_and_end_where_a_seed_does(tmp_path):
    make_study(tmp_path / "a", ("char",), (1, 2), budget__kind="seconds", budget__seconds=60.0, every=100)
    found = collect(find_runs(tmp_path))
    ((comparison,), _) = group_runs(found)
    (setting,) = comparison.settings
    metrics = metrics_frame(found)[0]
    other = metrics[metrics["seed"] == 1].assign(seed=3, folder="failed/char-s3", val_bpb=9.0)
    later = metrics[(metrics["seed"] == 1) & (metrics["step"] == 1000)].assign(step=1100, val_bpb=1.0)
    rows = curve_rows(comparison, pd.concat([metrics, other, later]))
    assert set(rows["seed"]) == {1, 2}
    band = bands_of(rows, "step")
    assert set(band["setting"]) == {setting.label}
    assert band["step"].iloc[-1] == 1000
    assert (band["n"] == 2).all()


def test_a_sweep_of_sizes_gets_its_frontier(tmp_path):
    for width in (64, 128, 256):
        make_study(tmp_path / str(width), ("char", "word", "bpe"), (1, 2), model__n_embd=width, every=100)
    found = collect(find_runs(tmp_path))
    ((comparison,), _) = group_runs(found)
    by_name = {d.name: d for d in drawings(comparison, metrics_frame(found)[0])}
    assert {"frontier", "curves_step", "bits_per_byte"} <= by_name.keys()
    with style.styled():
        for name in ("frontier", "curves_chars"):
            style.save(by_name[name].draw(), tmp_path / f"{name}.svg")
            assert (tmp_path / f"{name}.svg").stat().st_size > 10_000


def test_curves_against_what_grows_alike_in_all_runs_are_not_drawn_again(tmp_path):
    for rate in (1e-3, 3e-3):
        make_study(tmp_path / str(rate), ("char",), (1, 2), optimizer__lr=rate, every=100)
    found = collect(find_runs(tmp_path))
    ((comparison,), _) = group_runs(found)
    metrics = metrics_frame(found)[0]
    slow = metrics.assign(seconds=metrics["seconds"] * metrics["seed"])
    drawn = [d.name for d in drawings(comparison, slow) if d.name.startswith("curves")]
    assert drawn == ["curves_step", "curves_seconds"]


def test_pareto_keeps_what_no_other_beats_in_both():
    assert pareto([1, 2, 3, 4, 1], [5.0, 3.0, 4.0, 1.0, 6.0]) == [0, 1, 3]


def test_labels_are_moved_apart_and_keep_their_order():
    moved = style.spread([1.0, 1.05, 1.1, 5.0], 0.5)
    assert np.diff(moved) == pytest.approx([0.5, 0.5, 3.45])
    assert np.mean(moved[:3]) == pytest.approx(1.05)
    assert style.spread([3.0, 1.0], 0.5) == [3.0, 1.0]


def test_looks_differ_in_grey_too():
    def grey(colour: str) -> float:
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    shapes = {(look.marker, str(look.dash)) for look in style.LOOKS.values()}
    assert len(shapes) == len(style.LOOKS)
    levels = sorted(grey(look.colour) for look in style.LOOKS.values())
    assert min(np.diff(levels)) > 4


# --- The page's colours: they can be read, they rise evenly, and they are those of the figures ---


def theme(name):
    text = (TEMPLATES / "styles" / f"{name}.css").read_text(encoding="utf-8")
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", text))


def luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a, b):
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_contrasts_are_those_of_wcag_aa(name):
    colours = theme(name)
    grounds = ("paper", "raised", "faint")
    pairs = [(ink, ground) for ink in ("ink", "soft", "accent") for ground in grounds]
    pairs += [(kind, f"{kind}-ground") for kind in ("good", "caution")]
    pairs += [("ink", f"t{i}") for i in range(4)] + [("ink", "copied"), ("paper", "ink")]
    pairs += [("on-low", f"b{i}") for i in range(6)] + [("on-six", "b6")]
    pairs += [("on-high", f"b{i}") for i in range(7, 10)]
    low = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert not {pair: round(value, 2) for pair, value in low.items() if value < 4.5}
    shapes = {f"look-{i}": contrast(colours[f"look-{i}"], colours["paper"]) for i in range(len(PALETTE))}
    assert not {look: round(v, 2) for look, v in shapes.items() if v < (2 if name == "light" else 3)}


@pytest.mark.parametrize("name", ["light", "dark"])
def test_colours_of_cost_rise_evenly_and_neighbouring_tokens_differ_in_grey(name):
    colours = theme(name)
    steps = [luminance(colours[f"b{i}"]) for i in range(10)]
    assert steps == sorted(steps, reverse=name == "light")
    tokens = [luminance(colours[f"t{i}"]) for i in range(4)]
    for one, other in zip(tokens, tokens[1:] + tokens[:1], strict=True):
        assert abs(one - other) > (0.1 if name == "light" else 0.02)


def test_light_colours_are_those_of_the_figures():
    colours = theme("light")
    assert [colours[f"look-{i}"] for i in range(len(PALETTE))] == [look.colour for look in PALETTE]
    assert theme("dark").keys() == colours.keys()
