"""The paths that file events name, passed from watchdog's threads to the intake."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Final

from watchdog.events import (
    DirMovedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)

from daemon.files.spelling import as_on_disk

INBOX_LIMIT: Final = 10_000
CANARY: Final = ".llasa-canary"  # the file with which `canary` proves that events arrive
# Everything that a handler, or watchdog while it stops, can raise; see `Handler`.
ANY_ERROR: Final = (OSError, ValueError, TypeError, LookupError, RuntimeError, AttributeError)


class Inbox:
    """Paths that events named: bounded, each path once, safe between threads.

    When it is full, or a handler failed, it notes that events were lost, and the reader scans.
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
        self.heard = 0  # paths received

    def put(self, path: str) -> None:
        """Add a path; if there is no room, drop it and note that events were lost."""
        with self._lock:
            self.heard += 1
            if path in self._paths or len(self._paths) < self._limit:
                self._paths[path] = None
            else:
                self._lost = True
        self._wake()

    def lose(self) -> None:
        """Note that events may have been lost."""
        with self._lock:
            self._lost = True
        self._wake()

    def note_canary(self, folder: str) -> None:
        """Note that the event of a folder's canary arrived."""
        with self._lock:
            self._canaries.add(folder)
        self._wake()

    def drain_canaries(self) -> set[str]:
        """Return the folders whose canary event arrived since the last call."""
        with self._lock:
            heard, self._canaries = self._canaries, set()
        return heard

    def drain(self) -> tuple[list[str], bool]:
        """Return the paths added since the last call, and whether any may have been lost."""
        with self._lock:
            paths, self._paths = list(self._paths), {}
            lost, self._lost = self._lost, False
        return paths, lost


class Handler(FileSystemEventHandler):
    """Put paths into the inbox and do nothing else.

    It must not raise: an exception in a handler ends watchdog's thread; the observer then looks
    alive and receives nothing (watchdog#793).
    """

    def __init__(self, inbox: Inbox, wanted: Callable[[str], bool]) -> None:
        self._inbox = inbox
        self._wanted = wanted

    def dispatch(self, event: FileSystemEvent) -> None:
        """Put the path of an event into the inbox, or note that it was lost."""
        try:
            moved = isinstance(event, FileMovedEvent | DirMovedEvent)
            path = os.fsdecode(event.dest_path if moved else event.src_path)
            folder, name = os.path.split(path)
            if name == CANARY:  # usually gone by now, but its folder is not
                self._inbox.note_canary(as_on_disk(folder))
                return
            path = as_on_disk(path)
            if event.is_directory or self._wanted(path):
                self._inbox.put(path)
        except ANY_ERROR:
            self._inbox.lose()
