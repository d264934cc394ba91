"""Values of the JSON files of a run folder: NumPy turned into JSON, NaN and infinities spelled out, a checksum."""

import hashlib
import json
import math
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
