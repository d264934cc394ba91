"""The model and the tokenizer of a finished run."""

import dataclasses

from numpygpt import tokenizers
from numpygpt.errors import UserError
from numpygpt.models import GPT, GPTConfig, NoDraws
from numpygpt.runs import RunFolder
from numpygpt.training import checkpoints


def load_tokenizer(run: RunFolder) -> tokenizers.Tokenizer:
    """Raises UserError if its file is missing, or is not the one that the run wrote."""
    tokenizer = tokenizers.load(run.tokenizer_path)
    if tokenizer.fingerprint() != run.run().get("resolved", {}).get("tokenizer_fingerprint"):
        raise UserError(f"{run.tokenizer_path} is damaged: delete the folder and run its command again")
    return tokenizer


def load_model(run: RunFolder) -> tuple[GPT, tokenizers.Tokenizer]:
    """Raises UserError if a file is missing or damaged."""
    result, tokenizer = run.result(), load_tokenizer(run)
    shape = GPTConfig(**{field.name: result[field.name] for field in dataclasses.fields(GPTConfig)})
    model = GPT(shape, rng=NoDraws())
    checkpoints.load(run.checkpoint_path, model)
    return model, tokenizer
