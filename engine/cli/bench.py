"""`llasa-cli bench`: how fast a model is on this machine."""

from __future__ import annotations

import dataclasses
from functools import partial

import click

from engine.child.measure import measure
from engine.child.operations import load_model
from engine.cli.context import CliContext
from engine.cli.failure import failure
from engine.errors import EngineError
from engine.models import catalog, local
from engine.records import Segment, Transcript, Word
from engine.terminal import safe
from engine.text.parts import split

TEXT = (
    "so what we did in the end was to take the old bicycle apart on the kitchen table and nobody "
    "was happy about the oil on the chairs but by the evening we had found the noise it was a "
    "small ball bearing that had lost its cage do you remember what they cost when we were young "
    "the man in the shop only smiled and said that he still had some in a drawer downstairs and "
    "that was that we rode home along the river and the bicycle did not make a sound"
)


@click.command(
    short_help="Measure how fast a model enhances text here.",
    epilog="Example: llasa-cli bench --model mlx-models/my-model",
)
@click.option("--model", default=catalog.EMBEDDED, show_default=True, help="Model to measure.")
@click.option(
    "--parts", type=click.IntRange(1, 1000), default=4, show_default=True, help="Parts to decode."
)
@click.pass_context
def bench(context: click.Context, *, model: str, parts: int) -> None:
    """Measure how fast a model enhances text on this machine.

    A language model decides alone here, by guided decoding, step by step and drafted; `calibrate`
    measures it in every way.
    """
    try:
        found = local.named(model, context.ensure_object(CliContext).base)
        info = dataclasses.replace(found, opinion=None, decider=None)
        # Only this command loads a model in its own process: it has nothing to protect from it.
        loaded = load_model(info)
        said = Segment(tuple(Word(word) for word in TEXT.split() * parts * 4))
        pieces = split(Transcript("bench", (said,)), info, covered=True, language="en")[:parts]
        measure(loaded.enhance, pieces[:1])
        ways = {"one pass": loaded.enhance}
        if info.kind != "tagger":
            ways = {"step by step": partial(loaded.enhance, draft_tokens=0)}
            ways["drafted"] = loaded.enhance
        runs = {
            name: measure(way, pieces, tail_words=info.tail_words) for name, way in ways.items()
        }
    except EngineError as error:
        raise failure(error) from error
    click.echo(safe(f"{info.name} on {loaded.device_path}, loaded in {loaded.load_s:.1f} s"))
    for name, run in runs.items():
        click.echo(
            f"{name:>13}: {run.tokens / run.seconds:8.0f} tokens/s {run.words_per_second:8.0f} "
            f"words/s {run.tokens_per_pass:6.1f} tokens per pass"
        )
    if len(runs) == 1:
        return
    step, drafted = runs.values()
    same = (
        "the same text"
        if step.written == drafted.written
        else "different texts: please report this"
    )
    click.echo(f"{step.seconds / drafted.seconds:.1f} times as fast, {same}")
