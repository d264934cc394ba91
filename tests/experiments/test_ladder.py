"""The ladder of conf/experiment/ladder.yaml leads, rung by rung, from nanoGPT's recipe to the default one."""

import re
from dataclasses import replace

from experiments.configuration.compose import composed
from experiments.configuration.validation import check
from numpygpt.places import CONF

LADDER = (CONF / "experiment" / "ladder.yaml").read_text(encoding="utf-8")
RUNGS = [line.split() for line in re.findall(r"run\.py experiment=ladder(.*)", LADDER)]


def config_of(rung):
    return composed("experiment=ladder", "tokenizer=char", f"data.sha256={64 * 'a'}", *rung)


def in_updates(config):
    """The optimizer, its warm-up counted in updates: a share of 1,000 here, of 2,000 there."""
    return replace(config.optimizer, warmup_ratio=config.optimizer.warmup_ratio * config.budget.iters)


def test_every_rung_composes():
    assert len(RUNGS) == 5
    for rung in RUNGS:
        config = config_of(rung)
        check(config)
        assert (config.study, config.budget.kind, config.data.fallback) == ("ladder", "iters", None)


def test_the_ends_are_nanogpts_recipe_and_the_default():
    first, last = config_of(RUNGS[0]), config_of(RUNGS[-1])
    nanogpt, default = composed("experiment=nanogpt_cpu"), composed("tokenizer=char")
    assert (first.model, first.train.batch_size) == (nanogpt.model, nanogpt.train.batch_size)
    assert in_updates(first) == in_updates(nanogpt)
    assert (last.model, last.optimizer) == (default.model, default.optimizer)
