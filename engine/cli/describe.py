"""`llasa-cli describe`: what a recording is about, quoted from it, or in a model's words too."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from engine import extract, metadata, pipeline
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
from engine.cli.progress import counter
from engine.cli.source import FILE, Source
from engine.errors import EngineError, NotATranscript
from engine.models import catalog
from engine.records import Profile
from engine.render.clock import clock
from engine.terminal import safe_block
from engine.text.prose import printable
from engine.written.material import material, speakers_in_order
from engine.written.records import Writing
from engine.written.requests import PROMPT
from engine.written.result import merge

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
    is standard input). With --model, or where llasa.toml names a `chat_model`, that model writes
    too, marked as its own. Each of its sentences is held against the transcript: one that says
    what was not said is written once more, then dropped.
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
            found["written"] = _written(own, model, result, how)
    except EngineError as error:
        raise failure(error, about=f"{file.name}: ") from error
    if not as_json and not any(found.values()):
        nothing = NotATranscript(
            "There is too little in this transcript to say what it is about.",
            hint="--json gives what there is.",
        )
        raise failure(nothing, about=f"{file.name}: ")
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
    how: Mapping[str, Any],
) -> dict[str, Any] | None:
    """Return what a model wrote and what of it holds, None where nothing does."""
    info = writer.choose(context, model)
    extracts = extract.extract(result.document)
    shown = material(result.document, extracts)
    if shown is None:
        out.say("Nothing is written in a language that cannot be checked; what follows is quoted.")
        return None
    with (
        writer.Writer(context, info) as loaded,
        loaded.turn() as backend,
        interruptible() as interrupt,
        counter(f"{info.name} writes") as count,
    ):
        try:
            done = describing.describe(
                backend,
                shown,
                options=writer.options(max_tokens=1, thinking="off", **how),
                on_progress=lambda at: count(at.done, at.total),
                cancelled=interrupt,
            )
        except describing.Cancelled:
            raise KeyboardInterrupt from None
    writing = Writing(info.name, info.revision, done, PROMPT, speakers_in_order(shown))
    merged = merge(extracts, result.document, shown, writing)
    if not merged.extracts.generated:
        out.say(f"{info.name} wrote nothing that can be used; what follows is quoted.")
        return None
    fields = metadata.extracts_to_json(merged.extracts)
    own = {key: fields[key] if key in merged.extracts.generated else None for key in _KEYS}
    return {"by": info.name, **own, "generation": merged.generation}


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
    written = found["written"] or {}
    lines: list[str] = []
    for key, name in (("title", "Title"), ("description", "Description")):
        quoted = f"{name}: {printable(found[key])}" if found[key] else ""
        if written.get(key):
            lines.append(f"{name}: {printable(written[key])}")
            lines.append(f"  (written by {printable(written['by'])})")
            quoted = quoted and f"  quoted: {printable(found[key])}"
        lines += [quoted] if quoted else []
    shown = {key: written.get(key) or found[key] for key in _KEYS}
    if shown["tags"]:
        lines.append(f"Tags: {', '.join(map(printable, shown['tags']))}")
    if shown["summary"]:
        lines += ["", _head("Summary", "summary", written), "", printable(shown["summary"])]
    lines += _timed(_head("Key points", "key_points", written), shown["key_points"], "text")
    lines += _timed(_head("Chapters", "chapters", written), shown["chapters"], "title")
    if written:
        lines += ["", _checked(written["generation"])]
    return "\n".join(lines).strip("\n") + "\n"


def _head(name: str, key: str, written: Mapping[str, Any]) -> str:
    return f"{name} (written by {printable(written['by'])})" if written.get(key) else name


def _checked(generation: Mapping[str, Any]) -> str:
    """Return how much of what the model wrote was held against the transcript, and what became."""
    figures = generation["sentences"], generation["rewritten"], generation["dropped"]
    return "Checked against the transcript: {} sentences, {} rewritten, {} dropped.".format(
        *figures
    )


def _timed(head: str, entries: Sequence[Mapping[str, Any]] | None, key: str) -> list[str]:
    if not entries:
        return []
    times = [entry["start_s"] for entry in entries]
    shown = ["" if at is None else f"{clock(at)}  " for at in times]
    return ["", head, ""] + [
        f"- {time}{printable(entry[key])}" for time, entry in zip(shown, entries, strict=True)
    ]
