"""Why an operation on a home is refused, as one tree below `DaemonError`.

DaemonError
├── InvalidRequest         the request itself is wrong; a face shows how to ask
│   ├── InvalidMoment      a text that names no moment to pause until
│   └── UnknownProfile     a profile that llasa.toml does not have
├── NotPossible            the state of the job or of the daemon does not allow it
├── ModelBusy              somebody else has had the model for too long
├── NothingToShow          the job has no such result
├── NoSuchRecording        the library has no transcript of this id
└── NotInstalled           a part of llasa that is installed on demand
"""

from __future__ import annotations

from daemon.errors import DaemonError


class InvalidRequest(DaemonError):
    """The request cannot be understood."""

    exit_code = 2
    hint = ""


class InvalidMoment(InvalidRequest):
    """This is not a moment."""


class UnknownProfile(InvalidRequest):
    """There is no such profile."""


class NotPossible(DaemonError):
    """This cannot be done as things stand."""


class ModelBusy(DaemonError):
    """The model of this home was not free in time."""

    hint = "Try again; `llasactl status` says what has the model."


class NothingToShow(DaemonError):
    """There is nothing to show."""


class NoSuchRecording(DaemonError):
    """There is no such recording in the library."""

    exit_code = 2
    hint = "The list of recordings has the ids."


class NotInstalled(DaemonError):
    """This part of llasa is not installed."""
