"""Run folders: their files and how these are written and read (folder), and finding them (finding).

Standard library only, below everything that makes or reads runs; analysis/ knows runs by this room alone.
"""

from numpygpt.files import Locked as RunLocked
from numpygpt.files import NotWritable as RunNotWritable
from numpygpt.files import is_folder, is_locked
from numpygpt.runs.finding import OUTPUTS, find_run, find_runs, finished_runs, newest_study, runs_in
from numpygpt.runs.folder import REQUIRED, RunDamaged, RunFolder, RunUnfinished, metric_row

__all__ = [
    "OUTPUTS",
    "REQUIRED",
    "RunDamaged",
    "RunFolder",
    "RunLocked",
    "RunNotWritable",
    "RunUnfinished",
    "find_run",
    "find_runs",
    "finished_runs",
    "is_folder",
    "is_locked",
    "metric_row",
    "newest_study",
    "runs_in",
]
