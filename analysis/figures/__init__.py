"""What is drawn: the figures of a comparison, and the panel of one run, all in one style.

Imports tables, inference and records. Come here to add a figure (drawings.py lists them).
"""

from analysis.figures.training_panel import draw_curves
