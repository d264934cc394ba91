"""The ablation: the fault is the one described, the tests judge it as described, and a short run can be kept."""

import json

import numpy as np
import pytest
import weak_tests
import wrong_key_gradient as ablation
from making import records
from making.records import RUNGS

from numpygpt.nn import functional as F

B, T, H, D = 2, 5, 3, 4


SMALL = (*ablation.RECIPE, "model.n_layer=1", "model.n_embd=32", "train.eval_windows=4")


def essay():
    page = records.RESULTS.parent / "BACKPROP.md"
    return " ".join(page.read_text(encoding="utf-8").split())


def key_gradients(kind, rng):
    qkv, dout = rng.normal(size=(B, T, 3, H, D)), rng.normal(size=(B, T, H, D))
    cache = F.causal_attention(qkv)[1]
    with ablation.key_gradient(kind):
        return F.causal_attention_backward(dout, cache), qkv, dout


def test_the_fault_is_the_product_the_wrong_way_round_merged_as_usual(rng):
    dqkv, qkv, dout = key_gradients("wrong", rng)
    q, k, v = (qkv[:, :, i].transpose(0, 2, 1, 3) for i in range(3))
    scores = q @ k.swapaxes(2, 3) / np.sqrt(D) + np.triu(np.full((T, T), -np.inf), 1)
    p, _ = F.softmax(scores)
    dscores = F.softmax_backward(dout.transpose(0, 2, 1, 3) @ v.swapaxes(2, 3), p)
    dk = q.swapaxes(2, 3) @ dscores / np.sqrt(D)  # for dscores^T q
    merged = dk.transpose(0, 2, 1, 3).reshape(B, T, H * D)
    np.testing.assert_allclose(dqkv[:, :, 1], merged.reshape(B, T, H, D), rtol=0, atol=1e-14)


def test_only_the_keys_differ_and_only_in_their_places():
    right, wrong = (key_gradients(kind, np.random.default_rng(0))[0] for kind in ablation.BACKWARDS)
    for i in (0, 2):
        np.testing.assert_array_equal(wrong[:, :, i], right[:, :, i])
    np.testing.assert_array_equal(np.sort(wrong[:, :, 1], axis=None), np.sort(right[:, :, 1], axis=None))
    assert np.linalg.norm(wrong - right) > 0.1 * np.linalg.norm(right)


def test_the_library_is_as_it_was_afterwards(rng):
    with pytest.raises(ZeroDivisionError), ablation.key_gradient("wrong"):
        1 / 0  # noqa: B018
    assert F.causal_attention_backward is ablation.right_backward


def test_weak_tests_pass_both_and_strong_tests_tell_them_apart(capsys, monkeypatch):
    found = ablation.run_tests()
    monkeypatch.setattr(ablation, "run_tests", lambda: found)
    ablation.main([])
    page = capsys.readouterr().out
    assert list(found) == list(weak_tests.TESTS)
    assert all(passes["right"] for passes in found.values())
    assert [passes["wrong"] for passes in found.values()] == [True] * 7 + [False] * 3
    assert page.count("FAIL") == 3
    for name, passes in found.items():
        assert f"| {name} | passes | {'passes' if passes['wrong'] else 'FAILS'} |" in essay()


def test_the_essay_tells_by_how_much_the_wrong_gradient_is_off():
    right = weak_tests.STRONG.error()
    with ablation.key_gradient("wrong"):
        fresh, unit = (weak_tests.slope_error(unit_scale) for unit_scale in (False, True))
        wrong = weak_tests.STRONG.error()
    assert f"{fresh:.0e} {np.abs(weak_tests.TINY.gradients()[1]).max():.0e}" == "4e-05 4e-06"
    assert right < 1e-8
    for phrase in (
        "fresh weights is off by 4·10⁻⁵ of its value",
        f"the same test is off by {100 * unit:.0f} %",
        "the largest true entry is 4·10⁻⁶",
        f"off by less than 10⁻⁸ of the norm, the wrong one by {100 * wrong:.0f} %",
    ):
        assert phrase in essay()


def test_short_runs_are_kept(shakespeare, tmp_path, capsys, monkeypatch):
    score = ablation.score_tokens
    monkeypatch.setattr(ablation, "score_tokens", lambda engine, ids: score(engine, ids[:1000]))
    monkeypatch.setattr(ablation, "RECIPE", SMALL)
    monkeypatch.setattr(ablation, "ITERS", 3)
    kept = tmp_path / "kept.jsonl"
    ablation.main([str(kept), "2"])
    right, wrong = map(json.loads, kept.read_text().splitlines())
    assert (right["seed"], right["key_gradient"], wrong["key_gradient"]) == (2, "right", "wrong")
    assert [row["step"] for row in right["rows"] if row["kind"] == "eval"] == [0, 3]
    assert right["rows"][0]["val_loss"] == wrong["rows"][0]["val_loss"]  # the same weights and the same text
    assert right["val_loss"] != wrong["val_loss"]
    assert 0.9 < wrong["wrong_against_right"]["first"]["cosine"] < 1
    assert "bits per byte" in capsys.readouterr().out


def test_a_right_run_of_this_script_has_the_bits_of_run_py():
    own = records.key_gradients("right").loc[1]
    ladder = records.ladder().set_index(["rung", "tokenizer", "seed"])["folder"]
    run = records.collected("ladder").records[ladder[RUNGS[0], "char", 1]].folder
    losses, own_losses = records.losses(run.metrics()), records.losses(own["rows"])
    assert len(losses) == 11
    assert {step: own_losses[step] for step in losses} == losses
    assert (run.result()["val_loss"], run.result()["seed"]) == (own["val_loss"], 1)
