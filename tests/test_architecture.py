"""The house rules, read off the import statements: no room imports from a room above it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path
    for top in ("numpygpt", "analysis", "experiments", "hydra_plugins", "benchmarks")
    for path in (ROOT / top).rglob("*.py")
)

# A room may import from the rooms of lower floors only; rooms on one floor know nothing of each other.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("files", "machine", "places", "printing", "streams"),
    ("commands",),
    ("nn", "optim", "tokenizers", "data"),
    ("models",),
    ("runs",),
    ("generation",),
    ("measures",),
    ("training",),
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
# Floors inside a room: rooms of its own, and the modules beside them.
INNER_FLOORS: dict[str, tuple[tuple[str, ...], ...]] = {
    "measures": (("bits",), ("text", "baselines", "cost")),
    "tokenizers": (
        ("unicode", "case"),
        ("base", "pretokenize", "spacing"),
        ("char", "word", "byte", "bpe"),
        ("word_lossless", "unigram"),
        ("foreign",),
        ("registry",),
    ),
}
OUTSIDE_NUMPYGPT = {
    "hydra",
    "omegaconf",
    "pandas",
    "matplotlib",
    "seaborn",
    "torch",
    "experiments",
    "analysis",
}
KNOWN_TO_ANALYSIS = ("runs", "errors", "files", "printing", "commands")
UNSAFE = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
STDLIB_ONLY = {
    f"numpygpt.{name}" for name in ("commands", "errors", "files", "machine", "places", "printing", "runs")
}
RANDOM_TYPES = {"Generator", "BitGenerator", "SeedSequence", "Philox", "PCG64", "default_rng"}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(module: str, source: str, is_package: bool = False) -> Iterator[str]:
    """The dotted names of all that is imported, anywhere in the file: `from a import b` gives `a.b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            here = parts[: len(parts) - node.level + is_package] if node.level else []
            base = ".".join([*here, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def broken_rules(module: str, source: str, is_package: bool = False) -> Iterator[str]:
    top, room = [*module.split("."), ""][:2]
    for name in imports(module, source, is_package):
        package, target = [*name.split("."), ""][:2]
        if package in UNSAFE:
            yield f"imports {name}: nothing is pickled"
        if name.startswith("numpy.random.") and name.split(".")[2] not in RANDOM_TYPES:
            yield f"imports {name}: randomness comes in as a Generator"
        if package in ("hydra", "omegaconf") and top not in ("experiments", "hydra_plugins"):
            yield f"imports {name}: only experiments/ knows Hydra"
        if package == "benchmarks" and top != "benchmarks":
            yield f"imports {name}: benchmarks/ is not installed"
        if top == "numpygpt":
            if package in OUTSIDE_NUMPYGPT:
                yield f"imports {name}: numpygpt stands alone"
            is_bare = f"{top}.{room}" in STDLIB_ONLY
            if is_bare and package not in {*sys.stdlib_module_names, "numpygpt", "msvcrt"}:
                yield f"imports {name}: standard library only"
            if package == "numpygpt" and room and target != room and not is_below(target, room):
                yield f"imports {name}: {target or 'the top'} is not below {room}"
            if room in INNER_FLOORS and target == room and not is_below_inside(name, module):
                yield f"imports {name}: it is not below {module}"
        if top == "analysis" and package == "experiments":
            yield f"imports {name}: experiments is above analysis"
        if top == "analysis" and package == "numpygpt" and target not in KNOWN_TO_ANALYSIS:
            yield f"imports {name}: analysis knows runs by their folders alone"


def is_below(target: str, room: str) -> bool:
    if target in ("__version__", "__name__"):
        return True
    assert room in FLOOR_OF, f"numpygpt/{room} has no floor yet: give it one in this file"
    return target in FLOOR_OF and FLOOR_OF[target] < FLOOR_OF[room]


def is_below_inside(name: str, module: str) -> bool:
    """As `is_below`, inside the room that both are of. Its __init__ sees all of it."""
    _, room, own, *_ = f"{module}.".split(".")
    target = name.split(".")[2]
    floor_of = {inner: number for number, inners in enumerate(INNER_FLOORS[room]) for inner in inners}
    assert floor_of.keys() >= {own, target} - {""}, f"give {own} and {target} a floor in INNER_FLOORS"
    return not own or own == target or floor_of[target] < floor_of[own]


def unsafe_calls(source: str) -> Iterator[str]:
    """Global random numbers and unpickling, by how they are spelled."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute):
            is_random = ast.unparse(node.value) in ("np.random", "numpy.random")
            if is_random and node.attr not in RANDOM_TYPES:
                yield f"line {node.lineno}: {ast.unparse(node)} draws from the global random state"
        if (
            isinstance(node, ast.keyword)
            and node.arg == "allow_pickle"
            and ast.unparse(node.value) != "False"
        ):
            yield f"line {node.value.lineno}: allow_pickle"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_keeps_the_house_rules(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    broken = [*broken_rules(module_name(path), source, path.name == "__init__.py"), *unsafe_calls(source)]
    assert not broken, "; ".join(broken)


def test_no_script_shadows_the_standard_library() -> None:
    names = {path.stem for path in FILES if path.relative_to(ROOT).parts[0] in ("analysis", "experiments")}
    assert not names & sys.stdlib_module_names


def test_no_module_is_called_utils() -> None:
    assert not [path for path in FILES if path.stem in ("utils", "util", "helpers", "misc")]


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("numpygpt.nn.linear", "from numpygpt.optim import Adam"),
        ("numpygpt.nn.linear", "from ..optim import Adam"),
        ("numpygpt.nn.linear", "from numpygpt import optim"),
        ("numpygpt.data.tokens", "import numpygpt.tokenizers.bpe.bpe"),
        ("numpygpt.models.gpt", "def f():\n    import numpygpt.training"),
        ("numpygpt.runs.folder", "import numpy"),
        ("numpygpt.measures.bits.scores", "import pandas as pd"),
        ("numpygpt.measures.bits.scores", "from numpygpt.measures.baselines import compressors"),
        ("numpygpt.tokenizers.bpe.bpe", "from numpygpt.tokenizers.registry import create"),
        ("numpygpt.training.trainer", "from hydra import main"),
        ("analysis.report", "from numpygpt.models.gpt import GPT"),
        ("analysis.report", "import hydra"),
        ("analysis.report", "from experiments.run import main"),
        ("experiments.run", "from benchmarks import suite"),
        ("experiments.run", "import pickle"),
        ("numpygpt.nn.linear", "from numpy.random import rand"),
    ],
)
def test_breaches_are_noticed(module: str, line: str) -> None:
    assert list(broken_rules(module, line))


@pytest.mark.parametrize(
    "line", ["np.random.seed(0)", "numpy.random.rand(3)", "np.load(f, allow_pickle=True)"]
)
def test_unsafe_calls_are_noticed(line: str) -> None:
    assert list(unsafe_calls(line))


def test_generators_are_safe() -> None:
    assert not list(unsafe_calls("rng: np.random.Generator = np.random.default_rng(0).spawn(1)[0]"))


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("numpygpt.nn.linear", "from .module import Module"),
        ("numpygpt.models.gpt", "from numpygpt.nn import Linear"),
        ("numpygpt.training.trainer", "from numpygpt import runs, streams"),
        ("analysis.report", "from numpygpt.runs import find_runs"),
        ("experiments.run", "import hydra, numpygpt.training"),
    ],
)
def test_what_is_allowed_passes(module: str, line: str) -> None:
    assert not list(broken_rules(module, line))


# ------------------------------------------------ rooms and doors of experiments/ and analysis/

ROOMS: dict[str, tuple[tuple[str, ...], ...]] = {
    "experiments": (("configuration", "cli"), ("trained",), ("runner",), ("sweeping",)),
    "analysis": (("records",), ("inference",), ("tables",), ("figures",), ("page",), ("reports",)),
}
ROOM_FLOOR = {
    (top, room): number
    for top, floors in ROOMS.items()
    for number, rooms in enumerate(floors)
    for room in rooms
}
DOORS = sorted(path for top in ROOMS for path in (ROOT / top).glob("*.py") if path.stem != "__init__")
MODULES = {module_name(path): path for path in FILES}
MAX_MODULES = 12


def imported_modules(module: str) -> set[str]:
    """Our own modules that one names in its imports, wherever in the file, for types alone or not."""
    path = MODULES[module]
    found = set()
    for name in imports(module, path.read_text(encoding="utf-8"), path.name == "__init__.py"):
        found |= {known for known in (name, name.rpartition(".")[0]) if known in MODULES}
    return found - {module}


def room_of(module: str) -> str:
    """Of a module of experiments/ or analysis/; a door is in none."""
    parts = module.split(".")
    return parts[1] if len(parts) > 2 or MODULES[module].name == "__init__.py" else ""


@pytest.mark.parametrize("module", [m for m in MODULES if m.split(".")[0] in ROOMS and "." in m])
def test_no_room_imports_from_a_room_above_it(module: str) -> None:
    top, room = module.split(".")[0], room_of(module)
    for target in imported_modules(module) if room else ():
        other = room_of(target) if target.startswith(f"{top}.") else room
        assert other == room or ROOM_FLOOR[top, other] < ROOM_FLOOR[top, room], f"{module} imports {target}"


def test_nothing_imports_a_door() -> None:
    doors = {module_name(path) for path in DOORS}
    assert not [(module, door) for module in MODULES for door in imported_modules(module) & doors]


def test_modules_import_each_other_in_no_circle() -> None:
    """Imports for types alone included. A package and its own modules are not told apart."""
    above = {
        module: {m for m in imported_modules(module) if not module.startswith(f"{m}.")} for module in MODULES
    }
    ended: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join((*path[path.index(module) :], module))
        if module not in ended:
            for target in sorted(above[module]):
                walk(target, (*path, module))
            ended.add(module)

    for module in MODULES:
        walk(module, ())


def test_no_room_has_too_many_modules() -> None:
    for folder in {path.parent for path in FILES}:
        modules = [path for path in folder.glob("*.py") if path.stem != "__init__"]
        assert len(modules) <= MAX_MODULES, folder


@pytest.mark.parametrize("path", DOORS, ids=lambda path: path.stem)
def test_a_door_is_small(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60


@pytest.mark.parametrize("path", [p for p in DOORS if p.parent.name == "experiments"], ids=lambda p: p.stem)
def test_a_door_sets_the_blas_threads_before_anything_can_load_numpy(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    foreign = [
        n for n in imports(module_name(path), source) if n.split(".")[0] not in sys.stdlib_module_names
    ]
    assert f"{foreign[0]}.".startswith("experiments.cli.")
