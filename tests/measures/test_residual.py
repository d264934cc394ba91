from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from numpygpt.measures.bits.arithmetic import Decoder, Encoder
from numpygpt.measures.bits.mixing import END, N_SCALARS
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.source import TAIL, Source
from numpygpt.tokenizers.char import CharTokenizer
from numpygpt.tokenizers.registry import create
from numpygpt.tokenizers.word import WordTokenizer

TRAIN = (
    """First Citizen:
Before we proceed any further, hear me speak. THE END, the end; Zoë's café.

All:
Speak, speak. Before all, speak! The End  """
    * 3
)
OTHER = "The end:\nBEFORE the naïve 日本 SPEAK speaks,  citizen?\n\U0001f600 Zoë   "


def distribution(coder, z, so_far, c):
    reading = coder.reading(z, c)
    for character in so_far:
        reading.read(character)
    return coder.distribution(reading)


@pytest.fixture(scope="module")
def word():
    tokenizer = WordTokenizer()
    tokenizer.train(TRAIN)
    return tokenizer, ResidualCoder.fit(tokenizer, TRAIN)


def test_every_conditional_sums_to_one(word):
    tokenizer, coder = word

    @given(
        st.integers(-1, tokenizer.vocab_size - 1),
        st.text("thesZoëBEFORE \n", max_size=8),
        st.sampled_from("\n e日"),
    )
    def check(z, so_far, c):
        p = distribution(coder, z, so_far, c)
        assert (p > 0).all()
        assert abs(p.sum() - 1) < 1e-9

    check()


def test_weighing_and_coding_agree_and_restore(word):
    tokenizer, coder = word
    ids, ends = tokenizer.spans(OTHER)
    source = Source(OTHER, ids, ends)
    stretches = [*source.stretches(np.arange(len(ids))), source.tail_stretch]
    bits, tail = coder.bits(Source(OTHER, ids, ends))
    for (z, x, c), cost in zip(stretches, [*bits, tail], strict=True):
        spelled = 0.0
        for at, symbol in enumerate([*map(ord, x), END]):
            p = distribution(coder, z, x[:at], c)
            known = np.flatnonzero(coder.alphabet == symbol)
            spelled -= np.log2(p[known[0]] if len(known) else p[-1] / (N_SCALARS + 1 - len(coder.alphabet)))
        assert spelled == pytest.approx(cost, rel=1e-9)

    encoder = Encoder()
    for z, x, c in stretches:
        coder.encode(encoder, z, x, c)
    data = encoder.finish()
    assert 8 * len(data) == pytest.approx(bits.sum() + tail, rel=0.005, abs=9)
    decoder, text = Decoder(data), ""
    for z in [*ids.tolist(), TAIL]:
        text += coder.decode(decoder, z, text[-1:] or "\n")
    assert text == OTHER


@pytest.mark.parametrize("kind", ["char", "word", "word-lossless", "bpe", "bpe marks", "bpe-bytefallback"])
def test_any_text_comes_back_from_its_ids_and_residual(kind):
    """As a file is decoded: what ids are exact is told by all of them, the rest is read."""
    kind, _, marks = kind.partition(" ")
    options = {"vocab_size": 320, "case": marks or "kept"} if kind.startswith("bpe") else {}
    tokenizer = create(kind, **options)
    tokenizer.train(TRAIN)
    coder = ResidualCoder.fit(tokenizer, TRAIN)

    @settings(max_examples=25)
    @given(
        st.text(st.sampled_from("The end, speak\n\r\0éß日İΣ\U0001f600<unk>"), max_size=25)
        | st.text(max_size=9)
    )
    def check(text):
        ids, ends = tokenizer.spans(text)
        source, encoder = Source(text, ids, ends), Encoder()
        stretches = source.stretches(np.flatnonzero(~tokenizer.exact[ids]))
        for stretch in (*stretches, source.tail_stretch):
            coder.encode(encoder, *stretch)
        data = encoder.finish()
        bits, tail = coder.bits(Source(text, ids, ends))
        assert 8 * len(data) == pytest.approx(bits.sum() + tail, rel=0.005, abs=9)
        decoder, restored = Decoder(data), b""
        for z, told in zip([*ids.tolist(), TAIL], [*tokenizer.stretches(ids), b""], strict=True):
            if coder.charges(z):
                restored += coder.decode(decoder, z, restored.decode(errors="ignore")[-1:] or "\n").encode()
            else:
                restored += told
        assert restored.decode() == text

    check()


def test_a_long_tail_is_coded_in_time_that_grows_with_its_length(word):
    _, coder = word
    encoder, tail = Encoder(), " " * 20_000 + "é日"
    coder.encode(encoder, TAIL, tail, "x")
    data = encoder.finish()
    assert 8 * len(data) == pytest.approx(coder.stretch_bits([(TAIL, tail, "x")])[0], rel=0.005)
    assert coder.decode(Decoder(data), TAIL, "x") == tail
    with pytest.raises(ValueError, match="damaged"):
        coder.decode(Decoder(data), TAIL, "x", longest=100)


def test_a_long_stretch_of_a_known_word_is_coded_as_it_is_weighed(word):
    """Blanks before it, or an odd spelling. In time and memory that grow with its length, and not its square."""
    tokenizer, coder = word
    text = "speak" + " " * 8_000 + "speak"
    source = Source(text, *tokenizer.spans(text))
    first, second = source.stretches(np.arange(2))
    for z, x, c in (first, second, (second[0], "SP" + "é" * 300 + "eak\u0301", "日")):
        encoder = Encoder()
        coder.encode(encoder, z, x, c)
        data = encoder.finish()
        assert 8 * len(data) == pytest.approx(coder.stretch_bits([(z, x, c)])[0], rel=0.01, abs=16)
        assert coder.decode(Decoder(data), z, c) == x


def test_a_second_fit_is_equal(word):
    tokenizer, coder = word
    again = ResidualCoder.fit(tokenizer, TRAIN)
    spans = tokenizer.spans(OTHER)
    np.testing.assert_array_equal(coder.bits(Source(OTHER, *spans))[0], again.bits(Source(OTHER, *spans))[0])


def pieces_of(tokenizer, *texts):
    before = "\n"
    for text in texts:
        yield Source(text, *tokenizer.spans(text), before)
        before = text[-1:]


def test_a_fit_in_pieces_is_the_fit_of_the_whole(word):
    tokenizer, coder = word
    cut = TRAIN.index(" the end")
    again = ResidualCoder.fit_pieces(tokenizer, pieces_of(tokenizer, TRAIN[:cut], TRAIN[cut:]))
    np.testing.assert_array_equal(again.alphabet, coder.alphabet)
    for one, other in zip(again.levels, coder.levels, strict=True):
        for table in ("contexts", "keys", "share", "rest"):
            np.testing.assert_array_equal(getattr(one, table), getattr(other, table))


def test_of_too_many_stretches_the_rarer_are_forgotten(monkeypatch):
    """However long the text goes on no more of them are held, and the frequent ones stay cheap."""
    monkeypatch.setattr("numpygpt.measures.bits.residual._MOST", 40)
    common = "Speak, speak. The end of the end."
    texts = [f"{common} {common} " + " ".join(f"w{n}q{i}" for i in range(15)) for n in range(40)]
    tokenizer = WordTokenizer(min_freq=10)
    tokenizer.train(texts)
    counted = Counter()
    pointers = ResidualCoder._pointers
    monkeypatch.setattr(
        ResidualCoder, "_pointers", lambda self, seen: (counted.update(seen), pointers(self, seen))[1]
    )
    coder = ResidualCoder.fit_pieces(tokenizer, pieces_of(tokenizer, *texts))
    assert len(counted) <= 40  # of more than 600
    assert counted[int(tokenizer.encode("end")[0]), " end", "e"] == 160
    bits, _ = coder.bits(Source(f"\n{common} 日", *tokenizer.spans(f"\n{common} 日")))
    assert bits[1:-1].max() < 3 < 20 < bits[-1] < np.inf


def test_seen_spellings_are_cheaper_than_new_ones(word):
    tokenizer, coder = word
    speak = int(tokenizer.encode("speak")[0])
    usual, capital, strange = coder.stretch_bits(
        [(speak, " speak", ","), (speak, " Speak", ","), (speak, "ξxy", ",")]
    )
    assert usual < capital < strange


def test_exact_tokens_cost_nothing_and_unknown_ones_are_spelled():
    tokenizer = CharTokenizer()
    tokenizer.train("abc abc")
    coder = ResidualCoder.fit(tokenizer, "abc abc")
    bits, tail = coder.bits(Source("abéc", *tokenizer.spans("abéc")))
    assert bits[[0, 1, 3]].tolist() == [0, 0, 0]
    assert 20 < bits[2] < 26  # a character that nobody saw, of 1,112,064
    assert tail > 0
    encoder = Encoder()
    coder.encode(encoder, int(tokenizer.encode("a")[0]), "a", "\n")
    assert encoder.finish() == b""


def test_wrong_spans_are_refused(word):
    tokenizer = CharTokenizer()
    tokenizer.train("abc")
    coder = ResidualCoder.fit(tokenizer, "abc")
    ids, ends = tokenizer.spans("abc")
    with pytest.raises(AssertionError, match="own text"):
        coder.bits(Source("acb", ids, ends))
    with pytest.raises(AssertionError, match="own text"):
        coder.bits(Source("abc", ids, ends - [0, 0, 1]))
    with pytest.raises(AssertionError, match="inside"):
        coder.bits(Source("ab", ids, ends))
    _, coder = word
    with pytest.raises(AssertionError, match="character"):
        coder.bits(Source("é", np.array([0, 0]), np.array([1, 2])))


def test_empty_text(word):
    tokenizer, coder = word
    bits, tail = coder.bits(Source("", *tokenizer.spans("")))
    assert bits.shape == (0,)
    assert tail > 0


def test_published_bits_per_character(shakespeare):
    """0.40 to 0.41 bits per character, of which unknown words 0.363, known ones 0.040."""
    train, validation = shakespeare[:1_003_854], shakespeare[1_003_854:]
    tokenizer = WordTokenizer()
    tokenizer.train(train)
    coder = ResidualCoder.fit(tokenizer, train)
    ids, ends = tokenizer.spans(validation)
    bits, tail = coder.bits(Source(validation, ids, ends))
    unknown = ids == tokenizer.unk_id
    assert 0.400 <= (bits.sum() + tail) / len(validation) <= 0.410
    assert bits[unknown].sum() / len(validation) == pytest.approx(0.363, abs=0.004)
    assert bits[~unknown].sum() / len(validation) == pytest.approx(0.040, abs=0.002)
