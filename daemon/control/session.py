"""What every command needs: its session, the options that they share, and a harmless screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import click

from daemon.errors import DaemonError
from daemon.operations.errors import InvalidRequest
from daemon.operations.session import Session
from daemon.terminal import json_text, safe
from state.errors import StateError

if TYPE_CHECKING:
    from rich.console import Console


COMPLETED: Final = 500  # of the newest jobs that a shell may complete a name to


class TerminalSession(Session):
    """A session that is shown on a terminal."""

    def __init__(self) -> None:
        super().__init__()
        self.services: dict[int | None, bool] = {}  # which processes the service manager runs

    @cached_property
    def console(self) -> Console:
        """Return the screen; everything printed on it goes through `safe` first."""
        from rich.console import Console

        return Console(highlight=False, markup=False, emoji=False)

    def home_line(self) -> str:
        """Return the line with which every screen begins."""
        return f"home  {safe(self.home.path)}  (by {self.home.origin})"

    def shown_path(self, path: str) -> str:
        """Return a file's short path, safe to print."""
        return safe(self.short_path(path))


def home_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--home`, which may stand before or after its name."""

    def keep(context: click.Context, _: click.Parameter, value: str | None) -> None:
        session = context.ensure_object(TerminalSession)
        session.option = value or session.option

    return click.option(
        "--home", metavar="DIR", callback=keep, expose_value=False, help="The home to work on."
    )(function)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the option `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(
        function
    )


def print_json(value: Any) -> None:
    """Print a value as JSON in ASCII."""
    click.echo(json_text(value, indent=2))


@contextmanager
def usage_errors() -> Iterator[None]:
    """Show an invalid request as click shows a wrong option: with the command's usage."""
    try:
        yield
    except InvalidRequest as error:
        raise click.UsageError(str(error)) from error


def complete_job(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the files of the newest jobs that begin with a word; after any error, none."""
    session = context.find_object(TerminalSession) or TerminalSession()
    try:
        with session.reading() as book:
            jobs = book.queue.jobs(limit=COMPLETED)
            # A name that `safe` had to change could not be found again.
            names = (session.short_path(job.path) for job in jobs if safe(job.path) == job.path)
            return [name for name in dict.fromkeys(names) if name.startswith(begun)]
    except (DaemonError, StateError):
        return []
