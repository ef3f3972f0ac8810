"""Part -> lattice: everything that may be written, as the readings of words and the joins of gaps.

A lattice offers a few readings of every word and, after it, a few joins. A path takes one of each;
whatever the path, every word is written once, in order. The lattice needs no model: one that
writes from left to right and one that labels all words at once choose on the same lattice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from engine.errors import AlignmentError
from engine.records import EnhancedWord, ModelInfo, Part, Word
from engine.text.marks import OPENERS, SENTENCE_MARKS, group
from engine.text.readings import (
    Join,
    capitals,
    is_mark,
    is_marked,
    is_shouting,
    joins,
    readings,
    separators_of,
)
from engine.text.structure import Structure

# A term takes the place of what was heard only where the model finds it clearly more likely.
TERM_BIAS: Final = -1.0
# A model of labels has no opinion on words: it is offered a term only where it is to be taken.
TAKEN_TERM_BIAS: Final = 100.0
#: What a question opens with, in the languages that demand it.
OPENING: Final = {"es": "¿", "ast": "¿", "gl": "¿"}


class Reading(NamedTuple):
    """One way to write a word, without what follows it."""

    text: str
    bias: float  # log-probability added to the model's own


class WeighedJoin(NamedTuple):
    """One thing that may stand between two words, and its bias."""

    join: Join
    mark_bias: float  # log-probability added for its marks
    paragraph_bias: float  # log-probability added for its paragraph break

    @property
    def bias(self) -> float:
        """Return the log-probability added for the whole join."""
        return self.mark_bias + self.paragraph_bias


class Choice(NamedTuple):
    """What a path takes for one word: indices into its readings and the joins after it."""

    reading: int
    join: int


class Lattice:
    """The readings of every word of a part and the joins after it; the source's own stand first.

    `readings[n]` belong to word n, `joins[n]` to the gap after it. `stops` are the readings of the
    word after the part, which is never chosen; empty where nothing follows.

    A model that labels words chooses among more readings, because it says more of a word: whether
    it stands in capitals throughout, and in Spanish whether a question opens with it. It chooses
    among fewer joins: of marks that it has one label for, the first alone is offered, beside the
    source's own.

    Not every path keeps the rules of `structure`. `admits` says whether a whole path does; a model
    that writes from left to right asks them at every step, with the place where it stands.
    """

    def __init__(
        self,
        part: Part,
        info: ModelInfo,
        tail: Sequence[EnhancedWord] = (),
        *,
        labels: bool | None = None,
    ) -> None:
        """Build it; `tail` is what was written before the part.

        `labels`: whether marks that open questions are offered; None: to a model of labels.
        """
        texts = [word.text for word in part.words]
        self.marked = is_marked(texts)
        bias = info.bias_marked if self.marked else info.bias
        shouting = is_shouting(texts)
        following = [*part.words[1:], part.after[0] if part.after else None]
        labels = info.kind == "tagger" if labels is None else labels
        if labels and shouting:
            bias = {**bias, "own_case": 0.0}  # nobody chose the case of a single word
        opening = OPENING.get(part.language or "", "") if labels else ""
        self.part = part
        self.plain = tuple(
            _readings(word, bias=bias, shouting=shouting, tagger=info.kind == "tagger")
            for word in part.words
        )
        self.readings = tuple(_opened(plain, opening) for plain in self.plain)
        self.joins = tuple(
            _joins(word, after, info=info, bias=bias)
            for word, after in zip(part.words, following[: len(texts)], strict=True)
        )
        self.stops: tuple[str, ...] = ()
        if part.after:
            self.stops = readings(part.after[0].text, shouting=shouting)
        self.structure = Structure(
            part,
            tail,
            [*([reading.text for reading in of] for of in self.readings), self.stops],
            [[weighed.join for weighed in of] for of in self.joins],
        )

    def admits(self, path: Sequence[Choice]) -> bool:
        """Return whether a path keeps the rules of structure."""
        place = self.structure.start
        for n, choice in enumerate(path):
            if not self.structure.admits_reading(place, n, choice.reading):
                return False
            if not self.structure.admits_join(place, n, choice.join):
                return False
            place = self.structure.after(place, n, choice.join)
        return True

    def raised_after(self, word: int, join: int) -> int | None:
        """Return the reading of the next word with a raised first letter, if a sentence may end.

        A sentence may end at a paragraph break or at a mark that ends one.
        """
        if not self.may_end(word, join):
            return None
        following = self.readings[word + 1] if word + 1 < len(self.readings) else ()
        for index, reading in enumerate(following):
            if reading.text[:1].isupper():
                return index
        return None

    def may_end(self, word: int, join: int) -> bool:
        """Return whether a sentence may end with this join after this word."""
        ended = self.joins[word][join].join
        return ended.paragraph or any(char in SENTENCE_MARKS for char in ended.trail)

    def opened(self, word: int, reading: int) -> int | None:
        """Return the reading of a word that opens a question and is else the same, if offered."""
        count = len(self.plain[word])
        return reading + count if reading + count < len(self.readings[word]) else None

    def enhanced(self, path: Sequence[Choice]) -> tuple[EnhancedWord, ...]:
        """Return the words of the part as a path writes them; raises `AlignmentError`."""
        if len(path) != len(self.part.words):
            raise AlignmentError()
        return tuple(self._written(path))

    def _written(self, path: Sequence[Choice]) -> Iterable[EnhancedWord]:
        for n, (word, choice) in enumerate(zip(self.part.words, path, strict=True)):
            reading = self.readings[n][choice.reading]
            join = self.joins[n][choice.join].join
            yield EnhancedWord(word, reading.text + join.trail, paragraph=join.paragraph)


def _readings(
    word: Word, *, bias: Mapping[str, float], shouting: bool, tagger: bool
) -> tuple[Reading, ...]:
    """Return the usual readings of a word, its own first, and the terms offered to it."""
    usual = readings(word.text, shouting=shouting)
    if tagger and len(usual) > 1 and (raised := capitals(word.text)) is not None:
        usual = (*usual, raised)
    return tuple(
        Reading(text, _reading_bias(text, word, bias, own=place == 0, tagger=tagger))
        for place, text in enumerate(dict.fromkeys((*usual, *word.offered)))
    )


def _opened(plain: tuple[Reading, ...], opening: str) -> tuple[Reading, ...]:
    """Return readings and, after all of them, each of them with the mark that opens a question."""
    if not opening or any(reading.text[:1] in OPENERS for reading in plain):
        return plain
    if not any(char.isalnum() for char in plain[0].text):
        return plain
    return (*plain, *(Reading(opening + reading.text, reading.bias) for reading in plain))


def _reading_bias(
    text: str, word: Word, bias: Mapping[str, float], *, own: bool, tagger: bool
) -> float:
    if own:
        return bias.get("own_case", 0.0)
    if text in word.offered:
        return TAKEN_TERM_BIAS if tagger else TERM_BIAS
    return bias.get("raise", 0.0) if text != text.lower() else 0.0


def _joins(
    word: Word, after: Word | None, *, info: ModelInfo, bias: Mapping[str, float]
) -> tuple[WeighedJoin, ...]:
    """Return what may stand between a word and the one after it; None: nothing follows."""
    labels = info.kind == "tagger"
    separators = info.separators or (_of_labels(word.text, info.marks) if labels else ())
    possible = joins(
        word.text,
        glued=after is not None and after.glued,
        turn_ends=after is not None and after.speaker != word.speaker,
        last=after is None,
        paragraph=info.layout.paragraph,
        separators=separators,
        settled=after is not None
        and (is_mark(after.text) or (after.glued and bool(info.separators))),
    )
    own = possible[0].trail
    return tuple(
        WeighedJoin(
            join,
            mark_bias=(bias.get(join.mark, 0.0) if join.mark else 0.0)
            + (bias.get("own", 0.0) if place == 0 or (labels and own == join.trail) else 0.0),
            paragraph_bias=bias.get("paragraph", 0.0) if join.paragraph else 0.0,
        )
        for place, join in enumerate(possible)
    )


def _of_labels(text: str, more: Sequence[str]) -> tuple[str, ...]:
    """Return the separators of a word's script, one for each label of a tagger, and more."""
    first: dict[str, str] = {}
    for mark in separators_of(text):
        first.setdefault(group(mark, text), mark)
    return (*first.values(), *more) if first else ()
