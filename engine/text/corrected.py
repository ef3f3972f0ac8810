"""A person's corrections -> the text with them; pure, and it never loses a word.

An operation names a word by its index in the source as read, and by its spelling there. So it
survives another model, another cleaning and, where the words around it are the same, another
transcription of the recording. One that no longer fits is not applied and is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from engine.records import EnhancedWord
from engine.text.letters import folded
from engine.text.marks import OPENERS, letters
from engine.text.prose import printable
from engine.text.readings import WrittenWord, take_apart
from engine.text.words import clean

Kind = Literal["mark", "case", "opening", "word", "paragraph", "speaker", "name"]
Why = Literal["moved", "removed", "respelled"]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
REACH: Final = 200  # words to each side in which a word that moved is looked for
MOST_WORDS: Final = 8  # of the source in one operation
LONGEST_TEXT: Final = 120  # characters of a corrected word
LONGEST_MARK: Final = 6
_ORDER: Final[tuple[Kind, ...]] = ("word", "case", "opening", "mark", "speaker", "paragraph")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One correction; operations of one `step` were made together and are undone together."""

    id: int  # counted from 1, never used again
    step: int
    kind: Kind
    to: str | bool | None  # a bool for paragraphs; None takes a name back
    was: str | bool | None  # what was written at that moment
    at: int = -1  # index of the word in the source as read; -1 for names
    word: str = ""  # the source's spelling of that word, with its marks
    before: str = ""  # ... of the word before; "" at the beginning
    after: str = ""  # ... of the word after; "" at the end
    count: int = 1  # words of the source that it is about
    label: str = ""  # of the speaker that a name is for
    glossary: bool = False  # the user offers the pair to the glossary
    made_at: str = ""  # UTC, as in the metadata

    @property
    def place(self) -> tuple[Kind, int | str]:
        """Return what the operation sets; a later one of the same place replaces it."""
        return self.kind, self.label if self.kind == "name" else self.at


@dataclass(frozen=True, slots=True)
class Misfit:
    """An operation that could not be applied, and why."""

    operation: Operation
    why: Why  # the word is not there; it was removed or replaced; it has other letters now


@dataclass(frozen=True, slots=True)
class Corrected:
    """A text with its corrections."""

    paragraphs: tuple[tuple[EnhancedWord, ...], ...]
    applied: int  # operations that hold
    misfits: tuple[Misfit, ...]  # in the order of the operations


def effective(operations: Iterable[Operation]) -> list[Operation]:
    """Return the operations that hold: of each place the last, in their order."""
    last = {operation.place: operation for operation in operations}
    return sorted(last.values(), key=lambda operation: operation.id)


def names(operations: Iterable[Operation]) -> dict[str, str]:
    """Return the speakers' names that the operations give."""
    given = (o for o in effective(operations) if o.kind == "name")
    return {operation.label: str(operation.to) for operation in given if operation.to}


def is_valid(kind: Kind, to: object, *, written: str = "") -> bool:
    """Return whether a value can be what an operation writes; `written` is the word as it stands.

    Marks hold no letters, another case has the same letters, and nothing may be empty that is read
    aloud: a correction changes how a word is written, and cannot remove it.
    """
    if kind == "paragraph":
        return isinstance(to, bool)
    if not isinstance(to, str) or clean(printable(to)) != to or to != to.strip():
        return False
    match kind:
        case "mark":
            return len(to) <= LONGEST_MARK and not letters(to) and " " not in to
        case "opening":
            return len(to) <= LONGEST_MARK and all(char in OPENERS for char in to)
        case "case":
            core = take_apart(written).core
            return letters(core) != "" and folded(to) == folded(core)
        case "word":
            return 0 < len(to) <= LONGEST_TEXT and letters(to) != ""
        case _:
            return 0 < len(to) <= LONGEST_TEXT


def fits(operation: Operation, source: Sequence[str], at: int) -> bool:
    """Return whether an operation's word stands at an index of the source, near its neighbours."""
    if not 0 <= at < len(source) or not _alike(source[at], operation.word):
        return False
    return _neighbours(operation, source, at) > 0


def place_of(operation: Operation, source: Sequence[str]) -> int | None:
    """Return the index at which an operation belongs in these words of a source; None: nowhere.

    That is its own index, or the nearest one with the same word between the same neighbours.
    """
    if fits(operation, source, operation.at):
        return operation.at
    for distance in range(1, REACH + 1):
        for at in (operation.at - distance, operation.at + distance):
            if (
                0 <= at < len(source)
                and _alike(source[at], operation.word)
                and _neighbours(operation, source, at) == 2
            ):
                return at
    return None


def apply(
    paragraphs: Iterable[Sequence[EnhancedWord]],
    operations: Sequence[Operation],
    source: Sequence[str],
) -> Corrected:
    """Return the paragraphs with the operations applied, and what did not fit.

    Args:
        paragraphs: The text as it was enhanced; the last word of each ends it.
        operations: In the order in which they were made.
        source: The spelling of every word of the source as read.
    """
    held = [operation for operation in effective(operations) if operation.kind != "name"]
    if not held:
        return Corrected(tuple(tuple(p) for p in paragraphs), 0, ())
    text = _Text([word for paragraph in paragraphs for word in paragraph])
    misfits: list[Misfit] = []
    for kind in _ORDER:
        for operation in held:
            if operation.kind != kind:
                continue
            at = place_of(operation, source)
            why: Why | None = "moved" if at is None else text.correct(operation, at)
            if why is not None:
                misfits.append(Misfit(operation, why))
    misfits.sort(key=lambda misfit: misfit.operation.id)
    return Corrected(text.paragraphs(), len(held) - len(misfits), tuple(misfits))


def _alike(one: str, other: str) -> bool:
    """Return whether two spellings are of one word: the same letters, whatever its marks."""
    return one == other or folded(letters(one) or one) == folded(letters(other) or other)


def _neighbours(operation: Operation, source: Sequence[str], at: int) -> int:
    before = source[at - 1] if at else ""
    after = source[at + 1] if at + 1 < len(source) else ""
    return _alike(before, operation.before) + _alike(after, operation.after)


class _Text:
    """The words of a text while they are corrected."""

    def __init__(self, words: Sequence[EnhancedWord]) -> None:
        self._words: list[EnhancedWord | None] = list(words)  # None: joined to the word before
        self._position = {
            word.word.index: n for n, word in enumerate(words) if word.word.index is not None
        }

    def correct(self, operation: Operation, at: int) -> Why | None:
        """Apply one operation to the word of an index; return why that cannot be done."""
        position = self._position.get(at)
        if position is None:
            return "removed"
        word = self._words[position]
        assert word is not None  # joined words have the position of the first
        written = take_apart(word.text)
        to = operation.to
        match operation.kind:
            case "word":
                return self._replace(position, at, operation)
            case "speaker":
                return self._reassign(at, operation)
            case "paragraph":
                self._words[position] = replace(word, paragraph=bool(to))
                return None
            case "case" if not is_valid("case", to, written=word.text):
                return "respelled"
            case "case":
                written = WrittenWord(written.lead, str(to), written.trail)
            case "mark":
                written = WrittenWord(written.lead, written.core, str(to))
            case "opening":
                written = WrittenWord(str(to), written.core, written.trail)
        self._words[position] = replace(word, text=written.lead + written.core + written.trail)
        return None

    def paragraphs(self) -> tuple[tuple[EnhancedWord, ...], ...]:
        """Return the words in paragraphs, each of one speaker."""
        words = [word for word in self._words if word is not None]
        found: list[tuple[EnhancedWord, ...]] = []
        begin = 0
        for n, word in enumerate(words):
            last = n + 1 == len(words)
            if last or word.paragraph or words[n + 1].word.speaker != word.word.speaker:
                found.append((*words[begin:n], replace(word, paragraph=True)))
                begin = n + 1
        return tuple(found)

    def _span(self, at: int, count: int) -> list[int] | None:
        """Return the positions of the words of the source from `at` on; None if one is not there.

        A word that a glossary made of several counts for all of them.
        """
        positions = [self._position.get(index) for index in range(at, at + count)]
        if None in positions:
            return None
        return sorted({position for position in positions if position is not None})

    def _replace(self, position: int, at: int, operation: Operation) -> Why | None:
        span = self._span(at, operation.count)
        if span is None or span != list(range(span[0], span[0] + len(span))):
            return "removed"
        words = [word for n in span if (word := self._words[n]) is not None]
        first, last = words[0], words[-1]
        text = str(operation.to)
        lead, trail = take_apart(first.text).lead, take_apart(last.text).trail
        own_lead, own_trail = take_apart(first.word.text).lead, take_apart(last.word.text).trail
        made = replace(
            first.word,
            text=own_lead + text + own_trail,
            end_s=last.word.end_s,
            confidence=None,
            stands_for=sum(word.word.stands_for for word in words),
            heard=_heard(words),
            offered=(),
        )
        self._words[position] = EnhancedWord(made, lead + text + trail, paragraph=last.paragraph)
        for n in span[1:]:
            self._words[n] = None
        self._position.update(dict.fromkeys(range(at, at + operation.count), position))
        return None

    def _reassign(self, at: int, operation: Operation) -> Why | None:
        span = self._span(at, operation.count)
        if span is None:
            return "removed"
        for n in range(span[0], span[-1] + 1):  # what a glossary added lies between them
            word = self._words[n]
            if word is not None:
                changed = replace(word.word, speaker=str(operation.to))
                self._words[n] = replace(word, word=changed)
        return None


def _heard(words: Sequence[EnhancedWord]) -> str:
    """Return what the source has in the place of these words, without the marks around them."""
    pieces: list[str] = []
    for word in words:
        heard = take_apart(word.word.text).core if word.word.heard is None else word.word.heard
        if heard:
            pieces += [" "] if pieces and not word.word.glued else []
            pieces.append(heard)
    return "".join(pieces)
