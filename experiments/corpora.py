"""Which files a sweep uses: decided once, by content, before its first run; and which a run was given."""

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from experiments.config import DataConfig, RunConfig, outputs_folder
from experiments.identity import identity, run_name
from numpygpt.data.corpus import Corpus, resolve
from numpygpt.errors import UserError
from numpygpt.files import expanded
from numpygpt.runs import RunFolder


class Corpora:
    """The corpora of a sweep, each found, checked and (if it must be) downloaded once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str | None, bool], Corpus] = {}
        self.fallback_reasons: list[str] = []

    def decide(self, data: DataConfig, may_fall_back: bool) -> DataConfig:
        """`data` with the corpus really used: its kind, absolute path and sha256, and no fallback left.

        Raises UserError if it cannot be had, or is not the one that `data.sha256` asks for.
        """
        corpus = self._resolve(data, may_fall_back and data.fallback is not None)
        if data.sha256 not in (None, corpus.sha256):
            raise UserError(
                f"the corpus {corpus.path} has sha256 {corpus.sha256}, not data.sha256={data.sha256}: "
                f"use the text that was meant, or leave data.sha256 out"
            )
        kind = "pydoc" if corpus.fallback_reason else data.kind
        path = str(corpus.path) if kind == "file" else None
        return replace(data, kind=kind, path=path, sha256=corpus.sha256, fallback=None)

    def _resolve(self, data: DataConfig, allow_fallback: bool) -> Corpus:
        key = (data.kind, data.path, allow_fallback)
        if key not in self._found:
            corpus = resolve(data.kind, data.path, allow_fallback=allow_fallback)
            if corpus.fallback_reason:
                self.fallback_reasons.append(corpus.fallback_reason)
            self._found[key] = corpus
        return self._found[key]


def corpus_of(run: RunFolder) -> Corpus | None:
    """The corpus that a run was given; None if it is not to be had here, or is no longer what it was."""
    recorded = run.run()
    data = recorded["config"]["data"]
    try:
        corpus = resolve(data["kind"], data["path"])
    except UserError:
        return None
    return corpus if corpus.sha256 == recorded["corpus"]["sha256"] else None


PASSAGES = Path(__file__).resolve().parent / "passages"


def text_path(text: str) -> str:
    """The absolute path of one of `eval.texts`: a file, or the name of a passage that the project brings."""
    own = PASSAGES / f"{text}.txt"
    brought = Path(text).name == text and own.is_file()
    return str(own if brought else expanded(text).absolute())


def text_name(path: str) -> str:
    """What tables call it: a passage of the project by its name, another file by its file name."""
    return Path(path).stem if Path(path).parent == PASSAGES else Path(path).name


@functools.cache
def _file_sha256(path: str, size: int, modified_ns: int) -> str:
    """Raises ValueError for what is no UTF-8 text: at the end of a run it would be too late to say so."""
    data = Path(path).read_bytes()
    if not data.decode("utf-8"):
        raise ValueError("it is empty")
    return hashlib.sha256(data).hexdigest()


def texts_sha256(texts: Sequence[str]) -> Mapping[str, str]:
    """sha256 of each of `eval.texts`. Raises UserError for one that is no UTF-8 text, or two of one name."""
    names = [text_name(text) for text in texts]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(f"two of eval.texts are called {twice[0]}, as tables will call them: rename one")
    found = {}
    for text in texts:
        try:
            status = Path(text).stat()
            found[text] = _file_sha256(text, status.st_size, status.st_mtime_ns)
        except OSError as error:
            raise UserError(
                f"eval.texts={text} is not possible: it may be a text file that can be read ({error.strerror})"
            ) from error
        except UnicodeDecodeError as error:
            raise UserError(
                f"eval.texts={text} is not UTF-8 (byte {error.start}): convert it, for example with iconv"
            ) from error
        except ValueError as error:
            raise UserError(f"eval.texts={text} is not possible: {error}") from error
    return found


def folder_of(config: RunConfig) -> RunFolder:
    """The run folder of a configuration whose corpus is decided."""
    normalised = identity(config, texts_sha256(config.eval.texts))
    return RunFolder(outputs_folder(config) / config.study / run_name(config, normalised))
