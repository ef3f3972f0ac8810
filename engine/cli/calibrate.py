"""`llasa-cli calibrate`: how good a model is at this work, and how it is best used."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from engine.calibration import run, texts, verdict
from engine.calibration.measure import Result, Way, measure
from engine.cli.failure import failure
from engine.errors import EngineError, ModelRefused
from engine.models import calibrations, catalog, local
from engine.records import ModelInfo
from engine.terminal import safe


@click.command(
    short_help="Measure how good a model is at this work.",
    epilog="Example: llasa-cli calibrate mlx-community/Qwen3-4B-Instruct-2507-4bit",
)
@click.argument("model")
@click.option(
    "--words",
    type=click.IntRange(50, 2_000),
    default=500,
    show_default=True,
    help="Words of each language; more take longer and tell more.",
)
@click.option(
    "--language",
    "languages",
    type=click.Choice(texts.LANGUAGES),
    multiple=True,
    help="Measure this language; may be given several times. Default: those of the model's card.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def calibrate(
    context: click.Context, *, model: str, words: int, languages: tuple[str, ...], as_json: bool
) -> None:
    """Measure how good a model is at this work, and how it is best used.

    Text in the public domain that comes with llasa is shown without marks and capitals: to the
    embedded model alone, and to MODEL in every way in which it can be used. What was best is
    written to the home (var/models) and used from then on; the last line says whether the model is
    worth using here. Nothing of yours is read.
    """
    base = getattr(context.obj, "base", None) or Path.cwd()  # the home, where there is one
    lease = getattr(context.obj, "lease", contextlib.nullcontext)
    try:
        info = _find(model, base)
        chosen = languages or run.languages_of(info)
        samples = [sample for code in chosen for sample in texts.samples(code, words)]
        with lease():
            results = [_measured(way, samples) for way in run.ways_of(info)]
        choice, data = run.content(info.name, results)
        path = calibrations.write(base, info, data)
    except EngineError as error:
        raise failure(error) from error
    if as_json:
        content = {"model": info.name, "file": os.fsdecode(path), **data}
        click.echo(json.dumps(content, indent=2))
        return
    for line in _table(results):
        click.echo(line)
    click.echo(f"written: {safe(path)}")
    click.echo(safe(choice.sentence))


def _find(model: str, base: Path) -> ModelInfo:
    """Return the model of a name as it is understood here, else in the home."""
    if model == catalog.EMBEDDED:
        raise ModelRefused(
            f"{model} is what other models are compared with.",
            hint="Name another model; `llasactl model list` shows those on this machine.",
        )
    return local.named(model, base, use_measured=False)


def _measured(way: Way, samples: Sequence[texts.Sample]) -> Result:
    """Measure one way, with a bar on a terminal."""
    mine = [sample for sample in samples if way.covers(sample.language)]
    if not mine:
        return Result(way)
    with click.progressbar(
        length=sum(len(sample.words) for sample in mine),
        label=safe(f"{way.info.name}: {way.name}"),
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    ) as bar:
        return measure(way, mine, on_words=bar.update)


def _table(results: Sequence[Result]) -> list[str]:
    lines = [f"{'':20} {'marks':>6} {'case':>6} {'paragr.':>7} {'words/s':>8} {'memory':>8}"]
    for row in run.rows_of(results):
        paragraphs = "" if row.paragraphs_f1 is None else f"{row.paragraphs_f1:.1f}"
        memory = f"{row.memory_bytes / 1e6:,.0f} MB" if row.memory_bytes else ""
        lines.append(
            f"{row.language + ' ' + row.way:20} {row.marks_f1:6.1f} {row.case_f1:6.1f} "
            f"{paragraphs:>7} {verdict.shown_speed(row.words_per_s):>8} {memory:>8}"
        )
    return lines
