"""`llasa-cli prompt`: ask a local model something once, without the guide.

The model may write anything here; the promise about transcripts does not apply.
"""

from __future__ import annotations

import json
import sys
from typing import Any, Final

import click

from engine.chat.records import Message
from engine.cli import writer
from engine.cli.answer import AnswerScreen, ask, figures, interruptible, stats_line
from engine.cli.context import CliContext
from engine.cli.failure import failure
from engine.errors import EngineError

EXIT_CUT_OFF: Final = 130  # Ctrl-C ended the answer


@click.command(
    short_help="Ask a local model something once.",
    epilog='Example: llasa-cli prompt "Why is the sky blue?" --max-tokens 200',
)
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON, when it is whole.")
@writer.writing_options
@click.pass_context
def prompt(
    context: click.Context,
    /,
    text: str,
    as_json: bool,
    model: str | None,
    system: str | None,
    stats: bool,
    thinking: str,
    **how: Any,
) -> None:
    """Send one prompt to a local chat model and print its answer while it is written.

    With `-` the prompt is read from standard input. The model writes freely: the promise about
    transcripts does not apply.
    """
    text = _standard_input() if text == "-" else text
    messages = [Message("system", system)] if system else []
    messages.append(Message("user", text))
    try:
        own = context.ensure_object(CliContext)
        info = writer.choose(own, model)
        screen = AnswerScreen(thinking=thinking, quiet=as_json)
        options = writer.options(thinking=thinking, **how)
        with writer.Writer(own, info) as loaded, loaded.turn() as backend:
            with interruptible() as interrupt:
                answer, written = ask(backend, messages, options, screen, cancelled=interrupt)
            facts = backend.facts
    except EngineError as error:
        raise failure(error) from error
    if as_json:
        found = {"model": facts.name, "answer": answer.answer, "thinking": answer.thinking}
        click.echo(_ascii(found | figures(written)))
    if stats:
        click.echo(stats_line(written, facts), err=True)
    if written.finish == "cancelled":
        raise click.exceptions.Exit(EXIT_CUT_OFF)
    if written.finish == "length":
        click.echo("The answer was cut off at --max-tokens.", err=True)


def _standard_input() -> str:
    data = sys.stdin.buffer.read()
    return data.decode("utf-8", "replace").strip()


def _ascii(value: object) -> str:
    return json.dumps(value, indent=2).replace("\x7f", "\\u007f")
