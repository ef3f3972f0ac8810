"""`llasa-cli chat`: talk with a local model on a terminal."""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any, Final

import click

from engine.chat.records import Conversation
from engine.cli import slash, writer
from engine.cli.answer import AnswerScreen
from engine.cli.context import CliContext, Kept
from engine.cli.failure import failure
from engine.cli.output import say
from engine.cli.suspending import before_suspension
from engine.cli.talk import Talk
from engine.errors import ChatError, ChildError, EngineError, PartError
from engine.terminal import safe

_END: Final = None
_NOTHING: Final = ""


@click.command(
    short_help="Talk with a local model.",
    epilog='Example: llasa-cli chat --system "Answer in one sentence."',
)
@click.option(
    "--continue",
    "continued",
    is_flag=False,
    flag_value="",
    metavar="[ID]",
    help="Go on with a kept conversation, the last one without ID.",
)
@click.option("--list", "lists", is_flag=True, help="List the kept conversations.")
@click.option("--json", "as_json", is_flag=True, help="With --list: print JSON, for programs.")
@click.option(
    "--tools/--no-tools",
    "uses_tools",
    default=None,
    help="Let the model look at the home's transcripts; by default, if its template has tools.",
)
@writer.writing_options
@click.pass_context
def chat(
    context: click.Context,
    /,
    continued: str | None,
    lists: bool,
    as_json: bool,
    model: str | None,
    system: str | None,
    stats: bool,
    thinking: str,
    uses_tools: bool | None,
    **how: Any,
) -> None:
    """Talk with a local chat model; /help shows what may be typed, Ctrl-D ends it.

    Ctrl-C ends an answer and not the conversation. Conversations are kept in the home.
    """
    own = context.ensure_object(CliContext)
    if lists:
        show_list(_kept(own).all(), as_json=as_json)
        return
    if as_json:
        raise click.UsageError("--json goes with --list.")
    conversation = Conversation("") if continued is None else _kept(own).load(continued)
    options = writer.options(thinking=thinking, **how)
    try:
        with writer.Writer(own, writer.choose(own, model)) as loaded:
            with loaded.turn():
                device = loaded.client.start().device_path
            screen = AnswerScreen(thinking=thinking)
            talk = Talk(
                own, loaded, conversation, options, screen, uses_tools=uses_tools, stats=stats
            )
            _greet(talk, device, continued=continued is not None)
            if system is not None:
                talk.system = system
            with before_suspension(loaded.rest):
                _converse(talk)
    except EngineError as error:
        raise failure(error) from error


def _greet(talk: Talk, device: str, *, continued: bool) -> None:
    say(f"{talk.model.info.name} on {device}; /help shows what may be typed")
    if talk.context.conversations is None:
        say(f"This conversation is not kept: {talk.context.why_not_kept}.")
    if continued:
        slash.show(talk)


def _kept(context: CliContext) -> Any:
    if context.conversations is None:
        raise click.UsageError(f"No conversations are kept: {context.why_not_kept}.")
    return context.conversations


def _converse(talk: Talk) -> None:
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401 - gives `input` its history and its editing
    while (line := read_line()) is not _END:
        if not line:
            continue
        if line.startswith("/") and not line.startswith("//"):
            if slash.run(talk, line):
                return
            continue
        try:
            talk.say(line.removeprefix("/") if line.startswith("//") else line)
        except (ChatError, ChildError, PartError) as error:  # the next message starts another child
            failure(error).show()
        except KeyboardInterrupt:  # while the model was waited for
            say("(You stopped it. Your message is not kept.)")


def read_line() -> str | None:
    """Return what the user typed, "" for nothing, None at the end of input.

    A second Ctrl-C in a row raises `click.Abort`.
    """
    for _ in range(2):
        try:
            if not sys.stdin.isatty():
                line = sys.stdin.readline()
                return line.strip() if line else _END
            return str(
                click.prompt("you", prompt_suffix="> ", default="", show_default=False)
            ).strip()
        except click.Abort as ended:
            if not isinstance(ended.__context__, KeyboardInterrupt):
                click.echo(err=True)
                return _END  # Ctrl-D
        except KeyboardInterrupt:
            pass
        click.echo(err=True)
        say("Ctrl-D or /exit ends the conversation; so does Ctrl-C once more.")
    raise click.Abort


def show_list(found: list[Kept], *, as_json: bool) -> None:
    """Print the kept conversations, the last one first."""
    if as_json:
        rows = [
            {
                "id": row.id,
                "title": row.title,
                "model": row.model,
                "messages": row.messages,
                "changed_at": row.changed_at,
            }
            for row in found
        ]
        click.echo(json.dumps(rows, indent=2).replace("\x7f", "\\u007f"))
        return
    if not found:
        say("No conversation is kept yet.")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="dim", pad_edge=False)
    for name in ("id", "changed", "messages", "model", "title"):
        table.add_column(name, no_wrap=name in ("id", "changed"))
    for row in found:
        moment = row.changed_at[:16].replace("T", " ")
        cells = (row.id, moment, str(row.messages), row.model, row.title)
        table.add_row(*(Text(safe(cell)) for cell in cells))
    Console(highlight=False, markup=False, emoji=False).print(table)
