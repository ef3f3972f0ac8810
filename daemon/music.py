"""The entry point of `llasa-music`: the music service, with the settings of a home."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import click

from daemon.errors import DaemonError, HomeError
from daemon.operations import music_service
from daemon.operations.music_service import INSTALL, missing_packages
from daemon.operations.session import Session
from daemon.terminal import safe
from engine.cli.run import EXIT_ENVIRONMENT, UserMessage, run_command
from engine.music import licence
from engine.music.errors import MusicError, MusicModelMissing
from engine.music.flamingo import model_folder
from engine.music.settings import MusicSettings, WrongSetting, own_folder, with_environment
from engine.recipe import ENGINE_VERSION


@click.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: llasa-music --accept-licence",
)
@click.option("--home", metavar="DIR", help="Use this home's llasa.toml.")
@click.option("--port", type=click.IntRange(1, 65_535), help="Port on 127.0.0.1.")
@click.option("--accept-licence", is_flag=True, help="Accept the licence of the model's weights.")
@click.option("--service", is_flag=True, hidden=True, help="Started by launchd or systemd.")
@click.version_option(ENGINE_VERSION, prog_name="llasa-music")
def llasa_music(home: str | None, port: int | None, *, accept_licence: bool, service: bool) -> None:
    """Serve questions about music on this machine alone, answered by a model that hears.

    It runs until it is interrupted. Other programs of this user find its address and its token in
    music.json, in llasa's own folder. `llasactl install --music` starts it at every login.
    """
    try:
        settings = _ready(home, port, agreed=accept_licence)
    except UserMessage as error:
        if not service or (home is not None and not Path(home).is_dir()):
            raise  # a disk that is away may come back
        # The next start would end alike, and a service manager would begin it again for ever.
        click.echo(str(error), err=True)
        return
    from engine.music.serve import serve

    def ready(address: str) -> None:
        click.echo(f"llasa-music listens at {address} ({settings.backend}). Ctrl-C ends it.")
        click.echo(f"Its token is in {own_folder() / 'music.json'}.")
        sys.stdout.flush()

    try:
        serve(settings, on_ready=ready)
    except MusicError as error:
        raise _told(str(error), error.hint) from error


def _ready(home: str | None, port: int | None, *, agreed: bool) -> MusicSettings:
    """Return the settings where nothing is missing; raises UserMessage."""
    if missing_packages():
        raise _told("The music service is not installed.", INSTALL)
    settings = settings_of(home)
    if port is not None:
        settings = replace(settings, port=port)
    _check_licence(settings, agreed=agreed)
    return settings


def settings_of(home: str | None) -> MusicSettings:
    """Return the settings of a home, if there is one, and of the environment."""
    session = Session(home)
    try:
        return music_service.settings_of(session)
    except HomeError as error:
        if home is not None:
            raise _told(str(error), error.hint) from error
    except DaemonError as error:
        raise _told(str(error), error.hint) from error
    try:
        return with_environment(MusicSettings())
    except WrongSetting as wrong:
        raise _told("A variable LLASA_MUSIC_... is wrong.", f"Allowed: {wrong}.") from wrong


def _check_licence(settings: MusicSettings, *, agreed: bool) -> None:
    named = music_service.named(settings)
    if licence.accepted(named, own_folder()):
        return
    click.echo(licence.TEXT)
    whole: Path | None = None
    if settings.backend == "transformers":
        try:
            whole = licence.whole_text(model_folder(settings.model))
        except MusicModelMissing as error:
            raise _told(str(error), error.hint) from error
    if whole is not None:
        click.echo(safe(f"Its whole text: {whole}"))
    if not agreed:
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise _told(
                f"The licence of {named} was not accepted.",
                "Read it, then start once with --accept-licence.",
            )
        click.confirm("Do you accept it?", abort=True)
    licence.accept(named, own_folder())


def _told(message: str, hint: str) -> UserMessage:
    return UserMessage(f"llasa-music: {safe(message)}\n{safe(hint)}", exit_code=EXIT_ENVIRONMENT)


def main() -> NoReturn:
    """Run `llasa-music`."""
    run_command(llasa_music, "llasa-music")


if __name__ == "__main__":
    main()
