"""The settings of a home as every face shows them: complete, checked, and explained for a file."""

from __future__ import annotations

import fnmatch
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final, Literal

from daemon.config import BY_THE_HOUR, Config, ProfileRule
from daemon.files import outlets
from daemon.operations.session import Session
from engine import sidecars
from engine.records import Profile

# Beside the code, since an installation has no checkout; the checkout's own is the same.
EXAMPLE: Final = Path(__file__).parents[1] / "llasa.toml"


@dataclass(frozen=True, slots=True)
class SettingCheck:
    """One setting and whether it can be used."""

    state: Literal["ok", "warning", "missing", "failure"]  # the last two: it cannot be used
    text: str  # what was checked, and what to do where it cannot be used

    @property
    def is_bad(self) -> bool:
        """Return whether the setting cannot be used yet."""
        return self.state in ("missing", "failure")


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A profile that does not treat a file."""

    profile: str
    folders: list[str]  # its patterns, none of which fits


@dataclass(frozen=True, slots=True)
class FileReport:
    """Which profile treats a file, and why; the fields are the keys of `config explain --json`."""

    file: str  # the path that was understood
    taken: bool  # whether the daemon takes a file of this name at this place by itself
    taken_because: str
    profile: str
    because: str
    passed_over: list[PassedOver]  # profiles that were asked before it
    settings: dict[str, Any]  # of the profile, as in llasa.toml

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values; docs/commands.md explains the keys."""
        return asdict(self)


def origin_of(session: Session) -> str:
    """Return where the settings come from, as a line."""
    if session.home.settings.exists():
        return f"{session.home.settings}"
    return f"{session.home.settings} does not exist: these are the defaults"


def check_settings(session: Session) -> Iterator[SettingCheck]:
    """Yield every setting and whether it can be used; raises ConfigError for a mistake."""
    config = session.config
    yield SettingCheck("ok", origin_of(session))
    for folder in config.watch:
        # The default folder is made at the first start.
        if folder == session.home.transcripts or os.path.isdir(folder):
            yield SettingCheck("ok", f"watch {folder}")
        else:
            yield SettingCheck("missing", f"watch {folder}: create it, or correct `watch`")
    from engine import reading  # late: `config path` need not wait for it

    for pattern in config.include:
        ending = Path(pattern).suffix
        if ending and not set("*?[") & set(ending) and not reading.is_read(f"talk{ending}"):
            yield SettingCheck(
                "warning",
                f"include {pattern}: files that end in {ending} are not read; let your tool write "
                "SRT, WebVTT or JSON",
            )
    profiles = (config.default, *(rule.profile for rule in config.rules))
    for model in dict.fromkeys(profile.model for profile in profiles):
        yield from _check_model(session, model)
    if config.chat_model is not None:
        yield _check_chat_model(session, config.chat_model)
    for root in outlets.roots_of(config):
        if root.is_dir() or root.parent.is_dir():
            yield SettingCheck("ok", f"outputs in {root}")
        else:
            yield SettingCheck("missing", f"outputs in {root}: create it, or correct `output_dir`")
    if config.embedding_model is not None:
        yield _check_embedding_model(session, config.embedding_model)
    for number, rule in enumerate(config.rules, start=1):
        patterns = ", ".join(rule.folders)
        yield SettingCheck("ok", f"profile {number}: {rule.profile.name} for {patterns}")


def _check_model(session: Session, model: str) -> Iterator[SettingCheck]:
    from engine.errors import ModelError
    from engine.models import (  # late: `config path` need not wait for it
        calibrations,
        catalog,
        suitability,
    )

    try:
        info = catalog.describe(model, base=session.home.path)
    except ModelError as error:
        yield SettingCheck("failure", f"model {model}: {error} {error.hint}")
        return
    languages = ", ".join(info.languages) or "any language"
    former = f", called {model} before" if model in catalog.FORMER_NAMES else ""
    yield SettingCheck("ok", f"model {info.name}{former} ({languages})")
    for oddity in suitability.oddities(info):
        yield SettingCheck("warning", f"model {model}: {oddity.text} {oddity.advice}")
    if (advice := calibrations.advice(session.home.path, info)) is not None:
        yield SettingCheck("warning", f"model {model}: {advice[0]}. {advice[1]}")


def _check_chat_model(session: Session, model: str) -> SettingCheck:
    from engine.errors import ModelError
    from engine.models import catalog  # late: `config path` need not wait for it

    try:
        info = catalog.describe(model, base=session.home.path)
    except ModelError as error:
        return SettingCheck("failure", f"chat_model {model}: {error} {error.hint}")
    if not info.converses:
        return SettingCheck(
            "failure", f"chat_model {model}: it cannot chat; name an instruction-tuned model"
        )
    return SettingCheck("ok", f"chat_model {model}")


def _check_embedding_model(session: Session, model: str) -> SettingCheck:
    from engine.errors import ModelError
    from engine.models import embedders  # late: `config path` need not wait for it

    try:
        embedders.describe(model, base=session.home.path)
    except ModelError as error:
        return SettingCheck("failure", f"embedding_model {model}: {error} {error.hint}")
    return SettingCheck("ok", f"embedding_model {model}")


def explain_file(config: Config, file: str) -> FileReport:
    """Return which profile treats a file now and why; the file need not exist."""
    place = locate(config, file)
    chosen, pattern = config.rule_for(place, at=time.time())
    profile = chosen.profile if chosen is not None else config.default
    passed: list[PassedOver] = []
    for rule in config.rules:
        if rule is chosen:
            break
        passed.append(PassedOver(rule.profile.name, list(rule.folders)))
    taken, why = _taken(config, place)
    if chosen is None:
        because = "no [profile.NAME] names its folder" if config.rules else "there are no others"
    else:
        because = f'its folder fits "{pattern}", the first that does'
        if chosen.hours:
            because += f", at this time of day (hours {chosen.hours})"
    return FileReport(
        file=str(place),
        taken=taken,
        taken_because=why,
        profile=profile.name,
        because=because,
        passed_over=passed,
        settings=profile_table(profile),
    )


def locate(config: Config, file: str) -> Path:
    """Return the absolute path that a name means: from here, the home, or a watched folder."""
    name = Path(os.path.expanduser(file))  # Path's own raises for a user who does not exist
    roots = (Path.cwd(), config.home.path, *config.watch)
    candidates = [Path(os.path.normpath(root / name)) for root in roots]
    there = (place for place in candidates if place.exists())
    watched = (place for place in candidates if config.watched_root(place))
    return next(there, None) or next(watched, candidates[0])


def _taken(config: Config, place: Path) -> tuple[bool, str]:
    """Return whether the daemon takes a file of this name at this place by itself, and why."""
    root = config.watched_root(place)
    if root is None:
        return False, "in no watched folder; `llasactl add` takes it"
    if sidecars.is_ours(place.name):
        return False, "the name of one of our own outputs"
    parts = place.parts[len(root.parts) :] if place.is_relative_to(root) else (place.name,)
    if any(part.startswith(".") for part in parts):
        return False, "hidden"
    for pattern in (*config.include, *config.audio):
        if fnmatch.fnmatchcase(place.name.lower(), pattern.lower()):
            return True, f"in {root}, and its name fits {pattern}"
    return False, f"its name fits nothing in `include` ({', '.join(config.include)})"


def table_of(config: Config) -> dict[str, Any]:
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
        "audio": list(config.audio),
        **{
            key: value
            for key in (
                "transcriber",
                "whisper_model",
                "audio_python",
                "chat_model",
                "embedding_model",
            )
            if (value := getattr(config, key)) is not None
        },
        "work": config.work,
        **({"hours": config.hours.to_list()} if config.hours else {}),
        "idle_after_s": config.idle_after_s,
        **profile_table(config.default),
    }
    for name, hook in (("on_done", config.on_done), ("on_trouble", config.on_trouble)):
        if told := hook.to_table():
            table[name] = told
    if config.rules:
        table["profile"] = {rule.profile.name: _rule_table(rule) for rule in config.rules}
    return table


def _rule_table(rule: ProfileRule) -> dict[str, Any]:
    table = {"folders": list(rule.folders), **profile_table(rule.profile)}
    if rule.hours:
        table = {key: value for key, value in table.items() if key in BY_THE_HOUR}
        table["hours"] = rule.hours.to_list()
    return table


def profile_table(profile: Profile) -> dict[str, Any]:
    """Return a profile's settings as plain values; those that are not set are left out."""
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


def _key(name: str) -> str:
    plain = name.replace("-", "").replace("_", "")
    return name if plain.isascii() and plain.isalnum() else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_value(entry) for entry in value) + "]"
    # An ASCII string is written the same in TOML and JSON, except for DEL.
    return json.dumps(value).replace("\x7f", "\\u007f")
