"""Words -> the HTML of paragraphs: each word a span with its time and what is known of it.

`data-m` and `data-d` are a word's start and duration in milliseconds, as hyperaudio has them;
`data-s` is the source's spelling where it differs, `data-r` says that the letters differ too,
`data-c` is how sure Whisper was, in percent, of a doubtful word.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from engine.records import Document, EnhancedWord, Removal
from engine.render.clock import clock
from engine.render.timing import Span, times_of
from engine.text.changes import before
from engine.text.letters import folded
from engine.text.marks import letters
from engine.text.prose import label, printable, speaker_of

DOUBT: Final = 0.5  # below this a word is doubtful,
MOST_DOUBTS: Final = 0.1  # but at most this share of the words
LONGEST_CUT: Final = 240  # characters of a removed span
_WHY: Final = {
    "loops": "loop of Whisper",
    "fillers": "hesitation",
    "repeats": "said twice",
    "tags": "not speech",
    "captions": "caption shown again",
}


class Writer:
    """Writes the paragraphs of one document."""

    def __init__(
        self, document: Document, names: Mapping[str, str], *, editable: bool = False
    ) -> None:
        """Make it; `editable` gives each word its index in the source."""
        self._document = document
        self._names = names
        self._editable = editable
        self._spans: Sequence[Span] = () if document.timing == "none" else times_of(document)
        self._doubt = _threshold(document)
        self._cuts = _placed(document)

    def paragraphs(self) -> list[str]:
        """Return the paragraphs without their numbers: what follows `<p id="p0"`."""
        written = []
        first = 0
        speaker: str | None = None
        for paragraph in self._document.paragraphs:
            written.append(self._paragraph(paragraph, first, speaker))
            first += len(paragraph)
            speaker = self._speaker(paragraph)
        return written

    def cut_at_the_end(self) -> str:
        """Return what was removed after the last word."""
        return "".join(_cut(cut) for cut in self._cuts.get(-1, ()))

    def _speaker(self, paragraph: Sequence[EnhancedWord]) -> str | None:
        if not self._document.has_speakers:
            return None
        return label(speaker_of(paragraph), self._names)

    def _paragraph(
        self, paragraph: Sequence[EnhancedWord], first: int, speaker_before: str | None
    ) -> str:
        speaker = self._speaker(paragraph)
        pieces = ['dir="auto">']
        if speaker is not None:
            name = escape(speaker)
            source = ""
            if self._editable:
                source = f' data-l="{escape(printable(speaker_of(paragraph) or ""))}"'
            pieces = [f'dir="auto" data-w="{name}"{source}>']
            if speaker != speaker_before:
                pieces.append(f'<b dir="auto">{name}</b>')
        if self._spans and paragraph:
            start_ms = self._spans[first].start_ms
            shown = clock(start_ms / 1000)
            pieces.append(
                f'<button class="t" tabindex="-1" data-m="{start_ms}" '
                f'aria-label="Play from {shown}">{shown}</button>'
            )
        for n, word in enumerate(paragraph):
            pieces += [_cut(cut) for cut in self._cuts.get(first + n, ())]
            if n and not word.word.glued:
                pieces.append(" ")
            pieces.append(self._word(word, first + n))
        return "".join(pieces) + "</p>"

    def _word(self, word: EnhancedWord, position: int) -> str:
        about = ""
        if self._spans:
            span = self._spans[position]
            about = f' data-m="{span.start_ms}" data-d="{span.end_ms - span.start_ms}"'
        source = before(word)
        if source != word.text:
            about += f' data-s="{escape(printable(source))}"'
            if folded(letters(source)) != folded(letters(word.text)):
                about += " data-r"
        confidence = word.word.confidence
        if confidence is not None and confidence < self._doubt:
            about += f' data-c="{round(confidence * 100)}"'
        if self._editable and word.word.index is not None:
            about += f' data-i="{word.word.index}"'
        return f"<span{about}>{escape(printable(word.text))}</span>"


def _threshold(document: Document) -> float:
    """Return below which confidence a word is doubtful: `DOUBT`, or less where many would be."""
    known = sorted(
        word.word.confidence
        for paragraph in document.paragraphs
        for word in paragraph
        if word.word.confidence is not None
    )
    return min(DOUBT, known[int(len(known) * MOST_DOUBTS)]) if known else 0.0


def _placed(document: Document) -> dict[int, list[Removal]]:
    """Return the removals by the position of the word that they stand before; -1 is the end."""
    words = [word.word for paragraph in document.paragraphs for word in paragraph]
    indexed = [(word.index, n) for n, word in enumerate(words) if word.index is not None]
    timed = [(word.start_s, n) for n, word in enumerate(words) if word.start_s is not None]
    placed: dict[int, list[Removal]] = {}
    for removal in document.removals:
        known: Sequence[tuple[float, int]] = indexed
        at: float | None = removal.index
        if at is None:
            known, at = timed, removal.start_s
        found = len(known) if at is None else bisect_left(known, (at, -1))
        placed.setdefault(known[found][1] if found < len(known) else -1, []).append(removal)
    return placed


def _cut(removal: Removal) -> str:
    text = printable(removal.text)
    if len(text) > LONGEST_CUT:
        text = text[:LONGEST_CUT].rsplit(" ", 1)[0] + " …"
    count = f", {removal.count} words" if removal.count > 1 else ""
    return f"<del> <em>removed: {_WHY[removal.kind]}{count}</em> {escape(text)} </del>"
