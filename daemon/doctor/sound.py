"""Examine what works on recordings: converters, Whisper tools and their models."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.config import Config
from daemon.doctor.findings import Finding, failure, ok, warning
from engine.audio.backends import available, choose
from engine.audio.prepare import converters
from engine.diarize.backends import DIARIZERS
from engine.errors import TranscriberMissing


def tools(config: Config) -> Iterator[Finding]:
    """Say what is here and how to get the rest; nothing is a failure that no setting asks for."""
    setup = config.sound
    found = converters(setup.python)
    if found:
        yield ok("sound", f"recordings are converted by {found[0]}")
    elif config.audio:
        yield warning(
            "sound",
            "nothing here converts recordings: only WAV of 16 kHz, mono, 16 bit can be used",
            "Install ffmpeg, or: uv tool install 'llasa[audio]'",
        )
    else:
        yield ok("sound", "no converter of recordings (ffmpeg, or the extra llasa[audio])")
    for backend, program, models in available(setup):
        if program is None:
            yield ok("whisper", f"{backend.name} is not here; to get it: {backend.how_to_get}")
        elif models:
            names = ", ".join(model.name for model in models[:3])
            more = f" and {len(models) - 3} more" if len(models) > 3 else ""
            yield ok("whisper", f"{backend.name} is here, with {names}{more}")
        else:
            yield ok(
                "whisper",
                f"{backend.name} is here, without a model; to get one: "
                f"{backend.how_to_get_a_model}",
            )
    yield from _diarizers(config)
    try:
        chosen = choose(setup)
    except TranscriberMissing as error:
        if config.audio:
            yield failure("whisper", f"`audio` is set, but: {error}", error.hint)
        return
    if config.audio:
        used = f"{chosen.backend.name} with {chosen.model.name}"
        yield ok("whisper", f"recordings ({', '.join(config.audio)}) are transcribed by {used}")


def _diarizers(config: Config) -> Iterator[Finding]:
    profiles = (config.default, *(rule.profile for rule in config.rules))
    wanted = [profile.name for profile in profiles if profile.diarize]
    for diarizer in DIARIZERS:
        if diarizer.where(config.audio_python) is not None:
            yield ok("speakers", f"{diarizer.name} is here and finds who speaks")
        elif wanted:
            yield failure(
                "speakers",
                f"`diarize` is set ({', '.join(wanted)}), but {diarizer.name} is not here",
                f"Install it: {diarizer.how_to_get}",
            )
        else:
            yield ok("speakers", f"{diarizer.name} is not here; to get it: {diarizer.how_to_get}")
