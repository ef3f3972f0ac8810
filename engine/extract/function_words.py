"""The commonest words that the general stop lists lack, and lists for languages that have none.

Every language that the detector knows was looked at: the 150 most frequent words of its everyday
text were compared with the list of stopwordsiso, and what a speaker needs to make any sentence at
all is listed in `function_words.toml`. Without it a talk is titled "and, not". Words with a meaning
of their own (people, house, year) are left out, however frequent: a talk may be about them.
"""

from __future__ import annotations

import tomllib
import unicodedata
from pathlib import Path


def without_accents(word: str) -> str:
    """Return a Greek word without accents."""
    parts = unicodedata.normalize("NFD", word)
    return "".join(char for char in parts if not unicodedata.combining(char))


# A close relative's words are better than none.
RELATIVES = {
    "bs": "hr",
    "sr": "hr",
    "nn": "no",
    "fo": "is",
    "ba": "tt",
    "su": "id",
    "jv": "id",
    "fy": "nl",
    "oc": "ca",
    "sa": "hi",
}
# Serbian is written in both scripts.
_CYRILLIC = dict(
    zip(
        "abvgdđežzijklmnoprstćufhcčš",
        "абвгдђежзијклмнопрстћуфхцчш",
        strict=True,
    )
)


def _in_cyrillic(word: str) -> str:
    for latin, cyrillic in (("lj", "љ"), ("nj", "њ"), ("dž", "џ")):
        word = word.replace(latin, cyrillic)
    return "".join(_CYRILLIC.get(char, char) for char in word)


def _lists() -> dict[str, frozenset[str]]:
    source = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    lists = {
        language: frozenset(listed.split())
        for table in tomllib.loads(source).values()
        for language, listed in table.items()
    }
    lists["sr"] = lists["hr"] | frozenset(map(_in_cyrillic, lists["hr"]))
    for language, relative in RELATIVES.items():
        if language not in lists:
            lists[language] = lists.get(relative, frozenset())
    return {language: words for language, words in lists.items() if words}


FUNCTION_WORDS = _lists()
