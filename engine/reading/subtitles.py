"""Readers for the text formats that Whisper tools write: SRT, WebVTT, TXT, TSV and CSV."""

from __future__ import annotations

import csv
import io
import re

from engine.errors import NotATranscript
from engine.reading import captions, cues, names_in_front
from engine.reading.build import RawSegment, build, is_word_list, merged
from engine.reading.cues import labelled, unreadable
from engine.reading.cut import cut_notes, rejoin_text
from engine.reading.fields import label
from engine.reading.foreign import too_slow_for_seconds
from engine.reading.notes import NoteName
from engine.reading.reasons import Reason
from engine.reading.times import seconds
from engine.reading.tool_marks import characters, is_clock, strip_content, unstyled
from engine.records import Note, Transcript

_STAMPED = re.compile(r"\[(\d\d:[\d:.,]+) --> (\d\d:[\d:.,]+)\](.*)")
_CUT_STAMP = re.compile(r"\[(?:\d\d?)?(?::[\d:.,]*(?: (?:-{0,2}|-->(?: [\d:.,]*)?))?)?")
_BEGUN = re.compile(r"\s*\[((?:\d{1,3}:)?\d{1,3}:\d\d(?:[.,]\d{1,3})?)\](?=\s|\Z)")
_LYRICS_TAG = re.compile(r"\s*\[(?:ti|ar|al|by|re|ve|la|au|tool|length|offset):[^\]]*\]\s*")
# whisper.cpp's own messages, where both of its outputs went into one file.
_LOG = re.compile(r"(?:whisper|ggml|output)_\w+: |system_info: |main: processing ")
_WHOLE = re.compile(r"\s*\d{1,15}\s*")


def read_text(content: str, kind: str) -> tuple[list[Note], Transcript]:
    """Read the text of one of the formats of `engine.reading.formats.TEXTS`.

    Returns what there is to tell of marks, too. Raises `InvalidTranscript` where nothing in the
    file has the format of its name.
    """
    content = content.replace("\r\n", "\n").replace("\r", "\n")
    content, cut = rejoin_text(content)
    content, marks = strip_content(content, subtitles=kind in ("srt", "vtt"))
    readers = {"srt": _srt, "vtt": _vtt, "txt": _txt, "tsv": _tsv, "csv": _csv}
    return [*cut_notes(cut), *marks], readers[kind](content)


def _srt(content: str) -> Transcript:
    return build("srt", captions.settle(cues.srt(content)))


def _vtt(content: str) -> Transcript:
    return build("vtt", captions.settle(cues.vtt(content)))


def _labelled(content: str, start: float | None = None, end: float | None = None) -> RawSegment:
    speaker, said = labelled(content)
    return RawSegment(_plain(said), start, end, speaker)


def _plain(content: str) -> str:
    return "" if is_clock(content) else characters(unstyled(content))


def _txt(content: str) -> Transcript:
    """Read plain text, or whisper.cpp's standard output with `[start --> end]` before each line."""
    lines = [line for line in content.split("\n") if line.strip()]
    said = [line for line in lines if not _LOG.match(line)]
    stamps = [place for place, line in enumerate(said) if _STAMPED.match(line)]
    if stamps and stamps[0] <= len(stamps):
        return _stamped(said[stamps[0] :])
    begun = [line for line in said if not _LYRICS_TAG.fullmatch(line)]
    starts = sum(_BEGUN.match(line) is not None for line in begun)
    if starts > 1 and 2 * starts > len(begun) and _BEGUN.match(begun[0]):
        return _begun(begun)
    turns = names_in_front.headed(lines)
    if turns is not None:
        return build("txt", turns, notes=[Note(NoteName.NAMES_IN_FRONT, len(turns))])
    return build("txt", [_labelled(line) for line in lines])


def _stamped(lines: list[str]) -> Transcript:
    """Read lines from the first stamp on; a line without a stamp continues the one before."""
    found: list[tuple[float | None, float | None, list[str]]] = []
    for line in lines:
        match = _STAMPED.match(line)
        if match:
            # The tool puts two spaces after the bracket; a third belongs to the text.
            said = match[3].removeprefix(" ").removeprefix(" ")
            found.append((seconds(match[1]), seconds(match[2]), [said]))
        elif line is not lines[-1] or not _CUT_STAMP.fullmatch(line):  # the file is cut off there
            found[-1][2].append(line)
    raws = [_labelled("\n".join(said), start, end) for start, end, said in found]
    if is_word_list(raws):
        return build("txt", [merged(raws)], regroup=True)
    return build("txt", captions.settle(raws))


def _begun(lines: list[str]) -> Transcript:
    """Read lines with the clock of their start in brackets, as lyrics have it."""
    found: list[tuple[float | None, list[str]]] = []
    for line in lines:
        match = _BEGUN.match(line)
        if match:
            found.append((seconds(match[1]), [line[match.end() :]]))
        else:
            found[-1][1].append(line)
    return build("txt", [_labelled("\n".join(said), start) for start, said in found])


def _tsv(content: str) -> Transcript:
    """Read openai-whisper's TSV: start and end in whole milliseconds, then the text."""
    raws = []
    for number, line in enumerate(content.split("\n"), start=1):
        fields = line.split("\t", 2)
        if len(fields) == 3 and fields[0].strip() != "start":
            start = seconds(fields[0], scale=0.001)
            raws.append(_labelled(fields[2], start, seconds(fields[1], scale=0.001)))
        elif line.strip() and number > 1:
            raise unreadable("TSV", f"line {number} has no start, end and text")
    return build("tsv", _with_times(raws, "TSV", content))


def _csv(content: str) -> Transcript:
    """Read a table with columns start, end and text, with or without a speaker.

    Times are seconds, or whisper.cpp's whole milliseconds where seconds would be too slow.
    """
    rows = _rows(content)
    written = [cell for row in rows for cell in (row["start"], row["end"])]
    whole = all(_WHOLE.fullmatch(cell) for cell in written)
    texts = [row["text"] for row in rows]
    scale = 0.001 if whole and too_slow_for_seconds([*map(int, written)], texts) else 1.0
    raws = [
        RawSegment(
            _plain(row["text"]),
            seconds(row["start"], scale=scale),
            seconds(row["end"], scale=scale),
            label(row.get("speaker")),
        )
        for row in rows
    ]
    return build("csv", _with_times(raws, "CSV", content))


def _rows(content: str) -> list[dict[str, str]]:
    """Return the rows as dictionaries, with column names in lower case."""
    reader = csv.reader(io.StringIO(content))
    header: list[str] = []
    rows: list[dict[str, str]] = []
    try:
        for cells in reader:
            if not header:
                header = [name.strip().lower() for name in cells]
                if cells and not {"start", "end", "text"} <= set(header):
                    break
            elif cells:
                rows.append(_row(header, cells, reader.line_num))
    except csv.Error as error:
        raise unreadable("CSV", str(error)) from None
    if not rows:
        raise NotATranscript(
            "This table has no columns start, end and text.", reason=Reason.NOT_A_TRANSCRIPT
        )
    return rows


def _row(header: list[str], cells: list[str], number: int) -> dict[str, str]:
    if len(cells) > len(header) and header[-1] == "text":  # commas, and no quotation marks
        cells = [*cells[: len(header) - 1], ",".join(cells[len(header) - 1 :])]
    if any(cell.strip() for cell in cells[len(header) :]):
        raise unreadable("CSV", f"line {number} has more cells than the first line has names")
    row = dict.fromkeys(header, "") | dict(zip(header, cells, strict=False))
    short = len(cells) < len(header) and any(cell.strip() for cell in cells)
    if short and seconds(row["start"]) is None:
        raise unreadable("CSV", f"line {number} has no start, end and text")
    return row


def _with_times(raws: list[RawSegment], kind: str, content: str) -> list[RawSegment]:
    if content.strip() and raws and all(raw.start_s is None for raw in raws):
        raise unreadable(kind, "no line has a time")
    return raws
