"""The last step of every reader: raw segments become the one normal form.

Words come from the text of the segments, never from a producer's `words` list; times are put in
order, laid onto the words and spread where they are missing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from engine.reading.jitter import settle
from engine.reading.times import Timed, align, in_order, spread
from engine.reading.words import Token, is_spaceless, split_words
from engine.records import Segment, Timing, Transcript, Word

PAUSE_S = 1.0  # a word list is cut into segments at pauses of this length
LONGEST_WORDS = 40  # ... and at the latest after so many words
SHORTEST_WORDS = 6  # ... or at a sentence end after so many
WORD_LIST = 8  # fewer one-word segments than this are segments
_SENTENCE_ENDS = (".", "?", "!", "。", "？", "！", "…", "؟", "।")
_CLOSING = "\"'”’»)]」』"


@dataclass(frozen=True, slots=True)
class RawSegment:
    """A segment as a producer wrote it, its types made sure of."""

    text: str
    start_s: float | None = None
    end_s: float | None = None
    speaker: str | None = None
    words: tuple[Timed, ...] = ()  # only their times, speakers and confidences count
    avg_logprob: float | None = None
    compression_ratio: float | None = None
    no_speech_prob: float | None = None


@dataclass(slots=True)
class _Draft:
    """The words of one segment while their times are being found."""

    raw: RawSegment
    tokens: list[Token]
    found: list[Timed | None]
    start_s: float | None = None  # in order, filled
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
) -> Transcript:
    """Make the transcript of these segments.

    `words` are those of the whole file, for producers that list them beside the segments.
    `regroup` cuts the words anew at pauses, speaker changes and sentence ends, for producers whose
    segments say nothing (one for everything, or one a word).
    """
    drafts = [_draft(raw) for raw in segments]
    if words and not any(raw.words for raw in segments):
        _share_out(drafts, words)
    drafts = [draft for draft in drafts if draft.tokens]
    known = sum(f is not None and f.start_s is not None for d in drafts for f in d.found)
    total = sum(len(draft.tokens) for draft in drafts)
    timing: Timing = "none"
    if known and 2 * known >= total:
        timing = "word"
    elif any(raw.start_s is not None for raw in segments):
        timing = "segment"
    _order_segments(drafts)
    _order_words(drafts)
    texts = [draft.raw.text for draft in drafts]
    labels = [draft.raw.speaker for draft in drafts]
    drafts.reverse()
    result = []
    while drafts:  # let go one by one: hours of words need not be in memory twice
        result.append(_segment(drafts.pop()))
    _glue(result, texts)
    result, relabelled = settle(result, labels)
    if regroup:
        result = [piece for segment in result for piece in _cut(segment)]
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
    )


def is_word_list(segments: Sequence[RawSegment]) -> bool:
    """Tell whether the segments are words: such a list gives times for words, no segmentation."""
    counts = [len(raw.text.split()) for raw in segments if raw.text.strip()]
    return (
        len(counts) >= WORD_LIST
        and max(counts) <= 3
        and counts.count(1) >= 0.8 * len(counts)
        and not any(raw.words or raw.no_speech_prob is not None for raw in segments)
    )


def merged(segments: Sequence[RawSegment]) -> RawSegment:
    """Make one segment of a word list; texts that bring their own spaces are joined without."""
    filled = [raw for raw in segments if raw.text.strip()]
    words = tuple(Timed(raw.text, raw.start_s, raw.end_s, raw.speaker) for raw in filled)
    spaced = 2 * sum(raw.text[0].isspace() for raw in filled[1:]) > len(filled) - 1
    content = ("" if spaced else " ").join(word.text for word in words)
    return RawSegment(content, filled[0].start_s, filled[-1].end_s, None, words)


def _draft(raw: RawSegment) -> _Draft:
    tokens = split_words(raw.text)
    found: list[Timed | None] = [None] * len(tokens)
    if raw.words and tokens:
        found = align([token.text for token in tokens], raw.words)
    return _Draft(raw, tokens, found)


def _share_out(drafts: list[_Draft], words: Sequence[Timed]) -> None:
    texts = [token.text for draft in drafts for token in draft.tokens]
    found = iter(align(texts, words))
    for draft in drafts:
        draft.found = [next(found) for _ in draft.tokens]


def _order_segments(drafts: list[_Draft]) -> None:
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
            end = after if after is not None else start
        draft.start_s, draft.end_s = start, max(end, start)
        previous = min(draft.end_s, after) if after is not None else draft.end_s


def _order_words(drafts: list[_Draft]) -> None:
    starts = in_order([f.start_s if f else None for draft in drafts for f in draft.found])
    at = 0
    latest = 0.0
    for draft in drafts:
        count = len(draft.tokens)
        draft.starts = starts[at : at + count]
        at += count
        draft.ends = [
            max(f.end_s, s) if f is not None and f.end_s is not None and s is not None else s
            for f, s in zip(draft.found, draft.starts, strict=True)
        ]
        _fill(draft)
        for index, (start, end) in enumerate(zip(draft.starts, draft.ends, strict=True)):
            if start is None:
                continue
            latest = max(latest, start)
            draft.starts[index] = latest
            draft.ends[index] = max(latest, end if end is not None else latest)


def _fill(draft: _Draft) -> None:
    """Spread the unknown times of a segment between the known ones around them."""
    count = len(draft.tokens)
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
        high = max(low, right if right is not None else low)
        if index == 0 and right is not None:
            low = min(low, right)
        lengths = [len(token.text) for token in draft.tokens[index:stop]]
        for place, (start, end) in enumerate(spread(lengths, low, high), start=index):
            draft.starts[place], draft.ends[place] = start, end
        index = stop


def _segment(draft: _Draft) -> Segment:
    speaker = draft.raw.speaker or next((f.speaker for f in draft.found if f and f.speaker), None)
    words: list[Word] = []
    for token, found, start, end in zip(
        draft.tokens, draft.found, draft.starts, draft.ends, strict=True
    ):
        if found is not None and found.speaker is not None:
            speaker = found.speaker
        words.append(
            Word(
                sys.intern(token.text),  # a transcript says few different words, and often
                None if start is None else round(start, 3),
                None if end is None else round(end, 3),
                speaker,
                found.confidence if found is not None else None,
                token.glued,
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
    """Mark the first word of a segment as glued where the script and the texts leave no space."""
    for index in range(1, len(segments)):
        before, here = texts[index - 1], texts[index]
        if before[-1:].isspace() or here[:1].isspace():
            continue
        first = segments[index].words[0]
        if is_spaceless(segments[index - 1].words[-1].text) and is_spaceless(first.text):
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
    return len(piece) >= SHORTEST_WORDS and last.text.rstrip(_CLOSING).endswith(_SENTENCE_ENDS)
