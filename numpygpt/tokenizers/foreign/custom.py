"""A tokenizer class of the user's own, with a handful of methods, under this project's contract.

docs/TOKENIZERS.md shows one, whole.

Needed: `train(text)`, `encode(text) -> ids`, `decode(ids) -> str`, and `vocab_size`. Ids count from 0. Its
attributes at the end of `train` are what it has learned. They are saved as JSON, and what is used from then on is a
new object that was given them back: so they must be lists, dicts with str keys, str, numbers, booleans and None.

May be there: `unk_id`, the id that stands for the unknown; `token_bytes(id) -> bytes | None`, an id's own text,
where `decode([id])` does not tell it; `spans(text) -> (ids, ends)`, where each id's stretch of source ends, in
characters. The last one is needed if the ids' own texts do not join to the text: else nobody could say what is
lost where.
"""

import copy
import functools
import hashlib
import importlib
import importlib.util
import json
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from numpygpt.errors import UserError
from numpygpt.files import read_bytes
from numpygpt.tokenizers.base import UNK, checked_int
from numpygpt.tokenizers.foreign import extras
from numpygpt.tokenizers.foreign.contract import MOST_IDS, ForeignTokenizer
from numpygpt.tokenizers.foreign.probes import probes

CONSENT = "NUMPYGPT_FACTORY"
TRIED = 10_000  # characters of the training text


class CustomTokenizer(ForeignTokenizer):
    """The class that `factory` names as package.module:Class, and what its instance learned.

    A tokenizer file never has code run: it may name a class, but the class is imported only if the caller names it
    too, as `factory` or in the environment variable NUMPYGPT_FACTORY, and its code is what it was.
    """

    kind = "custom"
    cacheable = False  # what its code imports may change, and nobody would see it

    def __init__(self, *, factory: str | None = None, charge_all: bool = False):
        super().__init__(charge_all=charge_all)
        self.factory, self._called = factory, str(factory)

    def _make(self, chunks: list[str]) -> Any:
        """Train an object of the user's. UserError: it cannot be, or what is saved of it encodes otherwise."""
        trained = _instance(self.factory, {})
        with extras.refusing(f"{self.factory} cannot be trained and saved"):
            trained.train("".join(chunks))
            model = {"factory": self.factory, "state": json.loads(json.dumps(vars(trained), allow_nan=False))}
            again = _instance(self.factory, model["state"])
            for text in (chunks[0][:TRIED], *probes()):
                if list(again.encode(text)) != list(trained.encode(text)):
                    raise UserError(
                        "encode gives other ids once it was saved: all that it needs must be attributes that JSON "
                        "gives back as they were (no tuples, no keys but texts), and nothing may be left to chance"
                    )
        return model

    def _open(self, model: Any) -> None:
        self._object = made = _instance(self.factory, model["state"])
        size, unk = checked_int("vocab_size", made.vocab_size, 1), getattr(made, "unk_id", None)
        if size > MOST_IDS:
            raise UserError(f"vocab_size must be at most {MOST_IDS}, not {size}")
        if unk is not None and checked_int("unk_id", unk, 0) >= size:
            raise UserError(f"unk_id must be below vocab_size, not {unk}")
        own = {id: self._own_text(id) for id in range(size) if id != unk}
        names = {id: f"<{id}>" for id, text in own.items() if not text}
        if unk is not None:
            names[int(unk)] = UNK
        self._set_ids({id: text for id, text in own.items() if text}, names, unk)

    def _own_text(self, id: int) -> bytes | None:
        if not hasattr(self._object, "token_bytes"):
            return self._object.decode([id]).encode()
        own = self._object.token_bytes(id)
        if not isinstance(own, bytes | None):
            raise TypeError(f"token_bytes({id}) must be bytes or None")
        return own

    def _ids(self, text: str) -> list[int]:
        return list(self._object.encode(text))

    def _spans(self, text: str) -> tuple[list[int], np.ndarray]:
        if not hasattr(self._object, "spans"):
            raise UserError(
                "its tokens do not join to the text that they stand for: give the class a "
                "method spans(text) -> (ids, ends in characters), so that what is lost can be charged"
            )
        ids, ends = map(list, self._object.spans(text))
        if ids != self._ids(text) or len(ids) != len(ends):
            raise UserError("spans must give the ids of encode, and as many ends")
        if any(a > b for a, b in pairwise([0, *ends, len(text)])):
            raise UserError("the ends of spans must ascend, from 0 to no more than the text has characters")
        return ids, np.array(ends, dtype=np.int64)

    def _text(self, ids: list[int]) -> str:
        return self._object.decode(ids)

    def _learned(self) -> dict[str, Any]:
        return super()._learned() | {"model": self._model | {"code": code_sha256(self.factory)}}

    def _restore(self, learned: dict[str, Any]) -> None:
        named = learned["model"]["factory"]
        if named != (self.factory or os.environ.get(CONSENT)):
            raise UserError(
                f"this tokenizer is of the class {named}, which is imported only if you say so: "
                f"set {CONSENT}={named}, with its package on the Python path"
            )
        if learned["model"]["code"] != code_sha256(named):
            raise UserError(f"the code of {named} is not what it was when this was trained: train it again")
        self.factory = self._called = named
        super()._restore(learned)


@functools.cache  # a process goes on with the code that it imported, whatever becomes of the file
def code_sha256(factory: str | None) -> str:
    """sha256 of the module in package.module:Class, or of all modules of its package; they are not run.

    What the module imports from elsewhere does not count. UserError: there is no such module.
    """
    module, _, name = (factory or "").partition(":")
    if not module or not name.isidentifier():
        raise UserError(f"tokenizer.factory={factory} names no class: it may be package.module:Class")
    with extras.refusing(f"tokenizer.factory={factory} cannot be imported"):
        file = getattr(sys.modules.get(module), "__file__", None)  # also of __main__, which has no spec
        if file is None and (spec := importlib.util.find_spec(module)) is not None:
            file = spec.origin
        if file is None:
            raise ModuleNotFoundError(f"No module named {module!r}")
        path = Path(file)
        in_package = (path.parent / "__init__.py").exists()
        sources = sorted(path.parent.rglob("*.py")) if in_package else [path]
        return hashlib.sha256(b"".join(map(read_bytes, sources))).hexdigest()


def _instance(factory: str | None, state: dict[str, Any]) -> Any:
    """A new instance of package.module:Class with copies of these attributes: what it changes is not saved."""
    module, _, name = (factory or "").partition(":")
    said = None if module in sys.modules else code_sha256(factory)
    with extras.refusing(f"tokenizer.factory={factory} cannot be imported"):
        found = getattr(importlib.import_module(module), name)
    if said is not None and code_sha256.__wrapped__(factory) != said:
        raise UserError(f"the code of {factory} was edited since this command began: type it again")
    with extras.refusing(f"{factory} cannot be made"):
        made = found()
        vars(made).update(copy.deepcopy(state))
        return made
