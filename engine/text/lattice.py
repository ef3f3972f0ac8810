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
from engine.text.marks import SENTENCE_MARKS
from engine.text.readings import Join, is_mark, is_marked, is_shouting, joins, readings

# A term takes the place of what was heard only where the model finds it clearly more likely.
TERM_BIAS: Final = -1.0


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
    """

    def __init__(self, part: Part, info: ModelInfo) -> None:
        texts = [word.text for word in part.words]
        bias = info.bias_marked if is_marked(texts) else info.bias
        shouting = is_shouting(texts)
        following = (*part.words[1:], part.after[0] if part.after else None)
        self.part = part
        self.readings = tuple(_readings(word, bias=bias, shouting=shouting) for word in part.words)
        self.joins = tuple(
            _joins(word, after, info=info, bias=bias)
            for word, after in zip(part.words, following, strict=True)
        )
        self.stops: tuple[str, ...] = ()
        if part.after:
            self.stops = readings(part.after[0].text, shouting=shouting)

    def raised_after(self, word: int, join: int) -> int | None:
        """Return the reading of the next word with a raised first letter, if a sentence may end.

        A sentence may end at a paragraph break or at a mark that ends one.
        """
        ended = self.joins[word][join].join
        if not ended.paragraph and not any(char in SENTENCE_MARKS for char in ended.trail):
            return None
        following = self.readings[word + 1] if word + 1 < len(self.readings) else ()
        for index, reading in enumerate(following):
            if reading.text[:1].isupper():
                return index
        return None

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


def _readings(word: Word, *, bias: Mapping[str, float], shouting: bool) -> tuple[Reading, ...]:
    """Return the usual readings of a word, its own first, and the terms offered to it."""
    usual = readings(word.text, shouting=shouting)
    return tuple(
        Reading(text, _reading_bias(text, word, bias, own=place == 0))
        for place, text in enumerate(dict.fromkeys((*usual, *word.offered)))
    )


def _reading_bias(text: str, word: Word, bias: Mapping[str, float], *, own: bool) -> float:
    if own:
        return bias.get("own_case", 0.0)
    if text in word.offered:
        return TERM_BIAS
    return bias.get("raise", 0.0) if text != text.lower() else 0.0


def _joins(
    word: Word, after: Word | None, *, info: ModelInfo, bias: Mapping[str, float]
) -> tuple[WeighedJoin, ...]:
    """Return what may stand between a word and the one after it; None: nothing follows."""
    possible = joins(
        word.text,
        glued=after is not None and after.glued,
        turn_ends=after is not None and after.speaker != word.speaker,
        last=after is None,
        paragraph=info.layout.paragraph,
        separators=info.separators,
        settled=after is not None
        and (is_mark(after.text) or (after.glued and bool(info.separators))),
    )
    return tuple(
        WeighedJoin(
            join,
            mark_bias=(bias.get(join.mark, 0.0) if join.mark else 0.0)
            + (bias.get("own", 0.0) if place == 0 else 0.0),
            paragraph_bias=bias.get("paragraph", 0.0) if join.paragraph else 0.0,
        )
        for place, join in enumerate(possible)
    )
