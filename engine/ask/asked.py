"""A question -> what must stand in an answer: telling words by rarity, numbers, who is asked about.

"What did Ada promise about the delivery?" asks for "promise" and "delivery", said by Ada.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Final

import regex  # type: ignore[import-untyped]

from engine.ask import support
from engine.ask.query import Query, Term, parse
from engine.ask.tokens import fold, tokens
from engine.extract.common import words
from engine.extract.lexicon import stop_words

STOP_WEIGHT: Final = 0.15  # of a word that says little, beside one of the same rarity
_LABEL: Final = 2  # words that the shortest unusual name of a speaker has ("SPEAKER_01")

#: Words that ask, and what stands around them: they are in no answer. Of the languages in which the
#: embedded model writes.
_ASKING: Final = words(
    """
    what which who whom whose when where why how does did do is are was were has have had can
    could will would should say says said saying tell tells told mention mentions mentioned talk
    talks talked talking speak speaks spoke discuss discussed explain explained describe
    described call called according about there many much long kind sort people speaker speakers
    podcast episode recording transcript interview meeting hearing show conversation host guest
    s t was wer wen wem wessen wann wo warum wieso weshalb wie welche welcher welches welchen
    sagt sagte gesagt erzahlt erwahnt spricht viel viele lange heisst ist sind war hat haben que
    qui quoi quel quelle quels quelles quand ou pourquoi comment combien dit parle est sont
    quien quienes cuando donde cual cuales cuanto cuantos cuanta cuantas como dice dijo habla es
    son chi cosa quando dove perche quale quali quanto quanti quante dice detto parla sono quem
    onde qual quais quanto disse fala wat wie waar waarom welke hoeveel hoe zegt zei gezegd co
    kto kiedy gdzie dlaczego jak ile ktory ktora mowi powiedzial quan on quin quina
    """
)
#: Beginnings of questions that ask for a number.
_COUNTING: Final = (
    ("how", "many"), ("how", "much"), ("wie", "viel"), ("wie", "viele"), ("wieviel",),
    ("combien",), ("cuanto",), ("cuanta",), ("cuantos",), ("cuantas",), ("quanto",), ("quanta",),
    ("quanti",), ("quante",), ("quantos",), ("quantas",), ("hoeveel",), ("ile",), ("quant",),
)  # fmt: skip
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+(?:['’\-][\p{L}\p{M}\p{N}]+)*")


@dataclass(frozen=True, slots=True)
class AskedTerm:
    """One word or phrase that an answer should have."""

    term: Term
    weight: float  # by how rare the word is: 1 for one that stands nowhere
    is_firm: bool  # a number or a name: an answer without it is about something else


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for."""

    text: str
    terms: tuple[AskedTerm, ...]
    numbers: tuple[tuple[str, float], ...]  # as they are written, with their values
    speaker: str | None  # who is asked about, as the transcripts name them
    counts: bool = False  # "how many": an answer has a number
    negated: tuple[str, ...] = ()  # the word that the question negates, and so an answer does

    @property
    def query(self) -> Query:
        """Return what is searched for."""
        return Query(tuple(asked.term for asked in self.terms))


def ask(
    text: str,
    *,
    frequency: Callable[[str], int],
    passages: int,
    languages: Iterable[str] = (),
    speakers: Iterable[str] = (),
) -> Asked:
    """Return what a question asks for.

    Args:
        text: The question.
        frequency: In how many passages a token stands.
        passages: How many there are.
        languages: Of the transcripts; the question is taken for one in one of them.
        speakers: Names and labels of all speakers.
    """
    speaker = speaker_in(text, speakers)
    named = set(tokens(speaker)) if speaker else set()
    stops = stops_for(text, languages)
    firm = {token for name in support.names_in(text) for token in tokens(name)}
    numbers = support.numbers_in(text)
    counted = {token for written, _ in numbers for token in tokens(written)}
    found: list[AskedTerm] = []
    for term in parse(text).terms:
        first = term.tokens[0]
        if len(term.tokens) <= 2 and support.is_negation("'".join(term.tokens)):
            continue
        if len(term.tokens) == 1 and (first in _ASKING or first in named):
            continue
        if set(term.tokens) <= named:
            continue
        rarity = min(_rarity(frequency(token), passages) for token in term.tokens)
        is_number = bool(set(term.tokens) & counted)
        is_firm = is_number or first in firm
        says_little = len(term.tokens) == 1 and first in stops and not is_firm
        found.append(AskedTerm(term, rarity * (STOP_WEIGHT if says_little else 1.0), is_firm))
    said = tokens(text)
    counts = any(said[: len(start)] == list(start) for start in _COUNTING)
    negated = _negated(text, {asked.term.tokens[0] for asked in found})
    return Asked(text, tuple(found), tuple(numbers), speaker, counts, negated)


def _negated(text: str, telling: Collection[str]) -> tuple[str, ...]:
    """Return the telling word that a question negates: the next one, else the one before."""
    before = after = ""
    seen = False
    for word in _WORD.findall(text):
        seen = seen or support.is_negation(word)
        for token in tokens(word):
            if token in telling and not support.is_negation(word):
                if seen:
                    after = after or token
                else:
                    before = token
    return ((after or before),) if seen and (after or before) else ()


def stops_for(text: str, languages: Iterable[str]) -> frozenset[str]:
    """Return the words that say little, of the language of which a text has most of them."""
    said = tokens(text)
    best: frozenset[str] = frozenset()
    most = -1
    for language in dict.fromkeys((*languages, "en")):
        listed = folded_stops(language)
        count = sum(token in listed for token in said)
        if count > most:
            most, best = count, listed
    return best


def folded_stops(language: str) -> frozenset[str]:
    """Return the words of a language that say little, as they are compared."""
    return frozenset(map(fold, stop_words(language)))


def speaker_in(text: str, speakers: Iterable[str]) -> str | None:
    """Return the speaker whom a text names, by the whole name or an unusual part of it."""
    said = tokens(text)
    known = dict.fromkeys(speakers)
    parts: dict[str, set[str]] = {}
    for name in known:
        for token in tokens(name):
            parts.setdefault(token, set()).add(name)
    raised = {token for name in support.names_in(text) for token in tokens(name)}
    best: tuple[int, str] | None = None
    for name in known:
        wanted = tokens(name)
        whole = any(said[at : at + len(wanted)] == wanted for at in range(len(said)))
        part = len(wanted) >= _LABEL and any(
            token in raised and len(parts[token]) == 1 and token.isalpha() for token in wanted
        )
        size = len(wanted) if whole else 1 if part else 0
        if wanted and size and (whole or part) and (best is None or size > best[0]):
            best = size, name
    return best[1] if best else None


def covers(terms: Iterable[AskedTerm], heard: Collection[str]) -> list[float]:
    """Return how well some tokens have each term: 1 as it was asked, less in another form."""
    return [_covered(asked.term, heard) for asked in terms]


def _covered(term: Term, heard: Collection[str]) -> float:
    if all(token in heard for token in term.tokens):
        return 1.0
    if len(term.tokens) == 1 and any(support.same_word(term.tokens[0], one) for one in heard):
        return 0.9
    return 0.0


def _rarity(frequency: int, passages: int) -> float:
    """Return between 0 and 1 how rare a word is that stands in so many of all passages."""
    total = max(passages, 1)
    most = math.log(1 + (total + 0.5) / 0.5)
    return max(0.02, math.log(1 + max(total - frequency + 0.5, 0.0) / (frequency + 0.5)) / most)
