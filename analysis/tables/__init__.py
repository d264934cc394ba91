"""What tables there are, what is in them, and how a table is written in each format.

Imports inference and records. Come here to show a measure: put its key into one of the lists of cost.py or
comparison.py, or add a table to `tables_of` in page/view.py.
"""
