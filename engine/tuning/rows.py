"""Words as they are shown -> rows of pieces, with the labels on the last piece of each word.

The training of the embedded model and tuning make their rows here, so that a model that was tuned
was shown words as the shipped one was.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from engine.tagger.pieces import PAD, START, TURN, Pieces
from engine.tuning.degrade import Shown
from engine.tuning.words import MASKED

#: Words at a window's cut end whose labels are not asked: what follows them is not shown.
EDGE_WORDS: Final = 5


def encode(
    shown: Sequence[Shown], pieces: Pieces, length: int, *, at_end: bool
) -> tuple[list[int], list[int], list[int], list[int]]:
    """Return a row of ids and its labels, cut or padded to `length`.

    The row begins with START. TURN stands before a word that another speaker begins with, and
    after the last word where the text ends.
    """
    ids = [START]
    places: list[int] = []
    for word in shown:
        spelled = pieces.word(word.text)
        if len(ids) + word.turn + len(spelled) > length - 1:
            at_end = False
            break
        if word.turn and places:
            ids.append(TURN)
        ids.extend(spelled)
        places.append(len(ids) - 1)
    if at_end:
        ids.append(TURN)
    ids.extend([PAD] * (length - len(ids)))
    columns = [[MASKED] * length for _ in range(3)]
    asked = len(places) if at_end else len(places) - EDGE_WORDS
    for place, word in zip(places[: max(0, asked)], shown, strict=False):
        columns[0][place], columns[1][place] = word.mark, word.case
        columns[2][place] = word.paragraph
    return ids, *columns  # type: ignore[return-value]
