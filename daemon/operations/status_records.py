"""What is reported of a home: the records of `status`, for every face."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from daemon.operations.hooks import HookReport
from daemon.operations.sounds import MusicReport
from daemon.operations.writings import WritingReport

# The fields of these records are the keys of `status --json`, in this order; docs/commands.md
# explains them. Moments are UTC in ISO 8601.


@dataclass(frozen=True, slots=True)
class WatchedFolder:
    """A watched folder and how it is."""

    path: str
    state: str  # watching, polling, missing, unreadable, failed, scanned or unwatched
    detail: str  # one sentence where the state needs one, else ""


@dataclass(frozen=True, slots=True)
class Scan:
    """The last scan of all folders."""

    at: str | None
    files: int | None  # that were found
    cost_s: float | None


@dataclass(frozen=True, slots=True)
class Model:
    """The default model, or the one that is loaded."""

    name: str | None
    revision: str | None = None
    device: str | None = None  # None: not loaded
    memory_bytes: int | None = None  # of the model child
    advice: str | None = None  # how fit the default model is was never measured, or it is not


@dataclass(frozen=True, slots=True)
class Lent:
    """Another process of this home has the model; no file is processed meanwhile."""

    who: str  # the command
    pid: int
    since: str


@dataclass(frozen=True, slots=True)
class Parked:
    """The service no longer starts."""

    failed_starts: int
    reason: str  # of the last failed start
    since: str | None


@dataclass(frozen=True, slots=True)
class Held:
    """The queue waits for something outside."""

    reason: str
    hint: str  # what to do about it
    since: str


@dataclass(frozen=True, slots=True)
class Paused:
    """The queue waits because the user said so."""

    reason: str  # as the user gave it, may be ""
    until: str | None  # None: until `resume`
    since: str


@dataclass(frozen=True, slots=True)
class Waits:
    """The settings let no file be processed now."""

    rule: str  # hours, power or idle
    until: str | None  # None where nobody knows
    text: str  # the rule in words


@dataclass(frozen=True, slots=True)
class CurrentJob:
    """How far the running job is."""

    id: int
    path: str
    part: int | None  # being decoded, counted from 1
    parts_done: int
    parts_total: int | None  # None while the file is being read
    words_done: int
    words_total: int | None
    words_per_s: float | None
    left_s: float | None  # for this file
    heard_s: float | None = None  # of a recording that is being transcribed
    length_s: float | None = None  # of that recording


@dataclass(frozen=True, slots=True)
class Activity:
    """What is done with a text that is finished."""

    kind: str  # speakers, music or metadata
    id: int  # of the job
    path: str
    done: float  # seconds of sound (speakers), stretches (music) or requests (metadata)
    total: float | None  # of the same; None where it is not known yet


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in the queue."""

    jobs: int = 0
    bytes: int = 0
    words: int | None = None  # recorded or estimated
    left_s: float | None = None  # for everything, the running file included


@dataclass(frozen=True, slots=True)
class LibraryReport:
    """The library of passages, in which `search` looks."""

    transcripts: int
    passages: int
    missing: int  # finished transcripts that are not in it yet
    problems: int  # transcripts whose text could not be found


@dataclass(frozen=True, slots=True)
class Trouble:
    """A job that went wrong."""

    id: int
    path: str
    status: str
    reason: str | None
    meaning: str  # of the reason, in words
    detail: str | None
    advice: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """Everything that `status` shows."""

    home: str
    home_found_by: str
    running: bool  # whether a daemon holds the home's lock
    pid: int | None  # of that daemon
    phase: str = "stopped"
    draining: bool = False
    stalled: bool = False  # the daemon or its worker shows no progress
    started_at: str | None = None
    heartbeat_at: str | None = None
    version: str | None = None
    settings_changed: bool = False  # since the daemon read them
    watching: tuple[WatchedFolder, ...]
    last_event_at: str | None = None
    canary_at: str | None = None
    last_scan: Scan | None = None
    model: Model
    lent: Lent | None = None
    parked: Parked | None
    held: Held | None = None
    paused: Paused | None = None
    waits: Waits | None = None
    current: CurrentJob | None = None
    activity: Activity | None = None
    words_per_s: float | None = None
    queue: Waiting = Waiting()
    jobs: dict[str, int]  # by status
    edits_kept: int = 0  # files with an output that the user had edited
    writing: WritingReport | None = None  # None: no model writes metadata here
    music: MusicReport | None = None  # None: nobody asked for any
    library: LibraryReport | None = None  # None: there is none that can be read
    hooks: tuple[HookReport, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values; the keys are documented in docs/commands.md."""
        return asdict(self)
