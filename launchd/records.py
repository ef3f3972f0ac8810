"""What the two managers hand back, and the one interface that they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from launchd.spec import AgentSpec

Action = Literal["create", "write", "remove", "run", "note"]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done, or that a dry run would do."""

    action: Action
    what: str  # a path, a command as one would type it, or a sentence

    def __str__(self) -> str:
        return self.what if self.action == "note" else f"{self.action} {self.what}"


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What the service manager says; what the daemon itself says is in its database."""

    installed: bool  # the plist or the unit file exists
    running: bool  # a process is there now
    pid: int | None  # None where none runs or the manager did not say
    detail: str  # one line for people


class Manager(Protocol):
    """A service manager of this user; every method may be called twice in a row."""

    def install(self, spec: AgentSpec, *, dry_run: bool = False) -> tuple[Step, ...]:
        """Describe the service to the manager and start it, now and at every login."""

    def uninstall(self, *, dry_run: bool = False) -> tuple[Step, ...]:
        """Stop the service and remove its description; the home is left alone."""

    def start(self) -> tuple[Step, ...]:
        """Start the installed service."""

    def stop(self) -> tuple[Step, ...]:
        """Stop the service until `start` or the next login, and wait for its end."""

    def restart(self) -> tuple[Step, ...]:
        """End the running process, if there is one, and start a new one."""

    def state(self) -> ServiceState:
        """Ask the manager; never raises because the service is absent."""
