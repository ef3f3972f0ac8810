"""Listen for changes in the watched folders: events only save time, the scan is the truth."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
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
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver
from watchdog.observers.polling import PollingObserverVFS
from watchdog.utils import BaseThread

from daemon.files.filesystem import has_events
from daemon.files.spelling import as_on_disk
from daemon.intake.inbox import ANY_ERROR, Handler, Inbox
from launchd.spec import privacy_program

# "scanned": not listened to, because a drain only does the files that are there.
RootState = Literal["watching", "polling", "missing", "unreadable", "failed", "scanned"]
HEALTHY: Final = ("watching", "polling")
POLL_S: Final = 10.0
_JOIN_S: Final = 5.0
# Opens and reads are left out, so that our own reading causes no events.
_EVENTS: Final[list[type[FileSystemEvent]]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileClosedEvent,
    DirCreatedEvent,
    DirMovedEvent,
]
# What `start` raises when it cannot listen; the last two come from watchdog's macOS half.
_START_ERRORS: Final = (OSError, RuntimeError, SystemError)
_EXHAUSTED: Final = (errno.ENOSPC, errno.EMFILE)  # inotify's limits on watches and instances


@dataclass(frozen=True, slots=True)
class RootReport:
    """The state of one watched folder, as `status` shows it."""

    path: str  # as in the settings
    state: RootState
    detail: str = ""  # why it is not healthy, for the user


class RootWatch:
    """One watched folder: armed while it is there, armed again once it was replaced or came back.

    The folder is resolved when it is armed, so it may itself be a link; links below it are not
    followed. No method raises for a fault of the disk: the fault becomes a state.
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
        """Return the state, as `status` shows it."""
        return RootReport(str(self.root), self.state, self.detail)

    def check(self) -> bool:
        """Arm or disarm according to the folder on the disk; return whether the state changed.

        After arming, the inbox notes that events may have been lost, so that a scan follows.
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
        """Listen again at the next check, because an event did not arrive."""
        self._disarm("failed", "File events did not arrive; listening again.")

    def close(self) -> None:
        """Stop listening."""
        self._disarm(self.state, self.detail)

    def _is_alive(self) -> bool:
        """Return whether all listening threads are alive; the observer's alone is not enough."""
        observer = self._observer
        if observer is None or not observer.emitters:
            return False
        threads = [observer, *observer.emitters, _reader_thread_of(observer)]
        return all(thread is None or thread.is_alive() for thread in threads)

    def _arm(self, resolved: Path, identity: tuple[int, int]) -> None:
        self._disarm("failed", "")
        native = self._events(resolved)
        try:
            self._listen(resolved, native=native)
        except _START_ERRORS as error:
            # No inotify watches are left, or no FSEvents stream: polling is slower, but it works.
            exhausted = not isinstance(error, OSError) or error.errno in _EXHAUSTED
            if not (native and exhausted):
                self._disarm("failed", _refusal(error))
                return
            self._poll_instead(resolved, error)
        else:
            self.state, self.detail = ("watching", "") if native else ("polling", _NO_EVENTS)
        self._identity, self.resolved = identity, str(resolved)
        self._inbox.lose()

    def _poll_instead(self, resolved: Path, error: Exception) -> None:
        self._disarm("failed", "")
        try:
            self._listen(resolved, native=False)
        except _START_ERRORS as second:
            self._disarm("failed", _refusal(second))
        else:
            self.state = "polling"
            self.detail = f"No file events ({_text_of(error)}); checked every {POLL_S:.0f} s."

    def _listen(self, resolved: Path, *, native: bool) -> None:
        observer: BaseObserver = (
            Observer(timeout=1.0)
            if native
            else PollingObserverVFS(stat=os.lstat, listdir=os.scandir, polling_interval=POLL_S)
        )
        self._observer = observer
        observer.schedule(self._handler, str(resolved), recursive=True, event_filter=_EVENTS)
        observer.start()

    def _disarm(self, state: RootState, detail: str) -> None:
        observer, self._observer, self._identity = self._observer, None, None
        self.resolved = None
        if observer is not None:
            _stop_observer(observer)
        self.state, self.detail = state, detail


class Watch:
    """All watched folders."""

    def __init__(
        self, roots: tuple[Path, ...], inbox: Inbox, wanted: Callable[[str], bool]
    ) -> None:
        self.roots = [RootWatch(root, inbox, wanted) for root in roots]

    def check(self) -> list[RootReport]:
        """Check all folders; return those whose state changed."""
        return [root.report for root in self.roots if root.check()]

    def reports(self) -> list[RootReport]:
        """Return the state of every folder."""
        return [root.report for root in self.roots]

    def close(self) -> None:
        """Stop listening to all of them."""
        for root in self.roots:
            root.close()


_NO_EVENTS: Final = f"This file system reports no changes; checked every {POLL_S:.0f} s."


def _stop_observer(observer: BaseObserver) -> None:
    """Stop an observer, ignoring errors that it raises while stopping.

    watchdog's list of inotify watches raises one after a folder was moved out and another took its
    name.
    """
    try:
        observer.stop()
        if observer.ident is not None:
            observer.join(_JOIN_S)
    except ANY_ERROR:
        reader = _reader_thread_of(observer)
        if reader is not None:
            with contextlib.suppress(*ANY_ERROR):
                reader.stop()  # closes the descriptor


def _reader_thread_of(observer: BaseObserver) -> BaseThread | None:
    """Return the thread that reads events for the emitters (Linux), None where they read them."""
    reader: BaseThread | None = getattr(observer, "_inotify_fd", None)
    return reader


def _refusal(error: Exception) -> str:
    return f"The system refuses to watch it: {_text_of(error)}."


def _text_of(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error).rstrip(".")


def _denied(root: Path, error: OSError) -> str:
    # Modes and access lists give EACCES, macOS's privacy protection gives EPERM.
    if sys.platform == "darwin" and error.errno == errno.EPERM:
        return (
            f"macOS does not let {privacy_program(sys.executable)} read {root}: allow it in System "
            "Settings, Privacy & Security, Full Disk Access."
        )
    return f"No permission to read {root}."
