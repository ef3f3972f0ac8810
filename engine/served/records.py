"""What a server is asked and answers, and how that goes wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: How an answer is bound to the words: by the request key of the server that does it, or not.
Mode = Literal["structured_outputs", "guided_regex", "regex", "grammar", "plain"]
#: The modes, in the order in which a server is tried.
BOUND: tuple[Mode, ...] = ("structured_outputs", "guided_regex", "regex", "grammar")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of a server."""

    text: str
    cut: bool  # it was cut off at its longest


class Unanswered(Exception):
    """The server gave no answer: it is gone, too slow or out of order. Another time it may."""

    def __init__(self, message: str, *, late: bool = False) -> None:
        super().__init__(message)
        self.late = late  # it was waited for as long as a server is


class Refused(Exception):
    """The server refuses this request and would again."""


class NoReading(Exception):
    """The answer is no reading of what was said."""
