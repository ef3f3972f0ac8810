"""`Maria Lopez: So the ferry leaves`: a name in front of what somebody says is its speaker.

Zoom, Podcasting 2.0, Buzzsprout and many typists write it so. But people say "Note: this is new",
too. What decides is the file, never one line: the same names stand in front again and again, and
stand there often. Then they are speakers, a name that stands there once is one of them if it is no
word of the talk, and a cue without a name continues the one before. Otherwise the words were said.

Otter and others write the name and the time on a line of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import regex  # type: ignore[import-untyped]

from engine.reading.raw import RawSegment
from engine.reading.times import Timed, seconds, spread
from engine.text.letters import WORD, folded
from engine.text.wordlists import SAID_IN_FRONT

LEAST_LABELLED = 3  # cues with a name in front
SHARE = 0.25  # of all cues, where the file has several names
SHARE_ALONE = 0.5  # where it has one
LONG_FILE = 3  # two names that stand in front this often each need no share
SLOW_LETTERS = 7.5  # a second, of slow speech
LONGEST = 60  # characters of a name

_WORD = r"[\p{Lu}\p{Lt}\p{Lo}][\p{L}\p{M}\p{N}_.'’\-]*"
_PARTICLE = (
    r"(?:de|da|do|dos|del|della|der|den|di|du|la|le|van|von|zu|bin|ibn|al|el|y|e|\p{N}{1,3})"
)
_NAME = rf"{_WORD}(?:[ \t]+(?:{_WORD}|{_PARTICLE})){{0,4}}(?:[ \t]+\([\p{{L}}\p{{M}} ]{{1,30}}\))?"
_FRONT = regex.compile(
    rf"\s*(?:>>+\s*|[-–—]\s+)?(?:\[(?P<inside>{_NAME})\]|(?P<name>{_NAME}))[ \t]*"
    r"(?::(?=\s|\Z)|：)\s*"
)
_CLOCK = r"[\[(]?(?P<clock>(?:\d{1,2}:)?\d{1,3}:\d\d(?:[.,]\d{1,3})?)[\])]?"
_HEADINGS_OF_TURNS = tuple(
    regex.compile(pattern)
    for pattern in (
        rf"\s*(?P<name>{_NAME}):?[ \t,–—-]+{_CLOCK}:?\s*(?P<said>)\Z",
        rf"\s*{_CLOCK}[ \t,–—-]+(?P<name>{_NAME}):?\s*(?P<said>)\Z",
        rf"\s*{_CLOCK}[ \t,–—-]+(?P<name>{_NAME}):\s+(?P<said>\S.*)\Z",
    )
)


def settle(segments: Sequence[RawSegment]) -> tuple[list[RawSegment], int]:
    """Return the segments with the names in front of them as speakers, and how many had one.

    A file that gives speakers already is left as it is.
    """
    found = [_front(raw.text) for raw in segments]
    if not any(found) or any(_has_speaker(raw) for raw in segments):
        return list(segments), 0
    names = _names(segments)
    if not names:
        return list(segments), 0
    result: list[RawSegment] = []
    speaker: str | None = None
    labelled = 0
    for raw in segments:
        for piece in _turns(raw, names):
            match = _FRONT.match(piece.text)
            name = _name_of(match) if match else None
            if match is not None and name in names:
                speaker = name
                labelled += 1
                piece = _without(piece, match.end())
            result.append(replace(piece, speaker=speaker))
    return result, labelled


def headed(lines: Sequence[str]) -> list[RawSegment] | None:
    """Read lines of which some are a name and a time, for what follows; None for another text.

    There are two such lines at least, the first line is one, and their times go forward.
    """
    heads = [_head(line) for line in lines]
    found = [head for head in heads if head is not None]
    if len(found) < 2 or heads[0] is None:
        return None
    times = [start for _, start, _ in found]
    if times != sorted(times) or times[0] == times[-1]:
        return None
    turns: list[tuple[str, float, list[str]]] = []
    for line, head in zip(lines, heads, strict=True):
        if head is None:
            turns[-1][2].append(line)
        else:
            name, start, said = head
            turns.append((name, start, [said] if said else []))
    starts: list[float | None] = [*(start for _, start, _ in turns[1:]), None]
    return [
        RawSegment("\n".join(said), start, _end(start, after, said), name)
        for (name, start, said), after in zip(turns, starts, strict=True)
    ]


def _end(start_s: float, after_s: float | None, said: Sequence[str]) -> float | None:
    """Return when a turn may end: at the next one, or when slow speech is over before that."""
    if after_s is None:
        return None
    return min(after_s, start_s + sum(map(len, said)) / SLOW_LETTERS)


def _head(line: str) -> tuple[str, float, str] | None:
    if len(line) > 10 * LONGEST and ":" not in line[:LONGEST]:
        return None
    for pattern in _HEADINGS_OF_TURNS:
        match = pattern.match(line)
        start = seconds(match["clock"]) if match else None
        if match is not None and start is not None and len(match["name"]) <= LONGEST:
            return " ".join(match["name"].split()), start, match["said"] or ""
    return None


def _has_speaker(raw: RawSegment) -> bool:
    return raw.speaker is not None or any(word.speaker is not None for word in raw.words)


def _front(text: str) -> str | None:
    """Return what may be a name in front of a text."""
    match = _FRONT.match(text)
    return None if match is None else _name_of(match)


def _name_of(match: regex.Match[str]) -> str | None:
    name = " ".join((match["inside"] or match["name"]).split())
    return None if len(name) > LONGEST or folded(name.rstrip(".")) in SAID_IN_FRONT else name


def _names(segments: Sequence[RawSegment]) -> frozenset[str]:
    """Return the names of the speakers of a file; none where the names in front prove nothing."""
    lines = [line for raw in segments for line in raw.text.split("\n") if line.strip()]
    counts = Counter(name for name in map(_front, lines) if name is not None)
    often = {name for name, count in counts.items() if count >= 2}
    if not often:
        return frozenset()
    spoken = {word for line in lines for word in WORD.findall(_after(line)) if word.islower()}
    names = often | {name for name in counts if folded(name) not in spoken}
    labelled = sum(counts[name] for name in names)
    cues = sum(1 for raw in segments if raw.text.strip())
    if len(names) == 1:
        proven = labelled >= LEAST_LABELLED and labelled >= SHARE_ALONE * cues
    else:
        several = sum(counts[name] >= LONG_FILE for name in names) >= 2
        proven = labelled >= LEAST_LABELLED and (several or labelled >= SHARE * cues)
    return frozenset(names) if proven else frozenset()


def _after(line: str) -> str:
    match = _FRONT.match(line)
    return line[match.end() :] if match else line


def _turns(raw: RawSegment, names: frozenset[str]) -> list[RawSegment]:
    """Divide a segment at the lines that begin with a name, and its time by the length of text."""
    pieces: list[list[str]] = [[]]
    for line in raw.text.split("\n"):
        if _front(line) in names and any(said.strip() for said in pieces[-1]):
            pieces.append([])
        pieces[-1].append(line)
    if len(pieces) == 1 or raw.words:
        return [raw]
    texts = ["\n".join(piece) for piece in pieces]
    spans: list[tuple[float | None, float | None]] = [(raw.start_s, raw.end_s)] * len(texts)
    if raw.start_s is not None and raw.end_s is not None:
        spans = [*spread([len(text) for text in texts], raw.start_s, raw.end_s)]
    first, *rest = zip(texts, spans, strict=True)
    return [
        replace(raw, text=first[0], start_s=first[1][0], end_s=first[1][1]),
        *(replace(raw, text=t, start_s=s, end_s=e, again=None) for t, (s, e) in rest),
    ]


def _without(raw: RawSegment, end: int) -> RawSegment:
    """Return a segment without the name in front, also among its timed words."""
    taken = "".join(raw.text[:end].split())
    words: list[Timed] = list(raw.words)
    while words and taken.startswith(piece := "".join(words[0].text.split())) and piece:
        taken = taken[len(piece) :]
        words.pop(0)
    return replace(raw, text=raw.text[end:], words=tuple(words))
