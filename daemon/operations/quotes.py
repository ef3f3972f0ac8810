"""Hold a quotation against the library: found, said by somebody else, or not found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

from daemon.operations import search as searching
from daemon.operations.places import media_of, output_of
from daemon.operations.search import Limits
from daemon.operations.session import Session
from engine.ask import quotes
from engine.ask.query import Query, Term
from engine.ask.quotes import Source
from engine.ask.tokens import tokens
from state.library.library import Library
from state.library.records import Filters, PassageRow, Wanted

_CANDIDATES: Final = 20  # passages that are compared word for word
_PHRASE: Final = 64  # tokens; longer quotations are looked for by their beginning


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of a quotation; the fields are the keys of `quote --json`."""

    status: quotes.Status  # found, misattributed or not_found
    claimed: str
    file: str | None  # where the words stand, or the nearest ones; None: nothing is near
    text: str | None  # the real words
    speakers: tuple[str, ...]  # whose words they are
    at_s: float | None  # when they begin
    similarity: float | None  # to the claim: 1.0 for the same words
    output: str | None  # the most readable output beside the source
    media: str | None  # the recording beside the source, as a link to this moment

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain values; docs/commands.md explains the keys."""
        return asdict(self)


def verify(session: Session, text: str, *, limits: Limits) -> Checked:
    """Return whether somebody said `text`; with `limits.speaker`, whether it was them.

    Raises InvalidRequest for limits that cannot be understood, and LibraryError where there is no
    library to be read.
    """
    where = searching.filters_of(session, Limits(since=limits.since, folder=limits.folder))
    with searching.opened(session) as library:
        rows = _candidates(library, text, where)
        allowed = [row for row in rows if searching.may_read(session, row.path, limits)]
        sources = _sources(library, allowed)
        verdict = quotes.verify_quote(text, sources, speaker=limits.speaker)
    found = verdict.quote
    if found is None:
        return Checked(verdict.status, text, None, None, (), None, None, None, None)
    return Checked(
        status=verdict.status,
        claimed=text,
        file=found.path,
        text=found.text,
        speakers=found.speakers,
        at_s=found.start_s,
        similarity=found.similarity,
        output=output_of(session, found.path),
        media=media_of(found.path, found.start_s),
    )


def _candidates(library: Library, text: str, filters: Filters) -> list[PassageRow]:
    """Return passages in which the words may stand: those with the phrase, then those like it."""
    text = text[: quotes.MOST_CHARACTERS]
    phrase = Wanted(tokens(text)[:_PHRASE])
    exact = library.search([phrase], mode="all", filters=filters, limit=_CANDIDATES)
    words = Query(tuple(Term((token,)) for token in dict.fromkeys(phrase.tokens)))
    similar = searching.ranked(
        library, words, searching.telling(library, words), filters, limit=_CANDIDATES
    )
    return library.passages(list(dict.fromkeys([*exact, *similar[:_CANDIDATES]])))


def _sources(library: Library, rows: Iterable[PassageRow]) -> Iterator[Source]:
    """Yield each candidate between its neighbours, since a quotation may go on in the next one."""
    for row in rows:
        first = max(0, row.position - 1)
        around = library.passages_of(row.transcript_id, first=first, limit=row.position - first + 2)
        yield Source(row.path, tuple(map(searching.passage_of, around)))
