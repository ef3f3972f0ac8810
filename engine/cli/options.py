"""Options of the commands that enhance."""

from __future__ import annotations

import re

import click

from engine.models import catalog


def _language_code(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[a-z]{2,3}", value):
        raise click.BadParameter('expected an ISO 639-1 code, such as "en".')
    return value


language_option = click.option(
    "--language",
    metavar="CODE",
    callback=_language_code,
    help="Language of the speech (ISO 639-1), if known.",
)
model_option = click.option(
    "--model", default=catalog.EMBEDDED, show_default=True, help="Model to use."
)
cleaning_option = click.option(
    "--cleaning",
    type=click.Choice(["off", "safe", "thorough"]),
    default="safe",
    show_default=True,
    help="What to remove: loops and tags, or fillers and stutters too.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")
