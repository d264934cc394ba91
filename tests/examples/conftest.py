"""The example scripts as modules: they are run by path, so their folder is put on Python's."""

import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
sys.path.insert(0, str(EXAMPLES))
