"""Readers for SRT and WebVTT, and for the speaker labels in lines of every text format.

Both formats are read line by line, so that no speech is mistaken for structure:

- a line with two clocks and an arrow begins a cue; if one of the clocks is damaged, the cue keeps
  its words and the other time;
- SRT: the text continues to the next such line, across blank lines too. The number before that
  line is removed if it stands alone or is one more than the number before it;
- WebVTT: a cue ends at a blank line. NOTE, STYLE and REGION blocks and the line before the times
  (the cue's name) are removed. Any other block without times is the text of a cue after a blank
  line: a player would not show it, but it was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.errors import InvalidTranscript
from engine.reading import caption_marks
from engine.reading.build import RawSegment
from engine.reading.fields import label
from engine.reading.reasons import Reason
from engine.reading.times import seconds, spread
from engine.reading.tool_marks import characters, is_clock, untagged

# whisper-ctranslate2 and WhisperX write the speaker like this before a line; whisper.cpp's mark
# for a change of speakers looks similar.
_LABEL = re.compile(r"\s*\[((?:SPEAKER|Speaker)(?!_TURN\])[_ ]?\w{1,20})\]:?\s+")
_CPP_LABEL = re.compile(r"\s*\(([Ss]peaker (?:\d{1,4}|\?))\):?")  # whisper.cpp's -di
_UNKNOWN = re.compile(r"(?i)speaker ?\?")

_VOICE = re.compile(r"<v(?:\.[^\s<>&]*)?(?:[ \t]([^<>\n]*))?>", re.IGNORECASE)

_DASHES = re.compile(r"\s*(?:[-–—‐−>•*]\s*)+")
_CLOCK = re.compile(r"\d+:\d+[:.,]\d")  # `12:30` is speech
_TIMES = re.compile(r"\s*(\S{1,30}?)\s*(?:[-–—]{1,2}>|→)\s*(\S{1,30})")
_CUT = re.compile(
    r"\d{1,4}(?::[\d:.,]*(?:[ \t]*(?:-{0,2}|--?>[ \t]*[\d:.,]*))?)?"
)  # times, cut off
_NUMBER = re.compile(r"\s*\d{1,9}\s*")
_COMMENT = re.compile(r"(?:NOTE|WEBVTT)(?:[ \t]|\Z)|(?:STYLE|REGION)[ \t]*\Z")

_Times = tuple[float | None, float | None]


@dataclass(slots=True)
class _Cue:
    """A cue while its lines are collected."""

    start_s: float | None
    end_s: float | None
    lines: list[str] = field(default_factory=list)


def srt(content: str) -> list[RawSegment]:
    """Read the cues of an SRT file; raises `InvalidTranscript` where there is none."""
    return _segments(_srt_cues(content.split("\n")), "SRT")


def vtt(content: str) -> list[RawSegment]:
    """Read the cues of a WebVTT file; raises `InvalidTranscript` where it is none."""
    lines = content.strip().split("\n")
    if not lines[0].startswith("WEBVTT"):
        raise unreadable("WebVTT", "the first line is not WEBVTT")
    if (
        len(lines) > 2
        and not lines[-2].strip()
        and _is_cut_time(lines, ended=content.endswith("\n"))
    ):
        lines = lines[:-1]  # the file ends inside of the times of a cue
    return [] if lines == ["WEBVTT"] else _segments(_vtt_cues(lines), "WebVTT")


def _is_cut_time(lines: list[str], *, ended: bool) -> bool:
    """Return whether the last line is the beginning of times: "00" is one if others begin so.

    A single figure is one only where no line end follows it (`ended`).
    """
    if not _CUT.fullmatch(lines[-1]):
        return False
    before = next((line for line in reversed(lines) if _times(line) is not None), "")
    return ":" in lines[-1] or (
        (len(lines[-1]) > 1 or not ended) and before.lstrip().startswith(lines[-1])
    )


def unreadable(kind: str, why: str) -> InvalidTranscript:
    """Return the error for a file that is not what its name says."""
    return InvalidTranscript(
        f"This is not a readable {kind} file: {why}.", reason=Reason.BAD_SUBTITLES
    )


def labelled(content: str) -> tuple[str | None, str]:
    """Return the speaker whose label stands before a text, and the text without it."""
    match = _LABEL.match(content) or _CPP_LABEL.match(content)
    return (_speaker(match[1]), content[match.end() :]) if match else (None, content)


def _speaker(written: str) -> str | None:
    name = label(characters(written))
    return None if name is None or _UNKNOWN.fullmatch(name) else name


def _times(line: str) -> _Times | None:
    """Return the times of a line that begins a cue, None for any other line."""
    match = _TIMES.match(line)
    if match is None:
        return None
    start, end = map(_moment, match.groups())
    return None if start is None and end is None else (start, end)


def _moment(clock: str) -> float | None:
    found = seconds(clock) if _CLOCK.match(clock) else None
    return None if found is None else round(found, 3)


def _srt_cues(lines: list[str]) -> list[_Cue]:
    cues: list[_Cue] = []
    before: list[str] = []  # lines since the last line of times
    index: int | None = None  # the last number that was removed
    spaced = False  # a blank line follows every line, as broken line ends leave it
    for line in lines:
        times = _times(line)
        if times is None:
            before.append(line)
            continue
        if not cues:
            spaced = len(before) > 1 and not before[-1].strip()
        index = _take_index(before, index, spaced=spaced)
        if cues:
            cues[-1].lines = before
        cues.append(_Cue(*times))
        before = []
    if cues:
        cues[-1].lines = _without_cut_cue(before, index)
    return cues


def _without_cut_cue(lines: list[str], last: int | None) -> list[str]:
    """Return the last lines without the number and the times with which the file is cut off."""
    kept = [*lines]
    while kept and not kept[-1].strip():
        kept.pop()
    for size in (1, 2):
        tail = kept[-size:]
        if len(kept) <= size or kept[-size - 1].strip() or not _NUMBER.fullmatch(tail[0]):
            continue
        if last is not None and int(tail[0]) == last + 1 and _CUT.fullmatch(tail[-1]):
            return kept[:-size]
    return lines


def _take_index(lines: list[str], last: int | None, *, spaced: bool) -> int | None:
    """Remove a cue's number from the end of the lines before its times; return it, or the last."""
    at = len(lines) - 1
    while spaced and at >= 0 and not lines[at].strip():
        at -= 1
    if at < 0 or not _NUMBER.fullmatch(lines[at]):
        return last
    number = int(lines[at])
    alone = at == 0 or not lines[at - 1].strip()
    if not alone and (last is None or number not in (last + 1, 1)):
        return last  # the cue ends in a number, and no line separates it from the next cue
    del lines[at:]
    return number


def _vtt_cues(lines: list[str]) -> list[_Cue]:
    cues: list[_Cue] = []
    for block in _blocks(lines):
        places = [place for place, line in enumerate(block) if _times(line) is not None]
        first = places[0] if places else len(block)
        if cues and not _COMMENT.match(block[0]) and not (places and first <= 1):
            cues[-1].lines += block[:first]  # one line before the times is the cue's name
        for line in block[first:]:
            times = _times(line)
            if times is not None:
                cues.append(_Cue(*times))
            else:
                cues[-1].lines.append(line)
    return cues


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    block: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []


def _segments(cues: list[_Cue], kind: str) -> list[RawSegment]:
    if not cues:
        raise unreadable(kind, "there is no line with times in it")
    return [raw for cue in cues for raw in _voices(cue)]


def _voices(cue: _Cue) -> list[RawSegment]:
    """Divide a cue among its voices, and its time by the length of their text."""
    content = "\n".join(cue.lines).strip()
    marks = list(_VOICE.finditer(content))
    ends = [mark.start() for mark in marks] + [len(content)]
    speaker, rest = labelled(content[: ends[0]])
    parts = [(speaker, rest)]
    for mark, end in zip(marks, ends[1:], strict=True):
        parts.append((_speaker(mark[1] or ""), content[mark.end() : end]))
    said = [(speaker, _plain(part), part) for speaker, part in parts]
    said = [one for one in said if _is_said(one[1], one[0])] or [(speaker, "", "")]
    if len(said) > 1 and said[0][0] is None and _DASHES.fullmatch(said[0][1]):
        said = said[1:]  # a dash before a voice
    spans: list[_Times] = [(cue.start_s, cue.end_s)] * len(said)
    if len(said) > 1 and cue.start_s is not None and cue.end_s is not None:
        lengths = [len(" ".join(text.split())) for _, text, _ in said]
        spans = [*spread(lengths, cue.start_s, cue.end_s)]
    return [
        RawSegment(text, start, end, speaker, marked=marked, stamps=stamps)
        for (speaker, text, part), (start, end) in zip(said, spans, strict=True)
        for marked, stamps in [caption_marks.marks(part, _plain)]
    ]


def _is_said(text: str, speaker: str | None) -> bool:
    """Return whether a text is more than a clock, or the label of the voice that says it."""
    if not text.strip() or is_clock(text):
        return False
    named = text.strip().removesuffix(":").casefold()
    return (
        speaker is None or text.strip()[-1] != ":" or named not in ("speaker", speaker.casefold())
    )


def _plain(content: str) -> str:
    return characters(untagged(content))
