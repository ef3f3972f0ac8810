"""Cues -> SubRip (srt) and WebVTT (vtt)."""

from __future__ import annotations

import html
from collections.abc import Mapping

from engine.records import Document
from engine.render.cues import cues

_ESTIMATED = "NOTE The source has no times: these are estimated from the length of the words.\n\n"


def srt(document: Document, *, names: Mapping[str, str] | None = None) -> str:
    """Return the document as SubRip; "" for silence."""
    blocks = []
    for number, cue in enumerate(cues(document, names=names, labelled=True), start=1):
        text = "\n".join(cue.lines).replace("-->", "->")
        blocks.append(
            f"{number}\n{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}\n{text}\n"
        )
    return "\n".join(blocks)


def vtt(document: Document, *, names: Mapping[str, str] | None = None) -> str:
    """Return the document as WebVTT, with the speaker as the voice of each cue."""
    found = cues(document, names=names, labelled=False)
    blocks = ["WEBVTT\n\n" + (_ESTIMATED if found and document.timing == "none" else "")]
    for cue in found:
        text = html.escape("\n".join(cue.lines), quote=False)
        if cue.speaker is not None:
            text = f"<v {html.escape(cue.speaker, quote=False)}>{text}"
        blocks.append(f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}\n{text}\n\n")
    return "".join(blocks).rstrip("\n") + "\n"


def _clock(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{rest:03d}"
