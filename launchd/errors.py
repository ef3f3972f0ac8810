"""What can go wrong with a service manager, as one tree.

ServiceError
├── InvalidSpec            a plist or a unit cannot express what was asked for
├── TemporaryProgram       the program is in a place where the system or uv deletes files
├── UnsupportedPlatform    neither launchd nor systemd
├── ManagerMissing         `launchctl` or `systemctl` is not on this machine
├── NoSession              the manager runs, but not for this user now
├── NotInstalled           there is nothing to start
├── FileUnwritable         the plist or the unit could not be written or removed
└── CommandFailed          a command of the manager failed
    └── StillStopping      the old process did not end in time
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence


class ServiceError(Exception):
    """The service manager could not do this."""

    hint = "Run `llasactl doctor`."

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").split("\n")[0])
        if hint:
            self.hint = hint


class InvalidSpec(ServiceError):
    """The service cannot be described to the service manager."""

    hint = "Move llasa or its home to a path of ordinary characters, then install it again."


class TemporaryProgram(ServiceError):
    """The program lies in a temporary environment and would be gone at the next login."""

    hint = (
        "Install llasa permanently: run `uv tool install .` in llasa's folder, then "
        "`llasactl install`."
    )


class UnsupportedPlatform(ServiceError):
    """This system has neither launchd nor systemd."""

    hint = "Run `llasad` under your own supervisor."


class ManagerMissing(ServiceError):
    """The command of the service manager is not on this machine."""

    hint = "Run `llasad` in a terminal, or under your own supervisor."


class NoSession(ServiceError):
    """The service manager has no session for this user."""


class NotInstalled(ServiceError):
    """The service is not installed."""

    hint = "Run `llasactl install`."


class FileUnwritable(ServiceError):
    """The file that describes the service could not be written or removed."""

    hint = "Check who owns the folder, and whether its disk is full."


class CommandFailed(ServiceError):
    """The service manager refused a command."""

    def __init__(
        self, argv: Sequence[str], code: int, output: str, *, hint: str = "", message: str = ""
    ) -> None:
        self.argv = tuple(argv)
        self.code = code
        self.output = output.strip()
        super().__init__(
            message or f"`{shlex.join(self.argv)}` failed with {code}: {first_line(self.output)}",
            hint=hint,
        )


class StillStopping(CommandFailed):
    """The old process has not ended in the time allowed."""

    hint = "Wait a minute and try again; `llasactl status` shows what it is doing."


def first_line(output: str) -> str:
    """Return the first line of a command's output for a message, which never ends empty."""
    return output.splitlines()[0] if output else "no output"
