"""A trained run for Hugging Face's libraries: its tokenizer, and its weights as GPT-2's or NanoChat's.

A model with learned positions is written as GPT-2's, one with rotary positions as NanoChat's; what neither can
express is refused.
"""

import dataclasses
import importlib.util
import json
from operator import attrgetter
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from experiments.trained.load import corpus_of, load_model
from numpygpt.errors import UserError
from numpygpt.files import replacing, writing
from numpygpt.models import GPT
from numpygpt.nn import Linear
from numpygpt.runs import RunFolder
from numpygpt.tokenizers import Tokenizer
from numpygpt.tokenizers.to_hf import hugging_face_json

ACTIVATIONS = {"gelu": "gelu_new", "relu": "relu", "leaky_relu": "leaky_relu", "relu_squared": "relu2"}
# What these settings of a model must be, for either architecture; then what it calls ours, and our layers.
GPT2 = {"positions": "learned", "norm": "layernorm", "qk_norm": False, "head_bias": False}
NANOCHAT = {"positions": "rotary", "norm": "rmsnorm", "qk_norm": True, "head_bias": False, "bias": False}
GPT2_NAMES = {
    "n_positions": "block_size",
    "n_embd": "n_embd",
    "n_layer": "n_layer",
    "n_head": "n_head",
    **dict.fromkeys(("attn_pdrop", "embd_pdrop", "resid_pdrop"), "dropout"),
}
NANOCHAT_NAMES = {
    "max_position_embeddings": "block_size",
    "hidden_size": "n_embd",
    "num_hidden_layers": "n_layer",
    **dict.fromkeys(("num_attention_heads", "num_key_value_heads"), "n_head"),
    "attention_dropout": "dropout",
}
GPT2_LAYERS = {
    "ln_1": "ln1",
    "ln_2": "ln2",
    "attn.c_attn": "attn.qkv",
    "attn.c_proj": "attn.proj",
    "mlp.c_fc": "ff.fc",
    "mlp.c_proj": "ff.proj",
}


def hf_config(model: GPT) -> dict[str, Any]:
    """config.json for transformers. UserError: neither of its two architectures is like this model."""
    settings = dataclasses.asdict(model.config)
    is_nanochat = settings["positions"] == "rotary"
    name, wanted = ("NanoChat", NANOCHAT) if is_nanochat else ("GPT-2", GPT2)
    if odd := {f"model.{key}={value}": f"model.{key}={wanted[key]}" for key, value in settings.items()
               if value != wanted.get(key, value)}:  # fmt: skip
        raise UserError(
            f"this model has {', '.join(odd)}, which {name} cannot have: export the tokenizer alone "
            f"(--tokenizer-only), or train with {', '.join(odd.values())}"
        )
    activation, width = ACTIVATIONS[model.config.activation], 4 * model.config.n_embd
    if is_nanochat:
        own: dict[str, Any] = {
            "architectures": ["NanoChatForCausalLM"], "model_type": "nanochat", "hidden_act": activation,
            "intermediate_size": width, "rms_norm_eps": model.norm.eps, "final_logit_softcapping": None,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
        }  # fmt: skip
    else:
        own = {
            "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "activation_function": activation,
            "n_inner": width, "layer_norm_epsilon": model.norm.eps,
        }  # fmt: skip
    names = NANOCHAT_NAMES if is_nanochat else GPT2_NAMES
    own |= {theirs: settings[ours] for theirs, ours in names.items()}
    own |= dict.fromkeys(("bos_token_id", "eos_token_id", "pad_token_id"))
    shape = {"vocab_size": model.config.vocab_size, "tie_word_embeddings": model.config.tied}
    return own | shape | {"torch_dtype": "float32"}


def gpt2_weights(model: GPT) -> dict[str, np.ndarray]:
    """The parameters under GPT-2's names. Its matrices are (in, out), ours (out, in); missing biases are zeros."""
    assert model.positions is not None
    tables = {"wte": model.tokens, "wpe": model.positions}
    weights = {f"transformer.{name}.weight": table.weight.data for name, table in tables.items()}
    layers: dict[str, Any] = {"ln_f": model.norm}
    for number, block in enumerate(model.blocks):
        layers |= {f"h.{number}.{theirs}": attrgetter(ours)(block) for theirs, ours in GPT2_LAYERS.items()}
    for name, layer in layers.items():
        weight = layer.weight.data.T if isinstance(layer, Linear) else layer.gain.data
        bias = np.zeros(weight.shape[-1], weight.dtype) if layer.bias is None else layer.bias.data
        weights |= {f"transformer.{name}.weight": weight, f"transformer.{name}.bias": bias}
    return weights


def nanochat_weights(model: GPT) -> dict[str, np.ndarray]:
    """The parameters under NanoChat's names."""
    H, C = model.config.n_head, model.config.n_embd
    weights = {"model.embed_tokens.weight": model.tokens.weight.data}
    for number, block in enumerate(model.blocks):
        name = f"model.layers.{number}"
        q, k, v = block.attn.qkv.weight.data.reshape(3, C, C)
        weights |= {
            f"{name}.self_attn.q_proj.weight": _halves(q, H),
            f"{name}.self_attn.k_proj.weight": _halves(k, H),
            f"{name}.self_attn.v_proj.weight": v,
            f"{name}.self_attn.o_proj.weight": block.attn.proj.weight.data,
            f"{name}.mlp.fc1.weight": block.ff.fc.weight.data,
            f"{name}.mlp.fc2.weight": block.ff.proj.weight.data,
        }
    return weights


def _halves(weight: np.ndarray, n_head: int) -> np.ndarray:
    """Rows of queries or keys in the order that NanoChat turns them in.

    It pairs channel j of a head with j + D / 2, where our 2j is paired with 2j + 1, and turns the pair the other
    way round: so the odd channels come first, and then the even ones.
    """
    heads = weight.reshape(n_head, -1, 2, weight.shape[1])  # (H, D / 2, 2, C)
    return heads[:, :, ::-1].swapaxes(1, 2).reshape(weight.shape)


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
    """Writes the files; returns what there is to say about them. UserError: something cannot be expressed."""
    model, tokenizer = load_model(run)
    written = hugging_face_json(tokenizer)
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False}
    settings |= {"model_max_length": model.config.block_size}
    files = {"tokenizer.json": _json(written), "tokenizer_config.json": _json(settings)}
    if not tokenizer_only:
        files["config.json"] = _json(hf_config(model))
        weights = nanochat_weights(model) if model.positions is None else gpt2_weights(model)
        if not model.config.tied:
            weights["lm_head.weight"] = model.head.weight.data
        arrays = {name: np.ascontiguousarray(array, np.float32) for name, array in weights.items()}
        files["model.safetensors"] = save(arrays, metadata={"format": "pt"})
    note = _tokenizer_note(run, tokenizer, written)
    with writing(output, "-o"):
        output.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        with replacing(output / name) as temporary:
            temporary.write_bytes(content)
    return [f"{output}: {', '.join(files)}", note]


def _json(page: dict[str, Any]) -> bytes:
    return (json.dumps(page, ensure_ascii=False, indent=1) + "\n").encode()


def _tokenizer_note(run: RunFolder, tokenizer: Tokenizer, written: dict[str, Any]) -> str:
    """Whether what was written has been tried out. UserError: it encodes the corpus otherwise."""
    if importlib.util.find_spec("tokenizers") is None:
        return "tokenizer.json was not tried out: pip install tokenizers, and export again"
    try:
        corpus = corpus_of(run)
    except UserError as error:
        return f"tokenizer.json was not tried out: {error}"
    check_tokenizer(tokenizer, written, corpus.text)
    all_of_it = f"all {corpus.n_chars:,} characters of the corpus"
    return f"tokenizer.json encodes {all_of_it} as the run's tokenizer does"
