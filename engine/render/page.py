"""Document and metadata -> one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from engine.records import Document, Metadata
from engine.render.clock import clock
from engine.text.prose import join, label, printable, speaker_of, start_of

_STYLE = """
:root { color-scheme: light dark; --quiet: #5f6368; --line: #d9dce0; --name: #0b57a4 }
@media (prefers-color-scheme: dark) { :root { --quiet: #9aa0a6; --line: #3c4043; --name: #8ab4f8 } }
body { font: 1.06rem/1.62 Georgia, "Noto Serif", serif; max-width: 42rem; margin: 0 auto;
  padding: 2rem 1.2rem 5rem; overflow-wrap: anywhere }
h1, h2, nav, dl, time, .tags, b { font-family: system-ui, sans-serif }
h1 { line-height: 1.2; margin: 0 0 .4rem } h2 { font-size: 1.15rem; margin: 2.6rem 0 .4rem }
.quiet, time { color: var(--quiet); font-size: .85rem }
nav, section { border-top: 1px solid var(--line); padding: .8rem 0 }
nav ol, section ul { margin: 0; padding-inline: 1.9rem }
a { color: inherit; text-decoration: none } a:hover { text-decoration: underline }
nav, section { font-size: .95rem } b { color: var(--name); font-size: .92rem }
.tags span { border: 1px solid var(--line); border-radius: 1em; padding: .1em .7em;
  margin-inline-end: .4em; font-size: .8rem; display: inline-block }
p time { margin-inline-end: .6em; font-variant-numeric: tabular-nums }
"""


def html(document: Document, metadata: Metadata, *, names: Mapping[str, str] | None = None) -> str:
    """Return the document as a page for reading and printing, in light or dark mode.

    The page loads nothing and runs nothing: no script, no font, no image.
    """
    source = metadata["source"]
    title = metadata["title"] or source["name"]
    language = escape(document.language or "und")
    parts = [
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
        "style-src 'unsafe-inline'\">",
        f"<title>{_text(title)}</title>",
        f"<style>{_STYLE}</style>\n</head>\n<body>",
        f'<header>\n<h1 dir="auto">{_text(title)}</h1>',
    ]
    if metadata["description"]:
        parts.append(f'<p dir="auto">{_text(metadata["description"])}</p>')
    parts.append(f'<p class="quiet">{_facts(metadata)}</p>')
    if metadata["tags"]:
        tags = " ".join(f"<span>{_text(tag)}</span>" for tag in metadata["tags"])
        parts.append(f'<p class="tags" dir="auto">{tags}</p>')
    parts.append("</header>")
    parts += _contents(metadata)
    parts += _points(metadata)
    parts.append("<main>")
    chapters = {chapter["paragraph"]: chapter["title"] for chapter in metadata["chapters"] or ()}
    for number, paragraph in enumerate(document.paragraphs):
        if number in chapters:
            parts.append(f'<h2 dir="auto">{_text(chapters[number])}</h2>')
        speaker = ""
        if document.has_speakers:
            speaker = f'<b dir="auto">{_text(label(speaker_of(paragraph), names or {}))}:</b> '
        time = _time(start_of(paragraph))
        parts.append(f'<p id="p{number}" dir="auto">{time}{speaker}{_text(join(paragraph))}</p>')
    parts.append("</main>\n</body>\n</html>\n")
    return "\n".join(parts)


def _text(text: str) -> str:
    return escape(printable(text))


def _time(seconds: float | None) -> str:
    return "" if seconds is None else f"<time>{clock(seconds)}</time>"


def _facts(metadata: Metadata) -> str:
    source = metadata["source"]
    facts = [_text(source["name"])]
    if source["duration_s"] is not None:
        facts.append(clock(source["duration_s"]))
    facts.append(f"{metadata['coverage']['words_out']:,} words")
    facts += [_text(speaker["label"]) for speaker in metadata["speakers"]]
    return " · ".join(facts)


def _contents(metadata: Metadata) -> list[str]:
    if not metadata["chapters"]:
        return []
    items = [
        f'<li dir="auto"><a href="#p{c["paragraph"]}">{_text(c["title"])}</a> '
        f"{_time(c['start_s'])}</li>"
        for c in metadata["chapters"]
    ]
    return ["<nav>\n<ol>", *items, "</ol>\n</nav>"]


def _points(metadata: Metadata) -> list[str]:
    if not metadata["key_points"]:
        return []
    items = [
        f'<li dir="auto"><a href="#p{p["paragraph"]}">{_text(p["text"])}</a> '
        f"{_time(p['start_s'])}</li>"
        for p in metadata["key_points"]
    ]
    return ["<section>\n<ul>", *items, "</ul>\n</section>"]
