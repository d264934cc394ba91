"""Where things are, in a clone of the repository and installed from a wheel (standard library only)."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]  # that holds the packages
IN_CLONE = (ROOT / "pyproject.toml").exists()
# Where relative outputs start, wherever a command is typed in a clone.
HOME = ROOT if IN_CLONE else Path.cwd()
OUTPUTS = HOME / "outputs"
CONF = ROOT / "conf" if IN_CLONE else ROOT / "experiments" / "conf"  # a wheel brings it there: see setup.py
RUN = "python experiments/run.py" if IN_CLONE else "numpygpt"
REPORT = "python analysis/report.py" if IN_CLONE else "numpygpt-report"
