"""Key phrases of scripts without spaces: strings of letters that come back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from engine.extract.phrases import Phrase
from engine.extract.terms import Lexicon
from engine.records import EnhancedWord

_RUN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|[\u30a0-\u30ff]+|[A-Za-z][A-Za-z0-9]+")
_LONGEST = 8


def unspaced_phrases(words: Sequence[EnhancedWord], lexicon: Lexicon) -> list[Phrase]:
    """Return strings of Han or katakana letters that come back, the best first.

    A string is dropped for a longer one that is said nearly as often. Other scripts without spaces
    (Thai, Lao, Khmer, Burmese) give nothing: there is no telling a word in them.
    """
    counts: Counter[str] = Counter()
    for run in _RUN.findall("".join(word.text for word in words)):
        if run[0] <= "\u30ff":  # Latin and katakana runs are words as they stand
            counts[run] += 1
            continue
        for piece in _between_stops(run, lexicon):
            for size in range(2, min(_LONGEST, len(piece)) + 1):
                for start in range(len(piece) - size + 1):
                    counts[piece[start : start + size]] += 1
    least = 2 if len(words) < 1500 else 4
    frequent = {text: n for text, n in counts.items() if n >= least and len(text) > 1}
    covered = Counter[str]()
    for text, count in frequent.items():
        for size in range(2, len(text)):
            for start in range(len(text) - size + 1):
                part = text[start : start + size]
                covered[part] = max(covered[part], count)
    found = [
        Phrase((text,), text, count, (count - 0.8 * covered[text]) * (len(text) - 1) ** 0.5)
        for text, count in frequent.items()
        if covered[text] < 0.7 * count and text.casefold() not in lexicon.stops
    ]
    return sorted(found, key=lambda phrase: (-phrase.score, phrase.text))


def _between_stops(run: str, lexicon: Lexicon) -> list[str]:
    """Cut a run of Han letters at stop words, longest first."""
    pieces, at, start = [], 0, 0
    while at < len(run):
        size = next((n for n in (3, 2, 1) if run[at : at + n] in lexicon.stops), 0)
        if size:
            pieces.append(run[start:at])
            at += size
            start = at
        else:
            at += 1
    pieces.append(run[start:])
    return [piece for piece in pieces if len(piece) > 1]
