"""The hooks that the settings name, and how each of them is."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from daemon.operations.session import Book, Session
from state.announcements import AnnouncementRows


@dataclass(frozen=True, slots=True, kw_only=True)
class HookReport:
    """A hook of the settings and how it is."""

    name: str  # on_done.command
    known: bool  # to the daemon: it has run with this hook
    files: int = 0  # told so far
    told_at: str | None = None  # the last time
    lost: int = 0  # could not be told
    failed_at: str | None = None  # of the last failure since the last success
    problem: str | None = None  # what went wrong then

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values; docs/commands.md explains the keys."""
        return asdict(self)


def hooks_of(session: Session) -> tuple[HookReport, ...]:
    """Return the hooks that the settings name and how each of them is."""
    if session.has_database:
        with session.reading() as book:
            return hooks_in(book)
    return tuple(HookReport(name=name, known=False) for name in _hook_names(session))


def hooks_in(book: Book) -> tuple[HookReport, ...]:
    """Return the same, from a database that is open."""
    known = {hook.name: hook for hook in AnnouncementRows(book.row.database).hooks()}
    return tuple(
        HookReport(
            name=name,
            known=True,
            files=found.files,
            told_at=found.told_at,
            lost=found.lost,
            failed_at=found.failed_at,
            problem=found.problem,
        )
        if (found := known.get(name)) is not None
        else HookReport(name=name, known=False)
        for name in _hook_names(book.session)
    )


def _hook_names(session: Session) -> list[str]:
    events = (("done", session.config.on_done), ("trouble", session.config.on_trouble))
    return [f"on_{event}.{channel}" for event, hook in events for channel in hook.channels]
