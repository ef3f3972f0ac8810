"""An independent look at written metadata: do its numbers and names stand in what they cite?

It shares no code with the product's own checks, reads the sidecar as any program would, and knows
less: figures, plain English number words, and words with a capital inside a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen",
    "sixteen seventeen eighteen nineteen twenty",
)
_WORDS = {word: str(value) for value, word in enumerate(" ".join(_SMALL).split())} | {
    "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70", "eighty": "80",
    "ninety": "90", "hundred": "100", "thousand": "1000", "million": "1000000",
}  # fmt: skip
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")


def unsupported(metadata: Mapping[str, Any], paragraphs: Sequence[str]) -> list[str]:
    """Return what generated sentences say and cite nowhere, as "field: word"; [] is right."""
    found = []
    for cited in metadata.get("generation", {}).get("cited", ()):
        if not cited["paragraphs"]:
            found.append(f"{cited['field']}: cites nothing")
        source = " ".join(paragraphs[number] for number in cited["paragraphs"])
        for word in _claims(cited["text"]):
            if not _stands(word, source):
                found.append(f"{cited['field']}: {word}")
    for field in ("title", "description", "summary"):
        if metadata["origin"][field] == "generated":
            found += [
                f"{field}: {word}"
                for word in _claims(metadata[field])
                if not _stands(word, " ".join(paragraphs))
            ]
    for field, key in (("key_points", "text"), ("chapters", "title")):
        if metadata["origin"][field] == "generated":
            for entry in metadata[field]:
                found += [
                    f"{field}: {word}"
                    for word in _claims(entry[key])
                    if not _stands(word, " ".join(paragraphs))
                ]
    return found


def _claims(text: str) -> list[str]:
    """Return the figures, number words and names of a text."""
    found = []
    opens = True
    for match in _TOKEN.finditer(text):
        word = match.group()
        before = text[: match.start()].rstrip()
        opens = not before or before[-1] in ".!?:"
        name = word[0].isupper() and not opens and word not in ("I", "I'm", "I've", "I'd", "I'll")
        if word[0].isdigit() or word.casefold() in _WORDS or name:
            found.append(word)
    return found


def _stands(word: str, source: str) -> bool:
    words = {re.sub(r"['’]s\Z", "", token.casefold()) for token in _TOKEN.findall(source)}
    wanted = re.sub(r"['’]s\Z", "", word.casefold())
    if wanted in words:
        return True
    if word[0].isdigit():
        plain = wanted.replace(",", "")
        spelled = {spelling for spelling, value in _WORDS.items() if value == plain}
        figures = {token.replace(",", "") for token in words}
        if plain in figures or spelled & words:
            return True
        # A figure of several words: each part of it must have been said.
        return _in_words(plain, words)
    return _WORDS.get(wanted) in {token.replace(",", "") for token in words}


def _in_words(plain: str, words: set[str]) -> bool:
    """Return whether the words of a whole number of up to six digits were said."""
    if not plain.isdigit() or len(plain) > 6:
        return False
    parts = []
    value = int(plain)
    if 1100 <= value <= 2099 and value % 100:  # nineteen eighty six
        parts = [value // 100, value % 100]
    elif value > 20:
        parts = [value]
    said = {int(value) for word, value in _WORDS.items() if word in words}
    return bool(parts) and all(_sums(part, said) for part in parts)


def _sums(value: int, said: set[int]) -> bool:
    if value in said or value == 0:
        return True
    for scale in (1_000, 100):
        if value >= scale:
            return scale in said and _sums(value // scale, said) and _sums(value % scale, said)
    return value - value % 10 in said and value % 10 in said
