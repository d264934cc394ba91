"""What RESULTS.md says of tokenizers, of mistakes and of more compute, held to the kept records."""

import numpy as np
import pytest
from making import records
from making.records import study
from making.tokenizer_cells import EFFECTS, KINDS, SIZES, best_size, cell_bits, effect, size_effect
from sentences import says

from analysis.inference.scaling import power_law
from analysis.inference.uncertainty import intervals, mean_and_half
from analysis.records.display import plus_minus, show

VERSE, CODE = TEXTS = ("shakespeare", "stdlib")
ACROSS, MARKS, UNIGRAM, WORDS, *DIGITS = EFFECTS
PAGE = "docs/RESULTS.md"


@pytest.fixture(scope="module")
def bits():
    """By text, kind and size."""
    return cell_bits()


def over_cells(changes):
    return intervals(changes.groupby(lambda _: "all")).iloc[0]


def test_every_cell_has_been_trained(bits):
    assert all(np.isfinite(bits[text][kind][size]) for text in TEXTS for kind in KINDS for size in SIZES)


def test_marks_pay_and_merges_across_words_do_not(bits):
    verse, code = (effect(bits, text, MARKS) for text in TEXTS)
    assert max(verse.max(), code.max()) < 0
    assert len(verse) + len(code) == 12
    says(
        PAGE,
        f"They take {-verse.mean():.3f} off on verse and {-code.mean():.3f} on code on average",
    )
    says("README.md", f"take {-verse.mean():.2f} off a byte-level BPE")
    verse, code = (effect(bits, text, ACROSS) for text in TEXTS)
    sizes = [changes.groupby(level="size").mean() for changes in (verse, code)]
    assert all(by_size.is_monotonic_increasing for by_size in sizes)
    assert (sizes[0][512], sizes[1][512]) == (pytest.approx(0, abs=0.005), pytest.approx(0.01, abs=0.005))
    says(
        PAGE,
        f"superbpe costs {verse.mean():.3f} on verse and {code.mean():.3f} on code on average",
        f"with 8,192 {sizes[0][8192]:.2f} and {sizes[1][8192]:.2f}",
    )


def test_words_are_for_verse_and_pieces_for_code(bits):
    lowest = [set(bits[text].unstack("size").loc[list(KINDS)].idxmin()) for text in TEXTS]
    assert lowest == [{"word-lossless"}, {"bpe-bytelevel, marks"}]
    says(PAGE, f"at every size, {-effect(bits, VERSE, WORDS).mean():.3f} below BPE with marks on average")


def test_unigram_and_digits_show_nothing_over_the_sizes(bits):
    shown = [over_cells(effect(bits, text, UNIGRAM)) for text in TEXTS]
    shown += [over_cells(effect(bits, CODE, name)) for name in DIGITS]
    assert all(found["low"] < 0 < found["high"] for found in shown)
    change = effect(bits, VERSE, UNIGRAM)["unigram"]
    says(
        PAGE,
        f"unigram leads by {-change[2048]:.2f} with 2,048 entries and is behind by {change[8192]:.2f} with 8,192",
    )


def test_nothing_has_to_be_lost_for_the_lead_of_word():
    found = records.at_default_size()
    lead = found.verdict("word-lossless", "bpe-bytelevel")
    assert lead.winner == "word-lossless"
    assert found.verdict("word-lossless", "word").winner is None
    says("README.md", f"needs no more under equal text ({found.text('word-lossless', 'bits_per_byte')})")
    says(
        PAGE,
        f"word-lossless needs {found.text('word-lossless', 'bits_per_byte')} bits per byte",
        f"word needs {found.text('word', 'bits_per_byte')}, a fifth of them our charge",
        f"It leads bpe-bytelevel by {plus_minus(lead.seeds.value, lead.seeds.half)}",
    )


def test_verse_wants_a_small_vocabulary_and_code_a_larger_one(bits):
    best = {text: {kind: best_size(bits[text][kind]) for kind in KINDS} for text in TEXTS}
    assert min(best[VERSE].values()) == best[CODE]["word-lossless"] == 0
    assert best[CODE]["bpe-bytelevel"] == np.inf
    says(
        PAGE,
        f"With 8,192 entries verse costs {size_effect(bits, VERSE, 8192).mean():.3f} more than with 2,048",
        f"with marks its best size is {best[CODE]['bpe-bytelevel, marks']:,.0f}",
        f"from 512 or less to {max(best[VERSE].values()):,.0f} on verse",
    )


def test_mistakes_part_what_was_level():
    well, kinds = study("converged"), ("typos", "spaces", "case", "unicode")
    char, word, bpe = (
        {kind: well.mean(name, f"perturbed.{kind} 5 %") for kind in kinds} for name in ("char", "word", "bpe")
    )
    rises = {"char": char, "word": word, "bpe": bpe}
    typed = {name: well.mean(name, "bits_per_byte") + rise["typos"] for name, rise in rises.items()}
    assert all(char[kind] < min(word[kind], bpe[kind]) for kind in ("typos", "spaces", "case"))
    lead = min(typed["word"], typed["bpe"]) - typed["char"]
    says("README.md", f"`char` is the lowest of them, by {lead:.2f} or more")
    says(
        PAGE,
        f"costs it {char['typos']:.2f} bits per byte, bpe {bpe['typos']:.2f} and word {word['typos']:.2f}",
        f"at {typed['char']:.2f} where they need {typed['bpe']:.2f} and {typed['word']:.2f}",
        f"is the dearest for bpe ({bpe['case']:.2f}, char {char['case']:.2f})",
        f"costs word most ({word['spaces']:.2f})",
        f"than for char ({word['unicode']:.2f} and {char['unicode']:.2f})",
    )


def test_nobody_overtakes_anybody_as_compute_grows():
    _, found = records.grown()
    assert [sentence.split(" all along")[0] for sentence in found.crossings()] == [
        "word below char", "bpe below char", "word below bpe",
    ]  # fmt: skip
    least, most = (show(flops, "si") for flops in found.range)
    means = {name: found.bits(name, found.levels).mean(axis=0) for name in found.points}
    over_char, over_bpe = means["char"] - means["word"], means["bpe"] - means["word"]
    grid = np.geomspace(*found.reach("char"), 1000)
    reached = grid[found.bits("char", grid).mean(axis=0) <= means["bpe"][2]][0]
    floors = {name: plus_minus(*mean_and_half(found.law(name)[:, 0])) for name in found.points}
    says(
        PAGE,
        f"From {least} to {most} FLOPs word is below bpe and bpe below char",
        f"word leads char by {over_char[0]:.2f} at the least and by {over_char[-1]:.2f} at the most compute",
        f"and bpe by {over_bpe[0]:.2f} and by {over_bpe[-1]:.2f}",
        f"the {means['bpe'][2]:.2f} of bpe at {show(found.levels[2], 'si')} with about {reached / 1e12:.0f}T",
        f"{floors['char']} for char, {floors['word']} for word, {floors['bpe']} for bpe",
    )
    beyond = np.geomspace(found.range[1], 1e16, 5000)
    laws = {name: power_law(beyond, *found.law(name).T[:, :, None]).mean(axis=0) for name in ("char", "word")}
    meet = beyond[np.argmax(laws["char"] < laws["word"])]
    assert 6 < meet / found.range[1] < 14


def test_more_text_comes_before_more_width():
    runs = records.runs("scaling", "budget-text")
    means = runs.groupby(["tokenizer", "model.n_embd", "budget.chars"])[
        ["bits_per_byte", "train_flops"]
    ].mean()
    cells = [
        means.loc[name, width, chars] for name in ("bpe", "word") for width, chars in ((64, 4e6), (128, 2e6))
    ]
    bits = [f"{cell['bits_per_byte']:.3f}" for cell in cells]
    says(PAGE, f"({bits[0]} and {bits[1]}, {bits[2]} and {bits[3]})")
    assert all(0.55 < cells[i]["train_flops"] / cells[i + 1]["train_flops"] < 0.72 for i in (0, 2))
