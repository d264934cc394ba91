"""From run folders to tables, figures and one report. No model is computed here: runs are known by their files.

The doors are report.py, query.py and pack.py; for notebooks `load` and `load_runs`. Behind them lie
the rooms, each of which may import from those after it: reports, page, figures, tables, inference, records.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.inference.frames import load, load_runs

__all__ = ["load", "load_runs"]


def __getattr__(name: str) -> Any:
    """`load` and `load_runs`, when they are asked for: pandas takes 0.6 s to import."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from analysis.inference import frames

    return getattr(frames, name)
