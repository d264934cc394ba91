"""Token files: the ids of the whole text however it was cut, one maker at a time, and nothing trusted unseen."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from numpygpt.data import Part, resolve, tokens
from numpygpt.data.batches import fixed_batches, sample_batch
from numpygpt.data.tokens import encoded
from numpygpt.errors import UserError
from numpygpt.files import NotWritable
from numpygpt.tokenizers import create

PROSE = "Not a dragon's 1,234 words:\r\n\r\n  don't—ΑΣ É\u0301 漢字、仮名。次の行\n\nHELLO?! \t x  y\n"


@dataclass
class Counting:
    """Code points as ids, and how much text was encoded."""

    vocab_size: int = 0x110000
    name: str = "counting"
    encoded: list[int] = field(default_factory=list)

    def encode(self, text: str) -> np.ndarray:
        self.encoded.append(len(text))
        return np.array([ord(character) for character in text], dtype=np.int32)

    def fingerprint(self) -> str:
        return self.name


def part_of(path: Path, text: str) -> Part:
    path.write_bytes(text.encode())
    return resolve("file", path).parts(0.1)[0]


@pytest.fixture
def part(tmp_path: Path) -> Part:
    return part_of(tmp_path / "text", PROSE * 50)


def test_ids_are_made_once_and_mapped(part: Part, tmp_path: Path) -> None:
    tokenizer = Counting()
    for _ in range(2):
        ids = encoded(part, tokenizer, tmp_path / "cache")
        assert isinstance(ids, np.memmap)
        assert not ids.flags.writeable
        np.testing.assert_array_equal(ids, [ord(character) for character in part.text])
    assert tokenizer.encoded == [part.n_chars]
    (file,) = (tmp_path / "cache").glob("*.bin")
    assert file.read_bytes()[:-32] == ids.tobytes()


def test_other_parts_texts_and_tokenizers_have_other_files(part: Part, tmp_path: Path) -> None:
    val = part.corpus.parts(0.1)[1]
    other = part_of(tmp_path / "other", PROSE * 49)
    for which, tokenizer in (
        (part, Counting()),
        (val, Counting()),
        (other, Counting()),
        (part, Counting(name="other")),
    ):
        assert len(encoded(which, tokenizer, tmp_path / "cache")) == which.n_chars
    assert len(list((tmp_path / "cache").glob("*.bin"))) == 4


@pytest.mark.parametrize(
    ("vocab_size", "dtype"),
    [(1, "u1"), (256, "u1"), (257, "u2"), (65_536, "u2"), (65_537, "u4"), (1 << 20, "u4")],
)
def test_the_smallest_type_that_holds_the_vocabulary(tmp_path: Path, vocab_size: int, dtype: str) -> None:
    tokenizer = Counting(vocab_size)
    tokenizer.encode = lambda text: np.full(len(text), vocab_size - 1, np.int32)  # type: ignore[method-assign]
    ids = encoded(part_of(tmp_path / "text", "abcdefghij" * 3), tokenizer, tmp_path)
    assert ids.dtype == np.dtype(dtype)
    assert set(ids.tolist()) == {vocab_size - 1}


def test_ids_beyond_the_vocabulary_are_no_users_mistake(part: Part, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="beyond its 100 tokens"):
        encoded(part, Counting(100), tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.bin"))


def test_a_text_without_tokens_has_an_empty_file(tmp_path: Path) -> None:
    word = create("word", min_freq=1)
    word.train("a b")
    ids = encoded(part_of(tmp_path / "text", " " * 50), word, tmp_path)
    assert ids.shape == (0,)


# --- piece by piece ---


def tokenizers() -> Iterator[object]:
    yield pytest.param("char", {}, id="char")
    yield pytest.param("byte", {}, id="byte")
    yield pytest.param("word", {}, id="word")
    for pattern in ("gpt2", "gpt4", "whitespace", "none"):
        yield pytest.param("bpe", {"vocab_size": 200, "pattern": pattern}, id=f"bpe-{pattern}")
    yield pytest.param(
        "bpe-bytefallback", {"vocab_size": 400, "character_coverage": 0.97}, id="bpe-bytefallback"
    )


TEXTS = {
    "prose": PROSE * 200,
    "no spaces": "漢字仮名。" * 3000,
    "nowhere to cut": "漢" * 9000 + " " * 9000,
    "only spaces": "\n \t" * 6000,
    "snake": "don't_stop,3.14," * 1200,
}


@pytest.mark.parametrize(("kind", "options"), list(tokenizers()))
def test_pieces_give_the_ids_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, options: dict[str, object]
) -> None:
    monkeypatch.setattr(tokens, "PIECE", 3001)
    tokenizer = create(kind, **options)
    tokenizer.train(PROSE * 20)
    for name, text in TEXTS.items():
        part = part_of(tmp_path / name, text)
        np.testing.assert_array_equal(encoded(part, tokenizer, tmp_path), tokenizer.encode(part.text), name)


def test_pieces_are_small_and_tile_the_text(
    part: Part, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "PIECE", 1000)
    pieces = list(tokens.pieces(part, Counting()))
    assert [start for start, _ in pieces] == [part.start, *(stop for _, stop in pieces[:-1])]
    assert pieces[-1][1] == part.stop
    assert max(stop - start for start, stop in pieces) < 1000 + 300 + 2 * len(
        PROSE.encode()
    )  # 300: no cut so near the end


def test_a_cut_that_changes_ids_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Pairs(Counting):
        """A tokenizer whose tokens are words with the space after them: the usual cuts are wrong."""

        def encode(self, text: str) -> np.ndarray:
            words = [len(word) for word in text.split(" ")]
            return np.array(words, dtype=np.int32)

    monkeypatch.setattr(tokens, "PIECE", 1000)
    part = part_of(tmp_path / "text", "some words " * 3000)
    np.testing.assert_array_equal(encoded(part, Pairs(), tmp_path), Pairs().encode(part.text))


# --- faults ---


def test_damaged_and_foreign_files_are_made_anew(part: Part, tmp_path: Path) -> None:
    expected = np.array(encoded(part, Counting(), tmp_path / "cache"))
    (file,) = (tmp_path / "cache").glob("*.bin")
    encoded(part, Counting(name="other"), tmp_path / "cache")
    (foreign,) = (path for path in (tmp_path / "cache").glob("*.bin") if path != file)
    whole = file.read_bytes()
    damages = [whole[:length] for length in (0, 1, 64, 128, 1000, len(whole) - 32, len(whole) - 1)]
    damages += [
        whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in (0, 70, 128, 5000, len(whole) - 1)
    ]
    damages += [foreign.read_bytes(), whole + b"\0", b"\x80\x04pickle" * 100]
    for damage in damages:
        file.write_bytes(damage)
        np.testing.assert_array_equal(encoded(part, Counting(), tmp_path / "cache"), expected)
        assert file.read_bytes() == whole


MAKE = """
import sys, time
from pathlib import Path
import numpy as np
from numpygpt.data import tokens
from numpygpt.data import resolve

class Slow:
    vocab_size = 256
    def fingerprint(self): return "slow"
    def encode(self, text):
        if len(text) > 600:
            print("encoding", flush=True)
            time.sleep(float(sys.argv[3]))
        return np.frombuffer(text.encode(), np.uint8).astype(np.int32)

tokens.PIECE = 20_000
part = resolve("file", sys.argv[1]).parts(0.1)[0]
print("ids", int(tokens.encoded(part, Slow(), Path(sys.argv[2])).sum()), flush=True)
"""


def make(part: Part, cache: Path, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", MAKE, str(part.corpus.path), str(cache), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_of_two_processes_one_makes_the_file(tmp_path: Path) -> None:
    part = part_of(tmp_path / "text", "abc def " * 10_000)
    makers = [make(part, tmp_path / "cache", 0.1) for _ in range(2)]
    said = [maker.communicate(timeout=60)[0].split("\n") for maker in makers]
    expected = f"ids {sum(part.text.encode())}"
    assert all(expected in lines for lines in said)
    assert sum("encoding" in lines for lines in said) == 1


def test_a_killed_maker_leaves_nothing_that_is_believed(tmp_path: Path) -> None:
    part = part_of(tmp_path / "text", "abc def " * 10_000)
    maker = make(part, tmp_path / "cache", 0.05)
    assert maker.stdout is not None
    for _ in range(3):
        maker.stdout.readline()
    maker.kill()
    maker.wait()
    assert not list((tmp_path / "cache").glob("tokens*.bin"))
    lines = make(part, tmp_path / "cache", 0).communicate(timeout=60)[0].split("\n")
    assert f"ids {sum(part.text.encode())}" in lines
    assert (
        len(list((tmp_path / "cache").iterdir())) == 2
    )  # the file and its lock: what was half-written is gone


@pytest.mark.skipif(sys.platform != "linux", reason="needs a tmpfs")
def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    try:
        part = part_of(tmp_path / "text", PROSE * 1000)
        with pytest.raises(NotWritable, match="No space left on device"):
            encoded(part, Counting(), disk)
        assert [path.suffix for path in disk.iterdir()] == [".lock"]
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(UserError, match="cannot be written"):
            encoded(part, Counting(), disk / "new")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_where_no_cut_is_safe_few_are_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tokenizer that begins each text with a space, as SentencePiece's add_dummy_prefix asks for."""

    class Prefixing(Counting):
        def encode(self, text: str) -> np.ndarray:
            return super().encode(" " + text)

    monkeypatch.setattr(tokens, "PIECE", 1 << 15)
    monkeypatch.setattr(tokens, "WINDOW", 1 << 12)
    part = part_of(tmp_path / "text", "nothing but words " * 20_000)
    tokenizer = Prefixing()
    ids = encoded(part, tokenizer, tmp_path / "cache")
    np.testing.assert_array_equal(ids, [ord(character) for character in " " + part.text])
    assert sum(tokenizer.encoded) < 11 * part.n_chars


def test_a_rare_stretch_without_safe_cuts_does_not_keep_the_rest_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Crossing(Counting):
        def encode(self, text: str) -> np.ndarray:
            ids = super().encode(text)
            return ids[:-1] if text.endswith("x") else ids  # as if "x " were one token

    monkeypatch.setattr(tokens, "PIECE", 1 << 14)
    part = part_of(tmp_path / "text", "a b " * 4096 + "x y" * 6000 + " a b" * 20_000)
    tokenizer = Crossing()
    ids = encoded(part, tokenizer, tmp_path / "cache")
    np.testing.assert_array_equal(ids, [ord(character) for character in part.text])
    assert max(tokenizer.encoded) < part.n_chars / 2


# --- Batches: y follows x, every start is possible, the fixed windows reach from end to end ---


def test_targets_are_the_tokens_that_follow(rng: np.random.Generator) -> None:
    tokens = np.arange(100, 150, dtype=np.uint8)
    x, y = sample_batch(tokens, 7, 5, rng)
    assert x.shape == y.shape == (7, 5)
    assert x.dtype == y.dtype == np.intp
    np.testing.assert_array_equal(y, x + 1)
    np.testing.assert_array_equal(x, x[:, :1] + np.arange(5))


def test_every_start_is_as_likely_as_any_other(rng: np.random.Generator) -> None:
    x, _ = sample_batch(np.arange(10), 7000, 3, rng)
    starts = np.bincount(x[:, 0], minlength=8)
    assert len(starts) == 8
    assert starts[7] == 0  # 7, 8, 9 have no token after them
    assert starts[:7].min() > 850


def test_a_batch_is_a_function_of_the_generator() -> None:
    tokens = np.arange(1000)
    first, second = (sample_batch(tokens, 4, 8, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(("n_windows", "expected"), [(1, 1), (4, 4), (50, 50), (91, 91), (200, 91)])
def test_fixed_windows_reach_from_end_to_end(n_windows: int, expected: int) -> None:
    x, y = fixed_batches(np.arange(100, dtype=np.uint16), n_windows, 9)
    assert x.shape == y.shape == (expected, 9)
    assert x[0, 0] == 0
    assert y[-1, -1] == (99 if expected > 1 else 9)
    assert len(set(x[:, 0].tolist())) == expected
    gaps = np.diff(x[:, 0])
    assert expected == 1 or gaps.max() - gaps.min() <= 1


@pytest.mark.parametrize("n_tokens", [0, 1, 8])
def test_too_few_tokens_for_a_window_are_refused(n_tokens: int, rng: np.random.Generator) -> None:
    tokens = np.zeros(n_tokens, dtype=np.uint8)
    with pytest.raises(UserError, match=f"training text has {n_tokens} tokens, too few .* 9"):
        sample_batch(tokens, 2, 8, rng)
    with pytest.raises(UserError, match="validation text"):
        fixed_batches(tokens, 2, 8)


def test_one_window_is_enough(rng: np.random.Generator) -> None:
    np.testing.assert_array_equal(sample_batch(np.arange(9), 2, 8, rng)[0], [range(8)] * 2)
    np.testing.assert_array_equal(fixed_batches(np.arange(9), 5, 8)[1], [range(1, 9)])
