"""llasactl search and quote: what was said, found again; and whether it was said like that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from daemon.control.session import (
    TerminalSession,
    home_option,
    json_option,
    print_json,
    usage_errors,
)
from daemon.control.text import count
from daemon.operations import quotes
from daemon.operations import search as searching
from daemon.operations.meaning import by_meaning
from daemon.operations.quotes import Checked
from daemon.operations.search import Hit, Limits
from daemon.terminal import safe
from engine.render.clock import clock

if TYPE_CHECKING:
    from rich.text import Text

SHOWN: Final = 5
EXIT_NOT_SAID: Final = 1


def _limit_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--folder", metavar="DIR", help="Only transcripts below this folder."),
        click.option("--since", metavar="DATE", help="Only files from this date on."),
        click.option("--speaker", metavar="NAME", help="Only what this speaker said."),
    ):
        function = option(function)
    return function


@click.command(
    short_help="Find what was said.",
    epilog='Example: llasactl search "balked at the cost" --speaker Ada',
)
@home_option
@json_option
@_limit_options
@click.option(
    "--limit",
    type=click.IntRange(1, searching.MOST_HITS),
    default=SHOWN,
    show_default=True,
    help="How many passages to show.",
)
@click.argument("words", nargs=-1, required=True)
@click.pass_obj
def search(
    session: TerminalSession,
    *,
    words: tuple[str, ...],
    speaker: str | None,
    since: str | None,
    folder: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """Show the passages of finished transcripts that answer best, with times and speakers.

    Case, accents and punctuation do not count, and other forms of a word count a little less. Words
    in quotation marks are found as a phrase: llasactl search '"at the cost"'.
    """
    with usage_errors():
        limits = Limits(speaker, since, folder)
        with by_meaning(session, on_problem=_say_words_alone) as nearest:
            found = searching.search(
                session, _text_of(words), limits=limits, limit=limit, nearest=nearest
            )
    if as_json:
        print_json(
            {
                "transcripts": found.transcripts,
                "passages": found.passages,
                "hits": [hit.to_json() for hit in found.hits],
            }
        )
        return
    click.echo(session.home_line())
    for hit in found.hits:
        session.console.print()
        session.console.print(_shown(session, hit))
        click.echo(_way(hit.media, hit.output))
    searched = f"{count(found.transcripts, 'transcript')}, {count(found.passages, 'passage')}"
    if not found.transcripts:
        click.echo(
            "There is no finished transcript yet; `llasactl status` says what is being done."
        )
    elif not found.hits:
        click.echo(f"Nothing was found in {searched}.")
    elif not any(hit.has_all for hit in found.hits):
        click.echo(f"\nNo passage has all of these words; these have some. Searched: {searched}.")


def _say_words_alone(problem: str) -> None:
    click.echo(safe(f"Searched by words alone: {problem}"), err=True)


def _shown(session: TerminalSession, hit: Hit) -> Text:
    from rich.text import Text

    head = Text(session.shown_path(hit.file), style="bold")
    if hit.at_s is not None:
        head.append(f"  {clock(hit.at_s)}", style="cyan")
    if hit.title:
        head.append(f"  {safe(hit.title)}", style="dim")
    text = Text.assemble(head, "\n")
    for piece in hit.excerpt:
        if piece.text.startswith("\n"):
            text.append("\n")
        if piece.speaker is not None:
            text.append(f"{safe(piece.speaker)}: ", style="dim")
        said = safe(piece.text.removeprefix("\n"))
        text.append(said, style="bold yellow" if piece.is_match else "")
    return text


def _way(media: str | None, output: str | None) -> str:
    """Return how to get to the place: the recording at its moment, else the text."""
    return f"open: {safe(media or output)}" if media or output else "its outputs are gone"


@click.command(
    short_help="Check whether something was said.",
    epilog='Example: llasactl quote "we will deliver in May" --speaker Ada',
)
@home_option
@json_option
@_limit_options
@click.argument("words", nargs=-1, required=True)
@click.pass_context
def quote(
    context: click.Context,
    *,
    words: tuple[str, ...],
    speaker: str | None,
    since: str | None,
    folder: str | None,
    as_json: bool,
) -> None:
    """Check whether somebody said these words, one after the other.

    Case and punctuation may differ, the words may not. With --speaker, words of somebody else are
    misattributed. What was not said is answered with the nearest words that were. The exit code is
    0 if it was found, else 1.
    """
    session = context.ensure_object(TerminalSession)
    with usage_errors():
        checked = quotes.verify(session, _text_of(words), limits=Limits(speaker, since, folder))
    if as_json:
        print_json(checked.to_json())
    else:
        click.echo(session.home_line())
        session.console.print(_verdict(session, checked, speaker))
        if checked.file is not None:
            click.echo(_way(checked.media, checked.output))
    if checked.status != "found":
        context.exit(EXIT_NOT_SAID)


def _text_of(words: Sequence[str]) -> str:
    text = " ".join(words)
    if not text.strip():
        raise click.UsageError("Give at least one word.")
    return text


def _verdict(session: TerminalSession, checked: Checked, speaker: str | None) -> Text:
    from rich.text import Text

    if checked.file is None or checked.text is None:
        return Text("not found: nobody said this, or anything near it", style="bold red")
    heads = {
        "found": ("found", "bold green"),
        "misattributed": (f"misattributed: this is not by {safe(speaker)} alone", "bold yellow"),
        "not_found": ("not found; the nearest words that were said:", "bold red"),
    }
    where = session.shown_path(checked.file)
    if checked.at_s is not None:
        where += f"  {clock(checked.at_s)}"
    if checked.status == "not_found":
        where += f"  similarity {checked.similarity:.0%}"
    said = f"{safe(', '.join(checked.speakers))}: " if checked.speakers else ""
    return Text.assemble(
        heads[checked.status],
        "\n",
        (said, "dim"),
        safe(checked.text),
        "\n",
        (where, "cyan"),
    )


COMMANDS: Final = (search, quote)
