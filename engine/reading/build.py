"""The last step of every reader: raw segments become the one normal form.

Words come from the text of the segments, never from a producer's `words` list. Times are put in
order, matched with the words, and spread where they are missing. A word never starts before the
one before it: where two voices overlap, the side with fewer words moves.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from engine.reading import names_in_front, screens
from engine.reading.jitter import settle
from engine.reading.notes import NoteName
from engine.reading.raw import RawSegment as RawSegment
from engine.reading.times import Timed, align, align_segments, in_order, spread
from engine.records import Note, Removal, Segment, Timing, Transcript, Word
from engine.text.marks import ends_sentence
from engine.text.words import SplitWord, is_parted, is_spaceless, split_words

PAUSE_S = 1.0  # a word list is cut into segments at pauses of this length
LONGEST_WORDS = 40  # and after this many words at the latest
SHORTEST_WORDS = 6  # and at a sentence end after this many
WORD_LIST = 8  # fewer one-word segments than this are real segments
SPACED = 0.1  # if this share of a list's texts have a space of their own, none is added
LETTERS_PER_S = 15.0  # of speech whose end is unknown (as for cues: render/timing.py)
HURRIED = 4  # nobody speaks this many times as fast


@dataclass(slots=True)
class _Draft:
    """The words of one segment while their times are determined."""

    raw: RawSegment
    words: list[SplitWord]
    found: list[Timed | None]  # per word, what the producer's list says of it
    start_s: float | None = None  # in order and filled
    end_s: float | None = None
    starts: list[float | None] = field(default_factory=list)
    ends: list[float | None] = field(default_factory=list)


def build(
    producer: str,
    segments: Sequence[RawSegment],
    *,
    language: str | None = None,
    duration_s: float | None = None,
    words: Sequence[Timed] = (),
    regroup: bool = False,
    notes: Sequence[Note] = (),
) -> Transcript:
    """Make the transcript of these segments.

    `words` are those of the whole file, for producers that list them beside the segments.
    `regroup` cuts the words into new segments at pauses, speaker changes and sentence ends, for
    producers whose segments have no meaning (one for everything, or one per word). `notes` are the
    reader's own.
    """
    segments, labelled = names_in_front.settle(segments)
    named = [Note(NoteName.NAMES_IN_FRONT, labelled)] if labelled else []
    clocked = screens.clocked(producer, segments, words, duration_s)
    segments, words, duration_s = clocked.segments, clocked.words, clocked.duration_s
    drafts = [_draft(raw) for raw in segments]
    if words and not any(raw.words for raw in segments):
        spans = [([w.text for w in d.words], d.raw.start_s, d.raw.end_s) for d in drafts]
        for draft, found in zip(drafts, align_segments(spans, words), strict=True):
            draft.found = found
    drafts = [draft for draft in drafts if draft.words]
    known = sum(f is not None and f.start_s is not None for d in drafts for f in d.found)
    total = sum(len(draft.words) for draft in drafts)
    timing: Timing = "none"
    if known and 2 * known >= total:
        timing = "word"
    elif any(raw.start_s is not None for raw in segments):
        timing = "segment"
    _order_segments(drafts, duration_s)
    _order_words(drafts)
    texts = [draft.raw.text for draft in drafts]
    labels = [draft.raw.speaker for draft in drafts]
    drafts.reverse()
    result = []
    while drafts:  # released one by one: hours of words need not be in memory twice
        result.append(_segment(drafts.pop()))
    _glue(result, texts)
    result, relabelled = settle(result, labels)
    if regroup:
        result = [piece for segment in result for piece in _cut(segment)]
    removals = tuple(
        Removal("captions", raw.again.text, raw.start_s, raw.end_s, raw.again.count)
        for raw in segments
        if raw.again is not None
    )
    unsure = sum(raw.again.unsure for raw in segments if raw.again is not None)
    if unsure:
        named.append(Note(NoteName.REPEATS_IN_DOUBT, unsure))
    ends = [raw.end_s for raw in segments if raw.end_s is not None]
    ends += [s.end_s for s in result[-1:] if s.end_s is not None]
    if duration_s is None and ends:
        duration_s = round(max(ends), 3)
    return Transcript(
        producer=producer,
        segments=tuple(result),
        language=language,
        duration_s=duration_s,
        timing=timing,
        relabelled=relabelled,
        removals=removals,
        notes=(*notes, *clocked.notes, *named),
    )


def is_word_list(segments: Sequence[RawSegment]) -> bool:
    """Return whether the segments are single words, which time words and segment nothing."""
    counts = [len(raw.text.split()) for raw in segments if raw.text.strip()]
    return (
        len(counts) >= WORD_LIST
        and max(counts) <= 3
        and counts.count(1) >= 0.8 * len(counts)
        and not any(raw.words or raw.no_speech_prob is not None for raw in segments)
    )


def joined(texts: Sequence[str], *, pieces: bool = True) -> str:
    """Join the words or tokens of a list with spaces, unless they have their own.

    Pieces of words have none (" Grund", "st", "ücks"), so a few texts with a space are enough.
    Where no text has one, scripts without spaces and the marks among them are joined without.
    `pieces`: whether the list may have pieces; else a text is a word at least.
    """
    spaced = own = 0  # texts that need a space before them, and those that have it
    for before, here in pairwise(texts):
        if not is_spaceless(here):
            spaced += 1
            own += here[:1].isspace() or before[-1:].isspace()
    if own and own >= SPACED * spaced:
        if pieces:
            return "".join(texts)
        texts = [text.strip() for text in texts]
    parts: list[str] = []
    last = ""  # the last letter so far
    for text in texts:
        letters = [c for c in text if c.isalnum()]
        against = is_spaceless(last) and (not letters or is_spaceless(letters[0]))
        parts += [text] if against or not parts else [" ", text]
        last = letters[-1] if letters else last
    return "".join(parts)


def merged(segments: Sequence[RawSegment], *, pieces: bool = True) -> RawSegment:
    """Make one segment of a word list; `pieces` as for `joined`."""
    filled = [raw for raw in segments if raw.text.strip()]
    words = tuple(Timed(raw.text, raw.start_s, raw.end_s, raw.speaker) for raw in filled)
    content = joined([word.text for word in words], pieces=pieces)
    return RawSegment(content, filled[0].start_s, filled[-1].end_s, None, words)


def _draft(raw: RawSegment) -> _Draft:
    words = split_words(raw.text)
    found: list[Timed | None] = [None] * len(words)
    if raw.words and words:
        found = align([word.text for word in words], raw.words)
    return _Draft(raw, words, found)


def _order_segments(drafts: list[_Draft], duration_s: float | None) -> None:
    starts = in_order([draft.raw.start_s for draft in drafts])
    later: float | None = None
    following: list[float | None] = []  # the next known start after each segment
    for start in reversed(starts):
        following.append(later)
        later = start if start is not None else later
    following.reverse()
    previous: float | None = None
    for draft, start, after in zip(drafts, starts, following, strict=True):
        if start is None and (previous is not None or after is not None):
            start = (
                min(x for x in (previous, after) if x is not None) if previous is None else previous
            )
        if start is None:
            continue
        end = draft.raw.end_s
        if end is None or end < start:
            end = after if after is not None else _said_by(draft, start, duration_s)
        draft.start_s, draft.end_s = start, max(end, start)
        previous = min(draft.end_s, after) if after is not None else draft.end_s


def _said_by(draft: _Draft, start_s: float, duration_s: float | None) -> float:
    """Return when the last segment may end where the file does not say it."""
    end_s = start_s + len(draft.raw.text.strip()) / LETTERS_PER_S
    return end_s if duration_s is None else min(end_s, max(duration_s, start_s))


def _order_words(drafts: list[_Draft]) -> None:
    starts = in_order([f.start_s if f else None for draft in drafts for f in draft.found])
    at = 0
    for draft in drafts:
        count = len(draft.words)
        draft.starts = starts[at : at + count]
        at += count
        draft.ends = [
            max(f.end_s, s) if f is not None and f.end_s is not None and s is not None else s
            for f, s in zip(draft.found, draft.starts, strict=True)
        ]
    latest = 0.0
    for draft, following in zip(drafts, _following(drafts), strict=True):
        _fill(draft, latest, following)
        for index, (start, end) in enumerate(zip(draft.starts, draft.ends, strict=True)):
            if start is None:
                continue
            latest = max(latest, start)
            draft.starts[index] = latest
            draft.ends[index] = max(latest, end if end is not None else latest)


def _following(drafts: Sequence[_Draft]) -> list[list[float]]:
    """Return for each segment when the next one begins, and when the next later one does."""
    result: list[list[float]] = []
    coming: list[float] = []
    for draft in reversed(drafts):
        result.append(coming)
        begins = next((start for start in draft.starts if start is not None), draft.start_s)
        if begins is not None:
            coming = [begins, *(time for time in coming if time > begins)][:2]
    result.reverse()
    return result


def _fill(draft: _Draft, latest: float, following: Sequence[float]) -> None:
    """Spread the unknown times of a segment between the known ones around them.

    `latest` is when the word before the segment starts; `following` is as `_following` returns it.
    """
    count = len(draft.words)
    index = 0
    while index < count:
        if draft.starts[index] is not None:
            index += 1
            continue
        stop = index
        while stop < count and draft.starts[stop] is None:
            stop += 1
        left = draft.ends[index - 1] if index else draft.start_s
        right = draft.starts[stop] if stop < count else draft.end_s
        if left is None and right is None:
            return
        low = left if left is not None else (right or 0.0)
        if index == 0 and right is not None:
            low = min(low, right)
        low = max(low, latest)
        high = max(low, right if right is not None else low)
        if stop == count:
            high = _room(draft, low, high, following)
        lengths = [len(word.text) for word in draft.words[index:stop]]
        for place, (start, end) in enumerate(spread(lengths, low, high), start=index):
            draft.starts[place], draft.ends[place] = start, end
        index = stop


def _room(draft: _Draft, low: float, high: float, following: Sequence[float]) -> float:
    """Return until when words from `low` on may last: two voices may overlap, cues may not.

    A voice that begins before the other has ended is cut short. A voice that spoke during the
    other comes after it, for as long as it took.
    """
    if draft.start_s is not None and draft.end_s is not None and draft.end_s < low:
        return max(low, min([low + draft.end_s - draft.start_s, *following[:1]]))
    least = low + sum(len(word.text) for word in draft.words) / LETTERS_PER_S / HURRIED
    return min([high, *(time for time in following if time > least)])


def _segment(draft: _Draft) -> Segment:
    speaker = draft.raw.speaker or next((f.speaker for f in draft.found if f and f.speaker), None)
    words: list[Word] = []
    for split, found, start, end in zip(
        draft.words, draft.found, draft.starts, draft.ends, strict=True
    ):
        if found is not None and found.speaker is not None:
            speaker = found.speaker
        words.append(
            Word(
                sys.intern(split.text),  # a transcript has few different words, each of them often
                None if start is None else round(start, 3),
                None if end is None else round(end, 3),
                speaker,
                found.confidence if found is not None else None,
                split.glued,
            )
        )
    ends = [word.end_s for word in words if word.end_s is not None]
    return Segment(
        words=tuple(words),
        start_s=words[0].start_s,
        end_s=max(ends) if ends else None,
        avg_logprob=draft.raw.avg_logprob,
        compression_ratio=draft.raw.compression_ratio,
        no_speech_prob=draft.raw.no_speech_prob,
        raw_start_s=draft.raw.start_s,
        raw_end_s=draft.raw.end_s,
    )


def _glue(segments: list[Segment], texts: list[str]) -> None:
    """Mark the first word of a segment as glued where the script and the texts have no space.

    Thai and its neighbours part sentences with a space. Where no text of the file has one at its
    ends, the tool has taken them off, and a segment is such a part.
    """
    stripped = all(text == text.strip() for text in texts)
    for index in range(1, len(segments)):
        before, here = texts[index - 1], texts[index]
        if before[-1:].isspace() or here[:1].isspace():
            continue
        first = segments[index].words[0]
        last = segments[index - 1].words[-1].text
        if stripped and is_parted(last) and is_parted(first.text):
            continue
        if is_spaceless(last) and is_spaceless(first.text):
            words = (replace(first, glued=True), *segments[index].words[1:])
            segments[index] = replace(segments[index], words=words)


def _cut(segment: Segment) -> list[Segment]:
    pieces: list[list[Word]] = [[]]
    for word in segment.words:
        if pieces[-1] and _starts_piece(pieces[-1], word):
            pieces.append([])
        pieces[-1].append(word)
    if len(pieces) == 1:
        return [segment]
    return [
        replace(
            segment,
            words=tuple(piece),
            start_s=piece[0].start_s,
            end_s=max((w.end_s for w in piece if w.end_s is not None), default=None),
            raw_start_s=piece[0].start_s,
            raw_end_s=piece[-1].end_s,
        )
        for piece in pieces
    ]


def _starts_piece(piece: list[Word], word: Word) -> bool:
    last = piece[-1]
    if word.speaker != last.speaker:
        return True
    if word.start_s is not None and last.end_s is not None and word.start_s - last.end_s >= PAUSE_S:
        return True
    if len(piece) >= LONGEST_WORDS:
        return True
    return len(piece) >= SHORTEST_WORDS and ends_sentence(last.text)
