"""The cache against a full forward, the window rule against evaluation, sampling against its definition."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numpygpt import tokenizers
from numpygpt.errors import UserError
from numpygpt.generation import Stepper, generate, sample, stream
from numpygpt.models import GPT, GPTConfig
from numpygpt.training import Engine, score_tokens

V = 11


def small_model(block_size=6, dtype=np.float64, **options):
    rng = np.random.default_rng(3)
    model = GPT(GPTConfig(V, block_size, n_layer=2, n_head=2, n_embd=8, **options), rng=rng, dtype=dtype)
    for parameter in model.parameters():
        parameter.data[...] = rng.normal(size=parameter.shape) * (0.5 if parameter.decay else 1)
    return model


@pytest.mark.parametrize(
    "options", [{}, {"bias": False, "head_bias": False, "tied": True, "activation": "gelu"}]
)
def test_stepping_gives_the_logits_of_a_full_forward(options, rng):
    model = small_model(**options)
    ids = rng.integers(0, V, (3, 6))
    logits = model.forward(ids)
    stepper = Stepper(model, 3)
    for t in range(6):
        np.testing.assert_allclose(stepper.feed(ids[:, t]), logits[:, t], rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("block_size", [2, 5, 6])
def test_stepping_past_the_window_follows_the_rule_of_evaluation(block_size, rng):
    model = small_model(block_size)
    ids = rng.integers(0, V, 23)
    with Engine(model) as engine:
        nats = score_tokens(engine, ids)
    assert nats[0] == math.log(V)
    stepper = Stepper(model)
    for t in range(22):
        logits = stepper.feed(ids[t : t + 1])[0]
        expected = math.log(np.exp(logits).sum()) - logits[ids[t + 1]]
        assert abs(nats[t + 1] - expected) < 1e-10


@pytest.mark.parametrize("n", [1, 5, 6, 7, 9, 10, 20])
def test_a_prompt_in_one_go_equals_one_token_at_a_time(n, rng):
    model = small_model()
    ids = rng.integers(0, V, (2, n))
    one_by_one, at_once = Stepper(model, 2), Stepper(model, 2)
    for t in range(n):
        logits = one_by_one.feed(ids[:, t])
    np.testing.assert_allclose(at_once.feed_all(ids), logits, rtol=1e-10, atol=1e-10)
    assert at_once.length == one_by_one.length
    np.testing.assert_allclose(at_once.feed(ids[:, 0]), one_by_one.feed(ids[:, 0]), rtol=1e-10, atol=1e-10)


def test_the_same_seed_gives_the_same_text_and_another_seed_another():
    model = small_model(dtype=np.float32)

    def text(seed):
        return [int(i[0]) for i in generate(model, np.array([[1]]), 40, np.random.default_rng(seed))]

    assert text(1) == text(1) != text(2)


def test_frequencies_follow_the_softmax_at_a_temperature():
    logits = np.log(np.array([[0.5, 0.3, 0.15, 0.05]]))
    draws = sample(np.repeat(logits, 40_000, axis=0), np.random.default_rng(0), temperature=2.0)
    expected = np.sqrt([0.5, 0.3, 0.15, 0.05])
    np.testing.assert_allclose(np.bincount(draws) / 40_000, expected / expected.sum(), atol=0.01)


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [({"temperature": 0}, {0}), ({"top_k": 1}, {0}), ({"top_k": 2}, {0, 1}), ({"top_p": 0.5}, {0}),
     ({"top_p": 0.51}, {0, 1}), ({"top_p": 1e-9}, {0}), ({"top_k": 3, "top_p": 0.9}, {0, 1, 2})],
)  # fmt: skip
def test_top_k_and_top_p_keep_the_likeliest(settings, allowed):
    logits = np.log(np.array([[0.5, 0.3, 0.15, 0.05]]))
    draws = sample(np.repeat(logits, 2_000, axis=0), np.random.default_rng(0), **settings)
    assert set(draws.tolist()) == allowed


@pytest.mark.parametrize(
    "settings", [{"temperature": -1}, {"temperature": math.nan}, {"top_k": 0}, {"top_p": 1.5}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(UserError, match=next(iter(settings))):
        next(generate(small_model(), np.array([[1]]), 1, np.random.default_rng(0), **settings))
    with pytest.raises(UserError, match="prompt"):
        next(generate(small_model(), np.zeros((1, 0), int), 1, np.random.default_rng(0)))


# ---------------------------------------------------------------------- as text

TEXT = "The cat's hat, the dog's; “naïve” cafés?\n\nWho sat there? Nobody: only a bat.\n" * 3
KINDS = {
    kind: tokenizers.create(kind, **({"vocab_size": size} if size else {}))
    for kind, size in (("char", 0), ("byte", 0), ("word", 0), ("bpe", 60), ("bpe-bytefallback", 320))
}
for _tokenizer in KINDS.values():
    _tokenizer.train(TEXT)


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_the_pieces_of_a_stream_make_up_the_decoded_text(kind, data):
    tokenizer = KINDS[kind]
    ids = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1), max_size=300))
    prompt = tokenizer.encode("The cat")
    streamed = "".join(stream(tokenizer, prompt, iter(ids)))
    assert tokenizer.decode(prompt) + streamed == tokenizer.decode(np.array([*prompt, *ids]))


def test_quotes_of_a_long_line_stay_where_they_are():
    words = tokenizers.create("word", min_freq=1)
    speech = '"Come," said he, "and sit here, where they sat before us, and tell me of it." ' * 3
    words.train(f"{speech}\n")
    for line in (speech * 3, f"{speech}\n" * 3, f"{'he sat here, ' * 60}{speech}"):
        ids = words.encode(line)
        streamed = "".join(stream(words, ids[:1], iter(ids[1:].tolist())))
        assert words.decode(ids[:1]) + streamed == words.decode(ids)


def test_pieces_come_out_while_the_text_is_written():
    ids = KINDS["char"].encode(TEXT)
    pieces = stream(KINDS["char"], ids[:1], iter(ids[1:].tolist()))
    assert next(pieces) == TEXT[1]
