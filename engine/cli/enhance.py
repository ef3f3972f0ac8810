"""`llasa-cli enhance` and `batch`: one file or a few, once, without a daemon."""

from __future__ import annotations

import dataclasses
import functools
import itertools
import os
import re
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from engine import pipeline, sidecars, speakers
from engine.child.client import ModelClient
from engine.child.retry import try_part
from engine.cli.failure import failure
from engine.errors import (
    EngineError,
    OutputError,
    SpeakersError,
    TranscriptError,
)
from engine.models import catalog
from engine.records import Cleaning, EnhancedPart, EnhancedWord, Part, Profile
from engine.terminal import safe

MAX_BYTES = 64 << 20


def _say(text: str) -> None:
    click.echo(safe(text), err=True)


def _language_code(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    if value is not None and not re.fullmatch(r"[a-z]{2,3}", value):
        raise click.BadParameter('expected an ISO 639-1 code, such as "en".')
    return value


language_option = click.option(
    "--language",
    metavar="CODE",
    callback=_language_code,
    help="Language of the speech (ISO 639-1), if known.",
)
model_option = click.option(
    "--model", default=catalog.EMBEDDED, show_default=True, help="Model to use."
)
cleaning_option = click.option(
    "--cleaning",
    type=click.Choice(["off", "safe", "thorough"]),
    default="safe",
    show_default=True,
    help="What to remove: loops and tags, or fillers and stutters too.",
)
output_option = click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write only the text, to this file.",
)
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog="Example: llasa-cli enhance talk.json --output talk.txt")
@click.argument("file", type=FILE)
@output_option
@model_option
@language_option
@cleaning_option
def enhance(
    file: Path, output: Path | None, model: str, language: str | None, cleaning: Cleaning
) -> None:
    """Enhance one transcript and write the results beside it."""
    run_one(file, Profile(model=model, language=language, cleaning=cleaning), output=output)


@click.command(
    short_help="Enhance many transcripts, one after the other.",
    epilog="Example: llasa-cli batch recordings/*.json --model mlx-models/my-model",
)
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@model_option
@language_option
@cleaning_option
def batch(files: tuple[Path, ...], model: str, language: str | None, cleaning: Cleaning) -> None:
    """Enhance many transcripts, one after the other; one that fails does not stop the rest.

    Outputs of an earlier run are skipped.
    """
    run_batch(files, Profile(model=model, language=language, cleaning=cleaning))


def run_one(file: Path, profile: Profile, *, output: Path | None = None) -> None:
    """Enhance one file with a model child."""
    try:
        if output is not None:
            _check_output(output, source=file)
        client = ModelClient(catalog.describe(profile.model))
    except EngineError as error:
        raise failure(error) from error
    try:
        enhance_file(file, *_read(file), profile, client, output=output)
    except EngineError as error:
        raise failure(error, about=f"{file.name}: ") from error
    finally:
        client.close()


def run_batch(files: Sequence[Path], profile: Profile) -> None:
    """Enhance files with one model child and exit with the highest code of any of them.

    Only an error that every other file would meet too ends it: the model, a full disk.
    """
    worst = 0
    try:
        client = ModelClient(catalog.describe(profile.model))
    except EngineError as error:
        raise failure(error) from error
    try:
        for file in files:
            try:
                if sidecars.is_ours(file.name):
                    _skip(file)
                    continue
                data, mode = _read(file)
                if sidecars.is_ours_content(data):
                    _skip(file)
                    continue
                enhance_file(file, data, mode, profile, client)
            except EngineError as error:
                failed = failure(error, about=f"{file.name}: ")
                worst = max(worst, failed.exit_code)
                failed.show()
                if not _concerns_one_file(error):
                    break
    finally:
        client.close()
    if worst:
        raise click.exceptions.Exit(worst)


def _concerns_one_file(error: EngineError) -> bool:
    if isinstance(error, OutputError):
        return error.reason != "disk_full"
    return isinstance(error, TranscriptError | SpeakersError)


def _skip(file: Path) -> None:
    _say(f"{file.name}: skipped, llasa wrote this file itself.")


def _check_output(output: Path, *, source: Path) -> None:
    """Refuse an output that could not be written, before any work is done."""
    if output.exists() and output.samefile(source):
        raise click.UsageError("--output names the transcript itself; give it another name.")
    if not output.parent.is_dir():
        raise OutputError(f"{output.parent} is not a folder.", hint="Create the folder first.")
    if not os.access(output.parent, os.W_OK | os.X_OK):
        raise OutputError(
            f"The folder {output.parent} is not writable.", hint="Check the folder's permissions."
        )
    if os.path.lexists(output) and (output.is_symlink() or not output.is_file()):
        raise OutputError(f"{output} is not a regular file.", hint="Give --output another name.")


def enhance_file(
    source: Path,
    data: bytes,
    mode: int,
    profile: Profile,
    client: ModelClient,
    *,
    output: Path | None = None,
) -> None:
    """Run the pipeline over a file's bytes and write the results; raises `EngineError`."""
    started = time.monotonic()
    profile = dataclasses.replace(
        profile, speakers={**profile.speakers, **speakers.names_beside(source)}
    )
    plan = pipeline.prepare(data, name=source.name, profile=profile, info=client.info)
    load_s = 0.0
    parts: list[EnhancedPart] = []
    if any(part.covered for part in plan.parts):
        load_s = client.start().load_s
    with click.progressbar(
        length=max(1, len(plan.parts)),
        label=safe(source.name),
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    ) as bar:
        for part in pipeline.run(plan, functools.partial(_decode, client)):
            parts.append(part)
            bar.update(1)
    result = pipeline.finish(
        plan,
        parts,
        load_s=load_s,
        total_s=time.monotonic() - started,
        created_at=datetime.now(UTC),
    )
    if output is not None:
        _echo_path(sidecars.write_new(output, result.files[0].content, mode=mode))
    else:
        for written in sidecars.write(source, result.files, mode=mode, previous={}):
            _echo_path(written)
    if result.status == "partial":
        _say("Some parts could not be enhanced; they keep the text of the source.")
    elif result.reason == "uncovered_language":
        _say(
            f"The model does not cover this language ({plan.language or 'unknown'}): "
            "the source's own punctuation was kept."
        )
    elif result.reason == "implausible":
        _say(
            "What the model wrote for some parts was not plausible: there the embedded model's "
            "text stands, or the source's own."
        )
    elif result.reason == "no_speech":
        _say("There is no speech in this transcript.")


def _echo_path(written: sidecars.Written) -> None:
    note = "  (beside the existing file)" if written.displaced else ""
    click.echo(safe(written.path) + note)


def _decode(client: ModelClient, part: Part, tail: Sequence[EnhancedWord]) -> EnhancedPart | None:
    """Decode a part, with every failure on the screen; a model that cannot be used raises."""
    failures = itertools.count(1)

    def failed(error: EngineError) -> int:
        _say(f"Part {part.index + 1}: {error}")
        return next(failures)

    return try_part(lambda: client.enhance(part, tail), failed=failed)


def _read(source: Path) -> tuple[bytes, int]:
    """Return the bytes of a file and its mode; raises `TranscriptError`."""
    try:
        with source.open("rb") as file:
            status = os.fstat(file.fileno())
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise TranscriptError(
            f"The file cannot be read: {error.strerror}.",
            hint="Check its name and its permissions.",
            reason="unreadable",
        ) from error
    if len(data) > MAX_BYTES:
        raise TranscriptError(
            f"The file is larger than {MAX_BYTES >> 20} MiB.",
            hint="Split the recording before transcribing it.",
            reason="too_large",
        )
    return data, status.st_mode & 0o777
