"""llasactl config: the settings as they are understood, checked, and explained for one file."""

from __future__ import annotations

import fnmatch
import json
import os
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import click

from daemon import config as settings
from daemon.control.session import Session, home_option, json_option, print_json
from daemon.errors import ConfigError
from daemon.terminal import safe
from engine import sidecars
from engine.records import Profile

#: Beside the code, since who has installed llasa has no checkout; the checkout's own is the same.
EXAMPLE: Final = Path(settings.__file__).with_name("llasa.toml")


@click.group(
    short_help="Show, check and explain the settings (llasa.toml).",
    epilog="Example: llasactl config explain talk.json",
)
def config() -> None:
    """Show, check and explain the settings (llasa.toml)."""


@config.command(
    short_help="All settings as they are understood.", epilog="Example: llasactl config show"
)
@home_option
@json_option
@click.pass_obj
def show(session: Session, *, as_json: bool) -> None:
    """Show all settings as they are understood, the defaults among them, as TOML."""
    table = table_of(session.config)
    if as_json:
        print_json(table)
        return
    click.echo(f"# {session.name_home()}")
    click.echo(f"# {_from(session)}")
    click.echo(toml_of(table), nl=False)


@config.command(
    short_help="Whether the settings can be used.", epilog="Example: llasactl config check"
)
@home_option
@click.pass_obj
def check(session: Session) -> None:
    """Say whether the settings can be used: syntax, values, folders, models.

    Exits with 3 when not. A running daemon has the settings of its start; `llasactl restart`
    has it read them anew.
    """
    from engine.errors import ModelError
    from engine.models import catalog, suitability  # late: `config path` need not wait for it

    click.echo(session.name_home())
    found = session.config
    click.echo(f"ok       {safe(_from(session))}")
    bad = 0
    for folder in found.watch:
        # The usual folder is made at the first start.
        there = folder == session.home.transcripts or os.path.isdir(folder)
        bad += not there
        told = f"ok       watch {safe(folder)}" if there else f"missing  watch {safe(folder)}"
        click.echo(told if there else f"{told}: make it, or mend `watch`")
    profiles = (found.default, *(rule.profile for rule in found.rules))
    for model in dict.fromkeys(profile.model for profile in profiles):
        try:
            info = catalog.describe(model, base=session.home.path)
        except ModelError as error:
            bad += 1
            click.echo(f"failure  model {safe(model)}: {safe(error)} {safe(error.hint)}")
        else:
            speaks = ", ".join(info.languages) or "any language"
            click.echo(f"ok       model {safe(model)} ({safe(speaks)})")
            for oddity in suitability.oddities(info):
                click.echo(f"warning  model {safe(model)}: {oddity.text} {oddity.advice}")
    for number, rule in enumerate(found.rules, start=1):
        patterns = ", ".join(rule.folders)
        click.echo(f"ok       profile {number}: {safe(rule.profile.name)} for {safe(patterns)}")
    if bad:
        raise ConfigError(
            f"{bad} of the settings cannot be used yet.",
            path=str(session.home.settings),
            hint="The lines above that begin with `failure` or `missing` say what to do.",
        )


@config.command(short_help="The path of the settings file.", epilog="Example: llasactl config path")
@home_option
@click.pass_obj
def path(session: Session) -> None:
    """Print the path of the settings file, for `$EDITOR "$(llasactl config path)"`.

    The file may be absent: the defaults hold then.
    """
    click.echo(safe(session.home.settings))


@config.command(
    short_help="Every setting with its default, explained.",
    epilog="Example: llasactl config example",
)
@home_option
def example() -> None:
    """Print a llasa.toml with every setting at its default, and what it does.

    Nothing is read and nothing written; a home works without such a file. To begin one where there
    is none: `llasactl config example > "$(llasactl config path)"`.
    """
    click.echo(EXAMPLE.read_text(encoding="utf-8"), nl=False)


@config.command(
    short_help="Which profile treats a file, and why.",
    epilog="Example: llasactl config explain interviews/anna.json",
)
@home_option
@json_option
@click.argument("file")
@click.pass_obj
def explain(session: Session, *, file: str, as_json: bool) -> None:
    """Say which profile treats a file and why, and with which settings.

    The file need not exist; it is looked for from here, from the home and from the watched
    folders.
    """
    place = locate(session.config, file)
    report = explain_file(session.config, place)
    if as_json:
        print_json(report)
        return
    click.echo(session.name_home())
    click.echo(f"file     {safe(place)}")
    click.echo(f"taken    {'yes' if report['taken'] else 'no'}: {safe(report['taken_because'])}")
    click.echo(f"profile  {safe(report['profile'])}: {safe(report['because'])}")
    for rule in report["passed_over"]:
        patterns = ", ".join(rule["folders"])
        click.echo(f"         not {safe(rule['profile'])} ({safe(patterns)})")
    click.echo(safe_toml(report["settings"]), nl=False)


def locate(config: settings.Config, file: str) -> Path:
    """Return the absolute path that a name means: from here, the home, or a watched folder."""
    name = Path(os.path.expanduser(file))  # Path's own raises for a user who is not there
    roots = (Path.cwd(), config.home.path, *config.watch)
    candidates = [Path(os.path.normpath(root / name)) for root in roots]
    there = (place for place in candidates if place.exists())
    watched = (place for place in candidates if config.watched_root(place))
    return next(there, None) or next(watched, candidates[0])


def explain_file(config: settings.Config, place: Path) -> dict[str, Any]:
    """Return which profile a file has and why; the keys are documented in docs/commands.md."""
    chosen, pattern = config.rule_for(place)
    profile = chosen.profile if chosen is not None else config.default
    passed: list[dict[str, Any]] = []
    for rule in config.rules:
        if rule is chosen:
            break
        passed.append({"profile": rule.profile.name, "folders": list(rule.folders)})
    taken, why = _taken(config, place)
    if chosen is None:
        because = "no [profile.NAME] names its folder" if config.rules else "there are no others"
    else:
        because = f'its folder fits "{pattern}", the first that does'
    return {
        "file": str(place),
        "taken": taken,
        "taken_because": why,
        "profile": profile.name,
        "because": because,
        "passed_over": passed,
        "settings": profile_table(profile),
    }


def _taken(config: settings.Config, place: Path) -> tuple[bool, str]:
    """Tell whether the daemon takes a file of this name at this place by itself, and why."""
    root = config.watched_root(place)
    if root is None:
        return False, "in no watched folder; `llasactl add` takes it"
    if sidecars.is_ours(place.name):
        return False, "the name of one of our own outputs"
    parts = place.parts[len(root.parts) :] if place.is_relative_to(root) else (place.name,)
    if any(part.startswith(".") for part in parts):
        return False, "hidden"
    for pattern in config.include:
        if fnmatch.fnmatchcase(place.name.lower(), pattern.lower()):
            return True, f"in {root}, and its name fits {pattern}"
    return False, f"its name fits nothing in `include` ({', '.join(config.include)})"


def table_of(config: settings.Config) -> dict[str, Any]:
    """Return the settings as llasa.toml would give them, complete."""
    table: dict[str, Any] = {
        "watch": [str(folder) for folder in config.watch],
        "include": list(config.include),
        "device": config.device,
        "settle_s": config.settle_s,
        "settle_limit_s": config.settle_limit_s,
        "rescan_s": config.rescan_s,
        "max_bytes": config.max_bytes,
        "idle_unload_s": config.idle_unload_s,
        "silence_s": config.silence_s,
        **profile_table(config.default),
    }
    if config.rules:
        table["profile"] = {
            rule.profile.name: {"folders": list(rule.folders), **profile_table(rule.profile)}
            for rule in config.rules
        }
    return table


def profile_table(profile: Profile) -> dict[str, Any]:
    """Return a profile's settings as plain values; what is not set is left out."""
    found: dict[str, Any] = {}
    for field in fields(profile):
        value = getattr(profile, field.name)
        if field.name == "name" or value is None:
            continue
        if isinstance(value, Mapping):
            if value:
                found[field.name] = dict(value)
        elif isinstance(value, tuple):
            if value:
                found[field.name] = list(value)
        else:
            found[field.name] = value
    return found


def toml_of(table: Mapping[str, Any], place: tuple[str, ...] = ()) -> str:
    """Return a table as TOML: values first, tables after them."""
    lines = [
        f"{_key(key)} = {_value(value)}\n"
        for key, value in table.items()
        if not isinstance(value, Mapping)
    ]
    head = f"\n[{'.'.join(map(_key, place))}]\n" if place and lines else ""
    inner = "".join(
        toml_of(value, (*place, key)) for key, value in table.items() if isinstance(value, Mapping)
    )
    return head + "".join(lines) + inner


def safe_toml(table: Mapping[str, Any]) -> str:
    """Return the same, a little to the right."""
    return "".join(f"         {line}\n" for line in toml_of(table).splitlines() if line)


def _key(name: str) -> str:
    plain = name.replace("-", "").replace("_", "")
    return name if plain.isascii() and plain.isalnum() else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    # A TOML string in ASCII is written as a JSON string is, but for DEL.
    return json.dumps(value).replace("\x7f", "\\u007f")


def _from(session: Session) -> str:
    if session.home.settings.exists():
        return f"{session.home.settings}"
    return f"{session.home.settings} is not there: these are the defaults"


COMMANDS: Final = (config,)
