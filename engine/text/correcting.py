"""What a person asks for at a word -> the operations that say it, in one step.

A face sends the word as it should be written. What changed of it (its letters, its case, its marks)
is told apart here, because each is another lesson for a model.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.records import EnhancedWord
from engine.text.corrected import MOST_WORDS, Kind, Operation, is_valid
from engine.text.letters import folded
from engine.text.marks import has_end, letters
from engine.text.prose import printable
from engine.text.readings import take_apart


class Refused(ValueError):
    """What was asked for is no correction; the message says why, without text of the talk."""


class Correcting:
    """The words of a text as they stand, to make operations of what a person asks for."""

    def __init__(self, words: Sequence[EnhancedWord], source: Sequence[str], made_at: str) -> None:
        self._words = words
        self._source = source
        self._made_at = made_at
        self._position = {w.word.index: n for n, w in enumerate(words) if w.word.index is not None}

    def text(
        self, at: int, wanted: str, *, count: int = 1, glossary: bool = False
    ) -> list[Operation]:
        """Return what writes the word at an index as `wanted`, `count` words of the source as one.

        After a new sentence end the next word begins with a capital, as a person expects.
        """
        position = self._at(at)
        wanted = " ".join(printable(wanted).split())
        if not 1 <= count <= MOST_WORDS:
            raise Refused(f"At most {MOST_WORDS} words can be joined.")
        last = self._position.get(at + count - 1, position)
        now, then = take_apart(self._words[position].text), take_apart(wanted)
        trail = take_apart(self._words[last].text).trail
        if not letters(then.core):
            raise Refused("A word cannot be empty: it was said.")
        found = []
        if count > 1 or folded(letters(now.core)) != folded(letters(then.core)):
            found.append(self._made("word", at, then.core, now.core, count, glossary=glossary))
        elif now.core != then.core and folded(now.core) == folded(then.core):
            found.append(self._made("case", at, then.core, now.core))
        elif now.core != then.core:  # another apostrophe or hyphen within
            found.append(self._made("word", at, then.core, now.core, count, glossary=glossary))
        if now.lead != then.lead:
            found.append(self._made("opening", at, then.lead, now.lead))
        if trail != then.trail:
            end = last if count > 1 else position
            index = at + count - 1 if count > 1 and last != position else at
            found.append(self._made("mark", index, then.trail, trail))
            ends = has_end(then.core + then.trail) and not has_end(now.core + trail)
            found += self._capital_after(end) if ends else []
        return found

    def capital(self, at: int) -> list[Operation]:
        """Return what gives a word a capital, or takes it."""
        core = take_apart(self._words[self._at(at)].text).core
        first = core[:1]
        turned = (first.lower() if first != first.lower() else first.upper()) + core[1:]
        return [self._made("case", at, turned, core)] if turned != core else []

    def paragraph(self, at: int, *, ends: bool) -> list[Operation]:
        """Return what ends a paragraph after a word, or joins it with the next."""
        word = self._words[self._at(at)]
        return [] if word.paragraph == ends else [self._made("paragraph", at, ends, word.paragraph)]

    def speaker(self, at: int, label: str) -> list[Operation]:
        """Return what gives the whole paragraph of a word to another speaker."""
        first = last = self._at(at)
        while first > 0 and not self._words[first - 1].paragraph:
            first -= 1
        while last + 1 < len(self._words) and not self._words[last].paragraph:
            last += 1
        indexes = [w.word.index for w in self._words[first : last + 1] if w.word.index is not None]
        if not indexes or self._words[first].word.speaker == label:
            return []
        # One operation for each run of words: between runs, words were removed.
        runs: list[list[int]] = []
        for index in indexes:
            if runs and index == runs[-1][-1] + 1:
                runs[-1].append(index)
            else:
                runs.append([index])
        was = self._words[first].word.speaker
        return [self._made("speaker", run[0], label, was, len(run)) for run in runs]

    def name(self, label: str, name: str | None, was: str | None) -> list[Operation]:
        """Return what gives a speaker a name, or takes it back."""
        if name == was:
            return []
        made = Operation(
            id=0, step=0, kind="name", to=name, was=was, label=label, made_at=self._made_at
        )
        return [made]

    def _at(self, at: int) -> int:
        position = self._position.get(at)
        if position is None:
            raise Refused("This word is not in the text any more.")
        return position

    def _capital_after(self, position: int) -> list[Operation]:
        following = self._words[position + 1 : position + 2]
        if not following or following[0].word.index is None:
            return []
        core = take_apart(following[0].text).core
        if not core[:1].islower():
            return []
        return self.capital(following[0].word.index)

    def _made(
        self,
        kind: Kind,
        at: int,
        to: str | bool,
        was: str | bool | None,
        count: int = 1,
        *,
        glossary: bool = False,
    ) -> Operation:
        if not is_valid(kind, to, written=str(was)):
            raise Refused("A word cannot be written so.")
        source = self._source
        return Operation(
            id=0,
            step=0,
            kind=kind,
            to=to,
            was=was,
            at=at,
            word=source[at],
            before=source[at - 1] if at else "",
            after=source[at + 1] if at + 1 < len(source) else "",
            count=count,
            glossary=glossary,
            made_at=self._made_at,
        )
