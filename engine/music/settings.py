"""The settings of the music service: `[music]` in llasa.toml, and LLASA_MUSIC_* before it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Literal

from engine.music.records import POLICIES, Policy

PREFIX: Final = "LLASA_MUSIC_"
PORT: Final = 8766
ADDRESS_FILE: Final = "music.json"  # where a running service is found; for this user alone
Backends = Literal["transformers", "llama-server"]


class WrongSetting(ValueError):
    """A setting has a value that is not allowed; the message says what is."""


@dataclass(frozen=True, slots=True)
class MusicSettings:
    """How music is heard."""

    backend: Backends = "transformers"
    model: str | None = None  # a folder or a repository that is downloaded; for llama-server a name
    server: str = "http://127.0.0.1:8080"  # of llama-server
    device: str = "auto"  # "cpu", "cuda", "mps"
    dtype: str = "auto"  # "bfloat16", "float16", "float32"
    policy: Policy = "window"
    window_s: float = 300.0  # of a window, where the policy is "window"
    overlap_s: float = 10.0
    most_audio_s: float | None = None  # less than the model can hear; None: what it can
    most_upload_bytes: int = 1 << 30
    port: int = PORT
    python: str | None = None  # an interpreter with torch and transformers, or with librosa


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise WrongSetting("a text that is not empty")
    return value


def _one_of(*choices: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in choices:
            raise WrongSetting(", ".join(f'"{choice}"' for choice in choices))
        return str(value)

    return check


def _number(least: float, most: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        try:
            number = float(value) if not isinstance(value, bool) else least - 1
        except (TypeError, ValueError):
            number = least - 1
        if not least <= number <= most:
            raise WrongSetting(f"a number from {least:g} to {most:g}")
        return number

    return check


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        number = _number(least, most)(value)
        if number != int(number):
            raise WrongSetting(f"a whole number from {least} to {most}")
        return int(number)

    return check


def _server(value: Any) -> str:
    text = _text(value)
    if not text.startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:")):
        raise WrongSetting("an address of this machine, such as http://127.0.0.1:8080")
    return text.rstrip("/")


_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "backend": _one_of("transformers", "llama-server"),
    "model": _text,
    "server": _server,
    "device": _one_of("auto", "cpu", "cuda", "mps"),
    "dtype": _one_of("auto", "bfloat16", "float16", "float32"),
    "policy": _one_of(*POLICIES),
    "window_s": _number(5, 3600),
    "overlap_s": _number(0, 60),
    "most_audio_s": _number(1, 14_400),
    "most_upload_bytes": _whole(1024, 1 << 34),
    "port": _whole(1, 65_535),
    "python": _text,
}
NAMES: Final = tuple(_CHECKS)


def from_table(value: Any) -> MusicSettings:
    """Return the settings in a table of llasa.toml; raises `WrongSetting`."""
    if not isinstance(value, Mapping):
        raise WrongSetting("a section [music]")
    for key in value:
        if key not in _CHECKS:
            raise WrongSetting(f"in [music]: {', '.join(_CHECKS)}; `{key}` is unknown")
    return replace(MusicSettings(), **{key: _checked(key, value[key]) for key in value})


def with_environment(
    settings: MusicSettings, environment: Mapping[str, str] | None = None
) -> MusicSettings:
    """Return the settings with what the environment says; raises `WrongSetting`."""
    environment = os.environ if environment is None else environment
    said = {
        field.name: environment[PREFIX + field.name.upper()]
        for field in fields(settings)
        if environment.get(PREFIX + field.name.upper())
    }
    return replace(settings, **{key: _checked(key, value) for key, value in said.items()})


def _checked(key: str, value: Any) -> Any:
    try:
        return _CHECKS[key](value)
    except WrongSetting as wrong:
        raise WrongSetting(f"{key} = {wrong}") from None


def running(folder: Path | None = None) -> int | None:
    """Return the process of the service that runs for this user, None where none does.

    Nobody is asked: the service writes where it is, and its process is there.
    """
    place = (own_folder() if folder is None else folder) / ADDRESS_FILE
    try:
        pid = int(json.loads(place.read_bytes())["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return None
    return pid


def own_folder() -> Path:
    """Return the folder in which llasa keeps what belongs to this user's machine."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "llasa"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "llasa"
