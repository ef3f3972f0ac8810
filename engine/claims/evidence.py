"""Cited paragraphs -> what a sentence may be held against: words, numbers, clauses, names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.claims import tokens as reading
from engine.claims.knowledge import Knowledge
from engine.claims.numbers import Number, numbers
from engine.claims.records import Paragraph
from engine.claims.tokens import Text, Token, is_run

REACH: Final = 6  # clauses after a name that still speak of it, if no other name comes


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause of a paragraph."""

    tokens: tuple[Token, ...]
    keys: frozenset[str]
    names: frozenset[str]
    denied: bool
    hedged: bool
    asked: bool  # its sentence is a question
    values: frozenset[str]  # of the numbers in it


@dataclass(frozen=True, slots=True)
class Said:
    """A paragraph as it is compared."""

    speaker: str | None
    text: Text
    clauses: tuple[Clause, ...]
    numbers: tuple[Number, ...]

    @property
    def keys(self) -> list[str]:
        """Return its words in order."""
        return [token.key for token in self.text.tokens]


def said(paragraph: Paragraph, known: Knowledge, names: frozenset[str]) -> Said:
    """Return a paragraph as it is compared; `names` are the words that are names somewhere."""
    text = reading.read(paragraph.text, known)
    found = tuple(numbers(text.tokens, known))
    return Said(paragraph.speaker, text, tuple(clauses(text, found, known, names)), found)


def clauses(
    text: Text, found: Sequence[Number], known: Knowledge, names: frozenset[str]
) -> Iterable[Clause]:
    """Yield the clauses of a text."""
    values: dict[int, set[str]] = {}
    for number in found:
        values.setdefault(text.tokens[number.start].clause, set()).update(number.values)
    groups: dict[int, list[Token]] = {}
    for token in text.tokens:
        groups.setdefault(token.clause, []).append(token)
    for number_of, group in groups.items():
        keys = [token.key for token in group]
        yield Clause(
            tuple(group),
            frozenset(keys),
            frozenset(names & set(keys)),
            denied=denies(group, known),
            hedged=any(is_hedge(token, known) for token in group),
            asked=group[0].sentence in text.questions,
            values=frozenset(values.get(number_of, ())),
        )


def denies(group: Sequence[Token], known: Knowledge) -> bool:
    """Return whether a clause denies something."""
    keys = [token.key for token in group]
    count = sum(token.denies or token.key in known.negation for token in group)
    count -= sum(is_run(phrase, keys) for phrase in known.not_only)
    return count > 0


def is_hedge(token: Token, known: Knowledge) -> bool:
    """Return whether a word makes a statement less than certain; May is a month."""
    month = token.key in known.months and token.capital and not token.first
    return token.key in known.hedge and not month


def name_words(texts: Iterable[Text], known: Knowledge) -> frozenset[str]:
    """Return the words that the transcript writes as names: with a capital inside sentences.

    German writes all nouns so: there only two in a row count.
    """
    inside: dict[str, int] = {}
    small: dict[str, int] = {}
    for text in texts:
        for before, token in zip((None, *text.tokens), text.tokens, strict=False):
            if token.is_figure or token.key in known.function or token.key in known.numbers:
                continue
            if not token.capital:
                small[token.key] = small.get(token.key, 0) + 1
                continue
            if token.key in known.days or token.key in known.months:
                continue
            pair = before is not None and before.capital and not token.parted
            pair = pair and before is not None and before.key not in known.function
            if known.code == "de" and not pair:
                continue
            if not token.first:
                inside[token.key] = inside.get(token.key, 0) + 1
                if before is None or token.parted or before.key in known.function:
                    continue
                if known.code == "de" or (before.first and before.capital):
                    inside[before.key] = inside.get(before.key, 0) + 1
    return frozenset(key for key, count in inside.items() if count > small.get(key, 0))


def full_names(text: Text, names: frozenset[str]) -> list[tuple[str, ...]]:
    """Return the names of a text, each with all of its words in a row."""
    found: list[tuple[str, ...]] = []
    run: list[str] = []
    clause = -1
    for token in text.tokens:
        if token.key in names and token.capital:
            if run and (token.parted or token.clause != clause):
                found.append(tuple(run))
                run = []
            run.append(token.key)
            clause = token.clause
        elif run:
            found.append(tuple(run))
            run = []
    if run:
        found.append(tuple(run))
    return found


def scope(name: Sequence[str], paragraphs: Iterable[Said]) -> list[Clause]:
    """Return the clauses that speak of a name: its own, and those after it up to another name."""
    found: list[Clause] = []
    for paragraph in paragraphs:
        left = 0
        for clause in paragraph.clauses:
            keys = [token.key for token in clause.tokens]
            if is_run(name, keys):
                left = REACH
            elif clause.names - set(name):
                left = 0
            if left:
                found.append(clause)
                left -= 1
    return found
