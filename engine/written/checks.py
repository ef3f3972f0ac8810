"""A written sentence -> what is wrong with it, None where nothing is.

Everything that a sentence claims must have been said where it cites. The checks are strict: what
they refuse without need costs a sentence, what they let through costs trust.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import regex  # type: ignore[import-untyped]

from engine.text import marks
from engine.text.letters import folded
from engine.written import relations
from engine.written import tokens as reading
from engine.written.evidence import Said, clauses, full_names, name_words, said
from engine.written.inflection import is_said, same_word
from engine.written.instructions import is_instruction
from engine.written.knowledge import Knowledge, knowledge, languages
from engine.written.material import Material
from engine.written.numbers import numbers
from engine.written.relations import Claim
from engine.written.tokens import Text, Token, is_run

Kind = Literal[
    "form", "language", "instruction", "number", "date", "name", "speaker", "quote", "word",
    "denial", "doubt", "question", "relation", "repeated", "citation",
]  # fmt: skip
LONGEST: Final = 300  # characters of a sentence
LONGEST_TITLE: Final = 80
_QUOTED: Final = regex.compile(r"[\"“„«]([^\"“”„«»]{2,})[\"”“»]")
_UNSAFE: Final = regex.compile(r"[\p{C}<>{}\[\]|\\`*#_]|https?:|www\.")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a sentence cannot be used."""

    kind: Kind
    text: str  # in English, for the model that wrote it


class Checker:
    """Checks sentences about one transcript."""

    def __init__(self, material: Material) -> None:
        self.material = material
        self.known = material.known
        texts = [reading.read(p.text, self.known) for p in material.paragraphs]
        self._names = name_words(texts, self.known)
        self._aliases = _aliases(material.speakers)
        self._said: dict[int, Said] = {}

    def check(self, text: str, cites: Sequence[int], *, title: bool = False) -> Problem | None:
        """Return what is wrong with a sentence that cites these paragraphs.

        Args:
            text: The sentence, on one line.
            cites: Numbers of paragraphs.
            title: It is a title and needs no mark at its end.
        """
        for label, alias in self._aliases.items():
            text = text.replace(label, alias)
        if problem := _form(text, title=title):
            return problem
        cited = [self._paragraph(p.number) for p in self.material.cited(cites)]
        if not cited:
            return Problem("citation", "it cites no paragraph")
        claim = self._claim(text, cited)
        checks: tuple[Callable[[Claim], Problem | None], ...] = (
            self._language, self._instruction, self._numbers, self._dates, self._name,
            self._quotes, self._words,
        )  # fmt: skip
        for look in checks:
            if problem := look(claim):
                return problem
        for kind, why in relations.problems(claim, self.known, title=title):
            return Problem(kind, why)
        return None

    # What is claimed

    def _paragraph(self, number: int) -> Said:
        if number not in self._said:
            paragraph = self.material.paragraphs[number]
            self._said[number] = said(paragraph, self.known, self._names)
        return self._said[number]

    def _claim(self, text: str, cited: Sequence[Said]) -> Claim:
        parsed = reading.read(text, self.known)
        found = tuple(numbers(parsed.tokens, self.known))
        numbered = {n for number in found for n in range(number.start, number.end)}
        speakers = _speakers_in(parsed, self.material.speakers, self._aliases)
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

    def _language(self, claim: Claim) -> Problem | None:
        keys = [token.key for token in claim.text.tokens]
        own = sum(key in self.known.function for key in keys)
        for code in sorted(languages() - {self.known.code}):
            other = knowledge(code)
            assert other is not None
            theirs = sum(key in other.function and key not in self.known.function for key in keys)
            if theirs >= 2 and theirs > own:
                return Problem("language", "it is not in the language of the recording")
        return None

    def _instruction(self, claim: Claim) -> Problem | None:
        if is_instruction(claim.raw):
            return Problem("instruction", "it gives an order and says nothing of the recording")
        return None

    def _numbers(self, claim: Claim) -> Problem | None:
        there = {value for p in claim.cited for n in p.numbers for value in n.values}
        for number in claim.numbers:
            if not number.wanted & there:
                return Problem("number", f'the number "{number.text}" is not in what it cites')
        return None

    def _dates(self, claim: Claim) -> Problem | None:
        there = claim.said_keys
        for token in claim.text.tokens:
            month = token.key in self.known.months
            month = month and (token.key not in self.known.function or not token.first)
            month = month and (token.capital or token.key not in self.known.function)
            if (month or token.key in self.known.days) and token.key not in there:
                return Problem("date", f'"{token.text}" is not in what it cites')
        return None

    def _name(self, claim: Claim) -> Problem | None:
        there = claim.said_keys
        for name in claim.names:
            for word in name:
                if word in there or claim.speaks(word):
                    continue
                if self.known.code == "de" and is_said(word, there, self.known):
                    continue
                return Problem("name", f'the name "{word}" is not in what it cites')
            together = any(is_run(name, p.keys) for p in claim.cited)
            if len(name) > 1 and not together and not all(map(claim.speaks, name)):
                shown = " ".join(name)
                return Problem("name", f'the name "{shown}" is not in what it cites')
        for name in claim.names:
            others = {
                full
                for paragraph in claim.cited
                for full in full_names(paragraph.text, self._names)
                if len(full) > len(name) and is_run(name, full)
            }
            if len(others) > 1:
                shown = " ".join(name)
                return Problem(
                    "name", f'there are several people called "{shown}": name them fully'
                )
        return None

    def _quotes(self, claim: Claim) -> Problem | None:
        for match in _QUOTED.finditer(claim.raw):
            words = [token.key for token in reading.read(match[1], self.known).tokens]
            by = [p for p in claim.cited if not claim.speakers or p.speaker in claim.speakers]
            if not any(is_run(words, p.keys) for p in by):
                return Problem("quote", "what it quotes was not said like that by that speaker")
        return None

    def _words(self, claim: Claim) -> Problem | None:
        for token in claim.content:
            sources = claim.sources_of(token)
            there = frozenset(token.key for p in sources for token in p.text.tokens)
            if is_said(token.key, there, self.known) or claim.speaks(token.key):
                continue
            if is_said(token.key, claim.said_keys, self.known):
                return Problem("speaker", f'"{token.text}" was said by somebody else')
            return Problem("word", f'the word "{token.text}" is not in what it cites')
        first = {token.key for token in claim.text.tokens} & self.known.first_person
        keys = [token.key for token in claim.text.tokens]
        if first and not any(is_run(keys, p.keys) for p in claim.cited):
            return Problem("form", "it speaks as one of the speakers; write about them")
        return None


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
