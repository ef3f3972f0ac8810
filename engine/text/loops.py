"""Hallucination loops: the decoder writes the same text again and again, and nobody spoke it.

A repetition alone is no loop: people say "Aye." in a roll call and "Look at this!" seven times.
A second sign is needed: durations equal to the millisecond, a rate that nobody can speak, or the
decoder's own figures. Each number below was set on real files of both kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.records import Segment, Word
from engine.text.letters import folded

LOOP_SEGMENTS = 3  # the same text this often in a row is examined
LOOP_EVEN = 5  # this often with equal durations, a phrase is a loop
LOOP_EVEN_SHORT = 10  # the same for one or two words: people do say "Yeah." evenly a few times
LOOP_COMPRESSED = 8  # this often in windows that Whisper found too repetitive
LONGEST_CYCLE = 3  # segments that may alternate in a loop
LOOP_WORDS = 8  # a phrase this often in a row within such segments is a loop
LONGEST_PHRASE = 12  # of such a phrase, in words
FASTEST_CHARS = 30.0  # characters per second; nobody speaks faster
FASTEST_CLUSTERS = 15.0  # the same in scripts where a character is a syllable
COMPRESSION_LIMIT = 2.4  # Whisper's own compression_ratio_threshold
NO_SPEECH_LIMIT = 0.6  # Whisper's own no_speech_threshold

EDGE_MARKS = ".,!?;:…。，！？、" + "؟،؛۔।॥።፣·"


@dataclass(frozen=True, slots=True)
class Place:
    """A word and its place in the transcript."""

    segment: int
    index: int
    word: Word


def bare(word: Word) -> str:
    """Return a word for comparison: without case and edge marks, in normal form C."""
    return folded(word.text).strip(" \"'“”‘’«»„()[]{}*<>-–—_/" + EDGE_MARKS)


def key(segment: Segment) -> str:
    """Return a segment's text for comparison: without case and marks, if any text is left then."""
    for said in (bare, lambda word: word.text):
        text = "".join(("" if word.glued else " ") + said(word) for word in segment.words)
        if text.strip():
            return " ".join(text.split())
    return ""


def is_silent(segment: Segment) -> bool:
    """Return whether Whisper itself thinks that nobody spoke."""
    return segment.no_speech_prob is not None and segment.no_speech_prob >= NO_SPEECH_LIMIT


def segment_loops(segments: Sequence[Segment]) -> list[set[int]]:
    """Find runs of the same segments, or of two or three that alternate; one round stays."""
    found: list[set[int]] = [set() for _ in segments]
    filled = [number for number, segment in enumerate(segments) if segment.words]
    # The same text from several speakers is no loop.
    keys = [(key(segments[n]), segments[n].words[0].speaker) for n in filled]
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
    if all(is_silent(segment) for segment in run):
        return True
    return compressed and rounds >= LOOP_COMPRESSED


def _is_even(run: Sequence[Segment]) -> bool:
    """Return whether all have the same duration, to the millisecond; of a long run, nine tenths."""
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
    """Return whether the run's text cannot be spoken in its time."""
    first, last = run[0].raw_start_s, run[-1].raw_end_s
    if first is None or last is None or last < first:
        return False
    limit = FASTEST_CLUSTERS if any(w.glued for s in run for w in s.words) else FASTEST_CHARS
    characters = sum(len(word.text) for segment in run for word in segment.words)
    return characters > limit * max(last - first, 0.1)


def word_loops(segments: Sequence[Segment]) -> list[set[int]]:
    """Find a phrase repeated over and over inside segments that Whisper found too repetitive."""
    found: list[set[int]] = [set() for _ in segments]
    stretch: list[Place] = []
    for number, segment in enumerate(segments):
        if _is_compressed(segment) or (
            len(segment.words) >= LOOP_WORDS and _is_too_fast([segment])
        ):
            stretch += [Place(number, i, word) for i, word in enumerate(segment.words)]
        elif segment.words:
            _loops_in(stretch, found)
            stretch = []
    _loops_in(stretch, found)
    return found


def _loops_in(stretch: Sequence[Place], found: list[set[int]]) -> None:
    keys = [(bare(place.word) or place.word.text, place.word.speaker) for place in stretch]
    start = 0
    while start < len(keys):
        step = 1
        for length in range(1, LONGEST_PHRASE + 1):
            stop = start + length
            while stop < len(keys) and keys[stop] == keys[stop - length]:
                stop += 1
            if stop - start >= LOOP_WORDS * length:
                # An incomplete last round belongs to the loop too.
                for place in stretch[start + length : stop]:
                    found[place.segment].add(place.index)
                step = stop - start
                break
        start += step
