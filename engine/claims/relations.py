"""What belongs together in a sentence must have been said together.

The words of a false sentence may all have been said: by somebody else, of somebody else, as a
question, with "not". Each of these is looked for here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from engine.claims.evidence import Clause, Said, denies, is_hedge, scope
from engine.claims.inflection import is_said, same_word
from engine.claims.knowledge import Knowledge
from engine.claims.numbers import Number
from engine.claims.tokens import Text, Token, is_run

_NEAR: Final = 5  # words after a number in which what it counts is named
_BEFORE: Final = 6  # ... and before it, where nothing follows
_SHARE: Final = 2 / 3  # of the content words that must have been said of a name
_CORE: Final = 0.5  # of a clause's content words at which a clause of the source is its source


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence taken apart, beside what it cites."""

    text: Text
    raw: str
    cited: tuple[Said, ...]
    numbers: tuple[Number, ...]
    names: tuple[tuple[str, ...], ...]
    speakers: Mapping[str, frozenset[str]]  # that it names, with the words that name them
    content: tuple[Token, ...]  # words that must have been said
    clauses: tuple[Clause, ...]

    @property
    def said_keys(self) -> frozenset[str]:
        """Return every word of what is cited."""
        return frozenset(token.key for p in self.cited for token in p.text.tokens)

    def speaks(self, word: str) -> bool:
        """Return whether a word names a speaker of a cited paragraph."""
        there = {p.speaker for p in self.cited}
        return any(word in words and name in there for name, words in self.speakers.items())

    def attributed(self, token: Token) -> frozenset[str]:
        """Return the speakers to whom a word is attributed: those of its clause, or before it."""
        found: frozenset[str] = frozenset()
        for other in self.text.tokens:
            if other.clause > token.clause:
                break
            named = {name for name, words in self.speakers.items() if other.key in words}
            if named and other.capital:
                same = any(
                    t.clause == other.clause and t.key in self.speakers[name]
                    for name in found
                    for t in self.text.tokens
                )
                found = found | named if same else frozenset(named)
        return found

    def sources_of(self, token: Token) -> Sequence[Said]:
        """Return the paragraphs in which a word must have been said.

        What is said of a speaker may also stand where others speak of them by name.
        """
        named = self.attributed(token)
        if not named:
            return self.cited
        words = [self.speakers[name] for name in named]
        return [
            p
            for p in self.cited
            if p.speaker in named or any(w <= frozenset(p.keys) for w in words)
        ]


def problems(claim: Claim, known: Knowledge, *, title: bool) -> Iterator[tuple[Any, str]]:
    """Yield what of a claim does not belong together, as a kind and a reason."""
    yield from _counts(claim, known)
    yield from _dated(claim, known)
    if not (title and _is_said_plainly(claim, known)):
        yield from _certainty(claim, known)
    yield from _named(claim, known)


# Numbers and what they count


def is_dated(number: Number, claim: Claim, known: Knowledge) -> bool:
    """Return whether a month stands beside a number, or a word away: the third of May."""
    tokens = claim.text.tokens
    near = range(max(0, number.start - 2), min(number.end + 2, len(tokens)))
    return any(_is_month(tokens[at], known) for at in near)


def _counted(number: Number, claim: Claim, known: Knowledge) -> Token | None:
    """Return the word that a number of the claim counts, or the month of a day."""
    tokens = claim.text.tokens
    for at in (number.end, number.start - 1):
        if 0 <= at < len(tokens) and _is_month(tokens[at], known):
            return tokens[at]
    if number.start and tokens[number.start - 1].key in ("dollar", "euro", "pound", "yen"):
        return tokens[number.start - 1]
    taken = {n for other in claim.numbers for n in range(other.start, other.end)}
    for at in range(number.end, min(number.end + 3, len(tokens))):
        token = tokens[at]
        if at in taken or token.parted or token.clause != tokens[number.start].clause:
            return None
        if token in claim.content:
            return token
    return None


def _counts(claim: Claim, known: Knowledge) -> Iterator[tuple[Any, str]]:
    """Yield numbers that were not said of what they count, or not in one sentence with others."""
    together: dict[int, set[tuple[int, int]]] = {}  # where the numbers of a clause stand
    for number in claim.numbers:
        noun = _counted(number, claim, known)
        places = _places(number, noun, claim, known)
        if noun is not None and not places:
            yield "relation", f'"{number.text}" was not said of "{noun.text}"'
            continue
        clause = claim.text.tokens[number.start].clause
        together[clause] = together.get(clause, places) & places
        if not together[clause]:
            yield "relation", f'"{number.text}" was not said together with the other numbers'


def _places(
    number: Number, noun: Token | None, claim: Claim, known: Knowledge
) -> set[tuple[int, int]]:
    """Return the paragraphs and sentences in which the number was said, of this word."""
    places = set()
    for at, paragraph in enumerate(claim.cited):
        for found in paragraph.numbers:
            if found.values & number.wanted and (
                noun is None or _is_of(found, noun, paragraph, known)
            ):
                places.add((at, paragraph.text.tokens[found.start].sentence))
    return places


def _is_of(found: Number, noun: Token, paragraph: Said, known: Knowledge) -> bool:
    """Return whether a number of the source was said of this word."""
    tokens = paragraph.text.tokens
    others = [number for number in paragraph.numbers if number is not found]
    edges = {n.start for n in others} | {n.end for n in others}
    after = _until(range(found.end, min(found.end + _NEAR, len(tokens))), edges, tokens)
    before = _until(range(found.start - 1, max(-1, found.start - 1 - _BEFORE), -1), edges)
    touching = [n for n in (found.start - 1, found.end) if 0 <= n < len(tokens)]
    if any(same_word(noun.key, tokens[n].key, known) for n in (*after, *touching)):
        return True
    follows = any(tokens[n].key not in known.function for n in after)
    return not follows and any(same_word(noun.key, tokens[n].key, known) for n in before)


def _dated(claim: Claim, known: Knowledge) -> Iterator[tuple[Any, str]]:
    """Yield dates near which the rest of their clause was not said."""
    for token in claim.text.tokens:
        if not (_is_month(token, known) or token.key in known.days):
            continue
        words = [t.key for t in claim.content if t.clause == token.clause]
        best = 0
        for paragraph in claim.cited:
            dated = {t.sentence for t in paragraph.text.tokens if t.key == token.key}
            for sentence in dated:
                near = frozenset(
                    t.key for t in paragraph.text.tokens if abs(t.sentence - sentence) <= 1
                )
                best = max(best, sum(is_said(word, near, known) for word in words))
        if best < _SHARE * len(words):
            yield "relation", f'this was not said of "{token.text}"'


def _until(
    places: Iterable[int], edges: set[int], tokens: Sequence[Token] | None = None
) -> list[int]:
    """Return the places up to another number, or up to the end of the clause."""
    found: list[int] = []
    for place in places:
        if place in edges or (tokens is not None and found and tokens[place].parted):
            break
        if tokens is not None and not found and tokens[place].parted:
            break
        found.append(place)
    return found


def _is_month(token: Token, known: Knowledge) -> bool:
    return token.key in known.months and (token.capital or token.key not in known.function)


# Not, perhaps, and questions


def _certainty(claim: Claim, known: Knowledge) -> Iterator[tuple[Any, str]]:
    for clause in claim.clauses:
        content = [token for token in clause.tokens if token in claim.content]
        words = [token.key for token in content if not claim.speaks(token.key)]
        if not words:
            continue
        by = [paragraph for token in content for paragraph in claim.sources_of(token)]
        sources = [c for p in claim.cited if p in by for c in p.clauses]
        best = _best(words, sources, known)
        if not best:
            continue
        if not clause.denied:
            for word in words:
                holding = [s for s in sources if is_said(word, s.keys, known)]
                if holding and all(s.denied for s in holding):
                    yield "denial", f'what it says of "{word}" was denied'
            if all(s.denied for s in best):
                yield "denial", "what it says was denied"
        elif not any(s.denied for s in best):
            yield "denial", "it denies what was not denied"
        hedged = clause.hedged or any(c.hedged for c in claim.clauses)
        if not hedged and all(s.hedged for s in best):
            yield "doubt", "it was said with a doubt or a condition that is missing"
        if all(s.asked for s in best):
            yield "question", "it was asked and not said"


def _is_said_plainly(claim: Claim, known: Knowledge) -> bool:
    """Return whether a title stands somewhere word for word, with no denial or doubt before it.

    "The river of Lincoln has no bridge": the river may be a title all the same.
    """
    keys = [token.key for token in claim.text.tokens]
    for paragraph in claim.cited:
        for clause in paragraph.clauses:
            said = [token.key for token in clause.tokens]
            for start in range(len(said) - len(keys) + 1):
                before = clause.tokens[:start]
                plain = not any(denies([t], known) or is_hedge(t, known) for t in before)
                if said[start : start + len(keys)] == keys and plain and not clause.asked:
                    return True
    return False


def _best(words: Sequence[str], sources: Sequence[Clause], known: Knowledge) -> list[Clause]:
    """Return the clauses of the source that share most words with a clause."""
    shared = [sum(is_said(word, s.keys, known) for word in words) for s in sources]
    most = max(shared, default=0)
    if most == 0:
        return []
    return [s for s, count in zip(sources, shared, strict=True) if count == most]


# Names and what was said of them


def _named(claim: Claim, known: Knowledge) -> Iterator[tuple[Any, str]]:
    spoken = [name for name in claim.names if not all(map(claim.speaks, name))]
    if not spoken:
        return
    scopes = {name: scope(name, claim.cited) for name in spoken}
    words = [token for token in claim.content if not any(token.key in n for n in claim.names)]
    if words and not claim.speakers:
        keys = frozenset(
            key for found in scopes.values() for clause in found for key in clause.keys
        )
        if sum(is_said(token.key, keys, known) for token in words) < _SHARE * len(words):
            yield "relation", f'this was not said of "{" ".join(spoken[0])}"'
    for name in spoken:
        if not _has_namesake(name, claim):
            continue
        # Another has a part of this name: all that is said must have been said of this one.
        keys = frozenset(key for clause in scopes[name] for key in clause.keys)
        others = [word for other in claim.names if other != name for word in other]
        if not all(is_said(word, keys, known) for word in (*others, *(t.key for t in words))):
            yield "relation", f'this was not said of "{" ".join(name)}"'
    for number in claim.numbers:
        near = _nearest(number, spoken, claim)
        if near is None or not scopes[near]:
            continue
        if not any(number.wanted & clause.values for clause in scopes[near]):
            yield "relation", f'"{number.text}" was not said of "{" ".join(near)}"'
    for one, other in pairwise(claim.names):
        if one != other and _turned(one, other, claim):
            yield "relation", f'"{" ".join(one)}" and "{" ".join(other)}" change places'


def _has_namesake(name: tuple[str, ...], claim: Claim) -> bool:
    """Return whether what is cited has another name that shares a word with this one."""
    for paragraph in claim.cited:
        for clause in paragraph.clauses:
            keys = [token.key for token in clause.tokens]
            shares = any(word in keys for word in name)
            if len(name) > 1 and shares and not is_run(name, keys) and clause.names - set(name):
                return True
    return False


def _nearest(
    number: Number, names: Sequence[tuple[str, ...]], claim: Claim
) -> tuple[str, ...] | None:
    """Return the name in the clause of a number that is nearest before it, or else after it."""
    tokens = claim.text.tokens
    clause = tokens[number.start].clause
    before: tuple[str, ...] | None = None
    for at, token in enumerate(tokens):
        if token.clause != clause:
            continue
        for name in names:
            if token.key == name[0] and token.capital:
                if at < number.start:
                    before = name
                elif before is None:
                    return name
    return before


def _turned(one: tuple[str, ...], other: tuple[str, ...], claim: Claim) -> bool:
    """Return whether wherever both names stand in one clause, they do so in the other order."""
    orders = []
    for paragraph in claim.cited:
        for clause in paragraph.clauses:
            keys = [token.key for token in clause.tokens]
            if is_run(one, keys) and is_run(other, keys):
                orders.append(keys.index(one[0]) < keys.index(other[0]))
    return bool(orders) and not any(orders)
