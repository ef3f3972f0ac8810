"""Text -> tokens, clauses and sentences, as the checks compare them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import regex  # type: ignore[import-untyped]

from engine.claims.knowledge import Knowledge
from engine.text import marks
from engine.text.letters import LETTER, composed, folded

#: Between groups of three digits beside the point and the comma: 15'000, 15 000.
GROUP_SIGN = "['’\u00a0\u202f]"
_TOKEN = regex.compile(
    rf"\d+(?:[.,:]\d+|{GROUP_SIGN}\d{{3}}(?!\d))*(?:{LETTER}*)|{LETTER}+(?:['’]{LETTER}+)*|[%€$£¥]",
    regex.V1,
)
_ELIDING = frozenset(("fr", "it"))
_TAILS = ("'s", "'re", "'ve", "'ll", "'d", "'m")
_SYMBOLS = {"%": "percent", "€": "euro", "$": "dollar", "£": "pound", "¥": "yen"}
#: One word for a unit that is said or written in several ways.
_UNITS = {
    "percent": "percent", "percentage": "percent", "prozent": "percent", "procent": "percent",
    "pourcent": "percent", "dollars": "dollar", "dollar": "dollar", "dólares": "dollar",
    "euros": "euro", "euro": "euro", "pounds": "pound", "yen": "yen",
}  # fmt: skip
_IRREGULAR = {"can't": "can", "won't": "will", "shan't": "shall"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a sign of a unit."""

    text: str  # as it is written
    key: str  # folded, without a possessive
    clause: int  # counted from the beginning of the text
    sentence: int  # the same
    first: bool  # of its sentence
    parted: bool  # a mark stands between it and the word before
    denies: bool = False  # it holds a negation of its own: don't

    @property
    def capital(self) -> bool:
        """Return whether it is written as a name is."""
        return self.text[:1].isupper()

    @property
    def is_figure(self) -> bool:
        """Return whether it begins with a digit."""
        return self.text[:1].isdigit()


@dataclass(frozen=True, slots=True)
class Text:
    """A text as tokens, with what ended each sentence."""

    tokens: tuple[Token, ...]
    questions: frozenset[int]  # sentences that end with a question mark

    def clause(self, number: int) -> list[Token]:
        """Return the tokens of a clause."""
        return [token for token in self.tokens if token.clause == number]


def read(text: str, known: Knowledge) -> Text:
    """Return a text as tokens."""
    text = composed(text)
    found: list[Token] = []
    questions: set[int] = set()
    clause = sentence = 0
    first = True
    last_end = 0
    parted = False
    for match in _TOKEN.finditer(text):
        between = text[last_end : match.start()]
        if found:
            written = text[_word_start(text, last_end) : last_end] + between
            if any(mark in between for mark in marks.QUESTION_MARKS):
                questions.add(sentence)
            if _ends(written, between, text[match.start() : match.end()], known.code):
                sentence, clause, first = sentence + 1, clause + 1, True
            elif any(mark in between for mark in (*marks.CLAUSE_MARKS, ";", "(", ")", "\n")):
                clause += 1
            parted = any(mark in between for mark in (*marks.MARKS, ";", "(", ")", "\n"))
        last_end = match.end()
        for part in _parts(match.group(), known):
            key = _key(part)
            if key in _JOINS.get(known.code, ()) and not first:
                clause += 1
            denies = key.endswith("n't")
            key = _IRREGULAR.get(key, key.removesuffix("n't"))
            found.append(Token(part, _UNITS.get(key, key), clause, sentence, first, parted, denies))
            first = parted = False
    if any(mark in text[last_end:] for mark in marks.QUESTION_MARKS):
        questions.add(sentence)
    return Text(tuple(found), frozenset(questions))


def is_run(words: Sequence[str], inside: Sequence[str]) -> bool:
    """Return whether words stand in a row, in order, inside others."""
    size = len(words)
    return any(list(inside[n : n + size]) == list(words) for n in range(len(inside) - size + 1))


# Words that begin a clause: what is denied before them is not denied after them.
_JOINS = {
    "en": ("but", "while", "whereas", "although", "because", "and", "than"),
    "de": ("aber", "sondern", "während", "obwohl", "weil", "und"),
    "fr": ("mais", "tandis", "parce", "et"),
    "es": ("pero", "sino", "aunque", "porque", "y"),
    "it": ("ma", "mentre", "perché", "e"),
    "pt": ("mas", "embora", "porque", "e"),
    "nl": ("maar", "terwijl", "hoewel", "omdat", "en"),
}


def _parts(text: str, known: Knowledge) -> list[str]:
    if known.code in _ELIDING and not text[:1].isdigit():
        return [part for part in regex.split("['’]", text) if part]
    return [text]


def _key(text: str) -> str:
    key = folded(text).replace("’", "'")
    for tail in _TAILS:
        key = key.removesuffix(tail)
    return _SYMBOLS.get(key, key)


def _word_start(text: str, end: int) -> int:
    return text.rfind(" ", 0, end) + 1


def _ends(written: str, between: str, following: str, language: str) -> bool:
    if "\n\n" in between:
        return True
    word = written.rstrip()
    return marks.has_end(word) and marks.ends_sentence(word, following, language)
