"""The same text, the same rules, other people's code: Hugging Face tokenizers, tiktoken, SentencePiece.

Tie rules. Ours and Hugging Face's is one: of equally frequent pairs the one with the smaller ids. minbpe takes
the pair that its scan of the text meets first; under our rule its algorithm is the naive one of test_bpe.py.
tiktoken and SentencePiece are compared by how they encode, given vocabularies.
"""

import json
import random

import pytest

from numpygpt.tokenizers import create
from numpygpt.tokenizers.pretokenize import PATTERNS

HARD = "It's  'tis\n\n\tCafé naïve 你好 мир 😀 x1234567 <unk> a_b — end  \n don'T WE'LL"


def trained(kind, text, **options):
    tokenizer = create(kind, **options)
    tokenizer.train(text)
    return tokenizer


def random_text(seed, n=20_000):
    """Words of few letters, so that pairs are often equally frequent."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("abcdé", k=rng.randint(1, 9))) for _ in range(400)]
    return "".join(rng.choice(words) + rng.choice("  \n.") for _ in range(n // 6))


@pytest.fixture(params=["shakespeare", "random 1", "random 2"])
def text(request):
    if request.param == "shakespeare":
        return request.getfixturevalue("shakespeare")[:200_000]
    return random_text(int(request.param[-1]))


def hf_model(tokenizer):
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [list(pair) for pair in model["merges"]]


@pytest.mark.parametrize("pattern", ["gpt2", "gpt4"])
def test_character_bpe_is_hugging_faces(text, pattern):
    hf = pytest.importorskip("tokenizers")
    theirs = hf.Tokenizer(hf.models.BPE(unk_token="<unk>"))
    theirs.pre_tokenizer = hf.pre_tokenizers.Split(hf.Regex(PATTERNS[pattern].pieces), "isolated")
    trainer = hf.trainers.BpeTrainer(
        vocab_size=1000, min_frequency=2, special_tokens=["<unk>"], show_progress=False
    )
    theirs.train_from_iterator([text], trainer)
    ours = trained("bpe", text, vocab_size=1000, pattern=pattern)
    vocabulary, merges = hf_model(theirs)
    assert ours.to_dict()["merges"] == merges
    assert {ours.token(id): id for id in range(ours.vocab_size)} == vocabulary
    # A special in the text is text to us; theirs would find it, so it is left out here.
    for sample in (text, HARD.replace("<unk>", "")):
        assert ours.encode(sample).tolist() == theirs.encode(sample).ids


def test_byte_level_bpe_is_hugging_faces(text):
    hf = pytest.importorskip("tokenizers")
    theirs = hf.Tokenizer(hf.models.BPE())
    theirs.pre_tokenizer = hf.pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = hf.pre_tokenizers.ByteLevel.alphabet()
    trainer = hf.trainers.BpeTrainer(
        vocab_size=1000, min_frequency=2, initial_alphabet=alphabet, show_progress=False
    )
    theirs.train_from_iterator([text], trainer)
    ours = trained("bpe-bytelevel", text, vocab_size=1000)
    assert ours.to_dict()["merges"] == hf_model(theirs)[1]
    for sample in (text, HARD):
        assert ours.encode(sample).tolist() == theirs.encode(sample).ids


@pytest.mark.parametrize("pattern", ["gpt2", "gpt4"])
def test_tiktoken_gives_the_same_ids(text, pattern):
    tiktoken = pytest.importorskip("tiktoken")
    ours = trained("bpe-bytelevel", text, vocab_size=1500, pattern=pattern)
    ranks = {ours.token_bytes(id): id for id in range(ours.vocab_size)}
    theirs = tiktoken.Encoding(
        "ours", pat_str=PATTERNS[pattern].pieces, mergeable_ranks=ranks, special_tokens={}
    )
    for sample in (text, HARD, HARD * 50, "a" * 5000, "".join(map(chr, range(32, 0x2FF)))):
        assert ours.encode(sample).tolist() == theirs.encode_ordinary(sample)


@pytest.fixture(scope="module")
def sentencepiece_model(tmp_path_factory):
    """sentencepiece_model(lines, **options): a SentencePiece BPE that changes nothing in its text."""
    sentencepiece = pytest.importorskip("sentencepiece")

    def train(lines, **options):
        prefix = tmp_path_factory.mktemp("sentencepiece") / "model"
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_prefix=str(prefix),
            model_type="bpe",
            byte_fallback=True,
            normalization_rule_name="identity",
            remove_extra_whitespaces=False,
            add_dummy_prefix=False,
            minloglevel=2,
            **options,
        )
        return sentencepiece.SentencePieceProcessor(model_file=f"{prefix}.model")

    return train


LINES = ["abcabcab", "cabbage", "decade", "beadface", "édéa", "abba", "x", "facade"] * 30


def test_byte_fallback_is_sentencepieces(sentencepiece_model):
    theirs = sentencepiece_model(LINES, vocab_size=300, character_coverage=1.0)
    ours = trained("bpe-bytefallback", LINES, vocab_size=300, character_coverage=1.0)
    for sample in ["世界", "é世", "😀", "ab\u0301c", "QéZ", "\U0010ffff"]:
        pieces = [theirs.id_to_piece(id) for id in theirs.encode(sample)]
        tokens = [ours.token(id) for id in ours.encode(sample)]
        for character in sample:
            spelled = [f"<0x{byte:02X}>" for byte in character.encode()]
            assert (spelled[0] in pieces) == (spelled[0] in tokens), (sample, character)
        assert [piece for piece in pieces if piece[:3] == "<0x"] == [t for t in tokens if t[:3] == "<0x"]
        assert theirs.decode(theirs.encode(sample)) == ours.decode(ours.encode(sample)) == sample
    for broken in ([0xFF], [0x80, 0x80], [0xE4], [0xC3]):
        wrong = theirs.decode([theirs.piece_to_id(f"<0x{byte:02X}>") for byte in broken])
        assert wrong == ours.decode(broken) == "\ufffd" * len(broken)


@pytest.mark.parametrize("coverage", [0.98, 0.99, 0.995, 1.0])
def test_coverage_is_sentencepieces(sentencepiece_model, coverage):
    theirs = sentencepiece_model(LINES, vocab_size=290, character_coverage=coverage)
    ours = trained("bpe-bytefallback", LINES, vocab_size=290, character_coverage=coverage)
    pieces = [theirs.id_to_piece(id) for id in range(theirs.vocab_size())]
    alphabet = "".join(sorted(piece for piece in pieces if len(piece) == 1 and piece != "\u2581"))
    assert ours.to_dict()["alphabet"] == alphabet


def test_tokens_per_character_agree_with_published_figures(shakespeare):
    """Byte-level BPE of GPT-2's pattern on the training part: characters per token by Hugging Face's trainer."""
    train, validation = shakespeare[:1_003_854], shakespeare[1_003_854:]
    ours = trained("bpe-bytelevel", train, vocab_size=2048)
    assert len(train) / len(ours.encode(train)) == pytest.approx(2.894, abs=0.0006)
    assert len(validation) / len(ours.encode(validation)) == pytest.approx(2.561, abs=0.0006)
