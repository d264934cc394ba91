"""What serving costs is what a decoder's own arrays come to, and costs are made equal without a guess."""

import math

import numpy as np
import pytest
from synthetic import make_run, make_study

import analysis
from analysis.inference.choices import at_equal_cost
from analysis.page.view import view
from analysis.records.serving import Deployment, cache_bytes_per_token, deployment, flops_per_token
from analysis.report import main
from numpygpt.errors import UserError
from numpygpt.measures.cost import train_flops_per_token
from numpygpt.models import GPT, GPTConfig
from numpygpt.runs import find_runs


def test_a_token_costs_what_the_arrays_of_a_decoder_come_to():
    L, C, T, V = 3, 16, 24, 50
    model = GPT(GPTConfig(V, T, n_layer=L, n_head=2, n_embd=C), rng=np.random.default_rng(0))
    looked_up = ("tokens.", "positions.")
    weights = [
        p for name, p in model.named_parameters() if not name.startswith(looked_up) and p.data.ndim == 2
    ]
    cached = sum(cache.both.size for cache in model.new_cache(1))
    # Every weight, and every number in the full cache, is multiplied once and added once.
    assert flops_per_token(L, C, T, V) == 2 * sum(p.data.size for p in weights) + 2 * cached
    assert cache_bytes_per_token(L, C) == 2 * cached / T
    assert 3 * flops_per_token(L, C, T, V) == train_flops_per_token(L, C, T, V)


def test_a_byte_costs_its_share_of_a_token(tmp_path):
    make_run(tmp_path, "bpe", 1)  # 2,048 entries, 2.56 characters or bytes a token
    found = analysis.load(tmp_path, serve=Deployment(2, 10, 256)).set_index("measure")["mean"]
    blocks = 2 * (2 * 4 * 10 * 10 + 2 * 2 * 100 * 10 + 2 * 2 * 10 * 40)
    assert found["serving_flops_per_byte"] == pytest.approx((blocks + 2 * 10 * 2048) / 2.56)
    assert found["cache_bytes_per_byte"] == pytest.approx(2 * 2 * 10 * 2 / 2.56)


def test_costs_are_made_equal_between_sizes_and_nothing_is_extrapolated(tmp_path):
    for width in (64, 128, 256):
        make_study(tmp_path, ("bpe",), (1,), model__n_embd=width, every=500)
    make_study(tmp_path, ("char", "word"), (1,), every=500)
    (section,) = view(find_runs(tmp_path)).sections
    families = section.comparison.families
    cost, bits = at_equal_cost(families, "forward_flops_per_byte")
    by_size = {(s.tokenizer, s.first("n_embd")): s for f in families for s in f.settings}
    assert cost == by_size["char", 128].mean("forward_flops_per_byte")  # the dearest that has but one size
    low, high = (by_size["bpe", width] for width in (128, 256))
    a, b = (math.log(s.mean("forward_flops_per_byte")) for s in (low, high))
    share = (math.log(cost) - a) / (b - a)
    assert 0 < share < 1
    line = low.mean("bits_per_byte") * (1 - share) + high.mean("bits_per_byte") * share
    assert bits[high.label] == (pytest.approx(line), False)
    assert bits["word"] == (by_size["word", 128].mean("bits_per_byte"), True)
    assert bits["char"] == (by_size["char", 128].mean("bits_per_byte"), False)
    assert math.isnan(at_equal_cost(families[:1], "forward_flops_per_byte")[0])


def test_the_table_is_printed_for_the_deployment_that_is_named(study, tmp_path, no_figures, capsys):
    assert main([str(study), "-o", str(tmp_path), "--serve", "n_layer=2", "context_chars=100"]) == 0
    title = "Serving text with 2 layers, 768 wide, 100 characters of context"
    assert title in capsys.readouterr().out
    for page in ("report.md", "report.html"):
        assert title in (tmp_path / page).read_text(encoding="utf-8")
    assert main([str(study), "-o", str(tmp_path)]) == 0
    assert "Serving text" not in capsys.readouterr().out


@pytest.mark.parametrize("word", ["n_layr=2", "n_layer=0", "n_layer", "n_embd=x", "n_embd=1.5"])
def test_a_deployment_that_cannot_be_is_refused(word):
    with pytest.raises(UserError, match="n_layer, n_embd, context_chars, each 1 or more"):
        deployment([word])
