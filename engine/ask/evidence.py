"""Retrieved passages -> the sentences that answer a question, and whether they do.

Of each passage the sentences are taken that have most of what was asked, weighed by rarity. What
nowhere stands is a signal: below a floor, which was calibrated on questions whose answer is not
there (docs/ask.md), nothing is called an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from engine.ask import support
from engine.ask.asked import Asked, AskedTerm, covers
from engine.ask.passages import Passage, join
from engine.ask.sentences import Sentence, sentences_of
from engine.ask.tokens import tokens
from engine.text.marks import is_question

#: Of the weight of a question, what an answer must have: see docs/ask.md for how this was found.
FLOOR: Final = 0.56
NEAREST_FLOOR: Final = 0.2  # below, not even the nearest words are shown
MOST_QUOTES: Final = 3
_WORDS: Final = 60  # of a quotation that is made longer
_SHORT: Final = 8  # words; a shorter sentence is quoted with its neighbour
_BESIDE: Final = 0.5  # how much the sentences beside one count for it
_COUNTED: Final = 0.1  # what a number counts in a sentence, where a number is asked for
_QUOTE_SHARE: Final = 0.5  # of the signal, what stands in the quotation alone
_GOOD: Final = 0.8  # of the best signal, what a further quotation must have

Status = Literal["answered", "nearest", "not_found"]
Why = Literal["", "other_speaker", "number", "name", "negation", "words"]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A passage that was found for a question."""

    id: int  # of the passage in the library
    file: str  # of the transcript's source
    title: str | None
    passage: Passage
    similarity: float | None = None  # of its meaning to the question's; None: not known
    elsewhere: frozenset[str] = frozenset()  # names of the question in the whole transcript


@dataclass(frozen=True, slots=True)
class Found:
    """What was found for a question."""

    asked: Asked
    passages: tuple[Retrieved, ...]  # the best first
    transcripts: int  # in the library
    searched: int  # passages in the library


@dataclass(frozen=True, slots=True)
class Quoted:
    """Consecutive sentences of one speaker, as they stand in a passage."""

    source: Retrieved
    text: str
    speaker: str | None
    start_s: float | None
    signal: float  # 0 to 1: how much of the question is there


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the passages say to a question."""

    status: Status
    why: Why  # there are only nearest words: what speaks against them
    quotes: tuple[Quoted, ...]  # the best first
    missing: tuple[str, ...]  # what of the question is not where the quotations stand
    signal: float  # of the best passage, 0 to 1


@dataclass(frozen=True, slots=True)
class Weighed:
    """What the passages have of a question, before anything is called an answer."""

    asked: Asked
    own: tuple[Quoted, ...]  # by the speaker who is asked about, or by anybody; the best first
    others: tuple[Quoted, ...]  # by anybody, where a speaker is asked about


def weigh(asked: Asked, found: Sequence[Retrieved], *, floor: float = FLOOR) -> Evidence:
    """Return the sentences that answer, and whether they are called an answer.

    Where the question names a speaker, only their words answer it.
    """
    return judge(measure(asked, found), floor=floor)


def measure(asked: Asked, found: Sequence[Retrieved]) -> Weighed:
    """Return the best sentences of each passage, by how much of the question they have."""
    if not asked.terms:
        return Weighed(asked, (), ())
    own = _ranked(asked, found, speaker=asked.speaker)
    others = _ranked(asked, found, speaker=None) if asked.speaker is not None else []
    return Weighed(asked, tuple(own), tuple(others))


def share_of(asked: Asked, passage: Passage) -> float:
    """Return how much of the weight of a question a passage has, 0 to 1."""
    heard = frozenset(tokens(passage.text))
    total: float = sum(term.weight for term in asked.terms)
    covered = covers(asked.terms, heard)
    had: float = sum(t.weight * c for t, c in zip(asked.terms, covered, strict=True))
    return had / (total or 1.0)


def judge(weighed: Weighed, *, floor: float = FLOOR) -> Evidence:
    """Return whether the best sentences are called an answer."""
    asked, own, others = weighed.asked, weighed.own, weighed.others
    best = own[0].signal if own else 0.0
    if best < floor and others and others[0].signal >= floor:
        assert asked.speaker is not None, "only then others are asked"
        if not _is(others[0].speaker, asked.speaker):
            return Evidence("nearest", "other_speaker", _good(others), (asked.speaker,), best)
    if not own or best < NEAREST_FLOOR:
        return Evidence("not_found", "words", (), _missing(asked, own[:1]), best)
    quotes = _good(own)
    why = _against(asked, quotes)
    if best < floor:
        why = why or "words"
    missing = _missing(asked, quotes[:1])
    return Evidence("nearest" if why else "answered", why, quotes, missing, best)


def _good(ranked: Sequence[Quoted]) -> tuple[Quoted, ...]:
    return tuple(q for q in ranked if q.signal >= _GOOD * ranked[0].signal)[:MOST_QUOTES]


def _ranked(asked: Asked, found: Iterable[Retrieved], *, speaker: str | None) -> list[Quoted]:
    quotes = [q for one in found if (q := _quote(asked, one, speaker)) is not None]
    return sorted(quotes, key=lambda quote: -quote.signal)


def _quote(asked: Asked, source: Retrieved, speaker: str | None) -> Quoted | None:
    """Return the best sentences of a passage, None where it has nothing of the question."""
    every = sentences_of(source.passage)
    sentences = [one for one in every if speaker is None or _is(one.speaker, speaker)]
    if not sentences:
        return None
    weights = [term.weight for term in asked.terms]
    total: float = sum(weights) or 1.0
    heard = [frozenset(tokens(one.text)) for one in sentences]
    covered = [covers(asked.terms, one) for one in heard]

    def share(rows: Sequence[Sequence[float]]) -> float:
        best = [max(column) for column in zip(*rows, strict=True)]
        had: float = sum(w * c for w, c in zip(weights, best, strict=True))
        return had / total

    def score(at: int) -> float:
        around = covered[max(0, at - 1) : at + 2]
        own = share([covered[at]])
        counted = _COUNTED if asked.counts and _new_numbers(asked, sentences[at].text) else 0.0
        length = 0.001 * len(sentences[at].words)
        return own + _BESIDE * (share(around) - own) + counted - length

    at = max(range(len(sentences)), key=score)
    first, last = _extended(sentences, at, covered)
    quoted = sentences[first : last + 1]
    in_quote = share(covered[first : last + 1])
    signal = _QUOTE_SHARE * in_quote + (1 - _QUOTE_SHARE) * share(covered)
    if signal <= 0.0:
        return None
    words = [word for one in quoted for word in one.words]
    return Quoted(source, join(words), quoted[0].speaker, quoted[0].start_s, signal)


def _is(speaker: str | None, wanted: str) -> bool:
    return speaker is not None and tokens(speaker) == tokens(wanted)


def _extended(
    sentences: Sequence[Sentence], at: int, covered: Sequence[Sequence[float]]
) -> tuple[int, int]:
    """Return the first and last sentence of a quotation that begins with its best one.

    A question is quoted with what follows it, a short sentence with its neighbour, and a sentence
    beside that has more of the question belongs to it. All are of one turn.
    """
    first = last = at

    def size() -> int:
        return sum(len(one.words) for one in sentences[first : last + 1])

    def joins(one: int, other: int) -> bool:
        return (
            0 <= one < len(sentences)
            and sentences[one].turn == sentences[other].turn
            and abs(sentences[one].place - sentences[other].place) <= _WORDS
            and size() + len(sentences[one].words) <= _WORDS
        )

    asks = is_question(sentences[at].words[-1].text)
    while joins(last + 1, last) and (
        asks or size() < _SHORT or _adds(covered, range(first, last + 1), last + 1)
    ):
        last += 1
        asks = asks and is_question(sentences[last].words[-1].text)
    while joins(first - 1, first) and (
        size() < _SHORT or _adds(covered, range(first, last + 1), first - 1)
    ):
        first -= 1
    return first, last


def _adds(covered: Sequence[Sequence[float]], have: Iterable[int], one: int) -> bool:
    """Return whether a sentence has a word of the question that the others have not."""
    known = [max(column) for column in zip(*(covered[at] for at in have), strict=True)]
    return any(new > old for new, old in zip(covered[one], known, strict=True))


def _missing(asked: Asked, quotes: Sequence[Quoted]) -> tuple[str, ...]:
    """Return the words of the question that are not in the passage of the first quotation."""
    heard: set[str] = set()
    for quote in quotes:
        heard |= set(tokens(quote.source.passage.text))
    return tuple(
        " ".join(term.term.tokens)
        for term, covered in zip(asked.terms, covers(asked.terms, heard), strict=True)
        if not covered and term.weight >= 0.25
    )


def _against(asked: Asked, quotes: Sequence[Quoted]) -> Why:
    """Return what speaks against the quotations as an answer: a number, a name, a negation."""
    best = quotes[0]
    near = best.source.passage
    known = support.Heard([near.text, *near.speakers, best.source.title or "", best.source.file])
    for _, value in asked.numbers:
        if value not in known.numbers:
            return "number"
    for term in asked.terms:
        if term.is_firm and not any(c.isdigit() for c in term.term.tokens[0]):
            there = (
                token in best.source.elsewhere or known.has(token) for token in term.term.tokens
            )
            if not _is_number(term, asked) and not all(there):
                return "name"
    if asked.negated and not any(
        support.negated_here(quote.text, asked.negated) for quote in quotes
    ):
        return "negation"
    if asked.counts and not any(_new_numbers(asked, quote.text) for quote in quotes):
        return "words"
    return ""


def _new_numbers(asked: Asked, text: str) -> bool:
    """Return whether a text has a number that is not in the question."""
    known = {value for _, value in asked.numbers}
    return any(value not in known for _, value in support.numbers_in(text))


def _is_number(term: AskedTerm, asked: Asked) -> bool:
    written = {token for text, _ in asked.numbers for token in tokens(text)}
    return bool(set(term.term.tokens) & written)
