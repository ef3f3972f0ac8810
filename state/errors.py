"""What can go wrong in the state room, as one tree.

StateError
├── DatabaseError              the file; the daemon waits and retries, or the command ends
│   ├── DatabaseMissing
│   ├── DatabaseBusy
│   ├── DatabaseCorrupt
│   ├── DatabaseFull
│   ├── DatabaseUnusable
│   ├── SchemaTooNew
│   ├── SchemaTooOld
│   └── FolderUnsafe
├── ConversationError          one conversation
│   ├── NoSuchConversation
│   └── ConversationMoved      another process has continued it meanwhile
├── JobError                   one job, named by `job_id`
│   ├── NoSuchJob
│   ├── IllegalMove            the job's status does not allow what was asked for
│   └── JobMoved               the row has changed since the caller read it
└── LibraryError               the library of passages, which can be built again
    ├── LibraryMissing
    ├── LibraryOutdated        another version of llasa made it
    ├── LibraryDamaged
    ├── LibraryFull
    └── LibraryUnusable
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from state.job import Status


class StateError(Exception):
    """Something went wrong with the database of jobs."""

    hint = "Run `llasactl doctor` and look at the log."

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message or (type(self).__doc__ or "").split("\n")[0])
        if hint:
            self.hint = hint


class DatabaseError(StateError):
    """The database cannot be used."""


class DatabaseMissing(DatabaseError):
    """There is no database yet."""

    hint = "Start the daemon once: it creates the database."


class DatabaseBusy(DatabaseError):
    """Another process has been writing to the database for too long."""

    hint = "Try again in a minute; if it is still busy, run `llasactl restart`."


class DatabaseCorrupt(DatabaseError):
    """The database file is damaged."""

    hint = "Start the daemon: it sets the file aside and rebuilds its list from the folders."


class DatabaseFull(DatabaseError):
    """The disk of the database is full."""

    hint = "Free some space on that disk; work then continues by itself."


class DatabaseUnusable(DatabaseError):
    """The database cannot be read or written."""

    hint = "Check that its folder is yours, writable and on a local disk."


class SchemaTooNew(DatabaseError):
    """The database was written by a newer version of llasa."""

    hint = "Install that version again, or point `--home` at another home."


class SchemaTooOld(DatabaseError):
    """The database was written by an older version of llasa."""

    hint = "Run `llasactl restart`: the daemon brings it up to date."


class FolderUnsafe(DatabaseError):
    """Other users can change the state folder."""

    hint = "Close it to other users: `chmod 700 FOLDER`."


class ConversationError(StateError):
    """This cannot be done with the conversation."""

    hint = "`llasa-cli chat --list` lists all conversations."


class NoSuchConversation(ConversationError):
    """There is no such conversation."""


class ConversationMoved(ConversationError):
    """Another process has continued the conversation meanwhile."""


class JobError(StateError):
    """This cannot be done with the job."""

    def __init__(self, job_id: int, message: str = "", *, hint: str = "") -> None:
        super().__init__(message, hint=hint or type(self).hint.replace("JOB", str(job_id)))
        self.job_id = job_id


class NoSuchJob(JobError):
    """There is no such job."""

    hint = "`llasactl jobs` lists all jobs."


class IllegalMove(JobError):
    """The job's status does not allow this."""

    hint = "`llasactl show JOB` shows its status and history."

    def __init__(self, job_id: int, status: Status, to: Status, message: str = "") -> None:
        super().__init__(job_id, message or f"job {job_id} is {status}: it cannot become {to}")
        self.status = status
        self.to = to


class JobMoved(JobError):
    """The job's status was changed by another process in the meantime."""

    def __init__(self, job_id: int, status: Status) -> None:
        super().__init__(job_id, f"another process changed job {job_id}: it is {status} now")
        self.status = status


class LibraryError(StateError):
    """The library of passages cannot be used."""

    hint = "Start the daemon: it builds the library again from the finished transcripts."


class LibraryMissing(LibraryError):
    """There is no library yet."""

    hint = (
        "Start the daemon, unless `llasactl status` says that it runs: it makes the library from"
        " the first finished transcript."
    )


class LibraryOutdated(LibraryError):
    """The library was made by another version of llasa."""


class LibraryDamaged(LibraryError):
    """The library's file is damaged."""


class LibraryFull(LibraryError):
    """The disk of the library is full."""

    hint = "Free some space on that disk; the daemon then goes on with the library by itself."


class LibraryUnusable(LibraryError):
    """The library cannot be read or written now."""

    hint = "Check that its folder is yours and writable, and try again in a minute."


BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL})
CORRUPT = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def primary_code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code in `error`, 0 if there is none."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def translated(error: sqlite3.Error, path: object) -> Exception:
    """Return this room's error for one of SQLite's; an error that shows a bug stays as it is."""
    code = primary_code(error)
    if code in BUSY:
        return DatabaseBusy(f"{path}: {error}")
    if code in CORRUPT:
        return DatabaseCorrupt(f"{path}: {error}")
    if code == sqlite3.SQLITE_FULL:
        return DatabaseFull(f"{path}: {error}")
    if code in {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }:
        return DatabaseUnusable(f"{path}: {error}")
    return error
