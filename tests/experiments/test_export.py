"""Exported runs: transformers computes the same logits, and what it has no architecture for is refused."""

import dataclasses
import json

import numpy as np
import pytest
from safetensors.numpy import load_file

from experiments import export
from experiments.trained.hugging_face import check_tokenizer, hugging_face_json
from numpygpt.data import resolve
from numpygpt.errors import UserError
from numpygpt.models import GPT, GPTConfig
from numpygpt.runs import REQUIRED, RunFolder
from numpygpt.tokenizers import create
from numpygpt.training import checkpoints

TEXT = "The cat sat on the mat. Nobody sat there: only a bat!\n" * 20
BASE = GPTConfig(1, 12, 2, 2, 8, head_bias=False)
MODERN = {"positions": "rotary", "norm": "rmsnorm", "qk_norm": True, "zero_init": True,
          "activation": "relu_squared", "bias": False, "tied": True}  # fmt: skip
EXPRESSIBLE = {
    "tied relu": {"activation": "relu", "tied": True},
    "tied gelu": {"activation": "gelu", "tied": True},
    "without biases": {"activation": "gelu", "tied": True, "bias": False},
    "untied leaky relu": {"activation": "leaky_relu", "tied": False},
    "learned positions with squared relu": {"activation": "relu_squared", "tied": True},
    "modern": MODERN,
    "modern, untied": MODERN | {"tied": False, "activation": "gelu"},
}
INEXPRESSIBLE = {
    "rotary positions alone": {"positions": "rotary", "bias": False},
    "rotary without QK-norm": MODERN | {"qk_norm": False},
    "rotary with layer norm": MODERN | {"norm": "layernorm"},
    "modern with biases": MODERN | {"bias": True},
    "learned positions with RMSNorm": {"norm": "rmsnorm"},
    "learned positions with QK-norm": {"qk_norm": True},
    "a bias of the head": {"head_bias": True},
    "modern with a bias of the head": MODERN | {"head_bias": True},
}


def a_model(**shape) -> GPT:
    """With parameters of unit scale, biases included, so that a wrong transpose shows."""
    model = GPT(dataclasses.replace(BASE, **shape), rng=np.random.default_rng(0))
    rng = np.random.default_rng(1)
    for _, parameter in model.named_parameters():
        parameter.data += rng.normal(0, 0.3, parameter.data.shape).astype(np.float32)
    return model


@pytest.fixture
def a_run(tmp_path):
    """a_run(kind, **shape): the folder of a finished run, as load_model reads it, and its model."""

    def make(kind="bpe", **shape):
        tokenizer = create(kind, **({"vocab_size": 60} if kind == "bpe" else {}))
        tokenizer.train(TEXT)
        model = a_model(vocab_size=tokenizer.vocab_size, **shape)
        (tmp_path / "text.txt").write_text(TEXT)
        run = RunFolder(tmp_path / "run")
        resolved = {"tokenizer_fingerprint": tokenizer.fingerprint()}
        data = {"kind": "file", "path": str(tmp_path / "text.txt")}
        corpus = {"sha256": resolve("file", data["path"]).sha256}
        run.create(
            dict.fromkeys(REQUIRED["run.json"])
            | {"name": "run", "config": {"data": data}, "corpus": corpus, "resolved": resolved}
        )
        tokenizer.save(run.tokenizer_path)
        save_checkpoint(run, model)
        run.write_result(dict.fromkeys(REQUIRED["result.json"]) | dataclasses.asdict(model.config))
        return run, model, tokenizer

    return make


def save_checkpoint(run, model):
    from experiments.configuration.build import build_optimizer
    from experiments.configuration.schema import OptimizerConfig

    optimizer = build_optimizer(OptimizerConfig(kind="sgd"), model)
    checkpoints.save(run.checkpoint_path, model, optimizer, checkpoints.TrainState())


@pytest.mark.parametrize("shape", EXPRESSIBLE.values(), ids=EXPRESSIBLE.keys())
def test_transformers_gives_the_same_logits(a_run, tmp_path, shape):
    transformers = pytest.importorskip("transformers")
    torch = pytest.importorskip("torch")
    run, model, tokenizer = a_run(**shape)
    assert export.main([str(run.path), "--format", "hf", "-o", str(tmp_path / "out")]) == 0
    if shape.get("positions") == "rotary" and not hasattr(transformers, "NanoChatForCausalLM"):
        pytest.skip("this transformers has no NanoChat")
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "out").eval()
    their_tokenizer = transformers.AutoTokenizer.from_pretrained(tmp_path / "out")
    ids = tokenizer.encode(TEXT)
    assert their_tokenizer(TEXT)["input_ids"] == ids.tolist()
    batch = ids[:24].reshape(2, 12).astype(np.int64)
    with torch.no_grad():
        logits = theirs(torch.from_numpy(batch)).logits.numpy()
    np.testing.assert_allclose(logits, model.forward(batch), rtol=2e-5, atol=2e-5)


def test_the_files_hold_every_parameter_once(a_run, tmp_path, capsys):
    run, model, _ = a_run(tied=True, activation="gelu")
    assert export.main([str(run.path), "-o", str(tmp_path / "out")]) == 0
    weights = load_file(tmp_path / "out" / "model.safetensors")
    assert sum(array.size for array in weights.values()) == model.n_params()
    assert weights["transformer.h.1.attn.c_attn.weight"].shape == (8, 24)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert (config["activation_function"], config["tie_word_embeddings"]) == ("gelu_new", True)
    assert "model.safetensors" in capsys.readouterr().out


@pytest.mark.parametrize("shape", INEXPRESSIBLE.values(), ids=INEXPRESSIBLE.keys())
def test_what_cannot_be_expressed_is_refused(a_run, tmp_path, capsys, shape):
    run, _, _ = a_run("char", **shape)
    assert export.main([str(run.path), "-o", str(tmp_path / "out")]) == 2
    assert "--tokenizer-only" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert export.main([str(run.path), "-o", str(tmp_path / "out"), "--tokenizer-only"]) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"tokenizer.json", "tokenizer_config.json"}


def test_a_difference_on_the_corpus_is_found():
    pytest.importorskip("tokenizers")
    tokenizer, other = create("char"), create("char")
    tokenizer.train("abc")
    other.train("bcd")
    with pytest.raises(UserError, match="differently from token 2"):
        check_tokenizer(tokenizer, hugging_face_json(other), "xxabc")


def test_a_folder_that_cannot_be_made(a_run, tmp_path, capsys):
    run, _, _ = a_run(tied=True)
    (tmp_path / "file").write_text("")
    assert export.main([str(run.path), "-o", str(tmp_path / "file" / "out")]) == 2
    assert "cannot be written" in capsys.readouterr().err
