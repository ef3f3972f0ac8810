"""Document and metadata -> one self-contained HTML page to read, listen to and print.

The page loads nothing but the recording beside it, needs no server, and runs one script of its own,
which its policy names by hash. Without the script it is a page to read.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from rcssmin import cssmin
from rjsmin import jsmin

from engine.records import Document, Metadata
from engine.render.clock import clock
from engine.render.page.spoken import Writer
from engine.text.prose import printable

#: What a recording beside a transcript may be called, the most usual first.
AUDIO: Final = (
    "mp3 m4a wav mp4 flac ogg opus webm mov aac mkv aiff".split()  # noqa: SIM905
)
_CODE: Final = re.compile(r"[a-z]{2,3}")
_KEYS: Final = (
    ("Space", "play or pause"),
    ("← →", "5 seconds back, on"),
    ("[ ]", "slower, faster"),
    ("/", "search; Enter: next"),
    ("F", "follow the voice again"),
    ("C D", "changes, doubtful words"),
    ("Enter", "play from the word"),
    ("↑ ↓", "paragraph, in the text"),
    ("Shift ← →", "word, in the text"),
)


@dataclass(frozen=True, slots=True)
class Extra:
    """What a page of the review server has beside that of the file."""

    style: str
    script: str
    attributes: Mapping[str, str]  # of the body
    audio: tuple[str, ...]  # where the recording is


def html(
    document: Document,
    metadata: Metadata,
    *,
    names: Mapping[str, str] | None = None,
    extra: Extra | None = None,
) -> str:
    """Return the document as a page, in light or dark mode."""
    title = printable(metadata["title"] or metadata["source"]["name"])
    writer = Writer(document, names or {}, editable=extra is not None)
    style, script = _asset("page.css"), _asset("page.js")
    if extra is not None:
        style, script = style + extra.style, script + extra.script
    timed = document.timing != "none"
    spoken = f' lang="{document.language}"' if _CODE.fullmatch(document.language or "") else ""
    attributes = {
        "class": "timed" if timed else "",
        "data-audio": json.dumps(extra.audio if extra else candidates(document, metadata)),
        "data-duration": f"{document.duration_s or 0:g}",
        **(extra.attributes if extra else {}),
    }
    body = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy(style, script)}">'
        if extra is None
        else "",
        '<meta name="referrer" content="no-referrer">',
        f"<title>{escape(title)}</title>",
        f"<style>{style}</style>\n</head>\n<body{body}>",
        '<a class="skip" href="#text">Skip to the text</a>',
        f'<header{spoken}>\n<h1 dir="auto">{escape(title)}</h1>',
        *_about(metadata),
        "</header>",
        *_contents(metadata, spoken),
        *_points(metadata, spoken),
        f'<main id="text"{spoken}>',
        *_text(document, metadata, writer),
        "</main>",
        _bar(document, timed=timed),
        f"<script>{script}</script>\n</body>\n</html>\n",
    ]
    return "\n".join(part for part in parts if part)


def policy(style: str, script: str, *, connect: str = "'none'") -> str:
    """Return the content security policy of a page with this style and this script."""
    return (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'; "
        f"script-src 'sha256-{_digest(script)}'; media-src 'self' file: blob:; "
        f"connect-src {connect}; base-uri 'none'; form-action 'none'"
    )


def recordings(document: Document, name: str) -> list[str]:
    """Return what the recording of a source file may be called, the likeliest first."""
    stem, ending = os.path.splitext(name)
    while ending.lower() in (".json", ".srt", ".vtt", ".txt", ".tsv", ".csv"):
        name, (stem, ending) = stem, os.path.splitext(stem)
    found = [document.media] if document.media else []
    if ending[1:].lower() in AUDIO:
        found.append(name)  # talk.wav.json
    return list(dict.fromkeys([*found, *(f"{name}.{kind}" for kind in AUDIO)]))


def candidates(document: Document, metadata: Metadata) -> list[str]:
    """Return the addresses at which the page looks for its recording, all beside it."""
    return [f"./{_address(each)}" for each in recordings(document, metadata["source"]["name"])]


def _address(name: str) -> str:
    return "".join(
        char if char.isascii() and (char.isalnum() or char in "-._~") else
        "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "surrogateescape"))
        for char in name
    )  # fmt: skip


@cache
def _asset(name: str) -> str:
    """Return a file of this folder without comments and spaces that mean nothing."""
    text = Path(__file__).with_name(name).read_text("utf-8")
    small: str = cssmin(text) if name.endswith(".css") else jsmin(text)
    return small


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _line(text: str) -> str:
    return escape(printable(text))


def _about(metadata: Metadata) -> list[str]:
    source = metadata["source"]
    found = []
    if metadata["description"]:
        found.append(f'<p dir="auto">{_line(metadata["description"])}</p>')
    facts = [_line(source["name"])]
    if source["duration_s"] is not None:
        facts.append(clock(source["duration_s"]))
    facts.append(f"{metadata['coverage']['words_out']:,} words")
    facts += [_line(speaker["label"]) for speaker in metadata["speakers"]]
    found.append(f'<p class="quiet">{" · ".join(facts)}</p>')
    if metadata["tags"]:
        tags = " ".join(f"<span>{_line(tag)}</span>" for tag in metadata["tags"])
        found.append(f'<p class="tags" dir="auto">{tags}</p>')
    return found


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    shown = clock(seconds)
    return (
        f' <button class="t" data-m="{round(seconds * 1000)}" aria-label="Play from {shown}">'
        f"{shown}</button>"
    )


def _contents(metadata: Metadata, spoken: str) -> list[str]:
    if not metadata["chapters"]:
        return []
    items = [
        f'<li dir="auto"><a href="#p{c["paragraph"]}">{_line(c["title"])}</a>'
        f"{_time(c['start_s'])}</li>"
        for c in metadata["chapters"]
    ]
    return [
        f'<nav aria-label="Chapters">\n<h2>Chapters</h2>\n<ol{spoken}>',
        *items,
        "</ol>\n</nav>",
    ]


def _points(metadata: Metadata, spoken: str) -> list[str]:
    if not metadata["key_points"]:
        return []
    items = [
        f'<li dir="auto"><a href="#p{p["paragraph"]}">{_line(p["text"])}</a>'
        f"{_time(p['start_s'])}</li>"
        for p in metadata["key_points"]
    ]
    heading = '<section aria-label="Key points">\n<h2>Key points</h2>'
    return [f"{heading}\n<ul{spoken}>", *items, "</ul>\n</section>"]


def _text(document: Document, metadata: Metadata, writer: Writer) -> list[str]:
    chapters = {chapter["paragraph"]: chapter["title"] for chapter in metadata["chapters"] or ()}
    found = []
    for number, paragraph in enumerate(writer.paragraphs()):
        if number in chapters:
            found.append(f'<h2 dir="auto">{_line(chapters[number])}</h2>')
        found.append(f'<p id="p{number}" {paragraph}')
    end = writer.cut_at_the_end()
    return [*found, f"<p>{end}</p>"] if end else found


def _bar(document: Document, *, timed: bool) -> str:
    """Return the controls; the script shows them."""
    doubts = any(
        word.word.confidence is not None for words in document.paragraphs for word in words
    )
    speeds = "".join(
        f'<option value="{speed}"{" selected" if speed == "1" else ""}>{speed}×</option>'
        for speed in ("0.5", "0.75", "1", "1.25", "1.5", "1.75", "2")
    )
    off = "" if timed else " hidden"
    keys = "".join(f"<dt><kbd>{key}</kbd></dt><dd>{what}</dd>" for key, what in _KEYS)
    rows: Sequence[str] = (
        '<div id="bar" role="region" aria-label="Player" hidden><div>',
        f'<button id="play" disabled{off}>Play</button>',
        '<input type="range" id="range" aria-label="Place" '
        f'min="0" max="0" step="0.1" value="0" disabled{off}>',
        f'<span id="clock"{off}></span>',
        f'<select id="rate" aria-label="Speed" disabled{off}>{speeds}</select>',
        '<button id="follow" hidden>Follow the voice</button>',
        '<label class="file" id="choose" hidden>Choose the recording'
        '<input type="file" id="file" accept="audio/*,video/*"></label>',
        '<input type="search" id="search" aria-label="Search the text" placeholder="Search" '
        'autocomplete="off">',
        '<details><summary>View</summary><div id="view">',
        _switch("changes", "Changes, and what was removed", on=False),
        _switch("doubts", "Words that Whisper doubted", on=True) if doubts else "",
        '<p id="whose">Only what is said by</p><div id="who"></div>',
        f"<p>Keys</p><dl>{keys}</dl></div></details>",
        '<span id="say" role="status"></span>',
        "</div></div>",
    )
    return "\n".join(row for row in rows if row)


def _switch(shows: str, text: str, *, on: bool) -> str:
    checked = " checked" if on else ""
    return f'<label><input type="checkbox" data-shows="{shows}"{checked}> {text}</label>'
