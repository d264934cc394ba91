"""Where things are, in a clone of the repository and installed from a wheel (standard library only)."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]  # that holds the packages
IN_CLONE = (ROOT / "pyproject.toml").exists()
HOME = (
    ROOT if IN_CLONE else Path.cwd()
)  # where relative outputs start, wherever a command is typed in a clone
OUTPUTS = HOME / "outputs"
CONF = ROOT / "conf" if IN_CLONE else ROOT / "experiments" / "conf"  # a wheel brings it there: see setup.py
RUN, REPORT = (
    ("python experiments/run.py", "python analysis/report.py")
    if IN_CLONE
    else ("numpygpt", "numpygpt-report")
)
