"""Which key of a list's objects is the text, the start, the end and the speaker.

The names that Whisper tools write come first and are certain. Then come the names that others use,
if the values can be such a thing. Then, where a name says nothing, the values alone: a number that
grows is a start, a short name that comes back is a speaker. All but the first are told to the user.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from engine.reading import names
from engine.reading.notes import NoteName
from engine.reading.times import moment
from engine.records import Note
from engine.text.words import is_spaceless

Object = dict[str, Any]

ENOUGH = 4  # fewer objects do not show what their values are
MOST_VOICES = 20  # a larger number is none of a voice, where the key says nothing
MANY_LETTERS = 8  # in a script without spaces: more than a name has
LONGEST_NAME = 40  # characters of a speaker, where the key says nothing
_LABEL = re.compile(r"(?:speaker|spk|spkr|s|voice|person|participant)[ _-]?\d{1,3}", re.IGNORECASE)
_OTHER_TIMES = re.compile(
    r"id|idx|index|no|num|number|count|seek|seq|order|line|tokens?|size|temperature|created|date"
    r"|conf|prob|score|logprob|ratio|key|n|i|rank|level|version|channel|speaker",
)
_FIGURES = re.compile(r"prob|conf|score|ratio|temperature|seek|token|count|id$|rate|energy")
_OTHER_NAMES = re.compile(
    r"lang|type|kind|status|sentiment|emotion|topic|categor|colou?r|intent|gender|source|model"
    r"|format|level|style|font|region|align|event|scene|file|path|url|unit|mode|version|id$|locale"
    r"|final|task|date|time|text|word",
)


@dataclass(frozen=True, slots=True)
class Roles:
    """The keys of one list's objects; None: no key has this role."""

    text: str | None = None
    start: str | None = None
    end: str | None = None
    length: str | None = None  # instead of an end
    pair: str | None = None  # start and end in one value
    speaker: str | None = None
    words: str | None = None
    start_unit: float = 1.0  # as the key's name says
    end_unit: float = 1.0
    length_unit: float = 1.0
    inferred: tuple[str, ...] = ()  # "start=t0": for the user
    unread_times: tuple[str, ...] = ()  # keys that may hold what was not found
    unread_speakers: tuple[str, ...] = ()

    def span(self, item: Object, *, scale: float = 1.0) -> tuple[float | None, float | None]:
        """Return start and end of an object in seconds, if the units are as the names say."""
        if self.start is None:
            return _pair(item.get(self.pair), scale) if self.pair else (None, None)
        start = moment(item.get(self.start), scale=scale * self.start_unit)
        end = None
        if self.end is not None:
            end = moment(item.get(self.end), scale=scale * self.end_unit)
        elif self.length is not None:
            length = moment(item.get(self.length), scale=scale * self.length_unit)
            end = None if start is None or length is None else start + length
        return start, end

    def notes(self) -> list[Note]:
        """Return what the user should know of these keys."""
        found = []
        if self.inferred:
            found.append(Note(NoteName.KEYS_INFERRED, None, ", ".join(self.inferred)))
        if self.unread_times:
            found.append(Note(NoteName.TIMES_UNREAD, None, ", ".join(self.unread_times)))
        if self.unread_speakers:
            found.append(Note(NoteName.SPEAKERS_UNREAD, None, ", ".join(self.unread_speakers)))
        return found


def of(items: Sequence[Object]) -> Roles:
    """Return the roles of the keys of these objects."""
    keys = list(dict.fromkeys(key for item in items for key in item))
    taken: set[str] = set()

    def named(known: Sequence[str], fits: Callable[[Any], bool]) -> tuple[str | None, float]:
        for key, unit in _by_name(keys, known):
            if key not in taken and _can_be(items, key, fits):
                taken.add(key)
                return key, unit or 1.0
        return None, 1.0

    text, _ = named(names.TEXT, _is_text)
    words, _ = named(names.WORDS, _is_list)
    pair, _ = named(names.PAIR, _is_pair) if "start" not in keys else (None, 1.0)
    start = end = length = None
    units = [1.0, 1.0, 1.0]
    if pair is None:
        start, units[0] = named(names.START, _is_time)
        end, units[1] = named(names.END, _is_time)
        if end is None:
            length, units[2] = named(names.LENGTH, _is_time)
        if start is None and end is None:
            start, end = _grown(items, [key for key in keys if key not in taken])
        elif start is not None and end is None and length is None:
            end = _end_of(items, start, [key for key in keys if key not in taken])
        taken |= {key for key in (start, end) if key is not None}
    free = [key for key in keys if key not in taken]
    text = text or _longest(items, [key for key in free if names.plain(key) not in names.VOICES])
    speaker, _ = named(names.SPEAKER, _is_speaker)
    left = [key for key in keys if key not in taken and key != text]
    if speaker is None:
        speaker = _repeated(items, left)
    found = {"text": text, "start": start, "end": end, "length": length, "times": pair}
    found |= {"speaker": speaker, "words": words}
    timeless = pair is None and (start is None or (end is None and length is None))
    return Roles(
        text=text,
        start=start,
        end=end,
        length=length,
        pair=pair,
        speaker=speaker,
        words=words,
        start_unit=units[0],
        end_unit=units[1],
        length_unit=units[2],
        inferred=tuple(
            f"{role}={_short(key)}" for role, key in found.items() if key and key not in names.OWN
        ),
        unread_times=_unread(items, left, _may_be_time) if timeless else (),
        unread_speakers=_unread(items, left, _may_be_speaker) if not speaker else (),
    )


def _by_name(keys: Iterable[str], known: Sequence[str]) -> list[tuple[str, float | None]]:
    """Return the keys that are called so, those that come first in the list of names first."""
    found = []
    for key in keys:
        for name, unit in ((key, None), (names.plain(key), None), names.unit_of(key)):
            if name in known:
                found.append((known.index(name), key, unit))
                break
    return [(key, unit) for _, key, unit in sorted(found, key=lambda entry: entry[0])]


def _can_be(items: Sequence[Object], key: str, fits: Callable[[Any], bool]) -> bool:
    values = [item[key] for item in items if item.get(key) is not None]
    if key in names.OWN:
        return any(map(fits, values))
    if names.plain(key) in names.SEVERAL and len({str(value) for value in values}) < 2:
        return False
    return bool(values) and 2 * sum(map(fits, values)) >= len(values)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)


def _is_time(value: Any) -> bool:
    return moment(value) is not None


def _is_pair(value: Any) -> bool:
    return any(time is not None for time in _pair(value, 1.0))


def _pair(value: Any, scale: float) -> tuple[float | None, float | None]:
    if isinstance(value, dict):
        roles = of([value]) if value.keys() - set(names.PAIR) else Roles()
        return roles.span(value, scale=scale)
    if not isinstance(value, list):
        return None, None
    first, last = [*value, None, None][:2]
    return moment(first, scale=scale), moment(last, scale=scale)


def _is_speaker(value: Any) -> bool:
    value = speaker_of(value)
    return _is_number(value) or (isinstance(value, str) and len(value) <= 2 * LONGEST_NAME)


def speaker_of(value: Any) -> Any:
    """Return the name or the number of a speaker that is written as an object or a list."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else None
    if isinstance(value, dict):
        keys = ("name", "display_name", "displayName", "label", "speaker", "id")
        value = next((value[key] for key in keys if value.get(key) is not None), None)
    return value


def _grown(items: Sequence[Object], keys: Sequence[str]) -> tuple[str | None, str | None]:
    """Return the keys of two times that grow from object to object, if there are such."""
    columns = _growing(items, keys)
    for start, begins in columns.items():
        for end, ends in columns.items():
            if start != end and _follow(begins, ends):
                return start, end
    return None, None


def _end_of(items: Sequence[Object], start: str, keys: Sequence[str]) -> str | None:
    """Return the key of the ends, where only that of the starts has a name.

    In two or three objects a key must follow the starts in each of them, and be the only one.
    """
    columns = _growing(items, [start, *keys], least=2)
    begins = columns.pop(start, None)
    if begins is None:
        return None
    found = [key for key, ends in columns.items() if _follow(begins, ends)]
    return found[0] if len(found) == 1 or (found and len(items) >= ENOUGH) else None


def _growing(
    items: Sequence[Object], keys: Sequence[str], *, least: int = ENOUGH
) -> dict[str, list[float]]:
    columns: dict[str, list[float]] = {}
    if len(items) < least:
        return columns
    for key in keys:
        values = [moment(item.get(key)) for item in items]
        column = [value for value in values if value is not None]
        name = names.plain(key)
        other = _OTHER_TIMES.fullmatch(name) or _FIGURES.search(name)
        if len(column) == len(items) and not other:
            rising = sum(a <= b for a, b in pairwise(column))
            steps = {b - a for a, b in pairwise(column)}
            if rising >= 0.9 * (len(column) - 1) and column[-1] > column[0] and steps != {1.0}:
                columns[key] = column
    return columns


def _follow(begins: Sequence[float], ends: Sequence[float]) -> bool:
    """Return whether each object ends after its beginning, and not after the next one's end."""
    count = len(begins)
    long = sum(begin < end for begin, end in zip(begins, ends, strict=True))
    apart = sum(end <= begin * 1.05 for end, begin in zip(ends, begins[1:], strict=False))
    return long >= 0.9 * count and apart >= 0.7 * (count - 1)


def _repeated(items: Sequence[Object], keys: Sequence[str]) -> str | None:
    """Return the key of a short name that comes back, if there is one and no other."""
    found = [key for key in keys if _looks_like_names(items, key)]
    return found[0] if len(found) == 1 else None


def _looks_like_names(items: Sequence[Object], key: str) -> bool:
    if _OTHER_NAMES.search(names.plain(key)):
        return False
    values = [item[key] for item in items if isinstance(item.get(key), str) and item[key].strip()]
    different = set(values)
    if len(values) < 0.6 * len(items) or any(len(v) > LONGEST_NAME for v in different):
        return False
    if len(different) >= 2 and all(_LABEL.fullmatch(value.strip()) for value in different):
        return len(values) > len(different) or len(values) >= 2
    if len(items) < ENOUGH or not 2 <= len(different) <= len(values) / 2:
        return False
    return all(value[:1].isupper() and not value.isupper() for value in different)


def _longest(items: Sequence[Object], keys: Sequence[str]) -> str | None:
    """Return the key of the longest text, where no key is called so."""
    best: tuple[float, str | None] = (0.0, None)
    likely: list[str] = []
    for key in keys:
        texts = [value for item in items if isinstance(value := item.get(key), str)]
        if not texts or len(texts) < len(items) or _OTHER_NAMES.search(names.plain(key)):
            continue
        if not all(_LABEL.fullmatch(value.strip()) for value in texts):
            likely.append(key)
        spaced = sum(_has_words(value.strip()) for value in texts)
        if 2 * spaced >= len(texts) and 2 * len(set(texts)) >= len(texts):
            best = max(best, (sum(map(_length, texts)) / len(texts), key), key=lambda one: one[0])
    return best[1] or (likely[0] if len(likely) == 1 else None)


def _length(value: str) -> int:
    """Return the letters of a text; one of a script without spaces says as much as two."""
    return len(value) + sum(map(is_spaceless, value))


def _has_words(value: str) -> bool:
    """Return whether a text has several words; where they have no space, so many letters."""
    return " " in value or sum(map(is_spaceless, value)) >= MANY_LETTERS


def _unread(
    items: Sequence[Object], keys: Sequence[str], may_be: Callable[[str, list[Any]], bool]
) -> tuple[str, ...]:
    found = []
    for key in keys:
        values = [item[key] for item in items if item.get(key) is not None]
        if values and may_be(key, values):
            found.append(_short(key))
    return tuple(found[:5])


def _may_be_time(key: str, values: list[Any]) -> bool:
    if names.sounds_like_time(key):
        return True
    if all(isinstance(value, str) and ":" in value and _is_time(value) for value in values):
        return True  # clocks
    figure = _FIGURES.search(names.plain(key)) or _OTHER_TIMES.fullmatch(names.plain(key))
    return (
        not figure
        and all(map(_is_number, values))
        and any(value > 1 or isinstance(value, float) for value in values)
    )


def _may_be_speaker(key: str, values: list[Any]) -> bool:
    if names.sounds_like_speaker(key):
        return True
    told = [speaker_of(value) for value in values]
    if all(isinstance(value, str) and _LABEL.fullmatch(value.strip()) for value in told):
        return True
    if _OTHER_NAMES.search(names.plain(key)):
        return False
    return all(map(_is_like_a_name, told)) or _are_like_numbers_of_voices(key, told)


def _are_like_numbers_of_voices(key: str, values: Sequence[Any]) -> bool:
    """Return whether these are a few small whole numbers, as voices have that are not named."""
    name = names.plain(key)
    if _FIGURES.search(name) or _OTHER_TIMES.fullmatch(name):
        return False
    if not all(type(value) is int and 0 <= value <= MOST_VOICES for value in values):
        return False
    return len(values) < ENOUGH - 1 or len(set(values)) < len(values)  # an index does not come back


def _is_like_a_name(value: Any) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value.strip()) <= LONGEST_NAME
        and len(value.split()) <= 4
        and (value.strip().isdigit() or (value[:1].isalpha() and not value[:1].islower()))
    )


def _short(key: str) -> str:
    return ascii(key)[1:-1][:40]
