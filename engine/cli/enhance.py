"""`llasa-cli enhance` and `batch`: one file or a few, once, without a daemon."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import re
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from engine import corrections, pipeline, sidecars, speakers
from engine.child.client import ModelClient
from engine.child.retry import try_part
from engine.cli import output as out
from engine.cli import source as sources
from engine.cli.context import CliContext, Lease
from engine.cli.failure import failure
from engine.cli.progress import bar
from engine.cli.source import FILE, Source
from engine.errors import (
    CorrectionsError,
    EngineError,
    OutputError,
    SpeakersError,
    TranscriptError,
)
from engine.models import catalog
from engine.records import Cleaning, EnhancedPart, EnhancedWord, ModelInfo, Part, Profile
from engine.terminal import safe_block
from engine.text import corrected


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


@click.command(epilog="Example: llasa-cli enhance talk.json --output talk.txt")
@click.argument("file", type=FILE)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write only the text, to this file.",
)
@model_option
@language_option
@cleaning_option
@click.pass_context
def enhance(
    context: click.Context,
    file: Path,
    output: Path | None,
    model: str,
    language: str | None,
    cleaning: Cleaning,
) -> None:
    """Enhance one transcript and write the results beside it.

    With `-` it is read from standard input, and the text is printed unless --output names a file.
    """
    profile = Profile(model=model, language=language, cleaning=cleaning)
    run_one(context.ensure_object(CliContext), file, profile, output=output)


@click.command(
    short_help="Enhance many transcripts, one after the other.",
    epilog="Example: llasa-cli batch recordings/*.json --output-dir enhanced/",
)
@click.argument("files", type=click.Path(path_type=Path), nargs=-1, required=True)
@click.option(
    "--output-dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the results here, not beside the files.",
)
@model_option
@language_option
@cleaning_option
@click.pass_context
def batch(
    context: click.Context,
    files: tuple[Path, ...],
    folder: Path | None,
    model: str,
    language: str | None,
    cleaning: Cleaning,
) -> None:
    """Enhance many transcripts, one after the other; one that fails does not stop the rest.

    Outputs of an earlier run are skipped.
    """
    profile = Profile(model=model, language=language, cleaning=cleaning)
    run_batch(context.ensure_object(CliContext), files, profile, folder=folder)


def run_one(
    context: CliContext, file: Path, profile: Profile, *, output: Path | None = None
) -> None:
    """Enhance one file with a model child."""
    try:
        if output is not None:
            out.check_file(output, source=None if str(file) == sources.STDIN else file)
        info = catalog.describe(profile.model)
    except EngineError as error:
        raise failure(error) from error
    try:
        with _client(context, info) as client:
            enhance_file(sources.read(file), profile, client, output=output)
    except EngineError as error:
        raise failure(error, about=f"{file.name}: ") from error


def run_batch(
    context: CliContext, files: Sequence[Path], profile: Profile, *, folder: Path | None = None
) -> None:
    """Enhance files with one model child and exit with the highest code of any of them.

    Only an error that every other file would meet too ends it: the model, a full disk.
    """
    worst = 0
    try:
        if folder is not None:
            out.check_folder(folder)
        info = catalog.describe(profile.model)
    except EngineError as error:
        raise failure(error) from error
    with _client(context, info) as client:
        for number, file in enumerate(files, start=1):
            try:
                label = f"{number}/{len(files)} {file.name}"
                _enhance_unless_ours(file, profile, client, folder, label)
            except EngineError as error:
                failed = failure(error, about=f"{file.name}: ")
                worst = max(worst, failed.exit_code)
                failed.show()
                if not _concerns_one_file(error):
                    break
    if worst:
        raise click.exceptions.Exit(worst)


@contextlib.contextmanager
def _client(context: CliContext, info: ModelInfo) -> Iterator[ModelClient]:
    """Yield the client of a model, ended afterwards; a large model is borrowed from the home.

    The embedded model takes some megabytes: two of them disturb nobody.
    """
    lease = Lease() if info.name == catalog.EMBEDDED else context.lease()
    with lease, lease.turn():
        client = ModelClient(info, lock_path=lease.lock_path)
        try:
            yield client
        finally:
            client.close()


def _enhance_unless_ours(
    file: Path, profile: Profile, client: ModelClient, folder: Path | None, label: str
) -> None:
    source = None if sidecars.is_ours(file.name) else sources.read(file)
    if source is None or sidecars.is_ours_content(source.data):
        out.say(f"{file.name}: skipped, llasa wrote this file itself.")
        return
    enhance_file(source, profile, client, folder=folder, label=label)


def _concerns_one_file(error: EngineError) -> bool:
    if isinstance(error, OutputError):
        return error.reason != "disk_full"
    return isinstance(error, TranscriptError | SpeakersError | CorrectionsError)


def enhance_file(
    source: Source,
    profile: Profile,
    client: ModelClient,
    *,
    output: Path | None = None,
    folder: Path | None = None,
    label: str = "",
) -> None:
    """Run the pipeline over a file's bytes and write the results; raises `EngineError`."""
    plan, result = enhanced(source, profile, client, label=label)
    _write(source, result, output, folder)
    if result.status == "partial":
        out.say("Some parts could not be enhanced; they keep the text of the source.")
    elif result.reason == "uncovered_language":
        out.say(
            f"The model does not cover this language ({plan.language or 'unknown'}): "
            "the source's own punctuation was kept."
        )
    elif result.reason == "implausible":
        out.say(
            "What the model wrote for some parts was not plausible: there the embedded model's "
            "text stands, or the source's own."
        )
    elif result.reason == "no_speech":
        out.say("There is no speech in this transcript.")


def enhanced(
    source: Source, profile: Profile, client: ModelClient, *, label: str = ""
) -> tuple[pipeline.Plan, pipeline.Result]:
    """Return a transcript as the model enhances it; raises `EngineError`."""
    started = time.monotonic()
    names: dict[str, str] = {}
    made = corrections.Corrections()
    if source.path is not None:
        made = corrections.read_beside(source.path)
        names = {**speakers.names_beside(source.path), **corrected.names(made.operations)}
    profile = dataclasses.replace(profile, speakers={**profile.speakers, **names})
    plan = pipeline.prepare(source.data, name=source.name, profile=profile, info=client.info)
    plan = dataclasses.replace(plan, corrections=made.operations)
    load_s = 0.0
    parts: list[EnhancedPart] = []
    if any(part.covered for part in plan.parts):
        load_s = client.start().load_s
    with bar(label or source.name, len(plan.parts)) as step:
        for part in pipeline.run(plan, functools.partial(_decode, client)):
            parts.append(part)
            step()
    result = pipeline.finish(
        plan,
        parts,
        load_s=load_s,
        total_s=time.monotonic() - started,
        created_at=datetime.now(UTC),
    )
    return plan, result


def _write(
    source: Source, result: pipeline.Result, output: Path | None, folder: Path | None
) -> None:
    text = result.files[0].content
    if output is not None:
        out.write_text(output, text, mode=source.mode)
        return
    if source.path is None:
        click.echo(safe_block(text) if sys.stdout.isatty() else text, nl=False)
        return
    place = source.path
    if folder is not None:
        out.make_folder(folder)
        place = folder / source.path.name
    for written in sidecars.write(place, result.files, mode=source.mode, previous={}):
        out.echo_path(written)


def _decode(client: ModelClient, part: Part, tail: Sequence[EnhancedWord]) -> EnhancedPart | None:
    """Decode a part, with every failure on the screen; a model that cannot be used raises."""
    failures = itertools.count(1)

    def failed(error: EngineError) -> int:
        out.say(f"Part {part.index + 1}: {error}")
        return next(failures)

    return try_part(lambda: client.enhance(part, tail), failed=failed)
