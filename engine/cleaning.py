"""What was never spoken is found, taken out and reported; what was spoken stays.

Levels: `off` removes nothing. `safe`, the default, removes Whisper's own inventions: tags for
sounds, hallucination loops but for one instance, phantom closing lines. `thorough` removes
hesitations and immediate repetitions too, which were spoken.

A repetition alone is no loop: people say "Aye." in a roll call and "Look at this!" seven times.
It takes a second sign, and each figure below was set on real files of both kinds. Phantom closing
lines (kind `loops`: the same fault of the same decoder) go only where the decoder itself reports
silence, or silence stands before them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from engine.languages import settle_language
from engine.phrases import (
    CREDITS,
    FILLERS,
    FILLERS_ANYWHERE,
    REPEATED_ON_PURPOSE,
    REPEATED_ROUND,
    SOUND_MODIFIERS,
    SOUNDS,
    THANKS,
)
from engine.records import Removal, RemovalKind, Segment, Transcript, Word

Level = Literal["off", "safe", "thorough"]

LOOP_SEGMENTS = 3  # the same text so often in a row is looked at
LOOP_EVEN = 5  # ... so often with equal durations is a loop, if it is a phrase
LOOP_EVEN_SHORT = 10  # ... of one or two words: people answer "Yeah." evenly, but not for ever
LOOP_COMPRESSED = 8  # ... so often in a window that Whisper found too repetitive
LONGEST_CYCLE = 3  # segments that may take turns in a loop
LOOP_WORDS = 8  # a phrase so often in a row within such segments
LONGEST_PHRASE = 12  # its longest length in words
FASTEST_CHARS = 30.0  # characters per second that no mouth can speak
FASTEST_CLUSTERS = 15.0  # ... in scripts where a character is a syllable
COMPRESSION_LIMIT = 2.4  # Whisper's own compression_ratio_threshold
NO_SPEECH_LIMIT = 0.6  # Whisper's own no_speech_threshold
DOUBT_LOGPROB = -0.5  # below this a sentence of three words was guessed
SILENCE_S = 2.0  # a pause that marks a line as standing alone
LONG_SILENCE_S = 5.0  # ... where the decoder gave no figures
LONGEST_TAG = 8  # words between a tag's brackets

_BRACKETS = {"[": "]", "(": ")", "{": "}", "*": "*", "（": "）", "［": "］", "【": "】", "♪": "♪"}
_NOTES = re.compile(r"[♩♪♫♬🎵🎶]+")
_EDGE = ".,!?;:…。，！？、"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class _Place:
    """A word and where it stands."""

    segment: int
    index: int
    word: Word


def clean(transcript: Transcript, *, level: Level) -> tuple[Transcript, tuple[Removal, ...]]:
    """Return the transcript without what the level removes, and each removed span, in order."""
    if level == "off":
        return transcript, ()
    steps: list[tuple[RemovalKind, Callable[[Sequence[Segment]], list[set[int]]]]] = [
        ("tags", _tags),
        ("loops", _phantoms),
        ("loops", _segment_loops),
        ("loops", _word_loops),
    ]
    if level == "thorough":
        language = settle_language(transcript)
        steps += [("fillers", lambda s: _fillers(s, language)), ("repeats", _repeats)]
    removed: dict[tuple[int, int], RemovalKind] = {}
    origin = [[(i, j) for j in range(len(s.words))] for i, s in enumerate(transcript.segments)]
    segments = list(transcript.segments)
    for kind, step in steps:
        segments, origin = _apply(segments, origin, step(segments), kind, removed)
    if not removed:
        return transcript, ()
    removals = _report(transcript.segments, removed)
    kept = tuple(segment for segment in segments if segment.words)
    return replace(transcript, segments=kept), removals


def _apply(
    segments: list[Segment],
    origin: list[list[tuple[int, int]]],
    found: list[set[int]],
    kind: RemovalKind,
    removed: dict[tuple[int, int], RemovalKind],
) -> tuple[list[Segment], list[list[tuple[int, int]]]]:
    """Take out the words that a step found; later steps see only what is left."""
    for number, indexes in enumerate(found):
        if not indexes:
            continue
        removed.update((origin[number][index], kind) for index in indexes)
        words = [w for i, w in enumerate(segments[number].words) if i not in indexes]
        origin[number] = [o for i, o in enumerate(origin[number]) if i not in indexes]
        segments[number] = replace(segments[number], words=tuple(words))
    return segments, origin


def _report(
    segments: Sequence[Segment], removed: dict[tuple[int, int], RemovalKind]
) -> tuple[Removal, ...]:
    spans: list[tuple[RemovalKind, list[Word]]] = []
    before: RemovalKind | None = None
    for number, segment in enumerate(segments):
        for index, word in enumerate(segment.words):
            kind = removed.get((number, index))
            if kind is not None and kind == before:
                spans[-1][1].append(word)
            elif kind is not None:
                spans.append((kind, [word]))
            before = kind
    return tuple(
        Removal(
            kind=kind,
            text="".join((" " if i and not w.glued else "") + w.text for i, w in enumerate(words)),
            start_s=words[0].start_s,
            end_s=words[-1].end_s,
            count=len(words),
        )
        for kind, words in spans
    )


# --- tags -------------------------------------------------------------------------------------


def _tags(segments: Sequence[Segment]) -> list[set[int]]:
    """Find tags for sounds, `[Music]` or `(applause)`, and notes that stand alone."""
    return [_tags_of(segment.words) for segment in segments]


def _tags_of(words: Sequence[Word]) -> set[int]:
    found: set[int] = set()
    index = 0
    while index < len(words):
        end = _tag_end(words, index)
        if end is None:
            index += 1
        else:
            found.update(range(index, end))
            index = end
    return found


def _tag_end(words: Sequence[Word], start: int) -> int | None:
    first = words[start].text
    if _NOTES.fullmatch(first.strip(_EDGE)):
        # Notes round a tag belong to it; round sung words they go alone.
        return start + 1
    closing = _BRACKETS.get(first[:1])
    if closing is None:
        return None
    text = ""
    for end in range(start, min(start + LONGEST_TAG, len(words))):
        text += (" " if end > start and not words[end].glued else "") + words[end].text
        bare = text.rstrip(_EDGE)
        if len(bare) > 1 and bare.endswith(closing):
            follower = words[end + 1] if end + 1 < len(words) else None
            inside = bare[1:-1]
            if closing in inside or (follower is not None and follower.glued and closing.isascii()):
                return None
            return end + 1 if _is_sound(inside) else None
    return None


def _is_sound(text: str) -> bool:
    words = _WORD.findall(text.casefold().replace("_", " "))
    if not words:
        return text.strip(" .…♪♫*") == "" and "♪" in text
    known = all(word in SOUNDS or word in SOUND_MODIFIERS for word in words)
    return known and any(word in SOUNDS for word in words)


# --- phantom closing lines --------------------------------------------------------------------


def _phantoms(segments: Sequence[Segment]) -> list[set[int]]:
    filled = [number for number, segment in enumerate(segments) if segment.words]
    found: list[set[int]] = [set() for _ in segments]
    for place, number in enumerate(filled):
        segment = segments[number]
        text = _key(segment)
        before = segments[filled[place - 1]] if place else None
        if text in THANKS:
            wanted = _is_phantom(segment, before, alone=len(filled) == 1)
        elif CREDITS.search(text) and len(segment.words) <= 14:
            wanted = _is_silent(segment) or _pause(before, segment) >= LONG_SILENCE_S
        else:
            continue
        if wanted:
            found[number] = set(range(len(segment.words)))
    return found


def _is_phantom(segment: Segment, before: Segment | None, *, alone: bool) -> bool:
    """Tell a line that nobody spoke: thanks are spoken too, so silence alone is not enough."""
    if not _is_silent(segment):
        return False
    doubted = segment.avg_logprob is not None and segment.avg_logprob <= DOUBT_LOGPROB
    return alone or doubted or _pause(before, segment) >= SILENCE_S


def _is_silent(segment: Segment) -> bool:
    return segment.no_speech_prob is not None and segment.no_speech_prob >= NO_SPEECH_LIMIT


def _pause(before: Segment | None, segment: Segment) -> float:
    if before is None or before.raw_end_s is None or segment.raw_start_s is None:
        return 0.0
    return segment.raw_start_s - before.raw_end_s


# --- loops ------------------------------------------------------------------------------------


def _segment_loops(segments: Sequence[Segment]) -> list[set[int]]:
    """Find runs of the same segments, or of two or three that take turns; one instance stays."""
    found: list[set[int]] = [set() for _ in segments]
    filled = [number for number, segment in enumerate(segments) if segment.words]
    keys = [_key(segments[number]) for number in filled]
    start = 0
    while start < len(filled):
        length = 1
        for cycle in range(1, LONGEST_CYCLE + 1):
            stop = start + cycle
            while stop < len(filled) and keys[stop] == keys[stop - cycle]:
                stop += 1
            rounds = (stop - start) // cycle
            run = [segments[n] for n in filled[start : start + rounds * cycle]]
            if rounds >= LOOP_SEGMENTS and _is_loop(run, cycle):
                length = rounds * cycle
                for number in filled[start + cycle : start + length]:
                    found[number] = set(range(len(segments[number].words)))
                break
        start += length
    return found


def _is_loop(run: Sequence[Segment], cycle: int) -> bool:
    rounds = len(run) // cycle
    phrase = sum(len(segment.words) for segment in run[:cycle])
    spoken = sum(len(w.text) for segment in run[:cycle] for w in segment.words)
    even = all(_is_even(run[place::cycle]) for place in range(cycle))
    compressed = all(_is_compressed(segment) for segment in run)
    if _is_too_fast(run):
        return True
    if even and compressed:
        return True
    if even and rounds >= (LOOP_EVEN if phrase >= 3 and spoken >= 8 else LOOP_EVEN_SHORT):
        return True
    if all(_is_silent(segment) for segment in run):
        return True
    return compressed and rounds >= LOOP_COMPRESSED


def _is_even(run: Sequence[Segment]) -> bool:
    """Tell whether all last equally long, to the millisecond; in long runs a tenth may differ."""
    lengths = [
        round(1000 * (s.raw_end_s - s.raw_start_s))
        for s in run
        if s.raw_end_s is not None and s.raw_start_s is not None
    ]
    if len(lengths) < len(run) or min(lengths) < 0:
        return False
    common = max(set(lengths), key=lengths.count)
    differing = len(lengths) - lengths.count(common)
    return differing == 0 or (len(lengths) >= LOOP_EVEN_SHORT and differing <= len(lengths) // 10)


def _is_compressed(segment: Segment) -> bool:
    return segment.compression_ratio is not None and segment.compression_ratio > COMPRESSION_LIMIT


def _is_too_fast(run: Sequence[Segment]) -> bool:
    """Tell whether the run's text cannot be spoken in its time."""
    first, last = run[0].raw_start_s, run[-1].raw_end_s
    if first is None or last is None or last < first:
        return False
    limit = FASTEST_CLUSTERS if any(w.glued for s in run for w in s.words) else FASTEST_CHARS
    characters = sum(len(word.text) for segment in run for word in segment.words)
    return characters > limit * max(last - first, 0.1)


def _word_loops(segments: Sequence[Segment]) -> list[set[int]]:
    """Find a phrase repeated over and over inside segments that Whisper found too repetitive."""
    found: list[set[int]] = [set() for _ in segments]
    stretch: list[_Place] = []
    for number, segment in enumerate(segments):
        if _is_compressed(segment) or (
            len(segment.words) >= LOOP_WORDS and _is_too_fast([segment])
        ):
            stretch += [_Place(number, i, word) for i, word in enumerate(segment.words)]
        elif segment.words:
            _loops_in(stretch, found)
            stretch = []
    _loops_in(stretch, found)
    return found


def _loops_in(stretch: Sequence[_Place], found: list[set[int]]) -> None:
    keys = [_bare(place.word) or place.word.text for place in stretch]
    start = 0
    while start < len(keys):
        step = 1
        for length in range(1, LONGEST_PHRASE + 1):
            stop = start + length
            while stop < len(keys) and keys[stop] == keys[stop - length]:
                stop += 1
            if stop - start >= LOOP_WORDS * length:
                # What is left of a last round belongs to the loop as well.
                for place in stretch[start + length : stop]:
                    found[place.segment].add(place.index)
                step = stop - start
                break
        start += step


# --- thorough ---------------------------------------------------------------------------------


def _fillers(segments: Sequence[Segment], language: str | None) -> list[set[int]]:
    wanted = FILLERS.get(language or "", FILLERS_ANYWHERE)
    return [
        {i for i, word in enumerate(segment.words) if _bare(word) in wanted} for segment in segments
    ]


def _repeats(segments: Sequence[Segment]) -> list[set[int]]:
    """Find words and short phrases said twice in a row; the last saying stays."""
    places = [_Place(n, i, w) for n, s in enumerate(segments) for i, w in enumerate(s.words)]
    found: list[set[int]] = [set() for _ in segments]
    start = 0
    while start < len(places):
        length = next((n for n in (3, 2, 1) if _is_stutter(places, start, n)), 0)
        for place in places[start : start + length]:
            found[place.segment].add(place.index)
        start += max(length, 1)
    return found


def _is_stutter(places: Sequence[_Place], start: int, length: int) -> bool:
    once = [place.word for place in places[start : start + length]]
    again = [place.word for place in places[start + length : start + 2 * length]]
    if len(again) < length or any(word.glued for word in (*once, *again)):
        return False
    keys = [_bare(word) for word in once]
    if keys != [_bare(word) for word in again] or not all(key.isalpha() for key in keys):
        return False
    if length == 1 and keys[0] in REPEATED_ON_PURPOSE:
        return False
    if length > 1 and len(set(keys)) == 1:
        return False
    if len({word.speaker for word in (*once, *again)}) > 1:
        return False
    if any(not word.text[-1:].isalnum() for word in once[:-1]):
        return False
    if length == 2 and REPEATED_ROUND & set(keys):
        return False
    # With a comma a long word is said twice for effect ("Never, never"), a short one in search.
    pause = once[-1].text[-1:]
    if not pause.isalnum() and not (length == 1 and len(keys[0]) <= 3 and pause in ",-–—"):
        return False
    end_s, start_s = once[-1].end_s, again[0].start_s
    return end_s is None or start_s is None or start_s - end_s < SILENCE_S


# --- helpers ----------------------------------------------------------------------------------


def _bare(word: Word) -> str:
    return word.text.casefold().strip(" \"'“”‘’«»„()[]{}*<>-–—_/" + _EDGE)


def _key(segment: Segment) -> str:
    """Return a segment's text for comparison: without case and edge marks, or as it is."""
    bare = " ".join(filter(None, (_bare(word) for word in segment.words)))
    return bare or " ".join(word.text for word in segment.words)
