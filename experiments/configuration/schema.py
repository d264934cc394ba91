"""The schema of a run's configuration, and its registration with Hydra.

conf/ holds values; this page holds names, types, and the meanings that `--help` shows. A key that is not here is
refused by Hydra, and so is a value of another type; validation.py refuses the values that no run could use.
One schema per group is shared by all choices of the group, so that `tokenizer.vocab_size=512` can be swept
together with `tokenizer=char,bpe`: a choice ignores the keys that it has no use for (identity.py says which).
"""

from collections.abc import Sequence
from dataclasses import Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from omegaconf import MISSING

from numpygpt.files import expanded

REPOSITORY = Path(__file__).resolve().parents[2]
CONF = REPOSITORY / "conf"


def setting(default: Any, meaning: str) -> Any:
    """A field of the schema, with what `--help` says that it means; `list` as its default is an empty one."""
    if default is list:
        return field(default_factory=list, metadata={"help": meaning})
    return field(default=default, metadata={"help": meaning})


@dataclass
class TokenizerConfig:
    kind: str = setting(MISSING, "char, word, bpe, ...: what tokenizer=... sets")
    name: str = setting("${.kind}", "what tables and folders call it; tiktoken without a path: its encoding")
    specials: list[str] | None = setting(None, "a list of special tokens; null: what the kind needs")
    lowercase: bool = setting(True, "word: lower-case the text first")
    min_freq: int = setting(2, "word, the bpes: occurrences that a word (a merge) needs")
    max_vocab_size: int | None = setting(None, "word: the most entries; null for no limit")
    vocab_size: int = setting(2048, "the bpes, unigram: entries, everything counted")
    pattern: str = setting("gpt2", "the bpes: how words are cut first (gpt2, gpt4, whitespace, none)")
    character_coverage: float = setting(0.9995, "bpe-bytefallback, unigram: rarer characters become bytes")
    path: str | None = setting(None, "hf, sentencepiece, tiktoken: the file")
    factory: str | None = setting(None, "custom: package.module:Class")
    charge_all: bool = setting(False, "hf, sentencepiece, tiktoken, custom: charge every token, lossy or not")


@dataclass
class ModelConfig:
    name: str = setting("custom", "what tables and folders call it")
    n_layer: int = setting(MISSING, "blocks")
    n_head: int = setting(MISSING, "attention heads; they divide the width")
    n_embd: int = setting(MISSING, "width")
    block_size: int = setting(MISSING, "context, in tokens")
    context_chars: float | None = setting(None, "context in characters; block_size then follows from it")
    activation: str = setting("gelu", "relu, relu_squared, leaky_relu, gelu")
    positions: str = setting("learned", "learned (a table) or rotary")
    norm: str = setting("layernorm", "layernorm, or rmsnorm (no gain; after the embedding, too)")
    qk_norm: bool = setting(False, "queries and keys are normalised")
    zero_init: bool = setting(False, "matrices that write into the residual stream start at zero")
    dropout: float = setting(0.0, "share of values set to zero in training")
    bias: bool = setting(True, "in linear layers and layer norms")
    tied: bool = setting(False, "the output head shares the token embedding")
    head_bias: bool = setting(False, "a bias in the output head")


@dataclass
class DataConfig:
    kind: str = setting(MISSING, "shakespeare, pydoc, file")
    path: str | None = setting(None, "file: any UTF-8 text")
    val_fraction: float = setting(0.1, "the last part of the characters, for validation")
    dev_fraction: float = setting(
        0.0, "above 0: this last part of the training part is judged, validation unseen"
    )
    fallback: str | None = setting(None, "pydoc: it is used, with a warning, where kind cannot be had")
    sha256: str | None = setting(None, "the text must be this one; run.py fills it in for the whole sweep")


@dataclass
class OptimizerConfig:
    kind: str = setting(MISSING, "muon, adamw, adam, sgd")
    lr: float = setting(1e-3, "peak learning rate; muon: of the matrices inside the blocks")
    embedding_lr: float = setting(3e-3, "muon: peak of all other parameters, which AdamW updates")
    min_lr: float = setting(1e-4, "cosine, wsd: the learning rate at its end")
    schedule: str = setting(
        "cosine", "of the learning rate: cosine, wsd (warm-up, stable, decay), constant, step"
    )
    warmup: int = setting(
        100,
        "updates before the peak, of every thousand if the budget is not in updates; if not set, at most a tenth",
    )
    decay_iters: int | None = setting(None, "cosine: null for the whole budget")
    decay_share: float = setting(1.0, "wsd: of the updates after warm-up, over which the rate falls")
    step_size: int = setting(1000, "step: updates between drops")
    step_factor: float = setting(0.1, "step: what a drop multiplies by")
    beta1: float = setting(0.9, "muon, adam, adamw: decay of the mean of gradients")
    beta2: float = setting(0.99, "muon, adam, adamw: decay of the mean of their squares")
    eps: float = setting(1e-8, "muon, adam, adamw: added to the root of that mean")
    weight_decay: float = setting(0.0, "muon, adamw: on matrices only")
    momentum: float = setting(0.9, "muon, sgd")
    nesterov: bool = setting(False, "sgd: Nesterov's momentum")
    grad_clip: float | None = setting(1.0, "the most that the gradient's norm may be; null for no limit")


@dataclass
class BudgetConfig:
    kind: str = setting(MISSING, "what is held equal: iters, text, flops, seconds")
    iters: int | None = setting(None, "iters: updates")
    chars: float | None = setting(None, "text: characters seen")
    flops: float | None = setting(None, "flops: operations of training")
    seconds: float | None = setting(None, "seconds: training time")


@dataclass
class TrainConfig:
    batch_size: int = setting(12, "windows per micro-batch")
    grad_accum: int = setting(1, "micro-batches per update")
    slices: int = setting(2, "parts of a batch that can run at once; part of the result's bits")
    workers: int | None = setting(None, "processes for the slices, this one included; null: as cores allow")
    eval_interval: int = setting(100, "updates between evaluations")
    eval_windows: int = setting(64, "fixed windows per evaluation, training and validation each")
    log_interval: int = setting(10, "updates between lines of metrics.jsonl")
    checkpoint_interval: int = setting(250, "updates between checkpoints")
    checkpoint_seconds: float = setting(60.0, "a checkpoint at least this often")


@dataclass
class EvalConfig:
    texts: list[str] = setting(list, "a list of texts to score, too: files, or names in runner/eval_texts")


@dataclass
class SampleConfig:
    tokens: int = setting(500, "tokens per sample")
    number: int = setting(5, "samples")
    prompt: str = setting("\n", "the text to continue; \\n is a new line")
    temperature: float = setting(0.8, "0: always the likeliest")
    top_k: int | None = setting(None, "only the k likeliest tokens; null for all")
    top_p: float | None = setting(None, "only the likeliest tokens that make up this share; null for all")


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
    study: str = setting("default", "the study's folder under outputs")
    seed: int = setting(1337, "of initialisation, data order, dropout and samples")
    force: bool = setting(False, "start anew, keeping the old run aside")
    outputs: str = setting("outputs", "where studies land; relative to the repository")


GROUPS = ("tokenizer", "model", "data", "optimizer", "budget", "experiment")


def register() -> None:
    """Make the schema known to Hydra as `config_schema`, which conf/config.yaml names first; and the resolvers."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="config_schema", node=RunConfig)
    register_resolver()


def register_resolver() -> None:
    """`${outputs_folder:...}`: a folder's absolute path, relative ones starting at the repository.

    `${keys:}`, for the page of `--help`: what every key is and means.
    """
    from omegaconf import OmegaConf

    def absolute(outputs: str) -> str:
        return str(REPOSITORY / expanded(outputs))

    OmegaConf.register_new_resolver("outputs_folder", absolute, replace=True)
    OmegaConf.register_new_resolver("keys", lambda *, _root_: described(_root_), replace=True)


def described(composed: Any) -> str:
    """A line for each setting: `key=value` as it would be typed, and its meaning."""
    from omegaconf import OmegaConf

    lines, section = [], "tokenizer"
    for key, own in settings().items():
        if key.rpartition(".")[0] != section:
            section = key.rpartition(".")[0]
            lines.append("")
        lines.append(f"{f'{key}={shown(OmegaConf.select(composed, key))}':41}  {own.metadata['help']}")
    return "\n".join(lines).replace("$", "$$")  # Hydra fills the page in with a string.Template


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


def to_config(composed: Any) -> RunConfig:
    """The RunConfig of a composed DictConfig, interpolations resolved.

    Raises omegaconf's own errors; experiments/configuration/messages.py turns them into a sentence.
    """
    from omegaconf import OmegaConf

    config = OmegaConf.to_object(composed)
    assert isinstance(config, RunConfig)
    return config


def outputs_folder(config: RunConfig) -> Path:
    """outputs/, anchored to the repository wherever the command was typed."""
    return REPOSITORY / expanded(config.outputs)
