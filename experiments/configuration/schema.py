"""The one home of every setting: its name, type, limits, meaning, and the choices that use it.

conf/ holds values. A key that is not here is refused by Hydra, and so is a value of another type; validation.py
refuses the values that no run could use, identity.py says which runs are the same, and `--help` prints the page.
One schema per group is shared by all choices of the group, so that `tokenizer.vocab_size=512` can be swept
together with `tokenizer=char,bpe`: a choice ignores the keys that it has no use for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, get_args

from omegaconf import MISSING, DictConfig, OmegaConf

from numpygpt.files import expanded
from numpygpt.places import HOME


@dataclass(frozen=True)
class Limit:
    """What a number may be: a test, and the words for it."""

    holds: Callable[[float], bool]
    words: str


AT_LEAST_ONE = Limit(lambda value: value >= 1, "a whole number of at least 1")
NOT_NEGATIVE = Limit(lambda value: value >= 0, "0 or more")
POSITIVE = Limit(lambda value: value > 0, "any number above 0")
BELOW_ONE = Limit(lambda value: 0 <= value < 1, "a number from 0 up to, but not including, 1")
SHARE = Limit(lambda value: 0 <= value <= 1, "a number from 0 to 1")
POSITIVE_SHARE = Limit(lambda value: 0 < value <= 1, "a number above 0 and at most 1")
UP_TO_THREE = Limit(lambda value: value in (1, 2, 3), "1, 2 or 3")
INSIDE = Limit(lambda value: 0 < value < 1, "a number above 0 and below 1")


def setting(
    default: Any,
    meaning: str,
    limit: Limit | None = None,
    *,
    choices: tuple[str, ...] = (),
    only: tuple[str, ...] = (),
    neutral: Any = MISSING,
    weights: bool = True,
) -> Any:
    """A field of the schema: all that is known of a setting. `list` as its default is an empty one.

    meaning  what `--help` says          limit, choices  what it may be (null, too, where its type has None)
    only     the kinds (or schedules) of its group that read it; empty for all
    weights  whether it can change the weights of a run: only such settings are part of its identity
    neutral  a value under which a run is what it was before there was this setting: left out of the identity
    """
    listed = f"{meaning}: {', '.join(choices)}" if len(choices) > 1 else meaning
    known: dict[str, Any] = {"help": f"{', '.join(only)}: {listed}" if only else listed}
    known |= {"limit": limit, "choices": choices, "only": only, "neutral": neutral, "weights": weights}
    if default is list:
        return field(default_factory=list, metadata=known)
    return field(default=default, metadata=known)


def side_setting(default: Any, meaning: str, limit: Limit | None = None, **known: Any) -> Any:
    """One that lies beside the training: it cannot change the weights of a run."""
    return setting(default, meaning, limit, weights=False, **known)


WORDS = ("word", "word-lossless")
BPES = ("bpe", "bpe-bytefallback", "bpe-bytelevel", "superbpe")
IMPORTED = ("hf", "sentencepiece", "tiktoken", "custom")  # these bring their special tokens with them
ADAMS = ("muon", "adamw", "adam")


@dataclass
class TokenizerConfig:
    kind: str = setting(
        MISSING, "what tokenizer=... sets", choices=("char", "byte", *WORDS, *BPES, "unigram", *IMPORTED)
    )
    name: str = side_setting("${.kind}", "what tables and folders call it (tiktoken: its encoding)")
    specials: list[str] | None = setting(None, "a list of special tokens; null: what the kind needs")
    vocab_size: int | None = setting(
        2048, "the most entries, everything counted; word: null for no limit", only=(*WORDS, *BPES, "unigram")
    )
    min_freq: int = setting(2, "occurrences that a word (a merge) needs", AT_LEAST_ONE, only=(*WORDS, *BPES))
    lowercase: bool = setting(True, "lower-case the text first", only=("word",))
    case: str = setting(
        "kept", "marks: merges in lower case, marks for capitals",
        choices=("kept", "marks"), only=BPES, neutral="kept",
    )  # fmt: skip
    pattern: str = setting(
        "gpt2", "how words are cut first",
        choices=("gpt2", "gpt4", "gpt4o", "whitespace", "none"), only=(*BPES, "unigram", "tiktoken"),
    )  # fmt: skip
    digits: int | None = setting(
        None, "in numbers, per piece; null: as the pattern has it", UP_TO_THREE, only=BPES, neutral=None
    )
    transition: float = setting(0.9, "share of entries within words", POSITIVE_SHARE, only=("superbpe",))
    character_coverage: float = setting(
        0.9995, "rarer characters become bytes", POSITIVE_SHARE, only=("bpe-bytefallback", "unigram")
    )
    path: str | None = setting(None, "the file", only=("hf", "sentencepiece", "tiktoken"))
    factory: str | None = setting(None, "package.module:Class", only=("custom",))
    charge_all: bool = setting(False, "charge exact tokens, too", only=("hf", "sentencepiece", "custom"))


@dataclass
class ModelConfig:
    name: str = side_setting("custom", "what tables and folders call it")
    n_layer: int = setting(MISSING, "blocks", AT_LEAST_ONE)
    n_head: int = setting(MISSING, "attention heads; they divide the width", AT_LEAST_ONE)
    n_embd: int = setting(MISSING, "width", AT_LEAST_ONE)
    block_size: int = setting(MISSING, "context, in tokens", AT_LEAST_ONE)
    context_chars: float | None = setting(None, "context in characters instead", POSITIVE, neutral=None)
    activation: str = setting("gelu", "feed-forward", choices=("relu", "relu_squared", "leaky_relu", "gelu"))
    positions: str = setting("learned", "token positions", choices=("learned", "rotary"), neutral="learned")
    norm: str = setting(
        "layernorm", "rmsnorm has no gain, and follows the embedding, too",
        choices=("layernorm", "rmsnorm"), neutral="layernorm",
    )  # fmt: skip
    qk_norm: bool = setting(False, "queries and keys are normalised", neutral=False)
    zero_init: bool = setting(False, "matrices that write into the residual stream start at 0", neutral=False)
    dropout: float = setting(0.0, "share of values set to zero in training", BELOW_ONE)
    bias: bool = setting(True, "in linear layers and layer norms")
    tied: bool = setting(False, "the output head shares the token embedding")
    head_bias: bool = setting(False, "a bias in the output head")


@dataclass
class DataConfig:
    kind: str = side_setting(
        MISSING, "which text", choices=("shakespeare", "pydoc", "stdlib", "catalogues", "file")
    )
    path: str | None = side_setting(None, "any UTF-8 text", only=("file",))
    val_fraction: float = setting(0.1, "the last part of the characters, for validation", INSIDE)
    dev_fraction: float = setting(
        0.0, "above 0: this end of the training part is judged, validation unseen", BELOW_ONE, neutral=0.0
    )
    fallback: str | None = side_setting(
        None, "pydoc: it is used, with a warning, where Shakespeare cannot be had", choices=("pydoc",)
    )
    sha256: str | None = setting(None, "the text must be this one; run.py fills it in for the whole sweep")


@dataclass
class OptimizerConfig:
    kind: str = setting(MISSING, "the rule of the update", choices=(*ADAMS, "sgd"))
    lr: float = setting(1e-3, "peak learning rate; muon: of the matrices inside the blocks", POSITIVE)
    embedding_lr: float = setting(3e-3, "peak of all other parameters, under AdamW", POSITIVE, only=("muon",))
    schedule: str = setting(
        "cosine", "of the learning rate (wsd: warm-up, stable, decay)",
        choices=("cosine", "wsd", "constant", "step"),
    )  # fmt: skip
    warmup_ratio: float = setting(0.1, "share of the schedule in which the learning rate rises", SHARE)
    min_lr: float = setting(1e-4, "the learning rate at its end", NOT_NEGATIVE, only=("cosine", "wsd"))
    decay_iters: int | None = setting(None, "schedule's length; null: budget", AT_LEAST_ONE, only=("cosine",))
    decay_share: float = setting(1.0, "share after warm-up in which the rate falls", SHARE, only=("wsd",))
    step_size: int = setting(1000, "updates between drops", AT_LEAST_ONE, only=("step",))
    step_factor: float = setting(0.1, "what a drop multiplies by", POSITIVE, only=("step",))
    beta1: float = setting(0.9, "decay of the mean of gradients", BELOW_ONE, only=ADAMS)
    beta2: float = setting(0.99, "decay of the mean of their squares", BELOW_ONE, only=ADAMS)
    eps: float = setting(1e-8, "added to the root of that mean", POSITIVE, only=ADAMS)
    weight_decay: float = setting(0.0, "on matrices only", NOT_NEGATIVE, only=("muon", "adamw"))
    momentum: float = setting(0.9, "share of the last step in the next", BELOW_ONE, only=("muon", "sgd"))
    nesterov: bool = setting(False, "Nesterov's momentum", only=("sgd",))
    grad_clip: float | None = setting(1.0, "the gradient's norm is at most this; null for no limit", POSITIVE)


@dataclass
class BudgetConfig:
    kind: str = setting(MISSING, "what is held equal", choices=("iters", "text", "flops", "seconds"))
    iters: int | None = setting(None, "updates", AT_LEAST_ONE, only=("iters",))
    chars: float | None = setting(None, "characters seen", POSITIVE, only=("text",))
    flops: float | None = setting(None, "operations of training", POSITIVE, only=("flops",))
    seconds: float | None = setting(None, "training time", POSITIVE, only=("seconds",))

    @property
    def amount(self) -> float:
        """The value that `kind` reads."""
        return float(getattr(self, options("budget", self.kind)[0]))


@dataclass
class TrainConfig:
    batch_size: int = setting(12, "windows per micro-batch", AT_LEAST_ONE)
    grad_accum: int = setting(1, "micro-batches per update", AT_LEAST_ONE)
    slices: int = setting(2, "parts of a batch that can run at once; part of the result's bits", AT_LEAST_ONE)
    workers: int | None = side_setting(None, "processes for slices; null: as cores allow", AT_LEAST_ONE)
    eval_interval: int = side_setting(100, "updates between evaluations", AT_LEAST_ONE)
    eval_windows: int = side_setting(64, "fixed windows per evaluation, of each text", AT_LEAST_ONE)
    log_interval: int = side_setting(10, "updates between lines of metrics.jsonl", AT_LEAST_ONE)
    checkpoint_interval: int = side_setting(250, "updates between checkpoints", AT_LEAST_ONE)
    checkpoint_seconds: float = side_setting(60.0, "a checkpoint at least this often", POSITIVE)


@dataclass
class EvalConfig:
    texts: list[str] = side_setting(list, "texts to score, too: files, or names in experiments/eval_texts")


@dataclass
class SampleConfig:
    tokens: int = side_setting(500, "tokens per sample", AT_LEAST_ONE)
    number: int = side_setting(5, "samples", AT_LEAST_ONE)
    prompt: str = side_setting("\n", "the text to continue; \\n is a new line")
    temperature: float = side_setting(0.8, "0: always the likeliest", NOT_NEGATIVE)
    top_k: int | None = side_setting(None, "only the k likeliest tokens; null for all", AT_LEAST_ONE)
    top_p: float | None = side_setting(None, "only tokens that make up this share; null: all", POSITIVE_SHARE)


@dataclass
class ChooseConfig:
    minutes: float | None = side_setting(
        None, "a limit for the whole sweep, which tries out first how long its runs may be", POSITIVE
    )


@dataclass
class RunConfig:
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    budget: BudgetConfig = field(default_factory=BudgetConfig)
    train: TrainConfig = field(default_factory=TrainConfig)
    eval: EvalConfig = field(default_factory=EvalConfig)
    sample: SampleConfig = field(default_factory=SampleConfig)
    choose: ChooseConfig = field(default_factory=ChooseConfig)
    study: str = side_setting("default", "the study's folder under outputs")
    seed: int = setting(1337, "of initialisation, data order, dropout and samples", NOT_NEGATIVE)
    force: bool = side_setting(False, "start anew, keeping the old run aside")
    outputs: str = side_setting(
        "outputs", "where studies land; relative to the repository (installed: to where one is)"
    )


GROUPS = ("tokenizer", "model", "data", "optimizer", "budget", "experiment")


def register() -> None:
    """Make the schema known to Hydra as `config_schema`, which conf/config.yaml names first.

    And two resolvers: `${outputs_folder:PATH}`, a folder's absolute path, relative ones starting at HOME; and
    `${by_tokenizer:{KIND:VALUE,else:VALUE}}`, the value for this run's tokenizer (KeyError: neither its kind
    nor `else` has one).
    """
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="config_schema", node=RunConfig)
    OmegaConf.register_new_resolver("outputs_folder", lambda path: str(HOME / expanded(path)), replace=True)
    OmegaConf.register_new_resolver("by_tokenizer", _by_tokenizer, replace=True)


def _by_tokenizer(values: Mapping[str, Any], _root_: DictConfig) -> Any:
    kind = _root_.tokenizer.kind
    return values[kind if kind in values else "else"]


def shown(value: object) -> str:
    """As it would be typed."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{','.join(map(str, value))}]"
    return f"{value:g}" if isinstance(value, float) else str(value).replace("\n", r"\n")


def settings() -> dict[str, Field[Any]]:
    """Every setting of the schema under its key as it is typed: `seed`, `model.n_layer`, ..."""
    found: dict[str, Field[Any]] = {}
    for part in fields(RunConfig):
        if is_dataclass(part.type):
            found |= {f"{part.name}.{own.name}": own for own in fields(part.type)}
        else:
            found[part.name] = part
    return found


def is_nullable(own: Field[Any]) -> bool:
    return isinstance(own.type, UnionType)  # `int | None`


def type_of(own: Field[Any]) -> Any:
    """The type of a setting's values that are not null."""
    return get_args(own.type)[0] if is_nullable(own) else own.type


def options(group: str, *chosen: str) -> tuple[str, ...]:
    """The settings of a group that these kinds (or schedules) alone read: `options("tokenizer", "word")`."""
    group_type = next(part.type for part in fields(RunConfig) if part.name == group)
    assert isinstance(group_type, type)
    return tuple(own.name for own in fields(group_type) if set(own.metadata["only"]) & set(chosen))


def used_keys(config: RunConfig) -> dict[str, frozenset[str]]:
    """Per group, the keys that this configuration's choices read."""
    used = {}
    for part in fields(RunConfig):
        section = getattr(config, part.name)
        if is_dataclass(section):
            chosen = {getattr(section, key, None) for key in ("kind", "schedule")}
            readers = {own.name: own.metadata["only"] for own in fields(section)}
            used[part.name] = {key for key, only in readers.items() if not only or chosen & {*only}}
    if config.tokenizer.kind in IMPORTED:
        used["tokenizer"] -= {"specials"}
    if config.tokenizer.kind == "tiktoken" and config.tokenizer.path is None:
        used["tokenizer"] -= {"pattern"}  # an encoding brings its own
    if config.model.context_chars is not None:
        used["model"] -= {"block_size"}
    return {group: frozenset(keys) for group, keys in used.items()}


def to_config(composed: Any) -> RunConfig:
    """The RunConfig of a composed DictConfig, interpolations resolved.

    Raises omegaconf's own errors; experiments/configuration/messages.py turns them into a sentence.
    """
    config = OmegaConf.to_object(composed)
    assert isinstance(config, RunConfig)
    return config


def outputs_folder(config: RunConfig) -> Path:
    """outputs/: in a clone under the repository, wherever the command was typed; installed, where it was typed."""
    return HOME / expanded(config.outputs)
