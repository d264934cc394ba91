"""What every command shares: BLAS threads, the arguments they have in common, files and texts, a progress bar.

A door imports this room before anything else that is not of the standard library, and so sets the number of BLAS
threads before NumPy is loaded. It imports numpygpt's lowest floors alone; doors, trained/ and benchmarks/ come in.
"""

from experiments.cli import threads as threads
