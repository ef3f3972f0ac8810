"""The common words of every language: what was heard as one of them is not taken for a term.

A tagger says nothing of how likely a word is, so a list does: a term that the user expects takes
the place of what sounds like it only where that is no common word. Names are not in the list (but
in German, where all nouns are raised): whoever expects Sarah may have been heard as Sara.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import ModelRefused
from engine.models.common_words import FILE as FILE
from engine.models.common_words import checksum
from engine.records import Part, Word
from engine.text.readings import take_apart


class KnownWords:
    """The words of a model's folder by language, as sorted checksums; read when first asked."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lists: dict[str, Any] | None = None

    def offered(self, part: Part) -> Part:
        """Return the part with its terms offered to uncommon words alone.

        In a language without a list they are offered to none. Raises `ModelRefused`.
        """
        if not any(word.offered for word in part.words):
            return part
        language = part.language or ""
        words = tuple(
            replace(word, offered=()) if word.offered and self._common(word, language) else word
            for word in part.words
        )
        return replace(part, words=words)

    def _common(self, word: Word, language: str) -> bool:
        known = self._of(language)
        if known is None:
            return True
        core = take_apart(word.text).core.replace("’", "'")
        stem = core.rsplit("'", 1)[0]
        return any(_found(known, checksum(text)) for text in (core, stem))

    def _of(self, language: str) -> Any:
        if self._lists is None:
            self._lists = _read(self._path)
        return self._lists.get(language)


def write(path: Path, words: dict[str, Iterable[str]]) -> None:
    """Write the words of every language."""
    import numpy as np

    lists = {
        language: np.array(sorted({checksum(word) for word in own}), np.uint32)
        for language, own in words.items()
    }
    np.savez_compressed(path, **lists)  # type: ignore[arg-type]


def _found(known: Any, number: int) -> bool:
    place = int(known.searchsorted(number))
    return place < len(known) and int(known[place]) == number


def _read(path: Path) -> dict[str, Any]:
    import numpy as np

    if not path.is_file():
        return {}
    try:
        with np.load(path, allow_pickle=False) as lists:
            return {language: lists[language] for language in lists.files}
    except (OSError, ValueError) as error:
        raise ModelRefused(f"{path} cannot be read: {error}") from None
