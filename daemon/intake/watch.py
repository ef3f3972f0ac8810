"""Hear of changes in the watched folders: events only shorten the wait, the scan is the truth."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from watchdog.events import (
    DirCreatedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserverVFS
from watchdog.utils import BaseThread

from daemon.files.filesystem import has_events
from daemon.files.spelling import as_on_disk
from launchd.spec import privacy_program

# "scanned": not listened to, because a drain only does what is there.
RootState = Literal["watching", "polling", "missing", "unreadable", "failed", "scanned"]
HEALTHY: Final = ("watching", "polling")
INBOX_LIMIT: Final = 10_000
CANARY: Final = ".llasa-canary"  # the file by which `canary` proves that events arrive
POLL_S: Final = 10.0
_JOIN_S: Final = 5.0
# Opens and reads are left out, so that our own reading makes no events.
_HEARD: Final[list[type[FileSystemEvent]]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileClosedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]
# All that string and path handling in the handler can raise; see `Handler`.
_FAULTS: Final = (OSError, ValueError, TypeError, LookupError, RuntimeError, AttributeError)

# What `start` raises when it cannot listen: watchdog's macOS half has the last two.
_REFUSALS: Final = (OSError, RuntimeError, SystemError)


class Inbox:
    """Paths that something was heard of: bounded, each once, safe between threads.

    When it is full, or a handler failed, `lost` is set and the reader scans instead.
    """

    def __init__(
        self, *, limit: int = INBOX_LIMIT, wake: Callable[[], None] = lambda: None
    ) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._paths: dict[str, None] = {}
        self._lost = False
        self._canaries: set[str] = set()
        self._wake = wake
        self.faults = 0  # events that a handler failed on
        self.heard = 0  # events taken in

    def put(self, path: str) -> None:
        """Take in a path; forget it when there is no room, and remember that one was lost."""
        with self._lock:
            self.heard += 1
            if path in self._paths or len(self._paths) < self._limit:
                self._paths[path] = None
            else:
                self._lost = True
        self._wake()

    def lose(self, *, fault: bool = False) -> None:
        """Note that events may be missing."""
        with self._lock:
            self._lost = True
            self.faults += fault
        self._wake()

    def sing(self, folder: str) -> None:
        """Note that word came of the canary in a folder."""
        with self._lock:
            self._canaries.add(folder)
        self._wake()

    def canaries(self) -> set[str]:
        """Return the folders from which word of a canary came since the last call."""
        with self._lock:
            heard, self._canaries = self._canaries, set()
        return heard

    def drain(self) -> tuple[list[str], bool]:
        """Return the paths heard of since the last call, and whether any may be missing."""
        with self._lock:
            paths, self._paths = list(self._paths), {}
            lost, self._lost = self._lost, False
        return paths, lost


class Handler(FileSystemEventHandler):
    """Put paths into the inbox and do nothing else.

    It must not raise: an exception in a handler ends watchdog's thread, which then looks alive
    and hears nothing (watchdog#793).
    """

    def __init__(self, inbox: Inbox, wanted: Callable[[str], bool]) -> None:
        self._inbox = inbox
        self._wanted = wanted

    def dispatch(self, event: FileSystemEvent) -> None:
        """Take in the path of an event, or count that this failed."""
        try:
            moved = isinstance(event, FileMovedEvent | DirMovedEvent)
            path = os.fsdecode(event.dest_path if moved else event.src_path)
            folder, name = os.path.split(path)
            if name == CANARY:  # gone by now, as a rule, but its folder is not
                self._inbox.sing(as_on_disk(folder))
                return
            path = as_on_disk(path)
            if event.is_directory or self._wanted(path):
                self._inbox.put(path)
        except _FAULTS:
            self._inbox.lose(fault=True)


@dataclass(frozen=True, slots=True)
class RootReport:
    """The state of one watched folder, as `status` shows it."""

    path: str  # as the settings name it
    state: RootState
    detail: str = ""  # why it is not healthy, in words


class RootWatch:
    """One watched folder: armed while it is there, armed again when it was replaced or came back.

    The folder is resolved when it is armed, so it may itself be a link; below it links are not
    followed. Nothing in here raises for what the disk does: it becomes a state.
    """

    def __init__(
        self,
        root: Path,
        inbox: Inbox,
        wanted: Callable[[str], bool],
        *,
        events: Callable[[Path], bool] = has_events,
    ) -> None:
        self.root = root
        self._inbox = inbox
        self._handler = Handler(inbox, wanted)
        self._events = events
        self._observer: BaseObserver | None = None
        self._identity: tuple[int, int] | None = None
        self.resolved: str | None = None  # the folder that is listened to, without links
        self.state: RootState = "missing"
        self.detail = ""

    @property
    def report(self) -> RootReport:
        """Return the state for people."""
        return RootReport(str(self.root), self.state, self.detail)

    def check(self) -> bool:
        """Compare the folder with what is armed and mend it; return whether anything changed.

        Whenever it was armed the inbox is told that events may be missing, so that a scan follows.
        """
        before = (self.state, self.detail)
        try:
            resolved = Path(as_on_disk(str(self.root.resolve(strict=True))))
            status = os.stat(resolved)
            with os.scandir(resolved):
                pass
        except (FileNotFoundError, NotADirectoryError):
            self._disarm("missing", "The folder does not exist.")
        except PermissionError as error:
            self._disarm("unreadable", _denied(self.root, error))
        except (OSError, RuntimeError) as error:
            self._disarm("unreadable", str(error))
        else:
            if (status.st_dev, status.st_ino) != self._identity or not self._is_alive():
                self._arm(resolved, (status.st_dev, status.st_ino))
        return before != (self.state, self.detail)

    def rearm(self) -> None:
        """Listen anew at the next check, because nothing was heard of what did happen."""
        self._disarm("failed", "Changes were not heard; listening anew.")

    def close(self) -> None:
        """Stop listening."""
        self._disarm(self.state, self.detail)

    def _is_alive(self) -> bool:
        """Tell whether the threads that hear are alive; the observer being so is not enough."""
        observer = self._observer
        if observer is None or not observer.emitters:
            return False
        threads = [observer, *observer.emitters, _reader_of(observer)]
        return all(thread is None or thread.is_alive() for thread in threads)

    def _arm(self, resolved: Path, identity: tuple[int, int]) -> None:
        self._disarm("failed", "")
        native = self._events(resolved)
        try:
            self._listen(resolved, native=native)
        except _REFUSALS as error:
            # Without inotify watches left, or an FSEvents stream: looking is slower, but it works.
            short = not isinstance(error, OSError) or error.errno in (errno.ENOSPC, errno.EMFILE)
            if not (native and short):
                self._disarm("failed", f"The system refuses to watch it: {_reason(error)}.")
                return
            self._retreat(resolved, error)
        else:
            self.state, self.detail = ("watching", "") if native else ("polling", _NO_EVENTS)
        self._identity, self.resolved = identity, str(resolved)
        self._inbox.lose()

    def _retreat(self, resolved: Path, error: Exception) -> None:
        self._disarm("failed", "")
        try:
            self._listen(resolved, native=False)
        except _REFUSALS as second:
            self._disarm("failed", f"The system refuses to watch it: {_reason(second)}.")
        else:
            self.state = "polling"
            self.detail = f"No file events ({_reason(error)}); looked at every {POLL_S:.0f} s."

    def _listen(self, resolved: Path, *, native: bool) -> None:
        observer: BaseObserver = (
            Observer(timeout=1.0)
            if native
            else PollingObserverVFS(stat=os.lstat, listdir=os.scandir, polling_interval=POLL_S)
        )
        self._observer = observer
        observer.schedule(self._handler, str(resolved), recursive=True, event_filter=_HEARD)
        observer.start()

    def _disarm(self, state: RootState, detail: str) -> None:
        observer, self._observer, self._identity = self._observer, None, None
        self.resolved = None
        if observer is not None:
            _stop(observer)
        self.state, self.detail = state, detail


class Watch:
    """All watched folders."""

    def __init__(
        self, roots: tuple[Path, ...], inbox: Inbox, wanted: Callable[[str], bool]
    ) -> None:
        self.roots = [RootWatch(root, inbox, wanted) for root in roots]

    def check(self) -> list[RootReport]:
        """Mend what needs mending; return the folders whose state changed."""
        return [root.report for root in self.roots if root.check()]

    def reports(self) -> list[RootReport]:
        """Return the state of every folder."""
        return [root.report for root in self.roots]

    def close(self) -> None:
        """Stop listening to all of them."""
        for root in self.roots:
            root.close()


_NO_EVENTS: Final = f"This file system tells of no changes; looked at every {POLL_S:.0f} s."


def _stop(observer: BaseObserver) -> None:
    """Stop a watcher; that it fails at its own end must not be ours.

    watchdog's list of inotify watches does after a folder was moved out and another took its name.
    """
    try:
        observer.stop()
        if observer.ident is not None:
            observer.join(_JOIN_S)
    except _FAULTS:
        reader = _reader_of(observer)
        if reader is not None:
            with contextlib.suppress(*_FAULTS):
                reader.stop()  # closes the descriptor


def _reader_of(observer: BaseObserver) -> BaseThread | None:
    """Return the thread that reads for the emitters, where they do not read themselves (Linux)."""
    reader: BaseThread | None = getattr(observer, "_inotify_fd", None)
    return reader


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error).rstrip(".")


def _denied(root: Path, error: OSError) -> str:
    # Modes and access lists are EACCES; what the privacy protection forbids is not permitted.
    if sys.platform == "darwin" and error.errno == errno.EPERM:
        return (
            f"macOS does not let {privacy_program(sys.executable)} read {root}: allow it in System "
            "Settings, Privacy & Security, Full Disk Access."
        )
    return f"No permission to read {root}."
