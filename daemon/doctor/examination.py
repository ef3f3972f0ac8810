"""Examine a whole home: every examination in the order in which its answer matters."""

from __future__ import annotations

from collections.abc import Iterator

from daemon.doctor import homes, machine, model, music, running, sound
from daemon.doctor.findings import Finding, failure, ok
from daemon.errors import ConfigError
from daemon.operations.session import Session
from daemon.operations.status import status_of
from daemon.power import system


def examine(session: Session, *, no_model: bool) -> Iterator[Finding]:
    """Yield every finding as soon as it is known; after a mistake in the settings, no more."""
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
    yield from homes.homes(config)
    yield from machine.outputs(config)
    yield from machine.evicted(config)
    if config.work != "always":
        yield from machine.power(config, system.read())
    yield from running.watcher(config)
    yield from running.database(session.home)
    yield from running.service(status_of(session))
    yield from sound.tools(config)
    yield from music.music(session)
    yield music.extras(config)
    if no_model:
        return
    profiles = (config.default, *(rule.profile for rule in config.rules))
    for profile in {profile.model: profile for profile in reversed(profiles)}.values():
        yield from model.model(config, profile)
