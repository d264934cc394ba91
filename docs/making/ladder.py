"""The ladder from nanoGPT's recipe to the default one: what each rung buys, in bits and in seconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from analysis.groups import Group
from analysis.style import look, new_figure
from analysis.tables import cell
from analysis.uncertainty import estimate
from making.records import study
from making.result_figures import upright_rulers
from making.words import markdown_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TOKENIZERS = ("char", "bpe")


@dataclass(frozen=True)
class Rung:
    """What it adds, what to type after experiment=ladder, and what marks the identity of its runs."""

    adds: str
    typed: str
    marks: Mapping[str, Any]


RATE = "optimizer.lr=3e-3 optimizer.min_lr=3e-4"
RUNGS = (  # a run stands on the last one whose marks it bears
    Rung("nanoGPT's recipe", "", {}),
    Rung("+ learning rate", RATE, {"optimizer.lr": 3e-3}),
    Rung("+ rotary positions", f"{RATE} model.positions=rotary", {"model.positions": "rotary"}),
    Rung("+ RMSNorm, QK-norm, squared ReLU, zero init", f"{RATE} model=small", {"model.norm": "rmsnorm"}),
    Rung("+ Muon", "optimizer=muon model=small", {"optimizer.kind": "muon"}),
)


def rung_of(identity: Mapping[str, Any]) -> Rung:
    """The rung of a run, by its identity with dotted keys."""
    return [rung for rung in RUNGS if all(identity.get(k) == value for k, value in rung.marks.items())][-1]


def climbed() -> bool:
    """Whether there are records of the ladder."""
    return bool(study("ladder").comparisons)


def ladder_updates() -> int:
    """Of each run."""
    return int(study("ladder").only.groups[0].first("iters"))


def groups() -> dict[tuple[str, str], Group]:
    """The setting of each rung (what it adds) and tokenizer, as far as it has been trained."""
    return {(rung_of(group.identity).adds, group.tokenizer): group for group in study("ladder").only.groups}


def ladder_table() -> str:
    """A row per rung: what to type, and for each tokenizer bits per byte and seconds of training."""
    found, rows = groups(), []
    for rung in RUNGS:
        row = [rung.adds, f"`experiment=ladder {rung.typed}".rstrip() + "`"]
        for tokenizer in TOKENIZERS:
            group = found.get((rung.adds, tokenizer))
            row += [""] * 2 if group is None else [cell(group, "bits_per_byte").text, _seconds(group)]
        rows.append(row)
    heads = [
        "rung",
        "`python experiments/run.py ...`",
        *(f"{t}{of}" for t in TOKENIZERS for of in ("", ", s")),
    ]
    return markdown_table(heads, rows, left=2)


def _seconds(group: Group) -> str:
    return f"{np.mean(group.values('train_seconds')):,.0f}"


def ladder_figure() -> "Figure":
    """Bits per byte from rung to rung, a line per tokenizer, intervals over seeds; rulers dotted."""
    figure = new_figure(8.6, 4.0)
    axes, found = figure.subplots(), groups()
    for tokenizer in TOKENIZERS:
        shape = look(tokenizer)
        places = [i for i, rung in enumerate(RUNGS) if (rung.adds, tokenizer) in found]
        bits = [estimate(found[RUNGS[i].adds, tokenizer].values("bits_per_byte")) for i in places]
        axes.errorbar([b.mean for b in bits], places, xerr=np.nan_to_num([b.half for b in bits]), capsize=3,
                      color=shape.colour, linestyle=shape.dash, marker=shape.marker, label=tokenizer)  # fmt: skip
    axes.set_yticks(range(len(RUNGS)), [rung.adds for rung in RUNGS])
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    upright_rulers(axes, study("ladder").only)
    axes.set_xlabel("bits per byte of the validation text (fewer is better)")
    axes.legend()
    figure.set_layout_engine("constrained")
    return figure
