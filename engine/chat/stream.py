"""Pieces of a model's text, as they come -> pieces of the answer, of thoughts and of calls.

A mark may be cut anywhere between two pieces, so the longest end that could begin a mark waits.
What was shown as answer and turns out to be a thought (a lone closer) is taken back with a piece of
the kind `was_thinking`. However the text is cut, what comes out is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.chat.records import BackendFacts


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the answer or of a thought, or one whole call."""

    # `was_thinking` has no text: all pieces of the answer and calls so far were thoughts.
    kind: Literal["answer", "thinking", "call", "was_thinking"]
    text: str = ""
    closed: bool = True  # of a call: its closing mark came
    marked: bool = True  # of a call: marks stood around it; without them it may be an answer


@dataclass(frozen=True, slots=True)
class Split:
    """A whole text, taken apart."""

    answer: str  # without white space at its ends
    thinking: str  # the thoughts, with a blank line between two
    calls: tuple[Piece, ...]  # what stood between the marks of calls, as it was written


def split(
    text: str,
    facts: BackendFacts,
    *,
    calls: bool = False,
    may_be_call: Callable[[str], bool] = lambda text: False,
) -> Split:
    """Return a whole text taken apart; the arguments are those of `StreamProcessor`."""
    processor = StreamProcessor(facts, calls=calls, may_be_call=may_be_call)
    processor.feed(text)
    processor.finish()
    return processor.split


class StreamProcessor:
    """Takes the text of one answer apart while it comes."""

    def __init__(
        self,
        facts: BackendFacts,
        *,
        calls: bool = False,
        may_be_call: Callable[[str], bool] = lambda text: False,
    ) -> None:
        """Make a processor for one answer.

        Args:
            facts: Whose marks hold.
            calls: Whether calls are looked for; without it their marks are text.
            may_be_call: Returns whether an answer that begins with a text may be a call without
                marks. If so, it waits to the end and becomes a call. Once it is False for a text,
                it must be False for every longer one.
        """
        self._opener, self._closer = facts.thinking or ("", "")
        self._call, self._call_end = facts.call_marks if calls else ("", "")
        self._may_be_call = may_be_call if calls else lambda text: False
        self._state: Literal["answer", "thinking", "call"] = "answer"
        if facts.begins_thinking and facts.thinking:
            self._state = "thinking"
        self._waiting = ""  # text that is not decided yet
        self._answer: list[str] = []
        self._thoughts: list[list[str]] = [[]]
        self._calls: list[Piece] = []
        self._thought = self._state == "thinking"  # a thought has begun: a lone closer is text

    @property
    def split(self) -> Split:
        """Return everything so far, taken apart."""
        thoughts = ("".join(thought).strip() for thought in self._thoughts)
        return Split(
            "".join(self._answer).strip(), "\n\n".join(filter(None, thoughts)), tuple(self._calls)
        )

    def feed(self, text: str) -> list[Piece]:
        """Return the pieces that are certain once this text has come."""
        self._waiting += text
        return self._decide(ended=False)

    def finish(self) -> list[Piece]:
        """Return the last pieces: no more text comes."""
        return self._decide(ended=True)

    def _decide(self, *, ended: bool) -> list[Piece]:
        pieces: list[Piece] = []
        while self._waiting and not self._is_held():
            if self._repeats_opener() and not ended:
                break
            before, mark, rest = self._next_mark(ended=ended)
            if self._state == "call" and not mark:
                break  # a call is handed on whole
            self._waiting = rest
            self._take(before, pieces)
            if not mark:
                break
            self._pass(mark, pieces)
        if ended:
            self._end(pieces)
        return pieces

    def _is_held(self) -> bool:
        """Return whether the answer may be a call without marks, so far."""
        start = self._waiting.lstrip()
        blank = self._state == "answer" and not self._answer
        return blank and bool(start) and self._may_be_call(start)

    def _repeats_opener(self) -> bool:
        """Drop an opener with which a thought begins; return whether more text may change it."""
        start = self._waiting.lstrip()
        if self._state != "thinking" or any(self._thoughts[-1]) or not start:
            return False
        while start.startswith(self._opener):
            start = self._waiting = start.removeprefix(self._opener).lstrip()
        return bool(start) and self._opener.startswith(start)

    def _next_mark(self, *, ended: bool) -> tuple[str, str, str]:
        """Return the text before the next mark, the mark ("" for none), and what waits."""
        marks = self._marks()
        found = [(self._waiting.find(mark), mark) for mark in marks if mark in self._waiting]
        if found:
            place, mark = min(found)
            return self._waiting[:place], mark, self._waiting[place + len(mark) :]
        held = 0 if ended else _unfinished(self._waiting, marks)
        end = len(self._waiting) - held
        return self._waiting[:end], "", self._waiting[end:]

    def _marks(self) -> list[str]:
        """Return the marks that mean something now."""
        if self._state == "call":
            marks = [self._call_end]
        elif self._state == "thinking":
            marks = [self._closer]
        else:
            marks = [self._opener, "" if self._thought else self._closer, self._call]
        return [mark for mark in marks if mark]

    def _take(self, text: str, pieces: list[Piece]) -> None:
        """Add text to the answer or the thought, without white space at its start."""
        if self._state == "call":
            self._calls.append(Piece("call", text))
            pieces.append(self._calls[-1])
            return
        into = self._answer if self._state == "answer" else self._thoughts[-1]
        kept = text if into else text.lstrip()
        if kept:
            into.append(kept)
            pieces.append(Piece("answer" if self._state == "answer" else "thinking", kept))

    def _pass(self, mark: str, pieces: list[Piece]) -> None:
        """Change the state behind a mark."""
        if self._state != "answer":
            self._state = "answer"
        elif mark == self._call:
            self._state = "call"
        elif mark == self._opener:
            self._state, self._thought = "thinking", True
            self._thoughts.append([])
        else:
            self._retract(pieces)

    def _retract(self, pieces: list[Piece]) -> None:
        """Make everything so far a thought."""
        said = [*self._answer, *(f"\n{call.text}" for call in self._calls)]
        self._thoughts.append(said)
        self._answer, self._calls, self._thought = [], [], True
        pieces.append(Piece("was_thinking"))

    def _end(self, pieces: list[Piece]) -> None:
        """Hand on what still waits: a call that is not closed, or one without marks."""
        bare = self._is_held()
        if bare or self._state == "call":
            closed = bare or not self._call_end
            text = self._waiting.lstrip() if bare else self._waiting
            self._calls.append(Piece("call", text, closed=closed, marked=not bare))
            pieces.append(self._calls[-1])
        self._waiting = ""


def _unfinished(text: str, marks: Sequence[str]) -> int:
    """Return the length of the longest end of a text with which a mark could begin."""
    longest = max((len(mark) for mark in marks), default=1) - 1
    for length in range(min(longest, len(text)), 0, -1):
        if any(mark.startswith(text[-length:]) for mark in marks):
            return length
    return 0
