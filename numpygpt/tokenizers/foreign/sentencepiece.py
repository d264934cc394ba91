"""SentencePiece: a model that exists, and a unigram model trained here."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import regex

from numpygpt.tokenizers.base import UNK, checked_int, checked_share, checked_specials
from numpygpt.tokenizers.foreign import extras
from numpygpt.tokenizers.foreign.contract import ForeignTokenizer, ends_between

SPACE = "\u2581"  # how SentencePiece writes a space
RESERVED = "\n\t\u2581\u2585"  # ends its lines, or stands for something else inside of SentencePiece
# Of a run of one character SentencePiece's training takes time in the square of what lies between two spaces.
LONG_WORD = regex.compile(r"\S{4096}(?=\S)")
LEAST_COVERAGE = 0.98  # SentencePiece takes no less


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


class UnigramTokenizer(SentencePieceTokenizer):
    """A unigram language model over pieces (Kudo 2018, arXiv:1804.10959), trained by SentencePiece.

    Nothing is normalised, and what is not in the alphabet is spelled as bytes, so that nothing is lost. A newline
    is a token of its own, and no token crosses one, a tab, U+2581 or U+2585: the last three are always bytes.
    SentencePiece cannot tell a space from U+2581, as which it writes it: so we spell that one past SentencePiece,
    and spaces too where they are so rare that they are not in the alphabet.

    vocab_size          how many ids, specials and the 256 bytes included; fewer where the text has too few pieces
    character_coverage  the share of the training text that the alphabet is to cover, 0.98 to 1
    """

    kind = "unigram"

    def __init__(
        self,
        *,
        vocab_size: int = 2048,
        character_coverage: float = 0.9995,
        specials: Sequence[str] | None = None,
    ):
        super().__init__()
        self.character_coverage = checked_share("character_coverage", character_coverage, LEAST_COVERAGE)
        self._wanted_specials = checked_specials((UNK,) if specials is None else specials, needs_unk=True)
        least = len(self._wanted_specials) + 256 + 2  # the newline and one more character
        self.wanted_vocab_size = checked_int("vocab_size", vocab_size, least)

    def _make(self, chunks: list[str]) -> Any:
        """Learn the pieces. UserError: the text has too little to learn from, or too much for `vocab_size`."""
        sentences = regex.split(f"[{RESERVED}]", "".join(chunks))
        short = (part for s in sentences for part in LONG_WORD.sub(r"\g<0>\n", s).split("\n") if part)
        written = io.BytesIO()
        with extras.refusing(
            f"SentencePiece cannot train a unigram model of vocab_size={self.wanted_vocab_size}"
        ):
            extras.package_of(self.kind).SentencePieceTrainer.train(
                sentence_iterator=short,
                model_writer=written,
                model_type="unigram",
                vocab_size=self.wanted_vocab_size,
                hard_vocab_limit=False,
                character_coverage=self.character_coverage,
                byte_fallback=True,
                normalization_rule_name="identity",
                remove_extra_whitespaces=False,
                add_dummy_prefix=False,
                allow_whitespace_only_pieces=True,
                max_sentence_length=1 << 30,
                user_defined_symbols=["\n"],
                control_symbols=[name for name in self._wanted_specials if name != UNK],
                bos_id=-1,
                eos_id=-1,
                num_threads=1,  # more give other bits
                minloglevel=2,
            )
        return base64.b64encode(written.getvalue()).decode()

    def _open(self, model: Any) -> None:
        super()._open(model)
        id_of = self._processor.piece_to_id
        self._byte_ids = np.array([id_of(f"<0x{byte:02X}>") for byte in range(256)])
        has_spaces = id_of(SPACE) != self._processor.unk_id()
        self._past = regex.compile(f"({SPACE}+)" if has_spaces else f"([ {SPACE}]+)")

    def _ids(self, text: str) -> Any:
        parts = self._past.split(text)
        ids = [super()._ids(parts[0])]
        for spelled, part in zip(parts[1::2], parts[2::2], strict=True):
            ids += [self._byte_ids[np.frombuffer(spelled.encode(), np.uint8)], super()._ids(part)]
        return np.concatenate(ids)

    def _options(self) -> dict[str, Any]:
        return {
            "vocab_size": self.wanted_vocab_size,
            "character_coverage": self.character_coverage,
            "specials": list(self._wanted_specials),
        }
