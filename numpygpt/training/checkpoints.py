"""Checkpoints: one safetensors file with the weights, the optimizer's state and where the run stands."""

import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from numpygpt.errors import UserError
from numpygpt.files import replacing
from numpygpt.models import GPT
from numpygpt.optim import Optimizer

FORMAT = "numpygpt-checkpoint-2"
ANEW = "delete the run's folder to start it anew"


@dataclass
class TrainState:
    """Where a run stands. Random numbers are functions of (seed, stream, step): the step is all their state."""

    step: int = 0  # updates done
    seconds: float = 0.0  # spent training, evaluation not counted
    rows: int = 0  # of metrics handed out, so that a loss of some is noticed
    first_loss: float = math.nan  # in nats per token, of the first update
    best_val_loss: float = math.inf  # of the evaluations so far
    best_step: int = 0  # updates done when it was found
    n_clipped: int = 0  # updates whose gradient was scaled down


def save(path: Path, model: GPT, optimizer: Optimizer, state: TrainState) -> None:
    """Write atomically: at every moment `path` is a whole checkpoint, the last one or this one.

    Raises NotWritable (disk full, no permission); the old file is then still there and no stray file is.
    """
    tensors = {f"model.{name}": array for name, array in model.state_dict().items()}
    tensors |= {f"optimizer.{name}": array for name, array in optimizer.state_dict().items()}
    where = json.dumps(asdict(state) | {"n_steps": optimizer.n_steps})
    metadata = {"format": FORMAT, "state": where, "crc32": _crc32(tensors, where)}
    with replacing(path) as partial:
        try:
            save_file(tensors, partial, metadata=metadata)
        except SafetensorError as error:
            raise OSError(f"cannot write {path}: {error}") from error


def _crc32(tensors: Mapping[str, np.ndarray], state: str) -> str:
    """Of everything in the file, in hexadecimal: a flipped bit in a weight would look like any other weight."""
    crc = zlib.crc32(state.encode())
    for name in sorted(tensors):
        crc = zlib.crc32(np.ascontiguousarray(tensors[name]).data, zlib.crc32(name.encode(), crc))
    return f"{crc:08x}"


def load(path: Path, model: GPT, optimizer: Optimizer | None = None) -> TrainState:
    """Read weights, and the optimizer's state if one is given, in place.

    Raises UserError if the file is missing, damaged or of another model.
    """
    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != FORMAT:
                raise ValueError("it is of another version of numpygpt")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  (not a dict)
        if metadata["crc32"] != _crc32(tensors, metadata["state"]):
            raise ValueError("its bytes are not those that were written")
        state = json.loads(metadata["state"])
    except FileNotFoundError:
        raise UserError(f"there are no weights in {path.parent}: {path.name} is missing") from None
    except (OSError, SafetensorError, ValueError, KeyError) as error:
        raise UserError(f"the checkpoint {path} cannot be read ({error}): {ANEW}") from error
    parts = {
        part: {k.removeprefix(part): v for k, v in tensors.items() if k.startswith(part)}
        for part in ("model.", "optimizer.")
    }
    model.load_state_dict(parts["model."])
    n_steps = state.pop("n_steps")
    if optimizer is not None:
        if parts["optimizer."].keys() != optimizer.state_dict().keys():
            raise UserError(f"the checkpoint {path} is of another optimizer: {ANEW}")
        optimizer.load_state_dict(parts["optimizer."], n_steps)
    return TrainState(**state)
