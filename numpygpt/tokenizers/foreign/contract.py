"""This project's contract around a tokenizer that was made elsewhere.

What such a tokenizer says of itself is not believed. Its ids are given texts of their own by what its file says
of them, and then it is tried out, on the whole training text and on probes (probes.py): do the ids' own texts
join to the text again, but for those of stretches that are unknown to it? If so the ids are exact, and that is
checked again on every text that is scored; if nothing was unknown, either, it is lossless. Else no id is believed
to stand for its own text, and the residual coder charges for all of them. It soon knows ids that do stand for
their own text: they cost next to nothing.
"""

import reprlib
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from numpygpt.errors import UserError
from numpygpt.tokenizers.base import Tokenizer
from numpygpt.tokenizers.foreign import extras
from numpygpt.tokenizers.foreign.probes import FEATURES, probes
from numpygpt.tokenizers.unicode import byte_offsets, check_text, training_chunks

Spans = tuple[np.ndarray, np.ndarray]  # ids, and the byte ends of their stretches
MOST_IDS = 1 << 22


class ForeignTokenizer(Tokenizer):
    """What the kinds share. `train` makes the model, of most kinds from a file, and tries it out on the text.

    path        the file; it is kept whole in what `save` writes, so that it is not needed again
    charge_all  charge for every token, even if nothing was found to be lost

    Special tokens are those of the file. They are never recognised in a text.
    """

    meets_unknown = False  # its own <unk>, if it has one, is in its file

    def __init__(self, *, path: str | None = None, charge_all: bool = False):
        super().__init__()
        self.path = path
        self._called = f"the {self.kind} tokenizer {path or ''}".strip()  # in messages
        self.charge_all = charge_all
        self._model: Any = None  # what `_open` takes
        self._believed, self.losses = False, ""

    # ------------------------------------------------------------------ what the kinds say

    @abstractmethod
    def _make(self, chunks: list[str]) -> Any:
        """The model, as `_open` takes it, read from the file that `path` names or learned from a text."""

    @abstractmethod
    def _open(self, model: Any) -> None:
        """Make the model, a JSON value, ready; call `_set_ids`. What it raises says that the model is damaged."""

    @abstractmethod
    def _ids(self, text: str) -> Any:
        """The ids of the text."""

    def _spans(self, text: str) -> tuple[Any, np.ndarray]:
        """The ids, and where in the text's characters each one's stretch ends, as the library tells."""
        raise UserError("its tokens do not join to the text, and nothing tells which part each stands for")

    @abstractmethod
    def _text(self, ids: list[int]) -> str:
        """The library's own way back."""

    def spelling(self, id: int) -> str:
        """How the library's own list writes a token, spaces and bytes marked as it marks them."""
        return self.token(id)

    # ------------------------------------------------------------------ trying it out

    def train(self, text: str | Iterable[str]) -> None:
        """Make the model, and find out on `text` what it keeps. UserError: no such file, damaged, or of no use."""
        extras.require(self.kind)
        chunks = list(training_chunks(text))
        self._use(self._make(chunks))
        self._try_out(chunks)

    def _use(self, model: Any) -> None:
        self._model = model
        with extras.refusing(f"{self._called} cannot be used"):
            self._open(model)

    def _try_out(self, chunks: list[str]) -> None:
        self._believed, self.losses = False, "may lose anything"  # until it is known
        readable = (own.decode("utf-8", errors="ignore") for own in self._own if own is not None)
        specials = map(self.token, self.special_ids.values())
        texts = [*chunks, *probes(), " ".join(specials), " ".join(readable)]
        found = [] if self.charge_all else [self._unknown_in(text) for text in texts]
        self._believed = bool(found) and None not in found
        if self._believed:
            self.losses = "loses what is unknown to it" if any(found) else ""
        else:
            for text in probes():  # what is charged must have stretches, before anything is trained
                self._offset_spans(text)
            self.losses = self._describe_losses()

    def _unknown_in(self, text: str) -> bool | None:
        """Whether `text` holds what is unknown; None if its stretches are not otherwise the ids' own texts."""
        spans = self._own_spans(text)
        return None if spans is None else self.unk_id in spans[0]

    def _own_spans(self, text: str) -> Spans | None:
        """As `spans`, if every stretch is the id's own text, but for those of `<unk>` if something may be lost."""
        ids, data = self.encode(text), text.encode()
        if not self._nameless[ids].any() and data == b"".join(map(self._printed.__getitem__, ids.tolist())):
            return ids, np.cumsum(self._widths[ids])
        if self.unk_id is None or self.lossless:
            return None
        ids, ends = self._offset_spans(text)
        edges = [0, *ends.tolist()]
        spans = zip(ids.tolist(), edges, edges[1:], strict=False)
        are_own = all(id == self.unk_id or data[a:b] == self._own[id] for id, a, b in spans)
        return (ids, ends) if are_own and edges[-1] == len(data) else None

    def _describe_losses(self) -> str:
        lost = []
        for name, (text, part, instead) in FEATURES.items():
            back = self.decode(self.encode(text))
            if part not in back and instead in back:
                lost.append(name)
        if lost:
            return f"loses {', '.join(lost)}"
        return "is charged as asked" if self.charge_all else "has tokens that stand for more than their text"

    # ------------------------------------------------------------------ the contract

    @property
    def exact(self) -> np.ndarray:
        """For each id whether its stretch is always its own text: all that have one, or none at all."""
        self._require_trained()
        return ~self._nameless & self._believed

    def encode(self, text: str) -> np.ndarray:
        self._require_trained()
        with extras.refusing(f"{self._called} cannot encode this text"):
            return self._checked_ids(self._ids(check_text(text))).astype(np.int32)

    def spans(self, text: str) -> Spans:
        """As in the contract. UserError: the text shows that what was found in training does not hold."""
        spans = self._own_spans(text) if self._believed else self._offset_spans(text)
        if spans is None:
            raise UserError(
                f"{self._called} kept all of its training text but changes this one ({reprlib.repr(text)}): "
                "set tokenizer.charge_all=true, so that what it loses is charged"
            )
        return spans

    def _offset_spans(self, text: str) -> Spans:
        """As `spans`, as the library tells, and between characters."""
        with extras.refusing(f"{self._called} cannot encode this text"):
            ids, ends = self._spans(check_text(text))
            ends = np.maximum.accumulate(np.clip(ends, 0, len(text)).astype(np.int64))
            return self._checked_ids(ids).astype(np.int32), byte_offsets(text, ends)

    def decode(self, ids: Iterable[int] | np.ndarray) -> str:
        if self._believed:
            return super().decode(ids)
        checked = self._checked_ids(ids)
        try:
            with extras.refusing(f"{self._called} cannot decode these ids"):
                return check_text(self._text(checked.tolist()))
        except UserError:  # a model may write what no text is encoded to
            return super().decode(checked)

    def _set_ids(self, own: Mapping[int, bytes], names: Mapping[int, str], unk: int | None) -> None:
        """Ids with a text of their own, special ids with their names, and which of them stands for the unknown."""
        size = max([*own, *names], default=-1) + 1
        if not 0 < size <= MOST_IDS:
            raise UserError(f"its ids go up to {size - 1}, not to between 0 and {MOST_IDS}")
        self._own = [own.get(id) for id in range(size)]
        self._printed = [own.get(id) or names.get(id, f"<unused {id}>").encode() for id in range(size)]
        self._nameless = np.array([text is None for text in self._own])
        self._widths = np.array([len(text or b"") for text in self._own], dtype=np.int64)
        self.special_ids = {name: id for id, name in sorted(names.items())}
        self.specials = tuple(self.special_ids)
        self.unk_id = unk

    def to_dict(self) -> dict[str, Any]:
        """As in the contract: the file's whole content, and what was found; not where the file lay."""
        return {**super().to_dict(), "options": self._options()}

    def _options(self) -> dict[str, Any]:
        return {"charge_all": self.charge_all}

    def _learned(self) -> dict[str, Any]:
        return {"model": self._model, "believed": self._believed, "losses": self.losses}

    def _restore(self, learned: dict[str, Any]) -> None:
        extras.require(self.kind)
        self._use(learned["model"])
        self._believed, self.losses = learned["believed"], learned["losses"]


def ends_between(spans: Sequence[tuple[int, int]]) -> np.ndarray:
    """Where stretches end that were given as spans (start, end), so that they tile the text.

    What lies between two spans belongs to the later one. Where spans overlap, as those of tokens that are parts of
    one character, the overlap belongs to the last of them.
    """
    starts, ends = np.array(spans, np.int64).reshape(-1, 2).T
    following = np.append(starts[1:], ends[-1:])
    later = np.minimum.accumulate(following[::-1])[::-1]
    return np.maximum.accumulate(np.minimum(ends, later))
