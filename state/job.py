"""What the state room hands out: a job, its statuses and legal moves, and the small records."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

ATTEMPT_CAP = 5  # claims without a finished part before a job is given up
FINISH_CAP = 25  # the same where every part is saved, and only the outputs are left to write


class Status(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"  # waits for the worker
    RUNNING = "running"  # claimed by the one worker of the home
    DONE = "done"  # all outputs are on the disk, whole
    PARTIAL = "partial"  # done, but some parts are the source's own text
    FAILED = "failed"  # tried and given up; the reason says why
    INVALID = "invalid"  # the input cannot be read as what it claims to be
    IGNORED = "ignored"  # readable, but no transcript
    SUPERSEDED = "superseded"  # a newer version of the file, or a redo, took its place
    CANCELLED = "cancelled"  # the user took it back


S = Status
MOVES: Mapping[Status, frozenset[Status]] = MappingProxyType(
    {
        S.QUEUED: frozenset({S.RUNNING, S.SUPERSEDED, S.CANCELLED}),
        S.RUNNING: frozenset(set(S) - {S.RUNNING}),
        S.DONE: frozenset(),  # `redo` makes a new job
        S.PARTIAL: frozenset({S.QUEUED}),
        S.FAILED: frozenset({S.QUEUED, S.SUPERSEDED}),
        S.INVALID: frozenset({S.QUEUED, S.SUPERSEDED}),
        S.IGNORED: frozenset({S.QUEUED, S.SUPERSEDED}),
        S.SUPERSEDED: frozenset(),
        S.CANCELLED: frozenset({S.QUEUED, S.SUPERSEDED}),
    }
)
RETRYABLE = frozenset({S.PARTIAL, S.FAILED, S.INVALID, S.IGNORED, S.CANCELLED})
TERMINAL = frozenset(set(S) - {S.QUEUED, S.RUNNING})
UNFINISHED = frozenset(status for status in S if S.SUPERSEDED in MOVES[status])  # gave no result


class Reason(StrEnum):
    """Why a job stands where it stands, beside its status."""

    # the source
    SOURCE_GONE = "source_gone"  # deleted or renamed before it was read
    SOURCE_CHANGED = "source_changed"  # other bytes than those the job is for
    UNREADABLE = "unreadable"  # no permission, or an error while reading
    NOT_DOWNLOADED = "not_downloaded"  # its content lies in a cloud
    NOT_A_FILE = "not_a_file"  # a folder, link, pipe, socket or device
    TOO_LARGE = "too_large"  # over `max_bytes`
    NAME_TOO_LONG = "name_too_long"  # no room for the outputs' suffixes
    NOT_JSON = "not_json"  # does not parse, even after settling
    NOT_A_TRANSCRIPT = "not_a_transcript"  # parses, but no producer writes this
    FOREIGN_SERVICE = "foreign_service"  # another speech service's format
    OURS = "ours"  # one of our own outputs, by its name
    OWN_OUTPUT = "own_output"  # one of our own outputs, by what stands in it
    EMPTY_FILE = "empty_file"
    BAD_ENCODING = "bad_encoding"
    TRUNCATED = "truncated"  # ends too early
    TOO_DEEP = "too_deep"
    TOO_COMPLEX = "too_complex"
    WRONG_TYPES = "wrong_types"
    BAD_SUBTITLES = "bad_subtitles"
    # the text
    NO_SPEECH = "no_speech"  # nothing was said
    UNCOVERED_LANGUAGE = "uncovered_language"  # the model does not know the language
    CANNOT_SPELL = "cannot_spell"  # the model's vocabulary cannot write the text
    TOO_LONG = "too_long"  # does not fit the model
    PARTS_FELL_BACK = "parts_fell_back"  # some parts are the source's own text
    PART_UNUSABLE = "part_unusable"
    ALIGNMENT = "alignment"  # a decoded part did not hold its words
    # the model
    MODEL_MISSING = "model_missing"
    MODEL_REFUSED = "model_refused"
    MODEL_LOCKED = "model_locked"  # another model child runs in this home
    MODEL_UNUSABLE = "model_unusable"
    MODEL_CHILD_DIED = "model_child_died"
    MODEL_CHILD_SILENT = "model_child_silent"
    MODEL_CHILD_FAILED = "model_child_failed"
    REPETITION = "repetition"  # it wrote more than its part can hold
    MODEL_OUT_OF_MEMORY = "model_out_of_memory"
    GPU_TIMEOUT = "gpu_timeout"
    # the machine
    RESTART_DURING_JOB = "restart_during_job"  # the machine went down with it twice running
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"  # claimed too often without one finished part
    KILLED_WHILE_FINISHING = "killed_while_finishing"  # every part is saved, no claim came further
    OUTPUT_UNWRITABLE = "output_unwritable"
    DISK_FULL = "disk_full"
    FOLDER_UNREADABLE = "folder_unreadable"
    STOPPED = "stopped"  # given back by a daemon that was asked to stop
    HELD = "held"  # given back because the queue is held
    PAUSED = "paused"  # given back because a person asked for a rest
    # ourselves
    BAD_PROFILE = "bad_profile"  # the profile that a redo named is no longer there
    BAD_SPEAKERS = "bad_speakers"  # a file with speakers' names has a mistake
    ENGINE_ERROR = "engine_error"
    INTERNAL_ERROR = "internal_error"  # a bug; the log has its kind and place, never the text
    OTHER = "other"  # not in this list; the detail begins with it


# A job that ended so is queued again when the same bytes are seen: what failed was not the bytes.
PASSING = frozenset(
    {
        Reason.SOURCE_GONE,
        Reason.SOURCE_CHANGED,
        Reason.UNREADABLE,
        Reason.NOT_DOWNLOADED,
    }
)


class Origin(StrEnum):
    """How a file came to our notice."""

    EVENT = "event"  # the watcher
    SCAN = "scan"  # the scan at start: backlog, waits for files that appear live
    RESCAN = "rescan"  # a later scan: a file that the watcher missed
    MANUAL = "manual"  # a person asked for it


@dataclass(frozen=True, slots=True)
class Output:
    """One file that a job wrote, or is about to write."""

    suffix: str  # "enhanced.txt", "metadata.json", ...
    path: str  # absolute; bytes that are not UTF-8 as surrogates (`os.fsdecode`)
    sha256: str
    displaced: bool = False  # written beside a file that the user had edited


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One version of one file on its way to text: a row, as it stood when it was read."""

    id: int  # never used twice; the order of arrival
    path: str  # of the source; bytes that are not UTF-8 as surrogates (`os.fsdecode`)
    sha256: str | None  # of the source; None where it could not be read
    size: int  # of the source, in bytes
    mtime_ns: int  # of the source when it was seen, in 64 bits: after 2262 it is negative
    inode: int
    device: int
    generation: int  # counts the redos of the file
    supersedes: int  # the job of this path before this one, 0 for the first
    status: Status
    reason: Reason | None
    detail: str | None  # one line for a person
    origin: Origin
    priority: int  # higher goes first
    deferred: bool  # backlog: after everything of the same priority that is not
    tried_last: bool  # after everything else: it, or what runs it, was brought down again and again
    attempt: int  # claims since the last finished part
    restarts: int  # machine restarts in the middle of it since the last finished part
    load_failures: int  # model children that died before any part since the last finished part
    claims: int  # all claims ever; the fence of the claim that the caller holds
    boot_id: str | None  # the boot in which it was claimed last
    profile: str | None  # asked for by a redo; None: what the configuration says
    model: str | None  # asked for by a redo; None: what the configuration says
    recipe: str | None  # of its parts
    parts_total: int | None  # None until it has been cut into parts
    parts_done: int
    words_total: int | None
    words_done: int
    decode_s: float  # of the parts done
    outputs: tuple[Output, ...]  # written by the last finished run
    intended: tuple[Output, ...]  # what the last run set out to write
    figures: dict[str, Any] = field(hash=False)  # whatever the worker measured
    created_at: str  # UTC, ISO 8601; for display only
    started_at: str | None  # the last claim; for display only
    finished_at: str | None  # for display only


_WRAP = 1 << 64  # numbers are stored in 64 bits, dates may have more


@dataclass(frozen=True, slots=True)
class Seen:
    """What a file looked like when it was looked at last."""

    path: str  # bytes that are not UTF-8 as surrogates (`os.fsdecode`)
    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    sha256: str | None  # None where it was not read

    def same_as(self, stat: os.stat_result) -> bool:
        """Tell whether the file still looks as it did, so that it need not be read again."""
        return (
            self.device,
            self.inode,
            self.size,
            self.mtime_ns % _WRAP,
            self.ctime_ns % _WRAP,
        ) == (
            stat.st_dev % _WRAP,  # macOS may give a negative one
            stat.st_ino,
            stat.st_size,
            stat.st_mtime_ns % _WRAP,
            stat.st_ctime_ns % _WRAP,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A settled file with its content's hash, offered as work."""

    path: str | bytes | os.PathLike[str]
    sha256: str
    size: int
    mtime_ns: int
    inode: int
    device: int
    origin: Origin
    ctime_ns: int = 0
    priority: int = 0
    profile: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class PartRow:
    """How one part of a job stands."""

    index: int
    status: str | None  # "enhanced", "fallback", "uncovered"; None: not finished
    words: int
    decode_s: float
    attempts: int  # failed ones


@dataclass(frozen=True, slots=True)
class Move:
    """One line of a job's history."""

    status: Status
    reason: Reason | None
    attempt: int
    at: str  # UTC, ISO 8601; for display only


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in the queue."""

    jobs: int
    bytes: int
    words: int | None  # left to decode, of files not read yet an estimate; None without any


@dataclass(frozen=True, slots=True)
class Hold:
    """Why no job is claimed until something is mended."""

    reason: str
    hint: str
    since: str  # UTC, ISO 8601; for display only


@dataclass(frozen=True, slots=True)
class Pause:
    """That a person asked for a rest."""

    reason: str
    until: float | None  # seconds since the epoch, as the person asked; None: until `resume`
    since: str  # UTC, ISO 8601; for display only
