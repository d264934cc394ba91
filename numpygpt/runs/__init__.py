"""Run folders: their files and how these are written and read (folder), and finding them (finding).

Standard library only, below everything that makes or reads runs; analysis/ knows runs by this room alone.
"""

from numpygpt.files import is_folder
from numpygpt.runs.finding import find_run, find_runs, finished_runs, newest_study, runs_in
from numpygpt.runs.folder import REQUIRED, RunDamaged, RunFolder, RunUnfinished
