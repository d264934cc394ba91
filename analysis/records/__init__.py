"""What runs have recorded: finding and reading them as tidy frames; settings; the registry of measures.

Imports no other room. Come here to add a measure (measures.csv) or a file that runs write (collect.py).
"""
