"""The records of the library: transcripts, their passages, and what is searched for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRow:
    """One transcript of the library."""

    id: int  # changes when the transcript is indexed again
    path: str  # of the source; bytes that are not UTF-8 as surrogates (`os.fsdecode`)
    job_id: int  # the job whose text it is
    stamp: str  # of the outputs that were indexed; other outputs are another stamp
    sha256: str | None  # of the source
    dated_s: float  # when the source was written last, in seconds since the epoch
    title: str | None
    language: str | None  # ISO 639-1
    duration_s: float | None
    words: int
    passages: int
    speakers: str  # of all its passages, each once, as `NewPassage.speakers`
    problem: str | None  # why it has no passages, as a reason; None where all is well


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTranscript:
    """A transcript to be put in, without its passages."""

    path: str
    job_id: int
    stamp: str
    sha256: str | None = None
    dated_s: float = 0.0
    title: str | None = None
    language: str | None = None
    duration_s: float | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassage:
    """A passage to be put in."""

    position: int  # in its transcript, counted from 0
    start_s: float | None
    end_s: float | None
    words: int
    speakers: str  # as `Filters.speaker` is compared: names parted by newlines, see there
    body: bytes  # what the passage says; the library does not look into it


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageRow:
    """A passage that was found or asked for."""

    id: int
    transcript_id: int
    path: str  # of the transcript's source
    position: int
    start_s: float | None
    end_s: float | None
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unembedded:
    """A passage without a vector."""

    id: int
    position: int
    start_s: float | None
    end_s: float | None
    body: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """One word or phrase of a search."""

    tokens: Sequence[str]  # more than one: they must follow each other
    is_beginning: bool = False  # words that begin with the last token count too


@dataclass(frozen=True, slots=True)
class Filters:
    """What a search is limited to; None: everything."""

    speaker: str | None = None  # a piece of `NewPassage.speakers`
    since_s: float | None = None  # transcripts dated from here on, in seconds since the epoch
    folder: str | None = None  # transcripts below this folder, an absolute path
    path: str | None = None  # this transcript alone


@dataclass(frozen=True, slots=True)
class Totals:
    """What the library holds."""

    transcripts: int  # those with a problem included
    passages: int
    words: int
    problems: int  # transcripts that could not be indexed


Mode = Literal["all", "any"]  # of the words of a search: every one must be there, or one of them
