"""The records of the state room: a job, its statuses and legal moves, and smaller ones."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

ATTEMPT_CAP = 5  # claims without a finished part before a job fails
FINISH_CAP = 25  # the same where every part is saved and only the outputs are left to write


class Status(StrEnum):
    """How far a job has come."""

    QUEUED = "queued"  # waits for the worker
    RUNNING = "running"  # claimed by the home's only worker
    DONE = "done"  # all outputs are on the disk, complete
    PARTIAL = "partial"  # done, but some parts are the source's own text
    FAILED = "failed"  # tried and given up; the reason says why
    INVALID = "invalid"  # the input cannot be read as what it claims to be
    IGNORED = "ignored"  # readable, but not a transcript
    SUPERSEDED = "superseded"  # a newer version of the file, or a redo, replaced it
    CANCELLED = "cancelled"  # by the user


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


class Kind(StrEnum):
    """What the file of a job is."""

    TRANSCRIPT = "transcript"  # it is enhanced
    RECORDING = "recording"  # it is transcribed, and the transcript is the next job


class Reason(StrEnum):
    """Why a job has its status."""

    # the source
    SOURCE_GONE = "source_gone"  # deleted or renamed before it was read
    SOURCE_CHANGED = "source_changed"  # other bytes than those the job is for
    UNREADABLE = "unreadable"  # no permission, or an error while reading
    NOT_DOWNLOADED = "not_downloaded"  # its content is only in a cloud
    NOT_A_FILE = "not_a_file"  # a folder, link, pipe, socket or device
    TOO_LARGE = "too_large"  # over `max_bytes`
    NAME_TOO_LONG = "name_too_long"  # no room for the outputs' suffixes
    NOT_JSON = "not_json"  # does not parse, even after settling
    NOT_A_TRANSCRIPT = "not_a_transcript"  # parses, but no producer writes this
    SEVERAL_TRANSCRIPTS = "several_transcripts"  # more than one talk in one file
    FORMAT_NOT_READ = "format_not_read"  # a format of subtitles or documents that is not read
    FOREIGN_SERVICE = "foreign_service"  # another speech service's format
    OURS = "ours"  # one of our own outputs, by its name
    OWN_OUTPUT = "own_output"  # one of our own outputs, by its content
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
    IMPLAUSIBLE = "implausible"  # what a language model wrote for some parts was not published
    CANNOT_SPELL = "cannot_spell"  # the model's vocabulary cannot write the text
    TOO_LONG = "too_long"  # does not fit the model
    PARTS_FELL_BACK = "parts_fell_back"  # some parts are the source's own text
    PART_UNUSABLE = "part_unusable"
    ALIGNMENT = "alignment"  # the words of a decoded part are not those of its source
    # a recording
    HAS_TRANSCRIPT = "has_transcript"  # a transcript that is not ours lies beside it
    BAD_SOUND = "bad_sound"  # nothing can be heard in it
    CONVERTER_MISSING = "converter_missing"  # no tool here reads its format
    TRANSCRIBER_MISSING = "transcriber_missing"  # no Whisper tool, or no model for it
    DIARIZER_MISSING = "diarizer_missing"  # nothing here tells speakers apart
    RECORDING_MISSING = "recording_missing"  # no recording lies beside the transcript
    TOOL_FAILED = "tool_failed"  # the Whisper tool failed three times
    TOOL_SILENT = "tool_silent"  # it made no progress
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
    SERVER_UNANSWERED = "server_unanswered"  # the server of the model gave no answer for some parts
    # the machine
    RESTART_DURING_JOB = "restart_during_job"  # the machine restarted twice in a row during it
    ATTEMPTS_EXHAUSTED = "attempts_exhausted"  # claimed too often without one finished part
    KILLED_WHILE_FINISHING = "killed_while_finishing"  # all parts are saved, no claim got further
    OUTPUT_UNWRITABLE = "output_unwritable"
    OUTPUT_MISSING = "output_missing"  # the folder for the outputs is not there
    DISK_FULL = "disk_full"
    FOLDER_UNREADABLE = "folder_unreadable"
    STOPPED = "stopped"  # returned to the queue by a daemon that was asked to stop
    HELD = "held"  # returned because the queue is held
    PAUSED = "paused"  # returned because the user paused the queue
    WAITING = "waiting"  # returned because the settings let it be done later
    LENT = "lent"  # returned because the model is lent to another process
    # ourselves
    BAD_PROFILE = "bad_profile"  # the profile that a redo named is no longer there
    BAD_CORRECTIONS = "bad_corrections"  # a file of corrections cannot be used
    BAD_SPEAKERS = "bad_speakers"  # a file with speakers' names has a mistake
    ENGINE_ERROR = "engine_error"
    INTERNAL_ERROR = "internal_error"  # a bug; the log names the file and function
    OTHER = "other"  # not in this list; the detail begins with the reason as given


# Failures that the file's bytes did not cause: a job that ended with one of these is queued again
# when the same bytes are seen.
TRANSIENT = frozenset(
    {
        Reason.SOURCE_GONE,
        Reason.SOURCE_CHANGED,
        Reason.UNREADABLE,
        Reason.NOT_DOWNLOADED,
    }
)


class Origin(StrEnum):
    """How a file was noticed."""

    EVENT = "event"  # the watcher
    SCAN = "scan"  # the scan at start: backlog, done after files that appear live
    RESCAN = "rescan"  # a later scan: a file that the watcher missed
    MANUAL = "manual"  # the user asked for it


@dataclass(frozen=True, slots=True)
class Output:
    """One file that a job wrote, or is about to write."""

    suffix: str  # "enhanced.txt", "metadata.json", ...
    path: str  # absolute; bytes that are not UTF-8 as surrogates (`os.fsdecode`)
    sha256: str
    displaced: bool = False  # written beside a file that the user had edited


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One version of one file and the work on it: a row as it was when it was read."""

    id: int  # never reused; the order of arrival
    kind: Kind
    path: str  # of the source; bytes that are not UTF-8 as surrogates (`os.fsdecode`)
    sha256: str | None  # of the source; None where it could not be read
    size: int  # of the source, in bytes
    mtime_ns: int  # of the source when it was seen, in 64 bits: after 2262 it is negative
    inode: int
    device: int
    generation: int  # counts the redos of the file
    supersedes: int  # the previous job of this path, 0 for the first
    status: Status
    reason: Reason | None
    detail: str | None  # one line for the user
    origin: Origin
    priority: int  # higher goes first
    deferred: bool  # backlog: after all other jobs of the same priority
    tried_last: bool  # after all other jobs: the daemon or the machine went down with it repeatedly
    attempt: int  # claims since the last finished part
    restarts: int  # machine restarts while it ran, since the last finished part
    load_failures: int  # model children that died before any part, since the last finished part
    claims: int  # all claims so far; a write under an older claim is refused
    boot_id: str | None  # the boot in which it was last claimed
    profile: str | None  # given with a redo, or by the hour of its start; None: as configured
    model: str | None  # given with a redo; None: as configured
    recipe: str | None  # of its parts
    parts_total: int | None  # None until it has been cut into parts
    parts_done: int
    words_total: int | None
    words_done: int
    decode_s: float  # of the parts done
    outputs: tuple[Output, ...]  # written by the last finished run
    intended: tuple[Output, ...]  # what unfinished runs were about to write
    figures: dict[str, Any] = field(hash=False)  # whatever the worker measured
    created_at: str  # UTC, ISO 8601; for display only
    started_at: str | None  # the last claim; for display only
    finished_at: str | None  # for display only


_WRAP = 1 << 64  # numbers are stored in 64 bits, dates may have more


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The properties of a file that change when its content does.

    All but the size are numbers modulo 64 bits, so that one from the disk equals one that was
    stored.
    """

    device: int
    inode: int
    size: int  # bytes
    mtime_ns: int
    ctime_ns: int  # a program cannot set it back, unlike mtime

    @classmethod
    def of(cls, status: os.stat_result) -> Fingerprint:
        """Return the fingerprint of a stat result."""
        return cls(
            status.st_dev % _WRAP,  # macOS may give a negative one
            status.st_ino,
            status.st_size,
            status.st_mtime_ns % _WRAP,
            status.st_ctime_ns % _WRAP,
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """A file as it was when it was last checked."""

    path: str  # bytes that are not UTF-8 as surrogates (`os.fsdecode`)
    fingerprint: Fingerprint
    sha256: str | None  # None where it was not read


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A settled file with the hash of its content, offered to the queue."""

    path: str | bytes | os.PathLike[str]
    sha256: str  # of the content
    fingerprint: Fingerprint  # taken when the content was read
    origin: Origin
    priority: int = 0  # higher goes first
    profile: str | None = None  # None: as configured
    model: str | None = None  # None: as configured
    kind: Kind = Kind.TRANSCRIPT


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The end of a file that is recorded without being queued."""

    status: Status  # one of TERMINAL, but not `superseded`
    reason: str | None
    detail: str | None = None  # one line for the user
    sha256: str | None = None  # None where the file was not read
    origin: Origin = Origin.RESCAN
    outputs: tuple[Output, ...] = ()  # found beside the source
    recipe: str | None = None  # of the outputs


@dataclass(frozen=True, slots=True)
class FinishedRow:
    """The newest job of a path that wrote outputs, without what only its work needs."""

    id: int
    path: str  # of the source; bytes that are not UTF-8 as surrogates (`os.fsdecode`)
    outputs: tuple[Output, ...]
    stamp: str  # of the outputs: another one after they are written again


@dataclass(frozen=True, slots=True)
class PartRow:
    """The state of one part of a job."""

    index: int  # from 0
    # "enhanced", "fallback", "uncovered", "implausible", "transcribed"; None: not finished
    status: str | None
    words: int
    decode_s: float
    attempts: int  # failed attempts


@dataclass(frozen=True, slots=True)
class Move:
    """One line of a job's history."""

    status: Status
    reason: Reason | None
    attempt: int
    at: str  # UTC, ISO 8601; for display only


@dataclass(frozen=True, slots=True)
class Backlog:
    """The work that waits in the queue."""

    jobs: int
    bytes: int  # of the sources
    words: int | None  # left to decode, estimated for files not read yet; None: cannot be estimated


@dataclass(frozen=True, slots=True)
class Hold:
    """A stop of the queue until something outside is fixed."""

    reason: str
    hint: str  # what the user can do
    since: str  # UTC, ISO 8601; for display only


@dataclass(frozen=True, slots=True)
class Pause:
    """A stop of the queue that the user asked for."""

    reason: str
    until: float | None  # seconds since the epoch; None: until `resume`
    since: str  # UTC, ISO 8601; for display only
