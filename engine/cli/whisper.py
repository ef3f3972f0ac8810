"""`llasa-cli whisper`: recordings to transcripts by a Whisper tool, and on to enhanced text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from engine import sidecars
from engine.audio.backends import BACKENDS, Chosen, Setup, choose
from engine.audio.prepare import Sound, prepare
from engine.audio.transcribe import transcribe
from engine.audio.work_folder import work_folder
from engine.child.client import ModelClient
from engine.cli import output as out
from engine.cli.context import CliContext
from engine.cli.enhance import enhance_file
from engine.cli.failure import failure
from engine.cli.options import language_option
from engine.cli.progress import clock_bar
from engine.cli.report import Reporter
from engine.cli.source import Source
from engine.diarize import beside
from engine.diarize.backends import find
from engine.diarize.records import MOST_SPEAKERS, Count, Found
from engine.errors import BadSound, EngineError, OutputError, SoundError, ToolError
from engine.models import catalog
from engine.records import Profile


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done with every recording."""

    folder: Path | None  # for the results; None: beside the recording
    enhance: bool
    language: str | None
    speakers: Count | None  # None: nobody asks who speaks


@click.command(
    short_help="Transcribe recordings, and enhance the transcripts.",
    epilog="Example: llasa-cli whisper talk.m4a --output-format json --enhance",
)
@click.argument(
    "recordings",
    metavar="AUDIO...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--output-format",
    type=click.Choice(["json"]),
    default="json",
    show_default=True,
    help="Format of the transcript.",
)
@click.option(
    "--output-dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the results here, not beside the recordings.",
)
@click.option("--enhance", "wants_text", is_flag=True, help="Enhance each transcript at once.")
@click.option(
    "--model",
    metavar="MODEL",
    help="Whisper model: a size (base), a repository, a folder or file; the best that is here.",
)
@click.option(
    "--transcriber",
    type=click.Choice(sorted(BACKENDS)),
    help="Whisper tool to use; the best that is here.",
)
@click.option("--diarize", is_flag=True, help="Find out who speaks, too.")
@click.option(
    "--speakers",
    type=click.IntRange(1, MOST_SPEAKERS),
    metavar="N",
    help="How many speakers there are, for --diarize.",
)
@language_option
@click.pass_context
def whisper(
    context: click.Context,
    recordings: tuple[Path, ...],
    output_format: str,
    folder: Path | None,
    *,
    wants_text: bool,
    model: str | None,
    transcriber: str | None,
    diarize: bool,
    speakers: int | None,
    language: str | None,
) -> None:
    """Transcribe recordings with a Whisper tool of this machine, one after the other.

    The JSON that the tool writes is put beside each recording, as talk.json for talk.m4a, whole or
    not at all; a file that is already there stays. One that fails does not stop the rest.
    """
    if speakers is not None and not diarize:
        raise click.UsageError("--speakers is for --diarize.")
    count = Count.exactly(speakers) if speakers is not None else Count()
    cli = context.ensure_object(CliContext)
    home = cli.sound
    setup = Setup(
        transcriber=transcriber or home.transcriber,
        # The home's model is one for the home's tool.
        model=model or (home.model if transcriber in (None, home.transcriber) else None),
        python=home.python,
        model_folders=home.model_folders,
    )
    run(cli, recordings, setup, Wanted(folder, wants_text, language, count if diarize else None))


def run(context: CliContext, recordings: Sequence[Path], setup: Setup, wanted: Wanted) -> None:
    """Transcribe files and exit with the highest code of any; what concerns all of them ends it."""
    worst = 0
    try:
        if wanted.folder is not None:
            out.check_folder(wanted.folder)
        chosen = choose(setup, language=wanted.language)
    except EngineError as error:
        raise failure(error) from error
    out.say(f"Whisper tool: {chosen.backend.name} with {chosen.model.name}")
    for number, recording in enumerate(recordings, start=1):
        count = f"{number}/{len(recordings)} " if len(recordings) > 1 else ""
        try:
            _one(context, recording, chosen, setup, wanted, count + recording.name)
        except EngineError as error:
            failed = failure(error, about=f"{recording.name}: ")
            worst = max(worst, failed.exit_code)
            failed.show()
            if not _concerns_one_file(error):
                break
    if worst:
        raise click.exceptions.Exit(worst)


def _one(
    context: CliContext,
    recording: Path,
    chosen: Chosen,
    setup: Setup,
    wanted: Wanted,
    label: str,
) -> None:
    place = wanted.folder or recording.parent
    with work_folder() as folder:
        with context.lease() as lease, lease.turn():
            with clock_bar(label) as progress:
                sound = prepare(recording, folder, python=setup.python)
                _say_damage(recording, sound)
                made = transcribe(
                    sound, chosen, folder, language=wanted.language, progress=progress
                )
            found = _turns(recording, sound, folder, setup, wanted)
        out.make_folder(place)
        written = sidecars.write_new(
            place / f"{recording.stem}.json",
            made.data.decode("utf-8", "replace"),  # whisper.cpp cuts letters into tokens
            mode=recording.stat().st_mode,
        )
        out.echo_path(written)
        if found is not None:
            source = Path(written.path)
            out.echo_path(beside.write(source, found, mode=recording.stat().st_mode))
    if wanted.enhance:
        _enhance(context, Path(written.path), wanted)


def _turns(
    recording: Path, sound: Sound, folder: Path, setup: Setup, wanted: Wanted
) -> Found | None:
    """Return who speaks; where it cannot be found, the transcript is written all the same."""
    if wanted.speakers is None:
        return None
    name = recording.name
    try:
        with clock_bar(f"{name}: speakers") as progress:
            return find(
                sound,
                folder,
                recording=name,
                count=wanted.speakers,
                python=setup.python,
                progress=progress,
            )
    except SoundError as error:
        out.say(f"{name}: speakers were not found. {error} {error.hint}")
        return None


def _enhance(context: CliContext, transcript: Path, wanted: Wanted) -> None:
    info = catalog.describe(catalog.EMBEDDED)
    status = transcript.stat()
    source = Source(transcript, transcript.name, transcript.read_bytes(), status.st_mode & 0o777)
    profile = Profile(language=wanted.language)
    client = ModelClient(info)
    try:
        enhance_file(source, profile, client, Reporter(as_json=False))
    finally:
        client.close()


def _say_damage(recording: Path, sound: Sound) -> None:
    if sound.damage is not None:
        out.say(f"{recording.name}: {sound.damage}; the rest is transcribed.")


def _concerns_one_file(error: EngineError) -> bool:
    if isinstance(error, OutputError | BadSound):
        return error.reason != "disk_full"
    return isinstance(error, ToolError)
