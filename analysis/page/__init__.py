"""The HTML report: one file that needs nothing else, from a view of all that is to be shown (view.py).

Imports figures, tables, inference and records. Templates, styles and scripts lie in templates/.
"""
