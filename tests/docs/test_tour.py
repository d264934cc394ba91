"""docs/tour.ipynb runs, shows what it promises, and is what its template says, with no trace of a machine."""

import json
import os
import re
from pathlib import Path
from typing import Any

import make_tour
import pytest
from making import tour

from numpygpt.errors import UserError

UPDATES = 500  # a third of the committed run's: every cell runs, and the model learns more than pairs
CPU_SECONDS = 100  # for the whole notebook; that a machine is busy with other things does not count
PACKAGES = ("nbclient", "nbformat", "ipykernel")
Notebook = dict[str, Any]


def needs(*packages: str) -> None:
    for package in packages:
        pytest.importorskip(package, reason=f'needs {package}: pip install -e ".[notebook]"')


def outputs(notebook: Notebook) -> list[dict[str, Any]]:
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]


def printed(notebook: Notebook) -> str:
    return "".join("".join(o["text"]) for o in outputs(notebook) if o["output_type"] == "stream")


def pictures(notebook: Notebook) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs(notebook))


def shortened(source: str) -> str:
    return source.replace("UPDATES = 1500", f"UPDATES = {UPDATES}")


def code(notebook: Notebook) -> list[str]:
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.fixture(scope="module")
def committed() -> Notebook:
    return json.loads(tour.NOTEBOOK.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Notebook:
    """The notebook run anew for fewer updates, with the processor time that it took under `cpu`."""
    needs(*PACKAGES)
    resource = pytest.importorskip("resource", reason="processor time is not measured on this system")
    notebook = make_tour.fresh()
    for cell in notebook["cells"]:
        cell["source"] = shortened(cell["source"])
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.MonkeyPatch.context() as patch:
        for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
            patch.setenv(variable, str(tmp_path_factory.mktemp(variable.lower())))
        make_tour.execute(notebook)  # raises at the first cell that fails
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    make_tour.normalise(notebook)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return json.loads(json.dumps(notebook)) | {"cpu": used}


# --- the committed notebook ---


def test_the_committed_notebook_is_what_its_template_says():
    assert tour.refreshed() == tour.NOTEBOOK.read_text(encoding="utf-8")


def test_prose_is_refreshed_and_code_that_departs_is_named(committed, tmp_path, monkeypatch):
    changed = tmp_path / "tour.ipynb"
    monkeypatch.setattr(tour, "NOTEBOOK", changed)
    with pytest.raises(UserError, match=r"tour.ipynb is missing: run python docs/make_tour.py"):
        tour.refreshed()

    due = tour.as_text(committed)
    changed.write_text(due.replace("A tour: a GPT", "A GPT"), encoding="utf-8")
    assert tour.refreshed() == due

    changed.write_text(due.replace("UPDATES = 1500", "UPDATES = 15"), encoding="utf-8")
    with pytest.raises(UserError, match=r"cell \d+ is not its template's: run"):
        tour.refreshed()

    changed.write_text(tour.as_text(committed | {"cells": committed["cells"][:-2]}), encoding="utf-8")
    with pytest.raises(UserError, match="other cells than its template: run"):
        tour.refreshed()


def test_the_committed_notebook_is_small_and_tells_nothing_of_a_machine(committed):
    assert len(tour.NOTEBOOK.read_bytes()) < 600_000
    shown = [{k: v for k, v in o.get("data", {}).items() if k != "image/png"} for o in outputs(committed)]
    text = printed(committed) + json.dumps(shown)
    for trace in ("/root", "/home", "/tmp", "/Users", "site-packages", "object at 0x", "Warning", "<Figure"):
        assert trace not in text, trace
    assert all(cell["metadata"] == {} for cell in committed["cells"])
    assert all(output.get("metadata", {}) == {} for output in outputs(committed))
    assert committed["metadata"].keys() == {"kernelspec", "language_info"}


def test_prose_stands_before_the_code_and_no_line_is_cut_off_on_the_web():
    kinds = [kind for kind, _ in tour.cells()]
    assert kinds[0] == kinds[-1] == "markdown"
    assert all(pair == ("markdown", "code") for pair in zip(kinds[:-1:2], kinds[1::2], strict=True))
    lines = [line for kind, text in tour.cells() if kind == "code" for line in text.splitlines()]
    assert max(map(len, lines)) <= 108


def test_every_link_leads_to_a_file_of_ours():
    for kind, text in tour.cells():
        for link in re.findall(r"\]\(([^)#]+)", text if kind == "markdown" else ""):
            assert (tour.DOCS / link).is_file(), link


# --- what it shows: the committed run, and one of today ---


def test_the_committed_run_holds_what_it_promises(committed):
    assert "shakespeare: 1,003,854 characters" in printed(committed)
    holds_what_it_promises(committed, nats=0.4)


@pytest.mark.timeout(1200)  # half a minute on two free cores; what it may take of a processor is held below
def test_it_runs_and_holds_what_it_promises(executed, committed):
    assert code(executed) == [shortened(source) for source in code(committed)] != code(committed)
    holds_what_it_promises(executed, nats=0.2)
    assert 3 < executed["cpu"] < CPU_SECONDS


def holds_what_it_promises(notebook: Notebook, nats: float) -> None:
    """And models the text by at least so many nats better than counting does."""
    text = printed(notebook)
    assert not [output for output in outputs(notebook) if output["output_type"] == "error"]
    counts = [cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert pictures(notebook) == 8

    errors = [float(error) for error in re.findall(r"relative error (\S+)\n(?!That)", text)]
    assert len(errors) == 30  # 29 arrays of the layers, and the worst of the whole model
    assert max(errors) < 1e-5
    assert float(re.search(r"relative error (\S+)\nThat cannot be right", text)[1]) > 0.1
    assert "the same: True" in text
    assert "moved at position: [False False False False  True]" in text
    assert "the same logits: True" in text

    losses = [float(nats) for nats in re.findall(r"updates: (\S+) nats", text)]
    counted = [float(nats) for nats in re.findall(r"counting \w+ (\S+) nats", text)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < min(counted) - nats

    if "shakespeare:" not in text:  # the small text that needs no network teaches too little for what follows
        return
    shuffled = re.search(r"^(\S+) bits per char.*\n(\S+) bits.*\n(\S+) bits.*\n(\S+) bits, who", text, re.M)
    sentence, words, letters, nothing = map(float, shuffled.groups())
    assert sentence < words < nothing < letters


def test_the_command_wants_shakespeare(tmp_path: Path, monkeypatch, capsys):
    needs("nbformat")
    (tmp_path / "shakespeare.txt").write_text("O Romeo!")
    monkeypatch.setenv("NUMPYGPT_DATA", str(tmp_path))
    assert make_tour.main() == 2
    said = capsys.readouterr().err
    assert said.startswith("make_tour.py: ")
    assert said.count("\n") == 1
    assert os.fspath(tmp_path) in said
