"""Which speaker the words get, where one speaks and where two do: what `diarize --words` kept.

    python -m tests.benchmarks.diarize_words FOLDER

The words are those that were spoken, with their times; a Whisper tool hears fewer where two speak.
They go through the product's own rule for words, that of three words included.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.diarize.assign import labelled
from engine.diarize.records import Turn
from engine.records import Segment, Transcript, Word
from tests import voices


def main(folder: Path) -> None:
    """Print a table, and the paragraphs of one talk with overlaps."""
    print("| talk | wrong speaker where one speaks | where two do | changes inside a sentence |")
    print("|---|---|---|---|")
    for path in sorted(folder.glob("*.json")):
        kept = json.loads(path.read_text())
        turns = tuple(Turn(start, end, name, 1.0) for start, end, name in kept["turns"])
        words = tuple(Word(*row) for row in kept["words"])
        found = [Turn(start, end, name, 1.0) for start, end, name in kept["found"]]
        made = voices.Talk(Path("talk.wav"), turns, max(t.end_s for t in turns), words)
        spoken = labelled(Transcript("benchmark", sentences(words)), found)
        counts = voices.wrong_words(made, spoken.words)
        shares = [f"{wrong} of {total}" for wrong, total in (counts[False], counts[True])]
        jumps = sum(
            one.speaker != other.speaker
            for segment in spoken.segments
            for one, other in zip(segment.words, segment.words[1:], strict=False)
        )
        print(f"| {path.stem} | {shares[0]} | {shares[1]} | {jumps} |")


def sentences(words: Sequence[Word]) -> tuple[Segment, ...]:
    """Return the words in segments that end with a sentence, as a Whisper tool writes them."""
    made: list[Segment] = []
    current: list[Word] = []
    for word in words:
        current.append(word)
        if word.text.endswith((".", "?")):
            made.append(Segment(tuple(current)))
            current = []
    return (*made, Segment(tuple(current))) if current else tuple(made)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
