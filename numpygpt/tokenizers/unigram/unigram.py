"""The unigram tokenizer: of all ways to cut a text into pieces, the most probable (Kudo 2018, arXiv:1804.10959)."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from numpygpt.errors import UserError
from numpygpt.tokenizers.base import Tokenizer, checked_int, checked_share
from numpygpt.tokenizers.bpe.bytefallback import most_frequent
from numpygpt.tokenizers.pretokenize import Cache, count_characters, splitter
from numpygpt.tokenizers.unicode import check_text, training_chunks
from numpygpt.tokenizers.unigram.lattice import learn_pieces

LONGEST_WORD = 256  # characters; what is longer is cut for training


class UnigramTokenizer(Tokenizer):
    """A unigram language model over pieces; characters too rare for the alphabet are spelled as UTF-8 bytes.

    vocab_size          how many ids, specials and the 256 bytes included; fewer where the text has too few pieces
    pattern             how the text is cut first, as no piece crosses such a cut: a key of pretokenize.PATTERNS
    character_coverage  the share of the training text that the alphabet is to cover, as of bpe-bytefallback

    Ids in order: specials, the 256 bytes, pieces from the most probable to the least.
    """

    kind = "unigram"
    meets_unknown = False
    losses = ""
    n_byte_tokens = 256

    def __init__(
        self,
        *,
        vocab_size: int = 2048,
        pattern: str = "gpt2",
        character_coverage: float = 0.9995,
        specials: Sequence[str] | None = None,
    ):
        super().__init__(specials=specials)
        self._first_id = len(self.specials) + 256  # of pieces
        self.wanted_vocab_size = checked_int("vocab_size", vocab_size, self._first_id + 1)
        self.pattern = pattern
        self.splitter = splitter(pattern)
        self.character_coverage = checked_share("character_coverage", character_coverage)

    def train(self, text: str | Iterable[str]) -> None:
        stretches = self.splitter.count(training_chunks(text))
        alphabet = most_frequent(count_characters(stretches), self.character_coverage)
        if (room := self.wanted_vocab_size - self._first_id) < len(alphabet):
            raise UserError(
                f"vocab_size={self.wanted_vocab_size} is too small: {len(alphabet)} characters take at least "
                f"{self._first_id + len(alphabet)}: raise it, or lower character_coverage"
            )
        words: Counter[str] = Counter()
        known = re.compile(f"[{re.escape(alphabet)}]{{1,{LONGEST_WORD}}}")
        for stretch, count in stretches.items():
            for word in known.findall(stretch):
                words[word] += count
        self._set_pieces(learn_pieces(words, room))

    def _set_pieces(self, scores: dict[str, float]) -> None:
        self._scores = scores
        self._id_of = {piece: id for id, piece in enumerate(scores, start=self._first_id)}
        self._longest = max(map(len, scores))
        self._set_vocabulary([bytes([byte]) for byte in range(256)] + [piece.encode() for piece in scores])
        self._ids_of_stretch = Cache(self._encode_stretch)

    def encode(self, text: str) -> np.ndarray:
        self._require_trained()
        stretches = self.splitter.split(check_text(text))
        return np.frombuffer(b"".join(map(self._ids_of_stretch.__getitem__, stretches)), np.int32).copy()

    def _encode_stretch(self, stretch: str) -> bytes:
        """The ids, int32, of the most probable cut (Viterbi, from left to right)."""
        score_of = self._scores.get
        best, starts = [0.0], [0]  # of what ends here: its score, and where its last piece starts
        for end in range(1, len(stretch) + 1):
            top, start = -np.inf, end - 1
            for begin in range(max(0, end - self._longest), end):
                score = score_of(stretch[begin:end])
                if score is not None and best[begin] + score > top:
                    top, start = best[begin] + score, begin
            best.append(best[start] if top == -np.inf else top)  # unknown characters are in no piece
            starts.append(start)
        ids: list[int] = []
        while end:
            piece = stretch[starts[end] : end]
            id = self._id_of.get(piece)
            ids += [len(self.specials) + byte for byte in reversed(piece.encode())] if id is None else [id]
            end = starts[end]
        return np.array(ids[::-1], np.int32).tobytes()

    def _options(self) -> dict[str, Any]:
        own = {"pattern": self.pattern, "character_coverage": self.character_coverage}
        return {"vocab_size": self.wanted_vocab_size, **own}

    def _learned(self) -> dict[str, Any]:
        return {"pieces": list(self._scores), "scores": list(self._scores.values())}

    def _restore(self, learned: dict[str, Any]) -> None:
        self._set_pieces(dict(zip(learned["pieces"], map(float, learned["scores"]), strict=True)))
