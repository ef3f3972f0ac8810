"""One visit to a home: which home it is, its settings, its open database, and a job by its name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from daemon import config as settings
from daemon.errors import AlreadyRunning, HomeError, NoSuchJob
from daemon.files.spelling import resolved
from daemon.home import Home, find_home
from daemon.lock import HomeLock
from state.database import Database, open_database, open_readonly
from state.errors import SchemaTooOld
from state.job import Job
from state.queue import Queue
from state.service import ServiceRow

_LONGEST_ID: Final = 18  # digits; a database has no longer number


class Session:
    """A home as one command or one request sees it; home and settings are read once."""

    def __init__(self, option: str | None = None) -> None:
        self.option = option  # the folder that the user named; None: look for the home

    @cached_property
    def home(self) -> Home:
        """Return the home; raises HomeError where it does not exist."""
        home = find_home(self.option)
        if not home.path.is_dir():
            raise HomeError(
                f"There is no llasa home at {home.path} (found by: {home.origin}).",
                hint="Make one with `llasactl install`, or with `llasad --home DIR` in a terminal; "
                "`llasactl demo` shows what it is for.",
            )
        return home

    @cached_property
    def config(self) -> settings.Config:
        """Return the settings of the home; raises ConfigError for a mistake in them."""
        return settings.load(self.home)

    @property
    def has_database(self) -> bool:
        """Return whether a daemon has ever run here."""
        return self.home.database.exists()

    @contextmanager
    def reading(self) -> Iterator[Book]:
        """Open the database so that nothing can be written and no read is held open."""
        with open_readonly(self.home.database) as database:
            yield Book(self, Queue(database), ServiceRow(database))

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[Book]:
        """Open the database for a change.

        An older database is migrated only where no daemon runs: a running daemon may be as old as
        the database and could not read it any longer. Then this raises SchemaTooOld.
        """
        with self._open(create=create) as database:
            yield Book(self, Queue(database), ServiceRow(database))

    def _open(self, *, create: bool) -> Database:
        try:
            return open_database(self.home.database, create=create, migrate=False)
        except SchemaTooOld as old:
            lock = HomeLock(self.home.lock)
            try:
                lock.acquire()
            except AlreadyRunning:
                raise old from None
            try:
                return open_database(self.home.database, create=create)
            finally:
                lock.release()

    def short_path(self, path: str) -> str:
        """Return a file's path below its watched folder, or whole where it lies in none."""
        for root in self.config.watch:
            for base in (root, resolved(root)):
                if path.startswith(f"{base}/"):
                    return path[len(str(base)) + 1 :]
        return path


@dataclass(frozen=True, slots=True)
class Book:
    """The open database of a session; operations read and change it."""

    session: Session  # whose home and settings hold
    queue: Queue  # all jobs
    row: ServiceRow  # what the daemon reports about itself

    def find(self, name: str) -> Job:
        """Return the job of an id or a path; raises NoSuchJob."""
        is_id = name.isascii() and name.isdecimal() and len(name) <= _LONGEST_ID
        job = self.queue.job(int(name)) if is_id else None
        if job is None:
            found = map(self.queue.job_by_path, self._paths(name))
            job = next((job for job in found if job is not None), None)
        if job is None and not is_id:
            job = self.queue.job_by_output(str(resolved(Path.cwd() / os.path.expanduser(name))))
        if job is None:
            raise NoSuchJob(f"There is no job {name} in {self.session.home.path}.")
        return job

    def _paths(self, name: str) -> list[str]:
        """Return the absolute paths that a name may mean: from here, or from a watched folder.

        One of our outputs means the source that it lies beside.
        """
        from engine import sidecars  # late: `status` need not wait for it

        path = Path(os.path.expanduser(name))
        meant = [path, *(path.parent / source for source in sidecars.sources_of(path.name))]
        folders = [Path.cwd(), *self.session.config.watch]
        return [str(resolved(folder / source)) for source in meant for folder in folders]
