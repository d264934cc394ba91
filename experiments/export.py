# ruff: noqa: E402  (threads are set before NumPy is imported)
"""A trained run for other programs: `python experiments/export.py RUN --format hf -o DIR`.

Writes what Hugging Face's libraries load: tokenizer.json, and the weights as GPT-2's, in model.safetensors with
config.json. What GPT-2 cannot express is refused.

    from transformers import AutoTokenizer, GPT2LMHeadModel
    model, tokenizer = GPT2LMHeadModel.from_pretrained(DIR), AutoTokenizer.from_pretrained(DIR)
"""

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ.setdefault(_name, "1")

import argparse
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.corpora import corpus_of
from experiments.sample import find_run, load_model
from numpygpt.errors import UserError
from numpygpt.files import replacing
from numpygpt.models import GPT
from numpygpt.printing import print_anything
from numpygpt.runs import RunFolder
from numpygpt.tokenizers import Tokenizer
from numpygpt.tokenizers.to_hf import hugging_face_json

ACTIVATIONS = {"gelu": "gelu_new", "relu": "relu", "leaky_relu": "leaky_relu"}


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="export.py", description=__doc__.splitlines()[0])
    parser.add_argument("run", help="a run folder, or (the beginning of) a run's name under outputs/")
    parser.add_argument(
        "--format", choices=["hf"], default="hf", help="hf: Hugging Face (the only one so far)"
    )
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where to write")
    parser.add_argument("--tokenizer-only", action="store_true", help="leave the model's weights out")
    return parser.parse_args(argv)


def gpt2_config(model: GPT) -> dict[str, Any]:
    """config.json for transformers' GPT2LMHeadModel. UserError: GPT-2 has nothing like this model."""
    c = model.config
    if c.head_bias:
        raise UserError(
            "this model's output head has a bias, which GPT-2's cannot have: export the tokenizer alone "
            "(--tokenizer-only), or train with model.head_bias=false"
        )
    return {
        "architectures": ["GPT2LMHeadModel"],
        "model_type": "gpt2",
        "activation_function": ACTIVATIONS[c.activation],
        "vocab_size": c.vocab_size,
        "n_positions": c.block_size,
        "n_embd": c.n_embd,
        "n_layer": c.n_layer,
        "n_head": c.n_head,
        "n_inner": 4 * c.n_embd,
        "layer_norm_epsilon": model.norm.eps,
        **dict.fromkeys(("attn_pdrop", "embd_pdrop", "resid_pdrop"), c.dropout),
        "tie_word_embeddings": c.tied,
        "bos_token_id": None,
        "eos_token_id": None,
        "torch_dtype": "float32",
    }


def gpt2_weights(model: GPT) -> dict[str, np.ndarray]:
    """The parameters under GPT-2's names. Its matrices are (in, out), ours (out, in); missing biases are zeros."""
    weights = {
        "transformer.wte.weight": model.tokens.weight.data,
        "transformer.wpe.weight": model.positions.weight.data,
    }
    for number, block in enumerate(model.blocks):
        name = f"transformer.h.{number}"
        for theirs, norm in (("ln_1", block.ln1), ("ln_2", block.ln2)):
            weights |= _norm(f"{name}.{theirs}", norm)
        weights |= _linear(f"{name}.attn.c_attn", block.attn.qkv)
        weights |= _linear(f"{name}.attn.c_proj", block.attn.proj)
        weights |= _linear(f"{name}.mlp.c_fc", block.ff.fc)
        weights |= _linear(f"{name}.mlp.c_proj", block.ff.proj)
    weights |= _norm("transformer.ln_f", model.norm)
    if not model.config.tied:
        weights["lm_head.weight"] = model.head.weight.data
    return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in weights.items()}


def _linear(name: str, layer: Any) -> dict[str, np.ndarray]:
    weight = layer.weight.data
    bias = np.zeros(len(weight), weight.dtype) if layer.bias is None else layer.bias.data
    return {f"{name}.weight": weight.T, f"{name}.bias": bias}


def _norm(name: str, layer: Any) -> dict[str, np.ndarray]:
    gain = layer.gain.data
    return {
        f"{name}.weight": gain,
        f"{name}.bias": np.zeros_like(gain) if layer.bias is None else layer.bias.data,
    }


def check_tokenizer(tokenizer: Tokenizer, written: dict[str, Any], text: str) -> None:
    """UserError unless Hugging Face's library encodes `text` from what was written as we do."""
    import tokenizers

    theirs = tokenizers.Tokenizer.from_str(json.dumps(written)).encode(text, add_special_tokens=False).ids
    ours = tokenizer.encode(text).tolist()
    if theirs != ours:
        pairs = enumerate(zip(ours, theirs, strict=False))
        at = next((i for i, (a, b) in pairs if a != b), min(len(ours), len(theirs)))
        raise UserError(
            f"Hugging Face's tokenizers would encode the corpus differently from token {at} on "
            f"(after {tokenizer.decode(ours[max(at - 5, 0) : at])!r}): nothing is written"
        )


def export(run: RunFolder, output: Path, tokenizer_only: bool) -> list[str]:
    """Write the files; what there is to say about them. UserError: something cannot be expressed."""
    model, tokenizer = load_model(run)
    written = hugging_face_json(tokenizer)
    config = None if tokenizer_only else gpt2_config(model)
    notes = [_verdict(run, tokenizer, written)]
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": model.config.block_size,
        "clean_up_tokenization_spaces": False,
    }
    pages = {"tokenizer.json": written, "tokenizer_config.json": settings}
    if config is not None:
        pages["config.json"] = config
        if not model.config.bias:
            notes.append("the model has no biases: they are written as zeros")
        if not model.config.tied:
            notes.append(
                "the output head is untied: GPT-2's own is not, transformers' (tie_word_embeddings) can be"
            )
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{output} cannot be made ({error.strerror}): name another folder") from None
    for name, page in pages.items():
        with replacing(output / name) as temporary:
            temporary.write_text(json.dumps(page, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if config is not None:
        from safetensors.numpy import save

        with replacing(output / "model.safetensors") as temporary:
            temporary.write_bytes(save(gpt2_weights(model), metadata={"format": "pt"}))
        pages["model.safetensors"] = {}
    return [f"{output}: {', '.join(pages)}", *notes]


def _verdict(run: RunFolder, tokenizer: Tokenizer, written: dict[str, Any]) -> str:
    if importlib.util.find_spec("tokenizers") is None:
        return "tokenizer.json was not tried out: pip install tokenizers, and export again"
    corpus = corpus_of(run)
    if corpus is None:
        return "tokenizer.json was not tried out: the run's corpus is not here"
    check_tokenizer(tokenizer, written, corpus.text)
    return (
        f"tokenizer.json encodes all {corpus.n_chars:,} characters of the corpus as the run's tokenizer does"
    )


def main(argv: Sequence[str] | None = None) -> int:
    print_anything()
    try:
        chosen = arguments(argv)
        for note in export(find_run(chosen.run), chosen.output, chosen.tokenizer_only):
            print(note)
    except UserError as error:
        print(f"export.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("export.py: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
