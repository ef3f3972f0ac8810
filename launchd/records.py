"""The interface that both managers implement, and the records that they return."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from launchd.spec import AgentSpec

Action = Literal["create", "write", "remove", "run", "note"]


@dataclass(frozen=True, slots=True)
class Step:
    """One action that was carried out, or that a dry run would carry out."""

    action: Action
    what: str  # a path, a command as typed in a shell, or a sentence

    def __str__(self) -> str:
        return self.what if self.action == "note" else f"{self.action} {self.what}"


@dataclass(frozen=True, slots=True)
class ServiceState:
    """The state that the service manager reports; the daemon's own report is in its database."""

    installed: bool  # the plist or the unit file exists
    running: bool  # a process runs now
    pid: int | None  # None if none runs or the manager did not name it
    detail: str  # one line for the user


class Manager(Protocol):
    """A service manager of this user; any method may be called twice in a row."""

    def install(self, spec: AgentSpec, *, dry_run: bool = False) -> tuple[Step, ...]:
        """Describe the service to the manager and start it, now and at every login."""

    def uninstall(self, *, dry_run: bool = False) -> tuple[Step, ...]:
        """Stop the service and remove its description, but not the home."""

    def start(self) -> tuple[Step, ...]:
        """Start the installed service."""

    def stop(self) -> tuple[Step, ...]:
        """Stop the service until `start` or the next login, and wait for its end."""

    def restart(self) -> tuple[Step, ...]:
        """Stop the running process, if there is one, and start a new one."""

    def state(self) -> ServiceState:
        """Return the manager's report; a service that is not installed is no error."""
