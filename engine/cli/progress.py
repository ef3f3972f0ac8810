"""A bar on standard error for work that takes long; nothing where that is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from engine.terminal import safe

if TYPE_CHECKING:  # rich takes time to import
    from rich.progress import Progress, ProgressColumn


@contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar of `total` steps; the function that it gives takes a step."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.progress import MofNCompleteColumn

    with _bars(MofNCompleteColumn()) as progress:
        task = progress.add_task(safe(label), total=max(1, total))
        yield lambda: progress.advance(task)


@contextmanager
def clock_bar(label: str) -> Iterator[Callable[[float, float | None], None]]:
    """Show how much of a recording is done; the function is told of seconds done and of all."""
    if not sys.stderr.isatty():
        yield lambda done_s, total_s: None
        return
    from rich.progress import TaskProgressColumn

    with _bars(TaskProgressColumn()) as progress:
        task = progress.add_task(safe(label), total=None)
        yield lambda done_s, total_s: progress.update(task, completed=done_s, total=total_s)


def _bars(done: ProgressColumn) -> Progress:
    """Return bars on standard error that show how much is done in a column of that kind."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    label = TextColumn("{task.description}", markup=False)
    return Progress(
        label, BarColumn(), done, TimeRemainingColumn(), console=console, transient=True
    )


@contextmanager
def counter(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show how much of something is done; the function that it gives takes done and total."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    with console.status(Text(safe(label))) as status:
        yield lambda done, total: status.update(Text(safe(f"{label} ({done} of {total})")))


@contextmanager
def spinner(label: str) -> Iterator[None]:
    """Show that something is going on that has no steps."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    with console.status(Text(safe(label))):
        yield
