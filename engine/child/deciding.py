"""Who decides a part when a language model is named: the tagger with its opinion, or it alone.

Whatever comes of it must be plausible. Else the tagger's own text stands, and where no tagger knows
the language, the source's.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from engine.errors import CannotSpell
from engine.models.device import Device
from engine.records import EnhancedPart, EnhancedWord, Opinion, Part, PartStatus
from engine.text import second_opinion
from engine.text.lattice import Lattice
from engine.text.paths import best
from engine.text.plausible import is_plausible

if TYPE_CHECKING:
    from engine.guided.model import Model
    from engine.guided.reader import Reader
    from engine.tagger.tag import Tagger, Weighed

#: Words by which it is seen whether the model knows the language at all.
_PROBED: Final = 48
#: Of blind guessing, what a model may be surprised by: English is 0.4 to a weak model of English,
#: any text 1.0 to random weights.
_LOST: Final = 0.8

Progress = Callable[[int], None]


@dataclass(slots=True)
class Deciders:
    """A loaded language model, and the tagger that decides where it knows the language."""

    model: Model
    reader: Reader
    opinion: Opinion
    tagger: Tagger | None

    @classmethod
    def of(cls, model: Model, opinion: Opinion, *, device: Device = "auto") -> Self:
        """Return a loaded model with the tagger that its folder was described with, loaded too."""
        from engine.guided.reader import Reader
        from engine.tagger.tag import Tagger

        decider = model.info.decider
        tagger = None if decider is None else Tagger.load(decider, device=device)
        return cls(model, Reader(model), opinion, tagger)

    @property
    def load_s(self) -> float:
        """Return how long both took to load."""
        return self.model.load_s + (0.0 if self.tagger is None else self.tagger.load_s)

    def enhance(
        self,
        part: Part,
        tail: Sequence[EnhancedWord],
        *,
        on_progress: Progress | None = None,
    ) -> EnhancedPart:
        """Return the part as the two decide; raises `CannotSpell` where the model is alone."""
        if self.tagger is not None and self.is_covered(part):
            return self._together(self.tagger, part, tail, on_progress)
        if self.opinion.rule == "reader":
            return self._reads_alone(part, tail, on_progress)
        from engine.guided.decode import decode

        asked = decode(self.model, part, tail, on_progress=on_progress)
        if is_plausible(asked.words, part.language):
            return asked
        return _kept(part, asked.passes, asked.decode_s)

    def is_covered(self, part: Part) -> bool:
        """Return whether the tagger knows the language of a part."""
        languages = self.tagger.info.languages if self.tagger is not None else ()
        return not languages or part.language is None or part.language in languages

    def _together(
        self,
        tagger: Tagger,
        part: Part,
        tail: Sequence[EnhancedWord],
        on_progress: Progress | None,
    ) -> EnhancedPart:
        started = time.monotonic()
        weighed = tagger.weigh(part, tail, on_progress=on_progress)
        own = best(weighed.lattice, weighed.scores) if part.words else []
        words = weighed.written(own)
        status: PartStatus = "enhanced"
        passes = self.reader.passes
        if part.words and self.opinion.weight > 0 and self._knows(words):
            advised = self._advised(weighed, tail, _beyond(len(part.words) + 1, on_progress))
            if is_plausible(advised, part.language) or not is_plausible(words, part.language):
                words = advised
            else:
                status = "implausible"
        return EnhancedPart(
            index=part.index,
            status=status,
            words=words,
            tokens=len(part.words),
            passes=weighed.passes + self.reader.passes - passes,
            decode_s=time.monotonic() - started,
        )

    def _advised(
        self, weighed: Weighed, tail: Sequence[EnhancedWord], on_progress: Progress | None
    ) -> tuple[EnhancedWord, ...]:
        """Return the words after the second opinion; the tagger's where the model cannot spell."""
        try:
            found = second_opinion.consult(
                weighed.lattice,
                weighed.scores,
                tail,
                self.opinion,
                self.reader.score,
                on_progress=on_progress,
            )
        except CannotSpell:
            return weighed.written(best(weighed.lattice, weighed.scores))
        return weighed.written(found.path)

    def _reads_alone(
        self, part: Part, tail: Sequence[EnhancedWord], on_progress: Progress | None
    ) -> EnhancedPart:
        started, passes = time.monotonic(), self.reader.passes
        lattice = Lattice(part, self.model.info, tail, labels=True)
        source = tuple(EnhancedWord(word, word.text) for word in part.words)
        known = part.words and self._knows(source)
        words = source
        if known:
            found = second_opinion.read_alone(
                lattice, tail, self.opinion, self.reader.score, on_progress=on_progress
            )
            words = lattice.enhanced(found.path)
        passes = self.reader.passes - passes
        if not known or not is_plausible(words, part.language):
            return _kept(part, passes, time.monotonic() - started)
        return EnhancedPart(
            index=part.index,
            status="enhanced",
            words=words,
            tokens=len(part.words),
            passes=passes,
            decode_s=time.monotonic() - started,
        )

    def _knows(self, words: Sequence[EnhancedWord]) -> bool:
        """Return whether the model knows text like this better than by guessing."""
        pieces = [f" {word.text}".encode() for word in words[:_PROBED]]
        try:
            surprise = self.reader.surprise(pieces)
        except CannotSpell:
            return False
        return math.isfinite(surprise) and surprise < _LOST


def _beyond(done: int, on_progress: Progress | None) -> Progress | None:
    """Return what reports progress after `done` steps: what does not rise is no progress."""
    if on_progress is None:
        return None
    report = on_progress
    return lambda steps: report(done + steps)


def _kept(part: Part, passes: int, decode_s: float) -> EnhancedPart:
    """Return a part as the source has it, because what the model wrote is not plausible."""
    return EnhancedPart(
        index=part.index,
        status="implausible",
        words=tuple(EnhancedWord(word, word.text) for word in part.words),
        tokens=len(part.words),
        passes=passes,
        decode_s=decode_s,
    )
