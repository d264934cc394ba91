"""A compressed file weighs what the run's scores claim, and restores byte for byte or not at all."""

import os
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cats import prose
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from experiments import compress, decompress
from experiments.trained import codec
from experiments.trained.codec import Codec
from experiments.trained.packed import HEADER_BYTES, Packed, load_codec, pack, unpack
from numpygpt.errors import UserError
from numpygpt.measures.bits.residual import ResidualCoder
from numpygpt.measures.bits.scores import score_text
from numpygpt.measures.bits.source import Source
from numpygpt.models import GPT, GPTConfig
from numpygpt.places import ROOT
from numpygpt.runs import RunFolder
from numpygpt.tokenizers import KINDS, Tokenizer, create
from numpygpt.training import Engine, score_tokens

RUN = b"none"
HOSTILE = (
    "",
    "a",
    "\n",
    " ",
    "   \t  ",  # nothing but a word tokenizer's tail
    "The cat\r\nsat\r\n\r\non the mat.\r",
    "\ufeffthe BAT\x00 sat   \n \n",
    "Nobody, café naïve ß İstanbul e\u0301 — “seems”…",
    "👩‍👩‍👧‍👦 🇩🇪 the 😀cat",
    "日本語の文字 the cat العربية",
    "<unk><pad> <0x41> Ġthe ▁cat",
    "\U0010ffff\ue000\ud7ff\u2028\x85\x1c the",
    "Xylophones zzz" * 9,
)


# ---------------------------------------------------------------------- what is compressed with


@pytest.fixture(scope="module")
def codec_of(finished):
    found: dict[str, Codec] = {}
    return lambda tokenizer: found.setdefault(tokenizer, load_codec(finished(tokenizer)))


MARKED = """
class Marked:
    unk_id = 0
    def train(self, text):
        self.alphabet = sorted(set(text.lower()))
        self.vocab_size = 2 + len(self.alphabet)
    def spans(self, text):
        known = [2 + self.alphabet.index(c) if c in self.alphabet else 0 for c in text.lower()[:len(text)]]
        ids = [id for pair in zip([1] * len(known), known) for id in pair]
        return ids, [(i + 1) // 2 for i in range(len(ids))]
    def encode(self, text):
        return self.spans(text)[0]
    def decode(self, ids):
        return "".join(self.alphabet[id - 2] for id in ids if id > 1)
"""  # a mark before each character stands for nothing: there are more tokens than bytes


@pytest.fixture(scope="module", params=[*sorted(KINDS), "custom"])
def untrained(request, tmp_path_factory) -> Iterator[Codec]:
    """Of each kind of tokenizer, with a model that has learned nothing but has opinions."""
    options: dict[str, Any] = {"vocab_size": 300} if "bpe" in request.param else {}
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "custom":
            folder = tmp_path_factory.mktemp("custom")
            (folder / "marked_characters.py").write_text(MARKED)
            patch.syspath_prepend(folder)
            options = {"factory": "marked_characters:Marked"}
        yield codec_with(create(request.param, **options))


def codec_with(tokenizer: Tokenizer) -> Codec:
    text = prose(60, seed=1)
    tokenizer.train(text)
    model = GPT(GPTConfig(tokenizer.vocab_size, 8, 1, 2, 8), rng=np.random.default_rng(0))
    model.flat.data *= 20
    return Codec(model, tokenizer, ResidualCoder.fit(tokenizer, text))


def restored(codec: Codec, file: bytes) -> bytes:
    return unpack(codec, Packed.from_bytes(file, "FILE"), "FILE")


def restores_or_says_so(codec: Codec, file: bytes, text: str) -> bool:
    try:
        return restored(codec, file).decode() == text
    except UserError as error:
        return "FILE does not restore to the text" in str(error)


# ---------------------------------------------------------------------- weight and restoration


@pytest.mark.parametrize("tokenizer", ["byte", "word"])
def test_weighs_what_the_scores_claim(codec_of, tokenizer):
    """Within 0.5 % and the last byte, besides the header, for a lossless tokenizer and for a lossy one."""
    codec, text = codec_of(tokenizer), prose(120, seed=2) + "Strange WORDS come, at the end:  \n\n  "
    ids, ends = codec.tokenizer.spans(text)
    with Engine(codec.model, workers=1) as engine:
        claimed = score_text(Source(text, ids, ends), score_tokens(engine, ids), codec.coder).bits
    weighed = 8 * (len(pack(codec, RUN, text)) - HEADER_BYTES)
    assert abs(weighed - claimed) <= 0.005 * claimed + 8
    assert claimed < 0.7 * 8 * len(text)  # the model has learned something


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_every_tokenizer_restores_hostile_texts(untrained, text):
    assert restored(untrained, pack(untrained, RUN, text)).decode() == text


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from(["the", "Cat", " ", "  ", "\r\n", ",", "日", "é", "\u0301", "😀"]) | st.text())
)
@example(["\x00", "😀"])
def test_every_tokenizer_restores_any_text(untrained, pieces):
    text = "".join(pieces)
    assert restored(untrained, pack(untrained, RUN, text)).decode() == text


def test_the_same_text_gives_the_same_file(untrained):
    assert pack(untrained, RUN, prose(9, seed=3)) == pack(untrained, RUN, prose(9, seed=3))


# ---------------------------------------------------------------------- damage and mismatch


@pytest.fixture(scope="module", params=["byte", "word"])
def packed(request, codec_of) -> tuple[Codec, str, bytes]:
    codec, text = codec_of(request.param), prose(2, seed=4) + "Q? "
    return codec, text, pack(codec, RUN, text)


def test_no_damage_passes_the_checks(packed):
    _, _, file = packed
    damaged = [file[:n] for n in range(len(file))]
    damaged += [file[:n] + bytes([file[n] ^ 1 << n % 8]) + file[n + 1 :] for n in range(len(file))]
    for data in [*damaged, file + b"\0", b"\n" + file, file.replace(b"\x8eGPT", b"\x8eGPT\r")]:
        with pytest.raises(UserError, match=r"FILE .*(damaged|not written by|in version)"):
            Packed.from_bytes(data, "FILE")


def test_damage_behind_a_right_crc_is_an_error_and_ends(packed):
    """As if the file had been made that way: lengths bound what is read, and the checksum is the last word."""
    codec, text, file = packed
    whole = Packed.from_bytes(file, "FILE")
    n = len(whole.payload)
    noise = np.random.default_rng(0).bytes(n)
    payloads = [whole.payload[:at] for at in (0, 1, n // 2, n - 2)] + [noise, b"\xff" * n, b"\0" * 3 * n]
    for at in range(0, n, 5):
        payloads.append(whole.payload[:at] + bytes([whole.payload[at] ^ 0x10]) + whole.payload[at + 1 :])
    changed = [replace(whole, payload=payload) for payload in payloads]
    changed += [replace(whole, n_tokens=n) for n in (0, whole.n_tokens - 1, whole.n_bytes)]
    changed += [replace(whole, n_bytes=whole.n_bytes + more) for more in (1, 500)]
    changed += [replace(whole, sha256=bytes(16))]
    for wrong in changed:
        assert restores_or_says_so(codec, wrong.to_bytes(), text)  # some last bits do not matter


def test_another_runs_tokenizer_or_weights_never_give_a_wrong_text(packed, untrained):
    codec, _, file = packed
    model = GPT(codec.model.config, rng=np.random.default_rng(1))
    for other in (untrained, replace(codec, model=model)):
        with pytest.raises(UserError, match=r"tokenizer, weights or arithmetic .* others here"):
            restored(other, file)


@pytest.mark.parametrize("late", [0, 20])
def test_another_arithmetic_never_gives_a_wrong_text(packed, monkeypatch, late):
    codec_here, text, file = packed
    after, calls = codec.Predictions.after, []

    def drifting(self: codec.Predictions, id: int) -> np.ndarray:
        calls.append(id)
        frequencies = after(self, id)
        return frequencies + (len(calls) == late + 1)  # once, by one part in billions

    monkeypatch.setattr(codec.Predictions, "after", drifting)
    assert restores_or_says_so(codec_here, file, text)
    assert len(calls) > late


# ---------------------------------------------------------------------- the commands


def test_the_commands_in_processes_of_their_own(finished, tmp_path):
    """By pipe and by file; how many threads BLAS was given makes no difference, nor does hash randomisation."""
    run, text = finished("word"), prose(12, seed=5).replace("\n", "\r\n") + "café 😀  "
    (tmp_path / "text").write_bytes(text.encode())

    def script(
        name: str, *arguments: object, stdin: bytes = b"", threads: int
    ) -> subprocess.CompletedProcess:
        command = [sys.executable, ROOT / "experiments" / name, run.path, *arguments]
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": str(threads), "PYTHONHASHSEED": str(threads)}
        return subprocess.run(command, input=stdin, capture_output=True, env=environment, cwd=tmp_path)

    first = script("compress.py", "text", "-o", "packed", threads=1)
    assert first.returncode == 0, first.stderr
    size = (tmp_path / "packed").stat().st_size
    line = first.stderr.decode()
    assert line.startswith(f"text: {len(text.encode()):,} bytes, compressed {size:,}, ")
    assert "bits per byte" in line
    assert line.count("\n") == 1
    second = script("decompress.py", "-", "-o", "-", stdin=(tmp_path / "packed").read_bytes(), threads=2)
    assert second.returncode == 0, second.stderr
    assert second.stdout.decode() == text


@pytest.mark.parametrize("data", [b"", b"x", "\r\n é😀\n".encode()])
def test_files_of_a_few_bytes(finished, tmp_path, data):
    source, packed, back = (tmp_path / name for name in ("source", "packed", "back"))
    source.write_bytes(data)
    run = str(finished("byte").path)
    assert compress.main([run, str(source), "-o", str(packed)]) == 0
    assert decompress.main([run, str(packed), "-o", str(back)]) == 0
    assert back.read_bytes() == data


@pytest.fixture
def refused(finished, tmp_path, capsys):
    """refused(compress, "FILE", "-o", "OUT") -> the sentence; nothing in the folder has changed."""

    def attempt(command, *arguments: str, run: RunFolder | None = None) -> str:
        def content() -> dict[Path, bytes]:
            return {path: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}

        before = content()
        capsys.readouterr()
        assert command.main([str((run or finished("byte")).path), *arguments]) == 2
        assert content() == before
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.count("\n") == 1
        assert "Error" not in captured.err
        return captured.err

    return attempt


def test_what_cannot_be_read_or_written_is_refused(refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("text").write_text("The cat")
    Path("latin").write_bytes(b"The caf\xe9")
    Path("binary").write_bytes(bytes(range(256)))
    assert "latin is not UTF-8 text (byte 7)" in refused(compress, "latin", "-o", "out")
    assert "binary is not UTF-8 text (byte 128)" in refused(compress, "binary", "-o", "out")
    assert "nowhere cannot be read" in refused(compress, "nowhere", "-o", "out")
    assert "cannot be read" in refused(compress, str(tmp_path), "-o", "out")
    assert "latin exists already: add --force" in refused(compress, "text", "-o", "latin")
    assert "the file that is read" in refused(compress, "text", "-o", "text", "--force")
    assert "no ordinary file" in refused(compress, "text", "-o", str(tmp_path), "--force")
    assert "folder that exists" in refused(compress, "text", "-o", "no/out")
    assert "text was not written by compress.py" in refused(decompress, "text", "-o", "out")


def test_a_file_of_another_run_or_a_damaged_one_leaves_what_was_there(
    refused, finished, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("text").write_text("The cat sat")
    assert compress.main([str(finished("word").path), "text", "-o", "packed"]) == 0
    name = finished("word").name
    assert f"another run: name the one whose name ends in {name[-8:]}" in refused(
        decompress, "packed", "-o", "text", "--force"
    )
    file = Path("packed").read_bytes()
    Path("packed").write_bytes(file[:-1] + bytes([file[-1] ^ 1]))
    assert "packed is damaged" in refused(decompress, "packed", "-o", "text", "--force", run=finished("word"))
    body = file[: HEADER_BYTES - 4], file[HEADER_BYTES:-3]
    crc = zlib.crc32(body[1], zlib.crc32(body[0])).to_bytes(4, "big")
    Path("packed").write_bytes(body[0] + crc + body[1])
    assert "does not restore" in refused(decompress, "packed", "-o", "text", "--force", run=finished("word"))


def test_a_lossy_run_needs_its_training_text(refused, finished, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    corpus_path = Path(finished("word").run()["config"]["data"]["path"])
    Path("text").write_text("The cat sat")
    text = corpus_path.read_bytes()
    try:
        corpus_path.write_bytes(text + b"!")
        sentence = refused(compress, "text", "-o", "out", run=finished("word"))
        assert "use the text that was meant" in sentence
        assert str(corpus_path) in sentence
        corpus_path.unlink()
        assert "cannot be read" in refused(compress, "text", "-o", "out", run=finished("word"))
        run = str(finished("byte").path)  # loses nothing, needs nothing
        assert compress.main([run, "text", "-o", "out"]) == 0
    finally:
        corpus_path.write_bytes(text)
