"""Finished texts as words with times: read in pages, described by their metadata."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from daemon.errors import CannotRender
from daemon.operations import rerender
from daemon.operations.errors import InvalidRequest, NothingToShow
from daemon.operations.session import Book
from daemon.work.kept import restore
from engine import pipeline
from engine.records import EnhancedWord
from engine.text import prose
from state.job import Job

_MOST_METADATA: Final = 16 << 20  # bytes


@dataclass(frozen=True, slots=True)
class FinishedText:
    """The text of a finished job, word by word."""

    job: Job
    words: tuple[EnhancedWord, ...]  # a paragraph ends after those that say so
    names: Mapping[str, str]  # of speakers, by label

    @property
    def has_times(self) -> bool:
        """Return whether its words have times."""
        return any(word.word.start_s is not None for word in self.words)


@dataclass(frozen=True, slots=True)
class Passage:
    """Words in a row, of one paragraph."""

    first_word: int  # counted from 0, in the whole text
    start_s: float | None
    speaker: str | None
    text: str

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"from_s": self.start_s, "speaker": self.speaker, "text": self.text}


@dataclass(frozen=True, slots=True)
class Page:
    """As many words of a span as one page holds."""

    passages: tuple[Passage, ...]
    next_word: int | None  # where the next page begins; None: this is the last


def finished_text(book: Book, name: str) -> FinishedText:
    """Return the text of the job of an id or a path.

    Raises NoSuchJob, NothingToShow where it is not finished, and CannotRender, SourceError where
    its text is no longer there.
    """
    named = book.find(name)
    job = rerender.finished(book.queue, named)
    if job is None:
        raise NothingToShow(
            f"{book.session.short_path(named.path)} is {named.status}: it has no text yet.",
            hint=f"See its state: llasactl show {named.id}",
        )
    return _text_of(book, job)


def _text_of(book: Book, job: Job) -> FinishedText:
    config = book.session.config
    kept = restore(book.queue, job, config)
    document = pipeline.join(kept.plan, kept.parts)
    words = tuple(word for paragraph in document.paragraphs for word in paragraph)
    return FinishedText(job, words, rerender.names_of(job, config))


def read_page(
    text: FinishedText,
    *,
    from_s: float | None = None,
    to_s: float | None = None,
    from_word: int = 0,
    most_characters: int,
) -> Page:
    """Return the words of a span from a word on, at most so many characters of them.

    A page ends with a paragraph, unless one alone is longer. Raises InvalidRequest for a span in a
    text without times.
    """
    if (from_s is not None or to_s is not None) and not text.has_times:
        raise InvalidRequest("This transcript has no times; read it from the beginning.")
    numbers = [
        n
        for n, word in enumerate(text.words)
        if n >= from_word and _within(word, from_s=from_s, to_s=to_s)
    ]
    lengths = list(accumulate(len(text.words[n].text) + 1 for n in numbers))
    fitting = max(1, bisect_right(lengths, most_characters))
    if fitting < len(numbers):
        ends = [k for k in range(fitting) if text.words[numbers[k]].paragraph]
        fitting = ends[-1] + 1 if ends else fitting
    shown, rest = numbers[:fitting], numbers[fitting:]
    return Page(tuple(_passages(text, shown)), rest[0] if rest else None)


def _within(word: EnhancedWord, *, from_s: float | None, to_s: float | None) -> bool:
    start_s, end_s = word.word.start_s, word.word.end_s
    if start_s is None:
        return from_s is None and to_s is None
    ends_early = from_s is not None and (start_s if end_s is None else end_s) <= from_s
    return not ends_early and (to_s is None or start_s < to_s)


def _passages(text: FinishedText, numbers: Sequence[int]) -> Iterator[Passage]:
    begin = 0
    for k, n in enumerate(numbers):
        if k + 1 == len(numbers) or text.words[n].paragraph or numbers[k + 1] != n + 1:
            yield _passage(text, numbers[begin], n + 1)
            begin = k + 1


def _passage(text: FinishedText, begin: int, end: int) -> Passage:
    words = text.words[begin:end]
    speaker = words[0].word.speaker
    return Passage(
        begin,
        prose.start_of(words),
        None if speaker is None else prose.label(speaker, text.names),
        prose.join(words),
    )


def metadata_of(book: Book, name: str) -> dict[str, Any]:
    """Return the metadata beside a finished file; raises NoSuchJob, NothingToShow, CannotRender."""
    named = book.find(name)
    job = rerender.finished(book.queue, named)
    if job is None:
        raise NothingToShow(
            f"{book.session.short_path(named.path)} is {named.status}: it has no metadata yet."
        )
    found = _metadata(job)
    if found is None:
        raise CannotRender(
            f"The metadata of {book.session.short_path(job.path)} is gone or cannot be read.",
            hint=f"`llasactl render {job.id}` writes it again.",
        )
    return found


def title_of(job: Job) -> str | None:
    """Return the title of a finished job's text, None where there is none."""
    title = (_metadata(job) or {}).get("title")
    return title if isinstance(title, str) else None


def _metadata(job: Job) -> dict[str, Any] | None:
    for output in job.outputs:
        if output.suffix == "metadata.json":
            path = Path(output.path)
            try:
                if path.stat().st_size > _MOST_METADATA:
                    return None
                value = json.loads(path.read_bytes())
            except (OSError, ValueError, RecursionError):
                return None
            return value if isinstance(value, dict) else None
    return None
