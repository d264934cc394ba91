"""From the figures of seeds to estimates and verdicts: intervals, tests, and the sentences that they support.

Imports records. Come here to change a test (uncertainty.py), what is weighed against what (pairs.py), which caution
is given when (cautions.py) or how all is said (wording.py).
"""
