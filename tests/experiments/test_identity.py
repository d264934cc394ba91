"""What cannot change a result does not change the identity; what can, does."""

import copy
import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.records.packed import read_packed
from experiments.configuration import schema
from experiments.configuration.identity import RESULTS_VERSION, identity, identity_hash, run_folder
from experiments.configuration.schema import RunConfig, used_keys
from numpygpt.errors import UserError
from numpygpt.places import ROOT
from numpygpt.tokenizers.foreign.custom import code_sha256

SHA = "0" * 64
NOT_PART_OF_IT = {
    ("", "study"),
    ("", "force"),
    ("", "outputs"),
    ("choose", "minutes"),
    ("tokenizer", "name"),
    ("model", "name"),
    ("data", "kind"),
    ("data", "path"),
    ("data", "fallback"),
    ("train", "workers"),
    ("train", "log_interval"),
    ("train", "checkpoint_interval"),
    ("train", "checkpoint_seconds"),
    ("train", "eval_interval"),
    ("train", "eval_windows"),
    ("eval", "texts"),
    *(("sample", key) for key in ("tokens", "number", "prompt", "temperature", "top_k", "top_p")),
}


def base(**groups: Any) -> RunConfig:
    config = RunConfig(
        tokenizer=schema.TokenizerConfig(kind="char", name="char"),
        model=schema.ModelConfig(name="m", n_layer=2, n_head=2, n_embd=16, block_size=16),
        data=schema.DataConfig(kind="shakespeare", sha256=SHA),
        optimizer=schema.OptimizerConfig(kind="adamw"),
        budget=schema.BudgetConfig(kind="iters", iters=100),
    )
    return dataclasses.replace(config, **groups)


def hash_of(config: RunConfig) -> str:
    return identity_hash(identity(config))


def changed(config: RunConfig, section: str, key: str) -> RunConfig:
    """A copy with another value of the same type under that key."""
    new = copy.deepcopy(config)
    owner = getattr(new, section) if section else new
    value = getattr(owner, key)
    if isinstance(value, bool):
        other: Any = not value
    elif isinstance(value, int | float):
        other = value * 2 + 1
    elif isinstance(value, str):
        other = {"cosine": "constant", SHA: "1" * 64}.get(value, value + "x")
    elif isinstance(value, list):
        other = [*value, "b.txt"]
    else:
        other = {"specials": ["<unk>"], "path": "x.txt", "fallback": "pydoc"}.get(key, 7)
    setattr(owner, key, other)
    return new


def all_keys() -> list[tuple[str, str]]:
    keys = []
    for field in dataclasses.fields(RunConfig):
        value = getattr(base(), field.name)
        if dataclasses.is_dataclass(value):
            keys += [(field.name, inner.name) for inner in dataclasses.fields(value)]
        else:
            keys.append(("", field.name))
    return [key for key in keys if key[1] != "kind" or key[0] == "data"]  # the other kinds: below


@pytest.mark.parametrize(("section", "key"), all_keys())
def test_a_key_changes_the_hash_if_and_only_if_it_can_change_the_result(section, key):
    config, other = base(), changed(base(), section, key)
    used = [used_keys(one).get(section, {key}) for one in (config, other)]
    matters = (section, key) not in NOT_PART_OF_IT and any(key in keys for keys in used)
    assert (hash_of(other) != hash_of(config)) is matters


KINDS = [
    ("tokenizer", ("char", "word", "bpe", "bpe-bytefallback", "byte")),
    ("optimizer", ("muon", "adamw", "adam", "sgd")),
    ("budget", ("iters", "text", "flops", "seconds")),
]


@pytest.mark.parametrize(("section", "kinds"), KINDS)
def test_kinds_differ_and_ignore_each_other_s_keys(section, kinds):
    hashes = set()
    for kind in kinds:
        config = base()
        setattr(config, section, dataclasses.replace(getattr(config, section), kind=kind))
        hashes.add(hash_of(config))
        for field in dataclasses.fields(getattr(config, section)):
            if field.name in ("kind", "name", "schedule", "warmup_ratio"):
                continue
            differs = hash_of(changed(config, section, field.name)) != hash_of(config)
            assert differs is (field.name in used_keys(config)[section]), (kind, field.name)
    assert len(hashes) == len(kinds)


def test_sweeping_the_vocabulary_size_trains_char_once():
    sizes = [dataclasses.replace(base().tokenizer, vocab_size=size) for size in (256, 512, 1024)]
    assert len({hash_of(base(tokenizer=tokenizer)) for tokenizer in sizes}) == 1
    sizes = [dataclasses.replace(tokenizer, kind="bpe") for tokenizer in sizes]
    assert len({hash_of(base(tokenizer=tokenizer)) for tokenizer in sizes}) == 3


def test_an_encoding_that_tiktoken_knows_by_name_has_a_pattern_of_its_own():
    def named(pattern: str, path: str | None) -> str:
        tokenizer = schema.TokenizerConfig(kind="tiktoken", name="gpt2", pattern=pattern, path=path)
        return hash_of(base(tokenizer=tokenizer))

    assert named("gpt2", None) == named("gpt4", None)


def test_files_count_by_their_content():
    config = base()
    moved = dataclasses.replace(config.data, kind="file", path="/elsewhere.txt")
    assert identity(base(data=moved)) == identity(base())


def test_a_setting_at_its_neutral_value_is_left_out():
    for key, neutral in {"positions": "learned", "norm": "layernorm", "qk_norm": False}.items():
        assert getattr(base().model, key) == neutral
        assert key not in identity(base())["model"]
    assert "dev_fraction" not in identity(base())["data"]


def test_a_class_of_one_s_own_counts_by_its_code(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    own = dataclasses.replace(base().tokenizer, kind="custom", factory="my_own_words:Words")
    found = set()
    for code in ("class Words: pass", "class Words: pass", "class Words: ..."):
        (tmp_path / "my_own_words.py").write_text(code)
        code_sha256.cache_clear()
        found.add(hash_of(base(tokenizer=own)))
    assert len(found) == 2
    with pytest.raises(UserError, match="No module named 'nobody'"):
        identity(base(tokenizer=dataclasses.replace(own, factory="nobody:Words")))


def test_context_in_characters_makes_the_block_size_irrelevant():
    def sized(block_size: int, chars: float | None) -> str:
        model = dataclasses.replace(base().model, block_size=block_size, context_chars=chars)
        return hash_of(base(model=model))

    assert sized(16, 100.0) == sized(32, 100.0) != sized(16, 200.0)
    assert sized(16, None) != sized(32, None)


@given(st.integers(0, 2**31), st.floats(1e-6, 1.0), st.booleans())
def test_the_hash_is_a_pure_function_and_hangs_on_the_values(seed, lr, force):
    optimizer = dataclasses.replace(base().optimizer, lr=lr)
    one = base(seed=seed, optimizer=optimizer)
    other = base(seed=seed, optimizer=dataclasses.replace(optimizer), force=force, study="elsewhere")
    assert hash_of(one) == hash_of(other)
    assert hash_of(base(seed=seed + 1, optimizer=optimizer)) != hash_of(one)


def test_an_undecided_corpus_has_no_identity():
    with pytest.raises(ValueError, match="decided"):
        identity(base(data=schema.DataConfig(kind="shakespeare")))


def test_the_name_of_a_run(monkeypatch):
    config = base(seed=3)
    name = run_folder(config).name
    assert name == f"char-m-s3-{identity_hash(identity(config))[:8]}"
    monkeypatch.setattr("experiments.configuration.identity.RESULTS_VERSION", RESULTS_VERSION + 1)
    assert run_folder(config).name != name


@pytest.mark.parametrize("experiment", ["nanogpt_cpu", "shakespeare"])
def test_kept_runs_of_the_classic_experiments_are_those_of_today_but_for_the_numerics(
    composer, experiment, monkeypatch
):
    kept = read_packed(ROOT / "docs" / "results" / f"{experiment}.jsonl")
    assert kept
    for folder in kept:
        record = folder.run()
        config = composer(f"experiment={experiment}", f"tokenizer={record['config']['tokenizer']['name']}")
        config.data.sha256 = record["config"]["data"]["sha256"]
        numerics = record["identity"]["results_version"]
        monkeypatch.setattr("experiments.configuration.identity.RESULTS_VERSION", numerics)
        assert identity(config) == record["identity"]
        assert run_folder(config).name == folder.name == record["name"]
        assert folder.result()["model"] == config.model.name
