"""The daemon's log: structured events, one per line, into its own files and to a terminal.

An event is a dotted name in the past tense with fields. No text of a transcript is ever a field.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import threading
import traceback
from collections.abc import Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeAlias

from daemon.terminal import json_text, safe

if TYPE_CHECKING:
    from structlog import BoundLogger

    Log: TypeAlias = BoundLogger
else:
    Log = Any
LOG_BYTES = 1_000_000  # one file; with its KEPT predecessors the log never takes more than 5 MB
KEPT = 4
_LINE_LIMIT = 8_000  # characters of one record


class LogFile:
    """An append-only file that is rotated by size: `llasad.log`, `llasad.log.1`, ... up to `KEPT`.

    It is reopened by name at every rotation and never truncated, so no service manager needs to
    know of it. A full disk costs lines, never the daemon.
    """

    def __init__(self, path: Path, *, max_bytes: int = LOG_BYTES, kept: int = KEPT) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._kept = kept
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._size = 0
        self.lost = 0  # lines that could not be written

    def write(self, line: str) -> None:
        """Append one line."""
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        with self._lock:
            try:
                if self._descriptor is not None and self._size + len(data) > self._max_bytes:
                    self._rotate()
                if self._descriptor is None:
                    self._open()
                assert self._descriptor is not None
                os.write(self._descriptor, data)
                self._size += len(data)
            except OSError:
                self.lost += 1

    def close(self) -> None:
        """Close the file; a later line opens it again."""
        with self._lock:
            self._close()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        self._descriptor = os.open(self._path, flags, 0o600)
        self._size = os.fstat(self._descriptor).st_size
        if self._size >= self._max_bytes:
            self._rotate()
            self._descriptor = os.open(self._path, flags, 0o600)
            self._size = 0

    def _rotate(self) -> None:
        self._close()
        for number in range(self._kept, 0, -1):
            older = self._path if number == 1 else self._numbered(number - 1)
            if older.exists():
                older.replace(self._numbered(number))

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def _close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def place_of(error: BaseException) -> str:
    """Return where an error was raised, innermost call first: never what a transcript said."""
    return " < ".join(
        f"{os.path.basename(frame.filename)}:{frame.name}"
        for frame in reversed(traceback.extract_tb(error.__traceback__)[-4:])
    )


def open_log(file: LogFile | None, *, stream: TextIO | None = None) -> Log:
    """Return a logger that writes JSON lines to the file and short lines to the stream."""
    import structlog  # late: see `machine.block_heavy_imports`

    logger: Log = structlog.wrap_logger(
        _Sink(file, stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            _as_line,
        ],
        wrapper_class=structlog.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return logger.bind()


def short_line(event: MutableMapping[str, Any]) -> str:
    """Return an event as one line for a terminal: time, name, the fields that have a value."""
    fields = " ".join(
        f"{key}={safe(value)}"
        for key, value in event.items()
        if key not in {"at", "event", "level"} and value is not None
    )
    mark = "" if event.get("level") == "info" else f" {str(event.get('level', '')).upper()}"
    clock = str(event.get("at", ""))[11:19]
    return safe(f"{clock}{mark} {event.get('event', '')} {fields}".rstrip())[:_LINE_LIMIT]


def forward_library(name: str, receive: Callable[[str, str], None]) -> logging.Handler:
    """Send what a library logs to `receive(level, message)` instead of to stderr."""
    handler = _Forwarder(receive)
    library = logging.getLogger(name)
    library.addHandler(handler)
    library.propagate = False
    return handler


def stop_forwarding(name: str, handler: logging.Handler) -> None:
    """Undo `forward_library`."""
    logging.getLogger(name).removeHandler(handler)
    handler.close()


class _Forwarder(logging.Handler):
    def __init__(self, receive: Callable[[str, str], None]) -> None:
        super().__init__(logging.WARNING)
        self._receive = receive

    def emit(self, record: logging.LogRecord) -> None:
        self._receive(record.levelname.lower(), record.getMessage())


class _Sink:
    """Receives finished lines; structlog calls the method named after the level."""

    def __init__(self, file: LogFile | None, stream: TextIO | None) -> None:
        self._file = file
        self._stream = stream

    def info(self, *, line: str, short: str) -> None:
        if self._file is not None:
            self._file.write(line)
        if self._stream is not None:
            try:
                self._stream.write(short + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                self._stream = None  # the terminal is gone, the daemon is not

    debug = warning = error = critical = info


def _as_line(_: Any, __: str, event: MutableMapping[str, Any]) -> tuple[tuple[()], dict[str, str]]:
    event = {
        "at": event.pop("at"),
        "level": event.pop("level"),
        "event": event.pop("event"),
        **event,
    }
    line = json_text(event)
    if len(line) > _LINE_LIMIT:
        line = json_text({key: event[key] for key in ("at", "level", "event")} | {"cut": len(line)})
    return (), {"line": line, "short": short_line(event)}
