"""A bar on standard error for work that takes long; nothing where that is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.terminal import safe


@contextmanager
def bar(label: str, total: int) -> Iterator[Callable[[], None]]:
    """Show a bar of `total` steps; the function that it gives takes a step."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(safe(label), total=max(1, total))
        yield lambda: progress.advance(task)


@contextmanager
def clock_bar(label: str) -> Iterator[Callable[[float, float | None], None]]:
    """Show how much of a recording is done; the function is told of seconds done and of all."""
    if not sys.stderr.isatty():
        yield lambda done_s, total_s: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(safe(label), total=None)
        yield lambda done_s, total_s: progress.update(task, completed=done_s, total=total_s)


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
