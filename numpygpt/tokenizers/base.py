"""The contract that all tokenizers share.

A tokenizer cuts a text into stretches and gives each stretch an id. Every id but the special ones has a text
of its own. A stretch may be told by its id alone, as that text, or by the ids together: after a mark for a capital,
`speak` stands for `Speak`, and the mark, whose own text is empty, for nothing. Where the ids always tell an id's
stretch (`stretches`) it is *exact*; a tokenizer whose ids are all exact, for every text, is *lossless*, so that
nothing is charged beside the ids; the others say what they lose.

Special tokens come first, in the order given; what follows is up to the kind. A special token is never
recognised in a text: the five characters `<unk>` are five characters.
"""

import hashlib
import json
import os
import reprlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from numpygpt.errors import UserError
from numpygpt.files import replacing
from numpygpt.tokenizers.unicode import check_text

UNK = "<unk>"
FORMAT, VERSION = "numpygpt-tokenizer", 1  # of files


class Tokenizer(ABC):
    """A trainable map between text and ids; the subclasses differ in where they cut.

    `specials` are the names of the special tokens. By default there is only `<unk>`, and only in tokenizers
    that can meet a text they have no ids for; those insist on it.
    """

    kind: ClassVar[str]
    losses: str  # what `decode(encode(text))` may lose, such as "loses case, spaces"; empty if nothing
    meets_unknown: ClassVar[bool]  # whether some text has no ids, so that `<unk>` must stand for it
    cacheable: ClassVar[bool] = True  # whether the same tokenizer gives the same ids at any time
    n_byte_tokens: ClassVar[int] = 0  # right behind the specials, in order

    def __init__(self, *, specials: Sequence[str] | None = None):
        if specials is None:
            specials = (UNK,) if self.meets_unknown else ()
        self.specials: tuple[str, ...] = checked_specials(specials, needs_unk=self.meets_unknown)
        self.special_ids: dict[str, int] = {name: id for id, name in enumerate(self.specials)}
        self.unk_id: int | None = self.special_ids.get(UNK)
        self._own: list[bytes | None] = []  # each id's own text in UTF-8; None for specials; empty: untrained

    # ------------------------------------------------------------------ what the subclasses say

    @abstractmethod
    def train(self, text: str | Iterable[str]) -> None:
        """Learn the vocabulary from a text, or from a stream of chunks that concatenate to it.

        The same text gives the same vocabulary, however it is cut into chunks. UserError: the text is empty,
        holds a lone surrogate, or does not fit the options.
        """

    @abstractmethod
    def encode(self, text: str) -> np.ndarray:
        """The ids of `text`, int32 (n,). UserError: the text holds a lone surrogate."""

    def _options(self) -> dict[str, Any]:
        """The constructor's keywords besides `specials`."""
        return {}

    @abstractmethod
    def _learned(self) -> dict[str, Any]:
        """What training found, as JSON values: the source of truth from which the rest is derived."""

    @abstractmethod
    def _restore(self, learned: dict[str, Any]) -> None:
        """Take back what `_learned` gave; other keys may be there."""

    # ------------------------------------------------------------------ ids and their texts

    @property
    def vocab_size(self) -> int:
        """The number of ids: specials, alphabet, bytes, merges, everything."""
        return len(self._vocabulary)

    @property
    def lossless(self) -> bool:
        """Whether `decode(encode(text)) == text` for every str."""
        return not self.losses

    @property
    def exact(self) -> np.ndarray:
        """For each id whether the source it stands for is always what `stretches` says: bool (vocab_size,)."""
        return np.array([own is not None for own in self._vocabulary])

    def token_bytes(self, id: int) -> bytes | None:
        """The id's own text in UTF-8 (of a byte token, its byte); None for special tokens."""
        return self._vocabulary[self._checked_ids([id])[0]]

    def token(self, id: int) -> str:
        """The id for a reader: its own text (bytes that are no text as `\\xNN`), the special's name, `<0x0A>`."""
        self._checked_ids([id])
        if 0 <= (byte := id - len(self.specials)) < self.n_byte_tokens:
            return f"<0x{byte:02X}>"
        return self._printed[id].decode("utf-8", errors="backslashreplace")

    def _require_trained(self) -> None:
        """UserError: there is no vocabulary yet."""
        if not self._own:
            raise UserError(f"this {self.kind} tokenizer has no vocabulary yet: train it or load one")

    @property
    def _vocabulary(self) -> list[bytes | None]:
        self._require_trained()
        return self._own

    def _set_vocabulary(self, own: Iterable[bytes]) -> None:
        """Number the specials and then `own`; whatever speeds up decoding and spans is derived here."""
        vocabulary: list[bytes | None] = [None] * len(self.specials)
        vocabulary += own
        self._own = vocabulary
        self._printed = [name.encode() for name in self.specials]
        self._printed += [text for text in vocabulary if text is not None]
        self._widths = np.array([0 if text is None else len(text) for text in vocabulary], dtype=np.int64)

    # ------------------------------------------------------------------ from ids to text and back

    def decode(self, ids: Iterable[int] | np.ndarray) -> str:
        """The text of `ids`; special tokens show as their names, invalid UTF-8 as U+FFFD.

        UserError: ids that are no integers, or outside of [0, vocab_size).
        """
        checked = self._checked_ids(ids).tolist()
        return self._as_text(b"".join(map(self._printed.__getitem__, checked)))

    def _as_text(self, printed: bytes) -> str:
        return printed.decode("utf-8", errors="replace")

    def spans(self, text: str) -> tuple[np.ndarray, np.ndarray]:
        """The ids of `text`, int32 (n,), and where in its UTF-8 bytes each one's stretch ends, int64 (n,).

        The stretches tile the text from byte 0; what follows the last one is the tail.
        """
        ids = self.encode(text)
        return ids, np.cumsum(self._widths[ids])

    def stretches(self, ids: Iterable[int] | np.ndarray) -> list[bytes]:
        """What each of `ids` stands for, in UTF-8, as far as all of them tell: here its own text.

        Those of exact ids in `encode(text)` are their stretches of the text. UserError as `decode`.
        """
        return [self._own[id] or b"" for id in self._checked_ids(ids).tolist()]

    def _checked_ids(self, ids: Iterable[int] | np.ndarray) -> np.ndarray:
        try:
            array = np.asarray(ids if isinstance(ids, np.ndarray | Sequence) else list(ids))
        except (TypeError, ValueError):  # nothing to iterate over, or lists of several lengths
            array = np.array(None)
        if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
            raise UserError(f"token ids must be a flat sequence of integers, not {reprlib.repr(ids)}")
        size = self.vocab_size
        if array.size == 0:
            return np.zeros(0, dtype=np.int64)
        if array.min() < 0 or array.max() >= size:
            wrong = array[(array < 0) | (array >= size)][0]
            raise UserError(f"token id {wrong} is outside of the vocabulary: ids go from 0 to {size - 1}")
        return array

    def to_dict(self) -> dict[str, Any]:
        """The tokenizer as JSON values: format, version, kind, options, and what it learned."""
        self._require_trained()
        options = {"specials": list(self.specials), **self._options()}
        header = {"format": FORMAT, "version": VERSION, "kind": self.kind, "options": options}
        return {**header, **self._learned()}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it with its fingerprint to `path` as JSON, atomically. Raises NotWritable, a UserError."""
        data = {**self.to_dict(), "sha256": self.fingerprint()}
        with (
            replacing(Path(path)) as part,
            # A lone surrogate, with which some kinds mark case, as JSON's \udcfe.
            part.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file,
        ):
            json.dump(data, file, ensure_ascii=False, indent=0)

    def fingerprint(self) -> str:
        """The sha256 of `to_dict` as canonical JSON: equal if and only if two tokenizers have the same file."""
        return sha256_of(self.to_dict())


def sha256_of(data: dict[str, Any]) -> str:
    canonical = json.dumps(data, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


# ---------------------------------------------------------------------- checks that the kinds share


def checked_specials(specials: Sequence[str], needs_unk: bool) -> tuple[str, ...]:
    """The names of special tokens: non-empty, all different, with `<unk>` among them where it is needed."""
    is_list = isinstance(specials, Sequence) and not isinstance(specials, str)
    if not is_list or not all(isinstance(name, str) and name for name in specials):
        raise UserError(f"specials must be a list of non-empty names such as ['<unk>'], not {specials!r}")
    if len(set(map(check_text, specials))) != len(specials):
        raise UserError(f"specials names a token twice: {list(specials)}")
    if needs_unk and UNK not in specials:
        raise UserError(f"specials must hold {UNK}, as this kind meets unknown text")
    return tuple(specials)


def checked_int(name: str, value: int, minimum: int) -> int:
    """An option that counts something."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < minimum:
        raise UserError(f"{name} must be a whole number of at least {minimum}, not {value!r}")
    return int(value)


def checked_share(name: str, value: float) -> float:
    """An option that is a share of something: above 0, and up to 1."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 < value <= 1:
        raise UserError(f"{name} must be a share above 0 and up to 1, not {value!r}")
    return float(value)
