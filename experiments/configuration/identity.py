"""What makes a run the run that it is: pure functions from a configuration to its identity, hash and name.

Two configurations that must give the same weights on the same machine have the same identity; two that may give
other weights have another. So names, logging, evaluation, samples, processes and the places of files are left out
(`weights=False` in schema.py), a key that the chosen kind does not use is left out, and every file counts by its
content.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from experiments.configuration.schema import IMPORTED, RunConfig, TokenizerConfig, outputs_folder, used_keys
from numpygpt.errors import UserError
from numpygpt.files import expanded, read_bytes
from numpygpt.runs import RunFolder

RESULTS_VERSION = 3  # raised whenever the same configuration gives other numbers than before


def identity(config: RunConfig) -> dict[str, Any]:
    """The normalised configuration: everything that can change the weights, and nothing else.

    `config.data.sha256` is the corpus really used. Raises ValueError if that is not decided.
    """
    if config.data.sha256 is None:
        raise ValueError("the corpus is decided before a run has an identity")
    normalised: dict[str, Any] = {"seed": config.seed, "results_version": RESULTS_VERSION}
    for group, used in used_keys(config).items():
        section = getattr(config, group)
        keys = [own for own in fields(section) if own.metadata["weights"] and own.name in used]
        values = {own.name: getattr(section, own.name) for own in keys}
        kept = {own.name for own in keys if values[own.name] != own.metadata["neutral"]}
        normalised[group] = {key: value for key, value in values.items() if key in kept}
    normalised["tokenizer"] |= _tokenizer_file(config.tokenizer)
    return {key: value for key, value in normalised.items() if value != {}}


def _tokenizer_file(tokenizer: TokenizerConfig) -> dict[str, Any]:
    """What an imported tokenizer is made of: its file or its code by content, an encoding by name.

    Raises UserError if the file cannot be read.
    """
    if tokenizer.kind not in IMPORTED:
        return {}
    if tokenizer.kind == "custom":
        from numpygpt.tokenizers.foreign.custom import code_sha256

        return {"code": code_sha256(tokenizer.factory)}
    if tokenizer.path is None:
        return {"encoding": tokenizer.name}
    try:
        return {"path": hashlib.sha256(read_bytes(expanded(tokenizer.path))).hexdigest()}
    except OSError as error:
        allowed = f"a tokenizer's file that can be read ({error.strerror})"
        raise UserError(f"tokenizer.path={tokenizer.path} is not possible: it may be {allowed}") from error


def identity_hash(normalised: Mapping[str, Any]) -> str:
    """sha256, in hexadecimal, of the identity as canonical JSON."""
    text = json.dumps(normalised, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def run_folder(config: RunConfig) -> RunFolder:
    """The run folder of a configuration whose corpus is decided: `<tokenizer>-<model>-s<seed>-<hash8>`."""
    hash8 = identity_hash(identity(config))[:8]
    name = f"{config.tokenizer.name}-{config.model.name}-s{config.seed}-{hash8}"
    return RunFolder(outputs_folder(config) / config.study / name)
