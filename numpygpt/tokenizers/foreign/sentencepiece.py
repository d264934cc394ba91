"""SentencePiece models."""

import base64
from typing import Any

import numpy as np

from numpygpt.tokenizers.foreign import extras
from numpygpt.tokenizers.foreign.contract import ForeignTokenizer, ends_between

SPACE = "\u2581"  # how SentencePiece writes a space


class SentencePieceTokenizer(ForeignTokenizer):
    """The model in the file `path`, of whatever type, with whatever normalisation it brings."""

    kind = "sentencepiece"

    def _make(self, chunks: list[str]) -> Any:
        return base64.b64encode(extras.read_bytes(self.path, self.kind, "x.model")).decode()

    def _open(self, model: Any) -> None:
        proto = base64.b64decode(model) or b"?"  # an empty one is taken for none
        self._processor = processor = extras.package_of(self.kind).SentencePieceProcessor(model_proto=proto)
        own, names = {}, {}
        for id in range(processor.vocab_size()):
            piece = processor.id_to_piece(id)
            if processor.is_byte(id):
                own[id] = bytes([int(piece[3:5], 16)])
            elif processor.is_control(id) or processor.is_unknown(id) or processor.is_unused(id):
                names[id] = piece
            else:
                own[id] = piece.replace(SPACE, " ").encode()
        self._set_ids(own, names, processor.unk_id())

    def _ids(self, text: str) -> Any:
        return self._processor.encode(text, return_type="numpy")

    def _spans(self, text: str) -> tuple[Any, np.ndarray]:
        found = self._processor.encode(text, return_type="offset_mapping")
        return found["ids"], ends_between(found["offsets"])

    def _text(self, ids: list[int]) -> str:
        return self._processor.decode(ids)

    def spelling(self, id: int) -> str:
        return self._processor.id_to_piece(id)
