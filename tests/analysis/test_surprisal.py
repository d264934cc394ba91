"""The surprisal map keeps every bit and every line break, on one colour scale for all runs."""

import numpy as np
import pytest

from analysis.figures import style
from analysis.figures import surprisal_map as surprisal
from analysis.figures.surprisal_map import byte_bits, layout, surprisal_figure
from analysis.surprisal import main
from numpygpt.errors import UserError
from numpygpt.runs import RunFolder


def passage(text: str, pieces: list[str | bytes], bits: list[float], residual: list[float] | None = None):
    """Tokens that stand for `pieces` of `text`, in order."""
    sizes = [len(p if isinstance(p, bytes) else p.encode()) for p in pieces]
    ends = [int(end) for end in np.cumsum(sizes)]
    rest = residual or [0.0] * len(bits)
    return {"text": text, "ids": [0] * len(bits), "ends": ends, "bits": bits, "bits_residual": rest}


def test_bits_are_spread_over_the_bytes_of_a_token_and_none_is_lost():
    bits, owner = byte_bits(passage("to be", ["to", " be"], [4.0, 3.0], [0.0, 1.5]))
    np.testing.assert_allclose(bits, [2, 2, 1.5, 1.5, 1.5])
    assert list(owner) == [0, 0, 1, 1, 1]


def test_a_token_without_bytes_hands_its_bits_on_and_a_dropped_tail_costs_nothing():
    bits, owner = byte_bits(passage("ab!", ["", "ab"], [1.0, 3.0]))
    np.testing.assert_allclose(bits, [2, 2, 0])
    assert list(owner) == [1, 1, -1]


def test_line_breaks_are_kept_and_shown_and_long_lines_are_broken():
    found = layout(passage("abcdef\ngh", ["abc", "def\n", "gh"], [3.0, 8.0, 1.0]), columns=4, lines=5)
    assert ["".join(line) for line in found.letters] == ["abcd", f"ef{surprisal.LINE_BREAK}", "gh", "", ""]
    np.testing.assert_array_equal(found.bits[:2], [[1, 1, 1, 2, np.nan], [2, 2, 2, np.nan, np.nan]])
    assert np.argwhere(found.begins).tolist() == [[0, 0], [0, 3], [2, 0]]
    short = layout(passage("a\nb\nc", ["a\nb\nc"], [5.0]), lines=2)
    assert "".join(short.letters.ravel()) == f"a{surprisal.LINE_BREAK}b{surprisal.LINE_BREAK}"
    full = layout(passage("abcd\n", ["abcd\n"], [5.0]), columns=4, lines=1)
    assert full.letters[0, 4] == surprisal.LINE_BREAK


def test_a_character_of_several_byte_tokens_has_their_mean_and_a_wide_one_two_columns():
    found = layout(passage("é漢x", [b"\xc3", b"\xa9", "漢", "x"], [6.0, 2.0, 9.0, 1.0]), columns=5, lines=1)
    assert found.letters[0].tolist() == ["é", "漢", "", "x", "", ""]
    np.testing.assert_array_equal(found.bits[0, :4], [4, 3, 3, 1])


def test_all_panels_share_one_scale_whose_lightness_falls_all_the_way():
    with style.styled():
        figure = surprisal_figure(
            {
                "char": passage("a$b$c", list("a$b$c"), [1.0, 2.0, 3.0, 4.0, 99.0]),
                "word": passage("a$b$c", ["a$b$c"], [5.0]),
            }
        )
        figure.draw_without_rendering()
    char, word, _scale = figure.axes
    cells, others = (axes.images[0] for axes in (char, word))
    shown, other = (image.to_rgba(image.get_array())[0, 1 :: surprisal.CELL] for image in (cells, others))
    np.testing.assert_array_equal(shown[0], other[0])  # both 1 bit per byte
    np.testing.assert_array_equal(shown[4], cells.cmap(1.0))
    inks = {text.get_color(): text.get_text() for text in char.texts}
    assert inks == {style.INK: "a$b$", style.PAPER: 4 * surprisal.NO_BREAK_SPACE + "c"}
    assert char.texts[0].get_window_extent().width == pytest.approx(4 * char.bbox.width / 56, rel=0.05)
    lightness = cells.cmap(np.linspace(0, 1, 64))[:, :3] @ [0.299, 0.587, 0.114]
    assert (np.diff(lightness) < 0).all()
    assert lightness[0] - lightness[-1] > 0.7


def test_nothing_to_show_and_different_texts_are_refused():
    with pytest.raises(UserError, match="no passage"):
        surprisal_figure({})
    with pytest.raises(UserError, match="different passages"):
        surprisal_figure({"a": passage("x", ["x"], [1.0]), "b": passage("y", ["y"], [1.0])})


def test_the_figure_of_a_passage_counts_its_tail():
    read = {**passage("ab", ["a", "b"], [1.0, 2.0]), "bits_residual": [0.0, 0.5], "bits_tail": 0.5}
    assert surprisal._summary(read) == "2.00 bits/byte (tokens alone: 1.50)"


def test_the_command_draws_runs_and_says_what_is_wrong(tmp_path, capsys):
    run = RunFolder(tmp_path / "study" / "char-s1")
    run.create({key: {} for key in ("name", "identity", "config", "corpus", "environment", "git")})
    run.write_passages([passage("ab", ["a", "b"], [1.0, 2.0])])
    out = tmp_path / "map.png"
    assert main([str(tmp_path / "study"), "-o", str(out)]) == 0
    assert out.read_bytes().startswith(b"\x89PNG")
    RunFolder(tmp_path / "study" / "char-s2").create(
        {key: {} for key in ("name", "identity", "config", "corpus", "environment", "git")}
    )
    assert main([str(tmp_path / "study"), "-o", str(out)]) == 0  # without the one that keeps none
    assert main([str(tmp_path / "study" / "char-s2")]) == 2
    assert "char-s2" in capsys.readouterr().err
    for arguments in ([str(tmp_path / "gone")], [str(run.path), "--passage", "3"]):
        assert main(arguments) == 2
        assert capsys.readouterr().err.startswith("surprisal.py: ")
    assert main([str(run.path), "-o", str(tmp_path / "map.nonsense")]) == 2


def test_letters_that_no_font_has_are_told_in_one_sentence(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(style, "FALLBACKS", ())
    with style.styled():
        figure = surprisal_figure({"char": passage("你好é", list("你好é"), [1.0, 2.0, 3.0])})
        figure.savefig(tmp_path / "map.png")
    (sentence,) = capsys.readouterr().err.splitlines()
    assert "你" in sentence
    assert "é" not in sentence
    with style.styled():
        surprisal_figure({"char": passage("né", list("né"), [1.0, 2.0])}).savefig(tmp_path / "map.png")
    assert not capsys.readouterr().err


def test_a_letter_that_a_font_lacks_is_taken_from_the_next_one_that_has_it(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(style, "FALLBACKS", ("a font that nobody has", "STIXGeneral"))
    with style.styled():
        figure = style.new_figure(1, 1)
        figure.text(0, 0, "\u210a")
        figure.savefig(tmp_path / "letter.png")
    assert not capsys.readouterr().err
