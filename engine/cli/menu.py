"""The menu of `llasa-cli`: every entry is the command that it runs."""

from __future__ import annotations

import glob
import os
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import click

from engine.cli.header import header
from engine.cli.run import UserMessage
from engine.terminal import safe

Ask = Callable[[], list[str] | None]  # words of the user for a command; None: nothing was given


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the menu."""

    what: str
    command: tuple[str, ...]  # as it is run, before the words of the user
    shown: str  # what stands for these words
    ask: Ask = list  # asks for them


def _text(question: str) -> Ask:
    return lambda: [text] if (text := _answer(question)) else None


def _files(question: str) -> Ask:
    """Ask for files, as a shell would read them."""

    def ask() -> list[str] | None:
        try:
            words = shlex.split(_answer(question))
        except ValueError:  # a quote that is not closed
            return None
        words = [os.path.expanduser(word) for word in words]
        return _expanded(words) or None

    return ask


def _expanded(words: Sequence[str]) -> list[str]:
    return [name for word in words for name in (sorted(glob.glob(word)) or [word])]


ENTRIES: Final = (
    Entry("Enhance a transcript", ("enhance",), "FILE", _files("File")),
    Entry("Enhance many", ("batch",), "FILE...", _files("Files")),
    Entry("Say what a recording is about", ("describe",), "FILE", _files("File")),
    Entry("Ask a model something", ("prompt",), "TEXT", _text("Question")),
    Entry("Talk with a model", ("chat",), ""),
    Entry("Continue the last conversation", ("chat", "--continue"), ""),
    Entry("Show all conversations", ("chat", "--list"), ""),
    Entry("Measure the speed here", ("bench",), ""),
    Entry("Measure a model at this work", ("calibrate",), "MODEL", _text("Model")),
    Entry("Show the help", ("--help",), ""),
)
_END: Final = frozenset(("q", "quit", "exit", "0"))


def run(context: click.Context) -> None:
    """Show the menu and run what is chosen until the user has had enough."""
    show()
    while True:
        try:
            chosen = _answer("Number (q ends)").lower()
        except (EOFError, click.Abort):
            click.echo()
            return
        if chosen in _END:
            return
        entry = _entry(chosen)
        if entry is None:
            if chosen:
                click.echo(f"There is no {safe(chosen)}: 1 to {len(ENTRIES)}, or q.")
            show()
            continue
        try:
            words = entry.ask()
        except (EOFError, click.Abort):
            click.echo()
            continue
        if words is not None:
            marked = ["--"] if any(word.startswith("-") for word in words) else []
            _run(context, [*entry.command, *marked, *words])


def show() -> None:
    """Print the header and the entries."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, markup=False, emoji=False)
    console.print(header())
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="bold cyan")
    table.add_column()
    table.add_column(style="dim", overflow="fold")
    for number, entry in enumerate(ENTRIES, start=1):
        words = " ".join(filter(None, ("llasa-cli", *entry.command, entry.shown)))
        table.add_row(str(number), entry.what, Text(words))
    console.print(table)
    console.print()


def _entry(chosen: str) -> Entry | None:
    number = int(chosen) if chosen.isascii() and chosen.isdecimal() else 0
    return ENTRIES[number - 1] if 1 <= number <= len(ENTRIES) else None


def _answer(question: str) -> str:
    return str(click.prompt(question, prompt_suffix="> ", default="", show_default=False)).strip()


def _run(context: click.Context, words: list[str]) -> None:
    """Run a command as if it had been typed; whatever it ends with, the menu goes on."""
    click.secho(f"$ {safe(shlex.join(('llasa-cli', *words)))}", bold=True)
    try:
        with context.command.make_context("llasa-cli", words, obj=context.obj) as inner:
            inner.command.invoke(inner)
    except click.exceptions.Exit:
        pass
    except click.ClickException as error:
        error.show()
    except UserMessage as message:
        click.echo(str(message), err=True)
    except (click.Abort, KeyboardInterrupt):
        click.echo()
    click.echo()
