"""Who decides a part when a model on a server is named: its answer, walked through the lattice.

What the answer does not say is decided by the tagger where that knows the language, else as the
source has it. Without an answer, or with one that is no reading or not plausible, the tagger's own
text stands, or the source's. How much of each there is, is counted with the part.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.records import EnhancedPart, EnhancedWord, ModelInfo, Part, Served, ServedReason
from engine.served import walk
from engine.served.ask import Asker
from engine.served.records import NoReading, Unanswered
from engine.text.lattice import Lattice
from engine.text.paths import best
from engine.text.plausible import is_plausible
from engine.text.second_opinion import without_opinion

if TYPE_CHECKING:
    from engine.tagger.tag import Tagger

#: Every mark that a model may want; a tagger by itself is offered one for each of its labels.
_SEPARATORS: Final = (",", ".", "?", "!", ":", ";")

Progress = Callable[[int], None]


@dataclass(slots=True)
class ServingDecider:
    """A server that was found, and the tagger that decides without it."""

    info: ModelInfo
    asker: Asker
    tagger: Tagger | None

    def enhance(
        self,
        part: Part,
        tail: Sequence[EnhancedWord],
        *,
        on_progress: Progress | None = None,
    ) -> EnhancedPart:
        """Return the part as the answer has it, as far as that is a reading."""
        started = time.monotonic()
        covered = self._is_covered(part)
        if not part.words:
            return self._part(part, (), Served("source", 0, None), started)
        try:
            wished = self._wished(part, tail, _ticks(on_progress))
        except Unanswered:
            return self._without(part, tail, "unanswered", started)
        except NoReading:
            return self._without(part, tail, "no_reading", started)
        words = self._walked(part, tail, wished)
        count = walk.taken(words, wished)
        if not is_plausible(words, part.language):
            return self._without(part, tail, "implausible", started)
        return self._part(
            part, words, Served("embedded" if covered else "source", count, None), started
        )

    def _is_covered(self, part: Part) -> bool:
        languages = self.tagger.info.languages if self.tagger is not None else ()
        return self.tagger is not None and (
            not languages or part.language is None or part.language in languages
        )

    def _wished(
        self, part: Part, tail: Sequence[EnhancedWord], tick: Callable[[], None]
    ) -> Sequence[walk.Wish | None]:
        """Return what the server's model writes for the words of a part.

        It is shown the words around them too, so that the first and the last are not the ends of a
        text.
        """
        before = [word.word for word in tail]
        words = (*before, *part.words, *part.after)
        whole = Part(part.index, words, language=part.language)
        answer = self.asker.text(words, Lattice(whole, self.info, labels=False), tick=tick)
        found = walk.wishes(words, answer)
        return found[len(before) : len(before) + len(part.words)]

    def _walked(
        self, part: Part, tail: Sequence[EnhancedWord], wished: Sequence[walk.Wish | None]
    ) -> tuple[EnhancedWord, ...]:
        """Return the words as the answer has them, and as others decide where it has none."""
        if self.tagger is None or not self._is_covered(part):
            lattice = Lattice(part, self.info, tail, labels=False)
            scores = walk.toward(lattice, without_opinion(lattice), wished)
            return lattice.enhanced(best(lattice, scores))
        info = self.tagger.info
        separators = (*_SEPARATORS, *info.marks)
        wide = dataclasses.replace(
            self.tagger, info=dataclasses.replace(info, separators=separators)
        )
        weighed = wide.weigh(part, tail)
        scores = walk.toward(weighed.lattice, weighed.scores, wished)
        return weighed.written(best(weighed.lattice, scores))

    def _without(
        self, part: Part, tail: Sequence[EnhancedWord], reason: ServedReason, started: float
    ) -> EnhancedPart:
        """Return the part as it is without the server."""
        if self.tagger is not None and self._is_covered(part):
            words = self.tagger.enhance(part, tail).words
            return self._part(part, words, Served("embedded", 0, reason), started)
        words = tuple(EnhancedWord(word, word.text) for word in part.words)
        return self._part(part, words, Served("source", 0, reason), started)

    def _part(
        self, part: Part, words: tuple[EnhancedWord, ...], served: Served, started: float
    ) -> EnhancedPart:
        return EnhancedPart(
            index=part.index,
            status="enhanced" if served.reason is None else "implausible",
            words=words,
            tokens=len(part.words),
            passes=0 if served.reason == "unanswered" else 1,
            decode_s=time.monotonic() - started,
            served=served,
        )


def _ticks(on_progress: Progress | None) -> Callable[[], None]:
    """Return what tells the parent that a server is being waited for."""
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        ticks += 1
        if on_progress is not None:
            on_progress(ticks)

    return tick
