"""The short fault tests use the same harness as the long suite, which is a script."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
