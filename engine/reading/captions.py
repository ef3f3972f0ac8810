"""Captions that show again what is on the screen already: each word was said once.

Live and automatic captions scroll: a cue begins with the end of the cue before it, and adds what
is new. Lines that scroll (two or three of them), a line that grows word by word, and a line that
stands still while a mark moves over its words (karaoke) are one thing: the overlap between a cue
and the cue before it is what was on the screen. It is left out and counted, and reported with the
kind `captions`.

People do say things twice, so an overlap alone proves nothing. A run of overlapping cues needs a
second sign: a copy that nobody could speak in its time, text at a rate that nobody speaks at, a
mark that moves over it, or so many different words in a row that no talk repeats itself like that.
Where one run of a file is proven, its other overlaps of several words are of the same kind. What
stays undecided is kept. In captions that are proven, a cue that adds nothing and stands long enough
to be said looks the same whether it was said twice or not: its words are left out, and the note
`repeats_in_doubt` counts them.

A mark that moves times the words, and so do the times inside WebVTT lines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from engine.reading.raw import RawSegment, ShownAgain
from engine.reading.times import Timed, spread
from engine.text.letters import core, folded
from engine.text.marks import ends_sentence
from engine.text.words import SplitWord, is_spaceless, join, split_words

GAP_S = 1.5  # cues further apart are not one screen
GAPLESS_S = 0.1
FASTEST_CHARS = 30.0  # characters per second; nobody speaks faster
FASTEST_CLUSTERS = 15.0  # the same in scripts where a character is a syllable
REPEATING_RATE = 4.5  # words per second that nobody repeats himself at
LEAST = 3  # words that overlap inside a line
MOST = 0.6  # of the cues of a file overlap, whatever proves it
DISTINCT = 6  # different words that overlap in a run of three


@dataclass(slots=True)
class _Cue:
    """A cue with words, and what it shares with the one before it."""

    raw: RawSegment
    words: list[SplitWord]
    keys: list[str]  # for comparison
    openings: frozenset[int]  # words that begin a line
    overlap: int = 0  # words at its beginning that the cue before it ends in
    advances: bool = False  # the mark has moved on over the same line
    repeats: bool = False  # decided: the overlap was on the screen already

    @property
    def last(self) -> int:
        """Return where the last line begins."""
        return max(place for place in self.openings if place < len(self.words))

    @property
    def fresh(self) -> int:
        """Return the number of words that the cue before it does not have."""
        return len(self.words) - self.overlap


@dataclass(slots=True)
class _Line:
    """Words that belong together, while cues add to them."""

    raw: RawSegment
    words: list[SplitWord]
    times: list[tuple[float, float] | None]
    again: list[int]  # how often each word was shown again
    end_s: float | None
    unsure: int = 0  # words that were left out, and may have been said a second time
    touched: bool = False  # it is no longer the segment as it was read


_Place = tuple[_Line, int]  # a word on the screen


@dataclass(slots=True)
class _Screen:
    """What is shown while the cues go by."""

    lines: list[_Line] = field(default_factory=list)
    places: list[_Place] = field(default_factory=list)  # the words of the last cue


def settle(segments: Sequence[RawSegment]) -> list[RawSegment]:
    """Return the segments without what was on the screen already, with the times of marks."""
    cues = [_cue(raw) for raw in segments]
    filled = [cue for cue in cues if cue.words]
    for before, here in pairwise(filled):
        here.overlap = _overlap(before, here)
    karaoke = _follow_marks(filled)
    _decide(filled)
    screen = _Screen()
    for last, cue in zip([None, *filled], filled, strict=False):
        _show(screen, last, cue, karaoke=karaoke)
    shown = {id(line.raw): line for line in screen.lines}
    result: list[RawSegment] = []
    for cue in cues:
        line = shown.get(id(cue.raw))
        if line is not None:
            result.append(_segment(line))
        elif not cue.words:
            result.append(cue.raw)
    return result


def new_words(segments: Sequence[RawSegment]) -> list[float] | None:
    """Return how many words of each segment are not the end of the one before it.

    None where fewer than most segments begin so: they are no captions.
    """
    cues = [_cue(raw) for raw in segments]
    overlaps = [
        _overlap(before, here) if before.words and here.words else 0
        for before, here in pairwise(cues)
    ]
    if len(cues) < LEAST or sum(map(bool, overlaps)) < MOST * len(overlaps):
        return None
    return [_weight(cue.words[overlap:]) for cue, overlap in zip(cues, [0, *overlaps], strict=True)]


def _cue(raw: RawSegment) -> _Cue:
    words: list[SplitWord] = []
    openings = set()
    for line in raw.text.split("\n"):
        openings.add(len(words))
        words += split_words(line)
    if len(openings) > 1:
        whole = split_words(raw.text)
        words = whole if len(whole) == len(words) else words
    keys = [core(folded(word.text)) or word.text for word in words]
    return _Cue(raw, words, keys, frozenset(openings))


def _overlap(before: _Cue, here: _Cue) -> int:
    """Return how many words end one cue and begin the next, 0 where they are not one screen."""
    if before.raw.speaker != here.raw.speaker and here.raw.speaker is not None:
        return 0
    if not _is_close(before, here):
        return 0
    longest = min(len(before.keys), len(here.keys))
    opening, closing = here.keys[0], before.keys[-1]
    sizes = [
        n
        for n in range(longest, 0, -1)
        if before.keys[-n] == opening
        and here.keys[n - 1] == closing
        and before.keys[-n:] == here.keys[:n]
    ]
    if not sizes:
        return 0
    size = sizes[0]
    if size == len(here.keys) == len(before.keys) and _can_be_said(here):
        ended = before.words[-1].text
        if ends_sentence(ended) and ended != here.words[-1].text:
            return 0  # a sentence that was over does not go on with another mark
        # A screen of equal lines that looks the same again has scrolled, if there was time to.
        scrolled = here.last
        if scrolled in sizes and 0 < scrolled < size:
            size = scrolled
    return size


def _is_close(before: _Cue, here: _Cue) -> bool:
    start, end = here.raw.start_s, before.raw.end_s
    return start is None or end is None or start - end <= GAP_S


def _is_impossible(cue: _Cue, *, first: int = 0) -> bool:
    """Return whether nobody could say the cue's words, from this one on, in its time."""
    if cue.raw.start_s is None or cue.raw.end_s is None:
        return False
    limit = FASTEST_CLUSTERS if any(word.glued for word in cue.words) else FASTEST_CHARS
    length = max(cue.raw.end_s - cue.raw.start_s, 0.0)
    return sum(len(word.text) for word in cue.words[first:]) > limit * length


def _can_be_said(cue: _Cue) -> bool:
    """Return whether there is time to say the last line of a cue."""
    return not _is_impossible(cue, first=cue.last)


def _weight(words: Sequence[SplitWord]) -> float:
    """Return the number of words; a character of a script without spaces is half a word."""
    return sum(0.5 if is_spaceless(word.text) else 1.0 for word in words)


# --- marks that move --------------------------------------------------------------------------


def _follow_marks(cues: Sequence[_Cue]) -> bool:
    """Decide where a mark moves on over a line that stands still; return whether any does."""
    last = -1  # the last word of the line that was marked so far
    moved = 0
    candidates: list[_Cue] = []
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


def _decide(cues: Sequence[_Cue]) -> None:
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
                or (cue.fresh == 0 and _is_impossible(cue))
                or (cue.fresh <= longest and _grows(cues[n - 1], cue))
            )
            cue.repeats = run in proven or (bool(proven) and fits)


def _grows(before: _Cue, cue: _Cue) -> bool:
    """Return whether a cue goes on where the one before it ended, in the same line."""
    return (
        cue.fresh > 0
        and cue.overlap == len(before.words)
        and cue.overlap not in cue.openings
        and _is_gapless(before, cue)
    )


def _says_something(before: _Cue, cue: _Cue) -> bool:
    """Return whether an overlap is a whole line of the screen, or longer than by chance."""
    return (
        len(before.words) - cue.overlap in before.openings
        or _weight(cue.words[: cue.overlap]) >= LEAST
    )


def _is_proven(run: Sequence[_Cue]) -> bool:
    """Return whether a run of overlapping cues shows a screen; its first cue opens it."""
    added = [cue for cue in run[1:] if cue.fresh > 0]
    copies = [cue for cue in run[1:] if cue.fresh == 0]
    if added and any(_is_impossible(cue) for cue in copies):
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


def _count_new(run: Sequence[_Cue]) -> int:
    """Return how many cues add something new; a song comes back to the same lines."""
    said = f" {' '.join(run[0].keys)} "
    count = 0
    for cue in run[1:]:
        added = " ".join(cue.keys[cue.overlap :])
        if added:
            count += f" {added} " not in said
            said += f"{added} "
    return count


def _is_gapless(before: _Cue, cue: _Cue) -> bool:
    if before.raw.end_s is None or cue.raw.start_s is None:
        return False
    return abs(cue.raw.start_s - before.raw.end_s) <= GAPLESS_S


def _is_too_fast(run: Sequence[_Cue]) -> bool:
    start, end = run[0].raw.start_s, run[-1].raw.end_s
    if start is None or end is None or end <= start:
        return False
    return sum(_weight(cue.words) for cue in run) > REPEATING_RATE * (end - start)


# --- what was said ----------------------------------------------------------------------------


def _show(screen: _Screen, before: _Cue | None, cue: _Cue, *, karaoke: bool) -> None:
    """Add what is new in a cue to what was said."""
    known = cue.overlap if cue.repeats else 0
    places = screen.places[len(screen.places) - known :] if known else []
    for (line, n), word in zip(places, cue.words, strict=False):
        line.again[n] += 1
        line.touched = True
        line.words[n] = SplitWord(word.text, line.words[n].glued)  # the last version is the best
    fresh = cue.words[known:]
    if places and not fresh and not cue.advances and _can_be_said(cue):
        places[-1][0].unsure += len(cue.words) - cue.last
    grows = (
        fresh
        and places
        and before is not None
        and known == len(before.words)
        and known not in cue.openings
        and places[-1][0] is screen.lines[-1]
    )
    if fresh:
        times = _stamped(cue, known)
        if times is None and grows:
            times = list(_spread(fresh, cue.raw.start_s, cue.raw.end_s))
        if grows:
            line = screen.lines[-1]
            if line.times == [None] * len(line.words):  # until now it was a cue like any other
                line.times = list(_spread(line.words, line.raw.start_s, line.end_s))
            line.touched = True
        else:
            line = _Line(cue.raw, [], [], [], cue.raw.end_s, touched=known > 0)
            screen.lines.append(line)
        first = len(line.words)
        line.words += fresh
        line.times += times or [None] * len(fresh)
        line.again += [0] * len(fresh)
        line.touched = line.touched or times is not None
        places = [*places, *((line, first + n) for n in range(len(fresh)))]
    if grows or cue.advances:
        last = places[-1][0]
        ends = [end for end in (last.end_s, cue.raw.end_s) if end is not None]
        last.end_s = max(ends) if ends else None
    if karaoke:
        _time_marked(cue, places)
    screen.places = places


def _time_marked(cue: _Cue, places: Sequence[_Place]) -> None:
    """Give the words that are marked for the first time the time of their cue."""
    found = [places[n] for n in cue.raw.marked if n < len(places)]
    new = [(line, n) for line, n in found if line.times[n] is None]
    times = _spread([line.words[n] for line, n in new], cue.raw.start_s, cue.raw.end_s)
    for (line, n), span in zip(new, times, strict=True):
        line.times[n] = span
        line.touched = True


def _spread(
    words: Sequence[SplitWord], start_s: float | None, end_s: float | None
) -> Sequence[tuple[float, float] | None]:
    if start_s is None or end_s is None:
        return [None] * len(words)
    return spread([len(word.text) for word in words], start_s, end_s)


def _stamped(cue: _Cue, known: int) -> list[tuple[float, float] | None] | None:
    """Return the times of the new words by the times that stand inside the cue, None for none."""
    start, end = cue.raw.start_s, cue.raw.end_s
    stamps = [(n, moment) for n, moment in cue.raw.stamps if n >= known]
    if not stamps or start is None or end is None:
        return None
    bounds = [(known, start), *stamps, (len(cue.words), end)]
    moments = [moment for _, moment in bounds]
    if moments != sorted(moments):
        return None
    times: list[tuple[float, float] | None] = []
    for (first, begins), (after, ends) in pairwise(bounds):
        times += _spread(cue.words[first:after], begins, ends)
    return times


def _segment(line: _Line) -> RawSegment:
    """Return a line as a segment: as it was read, if no cue has added to it or shown it again."""
    if not line.touched:
        return line.raw
    timed = [
        Timed(word.text, *(span or (None, None)))
        for word, span in zip(line.words, line.times, strict=True)
    ]
    shown = [word for word, count in zip(line.words, line.again, strict=True) if count]
    return replace(
        line.raw,
        text=join(line.words),
        end_s=line.end_s,
        words=tuple(timed) if any(line.times) else line.raw.words,
        again=ShownAgain(join(shown), sum(line.again), line.unsure) if shown else None,
    )
