"""Options of the commands that enhance."""

from __future__ import annotations

import re
from typing import Any, Final

import click

from engine.models import catalog, servers


def language_code(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Return the code of a language; raises `click.BadParameter` for what is none."""
    if value is not None and not re.fullmatch(r"[a-z]{2,3}", value):
        raise click.BadParameter('expected an ISO 639-1 code, such as "en".')
    return value


language_option = click.option(
    "--language",
    metavar="CODE",
    callback=language_code,
    help="Language of the speech (ISO 639-1), if known.",
)
_FAR_HOST: Final = f"{__name__}.far_host"
_named = click.option(
    "--model",
    default=catalog.EMBEDDED,
    show_default=True,
    callback=lambda context, _, name: servers.named_again(name, context.meta.get(_FAR_HOST)),
    help="Model to use: a name, a folder, or http://HOST:PORT/v1#NAME on a server.",
)
_far_host = click.option(
    "--allow-host",
    "far_host",
    metavar="HOST",
    is_eager=True,
    expose_value=False,
    callback=lambda context, _, host: context.meta.update({_FAR_HOST: host}),
    help="Let the model be on this host outside of your network: what was said goes there.",
)


def model_option(function: Any) -> Any:
    """Give a command the model that it uses, and the host that it may be on."""
    return _named(_far_host(function))


cleaning_option = click.option(
    "--cleaning",
    type=click.Choice(["off", "safe", "thorough"]),
    default="safe",
    show_default=True,
    help="What to remove: loops and tags, or fillers and stutters too.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")
