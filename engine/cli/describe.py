"""`llasa-cli describe`: what a recording is about, quoted from it, or in a model's words too."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from engine import pipeline
from engine.chat import describing
from engine.child.client import ModelClient
from engine.cli import output as out
from engine.cli import source as sources
from engine.cli import writer
from engine.cli.answer import interruptible
from engine.cli.context import CliContext
from engine.cli.enhance import enhanced
from engine.cli.failure import failure
from engine.cli.options import language_option
from engine.cli.progress import spinner
from engine.cli.source import FILE, Source
from engine.errors import EngineError, NotATranscript
from engine.models import catalog
from engine.records import Profile
from engine.render.clock import clock
from engine.terminal import safe_block
from engine.text.prose import join, printable

_KEYS: Final = ("title", "description", "tags", "summary", "key_points", "chapters")


@click.command(
    short_help="Say what a recording is about.",
    epilog="Example: llasa-cli describe talk.json --output talk.description.txt",
)
@click.argument("file", type=FILE)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write it to this file; missing folders are made.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON, for programs.")
@language_option
@writer.describing_options
@click.pass_context
def describe(
    context: click.Context,
    /,
    file: Path,
    output: Path | None,
    as_json: bool,
    language: str | None,
    model: str | None,
    **how: Any,
) -> None:
    """Say what a recording is about: title, description, tags, summary and key points.

    Everything is quoted from the transcript (JSON of a Whisper tool, subtitles or plain text; `-`
    is standard input). With --model, or where llasa.toml names a `chat_model`, that model writes a
    title and a description too, marked as its own; the quoted ones stay beside them.
    """
    own = context.ensure_object(CliContext)
    try:
        if output is not None:
            out.check_file(output, source=None if str(file) == sources.STDIN else file)
        source = sources.read(file)
        result = _extracted(source, language)
        found = {key: result.metadata[key] for key in _KEYS}
        found["written"] = None
        if model is not None or own.chat_model is not None:
            found["written"] = _written(own, model, result, found, how)
    except EngineError as error:
        raise failure(error, about=f"{file.name}: ") from error
    _show(found, source, output, as_json=as_json)


def _extracted(source: Source, language: str | None) -> pipeline.Result:
    """Return a transcript with what was quoted from it.

    A text with sentences is taken as it is. Where there are none, as Whisper often leaves it, the
    embedded model finds them first: a summary is made of sentences.
    """
    info = catalog.describe(catalog.EMBEDDED)
    profile = Profile(language=language)
    plan = pipeline.prepare(source.data, name=source.name, profile=profile, info=info)
    if not plan.transcript.words:
        raise NotATranscript(
            "There is no speech in this transcript.", hint="Nothing can be said about it."
        )
    kept = [pipeline.keep(part, "uncovered") for part in plan.parts]
    as_it_is = pipeline.finish(plan, kept, load_s=0, total_s=0, created_at=datetime.now(UTC))
    if as_it_is.metadata["summary"] or not any(part.covered for part in plan.parts):
        return as_it_is
    client = ModelClient(info)
    try:
        return enhanced(source, profile, client)[1]
    finally:
        client.close()


def _written(
    context: CliContext,
    model: str | None,
    result: pipeline.Result,
    found: Mapping[str, Any],
    how: Mapping[str, Any],
) -> dict[str, str] | None:
    """Return title and description in a model's own words, None where it has found none."""
    info = writer.choose(context, model)
    paragraphs = [join(paragraph) for paragraph in result.document.paragraphs]
    points = [point["text"] for point in found["key_points"] or ()]
    with (
        writer.Writer(context, info) as loaded,
        loaded.turn() as backend,
        interruptible() as interrupt,
    ):
        with spinner(f"{info.name} writes"):
            said = describing.describe(
                backend,
                paragraphs,
                points,
                lambda most: writer.options(max_tokens=most, thinking="off", **how),
                cancelled=interrupt,
            )
        if interrupt.came:
            raise KeyboardInterrupt
    if not said.title and not said.description:
        out.say(f"{info.name} wrote nothing that can be used; what follows is quoted.")
        return None
    return {"by": info.name, "title": said.title, "description": said.description}


def _show(found: Mapping[str, Any], source: Source, output: Path | None, *, as_json: bool) -> None:
    text = json.dumps(found, indent=2) + "\n" if as_json else as_text(found)
    if output is not None:
        try:
            out.echo_path(out.write_text(output, text, mode=source.mode))
        except EngineError as error:
            raise failure(error) from error
        return
    click.echo(safe_block(text) if sys.stdout.isatty() else text, nl=False)


def as_text(found: Mapping[str, Any]) -> str:
    """Return what was found as a text for readers; what is missing is left out."""
    written = found["written"]
    lines: list[str] = []
    for key, name in (("title", "Title"), ("description", "Description")):
        quoted = f"{name}: {printable(found[key])}" if found[key] else ""
        if written and written[key]:
            lines.append(f"{name}: {printable(written[key])}")
            lines.append(f"  (written by {printable(written['by'])})")
            quoted = quoted and f"  quoted: {printable(found[key])}"
        lines += [quoted] if quoted else []
    if found["tags"]:
        lines.append(f"Tags: {', '.join(map(printable, found['tags']))}")
    if found["summary"]:
        lines += ["", "Summary", "", printable(found["summary"])]
    lines += _timed("Key points", found["key_points"], "text")
    lines += _timed("Chapters", found["chapters"], "title")
    return "\n".join(lines).strip("\n") + "\n"


def _timed(head: str, entries: Sequence[Mapping[str, Any]] | None, key: str) -> list[str]:
    if not entries:
        return []
    times = [entry["start_s"] for entry in entries]
    shown = ["" if at is None else f"{clock(at)}  " for at in times]
    return ["", head, ""] + [
        f"- {time}{printable(entry[key])}" for time, entry in zip(shown, entries, strict=True)
    ]
