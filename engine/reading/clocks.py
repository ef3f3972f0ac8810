"""The one place where a file's times are believed, put in seconds, joined, or left out.

Every reader's segments pass through `settled` before their times are put in order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.reading import origins, units
from engine.reading.notes import NoteName
from engine.reading.raw import RawSegment
from engine.reading.times import LATEST_S, Timed, in_order
from engine.records import Note

# What a unit of time is where it is no second; None: clocks such as 00:01:02,500 need no unit.
UNITS_OF: dict[str, float | None] = {
    "srt": None,
    "vtt": None,
    "txt": None,
    "tsv": 0.001,
    "whisper.cpp": 0.001,
    "assemblyai": 0.001,
}
SAME_LENGTH = (0.2, 5.0)  # of words' last end to that of segments: one unit, or a list cut short
SAME_UNIT = (0.9, 1.1)  # the same of one segment and its words, put in one unit
FAR = 0.1  # of the segment's end, its words begin no further from it
TOO_LONG = 20.0  # a duration of this many times the last end is looked at
OFTEN = 0.25  # of the times are out of order
UNCLEAR = 20  # segments to a place where the clock may have started again
DAY_S = 86_400.0  # and no recording of so little speech is longer
LATER = 1.25  # of the last end: nobody knows how long before its first word such a recording begins
SHORT_OF = 0.9  # a duration that ends this early is none


@dataclass(slots=True)
class Clocked:
    """Segments and words with times in seconds from the beginning, and what was found out."""

    segments: list[RawSegment]
    words: list[Timed]
    duration_s: float | None
    notes: list[Note]


def settled(
    producer: str,
    segments: Sequence[RawSegment],
    words: Sequence[Timed],
    duration_s: float | None,
    *,
    spans: Sequence[units.Span] | None = None,
) -> Clocked:
    """Return the segments and words of a file with times that can be believed.

    The unit is judged by `spans`, or by the segments and words themselves.
    """
    found = Clocked(list(segments), list(words), duration_s, [])
    unit = UNITS_OF.get(producer, 1.0)
    if unit is not None:
        _settle_words_of_one(found)
        _settle_unit(found, unit, spans)
        _settle_words_unit(found)
    _settle_words_origin(found)
    from_date = _settle_epoch(found)
    _settle_restarts(found)
    _settle_order(found)
    _settle_latest(found)
    _settle_duration(found, from_date=from_date)
    return found


def _spans(found: Clocked) -> tuple[Sequence[units.Span], bool]:
    """Return what the unit is judged by: the segments, or where there is but one, the words.

    Also return whether they are words.
    """
    timed = [
        units.Span(raw.text, units.weight(raw.text), raw.start_s, raw.end_s)
        for raw in found.segments
    ]
    if sum(span.start is not None and span.words > 0 for span in timed) < 2:
        words = _all_words(found)
        each = sum(span.words for span in timed) / max(len(words), 1)  # they may be pieces of words
        if sum(word.start_s is not None for word in words) >= 2:
            return [
                units.Span(str(number), each, word.start_s, word.end_s)
                for number, word in enumerate(words)
            ], True
    return timed, False


def _all_words(found: Clocked) -> list[Timed]:
    return [word for raw in found.segments for word in raw.words] or found.words


def _settle_unit(found: Clocked, unit: float, told: Sequence[units.Span] | None) -> None:
    spans, single = (told, False) if told is not None else _spans(found)
    verdict = units.judge(spans, unit=unit, duration=found.duration_s, single=single)
    if verdict.factor == 1.0:
        return
    count = sum(raw.start_s is not None for raw in found.segments)
    count = count or sum(word.start_s is not None for word in _all_words(found))
    if verdict.factor is None:
        _without_times(found)
        found.notes.append(Note(NoteName.TIMES_IN_DOUBT, count, verdict.name))
        return
    factor = verdict.factor
    _change(found, lambda time: time * factor)
    found.notes.append(Note(NoteName.UNIT_INFERRED, count, verdict.name))


def _settle_words_of_one(found: Clocked) -> None:
    """Give one segment and its words one unit: that in which people speak, or the segment's."""
    if len(found.segments) != 1:
        return
    [raw] = found.segments
    words = _all_words(found)
    ends = [word.end_s for word in words if word.end_s is not None]
    starts = [word.start_s for word in words if word.start_s is not None]
    if not ends or not starts or raw.start_s is None or raw.end_s is None:
        return
    unit = _ratio_of_units(max(ends), raw.end_s)
    if unit is None:
        return
    factor, name = unit
    if abs(min(starts) * factor - raw.start_s) > FAR * raw.end_s:
        return  # another beginning, not another unit
    said = units.weight(raw.text)
    by_words, by_segment = max(ends) - min(starts), raw.end_s - raw.start_s
    if _is_spoken(said, by_words) and not _is_spoken(said, by_segment):
        found.segments = [replace(raw, start_s=min(starts), end_s=max(ends))]
        note = Note(NoteName.UNIT_INFERRED, 1, "the segment: that of its words")
    else:
        _change_words(found, lambda time: time * factor)
        note = Note(NoteName.UNIT_INFERRED, len(ends), f"words: {name}")
    found.notes.append(note)


def _ratio_of_units(words: float, segment: float) -> tuple[float, str] | None:
    """Return what makes the one end the other, with the unit's name; None where no unit does."""
    if words <= 0 or segment <= 0:
        return None
    for size, name in units.UNITS:
        for factor in (size, 1 / size):
            if size != 1.0 and SAME_UNIT[0] <= words * factor / segment <= SAME_UNIT[1]:
                return factor, name
    return None


def _is_spoken(words: float, length_s: float) -> bool:
    """Return whether people speak as fast as this."""
    return length_s > 0 and units.SLOWEST <= words / length_s <= units.FASTEST


def _settle_words_unit(found: Clocked) -> None:
    """Put the words in the segments' unit, where they have another."""
    ends = [raw.end_s for raw in found.segments if raw.end_s is not None]
    words = [w.end_s for w in _all_words(found) if w.end_s is not None]
    if len(ends) < 2 or not words or max(ends) <= 0 or max(words) <= 0:
        return
    ratio = max(words) / max(ends)
    if SAME_LENGTH[0] <= ratio <= SAME_LENGTH[1] or origins.count_from_segment(found.segments):
        return
    for size, name in units.UNITS:
        for factor in (size, 1 / size):
            if size != 1.0 and 0.7 <= ratio * factor <= 1.3:
                _change_words(found, lambda time, factor=factor: time * factor)  # type: ignore[misc]
                note = Note(NoteName.UNIT_INFERRED, len(words), f"words: {name}")
                found.notes.append(note)
                return


def _settle_words_origin(found: Clocked) -> None:
    if not origins.count_from_segment(found.segments):
        return
    count = 0
    for index, raw in enumerate(found.segments):
        if raw.start_s is not None and raw.words:
            moved = tuple(origins.later(word, raw.start_s) for word in raw.words)
            found.segments[index] = replace(raw, words=moved)
            count += 1
    found.notes.append(
        Note(NoteName.CLOCK_JOINED, count, "words counted from the beginning of their segment")
    )


def _settle_epoch(found: Clocked) -> bool:
    """Count from the first time where the clock counts from a date; return whether it does."""
    starts = [raw.start_s for raw in found.segments if raw.start_s is not None]
    starts += [word.start_s for word in _all_words(found) if word.start_s is not None]
    first = min(starts, default=0.0)
    if first < origins.EPOCH_S:
        return False
    _change(found, lambda time: time - first)
    found.notes.append(Note(NoteName.CLOCK_JOINED, None, "counted from the first time in the file"))
    return True


def _settle_restarts(found: Clocked) -> None:
    times = [(raw.start_s, raw.end_s) for raw in found.segments]
    places = origins.restarts(times)
    if places:
        if origins.are_tracks([origins.voices_of(raw) for raw in found.segments], places):
            _without_times(found)
            why = "the clock starts again with other speakers: tracks, or parts of a recording"
            found.notes.append(Note(NoteName.TIMES_IN_DOUBT, len(times), why))
            return
        moves, how = origins.offsets(times, places, found.duration_s)
        found.segments = [
            origins.moved(raw, by) for raw, by in zip(found.segments, moves, strict=True)
        ]
        found.notes.append(Note(NoteName.CLOCK_JOINED, len(places), how))
        _join_words(found, len(places), moves, places)
    elif len(found.segments) == 1:
        _restart_in_one(found)
    elif found.words and origins.restarts([(w.start_s, w.end_s) for w in found.words]):
        count = len(found.words)
        found.words = []
        why = "the clock of the words starts again, that of the segments does not"
        found.notes.append(Note(NoteName.TIMES_IN_DOUBT, count, why))


def _join_words(found: Clocked, count: int, moves: Sequence[float], places: Sequence[int]) -> None:
    """Move the words that are listed beside the segments with the segments' stretches."""
    if not found.words:
        return
    own = origins.restarts([(w.start_s, w.end_s) for w in found.words])
    if len(own) != count:
        found.words = []
        return
    by = [moves[place] for place in (0, *places)]
    bounds = zip([0, *own], [*own, len(found.words)], by, strict=True)
    found.words = [
        origins.later(word, move)
        for first, last, move in bounds
        for word in found.words[first:last]
    ]


def _restart_in_one(found: Clocked) -> None:
    """Join the stretches of a word list, which is one segment."""
    words = _all_words(found)
    times = [(word.start_s, word.end_s) for word in words]
    places = origins.restarts(times)
    if not places:
        return
    voices = [frozenset([w.speaker] if w.speaker else []) for w in words]
    if origins.are_tracks(voices, places):
        _without_times(found)
        why = "the clock starts again with other speakers: tracks, or parts of a recording"
        found.notes.append(Note(NoteName.TIMES_IN_DOUBT, len(times), why))
        return
    moves, how = origins.offsets(times, places, found.duration_s)
    joined = [origins.later(word, by) for word, by in zip(words, moves, strict=True)]
    ends = [t for word in joined for t in (word.start_s, word.end_s) if t is not None]
    raw = found.segments[0]
    raw = replace(raw, start_s=min(ends, default=None), end_s=max(ends, default=None))
    if raw.words:
        raw = replace(raw, words=tuple(joined))
    else:
        found.words = joined
    found.segments = [raw]
    found.notes.append(Note(NoteName.CLOCK_JOINED, len(places), how))


def _settle_order(found: Clocked) -> None:
    """Leave out the times that are out of order, or all of them where their origin is not clear.

    One time that goes back may be wrong. If the times around it overlap, too, the clock may have
    started again in between, and no time after that place is sure.
    """
    times = [(raw.start_s, raw.end_s) for raw in found.segments]
    if len(times) == 1:
        times = [(word.start_s, word.end_s) for word in _all_words(found)]
    known = sum(start is not None for start, _ in times)
    wrong, unclear = origins.out_of_order(times)
    late = known - sum(start is not None for start in in_order([start for start, _ in times]))
    often = len(wrong) >= 2 and late > OFTEN * known
    if often or UNCLEAR * unclear > known:
        _without_times(found)
        found.notes.append(Note(NoteName.TIMES_IN_DOUBT, known, "they go back again and again"))
    elif wrong:  # they are left out where segments and words are put in order
        found.notes.append(Note(NoteName.TIMES_IN_DOUBT, len(wrong), "out of order"))


def _settle_latest(found: Clocked) -> None:
    """Leave out times after the longest recording that there can be."""
    late = 0

    def kept(time: float) -> float | None:
        nonlocal late
        late += time > LATEST_S
        return None if time > LATEST_S else time

    _change(found, kept)
    if late:
        found.notes.append(Note(NoteName.TIMES_IN_DOUBT, late, "after the longest recording"))


def _settle_duration(found: Clocked, *, from_date: bool) -> None:
    """Compare the file's duration with its last word: another unit, or none of this recording."""
    ends = [raw.end_s for raw in found.segments if raw.end_s is not None]
    ends += [word.end_s for word in _all_words(found) if word.end_s is not None]
    duration = found.duration_s
    if duration is None or not ends:
        return
    latest = max(ends)
    begun = [raw.start_s for raw in found.segments if raw.start_s is not None]
    least = max([0.5 * latest, *begun])  # no recording ends before its last segment begins
    if SHORT_OF * latest <= duration <= TOO_LONG * latest:
        if from_date and duration > LATER * latest:
            told = "longer than the words: it may begin before the first one, or have another unit"
            found.notes.append(Note(NoteName.DURATION_IN_DOUBT, None, told))
        return
    for size, name in units.UNITS:
        room = 1.2 * latest if size == 0.01 else 2 * latest + 60
        if size != 1.0 and least <= duration * size <= room:
            found.duration_s = duration * size
            found.notes.append(Note(NoteName.DURATION_IN_DOUBT, None, f"read as {name}"))
            return
    if duration < SHORT_OF * latest or duration > DAY_S:
        found.duration_s = None
        found.notes.append(Note(NoteName.DURATION_IN_DOUBT, None, "left out"))
        return
    told = "many times as long as the words: it may have another unit"
    found.notes.append(Note(NoteName.DURATION_IN_DOUBT, None, told))


def _without_times(found: Clocked) -> None:
    _change(found, lambda _: None)
    found.duration_s = None


def _change(found: Clocked, change: Callable[[float], float | None]) -> None:
    found.segments = [
        replace(
            raw,
            start_s=None if raw.start_s is None else change(raw.start_s),
            end_s=None if raw.end_s is None else change(raw.end_s),
        )
        for raw in found.segments
    ]
    _change_words(found, change)


def _change_words(found: Clocked, change: Callable[[float], float | None]) -> None:
    def changed(word: Timed) -> Timed:
        start = None if word.start_s is None else change(word.start_s)
        return replace(
            word, start_s=start, end_s=None if word.end_s is None else change(word.end_s)
        )

    found.segments = [
        replace(raw, words=tuple(map(changed, raw.words))) if raw.words else raw
        for raw in found.segments
    ]
    found.words = list(map(changed, found.words))
