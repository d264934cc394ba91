"""A `tokenizer.json` of Hugging Face's `tokenizers`."""

import json
import re
from typing import Any

import numpy as np

from numpygpt.tokenizers.bpe.bytelevel import PRINTABLE
from numpygpt.tokenizers.foreign import extras
from numpygpt.tokenizers.foreign.contract import ForeignTokenizer, Spans, ends_between

BYTE_OF_PRINTABLE = {character: bytes([byte]) for byte, character in PRINTABLE.items()}
BYTE_TOKENS = {f"<0x{byte:02X}>": bytes([byte]) for byte in range(256)}


class HuggingFaceTokenizer(ForeignTokenizer):
    """The tokenizer in the file `path`. Its truncation, padding, template of specials and dropout are left out."""

    kind = "hf"

    def _make(self, chunks: list[str]) -> Any:
        raw = extras.read_bytes(self.path, self.kind, "tokenizer.json")
        with extras.refusing(f"tokenizer.path={self.path} is no tokenizer.json of Hugging Face's"):
            page = json.loads(raw)
            page |= {"truncation": None, "padding": None, "post_processor": None}
            page["model"] |= {"dropout": None} if "dropout" in page["model"] else {}
        return page

    def _open(self, model: Any) -> None:
        self._tokenizer = extras.package_of(self.kind).Tokenizer.from_str(json.dumps(model))
        self._tokenizer.encode_special_tokens = True  # a special token in a text is text
        parts = json.dumps([model.get(part) for part in ("normalizer", "pre_tokenizer", "decoder")])
        self._types = set(re.findall('"type": "([^"]+)"', parts))
        added = self._tokenizer.get_added_tokens_decoder()
        names = {id: token.content for id, token in added.items() if token.special}
        vocabulary = self._tokenizer.get_vocab(with_added_tokens=False)
        unk = self._find_unk(vocabulary)
        if unk is not None:
            names.setdefault(unk[1], unk[0])
        own = {id: self._own_text(token) for token, id in vocabulary.items() if id not in names}
        own |= {id: token.content.encode() for id, token in added.items() if id not in names}
        self._set_ids({id: text for id, text in own.items() if text}, names, unk and unk[1])

    def _find_unk(self, vocabulary: dict[str, int]) -> tuple[str, int] | None:
        """The token that stands for the unknown, and its id: named, or (Unigram) by its number."""
        model = self._model["model"]
        if isinstance(number := model.get("unk_id"), int):
            return next(((token, id) for token, id in vocabulary.items() if id == number), None)
        token = model.get("unk_token")
        token = token.get("content") if isinstance(token, dict) else token
        return (token, vocabulary[token]) if token in vocabulary else None

    def _own_text(self, token: str) -> bytes:
        """What the file says that a token stands for."""
        model, types = self._model["model"], self._types
        if model.get("byte_fallback") and token in BYTE_TOKENS:
            return BYTE_TOKENS[token]
        if "ByteLevel" in types and all(character in BYTE_OF_PRINTABLE for character in token):
            return b"".join(map(BYTE_OF_PRINTABLE.__getitem__, token))
        if types & {"Metaspace", "Prepend"}:
            token = token.replace("\u2581", " ")
        if model.get("type") == "WordPiece" or model.get("continuing_subword_prefix"):
            token = token.removeprefix(model.get("continuing_subword_prefix") or "")
        return token.removesuffix(model.get("end_of_word_suffix") or "").encode()

    def _own_spans(self, text: str) -> Spans | None:
        """A normalizer may change texts that nobody thought of trying: then nothing is believed to be kept."""
        return super()._own_spans(text) if self._model.get("normalizer") is None else None

    def _ids(self, text: str) -> list[int]:
        return self._tokenizer.encode(text, add_special_tokens=False).ids

    def _spans(self, text: str) -> tuple[list[int], np.ndarray]:
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return encoding.ids, ends_between(encoding.offsets)

    def _text(self, ids: list[int]) -> str:
        return self._tokenizer.decode(ids, skip_special_tokens=False)

    def spelling(self, id: int) -> str:
        return self._tokenizer.id_to_token(id) or self.token(id)
