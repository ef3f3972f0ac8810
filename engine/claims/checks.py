"""A written sentence -> what is wrong with it, None where nothing is.

Everything that a sentence claims must have been said where it cites. The checks are strict: what
they refuse without need costs a sentence, what they let through costs trust.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Final

import regex  # type: ignore[import-untyped]

from engine.claims import relations
from engine.claims import tokens as reading
from engine.claims.evidence import Said, clauses, full_names, name_words, said
from engine.claims.inflection import is_said, same_word
from engine.claims.instructions import is_instruction
from engine.claims.knowledge import Knowledge, knowledge, languages
from engine.claims.numbers import numbers
from engine.claims.records import Paragraph, Problem
from engine.claims.relations import Claim
from engine.claims.tokens import Text, Token, is_run
from engine.text import marks
from engine.text.letters import folded

LONGEST: Final = 300  # characters of a sentence
LONGEST_TITLE: Final = 80
_QUOTED: Final = regex.compile(r"[\"“„«]([^\"“”„«»]{2,})[\"”“»]")
_UNSAFE: Final = regex.compile(r"[\p{C}<>{}\[\]|\\`*#_]|https?:|www\.")


class Checker:
    """Checks sentences about some paragraphs, such as those of a transcript."""

    def __init__(
        self,
        paragraphs: Sequence[Paragraph],
        known: Knowledge,
        *,
        also: Collection[str] = (),
    ) -> None:
        """Make the checker.

        Args:
            paragraphs: What was said; a sentence cites them by their places.
            known: Of the language of the paragraphs and of the sentences.
            also: Words that may stand in a sentence without having been said, folded.
        """
        self.known = known
        self._paragraphs = paragraphs
        self._speakers = frozenset(p.speaker for p in paragraphs if p.speaker is not None)
        self._also = frozenset(also)
        texts = [reading.read(p.text, known) for p in paragraphs]
        self._names = name_words(texts, known)
        self._aliases = _aliases(self._speakers)
        self._said: dict[int, Said] = {}

    def check(self, text: str, cites: Sequence[int], *, title: bool = False) -> Problem | None:
        """Return the first that is wrong with a sentence that cites these paragraphs.

        Args:
            text: The sentence, on one line.
            cites: Places of paragraphs.
            title: It is a title and needs no mark at its end.
        """
        return next(self.problems(text, cites, title=title), None)

    def problems(
        self, text: str, cites: Sequence[int], *, title: bool = False
    ) -> Iterator[Problem]:
        """Yield everything that is wrong with a sentence, the worst first."""
        for label, alias in self._aliases.items():
            text = text.replace(label, alias)
        if problem := _form(text, title=title):
            yield problem
        cited = [
            self._paragraph(number)
            for number in dict.fromkeys(cites)
            if 0 <= number < len(self._paragraphs)
        ]
        if not cited:
            yield Problem("citation", "it cites no paragraph")
            return
        claim = self._claim(text, cited)
        checks: tuple[Callable[[Claim], Iterator[Problem]], ...] = (
            self._language, self._instruction, self._numbers, self._dates, self._name,
            self._quotes, self._words,
        )  # fmt: skip
        for look in checks:
            yield from look(claim)
        for kind, why in relations.problems(claim, self.known, title=title):
            yield Problem(kind, why)

    # What is claimed

    def _paragraph(self, number: int) -> Said:
        if number not in self._said:
            paragraph = self._paragraphs[number]
            self._said[number] = said(paragraph, self.known, self._names)
        return self._said[number]

    def _claim(self, text: str, cited: Sequence[Said]) -> Claim:
        parsed = reading.read(text, self.known)
        found = tuple(numbers(parsed.tokens, self.known))
        numbered = {n for number in found for n in range(number.start, number.end)}
        speakers = _speakers_in(parsed, self._speakers, self._aliases)
        names = self._names_of(parsed)
        names |= {word for words in speakers.values() for word in words}
        framed = bool(speakers) or any(token.key in self.known.speaker for token in parsed.tokens)
        content = tuple(
            token
            for n, token in enumerate(parsed.tokens)
            if n not in numbered and self._is_content(token, framed=framed)
        )
        return Claim(
            text=parsed,
            raw=text,
            cited=tuple(cited),
            numbers=found,
            names=tuple(full_names(parsed, frozenset(names))),
            speakers=speakers,
            content=content,
            clauses=tuple(clauses(parsed, found, self.known, frozenset(names))),
        )

    def _names_of(self, text: Text) -> set[str]:
        """Return the words of a sentence that are names."""
        found = set()
        for token in text.tokens:
            if token.key in self.known.function or token.is_figure or not token.capital:
                continue
            if token.key in self.known.days or token.key in self.known.months:
                continue
            written = not token.first and self.known.code != "de"
            if token.key in self._names or written:
                found.add(token.key)
        return found

    def _is_content(self, token: Token, *, framed: bool) -> bool:
        known = self.known
        if token.key in known.function or (token.is_figure and token.key.isdigit()):
            return False
        if token.key in known.speaker or (framed and token.key in known.saying):
            return False
        return token.key not in known.months and token.key not in known.days

    # The checks

    def _language(self, claim: Claim) -> Iterator[Problem]:
        keys = [token.key for token in claim.text.tokens]
        own = sum(key in self.known.function for key in keys)
        for code in sorted(languages() - {self.known.code}):
            other = knowledge(code)
            assert other is not None
            theirs = sum(key in other.function and key not in self.known.function for key in keys)
            if theirs >= 2 and theirs > own:
                yield Problem("language", "it is not in the language of the recording")
                return

    def _instruction(self, claim: Claim) -> Iterator[Problem]:
        if is_instruction(claim.raw):
            yield Problem("instruction", "it gives an order and says nothing of the recording")

    def _numbers(self, claim: Claim) -> Iterator[Problem]:
        said = [found for p in claim.cited for found in p.numbers]
        for number in claim.numbers:
            # "First" is no 1, but for a day of a month. German figures do not show which they are.
            any_kind = self.known.code == "de" or relations.is_dated(number, claim, self.known)
            there = {
                value
                for found in said
                if any_kind or found.ordinal == number.ordinal
                for value in found.values
            }
            if not number.wanted & there and not self._is_also(number.text):
                why = f'the number "{number.text}" is not in what it cites'
                yield Problem("number", why, number.text)

    def _dates(self, claim: Claim) -> Iterator[Problem]:
        there = claim.said_keys
        for token in claim.text.tokens:
            month = token.key in self.known.months
            month = month and (token.key not in self.known.function or not token.first)
            month = month and (token.capital or token.key not in self.known.function)
            if (month or token.key in self.known.days) and token.key not in there:
                yield Problem("date", f'"{token.text}" is not in what it cites', token.text)

    def _name(self, claim: Claim) -> Iterator[Problem]:
        there = claim.said_keys
        written = {token.key: token.text for token in claim.text.tokens}
        for name in claim.names:
            missing = False
            for word in name:
                if word in there or word in self._also or claim.speaks(word):
                    continue
                if self.known.code == "de" and is_said(word, there, self.known):
                    continue
                missing = True
                why = f'the name "{word}" is not in what it cites'
                yield Problem("name", why, written[word])
            together = any(is_run(name, p.keys) for p in claim.cited)
            if len(name) == 1 or together or missing or all(map(claim.speaks, name)):
                continue
            if not self._also.issuperset(name):
                shown = " ".join(name)
                yield Problem("name", f'the name "{shown}" is not in what it cites', shown)
        for name in claim.names:
            others = {
                full
                for paragraph in claim.cited
                for full in full_names(paragraph.text, self._names)
                if len(full) > len(name) and is_run(name, full)
            }
            if len(others) > 1:
                shown = " ".join(name)
                yield Problem("name", f'there are several people called "{shown}": name them fully')

    def _quotes(self, claim: Claim) -> Iterator[Problem]:
        for match in _QUOTED.finditer(claim.raw):
            words = [token.key for token in reading.read(match[1], self.known).tokens]
            by = [p for p in claim.cited if not claim.speakers or p.speaker in claim.speakers]
            if not any(is_run(words, p.keys) for p in by):
                yield Problem("quote", "what it quotes was not said like that by that speaker")

    def _words(self, claim: Claim) -> Iterator[Problem]:
        for token in claim.content:
            sources = claim.sources_of(token)
            there = frozenset(token.key for p in sources for token in p.text.tokens)
            if is_said(token.key, there, self.known) or claim.speaks(token.key):
                continue
            if token.key in self._also:
                continue
            if is_said(token.key, claim.said_keys, self.known):
                yield Problem("speaker", f'"{token.text}" was said by somebody else', token.text)
                continue
            why = f'the word "{token.text}" is not in what it cites'
            yield Problem("word", why, token.text)
        first = {token.key for token in claim.text.tokens} & self.known.first_person
        keys = [token.key for token in claim.text.tokens]
        if first and not any(is_run(keys, p.keys) for p in claim.cited):
            yield Problem("form", "it speaks as one of the speakers; write about them")

    def _is_also(self, text: str) -> bool:
        return all(folded(part) in self._also for part in text.split())


def alike(one: str, other: str, known: Knowledge) -> bool:
    """Return whether two sentences say the same: most content words of the shorter one."""
    words = [
        {t.key for t in reading.read(text, known).tokens if t.key not in known.function}
        for text in (one, other)
    ]
    small, large = sorted(words, key=len)
    if not small:
        return True
    shared = sum(any(same_word(a, b, known) for b in large) for a in small)
    return shared >= 0.8 * len(small)


def _form(text: str, *, title: bool) -> Problem | None:
    if _UNSAFE.search(text):
        return Problem("form", "it has signs that no sentence has")
    size = len(text.split())
    if title:
        if not 1 <= size <= 14 or len(text) > LONGEST_TITLE:
            return Problem("form", "it is too long for a title")
        return None
    if len(text) >= LONGEST:
        return Problem("form", "it is too long")
    if not marks.has_end(text) or text.rstrip().endswith(("…", "...")):
        return Problem("form", "it does not end like a sentence")
    if marks.is_question(text):
        return Problem("form", "it is a question")
    if size < 3:
        return Problem("form", "it is too short")
    return None


def _aliases(speakers: frozenset[str]) -> dict[str, str]:
    """Return a word of letters for every label that is none: SPEAKER_00."""
    odd = [name for name in speakers if not all(part.isalpha() for part in name.split())]
    ordered = sorted(odd, key=lambda name: (-len(name), name))
    letters = "abcdefghijklmnopqrstuvwxyz"
    return {
        name: "Labelx" + letters[n // 26 % 26] + letters[n % 26] for n, name in enumerate(ordered)
    }


def _speakers_in(
    text: Text, speakers: frozenset[str], aliases: dict[str, str]
) -> dict[str, frozenset[str]]:
    """Return the speakers that a sentence names, with the words that name them."""
    keys = [token.key for token in text.tokens if token.capital]
    found = {}
    for speaker in speakers:
        own = [folded(word) for word in aliases.get(speaker, speaker).split()]
        words = frozenset(word for word in own if word in keys)
        others = {folded(word) for other in speakers - {speaker} for word in other.split()}
        if words - others or (words and words == frozenset(own)):
            found[speaker] = words
    return found
