"""CI does what the README says, before anything else is there."""

import re
from pathlib import Path

import numpygpt

ROOT = Path(__file__).parents[1]
SCRIPT = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_readme_s_two_commands_run_as_they_stand_before_any_extra_is_installed():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"^    (pip install -e .* && .*)$", readme, re.MULTILINE)
    assert len(commands) == 2
    installed = [line for line in SCRIPT if line.startswith("pip install")]
    assert installed[:2] == commands
    assert SCRIPT.index("pytest --skipped") > max(SCRIPT.index(line) for line in installed[2:-1])


def test_the_changelog_begins_with_this_version():
    (newest, *_) = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest == numpygpt.__version__


def test_only_what_the_last_run_skipped_is_run_again(pytester):
    pytester.copy_example(str(ROOT / "tests" / "conftest.py"))
    pytester.makepyfile(
        test_one="import pytest\nmissing = pytest.importorskip('extra_of_ours')\ndef test_a(): pass\n",
        test_two="import pytest\ndef test_b(): pass\ndef test_c(): pytest.importorskip('extra_of_ours')\n",
    )
    pytester.runpytest("-p", "no:xdist").assert_outcomes(passed=1, skipped=2)
    pytester.makepyfile(extra_of_ours="")
    pytester.syspathinsert()
    pytester.runpytest("--skipped").assert_outcomes(passed=2, deselected=1)
    pytester.runpytest("-p", "no:cacheprovider").assert_outcomes(passed=3)
