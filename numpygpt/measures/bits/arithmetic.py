"""An arithmetic coder that turns probabilities into bytes, and back.

It narrows an interval [low, low + range) by each symbol's share, and writes a byte whenever the range has become
small enough to spare one (Martin 1979, "Range encoding"; Witten, Neal & Cleary 1987). All state is in integers, so
encoder and decoder cannot drift apart: they agree if and only if they are given the same frequencies.

Frequencies are integers of at least 1 that sum to at least 2**24 (`quantise`): with 16-bit tables a vocabulary of
some thousand entries would lose an eighth of a bit per token to rounding. The coder itself loses less than 1e-6.
"""

import numpy as np
import numpy.typing as npt

FREQUENCY_BITS = 32
_STATE_BITS = 64
_FULL = 1 << _STATE_BITS
_SMALL = 1 << (_STATE_BITS - 8)  # below this range a byte is written
_MAX_TOTAL = _SMALL >> 16


def quantise(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Integer frequencies (V,) for a distribution (V,): 1 + floor(p * 2**32), the same for the same bits of p.

    They sum to between 2**32 and 2**32 + V, so that rounding costs at most log2(1 + V / 2**32) bits per symbol on
    average, 2e-6 for V = 6,551. ValueError: an entry is negative or not finite, or the sum is not 1 within 1e-6.
    """
    p = np.asarray(probabilities, np.float64)
    total = float(p.sum())
    if not (np.isfinite(p).all() and (p >= 0).all() and abs(total - 1) <= 1e-6):
        raise ValueError(f"not a distribution: {p.size} entries that sum to {total}")
    return 1 + np.floor(p * 2.0**FREQUENCY_BITS).astype(np.int64)


class Encoder:
    """Writes symbols: `encode` each, then `finish` once for the bytes."""

    def __init__(self) -> None:
        self._low, self._range = 0, _FULL
        self._out = bytearray()

    def encode(self, symbol: int, frequencies: npt.NDArray[np.int64]) -> None:
        """Write one symbol, an index into its frequencies (V,)."""
        before = int(frequencies[:symbol].sum())
        self.encode_range(before, int(frequencies[symbol]), int(frequencies.sum()))

    def encode_range(self, start: int, size: int, total: int) -> None:
        """Write the symbol that owns [start, start + size) of [0, total)."""
        if not (start >= 0 and size > 0 and start + size <= total <= _MAX_TOTAL):
            raise ValueError(f"no such share: [{start}, {start + size}) of {total}")
        unit = self._range // total
        self._low += unit * start
        self._range = unit * size
        if self._low >= _FULL:
            self._low -= _FULL
            self._carry()
        while self._range < _SMALL:
            self._out.append(self._low >> (_STATE_BITS - 8))
            self._low = (self._low << 8) % _FULL
            self._range <<= 8

    def _carry(self) -> None:
        """Add one to the number that the written bytes spell: 0xFF turns to 0 and hands the one on."""
        at = len(self._out) - 1
        while self._out[at] == 0xFF:
            self._out[at] = 0
            at -= 1
        self._out[at] += 1

    def finish(self) -> bytes:
        """All bytes. The decoder reads zeros past the end, so the fewest that land in the interval are enough."""
        for kept in range(_STATE_BITS // 8 + 1):
            step = _FULL >> (8 * kept)
            # The first multiple of step in the interval, if there is one.
            value = -(-self._low // step) * step
            if value < self._low + self._range:
                break
        if value >= _FULL:
            self._carry()
        tail = (value % _FULL).to_bytes(_STATE_BITS // 8, "big")[:kept]
        return bytes(self._out + tail)


class Decoder:
    """Reads symbols back from `data`, given the same frequencies in the same order."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, _STATE_BITS // 8
        self._range = _FULL
        self._offset = int.from_bytes(data[: self._at].ljust(self._at, b"\0"), "big")  # of the code from low

    def decode(self, frequencies: npt.NDArray[np.int64]) -> int:
        """Read one symbol: an index into its frequencies (V,)."""
        ends = np.cumsum(frequencies)
        total = int(ends[-1])
        symbol = int(np.searchsorted(ends, self.target(total), side="right"))
        size = int(frequencies[symbol])
        self.consume(int(ends[symbol]) - size, size, total)
        return symbol

    def target(self, total: int) -> int:
        """A number in [0, total): the next symbol is the one whose share holds it; then call `consume`."""
        return min(self._offset // (self._range // total), total - 1)

    def consume(self, start: int, size: int, total: int) -> None:
        """Move past the symbol that owns [start, start + size) of [0, total)."""
        unit = self._range // total
        self._offset -= unit * start
        self._range = unit * size
        while self._range < _SMALL:
            byte = self._data[self._at] if self._at < len(self._data) else 0
            self._offset = self._offset << 8 | byte
            self._range <<= 8
            self._at += 1
