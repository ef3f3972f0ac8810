"""`llasa-cli enhance` and `batch`: one file or a few, once, without a daemon."""

from __future__ import annotations

import contextlib
import functools
import itertools
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from engine import pipeline, sidecars
from engine.archive import transcript
from engine.archive.transcript import concerns_one_file
from engine.child.client import ModelClient
from engine.child.retry import try_part
from engine.cli import archive
from engine.cli import output as out
from engine.cli import source as sources
from engine.cli.context import CliContext, Lease, is_small
from engine.cli.failure import failure
from engine.cli.options import cleaning_option, json_option, language_option, model_option
from engine.cli.progress import bar
from engine.cli.report import Report, Reporter, failed, outputs
from engine.cli.source import FILE, Source
from engine.errors import (
    EngineError,
)
from engine.models import local
from engine.records import Cleaning, EnhancedPart, EnhancedWord, ModelInfo, Part, Profile
from engine.terminal import safe_block


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
@json_option
@click.pass_context
def enhance(
    context: click.Context,
    file: Path,
    output: Path | None,
    model: str,
    language: str | None,
    cleaning: Cleaning,
    as_json: bool,
) -> None:
    """Enhance one transcript and write the results beside it.

    With `-` it is read from standard input, and the text is printed unless --output names a file.
    --json prints what became of it instead of paths or the text.
    """
    profile = Profile(model=model, language=language, cleaning=cleaning)
    reporter = Reporter(as_json=as_json)
    run_one(context.ensure_object(CliContext), file, profile, reporter, output=output)


@click.command(
    short_help="Enhance many transcripts: files, folders, globs.",
    epilog="Example: llasa-cli batch recordings/ --output-dir enhanced/ --jobs 2",
)
@click.argument(
    "sources", metavar="SOURCE...", type=click.Path(path_type=str), nargs=-1, required=True
)
@click.option(
    "--output-dir",
    "into",
    type=click.Path(file_okay=False, path_type=str),
    metavar="DIR",
    help="Write the results here, not beside the files; folders are mirrored.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    metavar="N",
    help="Work in N processes, each with a model of its own.",
)
@click.option(
    "--engine",
    type=click.Choice(["processes", "ray"]),
    default="processes",
    show_default=True,
    help="What shares the work out: processes here, or the machines of a Ray cluster.",
)
@click.option("--address", metavar="HOST:PORT", help="Of the Ray cluster.")
@model_option
@language_option
@cleaning_option
@json_option
@click.pass_context
def batch(
    context: click.Context,
    sources: tuple[str, ...],
    into: str | None,
    jobs: int | None,
    engine: archive.Engine,
    address: str | None,
    model: str,
    language: str | None,
    cleaning: Cleaning,
    as_json: bool,
) -> None:
    """Enhance many transcripts; one that fails does not stop the rest.

    With a folder, a quoted glob, --jobs or --engine ray, files that are finished are skipped, so
    that a run which was ended goes on, and a table is printed last. Named files alone are done one
    after the other, every time. --json prints a line for each file and a summary last.
    """
    if engine == "ray" and jobs is not None:
        raise click.UsageError("--jobs is for processes; with --engine ray each machine has one.")
    if engine != "ray" and address is not None:
        raise click.UsageError("--address needs --engine ray.")
    profile = Profile(model=model, language=language, cleaning=cleaning)
    reporter = Reporter(as_json=as_json, one_line=True)
    folder = archive.folder_of(into)
    listed = isinstance(folder, str) or any(map(archive.is_listed, sources))
    if jobs is not None or engine == "ray" or listed:
        sharing = archive.Sharing(engine, jobs or 1, address)
        obj = context.ensure_object(CliContext)
        archive.run_archive(obj, sources, profile, reporter, sharing, folder=folder)
        return
    files = [Path(source) for source in sources]
    assert not isinstance(folder, str)
    run_batch(context.ensure_object(CliContext), files, profile, reporter, folder=folder)


def run_one(
    context: CliContext,
    file: Path,
    profile: Profile,
    reporter: Reporter,
    *,
    output: Path | None = None,
) -> None:
    """Enhance one file with a model child."""
    try:
        if output is not None:
            out.check_file(output, source=None if str(file) == sources.STDIN else file)
        info = local.named(profile.model, context.base)
    except EngineError as error:
        reporter.add(failed(str(file), error))
        raise failure(error) from error
    try:
        with _client(context, info) as client:
            source = sources.read(file)
            reporter.add(enhance_file(source, profile, client, reporter, output=output))
    except EngineError as error:
        reporter.add(failed(str(file), error))
        raise failure(error, about=f"{file.name}: ") from error


def run_batch(
    context: CliContext,
    files: Sequence[Path],
    profile: Profile,
    reporter: Reporter,
    *,
    folder: Path | None = None,
) -> None:
    """Enhance files with one model child and exit with the highest code of any of them.

    Only an error that every other file would meet too ends it: the model, a full disk.
    """
    worst = 0
    try:
        if folder is not None:
            out.check_folder(folder)
        info = local.named(profile.model, context.base)
    except EngineError as error:
        reporter.sum_up(len(files), error)
        raise failure(error) from error
    stopped_by: EngineError | None = None
    with _client(context, info) as client:
        for number, file in enumerate(files, start=1):
            try:
                label = f"{number}/{len(files)} {file.name}"
                reporter.add(_enhance_unless_ours(file, profile, client, reporter, folder, label))
            except EngineError as error:
                shown = failure(error, about=f"{file.name}: ")
                worst = max(worst, shown.exit_code)
                shown.show()
                reporter.add(failed(str(file), error))
                if not concerns_one_file(error):
                    stopped_by = error
                    break
    reporter.sum_up(len(files), stopped_by)
    if worst:
        raise click.exceptions.Exit(worst)


@contextlib.contextmanager
def _client(context: CliContext, info: ModelInfo) -> Iterator[ModelClient]:
    """Yield the client of a model, ended afterwards; a large model is borrowed from the home.

    The embedded model takes some megabytes: two of them disturb nobody.
    """
    lease = Lease() if is_small(info) else context.lease()
    with lease, lease.turn():
        client = ModelClient(info, lock_path=lease.lock_path)
        try:
            yield client
        finally:
            client.close()


def _enhance_unless_ours(
    file: Path,
    profile: Profile,
    client: ModelClient,
    reporter: Reporter,
    folder: Path | None,
    label: str,
) -> Report:
    source = None if sidecars.is_ours(file.name) else sources.read(file)
    if source is None or sidecars.is_ours_content(source.data):
        out.say(f"{file.name}: skipped, llasa wrote this file itself.")
        return Report(str(file), "skipped", "written_by_llasa")
    return enhance_file(source, profile, client, reporter, folder=folder, label=label)


def enhance_file(
    source: Source,
    profile: Profile,
    client: ModelClient,
    reporter: Reporter,
    *,
    output: Path | None = None,
    folder: Path | None = None,
    label: str = "",
) -> Report:
    """Run the pipeline over a file's bytes and write the results; raises `EngineError`."""
    plan, result = enhanced(source, profile, client, label=label)
    text = result.files[0].content
    written: Sequence[sidecars.Written] = ()
    if output is not None or source.path is not None:
        written = _written(source, result, output, folder)
        reporter.written(written)
    elif not reporter.as_json:
        click.echo(safe_block(text) if sys.stdout.isatty() else text, nl=False)
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
    return Report(
        str(source.path or sources.STDIN),
        result.status,
        result.reason,
        outputs=outputs(written),
        words=sum(len(part.words) for part in plan.parts),
        language=plan.language,
        text=None if written else text,
    )


def enhanced(
    source: Source, profile: Profile, client: ModelClient, *, label: str = ""
) -> tuple[pipeline.Plan, pipeline.Result]:
    """Return a transcript as the model enhances it; raises `EngineError`."""
    return transcript.enhanced(
        source.data,
        name=source.name,
        path=source.path,
        profile=profile,
        client=client,
        decode=functools.partial(_decode, client),
        steps=functools.partial(bar, label or source.name),
    )


def _written(
    source: Source, result: pipeline.Result, output: Path | None, folder: Path | None
) -> Sequence[sidecars.Written]:
    """Write the text to the named file, or everything beside the source or into a folder."""
    if output is not None:
        return [out.write_text(output, result.files[0].content, mode=source.mode)]
    assert source.path is not None
    place = source.path
    if folder is not None:
        out.make_folder(folder)
        place = folder / source.path.name
    return sidecars.write(place, result.files, mode=source.mode, previous={})


def _decode(client: ModelClient, part: Part, tail: Sequence[EnhancedWord]) -> EnhancedPart | None:
    """Decode a part, with every failure on the screen; a model that cannot be used raises."""
    failures = itertools.count(1)

    def failed(error: EngineError) -> int:
        out.say(f"Part {part.index + 1}: {error}")
        return next(failures)

    return try_part(lambda: client.enhance(part, tail), failed=failed)
