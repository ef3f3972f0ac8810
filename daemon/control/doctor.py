"""llasactl doctor: looks at everything that could be wrong and says what to do about it."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

import click

from daemon.control.session import Session, home_option, json_option, print_json
from daemon.doctor import machine, model, running
from daemon.doctor.findings import Finding, failure, ok
from daemon.errors import ConfigError
from daemon.operations.figures import status_of
from daemon.terminal import safe

EXIT_FAILURE: Final = 3
_INDENT: Final = " " * 19
_COLOURS: Final = {"ok": "green", "warning": "yellow", "failure": "red"}


@click.command(
    short_help="Look at everything that could be wrong.", epilog="Example: llasactl doctor"
)
@home_option
@json_option
@click.option("--no-model", is_flag=True, help="Load no model.")
@click.pass_context
def doctor(context: click.Context, *, as_json: bool, no_model: bool) -> None:
    """Look at everything that could be wrong; say of each thing whether it is, and what to do.

    Loads the model and decodes with it, as the daemon would. Exits with 0 when nothing fails
    (warnings are no failure), else with 3.
    """
    session = context.ensure_object(Session)
    found = []
    if not as_json:
        click.echo(session.name_home())
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


def examine(session: Session, *, no_model: bool) -> Iterator[Finding]:
    """Yield every finding as soon as it is known."""
    yield from machine.versions()
    yield from machine.folders(session.home)
    try:
        config = session.config
    except ConfigError as error:
        yield failure("settings", str(error).rstrip("."), error.hint)
        return
    there = session.home.settings.exists()
    yield ok("settings", f"{session.home.settings}" + ("" if there else " (none: the defaults)"))
    yield from machine.watched(config)
    yield from machine.evicted(config)
    yield from running.watcher(config)
    yield from running.database(session.home)
    yield from running.service(status_of(session))
    if no_model:
        return
    profiles = (config.default, *(rule.profile for rule in config.rules))
    for profile in {profile.model: profile for profile in reversed(profiles)}.values():
        yield from model.model(config, profile)


def _show(finding: Finding) -> None:
    state = click.style(f"{finding.state:8}", fg=_COLOURS[finding.state])
    room = max(40, shutil.get_terminal_size().columns - len(_INDENT))
    told = [*_wrapped(finding.text, room), *_wrapped(finding.advice, room)]
    click.echo(f"{state} {finding.check:9} " + f"\n{_INDENT}".join(told))


def _wrapped(text: str, room: int) -> list[str]:
    """Break lines between words alone: paths and commands must stay whole to be copied."""
    return textwrap.wrap(safe(text), room, break_on_hyphens=False, break_long_words=False)


COMMANDS: Final = (doctor,)
