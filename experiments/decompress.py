# ruff: noqa: E402  (threads are set before NumPy is imported)
"""The text that compress.py compressed, byte for byte: `python experiments/decompress.py RUN FILE -o OUT`.

OUT is written only when its checksum holds: another run, a damaged file or a machine that computes otherwise is an
error and never a wrong text.
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")

import sys
from collections.abc import Sequence

from experiments.compress import carry_out, watch
from experiments.trained.codec import Packed, load_packer, run_mark
from numpygpt.runs import RunFolder


def decompress(run: RunFolder, data: bytes, name: str) -> tuple[bytes, str]:
    """The text in UTF-8, and a line about it. Raises UserError if it cannot be restored."""
    packed = Packed.from_bytes(data, name)
    packed.check(name, run=run_mark(run))  # before the model is loaded
    text = load_packer(run).unpack(packed, name, watch("decompressing"))
    return text, f"{name}: {len(data):,} bytes, restored {len(text):,}; the checksum holds"


def main(argv: Sequence[str] | None = None) -> int:
    return carry_out(decompress, "decompress.py", "Restore a text that compress.py compressed.", argv)


if __name__ == "__main__":
    sys.exit(main())
