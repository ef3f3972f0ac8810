"""llasa-cli: one file or a few, once, without a daemon."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import click

from engine import catalog, pipeline, prose, sidecars, speakers
from engine.client import ModelClient
from engine.errors import (
    ChildError,
    EngineError,
    OutputError,
    PartError,
    TranscriptError,
)
from engine.failure import Failure, failure
from engine.records import EnhancedPart, EnhancedWord, Part, Profile

ATTEMPTS = 3
Cleaning = Literal["off", "safe", "thorough"]
MAX_BYTES = 64 << 20


def _say(text: str) -> None:
    click.echo(prose.safe(text), err=True)


_language = click.option(
    "--language", metavar="CODE", help="Language of the speech (ISO 639-1), if known."
)
_model = click.option("--model", default=catalog.EMBEDDED, show_default=True, help="Model to use.")
_cleaning = click.option(
    "--cleaning",
    type=click.Choice(["off", "safe", "thorough"]),
    default="safe",
    show_default=True,
    help="What to take out: loops and tags, or fillers and stutters too.",
)
_output = click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write only the text, to this file.",
)
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: llasa-cli --enhance-transcript talk.json",
)
@click.option(
    "--enhance-transcript", "transcript", type=_file, metavar="FILE", help="Same as `enhance FILE`."
)
@_output
@_model
@_language
@_cleaning
@click.version_option(pipeline.ENGINE_VERSION, prog_name="llasa-cli")
@click.pass_context
def main(
    context: click.Context,
    transcript: Path | None,
    output: Path | None,
    model: str,
    language: str | None,
    cleaning: Cleaning,
) -> None:
    """Turn Whisper transcripts into faithful, readable text, once and without a daemon."""
    if context.invoked_subcommand is not None:
        return
    if transcript is None:
        click.echo(context.get_help())
        return
    run([transcript], Profile(model=model, language=language, cleaning=cleaning), output=output)


@main.command(epilog="Example: llasa-cli enhance talk.json --output talk.txt")
@click.argument("file", type=_file)
@_output
@_model
@_language
@_cleaning
def enhance(
    file: Path, output: Path | None, model: str, language: str | None, cleaning: Cleaning
) -> None:
    """Enhance one transcript and write the results beside it."""
    run([file], Profile(model=model, language=language, cleaning=cleaning), output=output)


@main.command(epilog="Example: llasa-cli batch recordings/*.json --model mlx-models/my-model")
@click.argument("files", type=_file, nargs=-1, required=True)
@_model
@_language
@_cleaning
def batch(files: tuple[Path, ...], model: str, language: str | None, cleaning: Cleaning) -> None:
    """Enhance many transcripts, one after the other; one that fails does not stop the rest."""
    run(files, Profile(model=model, language=language, cleaning=cleaning))


def run(files: Sequence[Path], profile: Profile, *, output: Path | None = None) -> None:
    """Enhance files with one model child and leave with the code for what happened."""
    failed: Failure | None = None
    try:
        client = ModelClient(catalog.describe(profile.model))
    except EngineError as error:
        raise failure(error) from error
    try:
        for file in files:
            try:
                enhance_file(file, profile, client, output=output)
            except TranscriptError as error:
                failed = failure(error, about=f"{file.name}: ")
                if len(files) > 1:
                    failed.show()
            except EngineError as error:
                raise failure(error, about=f"{file.name}: ") from error
    finally:
        client.close()
    if failed is not None:
        if len(files) > 1:
            sys.exit(failed.exit_code)
        raise failed


def enhance_file(
    source: Path, profile: Profile, client: ModelClient, *, output: Path | None = None
) -> None:
    """Run the pipeline over one file and write what comes out; raises `EngineError`."""
    started = time.monotonic()
    data, mode = _read(source)
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
        label=prose.safe(source.name),
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    ) as bar:
        for part in pipeline.run(plan, _Patient(client)):
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
        sidecars.write_file(output, result.files[0].content, mode=mode)
        click.echo(prose.safe(str(output)))
    else:
        for written in sidecars.write(source, result.files, mode=mode, previous={}):
            beside = "  (beside the one that was there)" if written.displaced else ""
            click.echo(prose.safe(str(written.path)) + beside)
    if result.status == "partial":
        _say("Some parts could not be enhanced and are in the words of the source.")
    elif result.reason == "uncovered_language":
        _say(
            f"The model does not cover this language ({plan.language or 'unknown'}): "
            "the source's own punctuation was kept."
        )
    elif result.reason == "no_speech":
        _say("There is no speech in this transcript.")


class _Patient:
    """Tries a part three times, then keeps the source's own text."""

    def __init__(self, client: ModelClient) -> None:
        self._client = client

    def enhance(
        self,
        part: Part,
        tail: Sequence[EnhancedWord],
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> EnhancedPart:
        """Decode a part; a model that cannot be used ends the command."""
        for _ in range(ATTEMPTS):
            try:
                return self._client.enhance(part, tail, on_progress=on_progress)
            except ChildError as error:
                _say(f"Part {part.index + 1}: {error}")
            except PartError as error:
                _say(f"Part {part.index + 1}: {error}")
                break
        return pipeline.keep(part, "fallback")


def _read(source: Path) -> tuple[bytes, int]:
    try:
        with source.open("rb") as file:
            status = os.fstat(file.fileno())
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise OutputError(
            f"{source} cannot be read: {error.strerror}", hint="Check the file's permissions."
        ) from error
    if len(data) > MAX_BYTES:
        raise TranscriptError(
            f"The file is larger than {MAX_BYTES >> 20} MiB.",
            hint="Split the recording before transcribing it.",
            reason="too_large",
        )
    return data, status.st_mode & 0o777


def _add_commands() -> None:
    from engine import cli_bench, cli_write

    for command in (cli_bench.bench, cli_write.prompt, cli_write.chat):
        main.add_command(command)


_add_commands()

if __name__ == "__main__":
    main()
