"""Find what was never spoken, remove it and report it; what was spoken stays.

Levels: `off` removes nothing. `safe`, the default, removes Whisper's own inventions: tags for
sounds, all but one round of a hallucination loop, phantom closing lines. `thorough` also removes
hesitations and immediate repetitions, which were spoken.

Phantom closing lines (kind `loops`: the same fault of the same decoder) are removed only where the
decoder itself reports silence, or after silence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.records import Cleaning, Removal, RemovalKind, Segment, Transcript, Word
from engine.text.languages import settle_language
from engine.text.letters import WORD, folded
from engine.text.loops import EDGE_MARKS, Place, bare, is_silent, key, segment_loops, word_loops
from engine.text.marks import ends_sentence, letters
from engine.text.readings import is_shouting
from engine.text.wordlists import (
    CREDITS,
    FILLERS,
    FILLERS_ANYWHERE,
    REPEATED_ON_PURPOSE,
    REPEATED_ROUND,
    SOUND_MODIFIERS,
    SOUNDS,
    THANKS,
)

DOUBT_LOGPROB = -0.5  # below this a sentence of three words was a guess
SILENCE_S = 2.0  # after a pause this long a line stands alone
LONG_SILENCE_S = 5.0  # the same where the decoder gave no figures
LONGEST_CREDIT = 18  # words of a line that credits somebody
LONGEST_TAG = 8  # words between a tag's brackets

_BRACKETS = {"[": "]", "(": ")", "{": "}", "*": "*", "（": "）", "［": "］", "【": "】", "♪": "♪"}
_NOTES = re.compile(r"[♩♪♫♬🎵🎶]+")


def clean(transcript: Transcript, *, level: Cleaning) -> tuple[Transcript, tuple[Removal, ...]]:
    """Return the transcript without what the level removes, and the removed spans in order."""
    if level == "off":
        return transcript, ()
    steps: list[tuple[RemovalKind, Callable[[Sequence[Segment]], list[set[int]]]]] = [
        ("tags", _tags),
        ("loops", _phantoms),
        ("loops", segment_loops),
        ("loops", word_loops),
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
    """Remove the words that a step found; later steps see only the rest."""
    for number, indexes in enumerate(found):
        if not indexes:
            continue
        removed.update((origin[number][index], kind) for index in indexes)
        words: list[Word] = []
        glued: bool | None = None  # the word after the gap gets the space that stood before the gap
        for index, word in enumerate(segments[number].words):
            if index in indexes:
                glued = word.glued if glued is None else glued
            else:
                words.append(word if glued is None else replace(word, glued=glued))
                glued = None
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
            index=words[0].index,
        )
        for kind, words in spans
    )


# --- tags -------------------------------------------------------------------------------------


def _tags(segments: Sequence[Segment]) -> list[set[int]]:
    """Find tags for sounds, `[Music]` or `(applause)`, and single musical notes."""
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
    if _NOTES.fullmatch(first.strip(EDGE_MARKS)):
        # Notes around a tag belong to it. Around sung words only the notes are removed.
        return start + 1
    closing = _BRACKETS.get(first[:1])
    if closing is None:
        return None
    text = ""
    for end in range(start, min(start + LONGEST_TAG, len(words))):
        text += (" " if end > start and not words[end].glued else "") + words[end].text
        bare = text.rstrip(EDGE_MARKS)
        if len(bare) > 1 and bare.endswith(closing):
            follower = words[end + 1] if end + 1 < len(words) else None
            inside = bare[1:-1]
            if closing in inside or (follower is not None and follower.glued and closing.isascii()):
                return None
            return end + 1 if _is_sound(inside) else None
    return None


def _is_sound(text: str) -> bool:
    words = WORD.findall(folded(text).replace("_", " "))
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
        text = key(segment)
        before = segments[filled[place - 1]] if place else None
        if text in THANKS or _thanks_twice(segment):
            wanted = _is_phantom(segment, before, alone=len(filled) == 1)
        elif CREDITS.search(text) and len(segment.words) <= LONGEST_CREDIT:
            wanted = is_silent(segment) or _pause(before, segment) >= LONG_SILENCE_S
        else:
            continue
        if wanted:
            found[number] = set(range(len(segment.words)))
    return found


def _thanks_twice(segment: Segment) -> bool:
    """Return whether every sentence of a segment is a closing line."""
    sentences: list[list[Word]] = [[]]
    for word in segment.words:
        sentences[-1].append(word)
        if ends_sentence(word.text):
            sentences.append([])
    lines = [key(replace(segment, words=tuple(words))) for words in sentences if words]
    return len(lines) > 1 and all(line in THANKS for line in lines)


def _is_phantom(segment: Segment, before: Segment | None, *, alone: bool) -> bool:
    """Return whether nobody spoke this line: people do say thanks, so silence is not enough."""
    if not is_silent(segment):
        return False
    doubted = segment.avg_logprob is not None and segment.avg_logprob <= DOUBT_LOGPROB
    return alone or doubted or _pause(before, segment) >= SILENCE_S


def _pause(before: Segment | None, segment: Segment) -> float:
    if before is None or before.raw_end_s is None or segment.raw_start_s is None:
        return 0.0
    return segment.raw_start_s - before.raw_end_s


# --- thorough ---------------------------------------------------------------------------------


def _fillers(segments: Sequence[Segment], language: str | None) -> list[set[int]]:
    wanted = FILLERS.get(language or "", FILLERS_ANYWHERE)
    shouting = is_shouting([word.text for segment in segments for word in segment.words])
    return [
        {
            i
            for i, word in enumerate(segment.words)
            if bare(word) in wanted
            and (shouting or not _is_acronym(word))
            and not (i and bare(segment.words[i - 1])[-1:].isdigit())
        }
        for segment in segments
    ]


def _is_acronym(word: Word) -> bool:
    """Return whether a word is in capitals: "ER" is no "er"."""
    heard = [char for char in word.text if char.isalpha()]
    return len(heard) > 1 and all(char.isupper() for char in heard)


def _repeats(segments: Sequence[Segment]) -> list[set[int]]:
    """Find words and short phrases said twice in a row; the last one stays."""
    places = [Place(n, i, w) for n, s in enumerate(segments) for i, w in enumerate(s.words)]
    found: list[set[int]] = [set() for _ in segments]
    start = 0
    while start < len(places):
        length = next((n for n in (3, 2, 1) if _is_stutter(places, start, n)), 0)
        for place in places[start : start + length]:
            found[place.segment].add(place.index)
        start += max(length, 1)
    return found


def _is_name(word: Word) -> bool:
    """Return whether a capital shows a name; in short words ("I") a capital shows nothing."""
    return len(bare(word)) > 2 and word.text.lstrip("\"'“‘")[:1].isupper()


def _begins(places: Sequence[Place], start: int) -> bool:
    """Return whether a sentence begins here, where a capital shows nothing."""
    return start == 0 or ends_sentence(places[start - 1].word.text)


def _is_word(key: str) -> bool:
    """Return whether a word is letters alone, vowel signs among them."""
    return key != "" and letters(key) == key and not any(char.isnumeric() for char in key)


def _is_stutter(places: Sequence[Place], start: int, length: int) -> bool:
    once = [place.word for place in places[start : start + length]]
    again = [place.word for place in places[start + length : start + 2 * length]]
    if len(again) < length or any(word.glued for word in (*once, *again)):
        return False
    keys = [bare(word) for word in once]
    if keys != [bare(word) for word in again] or not all(_is_word(key) for key in keys):
        return False
    if length == 1 and keys[0] in REPEATED_ON_PURPOSE:
        return False
    if all(_is_name(word) for word in (*once, *again)) and not _begins(places, start):
        return False
    if length > 1 and len(set(keys)) == 1:
        return False
    if len({word.speaker for word in (*once, *again)}) > 1:
        return False
    if any(not letters(word.text[-1:]) for word in once[:-1]):
        return False
    if length == 2 and REPEATED_ROUND & set(keys):
        return False
    # With a comma, a long word is repeated for effect ("Never, never"), a short one in hesitation.
    pause = once[-1].text[-1:]
    if not letters(pause) and not (length == 1 and len(keys[0]) <= 3 and pause in ",-–—"):
        return False
    end_s, start_s = once[-1].end_s, again[0].start_s
    return end_s is None or start_s is None or start_s - end_s < SILENCE_S
