"""Is a text plausible? Marks and paragraphs per word, against what real text has.

A language model that nobody tuned may find a full stop after every word the likeliest of all. Such
a part is not published.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

from engine.records import EnhancedWord
from engine.text.marks import MARKS
from engine.text.readings import take_apart
from engine.text.structure import RULES

#: Words below which shares say nothing.
MEASURED_WORDS: Final = 40
#: Words that end with a mark, per word. Measured on parts of 190 words of speech and prose in 13
#: languages: 0.05 to 0.34, in Ukrainian up to 0.37, in Russian up to 0.54.
FEWEST_MARKS: Final = 0.02
MOST_MARKS: Final = 0.45
MOST_MARKS_OF: Final = {"ru": 0.65, "uk": 0.55}
#: Paragraphs that end inside a turn, per word: measured up to 0.06, in Polish up to 0.074.
MOST_PARAGRAPHS: Final = 0.09


def is_plausible(words: Sequence[EnhancedWord], language: str | None) -> bool:
    """Return whether a part has about as many marks and paragraphs as real text has."""
    if len(words) < MEASURED_WORDS:
        return True
    marks, paragraphs = shares(words)
    few = FEWEST_MARKS if language in RULES else 0.0
    most = MOST_MARKS_OF.get(language or "", MOST_MARKS)
    return few <= marks <= most and paragraphs <= MOST_PARAGRAPHS


def shares(words: Sequence[EnhancedWord]) -> tuple[float, float]:
    """Return the share of words that end with a mark, and of those that end a paragraph in a turn.

    The paragraph that ends with the last word is not counted.
    """
    marks = sum(any(char in MARKS for char in take_apart(word.text).trail) for word in words)
    paragraphs = sum(
        word.paragraph and word.word.speaker == after.word.speaker
        for word, after in itertools.pairwise(words)
    )
    return marks / max(1, len(words)), paragraphs / max(1, len(words))
