"""What is wrong with an answer or with a row of calls, in words. Nothing is thrown away for it.

Repetition is measured by runs of words (n-grams): a list of times or a table has few different
words and yet many different runs of four.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from engine.chat.records import ToolCall

Fault = Literal["empty", "cut_off", "too_long", "repetitive", "loop"]

MOST_WORDS: Final = 2_000  # of an answer
MOST_IN_A_ROW: Final = 5  # calls without a word to the user between
MOST_IDENTICAL: Final = 4  # of the last calls
WINDOW: Final = 10  # calls that are looked back on

_ENOUGH: Final = "Answer now with what you have, without another call."
_RUN: Final = 4  # words
_LEAST: Final = 40  # words below which nothing is said to repeat itself
_LAST: Final = 200  # words of the end that are looked at on their own
_DISTINCT: Final = 0.35  # of the runs, in a text that repeats itself
_LONG_WORD: Final = 40  # characters; longer ones are taken letter by letter
#: A word, or one letter of a script that sets no spaces.
_UNIT: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|[^\\W_]+", re.UNICODE
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong."""

    fault: Fault
    message: str  # a sentence: what it is, and what can be done


def check_answer(text: str, *, finish: str = "stop", most_words: int = MOST_WORDS) -> list[Problem]:
    """Return what is wrong with an answer; `finish` is why the model stopped."""
    found = []
    if not text.strip():
        found.append(Problem("empty", "The model wrote no answer. Ask in other words."))
    if finish == "length":
        found.append(
            Problem("cut_off", "The answer stops at the limit of tokens. Ask to continue it.")
        )
    words = units(text)
    if len(words) > most_words:
        found.append(
            Problem("too_long", f"The answer has {len(words):,} words; {most_words:,} are usual.")
        )
    if repeats(words):
        found.append(
            Problem(
                "repetitive",
                "The answer repeats itself. Ask again, or use a larger model or a temperature.",
            )
        )
    return found


def repeats(words: Sequence[str]) -> bool:
    """Return whether these words, or the last of them, are the same few runs again and again."""
    ends = (words, words[-_LAST:])
    return len(words) >= _LEAST and any(_distinct(each) < _DISTINCT for each in ends)


def _distinct(words: Sequence[str]) -> float:
    """Return the share of the runs of words that are different from all others."""
    runs = [tuple(words[n : n + _RUN]) for n in range(len(words) - _RUN + 1)]
    return len(set(runs)) / len(runs)


def units(text: str) -> list[str]:
    """Return the words of a text, in lower case; of scripts without spaces, the letters."""
    words = _UNIT.findall(text.lower())
    return [unit for word in words for unit in (word if len(word) > _LONG_WORD else [word])]


def check_calls(calls: Sequence[ToolCall], *, in_a_row: int) -> Problem | None:
    """Return whether the calls of a turn go round in circles, the one to be run last included.

    `in_a_row` counts those at their end between which the model wrote nothing to the user.
    """
    if in_a_row > MOST_IN_A_ROW:
        return Problem("loop", f"More than {MOST_IN_A_ROW} calls in a row. {_ENOUGH}")
    keys = [(call.name, json.dumps(call.arguments, sort_keys=True)) for call in calls[-WINDOW:]]
    count = keys.count(keys[-1]) if keys else 0
    if count >= MOST_IDENTICAL:
        name = calls[-1].name
        return Problem("loop", f"{count} equal calls of {name}: their result is known. {_ENOUGH}")
    return None
