"""The schema of a run's configuration, and its registration with Hydra.

conf/ holds values; this page holds names, types and meaning. A key that is not here is refused by Hydra, and
so is a value of another type; experiments/checks.py refuses the values that no run could use.
One schema per group is shared by all choices of the group, so that `tokenizer.vocab_size=512` can be swept
together with `tokenizer=char,bpe`: a choice ignores the keys that it has no use for (experiments/identity.py
says which).
"""

from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any

from omegaconf import MISSING

REPOSITORY = Path(__file__).resolve().parent.parent
CONF = REPOSITORY / "conf"


@dataclass
class TokenizerConfig:
    # char, word, bpe, bpe-bytefallback, bpe-bytelevel, byte, unigram; hf, sentencepiece, tiktoken, custom
    kind: str = MISSING
    name: str = "${.kind}"  # what tables and folders call it; tiktoken without a path: its encoding
    specials: list[str] | None = None  # null: what the kind needs
    lowercase: bool = True  # word
    min_freq: int = 2  # word and the bpes: occurrences that a word (a merge) needs
    max_vocab_size: int | None = None  # word: null for no limit
    vocab_size: int = 2048  # the bpes, unigram: counts everything
    pattern: str = "gpt2"  # the bpes, tiktoken with a path: how text is cut into words first
    character_coverage: float = 0.9995  # bpe-bytefallback, unigram: rarer characters are spelled as bytes
    path: str | None = None  # hf, sentencepiece, tiktoken: the file
    factory: str | None = None  # custom: package.module:Class
    charge_all: bool = False  # hf, sentencepiece, tiktoken, custom: charge every token, lossy or not


@dataclass
class ModelConfig:
    name: str = "custom"  # what tables and folders call it
    n_layer: int = MISSING
    n_head: int = MISSING
    n_embd: int = MISSING  # width
    block_size: int = MISSING  # context, in tokens
    context_chars: float | None = None  # context in characters instead: block_size follows from the tokenizer
    activation: str = "gelu"  # relu, leaky_relu, gelu
    dropout: float = 0.0
    bias: bool = True  # in linear layers and layer norms
    tied: bool = False  # output head shares the token embedding
    head_bias: bool = False


@dataclass
class DataConfig:
    kind: str = MISSING  # shakespeare, pydoc, file
    path: str | None = None  # file: any UTF-8 text
    val_fraction: float = 0.1  # the last part of the characters
    fallback: str | None = None  # corpus used, with a warning, where kind cannot be had
    sha256: str | None = None  # the text must be this one; run.py fills it in for the whole sweep


@dataclass
class OptimizerConfig:
    kind: str = MISSING  # adamw, adam, sgd
    lr: float = 1e-3  # peak
    min_lr: float = 1e-4  # where cosine ends
    schedule: str = "cosine"  # cosine, constant, step
    # updates, of every thousand where the budget is not in updates; where it is not typed, at most a tenth of them
    warmup: int = 100
    decay_iters: int | None = None  # cosine: null for the whole budget
    step_size: int = 1000  # step: updates between drops
    step_factor: float = 0.1  # step: what a drop multiplies by
    beta1: float = 0.9
    beta2: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.0  # adamw: on matrices only
    momentum: float = 0.9  # sgd
    nesterov: bool = False  # sgd
    grad_clip: float | None = 1.0  # global norm; null for none


@dataclass
class BudgetConfig:
    kind: str = MISSING  # what is held equal: iters, text, flops, seconds
    iters: int | None = None  # updates
    chars: float | None = None  # text: characters seen
    flops: float | None = None  # training operations
    seconds: float | None = None  # training time


@dataclass
class TrainConfig:
    batch_size: int = 12
    grad_accum: int = 1  # micro-batches per update
    slices: int = 2  # parts of a batch that can run at once; part of the result's bits
    workers: int | None = None  # processes for the slices, this one included; null: one each if cores allow
    eval_interval: int = 100  # updates between evaluations
    eval_windows: int = 64  # fixed windows per evaluation, training and validation each
    log_interval: int = 10
    checkpoint_interval: int = 250
    checkpoint_seconds: float = 60.0  # a checkpoint at least this often


@dataclass
class EvalConfig:
    texts: list[str] = field(default_factory=list)  # files to score too, or names in experiments/passages


@dataclass
class SampleConfig:
    tokens: int = 500  # per sample
    number: int = 5
    prompt: str = "\n"
    temperature: float = 0.8  # 0: always the likeliest
    top_k: int | None = None
    top_p: float | None = None


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
    study: str = "default"  # folder under outputs
    seed: int = 1337
    force: bool = False  # start anew, keeping the old run aside
    outputs: str = "outputs"  # relative to the repository


GROUPS = ("tokenizer", "model", "data", "optimizer", "budget", "experiment")


def register() -> None:
    """Make the schema known to Hydra as `config_schema`, which conf/config.yaml names first."""
    from hydra.core.config_store import ConfigStore

    ConfigStore.instance().store(name="config_schema", node=RunConfig)
    register_resolver()


def register_resolver() -> None:
    """`${outputs_folder:...}`: a folder's absolute path, relative ones starting at the repository."""
    from omegaconf import OmegaConf

    def absolute(outputs: str) -> str:
        return str(REPOSITORY / Path(outputs).expanduser())

    OmegaConf.register_new_resolver("outputs_folder", absolute, replace=True)


def number_fields() -> dict[str, dict[str, type]]:
    """Section -> key -> int or float, for every number of the schema; the section of the top level is ''."""
    kinds: dict[Any, type] = {int: int, int | None: int, float: float, float | None: float}
    found: dict[str, dict[str, type]] = {"": {}}
    for part in fields(RunConfig):
        if is_dataclass(part.type):
            found[part.name] = {f.name: kinds[f.type] for f in fields(part.type) if f.type in kinds}
        elif part.type in kinds:
            found[""][part.name] = kinds[part.type]
    return found


def to_config(composed: Any) -> RunConfig:
    """The RunConfig of a composed DictConfig, interpolations resolved.

    Raises omegaconf's own errors; experiments/explain.py turns them into a sentence.
    """
    from omegaconf import OmegaConf

    config = OmegaConf.to_object(composed)
    assert isinstance(config, RunConfig)
    return config


def outputs_folder(config: RunConfig) -> Path:
    """outputs/, anchored to the repository wherever the command was typed."""
    return REPOSITORY / Path(config.outputs).expanduser()
