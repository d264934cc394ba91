"""tiktoken: an encoding that it knows by name, or a file of ranks."""

import base64
from typing import Any

import numpy as np

from numpygpt.errors import UserError
from numpygpt.tokenizers.base import Tokenizer
from numpygpt.tokenizers.foreign import extras
from numpygpt.tokenizers.foreign.contract import ForeignTokenizer
from numpygpt.tokenizers.pretokenize import splitter


class TiktokenTokenizer(ForeignTokenizer):
    """Byte-level BPE by tiktoken: its tokens' bytes always join to the text.

    encoding    such as gpt2 or cl100k_base; tiktoken downloads it and keeps it
    path        instead: a file of ranks, a line per token: its bytes in base64, a space, its rank
    pattern     how the text is cut first, of a file of ranks: a key of pretokenize.PATTERNS
    """

    kind = "tiktoken"

    def __init__(self, *, path: str | None = None, encoding: str | None = None, pattern: str = "gpt2"):
        super().__init__(path=path)
        self.encoding, self.pattern = encoding, pattern
        splitter(pattern)

    def _make(self, chunks: list[str]) -> Any:
        if self.path is not None:
            text = extras.read_bytes(self.path, self.kind, "ranks.tiktoken").decode("ascii", "replace")
            ranks = [line.split() for line in text.split("\n") if line.strip()]
            return {"pattern": splitter(self.pattern).pieces or r"[\s\S]+", "specials": {}, "ranks": ranks}
        with extras.refusing(
            f"tokenizer.name={self.encoding} is no encoding of tiktoken's, or cannot be downloaded: name a file of "
            "ranks (tokenizer.path=ranks.tiktoken), or connect to the network"
        ):
            found = extras.package_of(self.kind).get_encoding(self.encoding)
        ranks = [[base64.b64encode(own).decode(), str(rank)] for own, rank in found._mergeable_ranks.items()]
        return {"pattern": found._pat_str, "specials": dict(found._special_tokens), "ranks": ranks}

    def _open(self, model: Any) -> None:
        ranks = dict(map(_rank, model["ranks"]))
        missing = next((byte for byte in range(256) if bytes([byte]) not in ranks), None)
        if missing is not None:
            raise UserError(f"it has no rank for the byte {missing}: a file of ranks must hold all 256 bytes")
        taken = set(ranks.values())
        if len(taken) < len(model["ranks"]):
            raise UserError("it holds a token or a rank twice")
        # Names may share an id, of a token even: they are never recognised in a text.
        specials = {name: id for name, id in model["specials"].items() if id not in taken}
        self._encoding = extras.package_of(self.kind).Encoding(
            "numpygpt", pat_str=model["pattern"], mergeable_ranks=ranks, special_tokens=specials
        )
        names = {id: name for name, id in specials.items()}
        self._set_ids({id: own for own, id in ranks.items()}, names, None)

    def _ids(self, text: str) -> np.ndarray:
        return self._encoding.encode_to_numpy(text, disallowed_special=())

    def _text(self, ids: list[int]) -> str:
        return Tokenizer.decode(self, ids)

    def _options(self) -> dict[str, Any]:
        return {"pattern": self.pattern}


def _rank(line: list[str]) -> tuple[bytes, int]:
    try:
        text, rank = line
        return base64.b64decode(text, validate=True), int(rank)
    except ValueError:
        raise UserError(f"its line {line!r} is not a token in base64 and its rank") from None
