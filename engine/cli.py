"""llasa-cli: one file or a few, once, without a daemon."""

from __future__ import annotations

import dataclasses
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

import click

from engine import catalog, pipeline, prose, sidecars
from engine.client import ModelClient
from engine.errors import (
    ChildError,
    EngineError,
    ModelError,
    OutputError,
    PartError,
    TranscriptError,
)
from engine.parts import split
from engine.records import (
    EnhancedPart,
    EnhancedWord,
    Part,
    Profile,
    Segment,
    Transcript,
    Word,
)

EXIT_JOB_FAILED = 1
EXIT_ENVIRONMENT = 3
ATTEMPTS = 3
MAX_BYTES = 64 << 20


def _say(text: str) -> None:
    click.echo(prose.safe(text), err=True)


class Failure(click.ClickException):
    """An error for the user: what happened, and what to do."""

    def __init__(self, error: EngineError, *, about: str = "") -> None:
        super().__init__(prose.safe(f"{about}{error}\n{error.hint}"))
        self._badly = isinstance(error, ModelError | OutputError)

    def show(self, file: IO[str] | None = None) -> None:
        """Print the error and leave with the code of its kind."""
        super().show(file)
        sys.exit(EXIT_ENVIRONMENT if self._badly else EXIT_JOB_FAILED)


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: llasa-cli --enhance-transcript talk.json",
)
@click.option(
    "--enhance-transcript",
    "transcript",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Enhance one transcript and write the results beside it.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write only the text, to this file.",
)
@click.option("--model", default=catalog.EMBEDDED, show_default=True, help="Model to use.")
@click.option("--language", metavar="CODE", help="Language of the speech (ISO 639-1), if known.")
@click.option(
    "--cleaning", type=click.Choice(["off", "safe", "thorough"]), default="safe", show_default=True
)
@click.version_option(pipeline.ENGINE_VERSION, prog_name="llasa-cli")
@click.pass_context
def main(
    context: click.Context,
    transcript: Path | None,
    output: Path | None,
    model: str,
    language: str | None,
    cleaning: Literal["off", "safe", "thorough"],
) -> None:
    """Turn a Whisper transcript into faithful, readable text, once and without a daemon."""
    if context.invoked_subcommand is not None:
        return
    if transcript is None:
        click.echo(context.get_help())
        return
    profile = dataclasses.replace(Profile(), model=model, language=language, cleaning=cleaning)
    try:
        enhance(transcript, profile, output=output)
    except EngineError as error:
        about = f"{transcript.name}: " if isinstance(error, TranscriptError) else ""
        raise Failure(error, about=about) from error


def enhance(source: Path, profile: Profile, *, output: Path | None = None) -> None:
    """Run the pipeline over one file and write what comes out; raises `EngineError`."""
    started = time.monotonic()
    info = catalog.describe(profile.model)
    data, mode = _read(source)
    plan = pipeline.prepare(data, name=source.name, profile=profile, info=info)
    client = ModelClient(info)
    load_s = 0.0
    parts: list[EnhancedPart] = []
    try:
        if any(part.covered for part in plan.parts):
            load_s = client.start().load_s
        with click.progressbar(
            length=max(1, len(plan.parts)), label="Enhancing", file=sys.stderr
        ) as bar:
            for part in pipeline.run(plan, _Patient(client)):
                parts.append(part)
                bar.update(1)
    finally:
        client.close()
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
            click.echo(prose.safe(str(written.path)))
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


BENCH_TEXT = (
    "so what we did in the end was to take the old bicycle apart on the kitchen table and nobody "
    "was happy about the oil on the chairs but by the evening we had found the noise it was a "
    "small ball bearing that had lost its cage do you remember what they cost when we were young "
    "the man in the shop only smiled and said that he still had some in a drawer downstairs and "
    "that was that we rode home along the river and the bicycle did not make a sound"
)


@main.command(epilog="Example: llasa-cli bench --model mlx-models/my-model")
@click.option("--model", default=catalog.EMBEDDED, show_default=True, help="Model to measure.")
@click.option("--parts", default=4, show_default=True, help="How much text to measure with.")
def bench(model: str, parts: int) -> None:
    """Tell how fast a model enhances text on this machine, step by step and drafted."""
    try:
        info = catalog.describe(model)
        # The one command that loads a model here and not in a child: there is nothing to protect.
        from engine import bench as measuring
        from engine import model as models

        loaded = models.load(info)
        said = Segment(tuple(Word(word) for word in BENCH_TEXT.split() * max(1, parts)))
        pieces = split(Transcript("bench", (said,)), info, covered=True)[: max(1, parts)]
        measuring.measure(loaded, pieces[:1], draft_tokens=None)
        runs = {
            "step by step": measuring.measure(loaded, pieces, draft_tokens=0),
            "drafted": measuring.measure(loaded, pieces, draft_tokens=None),
        }
    except EngineError as error:
        raise Failure(error) from error
    click.echo(prose.safe(f"{info.name} on {loaded.device_path}, loaded in {loaded.load_s:.1f} s"))
    for name, run in runs.items():
        click.echo(
            f"{name:>13}: {run.tokens / run.seconds:8.0f} tokens/s {run.words_per_second:8.0f} "
            f"words/s {run.tokens_per_pass:6.1f} tokens per pass"
        )
    step, drafted = runs.values()
    same = "the same text" if step.written == drafted.written else "another text: please report it"
    click.echo(f"{step.seconds / drafted.seconds:.1f} times as fast, {same}")


if __name__ == "__main__":
    main()
