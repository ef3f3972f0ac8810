"""Words -> pieces: how a word is shown to a tagger, and how it is spelled.

Training uses this module, too: what the model is shown at work is what it was shown there.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.text.readings import take_apart

if TYPE_CHECKING:
    from tokenizers import Tokenizer

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
STRENGTH: Final = "-,:;.!?"
#: Words that begin with an apostrophe, which is no quotation mark then.
ELISIONS: Final = frozenset((
    "tis", "twas", "em", "twere", "cause", "til", "till", "d", "ll", "s", "re", "ve", "m", "t",
    "twill", "bout", "round", "n", "ls", "hi",
))  # fmt: skip
#: Marks before a word that are shown.
OPENING: Final = "¿¡"
_DASHES: Final = str.maketrans("–—―‒", "----")
#: What may stand before and after a word besides the quotes and marks that `take_apart` knows.
_BEFORE: Final = "-–—―.”»›"
_AFTER: Final = "«‹„“"
#: The stop of an abbreviation and the mark after it: etc., or Exa.,
STOP_AND_MARK: Final = re.compile(r"\.[\"')]*[,:;?!]")
_MARK_AND_QUOTE: Final = re.compile(r"[,.?!:;]+'+$")


class Pieces:
    """Spells words with a pruned tokenizer, whose ids are the model's; every word once."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._cache: dict[str, tuple[int, ...]] = {}
        self.count: int = tokenizer.get_vocab_size()

    @classmethod
    def load(cls, path: Path) -> Pieces:
        """Read a tokenizer.json."""
        from tokenizers import Tokenizer  # late: `shown` is wanted where no tokenizer is

        return cls(Tokenizer.from_file(str(path)))

    def names(self) -> dict[str, int]:
        """Return the pieces with their ids."""
        return dict(self._tokenizer.get_vocab())

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
    known = [char for char in marks.translate(_DASHES) if char in STRENGTH]
    return max(known, key=STRENGTH.index) if known else ""


def shown(text: str, *, shouting: bool = False) -> str:
    """Return a written word as the model is shown it: its core and one mark, without quotes.

    Text that is in capitals throughout (`shouting`) is shown in lower case.
    """
    plain = straight(text).rstrip(_AFTER)
    split = take_apart(plain.lstrip(_BEFORE))
    core, trail = split.core, split.trail
    if quoted := _MARK_AND_QUOTE.search(core):
        core, trail = core[: quoted.start()], quoted.group() + trail
    if STOP_AND_MARK.match(trail):
        core, trail = core + ".", trail[1:]
    hyphens = len(core) - len(core.rstrip("-–"))
    if hyphens and trail:
        core = core[:-hyphens]
    if core[:1].isdigit() and plain.startswith("-"):
        core = "-" + core
    elif split.lead.endswith("'") and core.split("'")[0].lower() in ELISIONS:
        core = "'" + core
    mark = "..." if ".." in trail and "?" not in trail else strongest(trail)
    if mark == "...":
        core = core.rstrip(".")
    opening = "".join(char for char in split.lead if char in OPENING)
    return opening + (core.lower() if shouting else core) + mark
