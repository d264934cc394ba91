"""tiktoken: an encoding that it knows by name, or a file of ranks."""

from typing import Any

import numpy as np

from numpygpt.errors import UserError
from numpygpt.tokenizers.base import Tokenizer
from numpygpt.tokenizers.foreign import extras
from numpygpt.tokenizers.foreign.contract import ForeignTokenizer, from_base64, read_bytes, to_base64
from numpygpt.tokenizers.pretokenize import splitter


class TiktokenTokenizer(ForeignTokenizer):
    """Byte-level BPE by tiktoken.

    encoding    such as gpt2 or cl100k_base; tiktoken downloads it and keeps it
    path        instead: a file of ranks, a line per token: its bytes in base64, a space, its rank
    pattern     how the text is cut first, of a file of ranks: a key of pretokenize.PATTERNS
    """

    kind = "tiktoken"

    def __init__(
        self,
        *,
        path: str | None = None,
        encoding: str | None = None,
        pattern: str = "gpt2",
        charge_all: bool = False,
    ):
        super().__init__(path=path, charge_all=charge_all)
        self.encoding, self.pattern = encoding, pattern
        splitter(pattern)

    def _read(self) -> Any:
        if self.path is None:
            return self._download()
        raw = read_bytes(self.path, self.kind, "ranks.tiktoken")
        lines = raw.decode("ascii", errors="replace").split("\n")
        pieces = splitter(self.pattern).pieces or r"[\s\S]+"
        return {"pattern": pieces, "specials": {}, "ranks": [line.split() for line in lines if line.strip()]}

    def _download(self) -> Any:
        package = extras.package_of(self.kind)
        known = package.list_encoding_names()
        if self.encoding not in known:
            raise UserError(
                f"tokenizer.name={self.encoding} is no encoding of tiktoken's: name one of {', '.join(known)}, "
                "or a file of ranks (tokenizer.path=ranks.tiktoken)"
            )
        try:
            found = package.get_encoding(self.encoding)
        except Exception as error:
            raise UserError(
                f"tiktoken cannot download its encoding {self.encoding} ({type(error).__name__}): connect to the "
                "network, or name a file of ranks (tokenizer.path=ranks.tiktoken)"
            ) from None
        ranks = [[to_base64(text), str(rank)] for text, rank in found._mergeable_ranks.items()]
        return {"pattern": found._pat_str, "specials": dict(found._special_tokens), "ranks": ranks}

    def _open(self, model: Any) -> None:
        match model:
            case {"pattern": str(pattern), "specials": dict(specials), "ranks": list(lines)}:
                ranks = dict(_rank(line) for line in lines)
            case _:
                raise UserError("it needs a pattern, specials and ranks")
        if not all(isinstance(id, int) and id >= 0 for id in specials.values()):
            raise UserError("its specials have no numbers")
        missing = next((byte for byte in range(256) if bytes([byte]) not in ranks), None)
        if missing is not None:
            raise UserError(f"it has no rank for the byte {missing}: a file of ranks must hold all 256 bytes")
        taken = set(ranks.values())
        if len(taken) < len(lines):
            raise UserError("it holds a token or a rank twice")
        # Names may share an id, of a token even: they are never recognised in a text.
        specials = {name: id for name, id in specials.items() if id not in taken}
        self._model = model
        self._encoding = extras.package_of(self.kind).Encoding(
            "numpygpt", pat_str=pattern, mergeable_ranks=ranks, special_tokens=specials
        )
        self._set_ids(
            {id: own for own, id in ranks.items()}, {id: name for name, id in specials.items()}, None
        )

    def _ids(self, text: str) -> np.ndarray:
        return self._encoding.encode_to_numpy(text, disallowed_special=())

    def _spans(self, text: str) -> tuple[Any, np.ndarray]:
        """Only with charge_all: the bytes tile the text; a character belongs to the token that it ends in."""
        ids = self._ids(text)
        ends = np.cumsum(self._widths[ids])
        begins = (np.frombuffer(text.encode() + b" ", np.uint8) & 0xC0) != 0x80
        begun = np.concatenate([[0], np.cumsum(begins)])[ends]  # characters, the last of them perhaps in part
        return ids, begun - ~begins[ends]

    def _text(self, ids: list[int]) -> str:
        return Tokenizer.decode(self, ids)

    def _options(self) -> dict[str, Any]:
        return {**super()._options(), "pattern": self.pattern}


def _rank(line: Any) -> tuple[bytes, int]:
    match line:
        case [str(text), str(rank)] if rank.isascii() and rank.isdecimal() and len(rank) < 10:
            return from_base64(text), int(rank)
    raise UserError(f"its line {line!r} is not a token in base64 and its rank")
