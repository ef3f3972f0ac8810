"""Every error of the daemon room, as one tree; each carries the exit code of its command.

DaemonError
├── HomeError                  no usable home
│   └── UnsafeFolder           a folder that others may write to
├── ConfigError                llasa.toml: names the key, the line and what is allowed
├── AlreadyRunning             another daemon holds this home
├── NoSuchJob                  the command names a job that does not exist
├── CannotRender               a finished text cannot be rendered again from what was kept
└── SourceError                a source file cannot be used; `reason` becomes the job's
"""

from __future__ import annotations


class DaemonError(Exception):
    """Something went wrong in the daemon."""

    exit_code = 3
    hint = "Run `llasactl status` and look at the log."

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").split("\n")[0])
        if hint:
            self.hint = hint


class HomeError(DaemonError):
    """This is not a usable home."""

    hint = "Name one with `--home DIR` or LLASA_HOME; `llasad --home DIR` creates it."


class UnsafeFolder(HomeError):
    """Other users may write to a folder that must be yours alone."""


class ConfigError(DaemonError):
    """The settings file has a mistake."""

    hint = "Fix the line and start again; `llasactl config example` explains every key."

    def __init__(
        self,
        message: str,
        *,
        key: str = "",
        line: int | None = None,
        allowed: str = "",
        path: str = "",
        hint: str = "",
    ) -> None:
        self.key, self.line, self.allowed, self.path = key, line, allowed, path
        place = path + (f", line {line}" if line is not None else "")
        text = f"{place}: {message}" if place else message
        super().__init__(f"{text} Allowed: {allowed}." if allowed else text, hint=hint)


class WrongValue(Exception):
    """A value in the settings that is not allowed; the reader of the settings names its line."""

    def __init__(self, allowed: str) -> None:
        super().__init__(allowed)
        self.allowed = allowed


class AlreadyRunning(DaemonError):
    """Another llasad runs on this home."""

    hint = "Look at it with `llasactl status`, or stop it first."


class NoSuchJob(DaemonError):
    """There is no such job."""

    exit_code = 2
    hint = "`llasactl jobs` lists ids and files; `llasactl add FILE` queues a new one."


class CannotRender(DaemonError):
    """This text cannot be rendered again."""

    exit_code = 1
    hint = "`llasactl redo` processes the file again, with its names."


class SourceError(DaemonError):
    """A source file cannot be used."""

    hint = "The file was left alone."

    def __init__(self, message: str, *, reason: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
