"""Who speaks in a finished text, and its outputs written again with other names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from daemon.config import Config
from daemon.work.kept import RENDERED, profile_of
from daemon.work.names import names_for
from daemon.work.rerender import render_again
from engine import metadata
from engine.records import Document, EnhancedWord
from engine.text import prose
from state.job import Job
from state.queue import Queue

__all__ = ["Speaker", "finished", "found_in", "names_of", "render_again"]

_QUOTE: Final = 60  # characters


@dataclass(frozen=True, slots=True)
class Speaker:
    """One label of a transcript."""

    label: str  # as in the source; UNKNOWN for words without one
    name: str | None  # what is written instead
    words: int
    seconds: float | None  # of speech; None where the words have no times
    quote: str  # the beginning of the first thing they say


def finished(queue: Queue, latest: Job) -> Job | None:
    """Return the job whose outputs are beside the file: the newest one that wrote any."""
    jobs = queue.jobs_of_path(latest.path)
    return next((job for job in jobs if job.status in RENDERED), None)


def names_of(job: Job, config: Config) -> dict[str, str]:
    """Return the speakers' names for the file of a job; raises `SpeakersError` for a mistake."""
    return names_for(job.path, config, profile_of(job, config))


def found_in(words: Sequence[EnhancedWord], names: Mapping[str, str]) -> list[Speaker]:
    """Return the speakers of these words, in the order in which they first speak.

    Words without a speaker count as one more speaker.
    """
    document = Document(
        paragraphs=(tuple(words),),
        language=None,
        duration_s=None,
        has_speakers=True,
        timing="none",
    )
    figures = {entry["label"]: entry for entry in metadata.speakers(document, {})}
    quotes: dict[str, str] = {}
    begin = 0
    for end in range(1, len(words) + 1):
        if end == len(words) or words[end].word.speaker != words[begin].word.speaker:
            label = prose.label(words[begin].word.speaker, {})
            quotes.setdefault(label, _beginning(prose.join(words[begin:end])))
            begin = end
    return [
        Speaker(label, names.get(label), entry["words"], entry["seconds"], quotes[label])
        for label, entry in figures.items()
    ]


def _beginning(text: str) -> str:
    return text if len(text) <= _QUOTE else text[: _QUOTE - 1].rsplit(" ", 1)[0] + "…"


__all__ = ["Speaker", "finished", "found_in", "names_of", "render_again"]
