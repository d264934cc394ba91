"""Every choice and every experiment composes, passes the checks, and builds what it says."""

import inspect
from dataclasses import replace

import pytest
from omegaconf import OmegaConf
from omegaconf.errors import InterpolationResolutionError

from experiments.configuration import build
from experiments.configuration.schema import GROUPS, IMPORTED, options, register, settings
from experiments.configuration.validation import check
from numpygpt import tokenizers
from numpygpt.nn.activations import ACTIVATIONS
from numpygpt.optim import OPTIMIZERS
from numpygpt.places import CONF
from numpygpt.tokenizers.foreign import extras
from numpygpt.tokenizers.pretokenize import PATTERNS

CHOICES = [f"{group}={path.stem}" for group in GROUPS for path in sorted((CONF / group).glob("*.yaml"))]
WANTED = {  # what a choice cannot do without
    "data=file": "data.path=some.txt",
    "experiment=choose": "data.path=some.txt",
    "tokenizer=hf": "tokenizer.path=tokenizer.json",
    "tokenizer=sentencepiece": "tokenizer.path=some.model",
    "tokenizer=tiktoken": "tokenizer.path=some.tiktoken",
    "tokenizer=custom": "tokenizer.factory=package.module:Class",
}
EXPERIMENTS = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_composes_and_passes_the_checks(composer, choice):
    config = composer(choice, *filter(None, [WANTED.get(choice)]))
    if (package := extras.PACKAGES.get(config.tokenizer.kind)) is not None:
        pytest.importorskip(package)
    check(config)


@pytest.mark.parametrize("group", ["tokenizer", "model"])
def test_choices_are_called_what_their_file_is_called(composer, group):
    for path in (CONF / group).glob("*.yaml"):
        assert getattr(composer(f"{group}={path.stem}"), group).name == path.stem


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiments_have_their_own_study_and_forbid_another_corpus(composer, name):
    config = composer(f"experiment={name}")
    assert config.study == name
    assert config.data.fallback is None


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_run_of_an_experiment_can_be_built(composer, name):
    raw = OmegaConf.load(CONF / "experiment" / f"{name}.yaml")
    swept = OmegaConf.select(raw, "hydra.sweeper.params") or {}
    for key, values in (swept or {"seed": "1"}).items():
        for value in str(values).split(","):
            wanted = filter(None, [WANTED.get(f"experiment={name}")])
            config = composer(f"experiment={name}", f"{key}={value}", *wanted)
            check(config)
            build.build_tokenizer(config.tokenizer)
            shape = build.gpt_config(config.model, 100, chars_per_token=3.0)
            assert shape.n_embd % shape.n_head == 0
            build.build_schedule(config.optimizer, config.budget.iters or 1000)
            build.train_config(config, config.budget.iters or 1000)


@pytest.mark.parametrize(("iters", "rises"), [(1000, 100), (339, 34), (5000, 500)])
def test_runs_of_different_length_warm_up_for_the_same_share(composer, iters, rises):
    for budget in ("text", "iters", "flops"):
        optimizer = composer("optimizer=adamw", f"budget={budget}").optimizer
        assert build.warmup_iters(optimizer, iters) == rises
        assert build.warmup_iters(replace(optimizer, decay_iters=500), iters) == 50


def test_only_a_cosine_has_a_length_of_its_own(composer):
    for schedule, total in (("cosine", 300), ("wsd", 1000), ("step", 1000), ("constant", 1000)):
        config = composer(f"optimizer.schedule={schedule}", "optimizer.decay_iters=300")
        assert build.schedule_iters(config.optimizer, 1000) == total


def test_the_default_holds_the_text_equal_and_trains_the_recipe_that_learns(composer):
    default = composer()
    assert (default.budget.kind, default.optimizer.kind, default.seed) == ("text", "muon", 1337)
    assert default.data.fallback == "pydoc"
    assert default.eval.texts == []  # the table of other texts is for those who ask
    model = default.model
    assert (model.name, model.positions, model.norm, model.activation) == (
        "small", "rotary", "rmsnorm", "relu_squared",
    )  # fmt: skip
    assert model.qk_norm
    assert model.zero_init


def test_the_classic_recipe_is_nanogpt_s_as_published(composer):
    config = composer("experiment=nanogpt_cpu")
    model, optimizer = config.model, config.optimizer
    assert (model.name, model.n_layer, model.n_embd, model.activation) == ("nanogpt", 4, 128, "gelu")
    assert (model.positions, model.norm, model.qk_norm, model.zero_init) == (
        "learned", "layernorm", False, False,
    )  # fmt: skip
    assert (optimizer.kind, optimizer.lr, optimizer.min_lr, optimizer.warmup_ratio) == (
        "adamw",
        1e-3,
        1e-4,
        0.05,
    )
    assert (optimizer.beta2, optimizer.weight_decay, optimizer.schedule) == (0.99, 0.1, "cosine")
    assert (config.budget.kind, config.budget.iters) == ("iters", 2000)
    assert (model.block_size, config.train.batch_size, config.seed) == (64, 12, 1337)


def test_the_original_experiment_has_its_exact_settings(composer):
    config = composer("experiment=shakespeare")
    optimizer, train = config.optimizer, config.train
    assert (optimizer.kind, optimizer.lr, optimizer.min_lr, optimizer.warmup_ratio) == (
        "adam",
        3e-4,
        3e-5,
        0.1,
    )
    assert (optimizer.schedule, optimizer.grad_clip, config.budget.iters) == ("cosine", 1.0, 8000)
    assert (train.batch_size, config.model.block_size, train.eval_interval) == (16, 128, 200)


@pytest.mark.parametrize(
    ("vocab_size", "total", "embedding"), [(69, 3_227_717, 68_165), (6551, 6_552_983, 3_393_431)]
)
def test_the_reference_model_has_the_original_s_parameters(composer, vocab_size, total, embedding):
    model = build.build_model(composer("experiment=shakespeare").model, 0, vocab_size, 1.0)
    assert model.n_params() == total
    assert model.n_params_embedding() == embedding


@pytest.mark.parametrize("kind", ["char", "word"])
def test_the_original_vocabularies(composer, shakespeare, kind):
    tokenizer = build.build_tokenizer(composer("experiment=shakespeare", f"tokenizer={kind}").tokenizer)
    tokenizer.train(shakespeare[: int(0.9 * len(shakespeare))])
    assert tokenizer.specials == ("<pad>", "<unk>", "<bos>", "<eos>")
    assert tokenizer.vocab_size == {"char": 69, "word": 6551}[kind]


def test_the_schema_s_choices_are_those_of_the_library():
    choices = {key: own.metadata["choices"] for key, own in settings().items()}
    assert set(choices["tokenizer.kind"]) == set(tokenizers.ALL_KINDS)
    assert set(choices["tokenizer.pattern"]) == set(PATTERNS)
    assert set(choices["model.activation"]) == set(ACTIVATIONS)
    assert set(choices["optimizer.kind"]) == set(OPTIMIZERS)


def keywords(cls):
    """Of its constructor, those that `**options` hands on to its parent included."""
    own = inspect.signature(cls.__init__).parameters.values()
    names = {parameter.name for parameter in own if parameter.kind is parameter.KEYWORD_ONLY}
    hands_on = any(parameter.kind is parameter.VAR_KEYWORD for parameter in own)
    return names | keywords(cls.__base__) if hands_on else names


@pytest.mark.parametrize("kind", tokenizers.ALL_KINDS)
def test_the_schema_s_options_are_those_of_the_tokenizers(kind):
    brought = {"specials"} if kind not in IMPORTED else {"encoding"} if kind == "tiktoken" else set()
    assert {*options("tokenizer", kind), *brought} == keywords(tokenizers.ALL_KINDS[kind])


def test_context_in_characters_sets_the_block_size(composer):
    model = composer("model=tiny", "model.context_chars=100").model
    assert build.gpt_config(model, 10, chars_per_token=2.5).block_size == 40
    assert build.gpt_config(replace(model, context_chars=None), 10, 2.5).block_size == 16
    assert build.gpt_config(replace(model, context_chars=1.0), 10, 2.5).block_size == 2


@pytest.mark.parametrize("kind", ["muon", "adamw", "adam", "sgd"])
def test_optimizers_are_built_with_their_settings(composer, kind):
    config = composer(f"optimizer={kind}", "model=tiny")
    model = build.build_model(config.model, 1, 20, 1.0)
    optimizer = build.build_optimizer(config.optimizer, model)
    assert optimizer.lr == config.optimizer.lr
    assert type(optimizer).__name__.lower() == kind
    assert sum(p.data.size for p in optimizer.parameters) == model.n_params()


def test_a_value_may_differ_by_tokenizer():
    register()
    values = {"all": "${by_tokenizer:{char:1,else:2}}", "some": "${by_tokenizer:{char:1}}"}
    config = OmegaConf.create({"tokenizer": {"kind": "char"}, **values})
    assert (config["all"], config["some"]) == (1, 1)
    config.tokenizer.kind = "bpe"
    assert config["all"] == 2
    with pytest.raises(InterpolationResolutionError, match="else"):
        config["some"]
