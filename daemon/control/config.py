"""llasactl config: the settings as they are understood, checked, and explained for one file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from daemon.control.session import TerminalSession, home_option, json_option, print_json
from daemon.errors import ConfigError
from daemon.operations import settings
from daemon.terminal import safe

_INDENT: Final = " " * 9


@click.group(
    short_help="Show, check and explain the settings (llasa.toml).",
    epilog="Example: llasactl config explain talk.json",
)
def config() -> None:
    """Show, check and explain the settings (llasa.toml)."""


@config.command(
    short_help="Show all settings, with the defaults.", epilog="Example: llasactl config show"
)
@home_option
@json_option
@click.pass_obj
def show(session: TerminalSession, *, as_json: bool) -> None:
    """Show all settings as they are understood, with the defaults, as TOML."""
    table = settings.table_of(session.config)
    if as_json:
        print_json(table)
        return
    click.echo(f"# {session.home_line()}")
    click.echo(f"# {safe(settings.origin_of(session))}")
    click.echo(settings.toml_of(table), nl=False)


@config.command(
    short_help="Check whether the settings can be used.", epilog="Example: llasactl config check"
)
@home_option
@click.pass_obj
def check(session: TerminalSession) -> None:
    """Check whether the settings can be used: syntax, values, folders, models.

    Exits with 3 when they cannot. A running daemon keeps the settings it started with;
    `llasactl restart` makes it read them again.
    """
    click.echo(session.home_line())
    bad = 0
    for checked in settings.check_settings(session):
        bad += checked.is_bad
        click.echo(f"{checked.state:8} {safe(checked.text)}")
    if bad:
        raise ConfigError(
            f"{bad} of the settings cannot be used yet.",
            path=str(session.home.settings),
            hint="The lines above that begin with `failure` or `missing` say what to do.",
        )


@config.command(
    short_help="Print the path of the settings file.", epilog="Example: llasactl config path"
)
@home_option
@click.pass_obj
def path(session: TerminalSession) -> None:
    """Print the path of the settings file, for `$EDITOR "$(llasactl config path)"`.

    The file need not exist; then the defaults hold.
    """
    click.echo(safe(session.home.settings))


@config.command(
    short_help="Print every setting with its default, explained.",
    epilog="Example: llasactl config example",
)
@home_option
def example() -> None:
    """Print a llasa.toml with every setting at its default, and what it does.

    Nothing is read or written; a home works without this file. To create one where there is none:
    `llasactl config example > "$(llasactl config path)"`.
    """
    click.echo(settings.EXAMPLE.read_text(encoding="utf-8"), nl=False)


@config.command(
    short_help="Explain which profile treats a file, and why.",
    epilog="Example: llasactl config explain interviews/anna.json",
)
@home_option
@json_option
@click.argument("file")
@click.pass_obj
def explain(session: TerminalSession, *, file: str, as_json: bool) -> None:
    """Explain which profile treats a file, why, and with which settings.

    The file need not exist; it is looked for from here, from the home and from the watched
    folders.
    """
    report = settings.explain_file(session.config, file)
    if as_json:
        print_json(report.to_json())
        return
    click.echo(session.home_line())
    click.echo(f"file     {safe(report.file)}")
    click.echo(f"taken    {'yes' if report.taken else 'no'}: {safe(report.taken_because)}")
    click.echo(f"profile  {safe(report.profile)}: {safe(report.because)}")
    for rule in report.passed_over:
        patterns = ", ".join(rule.folders)
        click.echo(f"{_INDENT}not {safe(rule.profile)} ({safe(patterns)})")
    click.echo(indented_toml(report.settings), nl=False)


def indented_toml(table: Mapping[str, Any]) -> str:
    """Return a table as TOML, indented like the values of the screen."""
    lines = settings.toml_of(table).splitlines()
    return "".join(f"{_INDENT}{line}\n" for line in lines if line)


COMMANDS: Final = (config,)
