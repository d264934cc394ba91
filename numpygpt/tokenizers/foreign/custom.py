r"""A tokenizer class of the user's own, with a handful of methods, under this project's contract.

    # frequent.py: five hundred words are tokens, everything else is spelled in bytes
    import re
    from collections import Counter

    class FrequentWords:
        def train(self, text):
            self.words = [word for word, _ in Counter(re.findall(r"\w+", text)).most_common(500)]
            self.vocab_size = 256 + len(self.words)

        def encode(self, text):
            for part in re.split(r"(\w+)", text):
                yield from [256 + self.words.index(part)] if part in self.words else part.encode()

        def token_bytes(self, id):
            return bytes([id]) if id < 256 else self.words[id - 256].encode()

        def decode(self, ids):
            return b"".join(map(self.token_bytes, ids)).decode(errors="replace")

Needed: `train(text)`, `encode(text) -> ids`, `decode(ids) -> str`, and `vocab_size`. Ids count from 0. Its
attributes at the end of `train` are what it has learned; they are saved as JSON, so they must be lists, dicts with
str keys, str, numbers, booleans and None. What it remembers later is not saved. What a method gives must depend on
nothing but its argument; all of them are tried out before anything is trained.

May be there: `unk_id`, the id that stands for the unknown; `token_bytes(id) -> bytes | None`, an id's own text,
where `decode([id])` does not tell it; `spans(text) -> (ids, ends)`, where each id's stretch of source ends, in
characters. The last one is needed if the ids' own texts do not join to the text: else nobody could say what is
lost where.
"""

import copy
import json
import os
from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, Self

import numpy as np

from numpygpt.errors import UserError
from numpygpt.tokenizers.base import UNK
from numpygpt.tokenizers.foreign import extras
from numpygpt.tokenizers.foreign.contract import MOST_IDS, ForeignTokenizer
from numpygpt.tokenizers.foreign.factory import code_sha256, make
from numpygpt.tokenizers.foreign.probes import probes
from numpygpt.tokenizers.unicode import check_text, training_chunks

CONSENT = "NUMPYGPT_FACTORY"
TRIED = 10_000  # characters of the training text
NEEDED = ("train", "encode", "decode", "vocab_size")


class CustomTokenizer(ForeignTokenizer):
    """The class that `factory` names as package.module:Class, and what its instance learned.

    A tokenizer file never has code run: it may name a class, but the class is imported only if the caller names it
    too, as `factory` or in the environment variable NUMPYGPT_FACTORY.
    """

    kind = "custom"
    cacheable = False  # what its code imports may change, and nobody would see it

    def __init__(self, *, factory: str | None = None, charge_all: bool = False):
        super().__init__(charge_all=charge_all)
        self.factory = factory
        self._object: Any = None

    def train(self, text: str | Iterable[str]) -> None:
        """Train the user's tokenizer on the whole text and try out what it keeps."""
        chunks = list(training_chunks(text))
        self._object = made = make(self.factory)
        for name in NEEDED:
            if not callable(getattr(made, name, None)) and name != "vocab_size":
                raise UserError(f"{self.factory} has no method {name}: it needs {', '.join(NEEDED)}")
        with extras.refusing(f"{self.factory} cannot be trained"):
            made.train("".join(chunks))
            state = vars(made)
        self._model = {"factory": self.factory, "state": self._as_json(state)}
        self._read_ids()
        self._try_methods(chunks[0][:TRIED])
        self._try_out(chunks)

    def _as_json(self, state: dict[str, Any]) -> dict[str, Any]:
        """A copy that no later change of the object reaches. UserError: it would not come back the same."""
        try:
            kept = json.loads(json.dumps(state, allow_nan=False))
        except (TypeError, ValueError) as error:
            raise UserError(f"what {self.factory} learned cannot be saved as JSON: {error}") from None
        for name, value in state.items():
            if type(value) is not type(kept[name]) or value != kept[name]:
                raise UserError(
                    f"what {self.factory} learned cannot be saved as JSON: {name} would come back changed "
                    "(tuples as lists, keys as texts)"
                )
        return kept

    def _read_ids(self) -> None:
        made = self._object
        with extras.refusing(f"{self.factory} does not tell its ids"):
            size, unk = made.vocab_size, getattr(made, "unk_id", None)
            if not _is_integer(size) or not 0 < size <= MOST_IDS:
                raise TypeError(f"vocab_size must be a whole number from 1 to {MOST_IDS}, not {size!r}")
            if unk is not None and not (_is_integer(unk) and 0 <= unk < size):
                raise TypeError(f"unk_id must be None or an id below {size}, not {unk!r}")
            own = {id: self._own_text(id) for id in range(size) if id != unk}
            for id, text in own.items():
                if not isinstance(text, bytes | None):
                    raise TypeError(f"token_bytes({id}) must be bytes or None")
        names = {} if unk is None else {int(unk): UNK}
        names |= {id: f"<{id}>" for id, text in own.items() if not text}
        self._set_ids({id: text for id, text in own.items() if text}, names, unk)

    def _own_text(self, id: int) -> bytes | None:
        if hasattr(self._object, "token_bytes"):
            return self._object.token_bytes(id)
        return self._text([id]).encode()

    # ------------------------------------------------------------------ what the methods give

    def _call(self, name: str, argument: Any, check: Callable[[Any], Any]) -> Any:
        """What a method gives, as `check` passes it on. UserError, which names it: it raises, or `check` does."""
        with extras.refusing(f"{self.factory}.{name} cannot be used"):
            return check(getattr(self._object, name)(argument))

    def _try_methods(self, text: str) -> None:
        """UserError, which names the method: what it gives is of no use, or is something else the next time."""
        for tried in (text, *probes()):
            ids = self._same("encode", self._ids, tried)
            self._same("decode", self._text, ids)
            if hasattr(self._object, "spans"):
                self._same("spans", lambda tried: [list(part) for part in self._spans(tried)], tried)
        self._same("token_bytes", lambda ids: [self._own_text(id) for id in ids], range(self.vocab_size))
        ids = [id for id, own in enumerate(self._own) if own is not None]
        for odd in (ids, ids[::-1]):  # a model may write anything: to raise is allowed here
            try:
                back = self._object.decode(odd)
            except Exception:
                continue
            with extras.refusing(f"{self.factory}.decode cannot be used"):
                _checked_str(back)

    def _same(self, name: str, use: Callable[[Any], Any], argument: Any) -> Any:
        found = use(argument)
        if use(argument) != found:
            raise UserError(
                f"{self.factory}.{name} must give the same whenever it is given the same, and does not"
            )
        return found

    def _ids(self, text: str) -> list[int]:
        return self._call("encode", text, lambda ids: self._checked_ids(_integers(ids)).tolist())

    def _spans(self, text: str) -> tuple[list[int], np.ndarray]:
        if not hasattr(self._object, "spans"):
            raise UserError(
                f"the tokens of {self.factory} do not join to the text that they stand for: give the class "
                "a method spans(text) -> (ids, ends in characters), so that what is lost can be charged"
            )
        encoded = self._ids(text)

        def check(found: Any) -> tuple[list[int], np.ndarray]:
            ids, ends = map(_integers, found)
            if ids != encoded or len(ids) != len(ends):
                raise ValueError("spans must give the ids of encode, and as many ends")
            if any(a > b for a, b in pairwise([0, *ends, len(text)])):
                raise ValueError("the ends must ascend, from 0 to no more than the text has characters")
            return ids, np.asarray(ends, dtype=np.int64)

        return self._call("spans", text, check)

    def _text(self, ids: list[int]) -> str:
        return self._call("decode", ids, _checked_str)

    def _open(self, model: Any) -> None:
        match model:
            case {"factory": str(named), "code": str(code), "state": dict(state)}:
                self.factory = _consented(named, self.factory)
            case {"factory": str(), "state": dict()}:
                raise UserError("it does not say of which code it is: train it again")
            case _:
                raise UserError("it needs a factory, the sha256 of its code, and a state")
        if code != code_sha256(self.factory):
            raise UserError(
                f"the code of {self.factory} is not what it was when this was trained: train it again"
            )
        self._model, self._object = model, make(self.factory)
        vars(self._object).update(copy.deepcopy(state))
        self._read_ids()

    @classmethod
    def from_dict(cls, data: dict[str, Any], factory: str | None = None) -> Self:
        """As in the contract; `factory` is the caller's word that this class may be imported."""
        if isinstance(data, dict) and isinstance(options := data.get("options"), dict):
            # The file's own word counts for nothing.
            data = {**data, "options": {**options, "factory": factory}}
        return super().from_dict(data)

    def _learned(self) -> dict[str, Any]:
        return super()._learned() | {"model": self._model | {"code": code_sha256(self.factory)}}

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.factory, self.to_dict())


def _is_integer(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _integers(values: Iterable[Any]) -> list[Any]:
    values = list(values)
    for kind in set(map(type, values)):  # a look at every value would take as long as encoding
        if kind is bool or not issubclass(kind, int | np.integer):
            raise TypeError(f"what it gives must be a flat sequence of integers, not of {kind.__name__}")
    return values


def _checked_str(text: Any) -> str:
    if not isinstance(text, str):
        raise TypeError(f"what it gives must be a str, not {type(text).__name__}")
    return check_text(text)


def _again(factory: str, data: dict[str, Any]) -> CustomTokenizer:
    """From a pickle or a copy, which name the class themselves."""
    return CustomTokenizer.from_dict(data, factory=factory)


def _consented(named: str, factory: str | None) -> str:
    if (factory or os.environ.get(CONSENT)) != named:
        raise UserError(
            f"this tokenizer is of the class {named}, which is imported only if you say so: "
            f"set {CONSENT}={named}, with its package on the Python path"
        )
    return named
