"""The music service as a service of the system: installed, started and ended beside the daemon."""

from __future__ import annotations

import importlib.util
import os
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from daemon.errors import ConfigError
from daemon.home import Home, make_folders
from daemon.operations import service
from daemon.operations.errors import NotPossible
from daemon.operations.session import Session
from engine.audio.python import VARIABLE as PYTHON
from engine.music import licence
from engine.music.errors import MusicModelMissing
from engine.music.flamingo import model_folder
from engine.music.settings import (
    NAMES,
    PREFIX,
    MusicSettings,
    WrongSetting,
    own_folder,
    running,
    with_environment,
)
from launchd import agent
from launchd.agent import MUSIC_LABEL, AgentSpec, Manager, ServiceState, Step

PACKAGES: Final = ("fastapi", "multipart", "uvicorn")
DESCRIPTION: Final = "llasa: hears music with a model, for programs of this user"
ERROR_LOG: Final = "llasa-music.err.log"
INSTALL: Final = "Install it with `uv tool install 'llasa[music]'`; docs/music.md says more."
# What the service must know of the terminal's environment. Its token is no part of it: others may
# read a property list, and without one each start makes a new token.
PASSED_ON: Final = (*service.PASSED_ON, PYTHON, *(f"{PREFIX}{name.upper()}" for name in NAMES))


@dataclass(frozen=True, slots=True)
class Installed:
    """What the service manager says of the music service, and the process that answers."""

    state: ServiceState
    pid: int | None  # of a service of this user that runs, however it was started


def missing_packages() -> tuple[str, ...]:
    """Return which packages of the extra `music` are not here."""
    return tuple(name for name in PACKAGES if importlib.util.find_spec(name) is None)


def settings_of(session: Session) -> MusicSettings:
    """Return the settings of a home and of the environment.

    Raises HomeError, ConfigError, and ConfigError for a variable that is wrong.
    """
    config = session.config
    try:
        settings = with_environment(config.music)
    except WrongSetting as wrong:
        raise ConfigError(
            "a variable LLASA_MUSIC_... is wrong.",
            allowed=str(wrong),
            path="the environment",
            hint="Unset it, or set it to one of these.",
        ) from wrong
    return settings if settings.python else replace(settings, python=config.audio_python)


def named(settings: MusicSettings) -> str:
    """Return the name under which the licence of a model is accepted."""
    return settings.model or settings.backend


def install(home: Home, *, dry_run: bool = False) -> tuple[Step, ...]:
    """Start the music service now and at every login; return what was done.

    What would end it at each start is refused before anything is made. Raises NotPossible,
    ConfigError and ServiceError.
    """
    settings = settings_of(Session(str(home.path)))
    _refuse_useless(settings)
    manager, spec = _manager(), _spec(home)
    _refuse_beside_another(manager)
    steps = manager.install(spec, dry_run=True)
    if dry_run:
        return steps
    make_folders(home)
    return manager.install(spec)


def uninstall(*, dry_run: bool = False) -> tuple[Step, ...]:
    """End the music service and no longer start it at login; nothing where it is not installed."""
    return _manager().uninstall(dry_run=dry_run)


def start() -> tuple[Step, ...]:
    """Start the installed music service; raises ServiceError."""
    return _manager().start()


def stop() -> tuple[Step, ...]:
    """End the installed music service until `start` or the next login."""
    return _manager().stop()


def restart() -> tuple[Step, ...]:
    """End the installed music service and start it again; raises ServiceError."""
    return _manager().restart()


def state() -> Installed:
    """Return how the music service is; raises ServiceError where there is no manager."""
    return Installed(_manager().state(), running())


def wait_until_running(home: Home, *, not_pid: int | None = None) -> int:
    """Wait until the service answers for and return its pid; raises NotPossible."""
    if _wait(lambda: running() not in (None, not_pid)):
        return running() or 0
    log = service.early_logs(home) / ERROR_LOG
    where = str(log) if sys.platform == "darwin" else "journalctl --user -u llasa-music -n 50"
    raise NotPossible(
        f"The music service did not start within {service.START_PATIENCE_S:.0f} s.",
        hint=f"Its messages: {where}. Or start it in a terminal: llasa-music",
    )


def _wait(is_so: Callable[[], bool]) -> bool:
    return service.wait(is_so, service.START_PATIENCE_S)


def _manager() -> Manager:
    return agent.manager(label=MUSIC_LABEL)


def _spec(home: Home) -> AgentSpec:
    return AgentSpec(
        label=MUSIC_LABEL,
        program_arguments=(*_program(), "--service", "--home", str(home.path)),
        home=home.path,
        log_dir=service.early_logs(home),
        environment={name: os.environ[name] for name in PASSED_ON if os.environ.get(name)},
        error_log=ERROR_LOG,
        description=DESCRIPTION,
    )


def _program() -> tuple[str, ...]:
    """Return the command that starts llasa-music from the environment this process runs in."""
    script = Path(sysconfig.get_path("scripts")) / "llasa-music"
    return (str(script),) if script.is_file() else (sys.executable, "-P", "-m", "daemon.music")


def _refuse_useless(settings: MusicSettings) -> None:
    """Raise NotPossible for what the service would end with, and nobody would read it."""
    if missing := missing_packages():
        raise NotPossible(f"The music service lacks {', '.join(missing)}.", hint=INSTALL)
    if settings.backend == "transformers":
        try:
            model_folder(settings.model)
        except MusicModelMissing as error:
            raise NotPossible(str(error), hint=error.hint) from error
    if not licence.accepted(named(settings), own_folder()):
        raise NotPossible(
            f"The licence of {named(settings)} was not accepted. {licence.TEXT}",
            hint="Read it, then start the service once with `llasa-music --accept-licence`, end it "
            "with Ctrl-C, and install it again.",
        )


def _refuse_beside_another(manager: Manager) -> None:
    pid = running()
    if pid is not None and not manager.state().running:
        raise NotPossible(
            f"A llasa-music that was started by hand already runs (pid {pid}).",
            hint="End it with Ctrl-C in its terminal, then run `llasactl install --music`.",
        )
