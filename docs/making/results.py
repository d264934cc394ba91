"""The original experiment and the quick size, as docs/RESULTS.md and the README tell them."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from making.records import study

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def quick(label: str, key: str, budget: str = "iters") -> str:
    """A figure of the quick size over five seeds, with its interval."""
    return study(f"quick-{budget}").shown(label, key)


VALUES: dict[str, Callable[..., Any]] = {"quick": quick}
FIGURES: dict[str, "Callable[[], Figure]"] = {}
