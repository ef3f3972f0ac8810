"""Whether a word is a common one of a language: by the list of the embedded model, or stop words.

Read without numpy, because what reads a file before any model has none. A list has 15,000 words of
a language or more, and no names (but in German, where all nouns are raised). Other languages have
the few hundred words of stopwordsiso.
"""

from __future__ import annotations

import array
import ast
import sys
import zipfile
import zlib
from bisect import bisect_left
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

FILE: Final = "words.npz"
_COMMAS: Final = str.maketrans("şţŞŢ", "șțȘȚ")
_MAGIC: Final = b"\x93NUMPY\x01\x00"


def checksum(word: str) -> int:
    """Return the 32 bits by which a list knows a word, whatever its case."""
    return zlib.crc32(word.casefold().encode())


def is_common(language: str, word: str) -> bool | None:
    """Return whether a word is a common one; None in a language without a list."""
    known = _of(language)
    if known is None:
        return None
    number = checksum(_spelled(language, word))
    place = bisect_left(known, number)
    return place < len(known) and known[place] == number


def has_list(language: str) -> bool:
    """Return whether the common words of a language are known."""
    return _of(language) is not None


@lru_cache(maxsize=4)
def _of(language: str) -> Sequence[int] | None:
    path = Path(__file__).with_name("punct") / FILE
    try:
        with zipfile.ZipFile(path) as lists:
            if f"{language}.npy" in lists.namelist():
                return _numbers(lists.read(f"{language}.npy"))
    except (OSError, ValueError, zipfile.BadZipFile):
        pass
    return _stop_words(language)


def _stop_words(language: str) -> Sequence[int] | None:
    import stopwordsiso  # a large file that most transcripts do not need

    if not stopwordsiso.has_lang(language):
        return None
    return sorted({checksum(_spelled(language, w)) for w in stopwordsiso.stopwords(language)})


def _spelled(language: str, word: str) -> str:
    """Return a word as the lists have it: code pages write Romanian with cedillas."""
    return word.translate(_COMMAS) if language == "ro" else word


def _numbers(data: bytes) -> Sequence[int]:
    """Return the numbers of an array that numpy wrote: 32 bits each, in order."""
    if not data.startswith(_MAGIC):
        raise ValueError("no array")
    start = 10 + int.from_bytes(data[8:10], "little")
    if ast.literal_eval(data[10:start].decode("latin-1"))["descr"] != "<u4":
        raise ValueError("an array of another kind")
    numbers = array.array("I", data[start:])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers
