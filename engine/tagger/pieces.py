"""Words -> pieces: how a word is shown to a tagger, and how it is spelled.

Training uses this module, too: what the model is shown at work is what it was shown there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tokenizers import Tokenizer

from engine.text.readings import take_apart

#: Ids that no word has: the start of a window, padding, a change of speaker or the end, unknown.
START, PAD, TURN, UNKNOWN = range(4)
SPECIAL: Final = 4
#: A longer word keeps its first pieces and its last one, which carries the labels.
MOST_PIECES: Final = 12

_STRAIGHT: Final = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u02bc": "'", "\u2032": "'", "\u00b4": "'", "`": "'",
    "\u2026": "...", "\u00a0": " ", "\u202f": " ", "_": " ", "*": " ", "\u2011": "-",
    "\u2010": "-", "\u00ad": "", "\u200b": "", "\ufeff": "",
})  # fmt: skip
#: Marks from the weakest to the strongest; of several the strongest is shown.
_STRENGTH: Final = "-,:;.!?"
_DASHES: Final = str.maketrans("–—―‒", "----")
_OPENING: Final = "¿¡"


class Pieces:
    """Spells words with a pruned tokenizer, whose ids are the model's; every word once."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._cache: dict[str, tuple[int, ...]] = {}
        self.count: int = tokenizer.get_vocab_size()

    @classmethod
    def load(cls, path: Path) -> Pieces:
        """Read a tokenizer.json."""
        return cls(Tokenizer.from_file(str(path)))

    def word(self, text: str) -> tuple[int, ...]:
        """Return the pieces of one word as it is shown, with the space before it; never none."""
        ids = self._cache.get(text)
        if ids is None:
            ids = tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)
            if len(ids) > MOST_PIECES:
                ids = (*ids[: MOST_PIECES - 1], ids[-1])
            ids = ids or (UNKNOWN,)
            self._cache[text] = ids
        return ids


def straight(text: str) -> str:
    """Return `text` with plain apostrophes, spaces, hyphens and dots."""
    return text.translate(_STRAIGHT)


def strongest(marks: str) -> str:
    """Return the strongest mark among the characters, or ""."""
    known = [char for char in marks.translate(_DASHES) if char in _STRENGTH]
    return max(known, key=_STRENGTH.index) if known else ""


def shown(text: str, *, shouting: bool = False) -> str:
    """Return a written word as the model is shown it: its core and one mark, without quotes.

    Text that is in capitals throughout (`shouting`) is shown in lower case.
    """
    split = take_apart(straight(text))
    core = split.core.lower() if shouting else split.core
    mark = "..." if ".." in split.trail and "?" not in split.trail else strongest(split.trail)
    return "".join(char for char in split.lead if char in _OPENING) + core + mark
