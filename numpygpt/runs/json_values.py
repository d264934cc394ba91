"""Values of the JSON files of a run folder: NumPy as JSON, NaN and infinities spelled out, checksums."""

import hashlib
import json
import math
import re
import zlib
from typing import Any


def to_json(value: Any) -> Any:
    """`value` in types that JSON knows; raises TypeError for others (a bug of ours, not of a user)."""
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            raise TypeError(f"keys in a run folder are strings, not {list(value)[:3]}")
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"float": str(float(value))}
    if hasattr(value, "tolist"):  # NumPy scalars and arrays, without importing NumPy
        return to_json(value.tolist())
    return value


def from_json(value: Any) -> Any:
    if isinstance(value, dict):
        if len(value) == 1 and value.get("float") in ("nan", "inf", "-inf"):
            return float(value["float"])
        return {key: from_json(item) for key, item in value.items()}
    return [from_json(item) for item in value] if isinstance(value, list) else value


def digest(content: dict[str, Any]) -> str:
    """sha256 of the content as canonical JSON: sorted keys, no spaces, ASCII, shortest exact floats."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def metric_line(row: dict[str, Any]) -> bytes:
    """A row of metrics.jsonl: JSON with a CRC-32 over all that stands before it, and a newline."""
    body = json.dumps(to_json(row)).encode("ascii")[:-1]
    return body + b', "crc": "%08x"}\n' % zlib.crc32(body)


def metric_row(line: bytes) -> dict[str, Any] | None:
    """The row of such a line, without its newline; None if it is not what was written."""
    match = re.fullmatch(rb'(\{.*), "crc": "([0-9a-f]{8})"\}', line, re.DOTALL)
    if match is None or int(match[2], 16) != zlib.crc32(match[1]):
        return None
    return from_json(json.loads(match[1] + b"}"))
