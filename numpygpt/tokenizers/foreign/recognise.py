"""What kind of tokenizer file some bytes look like, so that one given to another kind is named for what it is."""

import json
import re

from numpygpt.tokenizers import files

RANKS = re.compile(rb"\s*[A-Za-z0-9+/]+={0,2}[ \t]\d{1,9}\s*(?:\n|\Z)")
# A model is a sequence of pieces: field 1, its length, and in it field 1, the length and the text of the piece.
PIECE = re.compile(rb"\x0a([\x03-\x7f])\x0a([\x00-\x7f])", re.DOTALL)


def mismatch(data: bytes, kind: str | None) -> str:
    """`: it looks like ...`, with what to type, if `data` is a file of another kind than `kind`, else empty."""
    found = kind_of(data)
    if found in (None, kind):
        return ""
    looks = {
        "hf": "a tokenizer.json of Hugging Face's: give it to tokenizer=hf",
        "sentencepiece": "a model of SentencePiece: give it to tokenizer=sentencepiece",
        "tiktoken": "a file of ranks: give it to tokenizer=tiktoken",
        "numpygpt": "a tokenizer.json of a run of this project: train it anew (tokenizer=bpe and so on), or have "
        "experiments/export.py write it for tokenizer=hf",
    }
    return f": it looks like {looks[found]}"


def kind_of(data: bytes) -> str | None:
    """hf, sentencepiece, tiktoken, numpygpt (what this project saved), or None: nothing that is known."""
    if (match := PIECE.match(data)) and match[2][0] + 2 <= match[1][0]:
        return "sentencepiece"
    if RANKS.match(data):
        return "tiktoken"
    if not data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        return None
    try:
        page = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if page.get("format") == files.FORMAT:
        return "numpygpt"
    return "hf" if isinstance(page.get("model"), dict) else None
