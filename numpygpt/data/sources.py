"""Where corpora come from: a file of the user's, tiny Shakespeare, the language reference of CPython."""

import hashlib
import os
from pathlib import Path

from numpygpt.data.cache import cache_folder, lock_for
from numpygpt.data.corpus import Corpus, read_corpus
from numpygpt.errors import UserError
from numpygpt.files import expanded, replacing
from numpygpt.printing import printable

NAMES = ("shakespeare", "pydoc", "file")
SHAKESPEARE_URL = "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt"
SHAKESPEARE_SHA256 = "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed"
CONNECT_SECONDS = 3.0  # to one of a few addresses, to find out that there is no network
STALL_SECONDS = 10.0  # without a byte, in the middle of a download


class CorpusUnavailable(UserError):
    """A corpus could not be downloaded; the only failure for which `resolve` falls back to another one."""


def resolve(name: str, path: str | os.PathLike[str] | None = None, allow_fallback: bool = False) -> Corpus:
    """Decides which text is meant, finds or downloads it, and reads it once to check it.

    `name` is "shakespeare", "pydoc" or "file" (then `path` is its path). With `allow_fallback`, "pydoc" stands
    in for a "shakespeare" that cannot be downloaded, and the corpus's `fallback_reason` says why: warn of it.
    Raises UserError for an unknown name and for a text that is missing, empty, damaged or not UTF-8.
    """
    if name == "file":
        if path is None:
            raise UserError("the corpus 'file' needs the path of a text: give data.path=...")
        path = expanded(path).absolute()
        return read_corpus(printable(path.name), path)
    if name == "pydoc":
        return _pydoc()
    if name != "shakespeare":
        raise UserError(f"there is no corpus {name!r}: use one of {', '.join(NAMES)}")
    try:
        return _shakespeare()
    except CorpusUnavailable as error:
        if not allow_fallback:
            raise
        return _pydoc(fallback_reason=str(error))


# --- pydoc ---


def _pydoc(fallback_reason: str | None = None) -> Corpus:
    """The language reference that CPython carries; the text differs between Python versions."""
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise UserError("this Python carries no pydoc_data: use data=file data.path=...") from error
    data = "\n\n".join(topics[key].strip() for key in sorted(topics)).encode("utf-8") + b"\n"
    sha256 = hashlib.sha256(data).hexdigest()
    path = cache_folder() / f"pydoc-{sha256[:16]}.txt"
    if not os.path.exists(path):  # noqa: PTH110  (pathlib's raises where the lock says why)
        with lock_for(path), replacing(path) as temporary:
            temporary.write_bytes(data)
    return read_corpus("pydoc", path, sha256, fallback_reason)


# --- shakespeare ---


def _shakespeare() -> Corpus:
    """The 1,115,394 bytes of tiny Shakespeare: from $NUMPYGPT_DATA, the cache, or the network."""
    folder = os.environ.get("NUMPYGPT_DATA")
    if folder and _is_there(own := expanded(folder).absolute() / "shakespeare.txt"):
        return read_corpus("shakespeare", own, SHAKESPEARE_SHA256)
    path = cache_folder() / "shakespeare.txt"
    if not os.path.exists(path):  # noqa: PTH110  (pathlib's raises where the lock says why)
        with lock_for(path):
            _download(SHAKESPEARE_URL, SHAKESPEARE_SHA256, path)
    return read_corpus("shakespeare", path, SHAKESPEARE_SHA256)


def _is_there(path: Path) -> bool:
    """Whether there is anything, be it a link to nowhere. UserError: it cannot be told."""
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        advice = "let NUMPYGPT_DATA name a folder that can be, or unset it"
        raise UserError(f"{path} cannot be read ({error.strerror}): {advice}") from error
    return True


def _download(url: str, sha256: str, path: Path) -> None:
    """Fetches `url` to `path`, unless it is there by now. CorpusUnavailable: that failed, and left nothing."""
    import pooch  # 0.2 seconds, seldom needed

    advice = "connect to the network, or set NUMPYGPT_DATA to a folder that holds it, or use data=pydoc"
    fetch = pooch.HTTPDownloader(timeout=(CONNECT_SECONDS, STALL_SECONDS))
    try:
        pooch.retrieve(url, f"sha256:{sha256}", path.name, path.parent, downloader=fetch)
    except (OSError, ValueError) as error:  # requests' errors are OSErrors, a wrong checksum is a ValueError
        reason = "wrong sha256" if isinstance(error, ValueError) else type(error).__name__
        raise CorpusUnavailable(
            f"{path.name} cannot be downloaded from {url} ({reason}): {advice}"
        ) from error
