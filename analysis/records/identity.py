"""The identity of a run: what of its configuration decides its weights, and what follows from that alone."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} -> {"a.b": 1}; lists stay values."""
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat


def setting_of(identity: Mapping[str, Any]) -> str:
    """Of a run's identity, or a part of it, all but its seed, as a hash: runs that share it may be averaged."""
    rest = {key: value for key, value in identity.items() if key != "seed"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, default=str).encode()).hexdigest()[:16]


def without(identity: Mapping[str, Any], *prefixes: str) -> dict[str, Any]:
    """An identity without the keys that begin with one of `prefixes`."""
    return {key: value for key, value in identity.items() if not key.startswith(prefixes)}


def differences(identities: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """What is not configured the same way in all of them: key -> a value for each (None where unused)."""
    keys = sorted({key for identity in identities for key in identity})
    table = {key: [identity.get(key) for identity in identities] for key in keys}
    return {key: values for key, values in table.items() if any(v != values[0] for v in values)}


def budget_of(identity: Mapping[str, Any]) -> tuple[str, float]:
    """What is held equal, and how much of it."""
    kind = identity["budget.kind"]
    return kind, identity[f"budget.{'chars' if kind == 'text' else kind}"]


def budget_words(identity: Mapping[str, Any]) -> str:
    """What is held equal, in words: `1,000 updates`."""
    kind, value = budget_of(identity)
    words = {
        "iters": f"{value:,.0f} updates",
        "text": f"{value:,.10g} characters seen",
        "flops": f"{value:.10g} training FLOPs",
        "seconds": f"{value:.10g} s of training",
    }
    return words.get(kind, f"{value:,.10g} {kind}")


def data_order(identity: Mapping[str, Any], iters: Any) -> str:
    """Runs with the same key saw the same batches under the same seed: only the model or optimizer differ.

    Two tokenizers make two token sequences, so they never share it.
    """
    decides = without(identity, "model.", "optimizer.", "sample.", "eval.") | {"iters": iters}
    shapes_batches = ("model.block_size", "model.context_chars")
    return setting_of(decides | {key: identity[key] for key in shapes_batches if key in identity})


def value_words(value: Any) -> str:
    """A value of an identity as a reader wants it: of a file's sha256 the beginning."""
    if isinstance(value, list):
        return f"[{', '.join(map(value_words, value))}]"
    return value[:8] if isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) else str(value)
