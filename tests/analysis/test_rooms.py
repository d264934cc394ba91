"""The rooms of analysis/: arrows point down only, nothing imports a door, no room is crowded."""

import ast
from pathlib import Path

import pytest

ANALYSIS = Path(__file__).parents[2] / "analysis"
ROOMS = (
    "reports",
    "page",
    "figures",
    "tables",
    "inference",
    "records",
)  # each may import from those after it
FILES = sorted(ANALYSIS.rglob("*.py"))
MOST_MODULES, MOST_LINES_OF_A_DOOR = 12, 60


def imported(path: Path) -> set[str]:
    """What a file imports of this package, wherever in the file, for types alone, too: `figures.style`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "analysis":
            rest = (node.module or "").removeprefix("analysis").strip(".")
            names |= {rest} if rest else {alias.name for alias in node.names}
        if isinstance(node, ast.Import):
            names |= {a.name.removeprefix("analysis.") for a in node.names if a.name.startswith("analysis.")}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ANALYSIS).as_posix())
def test_arrows_point_down(path):
    own = path.relative_to(ANALYSIS).parts[0]
    below = set(ROOMS[ROOMS.index(own) :] if own in ROOMS else ROOMS)
    assert {name.split(".")[0] for name in imported(path)} <= below


def test_no_modules_import_each_other():
    graph = {
        ".".join(path.relative_to(ANALYSIS).with_suffix("").parts).removesuffix(".__init__"): imported(path)
        for path in FILES
    }

    def reached(start: str) -> set[str]:
        seen, todo = set(), [start]
        while todo:
            new = graph.get(todo.pop(), set()) - seen
            seen |= new
            todo += new
        return seen

    assert not [module for module in graph if module in reached(module)]


def test_rooms_are_not_crowded_and_doors_are_narrow():
    for room in ROOMS:
        assert len(list((ANALYSIS / room).glob("[!_]*.py"))) <= MOST_MODULES, room
    for door in ANALYSIS.glob("[!_]*.py"):
        assert len(door.read_text(encoding="utf-8").splitlines()) <= MOST_LINES_OF_A_DOOR, door
