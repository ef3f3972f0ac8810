"""Find what was said: passages of finished transcripts, ranked, with the words that answer."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from daemon.files.spelling import resolved
from daemon.operations.errors import InvalidRequest
from daemon.operations.meaning import Nearest
from daemon.operations.places import media_of, output_of
from daemon.operations.session import Session
from daemon.work.contents import speaker_key
from engine.ask import passages, rank, stored, tokens
from engine.ask.passages import Passage, Spoken
from engine.ask.query import Query, Term, matches, parse
from engine.text import marks
from state.library.library import Library
from state.library.opening import open_library_readonly
from state.library.records import Filters, Mode, PassageRow, Wanted

MOST_HITS: Final = 100
CANDIDATES: Final = 50  # that each ranking gives, at least
#: From so many passages on, a word that stands in a larger share of them is not asked for beside
#: others: in a small library a word may be frequent because it is the subject.
COMMON: Final = ((1_000, 0.1), (20, 0.5))
LEAST_SHARE: Final = 0.5  # of the words of a search that a passage must have, if any has so many
NEAR: Final = 10  # passages that answer by their meaning, whatever their words
EXCERPT: Final = 45  # words
_LEAD: Final = 15  # words before the first match, if a sentence begins there


@dataclass(frozen=True, slots=True)
class Limits:
    """Where a search looks; None: everywhere."""

    speaker: str | None = None  # a name, or a part of it in whole words
    since: str | None = None  # a date or moment in ISO 8601, local; of the transcript's file
    folder: str | None = None  # as the user typed it
    without_private: bool = False  # leave out what `private` keeps from other programs


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text of an excerpt."""

    text: str  # begins with a newline where another turn begins
    is_match: bool  # whether it answers the search
    speaker: str | None  # where another speaker begins, their name; else None


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that answers a search; the fields are keys of `search --json`."""

    file: str  # the transcript's source
    title: str | None
    at_s: float | None  # when the first shown match is said; None where there are no times
    start_s: float | None  # of the passage
    end_s: float | None
    speakers: tuple[str, ...]  # of the passage
    has_all: bool  # whether every telling word of the search is in the passage, in some form
    excerpt: tuple[Piece, ...]
    text: str  # the whole passage, a line for each turn
    output: str | None  # the most readable output beside the source
    media: str | None  # the recording beside the source, as a link to this moment

    def to_json(self) -> dict[str, Any]:
        """Return the hit as plain values; docs/commands.md explains the keys."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Found:
    """The answer to a search."""

    hits: tuple[Hit, ...]  # the best first
    transcripts: int  # in the library
    passages: int


def search(
    session: Session,
    text: str,
    *,
    limits: Limits,
    limit: int,
    nearest: Nearest | None = None,
) -> Found:
    """Return the passages that answer `text` best; any text is allowed.

    `nearest` ranks passages by meaning, where an embedding model is configured. Raises
    InvalidRequest for limits that cannot be understood, and LibraryError where there is no library
    to be read.
    """
    filters = filters_of(session, limits)
    typed = parse(text)
    with opened(session) as library:
        totals = library.totals()
        query = telling(library, typed)
        most = max(CANDIDATES, 4 * limit)
        ids = ranked(library, typed, query, filters, limit=most)[:most]
        near: list[int] = []
        if nearest is not None:
            near = [number for number, _ in nearest(library, text, filters)][:NEAR]
            ids = rank.join(ids, _with_enough(library, query, ids, limits.speaker), near)
        first = frozenset(near)
        answers = (
            answer
            for row in in_order(library, ids)
            if may_read(session, row.path, limits)
            and (answer := _answer(query, row, limits.speaker, is_near=row.id in first)) is not None
        )
        best = _enough(answers, limit)
        hits = tuple(_hit(session, library, answer) for answer in best)
    return Found(hits, totals.transcripts - totals.problems, totals.passages)


def opened(session: Session) -> Library:
    """Open the library of a home for reading; raises LibraryError."""
    return open_library_readonly(session.home.library, stored.indexed, form=tokens.VERSION)


def filters_of(session: Session, limits: Limits) -> Filters:
    """Return limits as the library understands them; raises InvalidRequest."""
    return Filters(
        speaker=None if limits.speaker is None else speaker_key(limits.speaker),
        since_s=None if limits.since is None else _moment(limits.since),
        folder=None if limits.folder is None else _folder(session, limits.folder),
    )


def may_read(session: Session, path: str, limits: Limits) -> bool:
    """Return whether a transcript may be shown, by the `private` of its folder's profile."""
    return not (limits.without_private and session.config.profile_for(path).private)


def ranked(
    library: Library, typed: Query, query: Query, filters: Filters, *, limit: int
) -> list[int]:
    """Return the ids of passages that answer, best first.

    Up to four rankings are joined: passages with all that was typed, with all telling words, with
    all of them in some form, with any of them. The later, wider ones are left out once one is full.
    """
    exact = [Wanted(term.tokens) for term in query.terms]
    searches: list[tuple[list[Wanted], Mode]] = [
        ([Wanted(term.tokens) for term in typed.terms], "all"),
        (exact, "all"),
        ([_as_beginning(term) for term in query.terms], "all"),
        (exact, "any"),
    ]
    done: list[tuple[list[Wanted], Mode]] = []
    rankings: list[list[int]] = []
    for wanted, mode in searches:
        mode = "all" if len(wanted) < 2 else mode
        if (wanted, mode) not in done:
            done.append((wanted, mode))
            rankings.append(library.search(wanted, mode=mode, filters=filters, limit=limit))
        if len(rankings[-1]) >= limit:
            break
    return rank.fuse(rankings)


def in_order(library: Library, ids: Sequence[int]) -> Iterator[PassageRow]:
    """Yield passages by their ids, a few at a time."""
    for begin in range(0, len(ids), CANDIDATES):
        yield from library.passages(ids[begin : begin + CANDIDATES])


def passage_of(row: PassageRow) -> Passage:
    """Return the passage in a row of the library."""
    return stored.load(row.body, position=row.position, start_s=row.start_s, end_s=row.end_s)


def telling(library: Library, query: Query) -> Query:
    """Return the query without words that stand in very many passages, if others are left."""
    total = library.totals().passages
    share = next((share for least, share in COMMON if total >= least), 1.0)
    kept = tuple(
        term
        for term in query.terms
        if len(term.tokens) > 1 or library.frequency(term.tokens[0]) <= share * total
    )
    return Query(kept) if kept else query


def _as_beginning(term: Term) -> Wanted:
    begun = term.beginning
    return Wanted(term.tokens) if begun is None else Wanted((begun,), is_beginning=True)


@dataclass(frozen=True, slots=True)
class _Answer:
    """A passage with the words in it that answer."""

    row: PassageRow
    passage: Passage
    found: frozenset[int]  # places of words
    share: float  # of the terms that are answered
    is_near: bool  # by its meaning


def _answer(query: Query, row: PassageRow, speaker: str | None, *, is_near: bool) -> _Answer | None:
    """Return what answers in a passage, None where nothing does, or not by the speaker.

    A passage that is near by its meaning answers without any of the words.
    """
    passage = passage_of(row)
    answers = matches(query, passage.words)
    if speaker is not None:
        said = _said_by(passage, speaker)
        answers = [places & said for places in answers]
    found = frozenset[int]().union(*answers)
    if not found and (not is_near or speaker is not None):
        return None
    share = sum(map(bool, answers)) / len(answers) if answers else 0.0
    return _Answer(row, passage, found, share, is_near)


def _with_enough(
    library: Library, query: Query, ids: Sequence[int], speaker: str | None
) -> set[int]:
    """Return those passages that have enough of the words of a search."""
    answers = (_answer(query, row, speaker, is_near=False) for row in in_order(library, ids))
    return {answer.row.id for answer in answers if answer and answer.share >= LEAST_SHARE}


def _enough(answers: Iterator[_Answer], limit: int) -> list[_Answer]:
    """Return the first answers that have enough of the words; where none has, the first ones."""
    good: list[_Answer] = []
    poor: list[_Answer] = []
    for answer in answers:
        (good if answer.share >= LEAST_SHARE or answer.is_near else poor).append(answer)
        if len(good) >= limit:
            break
    return good or poor[:limit]


def _hit(session: Session, library: Library, answer: _Answer) -> Hit:
    """Return a passage as it is shown."""
    row, passage, found = answer.row, answer.passage, answer.found
    spoken = passage.words
    begin, end = _excerpt(spoken, found)
    shown = [place for place in sorted(found) if begin <= place < end]
    at_s = next((s for place in shown if (s := spoken[place].start_s) is not None), row.start_s)
    known = library.transcript(row.path)
    return Hit(
        file=row.path,
        title=known.title if known is not None else None,
        at_s=at_s,
        start_s=row.start_s,
        end_s=row.end_s,
        speakers=passage.speakers,
        has_all=answer.share == 1.0,
        excerpt=tuple(_pieces(passage, found, begin, end)),
        text=passage.text,
        output=output_of(session, row.path),
        media=media_of(row.path, at_s),
    )


def _said_by(passage: Passage, speaker: str) -> frozenset[int]:
    """Return the places of the words of a speaker."""
    wanted = speaker_key(speaker)
    places: list[int] = []
    place = 0
    for turn in passage.turns:
        if turn.speaker is not None and wanted in speaker_key(turn.speaker):
            places += range(place, place + len(turn.words))
        place += len(turn.words)
    return frozenset(places)


def _excerpt(spoken: Sequence[Spoken], found: frozenset[int]) -> tuple[int, int]:
    """Return which words are shown: those where most matches are near each other."""
    places = sorted(found)
    if not places:
        return 0, min(len(spoken), EXCERPT)
    best = max(places, key=lambda first: sum(first <= p < first + EXCERPT - _LEAD for p in places))
    begin = max(0, best - _LEAD)
    for place in range(best, begin, -1):
        if marks.ends_sentence(spoken[place - 1].text):
            begin = place
            break
    end = min(len(spoken), begin + EXCERPT)
    return max(0, end - EXCERPT) if end == len(spoken) and begin > 0 else begin, end


def _pieces(passage: Passage, found: frozenset[int], begin: int, end: int) -> Iterator[Piece]:
    """Yield the shown words as pieces of one kind, each of one speaker."""
    place = 0
    for turn in passage.turns:
        first, last = max(begin, place), min(end, place + len(turn.words))
        speaker = turn.speaker
        run: list[Spoken] = []
        for at in range(first, last):
            run.append(turn.words[at - place])
            if at + 1 == last or (at + 1 in found) != (at in found):
                is_first = at + 1 - len(run) == first
                gap = "" if run[0].glued else " "
                if is_first:
                    gap = "" if first == begin else "\n"
                yield Piece(gap + passages.join(run), at in found, speaker)
                speaker, run = None, []
        place += len(turn.words)


def _moment(text: str) -> float:
    try:
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidRequest(
            f"{text} is no date: write it as 2026-11-29 or 2026-11-29T18:00."
        ) from error


def _folder(session: Session, text: str) -> str:
    path = Path(os.path.expanduser(text))
    for base in (Path.cwd(), *session.config.watch):
        if (base / path).is_dir():
            return str(resolved(base / path))
    raise InvalidRequest(f"There is no folder {text}, here or in a watched folder.")
