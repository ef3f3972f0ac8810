"""Spell words in pieces, each word by itself, with the vocabulary cut down to what is used."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

#: Ids that no word has: the start of a window, padding, a change of speaker or the end, unknown.
START, PAD, TURN, UNKNOWN = range(4)
#: A longer word keeps its first pieces and its last one, which carries the label.
MOST_PIECES = 12
#: Characters that any word may be spelled with: Latin with all its accents, Greek, Cyrillic, marks.
ALPHABETS = ((0x21, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x2010, 0x20BF))
SPACE = "\u2581"
#: The specials hold a space, which no word does, so that nobody can write one.
SPECIALS = (" start", " pad", " turn", " unknown")


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


def bare(tokenizer: dict[str, Any]) -> dict[str, Any]:
    """Return a tokenizer without padding, truncation and special tokens round its texts."""
    out = copy.copy(tokenizer)
    out["padding"] = out["truncation"] = out["post_processor"] = None
    out["added_tokens"] = []
    return out


def used(tokenizer: dict[str, Any], texts: Iterable[tuple[str, int]]) -> Counter[int]:
    """Count the pieces of words, each with how often it occurs."""
    full = Tokenizer.from_str(json.dumps(bare(tokenizer)))
    counts: Counter[int] = Counter()
    batch = list(texts)
    for first in range(0, len(batch), 50_000):
        part = batch[first : first + 50_000]
        encoded = full.encode_batch_fast([text for text, _ in part], add_special_tokens=False)
        for (_, often), encoding in zip(part, encoded, strict=True):
            for piece in encoding.ids:
                counts[piece] += often
    return counts


def choose(tokenizer: dict[str, Any], counts: Counter[int], most: int) -> list[int]:
    """Return the kept pieces in the order of their ids: the specials, characters, the most used."""
    vocabulary = tokenizer["model"]["vocab"]
    kept = set(range(len(SPECIALS)))
    for number, (piece, _) in enumerate(vocabulary):
        letter = piece.removeprefix(SPACE)
        if piece == SPACE or (
            len(letter) == 1 and any(low <= ord(letter) <= high for low, high in ALPHABETS)
        ):
            kept.add(number)
    for number, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if len(kept) >= most:
            break
        kept.add(number)
    return sorted(kept)


def pruned(tokenizer: dict[str, Any], kept: Sequence[int]) -> dict[str, Any]:
    """Return the tokenizer with the kept pieces alone, which are numbered from nought.

    A word is spelled as before wherever all the pieces of its best spelling were kept.
    """
    out = bare(tokenizer)
    vocabulary = [list(tokenizer["model"]["vocab"][n]) for n in kept]
    vocabulary[: len(SPECIALS)] = [[name, 0.0] for name in SPECIALS]
    out["model"] = {**tokenizer["model"], "vocab": vocabulary, "unk_id": UNKNOWN}
    return out
