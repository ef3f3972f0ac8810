"""What every command needs: which home, its settings, its database, and a harmless screen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from daemon import config as settings
from daemon.errors import AlreadyRunning, DaemonError, HomeError, NoSuchJob
from daemon.files.spelling import resolved
from daemon.home import Home, find_home
from daemon.lock import HomeLock
from daemon.terminal import json_text, safe
from state.database import Database, open_database, open_readonly
from state.errors import SchemaTooOld, StateError
from state.job import Job
from state.queue import Queue
from state.service import ServiceRow

if TYPE_CHECKING:
    from rich.console import Console


COMPLETED: Final = 500  # of the newest jobs that a shell may complete a name to
_LONGEST_ID: Final = 18  # digits; more are no number of a database


@dataclass(frozen=True, slots=True)
class Book:
    """An open database: the queue and the daemon's own row."""

    queue: Queue
    row: ServiceRow


class Session:
    """One call of a command."""

    def __init__(self) -> None:
        self.option: str | None = None  # given with `--home`
        self.services: dict[int | None, bool] = {}  # which processes the service manager runs

    @cached_property
    def home(self) -> Home:
        """Return the home; raises HomeError when there is none at that place."""
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
        """Return the settings of the home."""
        return settings.load(self.home)

    @property
    def has_database(self) -> bool:
        """Tell whether a daemon has ever run here."""
        return self.home.database.exists()

    @contextmanager
    def reading(self) -> Iterator[Book]:
        """Open the database so that nothing can be written and no read is held open."""
        with open_readonly(self.home.database) as database:
            yield Book(Queue(database), ServiceRow(database))

    @contextmanager
    def writing(self, *, create: bool = False) -> Iterator[Book]:
        """Open the database for a change.

        An older one is brought up to date only where no daemon runs: one that does may be as old.
        Raises SchemaTooOld else.
        """
        with self._open(create=create) as database:
            yield Book(Queue(database), ServiceRow(database))

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

    @cached_property
    def console(self) -> Console:
        """Return the screen; what is put on it goes through `safe` first."""
        from rich.console import Console

        return Console(highlight=False, markup=False, emoji=False)

    def name_home(self) -> str:
        """Return the line with which every screen begins."""
        return f"home  {safe(self.home.path)}  (by {self.home.origin})"

    def place(self, path: str) -> str:
        """Return a file's path as it is shown: from the watched folder on, where it is in one."""
        for root in self.config.watch:
            for base in (root, resolved(root)):
                if path.startswith(f"{base}/"):
                    return safe(path[len(str(base)) + 1 :])
        return safe(path)

    def find(self, queue: Queue, name: str) -> Job:
        """Return the job of an id or a path; raises NoSuchJob."""
        is_id = name.isascii() and name.isdecimal() and len(name) <= _LONGEST_ID
        job = queue.job(int(name)) if is_id else None
        if job is None:
            job = next(
                (j for j in map(queue.job_by_path, self._paths(name)) if j is not None), None
            )
        if job is None:
            raise NoSuchJob(f"There is no job {name} in {self.home.path}.")
        return job

    def _paths(self, name: str) -> list[str]:
        """Return the absolute paths that a name may mean: from here, or from a watched folder.

        One of our outputs means the source that it lies beside.
        """
        from engine import sidecars  # late: `status` need not wait for it

        path = Path(os.path.expanduser(name))
        meant = [path, *(path.parent / source for source in sidecars.sources_of(path.name))]
        folders = [Path.cwd(), *self.config.watch]
        return [str(resolved(folder / source)) for source in meant for folder in folders]


def home_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--home`, which may stand before or after its name."""

    def keep(context: click.Context, _: click.Parameter, value: str | None) -> None:
        session = context.ensure_object(Session)
        session.option = value or session.option

    return click.option(
        "--home", metavar="DIR", callback=keep, expose_value=False, help="The home to look at."
    )(function)


def complete_job(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the newest jobs' files that a shell may complete a word to; nothing on any trouble."""
    session = context.find_object(Session) or Session()
    try:
        with session.reading() as book:
            jobs = book.queue.jobs(limit=COMPLETED)
            # A name that `safe` had to change could not be found again.
            names = (session.place(job.path) for job in jobs if safe(job.path) == job.path)
            return [name for name in dict.fromkeys(names) if name.startswith(begun)]
    except (DaemonError, StateError):
        return []


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(
        function
    )


def print_json(value: Any) -> None:
    """Print a value as JSON in ASCII."""
    click.echo(json_text(value, indent=2))
