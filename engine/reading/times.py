"""Times: read from whatever a producer wrote, put in order, and matched with the words of the text.

A producer's `words` list only gives times. Its entries are matched with the text by characters, so
`-65` + `%` time the word `-65%`, and a list without punctuation still times its words. Words
without a time share the time between their neighbours by length.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any

from engine.text.letters import is_letter

LATEST_S = 10_000_000.0  # 115 days; a later time is an error
_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2}(?:[.,]\d{1,9})?)")
_SUFFIXES = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "ms": 0.001, "msec": 0.001, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "m": 60.0, "min": 60.0,
}  # fmt: skip
_MEASURED = re.compile(rf"(\d+(?:[.,]\d+)?) ?({'|'.join(_SUFFIXES)})", re.IGNORECASE)
_ISO = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?")
_WINDOW = 48  # characters of look-ahead to resynchronise after a difference
_ANCHOR = 4  # characters that must agree to resynchronise
_NEAR_S = 0.5  # a word that starts this far outside a segment can still belong to it


@dataclass(frozen=True, slots=True)
class Timed:
    """A producer's word: what the producer says about a stretch of characters."""

    text: str
    start_s: float | None = None
    end_s: float | None = None
    speaker: str | None = None
    confidence: float | None = None


def seconds(value: Any, *, scale: float = 1.0) -> float | None:
    """Read a time as `moment` does; None for one after the longest recording."""
    found = moment(value, scale=scale)
    return found if found is not None and found <= LATEST_S else None


def moment(value: Any, *, scale: float = 1.0) -> float | None:
    """Read a time: a number, a number as text, `6.5s`, `PT1M5S` or `HH:MM:SS,mmm`; else None.

    `scale` is what one unit of a plain number is in seconds (0.001 for milliseconds). Negative
    times become 0.
    """
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        clock = _CLOCK.fullmatch(value.strip())
        if clock:
            hours, minutes, rest = clock.groups()
            value = int(hours or 0) * 3600 + int(minutes) * 60 + float(rest.replace(",", "."))
            scale = 1.0
        else:
            value, scale = _with_unit(value.strip(), scale)
    try:
        number = float(value) * scale
    except (TypeError, ValueError, OverflowError):
        return None
    return max(number, 0.0) if math.isfinite(number) else None


def _with_unit(value: str, scale: float) -> tuple[Any, float]:
    """Return the number of a text such as `6.5s`, and what its unit is in seconds."""
    measured = _MEASURED.fullmatch(value)
    if measured:
        return measured[1].replace(",", "."), _SUFFIXES[measured[2].lower()]
    iso = _ISO.fullmatch(value)
    if iso and any(iso.groups()):
        hours, minutes, rest = (float(part or 0) for part in iso.groups())
        return 3600 * hours + 60 * minutes + rest, 1.0
    return value, scale


def in_order(times: Sequence[float | None]) -> list[float | None]:
    """Keep the largest set of times that never decreases; the others become None."""
    kept: list[float | None] = [None] * len(times)
    tails: list[float] = []  # smallest last value of a chain of each length
    indexes: list[int] = []
    before: list[int] = [-1] * len(times)
    for index, time in enumerate(times):
        if time is None:
            continue
        place = bisect_right(tails, time)
        before[index] = indexes[place - 1] if place else -1
        if place == len(tails):
            tails.append(time)
            indexes.append(index)
        else:
            tails[place] = time
            indexes[place] = index
    index = indexes[-1] if indexes else -1
    while index >= 0:
        kept[index] = times[index]
        index = before[index]
    return kept


def align(words: Sequence[str], timed: Sequence[Timed]) -> list[Timed | None]:
    """Return for each word of the text what the producer's words say about its characters.

    None where no character of the word was found among the producer's words.
    """
    return _merged(words, _owners(words, timed), timed)


def align_segments(
    segments: Sequence[tuple[Sequence[str], float | None, float | None]], timed: Sequence[Timed]
) -> list[list[Timed | None]]:
    """Align the words of each segment (words, start, end) with a list for the whole file.

    Where the two differ in more than marks, the list may lack whole stretches, and matching by text
    alone would shift everything after them. Then a segment uses the words of its own time, unless
    the text agrees better elsewhere, because segments' times can be off. No entry belongs to two
    segments.
    """
    owners = _owners([word for words, _, _ in segments for word in words], timed)
    by_text: list[list[_Owned]] = []
    at = 0
    for words, _, _ in segments:
        by_text.append(owners[at : at + len(words)])
        at += len(words)
    said = "".join(_characters(w, letters_only=True) for words, _, _ in segments for w in words)
    if said == "".join(_characters(entry.text, letters_only=True) for entry in timed):
        return [
            _merged(words, own, timed) for (words, _, _), own in zip(segments, by_text, strict=True)
        ]
    order = sorted((e.start_s, i) for i, e in enumerate(timed) if e.start_s is not None)
    given: dict[int, list[_Owned]] = {}
    used: set[int] = set()
    for surely in (True, False):  # segments that are sure of their words take them first
        for number, (words, start_s, end_s) in enumerate(segments):
            if number in given:
                continue
            near: list[int] = []
            if start_s is not None and end_s is not None:
                first = bisect_left(order, (start_s - _NEAR_S, -1))
                last = bisect_left(order, (end_s + _NEAR_S, len(timed)))
                near = sorted(i for _, i in order[first:last] if i not in used)
            chosen = _nearer(words, by_text[number], near, timed, used, surely=surely)
            if chosen is not None:
                given[number] = chosen
                used.update(index for owned in chosen for index, _, _ in owned)
    return [_merged(words, given[n], timed) for n, (words, _, _) in enumerate(segments)]


def _nearer(
    words: Sequence[str],
    by_text: Sequence[_Owned],
    near: Sequence[int],
    timed: Sequence[Timed],
    used: Container[int],
    *,
    surely: bool,
) -> list[_Owned] | None:
    """Choose between the words near a segment in time and those that text alone found for it.

    `surely` accepts only the words near it, and only if they are most of the segment.
    """
    by_time = [
        [(near[index], place, length) for index, place, length in owned]
        for owned in _owners(words, [timed[i] for i in near])
    ]
    left = [[part for part in owned if part[0] not in used] for owned in by_text]
    here, elsewhere = _whole_entries(by_time), _whole_entries(left)
    half = sum(len(_characters(word, letters_only=True)) for word in words) / 2
    if sum(elsewhere.values()) > sum(here.values()) and sum(elsewhere.values()) >= half:
        return None if surely else left
    if sum(here.values()) >= half:
        return by_time
    # A few letters agree by chance; whole words rarely do.
    return None if surely else [[p for p in owned if p[0] in here] for owned in by_time]


def _whole_entries(owners: Sequence[_Owned]) -> dict[int, int]:
    """Return the producer's words of which every letter was found, with their lengths."""
    lengths = {index: length for owned in owners for index, _, length in owned}
    counts = Counter(index for owned in owners for index, _, _ in owned)
    return {index: length for index, length in lengths.items() if counts[index] == length}


def _merged(
    words: Sequence[str], owners: Sequence[_Owned], timed: Sequence[Timed]
) -> list[Timed | None]:
    found: list[Timed | None] = []
    for word, owned in zip(words, owners, strict=True):
        if not owned:
            found.append(None)
            continue
        entries = [timed[i] for i in dict.fromkeys(index for index, _, _ in owned)]
        confidences = [e.confidence for e in entries if e.confidence is not None]
        found.append(
            Timed(
                word,
                _moment(owned, timed, ending=False),
                _moment(owned, timed, ending=True),
                next((e.speaker for e in entries if e.speaker is not None), None),
                sum(confidences) / len(confidences) if confidences else None,
            )
        )
    return found


_Owned = list[tuple[int, int, int]]  # producer's word, place in it, its length


def _owners(words: Sequence[str], timed: Sequence[Timed]) -> list[_Owned]:
    """Match characters: all of them where the texts agree, else letters and digits alone."""
    for letters_only in (False, True):
        left = [_characters(word, letters_only=letters_only) for word in words]
        right = [_characters(entry.text, letters_only=letters_only) for entry in timed]
        places = [
            (index, place, len(text))
            for index, text in enumerate(right)
            for place in range(len(text))
        ]
        one, two = "".join(left), "".join(right)
        if letters_only:
            pairs = _match(one, two)
        elif one == two:
            pairs = list(range(len(one)))
        else:
            continue
        owners: list[_Owned] = []
        at = 0
        for text in left:
            span = pairs[at : at + len(text)]
            owners.append([places[p] for p in span if p >= 0])
            at += len(text)
        return owners
    raise AssertionError("the second round always returns")


def _characters(text: str, *, letters_only: bool) -> str:
    folded = unicodedata.normalize("NFC", text).casefold()
    if letters_only:
        return "".join(filter(is_letter, folded))
    return "".join(c for c in folded if not c.isspace())


def _match(one: str, two: str) -> list[int]:
    """Return for each character of `one` its place in `two`, or -1; both are walked once."""
    pairs = [-1] * len(one)
    i = j = 0
    while i < len(one) and j < len(two):
        if one[i] == two[j]:
            pairs[i] = j
            i += 1
            j += 1
            continue
        step = _resynchronise(one, two, i, j)
        if step is None:
            i += _WINDOW
            j += _WINDOW
        else:
            i += step[0]
            j += step[1]
    return pairs


def _resynchronise(one: str, two: str, i: int, j: int) -> tuple[int, int] | None:
    ahead = two[j : j + _WINDOW + _ANCHOR]
    best: tuple[int, int] | None = None
    for skip in range(_WINDOW):
        anchor = one[i + skip : i + skip + _ANCHOR]
        if not anchor or (best is not None and skip >= sum(best)):
            break
        place = ahead.find(anchor)
        if place >= 0 and (best is None or skip + place < sum(best)):
            best = (skip, place)
    return best


def _moment(owned: _Owned, timed: Sequence[Timed], *, ending: bool) -> float | None:
    """Return when the first character starts, or the last one ends, inside its producer's word."""
    for index, place, length in reversed(owned) if ending else owned:
        start_s, end_s = timed[index].start_s, timed[index].end_s
        if ending:
            start_s, end_s = (end_s if start_s is None else start_s), end_s
        if start_s is None:
            continue
        if end_s is None or end_s <= start_s:
            return start_s
        share = (place + (1 if ending else 0)) / length
        return start_s + (end_s - start_s) * share
    return None


def spread(lengths: Sequence[int], start_s: float, end_s: float) -> list[tuple[float, float]]:
    """Divide a span of time among words by their length in characters, gaps counted as one."""
    total = sum(lengths) + max(len(lengths) - 1, 0)
    width = max(end_s - start_s, 0.0) / total if total else 0.0
    spans: list[tuple[float, float]] = []
    at = 0
    for length in lengths:
        spans.append((start_s + at * width, start_s + (at + length) * width))
        at += length + 1
    return spans
