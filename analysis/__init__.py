"""From run folders to tables, figures and one report. No model is computed here: runs are known by their files.

The doors are report.py, surprisal.py and pack.py. Behind them lie the rooms, each of which may import from those
after it: reports, page, figures, tables, inference, records.
"""
