"""Does a sentence stand in what it cites? It is held against it as all that a model writes is.

The checks are those of `engine/claims`; here they are told what a passage knows: its language is
seen in its words. Beside them are the comparisons of questions with passages, which know no
language: words in other forms, numbers, names, what is negated.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import regex  # type: ignore[import-untyped]

from engine.ask.tokens import fold, tokens
from engine.claims import tokens as reading
from engine.claims.checks import Checker
from engine.claims.inflection import forms_of
from engine.claims.knowledge import Knowledge, knowledge, languages, months, negations
from engine.claims.numbers import numbers
from engine.claims.records import Paragraph
from engine.extract.common import words
from engine.text.languages import detect

SHORTEST_STEM: Final = 4  # letters that two forms of a word have in common, at least
_SHORTEST_ROOT: Final = 3  # letters that a word without its ending has, at least
_NEAR: Final = 4  # words on either side of one that a "not" may negate
_ENDING: Final = 3  # letters in which two forms of a word may differ at their ends

_DECIMAL = regex.compile(r"\d+(?:\.\d+)?")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’\-][\p{L}\p{M}\p{N}]+)*")

#: Of the languages whose sentences can be checked, and Polish and Catalan.
_NEGATIONS: Final = frozenset(
    map(fold, negations() | words("nie nigdy nikt nic bez cap mai ningu res sense"))
)
_MONTHS: Final = frozenset(map(fold, months()))  # German "Mai" negates nothing, Italian "mai" does


@dataclass(frozen=True, slots=True)
class Support:
    """What of a sentence does not stand in what it cites; empty where all of it does."""

    numbers: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    negation: bool = False  # one has a negation and the other has none
    faults: tuple[str, ...] = ()  # kinds of what else is wrong: said by another, in doubt, asked

    @property
    def complete(self) -> bool:
        """Return whether everything stands in what is cited."""
        return not (self.words or self.refused)

    @property
    def refused(self) -> bool:
        """Return whether more is wrong than single words that are not there."""
        return bool(self.numbers or self.names or self.negation or self.faults)

    @property
    def missing(self) -> tuple[str, ...]:
        """Return what is missing, each once."""
        negation = ("not",) if self.negation else ()
        return tuple(dict.fromkeys((*self.numbers, *self.names, *self.words, *negation)))


def check(
    sentence: str,
    cited: Sequence[str],
    *,
    stops: Collection[str] = (),
    speakers: Iterable[str] = (),
    also: Collection[str] = (),
) -> Support:
    """Return what of a sentence does not stand in the texts that it cites.

    Args:
        sentence: What is claimed.
        cited: The texts that it refers to.
        stops: Words that say nothing, folded; they need not be there.
        speakers: Who speaks in these texts: their names may be used. One speaks in all of them.
        also: Tokens that need not be there either.
    """
    known = _language_of(cited)
    if known is None:
        return Support(faults=("language",))
    names = list(speakers)
    free = {*stops, *also, *(token for name in names[1:] for token in tokens(name))}
    speaker = names[0] if names else None
    paragraphs = [Paragraph(n, text, speaker, None) for n, text in enumerate(cited)]
    spare = {
        token.key for token in reading.read(sentence, known).tokens if free.issuperset(_of(token))
    }
    checker = Checker(paragraphs, known, also=spare)
    lists: dict[str, list[str]] = {"number": [], "name": [], "date": [], "word": []}
    faults: list[str] = []
    for problem in checker.problems(sentence, range(len(cited))):
        if problem.kind in lists and problem.word:
            lists[problem.kind].append(problem.word)
        else:
            faults.append(problem.kind)
    raised = {fold(name) for name in names_in(sentence)}
    strangers = [word for word in lists["word"] if fold(word) in raised]
    return Support(
        tuple(dict.fromkeys(lists["number"])),
        tuple(dict.fromkeys((*lists["name"], *lists["date"], *strangers))),
        tuple(dict.fromkeys(word for word in lists["word"] if word not in strangers)),
        negation="denial" in faults,
        faults=tuple(dict.fromkeys(fault for fault in faults if fault != "denial")),
    )


def _of(token: reading.Token) -> list[str]:
    return tokens(token.key) or [token.key]


def _language_of(texts: Sequence[str]) -> Knowledge | None:
    """Return what is known of the language of some texts, None where none is known to be it.

    Of a few words the language is the one of which they have most function words.
    """
    joined = " ".join(texts)
    if (shown := detect(joined)) is not None:
        return knowledge(shown)
    said = tokens(joined)
    best: Knowledge | None = None
    most = 0
    for code in ("en", *sorted(languages() - {"en"})):
        known = knowledge(code)
        assert known is not None
        own = {fold(word) for word in known.function}
        count = sum(token in own for token in said)
        if count > most:
            best, most = known, count
    return best


class Heard:
    """The words and numbers of some texts, to be asked whether something is among them."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.tokens: frozenset[str] = frozenset(token for text in texts for token in tokens(text))
        self.numbers: frozenset[float] = frozenset(
            value for text in texts for _, value in numbers_in(text)
        )

    def has(self, token: str) -> bool:
        """Return whether a token is there, in some form."""
        return token in self.tokens or any(same_word(token, other) for other in self.tokens)


@lru_cache(maxsize=1 << 16)
def same_word(one: str, other: str) -> bool:
    """Return whether two tokens are forms of one word, as far as their beginnings tell."""
    if one == other:
        return True
    if one in forms_of(other):
        return True
    if not (one.isalpha() and other.isalpha()):
        return False
    if len(root := _root(one)) >= _SHORTEST_ROOT and root == _root(other):
        return True
    shared = 0
    for ours, theirs in zip(one, other, strict=False):
        if ours != theirs:
            break
        shared += 1
    short = min(len(one), len(other))
    if shared < SHORTEST_STEM or max(len(one), len(other)) - shared > _ENDING:
        return False
    return shared >= short - 1


def _root(word: str) -> str:
    """Return a word without an English ending: "hides" and "hiding" as "hid"."""
    for ending in ("ings", "ing", "ies", "ied", "ers", "es", "ed", "er", "s", "e", "y"):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_ROOT:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > _SHORTEST_ROOT and word[-1] == word[-2] else word


def numbers_in(text: str) -> list[tuple[str, float]]:
    """Return the numbers of a text as they are written, with their values, in order.

    Written-out English numbers count: "fifteen thousand" is 15,000, and "nineteen eighty six" is
    also the year. Those that count in order ("second") or name a share ("half") do not, nor "one".
    """
    known = _anywhere()
    found: list[tuple[str, float]] = []
    for number in numbers(reading.read(text, known).tokens, known):
        if (number.ordinal and number.text.isalpha()) or number.text.casefold() == "one":
            continue
        values = {float(value) for value in number.values if _DECIMAL.fullmatch(value)}
        found += [(number.text, value) for value in sorted(values)]
    return found


@lru_cache(maxsize=1)
def _anywhere() -> Knowledge:
    """Return what is known of a text whose language is not: English number words, and figures."""
    english = knowledge("en")
    assert english is not None
    return replace(english, code="")


def negated_here(text: str, words: Collection[str]) -> bool:
    """Return whether a text negates one of some tokens: a "not" stands near it."""
    pieces = _WORD.findall(text)
    nots = [at for at, piece in enumerate(pieces) if is_negation(piece)]
    for at, piece in enumerate(pieces):
        if any(same_word(token, word) for token in tokens(piece) for word in words) and any(
            abs(at - place) <= _NEAR for place in nots
        ):
            return True
    return False


def is_negation(word: str) -> bool:
    """Return whether a word negates: "not", "never", "don't"."""
    folded = fold(word.replace("’", "'"))
    if folded in _MONTHS and word[:1].isupper():
        return False
    return folded in _NEGATIONS or folded.endswith("n't")


def names_in(text: str) -> list[str]:
    """Return the words of a text that look like names: raised, and not because a sentence begins.

    In a language that raises all nouns these are nouns too.
    """
    return [word for word, is_name in _words_in(text) if is_name]


def _words_in(text: str) -> Iterator[tuple[str, bool]]:
    begins = True
    last = 0
    for match in _WORD.finditer(text):
        gap = text[last : match.start()]
        begins = begins or any(mark in gap for mark in ".?!:\n。？！")
        word = match[0]
        letter = word[:1]
        acronym = len(word) > 1 and word.isupper()
        yield (
            word,
            acronym or (letter.isupper() and not begins and word not in {"I", "I'm", "I'll"}),
        )
        begins = False
        last = match.end()
