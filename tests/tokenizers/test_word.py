"""The word tokenizer: its cuts, its vocabulary, what it loses, and how it sets its words again."""

import unicodedata

import numpy as np
import pytest
import regex

from numpygpt.errors import UserError
from numpygpt.tokenizers import create
from numpygpt.tokenizers.spacing import set_line_spacing
from numpygpt.tokenizers.unicode import PROSE_WORDS, WORDS


def words(text, **options):
    tokenizer = create("word", min_freq=1, **options)
    tokenizer.train(text)
    return [tokenizer.token(id) for id in tokenizer.encode(text)]


def test_cuts():
    assert words("He's 3 o'clock,\n\n  SAID\tJoe_1-2 (yes)!") == [
        *[
            "he",
            "'",
            "s",
            "3",
            "o",
            "'",
            "clock",
            ",",
            "\n",
            "\n",
            "said",
            "joe_1",
            "-",
            "2",
            "(",
            "yes",
            ")",
            "!",
        ]
    ]
    assert words("Ab", lowercase=False) == ["Ab"]
    assert words("cafe\u0301 हिन्दी") == ["cafe\u0301", "हिन्दी"]
    assert words("a\r\nb") == ["a", "\n", "b"]


SCRIPTS = {
    "Hindi": ("हिन्दी में शब्द कैसे", 4),
    "Thai": ("ไม่มี ที่นี่", 2),
    "Arabic with its vowels": ("كِتَابٌ جَدِيدٌ", 2),
    "Persian with joiners": ("می\u200cروم می\u200cشوم", 2),
    "French in NFD": ("e\u0301te\u0301 a\u0300 No\u0308el", 3),
    "Vietnamese in NFD": (unicodedata.normalize("NFD", "tiếng Việt"), 2),
}


@pytest.mark.parametrize(("text", "count"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_word_is_not_cut_at_its_marks_by_tokenizer_nor_measures(text, count):
    assert words(text, lowercase=False) == text.split()
    assert [match[0] for match in WORDS.finditer(text)] == text.split()
    assert [match[0] for match in PROSE_WORDS.finditer(text)] == text.split()
    assert len(text.split()) == count


def test_what_belongs_to_an_emoji_is_no_word():
    assert not WORDS.findall("❤\ufe0f 👨\u200d👩 \u0301")


def test_dropped_spaces_belong_to_the_token_after_them():
    tokenizer = create("word", min_freq=1)
    tokenizer.train("a b")
    ids, ends = tokenizer.spans(" a \t b \u3000\n  c é  ")
    assert ends.tolist() == [2, 6, 11, 14, 17]
    assert [tokenizer.token(id) for id in ids] == ["a", "b", "<unk>", "<unk>", "<unk>"]


def test_vocabulary_is_ordered_by_frequency_then_code_point():
    tokenizer = create("word", min_freq=2)
    tokenizer.train("b b a a c c c d")
    assert [tokenizer.token(id) for id in range(tokenizer.vocab_size)] == ["<unk>", "c", "a", "b"]
    tokenizer = create("word", min_freq=1, vocab_size=4, specials=("<unk>", "<bos>"))
    tokenizer.train("b b a a c c c d")
    assert [tokenizer.token(id) for id in range(tokenizer.vocab_size)] == ["<unk>", "<bos>", "c", "a"]


def test_no_frequent_word_is_an_error():
    with pytest.raises(UserError, match="at least 2 times: lower min_freq"):
        create("word").train("each word here differs")


def test_losses_say_what_is_lost():
    assert create("word").losses == "loses case, spaces, unknown words"
    assert create("word", lowercase=False).losses == "loses spaces, unknown words"


def test_vocabulary_sizes_on_shakespeare(shakespeare):
    tokenizer = create("word")
    tokenizer.train(shakespeare[:1_003_854])
    assert tokenizer.vocab_size == 6112 + 1
    ids = tokenizer.encode(shakespeare[1_003_854:])
    assert np.mean(ids == tokenizer.unk_id) == pytest.approx(0.049, abs=0.0005)
    tokenizer = create("word", specials=("<pad>", "<unk>", "<bos>", "<eos>"))
    tokenizer.train(shakespeare)
    assert tokenizer.vocab_size == 6548 + 4
    tokenizer = create("word", min_freq=1, vocab_size=6551)
    tokenizer.train(shakespeare[:1_003_854])
    assert tokenizer.vocab_size == 6551


def test_spacing_on_shakespeare(shakespeare):
    """Putting the dropped spaces back is guesswork, but it is wrong less than once in three hundred gaps."""
    text = shakespeare[:300_000]
    tokenizer = create("word", min_freq=1, lowercase=False)
    tokenizer.train(text)
    ids, ends = tokenizer.spans(text)
    again, ends_again = tokenizer.spans(tokenizer.decode(ids))
    np.testing.assert_array_equal(again, ids)
    wrong = np.diff(ends, prepend=0) != np.diff(ends_again, prepend=0)
    assert wrong.mean() < 1 / 300


@pytest.mark.parametrize(
    "text",
    [
        "Well, what then? What then!",
        "He said: (so it is) [3] {x}; 50% of 3.14 at 10:30",
        'She said "yes" and "no".\n"Ay"',
        "'Tis the king's; o'er all 'em, o' the clock. I'll",
        "the kings' eyes",
        "Rene\u0301's",
        "well-known, hear--speak",
        "one\ntwo\n\nthree",
        "cost $5",
        "你好\uff0c世界。你好",
        "“quoted” text",
        "<unk>",
        "",
    ],
)
def test_spacing(text):
    pieces = regex.findall(r"<unk>|\w+|[^\w\s]|\n", text)
    assert set_line_spacing(pieces) == text
