"""Where corpora come from: a file of the user's, a download, or Python itself."""

import hashlib
import os
import sysconfig
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from numpygpt.data import catalogues
from numpygpt.data.cache import cache_folder, lock_for
from numpygpt.data.corpus import Corpus, read_corpus
from numpygpt.errors import UserError
from numpygpt.files import expanded, reading, replacing
from numpygpt.printing import printable

NAMES = ("shakespeare", "pydoc", "stdlib", "catalogues", "file")
SHAKESPEARE_URL = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
SHAKESPEARE_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
WHEEL_URL = (
    "https://files.pythonhosted.org/packages/90/92/7448697b5838b3a1c6e1d2d6a673e908d0398e84dc4f803a2ce11e7ffc0f/"
    "django-5.2.1-py3-none-any.whl"
)
WHEEL_SHA256 = "a9b680e84f9a0e71da83e399f1e922e1ab37b2173ced046b541c72e1589a5961"
CATALOGUES_SHA256 = "4b2d2e45a9d4927255dfe6a11f91653c97513bb424438ea14ab2481ea781d207"
STDLIB = (
    "asyncio", "collections", "concurrent", "email", "http", "json", "logging", "multiprocessing", "urllib"
)  # fmt: skip
CONNECT_SECONDS = 3.0  # to one of a few addresses, to find out that there is no network
STALL_SECONDS = 10.0  # without a byte, in the middle of a download


class CorpusUnavailable(UserError):
    """A corpus could not be downloaded; the only failure for which `resolve` falls back to another one."""


def resolve(name: str, path: str | os.PathLike[str] | None = None, allow_fallback: bool = False) -> Corpus:
    """Decides which text is meant, finds or downloads it, and reads it once to check it.

    `name` is one of `NAMES`; of "file", `path` is the path. With `allow_fallback`, "pydoc" stands in for a
    "shakespeare" that cannot be downloaded, and the corpus's `fallback_reason` says why: warn of it.
    Raises UserError for an unknown name and for a text that is missing, empty, damaged or not UTF-8.
    """
    if name == "file":
        if path is None:
            raise UserError("the corpus 'file' needs the path of a text: give data.path=...")
        path = expanded(path).absolute()
        return read_corpus(printable(path.name), path)
    if name == "pydoc":
        return _pydoc()
    if name == "stdlib":
        return _stdlib()
    if name == "catalogues":
        return _downloaded(name, CATALOGUES_SHA256, _fetch_catalogues)
    if name != "shakespeare":
        raise UserError(f"there is no corpus {name!r}: use one of {', '.join(NAMES)}")
    fetch = partial(_download, name, SHAKESPEARE_URL, SHAKESPEARE_SHA256)
    try:
        return _downloaded(name, SHAKESPEARE_SHA256, fetch)
    except CorpusUnavailable as error:
        if not allow_fallback:
            raise
        return replace(_pydoc(), fallback_reason=str(error))


# --- of Python itself: the text differs between its versions ---


def _pydoc() -> Corpus:
    """The language reference that CPython carries."""
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise UserError("this Python carries no pydoc_data: use data=file data.path=...") from error
    return _joined("pydoc", (topics[key] for key in sorted(topics)))


def _stdlib() -> Corpus:
    """The modules of nine packages of the standard library, about 1.9 MB of code and what is said of it.

    They stand in the order of the SHA-256 of their paths: by name, the last tenth would be urllib alone.
    """
    library = Path(sysconfig.get_path("stdlib"))
    modules = {
        path.relative_to(library).as_posix(): path
        for name in STDLIB
        for path in (library / name).rglob("*.py")
    }
    if not modules:
        raise UserError(f"this Python has no library in {library}: use data=file data.path=...")
    order = sorted(modules, key=lambda name: hashlib.sha256(name.encode()).digest())
    return _joined("stdlib", (modules[name].read_text("utf-8") for name in order))


def _joined(name: str, texts: Iterable[str]) -> Corpus:
    """The texts in a file of the cache, an empty line between them."""
    data = "\n\n".join(text.strip() for text in texts).encode() + b"\n"
    sha256 = hashlib.sha256(data).hexdigest()
    path = cache_folder() / f"{name}-{sha256[:16]}.txt"
    _make(path, lambda temporary: temporary.write_bytes(data))
    return read_corpus(name, path, sha256)


def _make(path: Path, write: Callable[[Path], object]) -> None:
    """Has `path` written, unless it is there. UserError: it cannot be."""
    if not os.path.exists(path):  # noqa: PTH110  (pathlib's raises where the lock says why)
        with lock_for(path):
            if not path.exists():
                with replacing(path) as temporary:
                    write(temporary)


# --- downloads ---


def _downloaded(name: str, sha256: str, fetch: Callable[[Path], object]) -> Corpus:
    """A text that is the same everywhere: from $NUMPYGPT_DATA, the cache, or the network."""
    if folder := os.environ.get("NUMPYGPT_DATA"):
        own = expanded(folder).absolute() / f"{name}.txt"
        advice = "let NUMPYGPT_DATA name a folder that can be, or unset it"
        with reading(own, advice), suppress(FileNotFoundError):
            own.lstat()  # whatever is there is meant, be it a link to nowhere
            return read_corpus(name, own, sha256)
    path = cache_folder() / f"{name}.txt"
    _make(path, fetch)
    return read_corpus(name, path, sha256)


def _fetch_catalogues(path: Path) -> None:
    with TemporaryDirectory() as folder:
        wheel = Path(folder) / "django.whl"
        _download("catalogues", WHEEL_URL, WHEEL_SHA256, wheel)
        path.write_bytes(catalogues.translations(wheel).encode())


def _download(name: str, url: str, sha256: str, path: Path) -> None:
    """Fetches `url` to `path`. CorpusUnavailable: that failed, and left nothing."""
    import pooch  # 0.2 seconds, seldom needed

    advice = f"connect to the network, set NUMPYGPT_DATA to a folder with {name}.txt, or use data=pydoc"
    fetch = pooch.HTTPDownloader(timeout=(CONNECT_SECONDS, STALL_SECONDS))
    try:
        pooch.retrieve(url, f"sha256:{sha256}", path.name, path.parent, downloader=fetch)
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong checksum is a ValueError
        reason = "wrong sha256" if isinstance(error, ValueError) else type(error).__name__
        raise CorpusUnavailable(f"{name} cannot be downloaded from {url} ({reason}): {advice}") from error
