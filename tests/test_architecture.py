"""The house rules, read off the import statements: no room imports from a room above it."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(
    path
    for top in ("numpygpt", "analysis", "experiments", "hydra_plugins")
    for path in (ROOT / top).rglob("*.py")
)

# A room may import from the rooms of lower floors only; rooms on one floor know nothing of each other.
FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors",),
    ("files", "machine", "printing", "streams"),
    ("nn", "optim", "tokenizers", "data"),
    ("models",),
    ("runs",),
    ("generation",),
    ("measures",),
    ("training",),
)
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
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
UNSAFE = {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal"}
STDLIB_ONLY = {"numpygpt.runs", "numpygpt.files", "numpygpt.errors", "numpygpt.machine", "numpygpt.printing"}
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
        if top == "numpygpt":
            if package in OUTSIDE_NUMPYGPT:
                yield f"imports {name}: numpygpt stands alone"
            if module in STDLIB_ONLY and package not in {*sys.stdlib_module_names, "numpygpt", "msvcrt"}:
                yield f"imports {name}: standard library only"
            if package == "numpygpt" and room and target != room and not is_below(target, room):
                yield f"imports {name}: {target or 'the top'} is not below {room}"
        if top == "analysis" and package == "experiments":
            yield f"imports {name}: experiments is above analysis"
        if top == "analysis" and package == "numpygpt" and target not in ("runs", "errors", "printing"):
            yield f"imports {name}: analysis knows runs by their folders alone"


def is_below(target: str, room: str) -> bool:
    if target in ("__version__", "__name__"):
        return True
    assert room in FLOOR_OF, f"numpygpt/{room} has no floor yet: give it one in this file"
    return target in FLOOR_OF and FLOOR_OF[target] < FLOOR_OF[room]


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
        ("numpygpt.runs", "import numpy"),
        ("numpygpt.measures.bits.scores", "import pandas as pd"),
        ("numpygpt.training.trainer", "from hydra import main"),
        ("analysis.report", "from numpygpt.models.gpt import GPT"),
        ("analysis.report", "import hydra"),
        ("analysis.report", "from experiments.run import main"),
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
