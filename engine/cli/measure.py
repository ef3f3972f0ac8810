"""`llasa-cli measure`: tempo, key, loudness, pitch and onsets of recordings."""

from __future__ import annotations

import json
from pathlib import Path

import click

from engine.audio.prepare import prepare
from engine.audio.work_folder import work_folder
from engine.cli import output as out
from engine.cli.context import CliContext
from engine.cli.failure import failure
from engine.cli.options import json_option
from engine.cli.progress import clock_bar
from engine.errors import BadSound, EngineError, ToolError
from engine.music import measure as measuring
from engine.music.errors import MeasurerMissing
from engine.render.clock import clock
from engine.terminal import safe


@click.command(
    short_help="Measure tempo, key, loudness, pitch and onsets of recordings.",
    epilog="Example: llasa-cli measure song.mp3",
)
@click.argument(
    "recordings",
    metavar="AUDIO...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@json_option
@click.pass_context
def measure(context: click.Context, recordings: tuple[Path, ...], *, as_json: bool) -> None:
    """Measure music with librosa: no model guesses here.

    Each value has its method and a confidence from 0 to 1; what cannot be told is said, not
    guessed. One recording that fails does not stop the rest.
    """
    python = context.ensure_object(CliContext).sound.python
    if measuring.where(python) is None:
        raise failure(MeasurerMissing())
    worst = 0
    for recording in recordings:
        try:
            _one(recording, python, as_json=as_json)
        except EngineError as error:
            failed = failure(error, about=f"{recording.name}: ")
            worst = max(worst, failed.exit_code)
            failed.show()
            if not isinstance(error, BadSound | ToolError):
                break
    if worst:
        raise click.exceptions.Exit(worst)


def _one(recording: Path, python: str | None, *, as_json: bool) -> None:
    with work_folder() as folder, clock_bar(recording.name) as progress:
        sound = prepare(recording, folder, python=python)
        measured = measuring.measure(sound, folder, python=python, progress=progress)
    if as_json:
        made = {
            "file": str(recording),
            "duration_s": measured.duration_s,
            "damage": sound.damage,
            "tool": measured.tool,
            "measurements": measured.to_json(),
        }
        click.echo(json.dumps(made))
        return
    click.echo(safe(f"{recording}  ({clock(measured.duration_s)}, {measured.tool})"))
    if sound.damage is not None:
        out.say(f"{recording.name}: {sound.damage}; the rest is measured.")
    for one in measured.measurements:
        sure = f"  confidence {one.confidence:.2f}" if one.value is not None else ""
        click.echo(f"  {measuring.NAMES[one.name]:<9} {one.shown()}{sure}")
        if one.value is not None:
            click.echo(f"  {'':<9} by {one.method}")
