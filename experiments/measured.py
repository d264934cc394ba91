"""What is measured beside the loss: the tokenizer, the generated text, the rulers, other texts."""

from typing import Any

from experiments.config import RunConfig
from experiments.samples import Samples
from experiments.texts import Texts
from numpygpt.training import Trainer


def measured(config: RunConfig, texts: Texts, samples: Samples, trainer: Trainer) -> dict[str, Any]:
    """Nested keys of result.json."""
    return {"tokenizer_measures": {}, "generated": {}, "human": {}, "rulers": {}, "texts": []}
