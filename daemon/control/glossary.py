"""llasactl glossary: which heard words are corrected in every transcript, and one more of them."""

from __future__ import annotations

from typing import Final

import click

from daemon.control.session import TerminalSession, home_option, usage_errors
from daemon.control.status import again_hint
from daemon.operations import glossary as pairs
from daemon.operations.status import status_of
from daemon.terminal import safe


@click.group(
    short_help="List the glossary, and add to it.",
    epilog='Example: llasactl glossary add "kuber netties" Kubernetes',
)
def glossary() -> None:
    """List and extend `[glossary]` in llasa.toml: heard words and what is written for them."""


@glossary.command("list", short_help="List it.", epilog="Example: llasactl glossary list")
@home_option
@click.pass_obj
def list_(session: TerminalSession) -> None:
    """List the pairs of llasa.toml, as they stand there."""
    click.echo(session.home_line())
    known = session.config.default.glossary
    for heard, correct in known.items():
        click.echo(safe(pairs.line_of(heard, correct)))
    if not known:
        click.echo("no pairs; llasactl glossary add HEARD CORRECT makes the first")
    _say_elsewhere(session)


@glossary.command(
    short_help="Add a pair.", epilog='Example: llasactl glossary add "kuber netties" Kubernetes'
)
@home_option
@click.argument("heard")
@click.argument("correct")
@click.pass_obj
def add(session: TerminalSession, heard: str, correct: str) -> None:
    """Write CORRECT wherever Whisper writes HEARD; the rest of llasa.toml stays as it is.

    It holds for transcripts to come; finished ones stay as they are until `llasactl redo`.
    """
    with usage_errors():
        added = pairs.add(session, heard, correct)
    click.echo(session.home_line())
    click.echo(f"added: {safe(pairs.line_of(*added))}")
    _say_elsewhere(session)
    report = status_of(session)
    if report.running:
        click.echo("The daemon that runs uses it when it starts again.")
        click.echo(again_hint(session, report.pid))


def _say_elsewhere(session: TerminalSession) -> None:
    for name in pairs.elsewhere(session.config):
        click.echo(f"not used by profile {safe(name)}, which has a glossary of its own")


COMMANDS: Final = (glossary,)
