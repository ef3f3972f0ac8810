"""Find what answers a question in all finished transcripts: passages, and the sentences in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from daemon.operations import search as searching
from daemon.operations.meaning import Nearest, by_meaning
from daemon.operations.places import media_of, output_of
from daemon.operations.search import Limits
from daemon.operations.session import Session
from daemon.work.contents import speaker_key
from engine.ask import asked as asking
from engine.ask import rank
from engine.ask.answer import Answer, extractive
from engine.ask.asked import Asked
from engine.ask.evidence import FLOOR, Found, Retrieved, share_of, weigh
from engine.ask.query import Query, Term
from engine.ask.tokens import tokens
from engine.claims.inflection import forms_of
from state.library.library import Library
from state.library.records import Filters, Mode, Wanted

MOST_CHARACTERS: Final = 1_000  # of a question
PASSAGES: Final = 12  # that are read for an answer
_CANDIDATES: Final = 50  # that each ranking gives


def find(
    session: Session,
    question: str,
    *,
    limits: Limits,
    nearest: Nearest | None = None,
    limit: int = PASSAGES,
) -> Found:
    """Return the passages that may answer a question; any text is one.

    `nearest` ranks passages by meaning, where an embedding model is configured. Raises
    InvalidRequest for limits that cannot be understood, and LibraryError where there is no library
    to be read.
    """
    question = question[:MOST_CHARACTERS]
    filters = searching.filters_of(session, limits)
    with searching.opened(session) as library:
        totals = library.totals()
        asked = asking.ask(
            question,
            frequency=library.frequency,
            passages=totals.passages,
            languages=library.languages(),
            speakers=_speakers(library, question, limits),
        )
        if limits.speaker is not None:
            asked = replace(asked, speaker=limits.speaker)
        found = _passages(session, library, asked, filters, limits, nearest, limit)
    return Found(asked, tuple(found), totals.transcripts - totals.problems, totals.passages)


def _speakers(library: Library, question: str, limits: Limits) -> list[str]:
    """Return who may be asked about; whole names alone, where part of one would tell the rest."""
    if not limits.without_private:
        return library.speakers()
    said = set(tokens(question))
    return [name for name in library.speakers() if set(tokens(name)) <= said]


def answer(session: Session, question: str, *, limits: Limits) -> Answer:
    """Return the answer to a question in quotations alone; raises what `find` raises."""
    with by_meaning(session) as nearest:
        found = find(session, question, limits=limits, nearest=nearest)
    return extractive(found, weigh(found.asked, found.passages))


def _passages(
    session: Session,
    library: Library,
    asked: Asked,
    filters: Filters,
    limits: Limits,
    nearest: Nearest | None,
    limit: int,
) -> list[Retrieved]:
    rankings = _lexical(library, asked, filters)
    if asked.speaker is not None and filters.speaker is None:
        theirs = replace(filters, speaker=speaker_key(asked.speaker))
        rankings += _lexical(library, asked, theirs)
    fused = rank.fuse(rankings)
    similar: dict[int, float] = {}
    if nearest is not None:
        similar = dict(list(nearest(library, asked.text, filters))[: searching.NEAR])
        fused = rank.join(fused, _enough(library, asked, fused[:_CANDIDATES]), list(similar))
        limit += len(similar)  # what words find is read with or without a model
    found: list[Retrieved] = []
    names = [token for term in asked.terms if term.is_firm for token in term.term.tokens]
    elsewhere: dict[str, frozenset[str]] = {}
    for row in searching.in_order(library, fused):
        if not searching.may_read(session, row.path, limits):
            continue
        known = library.transcript(row.path)
        title = known.title if known is not None else None
        if row.path not in elsewhere:
            elsewhere[row.path] = _said_in(library, row.path, names)
        passage = searching.passage_of(row)
        found.append(
            Retrieved(row.id, row.path, title, passage, similar.get(row.id), elsewhere[row.path])
        )
        if len(found) >= limit:
            break
    return found


def _enough(library: Library, asked: Asked, ids: Sequence[int]) -> set[int]:
    """Return the passages that have enough of a question to be called an answer."""
    return {
        row.id
        for row in searching.in_order(library, ids)
        if share_of(asked, searching.passage_of(row)) >= FLOOR
    }


def _said_in(library: Library, path: str, names: Sequence[str]) -> frozenset[str]:
    """Return those names that are said somewhere in a transcript."""
    here = Filters(path=path)
    return frozenset(
        name
        for name in names
        if library.search([Wanted((name,))], mode="all", filters=here, limit=1)
    )


def _lexical(library: Library, asked: Asked, filters: Filters) -> list[list[int]]:
    """Return rankings of passages: with all words, all telling ones, any, any in some form."""
    terms = [term.term for term in asked.terms]
    if not terms:
        return []
    exact = [Wanted(term.tokens) for term in terms]
    forms = [wanted for term in terms for wanted in _forms(term)]
    telling = Query(tuple(t.term for t in asked.terms if t.weight >= _telling(asked)))
    searches: list[tuple[list[Wanted], Mode]] = [
        (exact, "all"),
        ([Wanted(term.tokens) for term in telling.terms], "all"),
        (exact, "any"),
        (forms, "any"),
    ]
    return [
        library.search(wanted, mode=mode, filters=filters, limit=_CANDIDATES)
        for wanted, mode in searches
    ]


def _telling(asked: Asked) -> float:
    """Return the weight from which a term is one of those that matter in a question."""
    return 0.5 * max(term.weight for term in asked.terms)


def _forms(term: Term) -> list[Wanted]:
    begun = term.beginning
    found = [Wanted(term.tokens) if begun is None else Wanted((begun,), is_beginning=True)]
    if len(term.tokens) == 1:
        found += [Wanted((form,)) for form in forms_of(term.tokens[0])]
    return found


class AskLibrary:
    """The library of a home as a question asks it; see `engine.cli.context`."""

    def __init__(
        self, session: Session, *, on_problem: Callable[[str], None] = lambda text: None
    ) -> None:
        self._session = session
        self._on_problem = on_problem  # told why meaning does not count

    def find(
        self,
        question: str,
        *,
        speaker: str | None = None,
        since: str | None = None,
        folder: str | None = None,
    ) -> Found:
        """Return what is found for a question; raises what `find` raises."""
        limits = Limits(speaker, since, folder)
        with by_meaning(self._session, on_problem=self._on_problem) as nearest:
            return find(self._session, question, limits=limits, nearest=nearest)

    def shown(self, file: str) -> str:
        """Return a transcript's path as the user knows it."""
        return self._session.short_path(file)

    def way(self, file: str, at_s: float | None) -> str | None:
        """Return how to get to a moment of a transcript: its recording, else its text."""
        return media_of(file, at_s) or output_of(self._session, file)
