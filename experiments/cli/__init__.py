"""What every command shares: BLAS threads, the arguments they have in common, files and texts, a progress bar.

A door imports this room before anything else that is not of the standard library, so that NumPy is loaded after it:
with BLAS in one thread, as it gives other bits with other thread counts. Parallelism is over slices of the batch,
and results do not depend on the number of cores. A variable that is set already is left as it is.
It imports numpygpt's lowest floors alone; doors and trained/ come in.
"""

import os

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
for _name in VARIABLES:
    os.environ.setdefault(_name, "1")
