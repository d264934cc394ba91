"""Tokenizers as the `tokenizer.json` of Hugging Face's `tokenizers`, which this module does not need.

Special tokens get their ids but are not declared as such: declared ones would be recognised in plain text, and
here they are not. Decoding is the same too, but for the word tokenizer, whose spaces Hugging Face's decoders
cannot set.
"""

import re
from typing import Any

from numpygpt.errors import UserError
from numpygpt.tokenizers.base import Tokenizer
from numpygpt.tokenizers.bpe.bytelevel import PRINTABLE
from numpygpt.tokenizers.foreign.hf import HuggingFaceTokenizer

Json = dict[str, Any]

FUSE: Json = {"type": "Fuse"}
UNLIKELY = -1000.0  # the logarithm of a probability
BYTE_LEVEL: Json = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}


def hugging_face_json(tokenizer: Tokenizer) -> Json:
    """The content of a tokenizer.json that encodes as `tokenizer` does. UserError: there is no such file."""
    if isinstance(tokenizer, HuggingFaceTokenizer):
        return tokenizer.to_dict()["model"]
    if tokenizer.kind not in BUILDERS:
        raise UserError(
            f"a {tokenizer.kind} tokenizer cannot be written as Hugging Face's tokenizer.json: "
            f"those of kind {', '.join(BUILDERS)} and hf can"
        )
    if getattr(tokenizer, "case", "kept") != "kept":
        raise UserError("case marks cannot be written as Hugging Face's tokenizer.json: train with case=kept")
    parts = BUILDERS[tokenizer.kind](tokenizer)
    names = [*tokenizer.specials, *parts.pop("tokens")]
    vocabulary = {name: id for id, name in enumerate(names)}
    if len(vocabulary) < len(names):
        twice = next(name for id, name in enumerate(names) if vocabulary[name] != id)
        raise UserError(
            f"this tokenizer has two tokens that Hugging Face would call {twice!r}: it cannot be exported"
        )
    parts["model"].setdefault("vocab", vocabulary)
    empty = dict.fromkeys(
        ("truncation", "padding", "normalizer", "pre_tokenizer", "post_processor", "decoder")
    )
    return {"version": "1.0", **empty, "added_tokens": [], **parts}


def _split(pattern: str, behavior: str = "Isolated") -> Json:
    return {"type": "Split", "pattern": {"Regex": pattern}, "behavior": behavior, "invert": False}


def _own_texts(tokenizer: Tokenizer, start: int = 0) -> list[str]:
    ids = range(len(tokenizer.specials) + start, tokenizer.vocab_size)
    return [(tokenizer.token_bytes(id) or b"").decode() for id in ids]


def _char(tokenizer: Tokenizer) -> Json:
    return {
        "tokens": _own_texts(tokenizer),
        "model": {"type": "WordLevel", "unk_token": "<unk>"},
        "pre_tokenizer": _split(r"[\s\S]"),
        "decoder": FUSE,
    }


def _word(tokenizer: Any) -> Json:
    # WORD in Oniguruma's terms: its \w has no joiners, but has the superscripts and fractions of Latin-1.
    word = "(?:[\\w&&[^\u00b2\u00b3\u00b9\u00bc\u00bd\u00be]]|[\u200c\u200d])+"
    cuts = [_split(r"[^\S\n]+", "Removed"), _split(word + r"|\S|\n")]
    return {
        "tokens": _own_texts(tokenizer),
        "model": {"type": "WordLevel", "unk_token": "<unk>"},
        "normalizer": {"type": "Lowercase"} if tokenizer.lowercase else None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": cuts},
    }


def _byte_level(tokenizer: Any) -> Json:
    """Single bytes, or BPE over them."""
    own = (tokenizer.token_bytes(id) or b"" for id in range(len(tokenizer.specials), tokenizer.vocab_size))
    pieces = None if tokenizer.kind == "byte" else tokenizer.splitter.pieces
    cuts = [BYTE_LEVEL] if pieces is None else [_split(pieces), BYTE_LEVEL]
    return {
        "tokens": ["".join(map(PRINTABLE.__getitem__, text)) for text in own],
        "model": _bpe_model(tokenizer.to_dict().get("merges", [])),
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": cuts},
        "decoder": BYTE_LEVEL,
    }


def _bpe(tokenizer: Any) -> Json:
    """BPE over characters, with or without byte fallback."""
    own = {"byte_fallback": True} if tokenizer.n_byte_tokens else {"unk_token": "<unk>"}
    model = _bpe_model(tokenizer.to_dict()["merges"]) | own
    return _over_characters(tokenizer, tokenizer.n_byte_tokens, model)


def _unigram(tokenizer: Any) -> Json:
    """Names of specials and bytes are less probable than any cut, and unknown characters are cut off before."""
    pieces, scores = (tokenizer.to_dict()[key] for key in ("pieces", "scores"))
    model: Json = {"type": "Unigram", "unk_id": 0, "byte_fallback": True}
    parts = _over_characters(tokenizer, 256, model)
    names = [*tokenizer.specials, *parts["tokens"]]
    scores = [UNLIKELY] * (len(names) - len(scores)) + scores
    model["vocab"] = list(map(list, zip(names, scores, strict=True)))
    unknown = _split(f"[^{re.escape(''.join(piece for piece in pieces if len(piece) == 1))}]")
    cuts = [unknown] if parts["pre_tokenizer"] is None else [parts["pre_tokenizer"], unknown]
    return parts | {"pre_tokenizer": {"type": "Sequence", "pretokenizers": cuts}}


def _over_characters(tokenizer: Any, n_bytes: int, model: Json) -> Json:
    pieces = tokenizer.splitter.pieces
    fallback: Json = {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, FUSE]}
    return {
        "tokens": [f"<0x{byte:02X}>" for byte in range(n_bytes)] + _own_texts(tokenizer, n_bytes),
        "model": model,
        "pre_tokenizer": None if pieces is None else _split(pieces),
        "decoder": fallback if n_bytes else FUSE,
    }


def _bpe_model(merges: list[list[str]]) -> Json:
    unused = dict.fromkeys(("dropout", "unk_token", "continuing_subword_prefix", "end_of_word_suffix"))
    flags = dict.fromkeys(("fuse_unk", "byte_fallback", "ignore_merges"), False)
    return {"type": "BPE", **unused, **flags, "merges": merges}


BUILDERS = {
    "char": _char,
    "word": _word,
    "bpe": _bpe,
    "bpe-bytefallback": _bpe,
    "bpe-bytelevel": _byte_level,
    "superbpe": _byte_level,
    "byte": _byte_level,
    "unigram": _unigram,
}
