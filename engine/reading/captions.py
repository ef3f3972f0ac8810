"""Captions that show again what is on the screen already: each word was said once.

Live and automatic captions scroll: a cue begins with the end of the cue before it, and adds what
is new. Lines that scroll (two or three of them), a line that grows word by word, and a line that
stands still while a mark moves over its words (karaoke) are one thing: the overlap between a cue
and the cue before it is what was on the screen. It is left out and counted, and reported with the
kind `captions`.

People do say things twice, so an overlap alone proves nothing. A run of overlapping cues needs a
second sign: a copy that nobody could speak in its time, text at a rate that nobody speaks at, a
mark that moves over it, or so many different words in a row that no talk repeats itself like that.
Where one run of a file is proven, its other overlaps of several words are of the same kind; but a
file whose lines only grow does not scroll. What stays undecided is kept. In captions that are
proven, a cue that adds nothing and stands long enough to be said looks the same whether it was said
twice or not: its words are left out, and the note `repeats_in_doubt` counts them.

A mark that moves times the words, and so do the times inside WebVTT lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from engine.reading.caption_lines import (
    Cue,
    Screen,
    can_be_said,
    is_impossible,
    segment_of,
    show,
)
from engine.reading.raw import RawSegment
from engine.text.letters import core, folded
from engine.text.marks import ends_sentence
from engine.text.words import SplitWord, is_spaceless, split_words

GAP_S = 1.5  # cues further apart are not one screen
GAPLESS_S = 0.1
REPEATING_RATE = 4.5  # words per second that nobody repeats himself at
LEAST = 3  # words that overlap inside a line
MOST = 0.6  # of the cues of a file overlap, whatever proves it
DISTINCT = 6  # different words that overlap in a run of three

Texts = dict[str, tuple[list[SplitWord], list[str], frozenset[int]]]  # words, keys, line starts


def settle(segments: Sequence[RawSegment], known: Texts | None = None) -> list[RawSegment]:
    """Return the segments without what was on the screen already, with the times of marks.

    `known` keeps the words of texts that are settled more than once.
    """
    known = {} if known is None else known
    cues = [_cue(raw, known) for raw in segments]
    filled = [cue for cue in cues if cue.words]
    for before, here in pairwise(filled):
        here.overlap = _overlap(before, here)
    if not any(cue.overlap or cue.raw.stamps for cue in filled):
        return list(segments)
    karaoke = _follow_marks(filled)
    _decide(filled)
    screen = Screen()
    for last, cue in zip([None, *filled], filled, strict=False):
        show(screen, last, cue, karaoke=karaoke)
    shown = {id(line.raw): line for line in screen.lines}
    result: list[RawSegment] = []
    for cue in cues:
        line = shown.get(id(cue.raw))
        if line is not None:
            result.append(segment_of(line))
        elif not cue.words:
            result.append(cue.raw)
    return result


def overlap(segments: Sequence[RawSegment], known: Texts) -> bool:
    """Return whether any segment begins with the end of the one before it, whatever the times."""
    filled = [cue for raw in segments if (cue := _cue(raw, known)).words]
    return any(_sizes(before, here) for before, here in pairwise(filled))


def new_words(segments: Sequence[RawSegment], known: Texts) -> list[float] | None:
    """Return how many words of each segment are not the end of the one before it.

    None where fewer than most segments begin so: they are no captions.
    """
    cues = [_cue(raw, known) for raw in segments]
    overlaps = [
        _overlap(before, here) if before.words and here.words else 0
        for before, here in pairwise(cues)
    ]
    if len(cues) < LEAST or sum(map(bool, overlaps)) < MOST * len(overlaps):
        return None
    return [_weight(cue.words[overlap:]) for cue, overlap in zip(cues, [0, *overlaps], strict=True)]


def _cue(raw: RawSegment, known: Texts) -> Cue:
    text = known.get(raw.text)
    if text is None:
        words: list[SplitWord] = []
        openings = set()
        for line in raw.text.split("\n"):
            openings.add(len(words))
            words += split_words(line)
        keys = [core(folded(word.text)) or word.text for word in words]
        text = known[raw.text] = words, keys, frozenset(openings)
    return Cue(raw, *text)


def _overlap(before: Cue, here: Cue) -> int:
    """Return how many words end one cue and begin the next, 0 where they are not one screen."""
    if before.raw.speaker != here.raw.speaker and here.raw.speaker is not None:
        return 0
    if not _is_close(before, here):
        return 0
    sizes = _sizes(before, here)
    if not sizes:
        return 0
    size = sizes[0]
    if size == len(here.keys) == len(before.keys) and _has_time(here):
        ended = before.words[-1].text
        if ends_sentence(ended) and ended != here.words[-1].text:
            return 0  # a sentence that was over does not go on with another mark
        # A screen of equal lines that looks the same again has scrolled, if there was time to.
        scrolled = here.last
        if scrolled in sizes and 0 < scrolled < size and can_be_said(here):
            size = scrolled
    if not _is_of_lines(size, before, here) and can_be_said(here):
        # A line that grew, unless whole lines scrolled and one of them begins like another.
        size = next((n for n in sizes if _is_of_lines(n, before, here)), size)
    return size


def _is_of_lines(size: int, before: Cue, here: Cue) -> bool:
    """Return whether an overlap is whole lines of both screens."""
    ends = size == len(here.words) or size in here.openings
    return ends and len(before.words) - size in before.openings


def _sizes(before: Cue, here: Cue) -> list[int]:
    """Return in which numbers of words the end of one cue is the beginning of the next."""
    opening, closing = here.keys[0], before.keys[-1]
    if opening not in before.keys:
        return []
    longest = min(len(before.keys), len(here.keys))
    return [
        n
        for n in range(longest, 0, -1)
        if before.keys[-n] == opening
        and here.keys[n - 1] == closing
        and before.keys[-n:] == here.keys[:n]
    ]


def _has_time(cue: Cue) -> bool:
    """Return whether the last line can be said; minutes with two places give a cue no length."""
    return can_be_said(cue) or cue.raw.start_s == cue.raw.end_s


def _is_close(before: Cue, here: Cue) -> bool:
    start, end = here.raw.start_s, before.raw.end_s
    return start is None or end is None or start - end <= GAP_S


def _weight(words: Sequence[SplitWord]) -> float:
    """Return the number of words; a character of a script without spaces is half a word."""
    return sum(0.5 if is_spaceless(word.text) else 1.0 for word in words)


# --- marks that move --------------------------------------------------------------------------


def _follow_marks(cues: Sequence[Cue]) -> bool:
    """Decide where a mark moves on over a line that stands still; return whether any does."""
    last = -1  # the last word of the line that was marked so far
    moved = 0
    candidates: list[Cue] = []
    for before, cue in zip([None, *cues], cues, strict=False):
        marked = cue.raw.marked
        same = before is not None and cue.overlap == len(cue.words) == len(before.words)
        grown = before is not None and 0 < cue.overlap == len(before.words) and bool(marked)
        if same and not marked:
            candidates.append(cue)
        elif same and max(marked) > last:
            candidates.append(cue)
            moved += last >= 0 or before is not None
        elif grown and min(marked) >= cue.overlap:
            candidates.append(cue)
            moved += 1
        elif same:
            cue.overlap = 0  # the mark is at the beginning again: the line was said again
        stays = same and (not marked or max(marked) > last)
        last = max(last if stays else -1, *marked, -1)
    share = sum(bool(cue.raw.marked) for cue in cues) / max(len(cues), 1)
    if not ((moved >= 3 and share >= 0.3) or (moved >= 2 and share >= 0.6)):
        return False
    for cue in candidates:
        cue.repeats = cue.advances = True
    return True


# --- overlaps that were on the screen ---------------------------------------------------------


def _decide(cues: Sequence[Cue]) -> None:
    """Decide for every run of overlapping cues whether the overlaps were on the screen already."""
    runs: list[list[int]] = []
    for n, cue in enumerate(cues):
        if n == 0 or not cue.overlap or cue.advances or not _says_something(cues[n - 1], cue):
            continue
        if runs and runs[-1][-1] == n - 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    proven = [run for run in runs if _is_proven([cues[n] for n in (run[0] - 1, *run)])]
    steps = [cues[n].fresh for run in proven for n in run if _grows(cues[n - 1], cues[n])]
    longest = max(steps, default=0) if len(steps) >= LEAST else 0  # of a file that grows
    for run in runs:
        for n in run:
            cue = cues[n]
            fits = (
                (cue.fresh > 0 and _weight(cue.words[: cue.overlap]) >= 2)
                or (cue.fresh == 0 and is_impossible(cue))
                or (cue.fresh <= longest and _grows(cues[n - 1], cue))
            )
            cue.repeats = run in proven or (bool(proven) and fits)
    _keep_what_is_said_twice(cues)


def _keep_what_is_said_twice(cues: Sequence[Cue]) -> None:
    """Keep what begins a line as the line before it ended, in a file whose lines only grow.

    Where lines scroll, too, most of them begin so.
    """
    pairs = [*pairwise(cues)]
    grown = sum(_grows(before, cue) for before, cue in pairs)
    begun = [cue for before, cue in pairs if cue.overlap < len(before.words)]
    same = [cue for cue in begun if cue.overlap and cue.fresh > 0]
    if grown >= 2 and 2 * len(same) < len(begun):
        for cue in same:
            cue.repeats = cue.repeats and not can_be_said(cue)


def _grows(before: Cue, cue: Cue) -> bool:
    """Return whether a cue goes on where the one before it ended, in the same line."""
    return (
        cue.fresh > 0
        and cue.overlap == len(before.words)
        and cue.overlap not in cue.openings
        and _is_gapless(before, cue)
    )


def _says_something(before: Cue, cue: Cue) -> bool:
    """Return whether an overlap is a whole line of the screen, or longer than by chance."""
    return (
        len(before.words) - cue.overlap in before.openings
        or _weight(cue.words[: cue.overlap]) >= LEAST
    )


def _is_proven(run: Sequence[Cue]) -> bool:
    """Return whether a run of overlapping cues shows a screen; its first cue opens it."""
    added = [cue for cue in run[1:] if cue.fresh > 0]
    copies = [cue for cue in run[1:] if cue.fresh == 0]
    if added and any(is_impossible(cue) for cue in copies):
        return True
    different = {key for cue in added for key in cue.keys[: cue.overlap]}
    if len(added) >= 2 and len(different) >= 2 and _is_too_fast(run):
        return True
    grows = [
        cue.overlap == len(before.words) and cue.fresh <= 2 and _is_gapless(before, cue)
        for before, cue in pairwise(run)
        if cue.fresh > 0
    ]
    if len(added) >= 3 and all(grows) and len(different) >= 3:
        return True
    return _count_new(run) >= 3 and len(different) >= DISTINCT


def _count_new(run: Sequence[Cue]) -> int:
    """Return how many cues add something new; a song comes back to the same lines."""
    said = f" {' '.join(run[0].keys)} "
    count = 0
    for cue in run[1:]:
        added = " ".join(cue.keys[cue.overlap :])
        if added:
            count += f" {added} " not in said
            said += f"{added} "
    return count


def _is_gapless(before: Cue, cue: Cue) -> bool:
    if before.raw.end_s is None or cue.raw.start_s is None:
        return False
    return abs(cue.raw.start_s - before.raw.end_s) <= GAPLESS_S


def _is_too_fast(run: Sequence[Cue]) -> bool:
    start, end = run[0].raw.start_s, run[-1].raw.end_s
    if start is None or end is None or end <= start:
        return False
    return sum(_weight(cue.words) for cue in run) > REPEATING_RATE * (end - start)
