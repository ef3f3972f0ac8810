"""Key phrases of scripts without spaces: repeated strings of letters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from engine.extract.lexicon import Lexicon
from engine.extract.phrases import Phrase, own_share
from engine.records import EnhancedWord
from engine.text.letters import composed

_HAN = re.compile("[\u3005\u3400-\u9fff\uf900-\ufaff]+")
_RUN = re.compile(_HAN.pattern + r"|[\u30a0-\u30ff]+|[A-Za-z][A-Za-z0-9]+")
# The endings of Japanese verbs and adjectives begin with these; particles hardly do.
_ENDING = re.compile("[いうえきぎくぐけげちっつてびぶべみむめりるれわらん]")
# These follow verbs as well as nouns, and show nothing.
_EITHER = re.compile("って|くらい|ぐらい|らしい")
_LONGEST = 8


def unspaced_counts(words: Sequence[EnhancedWord], lexicon: Lexicon) -> Counter[str]:
    """Return how often each string that may be a phrase is said.

    In Japanese, a string that mostly has the ending of a verb or adjective after it is its stem.
    """
    counts: Counter[str] = Counter()
    stems: Counter[str] = Counter()
    unsure: Counter[str] = Counter()
    text = composed("".join(("" if w.word.glued else " ") + w.text for w in words))
    for found in _RUN.finditer(text):
        run = found.group()
        if not _HAN.match(run):  # Latin and katakana runs are words as they stand
            counts[run] += not run.isascii() or len(set(run.casefold())) > 1  # "www" is laughter
            continue
        pieces = _between_stops(run, lexicon)
        for piece in pieces:
            for size in range(2, min(_LONGEST, len(piece)) + 1):
                for start in range(len(piece) - size + 1):
                    counts[piece[start : start + size]] += 1
        if lexicon.language == "ja" and _ENDING.match(text, found.end()) and pieces:
            last = pieces[-1]
            if run.endswith(last):
                kind = unsure if _EITHER.match(text, found.end()) else stems
                kind.update(last[-size:] for size in range(2, min(_LONGEST, len(last)) + 1))
    return Counter({text: n for text, n in counts.items() if stems[text] * 2 <= n - unsure[text]})


def unspaced_phrases(
    words: Sequence[EnhancedWord],
    lexicon: Lexicon,
    *,
    whole: Mapping[str, int] | None = None,
    stretches: int = 1,
) -> list[Phrase]:
    """Return repeated strings of Han or katakana letters, the best first.

    A string is dropped for a longer one that is said nearly as often. If the words are one of
    several stretches, `whole` has the counts of the whole text, and strings that are said
    everywhere rank lower. Other scripts without spaces (Thai, Lao, Khmer, Burmese) give nothing:
    their words cannot be found like this.
    """
    counts = unspaced_counts(words, lexicon)
    least = 2 if len(words) < 1500 else 4
    frequent = {
        text: n
        for text, n in counts.items()
        if n >= least and len(text) > 1 and (whole is None or text in whole)
    }
    covered = Counter[str]()
    for text, count in frequent.items():
        for size in range(2, len(text)):
            for start in range(len(text) - size + 1):
                part = text[start : start + size]
                covered[part] = max(covered[part], count)
    found = []
    for text, count in frequent.items():
        if covered[text] >= 0.7 * count or text.casefold() in lexicon.stops:
            continue
        score = (count - 0.8 * covered[text]) * (len(text) - 1) ** 0.5
        if whole is not None:
            score *= own_share(count, whole[text], stretches)
        found.append(Phrase((text,), text, count, score))
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
