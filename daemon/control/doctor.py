"""llasactl doctor: examine everything that could be wrong, and say what to do about it."""

from __future__ import annotations

import shutil
import textwrap
from dataclasses import asdict
from typing import Final

import click

from daemon.control.session import TerminalSession, home_option, json_option, print_json
from daemon.doctor.examination import examine
from daemon.doctor.findings import Finding
from daemon.terminal import safe

EXIT_FAILURE: Final = 3
_INDENT: Final = " " * 19
_COLOURS: Final = {"ok": "green", "warning": "yellow", "failure": "red"}


@click.command(
    short_help="Check everything that could be wrong.", epilog="Example: llasactl doctor"
)
@home_option
@json_option
@click.option("--no-model", is_flag=True, help="Do not load the model.")
@click.pass_context
def doctor(context: click.Context, *, as_json: bool, no_model: bool) -> None:
    """Check everything that could be wrong, and say what to do about it.

    Loads the model and decodes with it, as the daemon would. Exits with 3 when anything fails;
    warnings are not failures.
    """
    session = context.ensure_object(TerminalSession)
    found = []
    if not as_json:
        click.echo(session.home_line())
    for finding in examine(session, no_model=no_model):
        found.append(finding)
        if not as_json:
            _show(finding)
    failures = sum(finding.state == "failure" for finding in found)
    if as_json:
        print_json(
            {
                "home": str(session.home.path),
                "failures": failures,
                "warnings": sum(finding.state == "warning" for finding in found),
                "findings": [asdict(finding) for finding in found],
            }
        )
    if failures:
        context.exit(EXIT_FAILURE)


def _show(finding: Finding) -> None:
    state = click.style(f"{finding.state:8}", fg=_COLOURS[finding.state])
    room = max(40, shutil.get_terminal_size().columns - len(_INDENT))
    lines = [*_wrapped(finding.text, room), *_wrapped(finding.advice, room)]
    click.echo(f"{state} {finding.check:9} " + f"\n{_INDENT}".join(lines))


def _wrapped(text: str, room: int) -> list[str]:
    """Break lines between words alone: paths and commands must stay whole to be copied."""
    return textwrap.wrap(safe(text), room, break_on_hyphens=False, break_long_words=False)


COMMANDS: Final = (doctor,)
