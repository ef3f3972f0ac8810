"""Read llasa.toml: every mistake is an error that names the key, the line and what is allowed."""

from __future__ import annotations

import difflib
import fnmatch
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, Final, Literal

from daemon import checks
from daemon.errors import ConfigError
from daemon.errors import WrongValue as _Wrong
from daemon.files.spelling import name_key, resolved
from daemon.home import Home, refuse_foreign
from daemon.hooks.records import Hook, hook_of
from daemon.hours import Hours, hours_of
from engine.audio.backends import BACKENDS, Setup
from engine.models import servers
from engine.music.settings import MusicSettings
from engine.records import Profile

Device = Literal["auto", "quantized", "float32"]
Work = Literal["always", "on_power", "idle"]
MIB: Final = 1024 * 1024
_DEFAULT: Final = Profile()
_NO_HOOK: Final = Hook()
_ALL_DAY: Final = Hours()
_NO_MUSIC: Final = MusicSettings()


@dataclass(frozen=True, slots=True)
class ProfileRule:
    """A profile and the folders whose files it applies to."""

    profile: Profile
    folders: tuple[str, ...]  # patterns, matched in `Config.profile_for`
    hours: Hours = _ALL_DAY  # in which it applies


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a home, checked and complete."""

    home: Home
    watch: tuple[Path, ...]  # absolute, links not yet resolved
    include: tuple[str, ...] = ("*.json",)  # file name patterns
    device: Device = "auto"
    settle_s: float = 2.0
    settle_limit_s: float = 60.0
    rescan_s: float = 60.0
    max_bytes: int = 64 * MIB
    idle_unload_s: float = 120.0
    silence_s: float = 120.0
    audio: tuple[str, ...] = ()  # file name patterns of recordings; none: they are passed over
    transcriber: str | None = None  # the Whisper tool; None: the best that is here
    whisper_model: str | None = None  # None: the best that is here
    audio_python: str | None = None  # an interpreter with packages for sound
    chat_model: str | None = None  # writes for `llasa-cli`; None: the best on this machine
    work: Work = "always"
    hours: Hours = _ALL_DAY  # in which files are processed
    idle_after_s: float = 300.0  # without a user, for work = "idle"
    on_done: Hook = _NO_HOOK
    on_trouble: Hook = _NO_HOOK
    embedding_model: str | None = None  # for search by meaning; None: by words alone
    music: MusicSettings = _NO_MUSIC  # the section [music]
    default: Profile = _DEFAULT
    rules: tuple[ProfileRule, ...] = ()

    def profile_for(self, path: str | PurePath, *, at: float | None = None) -> Profile:
        """Return the profile of a file: of the first rule that matches its folder, or the default.

        A pattern matches a folder and everything below it. A relative one starts at the watched
        folder that holds the file, an absolute one at the root; `*` stands for part of a name. A
        rule with hours matches only at a moment within them; `at` is in seconds since the epoch.
        """
        rule, _ = self.rule_for(path, at=at)
        return rule.profile if rule is not None else self.default

    def rule_for(
        self, path: str | PurePath, *, at: float | None = None
    ) -> tuple[ProfileRule | None, str]:
        """Return the first rule that matches a file and its pattern, (None, "") where none does."""
        folder = PurePath(path).parent
        for rule in self.rules:
            if rule.hours and (at is None or not rule.hours.cover(at)):
                continue
            for pattern in rule.folders:
                if self._matches(pattern, folder):
                    return rule, pattern
        return None, ""

    def watched_root(self, path: PurePath) -> Path | None:
        """Return the watched folder that holds a file, None for a file from elsewhere."""
        for root in self.watch:
            if path.is_relative_to(root) or path.is_relative_to(resolved(root)):
                return root
        return None

    @property
    def sound(self) -> Setup:
        """Return what the settings say of tools for sound."""
        return Setup(
            transcriber=self.transcriber,
            model=self.whisper_model,
            python=self.audio_python,
            model_folders=(self.home.path / "var" / "models",),
        )

    def profile_named(self, name: str) -> Profile | None:
        """Return the profile of that name, None when the settings have none."""
        profiles = (self.default, *(rule.profile for rule in self.rules))
        return next((profile for profile in profiles if profile.name == name), None)

    def _matches(self, pattern: str, folder: PurePath) -> bool:
        if PurePath(pattern).is_absolute():
            return _within(PurePath(pattern).parts, folder.parts)
        return any(
            _within(PurePath(pattern).parts, folder.relative_to(base).parts)
            for root in self.watch
            for base in {root, resolved(root)}
            if folder.is_relative_to(base)
        )


def load(home: Home) -> Config:
    """Read the settings of a home; without a llasa.toml the defaults apply.

    Raises ConfigError for anything that is not understood, UnsafeFolder for a file that another
    user may have written.
    """
    try:
        text = home.settings.read_text(encoding="utf-8-sig")  # Windows editors
    except FileNotFoundError:
        return Config(home=home, watch=(home.transcripts,))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read ({error})", path=str(home.settings)) from error
    refuse_foreign(home.settings)
    return parse(text, home)


def parse(text: str, home: Home) -> Config:
    """Return the settings in the text of a llasa.toml; raise ConfigError for a mistake."""
    source = _Source(text, str(home.settings))
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+)", str(error))
        last = len(text.splitlines())
        raise ConfigError(
            f"this is not TOML: {str(error).split(' (at', maxsplit=1)[0]}.",
            line=int(found[1]) if found else last,
            path=source.path,
        ) from error
    profiles = table.pop("profile", {})
    values = source.with_tags(source.check(table, _KEYS | _PROFILE_KEYS, ()), ())
    default = _profile("default", values, Profile())
    if not isinstance(profiles, dict):
        raise source.error(("profile",), "`profile` is not a table.", "[profile.NAME] sections")
    rules = tuple(_rule(source, name, table, default) for name, table in profiles.items())
    config = Config(
        home=home,
        watch=tuple(home.path / folder for folder in values.pop("watch"))
        if "watch" in values
        else (home.transcripts,),
        default=default,
        rules=rules,
        **{key: value for key, value in values.items() if key in _KEYS},
    )
    if config.settle_limit_s < config.settle_s:
        raise source.error(
            ("settle_limit_s",), "`settle_limit_s` is shorter than `settle_s`.", "settle_s or more"
        )
    return config


def _rule(source: _Source, name: str, table: Any, default: Profile) -> ProfileRule:
    place = ("profile", name)
    if not isinstance(table, dict):
        raise source.error(
            place, f"`profile.{name}` is not a table.", f"a section [profile.{name}]"
        )
    values = source.check(
        table, _PROFILE_KEYS | {"folders": checks.strings, "hours": hours_of}, place
    )
    values = source.with_tags(values, place)
    if "folders" not in values:
        raise source.error(place, f"[profile.{name}] names no folder.", 'folders = ["interviews"]')
    hours = values.get("hours", _ALL_DAY)
    for key in set(values) - BY_THE_HOUR if hours else ():
        raise source.error(
            (*place, key),
            f"`{key}` cannot depend on the time of day: where a file's text lies and who may read "
            "it must not change at night.",
            "hours beside " + ", ".join(sorted(BY_THE_HOUR - {"hours"})),
        )
    return ProfileRule(_profile(name, values, default), values["folders"], hours)


def _profile(name: str, values: Mapping[str, Any], base: Profile) -> Profile:
    made = replace(base, name=name, **{key: values[key] for key in _PROFILE_KEYS if key in values})
    return replace(made, model=servers.named_again(made.model, made.model_host))


def _within(pattern: tuple[str, ...], folder: tuple[str, ...]) -> bool:
    return len(pattern) <= len(folder) and all(
        fnmatch.fnmatchcase(name_key(part), name_key(wanted))
        for part, wanted in zip(folder, pattern, strict=False)
    )


class _Source:
    """The text of the settings, to find the line of a key."""

    def __init__(self, text: str, path: str) -> None:
        self.path = path
        self._lines = text.splitlines()

    def check(
        self, table: Mapping[str, Any], keys: Mapping[str, checks.Check], place: tuple[str, ...]
    ) -> dict[str, Any]:
        """Return the checked values of a table; raise ConfigError at the first that is wrong."""
        values = {}
        for key, value in table.items():
            if key not in keys:
                near = difflib.get_close_matches(key, keys, n=1)
                guess = f", did you mean `{near[0]}`?" if near else "."
                raise self.error(
                    (*place, key), f"unknown key `{key}`{guess}", ", ".join(sorted(keys))
                )
            try:
                values[key] = keys[key](value)
            except _Wrong as wrong:
                raise self.error(
                    (*place, key), f"`{key}` cannot be {value!r}.", wrong.allowed
                ) from None
        return values

    def error(self, place: tuple[str, ...], message: str, allowed: str) -> ConfigError:
        return ConfigError(
            message, key=".".join(place), line=self._line(place), allowed=allowed, path=self.path
        )

    def _line(self, place: tuple[str, ...]) -> int | None:
        """Return the line of a key or section, from 1; None for a spelling that is not foreseen."""
        section: tuple[str, ...] = ()
        for number, line in enumerate(self._lines, start=1):
            if header := re.match(r"\s*\[+\s*([^\]]+?)\s*\]+", line):
                section = _names(header[1])
                if section == place:
                    return number
            elif (pair := re.match(r"\s*([^=#]+?)\s*=", line)) and (
                *section,
                *_names(pair[1]),
            ) == place:
                return number
        return None

    def with_tags(self, values: dict[str, Any], place: tuple[str, ...]) -> dict[str, Any]:
        """Return the values with the tags of a file where they name one, from the home's folder."""
        name = values.get("tags")
        if not isinstance(name, str):
            return values
        path = Path(self.path).parent / os.path.expanduser(name)
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise self.error(
                (*place, "tags"), f"{path} cannot be read ({error}).", checks.TAGS_ALLOWED
            ) from error
        tags = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        if not tags or not all(map(checks.is_tag, tags)):
            raise self.error((*place, "tags"), f"{path} is no list of tags.", checks.TAGS_ALLOWED)
        return {**values, "tags": tuple(dict.fromkeys(tags))}


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip().strip("\"'") for name in dotted.split("."))


_PROFILE_KEYS: Final[dict[str, checks.Check]] = {
    "model": checks.text,
    "model_host": checks.text,
    "cleaning": checks.choice("off", "safe", "thorough"),
    "language": checks.language,
    "outputs": checks.outputs,
    "speakers": checks.pairs,
    "glossary": checks.glossary,
    "terms": checks.terms,
    "tags": checks.tags,
    "write_metadata": checks.flag,
    "private": checks.flag,
    "diarize": checks.flag,
    "describe_music": checks.flag,
    "output_dir": checks.folder,
    "output_name": checks.output_name,
    "front_matter": checks.choice("yaml", "obsidian", "logseq", "none"),
}
_KEYS: Final[dict[str, checks.Check]] = {
    "watch": checks.folders,
    "include": checks.patterns,
    "device": checks.choice("auto", "quantized", "float32"),
    "settle_s": checks.number(0.1, 3600),
    "settle_limit_s": checks.number(0.1, 86400),
    "rescan_s": checks.number(1, 86400),
    "max_bytes": checks.byte_count,
    "idle_unload_s": checks.number(1, 86400),
    "silence_s": checks.number(5, 86400),
    "chat_model": checks.text,
    "audio": checks.recordings,
    "transcriber": checks.choice(*sorted(BACKENDS)),
    "whisper_model": checks.text,
    "audio_python": checks.text,
    "work": checks.choice("always", "on_power", "idle"),
    "hours": hours_of,
    "idle_after_s": checks.number(10, 86400),
    "on_done": hook_of,
    "on_trouble": hook_of,
    "embedding_model": checks.text,
    "music": checks.music,
}
# What decides the text alone; a profile with hours may set nothing else.
BY_THE_HOUR: Final = frozenset(
    {"folders", "hours", "model", "model_host", "cleaning", "language", "glossary", "terms"}
)
