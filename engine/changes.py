"""Metadata and words -> a short account for people: what changed, what was taken out, and a diff.

Plain data and plain lines; who prints them chooses colours and makes them safe for a terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.metadata import changed_case, changed_marks
from engine.records import Document, EnhancedWord, Metadata
from engine.render.clock import clock
from engine.text.prose import join, safe
from engine.text.readings import take_apart

Operation = Literal["same", "changed", "paragraph"]

_REMOVED = {
    "loops": "repeated by Whisper",
    "fillers": "filler words",
    "repeats": "stutters",
    "tags": "tags of what is not speech",
}


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The same words before and after."""

    before: str
    after: str  # paragraphs parted by a blank line


def coverage_line(metadata: Metadata) -> str:
    """Return in one line what became of the words: `2,806 words in, 2,790 out, 16 removed ...`."""
    coverage = metadata["coverage"]
    removed = [
        f"{count:,} {_REMOVED[kind]}" for kind, count in coverage["removed"].items() if count
    ]
    line = f"{coverage['words_in']:,} words in, {coverage['words_out']:,} out"
    return f"{line}; removed: {', '.join(removed)}" if removed else f"{line}, none removed"


def changes_line(metadata: Metadata) -> str:
    """Return in one line what was changed in the words that stayed."""
    changes = metadata["coverage"]["changes"]
    line = (
        f"{_many(changes['case'], 'letter case', 'letter cases')}, "
        f"{_many(changes['punctuation'], 'mark', 'marks')} and "
        f"{_many(changes['paragraphs'], 'paragraph break', 'paragraph breaks')} set"
    )
    replaced = len(metadata["coverage"]["replaced"])
    return f"{line}, {_many(replaced, 'word', 'words')} of the glossary" if replaced else line


def parts_line(metadata: Metadata) -> str:
    """Return in one line how much of the text the model worked on."""
    parts = metadata["coverage"]["parts"]
    if not parts["total"]:
        return "no speech"
    line = f"{parts['enhanced']} of {_many(parts['total'], 'part', 'parts')} enhanced"
    if parts["fallback"]:
        line += f", {parts['fallback']} left as the source has them after failures"
    if parts["uncovered"]:
        line += f", {parts['uncovered']} in a language that the model does not know"
    return line


def removal_lines(metadata: Metadata, *, most: int = 10) -> list[str]:
    """Return one line for each thing that was taken out: `12:03 loops x40 Thank you. Thank ...`."""
    removals = metadata["coverage"]["removals"]
    lines = []
    for removal in removals[:most]:
        time = "-" if removal["start_s"] is None else clock(removal["start_s"])
        lines.append(f"{time} {removal['kind']} x{removal['count']} {_cut(removal['text'], 60)}")
    if len(removals) > most:
        lines.append(f"and {len(removals) - most:,} more")
    return lines


def summary_lines(metadata: Metadata) -> list[str]:
    """Return the whole account: what it is, what became of it, what was taken out."""
    lines = [metadata["title"] or "(no title)"]
    if metadata["description"]:
        lines.append(metadata["description"])
    if metadata["tags"]:
        lines.append("tags: " + ", ".join(metadata["tags"]))
    for chapter in metadata["chapters"] or ():
        time = "-" if chapter["start_s"] is None else clock(chapter["start_s"])
        lines.append(f"{time} {chapter['title']}")
    lines += [coverage_line(metadata), changes_line(metadata), parts_line(metadata)]
    return lines + removal_lines(metadata)


def excerpt(document: Document, *, words: int = 60) -> Excerpt:
    """Return the first words before and after, about `words` of them."""
    before: list[str] = []
    after: list[str] = []
    left = words
    for paragraph in document.paragraphs:
        shown = paragraph[:left]
        if not shown:
            break
        before.append(_source(shown))
        after.append(join(shown) + ("" if len(shown) == len(paragraph) else " …"))
        left -= len(shown)
    return Excerpt(" ".join(before) + (" …" if left <= 0 else ""), "\n\n".join(after))


def diff(words: Iterable[EnhancedWord]) -> list[tuple[Operation, str, str]]:
    """Return the words as `(operation, source, target)`, equal neighbours joined.

    `paragraph` stands where a paragraph ends, with empty texts.
    """
    found: list[tuple[Operation, str, str]] = []
    for word in words:
        before = _before(word)
        same = word.text == before
        space = "" if word.word.glued else " "
        source, target = safe(before), safe(word.text)
        if same and found and found[-1][0] == "same":
            text = found[-1][1] + space + source
            found[-1] = ("same", text, text)
        else:
            found.append(("same" if same else "changed", source, target))
        if word.paragraph:
            found.append(("paragraph", "", ""))
    return found


def _before(word: EnhancedWord) -> str:
    """Return what the source has in a word's place."""
    heard = word.word.heard
    if heard is None or not heard:
        return word.word.text if heard is None else ""
    token = take_apart(word.word.text)
    return token.lead + heard + token.trail


def kinds(word: EnhancedWord) -> tuple[str, ...]:
    """Return what was changed in a word: `case`, `punctuation`, both or neither."""
    named = (("case", changed_case(word)), ("punctuation", changed_marks(word)))
    return tuple(name for name, changed in named if changed)


def _source(words: Sequence[EnhancedWord]) -> str:
    pieces = [("" if word.word.glued else " ") + word.word.text for word in words]
    return safe("".join(pieces)).strip()


def _many(count: int, one: str, more: str) -> str:
    return f"{count:,} {one if count == 1 else more}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
