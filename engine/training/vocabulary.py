"""Cut the vocabulary of the pretrained tokenizer down to the pieces that the languages use."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from tokenizers import Tokenizer

from engine.tagger.pieces import UNKNOWN

#: Characters that any word may be spelled with: Latin with all its accents, Greek, Cyrillic, marks.
ALPHABETS = ((0x21, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x52F), (0x2010, 0x20BF))
SPACE = "\u2581"
#: The specials hold a space, which no word does, so that nobody can write one.
SPECIALS = (" start", " pad", " turn", " unknown")


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
