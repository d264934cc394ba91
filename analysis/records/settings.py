"""A setting: one configuration under several seeds."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def setting_of(identity: Mapping[str, Any]) -> str:
    """Of a run's identity, or a part of it, all but its seed, as a hash: runs that share it may be averaged."""
    rest = {key: value for key, value in identity.items() if key != "seed"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True, default=str).encode()).hexdigest()[:16]
