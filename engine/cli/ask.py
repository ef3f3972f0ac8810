"""`llasa-cli ask`: a question to all finished transcripts, answered in quotations.

A model may write sentences around them. It cannot invent a quotation, and a sentence that does not
stand in what it cites is dropped or marked.
"""

from __future__ import annotations

import json
from typing import Final

import click

from engine.ask.answer import Answer, extractive
from engine.ask.evidence import Found, weigh
from engine.chat import quoting
from engine.cli import writer
from engine.cli.context import CliContext, Library
from engine.cli.failure import failure
from engine.cli.run import EXIT_ENVIRONMENT, UserMessage
from engine.errors import ChatError, ChildError, EngineError, ModelNotFound
from engine.render.clock import clock
from engine.terminal import safe

EXIT_NO_ANSWER: Final = 1


@click.command(
    short_help="Ask what was said, in all finished transcripts.",
    epilog='Example: llasa-cli ask "What did Ada promise about the delivery?"',
)
@click.argument("question", nargs=-1, required=True)
@click.option("--extractive", is_flag=True, help="Quotations alone; no model is loaded.")
@click.option("--speaker", metavar="NAME", help="Only what this speaker said.")
@click.option("--since", metavar="DATE", help="Only files from this date on.")
@click.option("--folder", metavar="DIR", help="Only transcripts below this folder.")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@writer.model_option
@writer.home_option
@click.pass_context
def ask(
    context: click.Context,
    /,
    question: tuple[str, ...],
    extractive: bool,
    speaker: str | None,
    since: str | None,
    folder: str | None,
    as_json: bool,
    model: str | None,
) -> None:
    """Answer a question with what was said, word for word, with time and speaker.

    A chat model, if there is one, writes a sentence around the quotations; it cannot invent one.
    Where no passage answers, the nearest words are shown and the exit code is 1.
    """
    own = context.ensure_object(CliContext)
    library = own.library
    if library is None:
        raise UserMessage(
            "llasa-cli: there are no transcripts to ask: no home is found.\n"
            "Name one with --home, or start a daemon with `llasad`.",
            exit_code=EXIT_ENVIRONMENT,
        )
    found = library.find(" ".join(question), speaker=speaker, since=since, folder=folder)
    answer = _answer(own, found, model, use_model=not extractive)
    if as_json:
        click.echo(_json(answer, library))
    else:
        _show(answer, library)
    if answer.status != "answered":
        raise click.exceptions.Exit(EXIT_NO_ANSWER)


def _answer(own: CliContext, found: Found, model: str | None, *, use_model: bool) -> Answer:
    """Return the answer: where no passage answers, no model is asked to."""
    evidence = weigh(found.asked, found.passages)
    plain = extractive(found, evidence)
    if evidence.status != "answered" or not use_model:
        return plain
    try:
        info = writer.choose(own, model)
    except ModelNotFound as error:
        if model is not None or own.chat_model is not None:  # the user named it
            raise failure(error) from error
        return plain
    except EngineError as error:
        raise failure(error) from error
    try:
        with writer.Writer(own, info) as loaded, loaded.turn():
            return quoting.answer(plain, found, loaded.client)
    except (ChildError, ChatError) as error:  # the quotations are there without it
        click.echo(safe(f"Quotations alone, for {info.name} failed: {error}"), err=True)
        return plain
    except EngineError as error:
        raise failure(error) from error


def _show(answer: Answer, library: Library) -> None:
    if answer.remark:
        click.echo(safe(answer.remark))
    if answer.written is not None:
        for claim in answer.written.claims:
            cited = "".join(f"[{number}]" for number in claim.cites)
            missing = ", ".join(claim.unsupported)
            note = f" (not in the quotation: {missing})" if missing else ""
            click.echo(safe(f"{claim.text} {cited}{note}"))
    numbered = answer.written is not None and bool(answer.written.claims)
    for number, quote in enumerate(answer.quotes, start=1):
        click.echo()
        head = f"[{number}] " if numbered else ""
        click.echo(
            safe(f"{head}\N{LEFT DOUBLE QUOTATION MARK}{quote.text}\N{RIGHT DOUBLE QUOTATION MARK}")
        )
        place = library.shown(quote.source.file)
        if quote.start_s is not None:
            place += f"  {clock(quote.start_s)}"
        speaker = f"{quote.speaker}, " if quote.speaker else ""
        click.echo(safe(f"    {speaker}{place}"))
        way = library.way(quote.source.file, quote.start_s)
        click.echo(safe(f"    open: {way}" if way is not None else "    its outputs are gone"))
    if answer.written is not None:
        model = safe(answer.written.model)
        _left_out(answer.written.beside, "quotation", model, "its passage is about something else")
        _left_out(answer.written.dropped, "sentence", model, "not in what was quoted")


def _left_out(count: int, what: str, model: str, why: str) -> None:
    if count:
        words = f"{what} of {model} was" if count == 1 else f"{what}s of {model} were"
        click.echo(f"\n{count} {words} left out: {why}.")


def _json(answer: Answer, library: Library) -> str:
    found = answer.to_json()
    for quote in found["quotes"]:
        quote["open"] = library.way(quote["file"], quote["at_s"])
    return json.dumps(found, indent=2).replace("\x7f", "\\u007f")
