"""The corpus `catalogues`: the messages of one program in ninety languages, out of Django's wheel.

Of the catalogues of django.conf, django.contrib.admin and django.contrib.auth it takes what was translated and
nothing of the English originals, which stand in every catalogue alike. Left out, too, is what else would only be
copied: a region's variant of a language (es_MX beside es), a message that a language has already, and of several
plural forms all but the last.
"""

import hashlib
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

CATALOGUE = r"django/(?:conf|contrib/admin|contrib/auth)/locale/(\w+)(?<!_[A-Z]{2})/LC_MESSAGES/django\.mo"
ROUNDS = 10


def translations(wheel: Path) -> str:
    """A line per translation (or more, where it has more), in ten rounds of all languages.

    A message's round is the same in all languages and depends on its original's SHA-256 alone. So the last tenth of
    the text, which is for validation, holds every language and no message of which a sister language told before.
    """
    found = []
    with ZipFile(wheel) as archive:
        for name in archive.namelist():
            if match := re.fullmatch(CATALOGUE, name):
                found += [
                    (hashlib.sha256(original.encode()).digest(), match[1], translation)
                    for original, translation in _messages(archive.read(name))
                ]
    digests = sorted({digest for digest, _, _ in found})
    rounds = {digest: number * ROUNDS // len(digests) for number, digest in enumerate(digests)}
    rows = sorted((rounds[digest], language, digest, translation) for digest, language, translation in found)
    once = dict.fromkeys((language, translation) for _, language, _, translation in rows)
    return "".join(f"{translation}\n" for _, translation in once)


def _messages(catalogue: bytes) -> Iterator[tuple[str, str]]:
    """Originals and their translations, if they have one that is not the original.

    After "The Format of GNU MO Files" in the manual of GNU gettext: two tables of lengths and offsets. An original
    may have a context before it and a plural after it.
    """
    n_messages, *tables = struct.unpack_from("<3I", catalogue, 8)
    for entry in range(0, 8 * n_messages, 8):
        places = (struct.unpack_from("<2I", catalogue, table + entry) for table in tables)
        original, translation = (catalogue[start : start + length].decode() for length, start in places)
        originals = original.split("\4")[-1].split("\0")
        translation = translation.split("\0")[-1].strip()
        if originals[0] and translation and translation not in originals:  # the original "" is the header's
            yield originals[0], translation
