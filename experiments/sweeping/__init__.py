"""A study from its command line to its comparison: arguments, plan, launch, summary; the task is one run of it.

The only room that knows Hydra's sweepers and launchers. It imports configuration/, runner/ and, when all is done,
analysis.report; run.py and hydra_plugins/ come in.
"""
