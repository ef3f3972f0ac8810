"""What can go wrong with a service manager, as one tree.

ServiceError
├── InvalidSpec            what was asked for cannot be written into a plist or a unit
├── TemporaryProgram       the program lies where the system or uv deletes files
├── UnsupportedPlatform    neither launchd nor systemd
├── ManagerMissing         `launchctl` or `systemctl` is not on this machine
├── NoSession              the manager is there, but not for this user now
├── NotInstalled           there is nothing to start
├── FileUnwritable         the plist or the unit could not be written or removed
└── CommandFailed          the manager was asked and refused
    └── StillStopping      the old process did not end in time
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence


class ServiceError(Exception):
    """The service manager could not do what was asked."""

    hint = "Run `llasactl doctor`."

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").split("\n")[0])
        if hint:
            self.hint = hint


class InvalidSpec(ServiceError):
    """The service cannot be described to the service manager."""

    hint = "Move llasa or its home to a path of ordinary characters, then install again."


class TemporaryProgram(ServiceError):
    """The program lies in a temporary environment and would be gone at the next login."""

    hint = (
        "Install llasa for good: `uv tool install .` in the folder that you have it in, then "
        "`llasactl install`."
    )


class UnsupportedPlatform(ServiceError):
    """This system has neither launchd nor systemd."""

    hint = "Run `llasad` under a supervisor of your own."


class ManagerMissing(ServiceError):
    """The command of the service manager is not on this machine."""

    hint = "Run `llasad` in a terminal, or under a supervisor of your own."


class NoSession(ServiceError):
    """The service manager has no session for this user."""


class NotInstalled(ServiceError):
    """The service is not installed."""

    hint = "Run `llasactl install`."


class FileUnwritable(ServiceError):
    """The file that describes the service could not be written or removed."""

    hint = "Check who owns the folder and whether its disk is full."


class CommandFailed(ServiceError):
    """The service manager refused."""

    def __init__(
        self, argv: Sequence[str], code: int, output: str, *, hint: str = "", message: str = ""
    ) -> None:
        self.argv = tuple(argv)
        self.code = code
        self.output = output.strip()
        told = self.output.splitlines()[0] if self.output else "it said nothing"
        super().__init__(
            message or f"`{shlex.join(self.argv)}` failed with {code}: {told}", hint=hint
        )


class StillStopping(CommandFailed):
    """The old process has not ended in the time that it is given."""

    hint = "Wait a minute and try again; `llasactl status` says what it is doing."
