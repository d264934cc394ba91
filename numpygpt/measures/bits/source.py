"""A text beside its tokens: which stretch of the source each token stands for."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

TAIL = -1  # stands for the token where there is none: after the last one
# (z, x, c): the token's id or TAIL, its stretch of source, the source character before (newline at the start).
Stretch = tuple[int, str, str]


class Source:
    """`text`, its ids (n,) and the byte offsets (n,) at which the stretches of the tokens end.

    before: the source character before the text, where it is a piece of a longer one.
    data: the text in UTF-8.   starts, ends: byte offsets of the stretches, int64 (n,).   tail: what follows them.
    AssertionError: the stretches do not tile the beginning of the text.
    """

    def __init__(self, text: str, ids: npt.NDArray, ends: npt.NDArray, before: str = "\n") -> None:
        self.text, self.data, self.before = text, text.encode(), before
        self.ids, self.ends = np.asarray(ids).astype(np.int64), np.asarray(ends).astype(np.int64)
        self.starts = np.concatenate([[0], self.ends])[:-1]
        last = int(self.ends[-1]) if len(self.ends) else 0
        assert len(self.ids) == len(self.ends), "as many spans as tokens"
        assert (self.starts <= self.ends).all(), "stretches run forward"
        assert last <= len(self.data), "stretches end inside the text"
        self.tail = self.data[last:].decode()

    def characters(self, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Number of characters that begin before each byte offset."""
        if len(self.text) == len(self.data):
            return offsets
        if not hasattr(self, "_begun"):
            begins = (np.frombuffer(self.data, np.uint8) & 0xC0) != 0x80
            self._begun = np.concatenate([[0], np.cumsum(begins)])
        return self._begun[offsets]

    def stretches(self, tokens: npt.NDArray[np.int64]) -> Iterator[Stretch]:
        """The stretches of these tokens (positions in ids), which must begin and end between characters."""
        starts, ends = self.starts[tokens], self.ends[tokens]
        edges = np.concatenate([starts, ends])
        edges = edges[edges < len(self.data)]
        inside = np.frombuffer(self.data, np.uint8)[edges] & 0xC0 == 0x80
        assert not inside.any(), "the stretch of a token that is not exact cuts through a character"
        text = self.before + self.text
        spans = zip(self.characters(starts).tolist(), self.characters(ends).tolist(), strict=True)
        ids = self.ids[tokens].tolist()
        return ((z, text[a + 1 : b + 1], text[a]) for z, (a, b) in zip(ids, spans, strict=True))

    @property
    def tail_stretch(self) -> Stretch:
        before = self.text[: len(self.text) - len(self.tail)]
        return TAIL, self.tail, before[-1:] or self.before

    def check(self, told: Sequence[bytes], exact: npt.NDArray[np.bool_]) -> None:
        """AssertionError unless every exact token stands for what the ids tell, (n,): `Tokenizer.stretches`."""
        of_each = (exact[self.ids].tolist(), told, self.starts.tolist(), self.ends.tolist())
        for at, (is_exact, stretch, a, b) in enumerate(zip(*of_each, strict=True)):
            if is_exact:
                assert stretch == self.data[a:b], f"token {self.ids[at]} is exact but is not its own text"
