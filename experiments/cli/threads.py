"""BLAS in one thread, set when this module is imported, which must be before NumPy is.

Parallelism is over slices of the batch, so that results do not depend on the number of cores: BLAS gives other
bits with other thread counts. A variable that is set already is left as it is.
"""

import os

VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

for _name in VARIABLES:
    os.environ.setdefault(_name, "1")
