"""What a conversation may ask of a home, as tools: list, read, search, describe, enhance.

Results are plain values, bounded, with where to go on. What was said in a transcript is data in
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from daemon.errors import NoSuchJob
from daemon.files.spelling import resolved
from daemon.operations import actions, asking, music, transcripts
from daemon.operations.errors import NothingToShow
from daemon.operations.meaning import by_meaning
from daemon.operations.search import Limits, search
from daemon.operations.session import Book, Session
from engine.chat.context import Excerpt
from engine.chat.records import Tool
from engine.render.clock import clock
from state.job import RETRYABLE, Job, Status

Given = Mapping[str, Any]

_PAGE: Final = 3_000  # characters of a transcript in one result
_LISTED: Final = 20  # transcripts in one result
_HITS: Final = 10  # in one result
_KEY_POINTS: Final = 20
# Everything has a bound: a weak model that writes under a schema goes on for as long as it may.
_NAME: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": 200,
    "description": "The name or the id of a transcript, as list_transcripts gives it.",
}
_SECONDS: Final = {"type": "number", "minimum": 0, "maximum": 999_999}
_NUMBER: Final = {"type": "integer", "minimum": 0, "maximum": 9_999_999}


def tools(session: Session) -> list[Tool]:
    """Return the tools of a home; each opens the database when it runs."""
    return [
        Tool(
            "list_transcripts",
            "List the transcripts of this machine, the newest first: id, name, state, title. "
            "`next` is where to go on.",
            _schema(from_number={**_NUMBER, "description": "0, or `next` of the result before."}),
            lambda given: _list(session, given),
        ),
        Tool(
            "read_transcript",
            "Read what was said in a transcript, or in a span of it. A result holds one page; "
            "`next_word` is where to go on.",
            _schema(
                "transcript",
                transcript=_NAME,
                from_s={**_SECONDS, "description": "The beginning of the span in seconds."},
                to_s={**_SECONDS, "description": "The end of the span in seconds."},
                from_word={**_NUMBER, "description": "`next_word` of the page before."},
            ),
            lambda given: _read(session, given),
        ),
        Tool(
            "describe_transcript",
            "Get the title, summary, key points, chapters, speakers and length of a transcript.",
            _schema("transcript", transcript=_NAME),
            lambda given: _describe(session, given),
        ),
        Tool(
            "search_transcripts",
            "Find where something was said, in all finished transcripts, the best passages first. "
            "`has_all` says whether a passage has all of the words.",
            _schema(
                "text",
                text={
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 100,
                    "description": "The words to look for.",
                },
            ),
            lambda given: _search(session, given),
        ),
        Tool(
            "ask_transcripts",
            "Answer a question with what was said, word for word. `status` is answered, nearest "
            "(these words are near, and no answer: `remark` says why) or not_found. Quote nothing "
            "else.",
            _schema(
                "question",
                question={
                    "type": "string",
                    "minLength": 1,
                    "maxLength": 300,
                    "description": "The question, as a whole sentence.",
                },
            ),
            lambda given: _ask(session, given),
        ),
        Tool(
            "enhance_transcript",
            "Queue a transcript to be enhanced. It is done later, in the background.",
            _schema("transcript", transcript=_NAME),
            lambda given: _enhance(session, given),
            asks_first=True,
        ),
        *music.tools(session),
    ]


def excerpt(
    session: Session, name: str, *, from_s: float | None = None, to_s: float | None = None
) -> Excerpt:
    """Return a span of a finished transcript, to be attached to a conversation.

    Raises what `transcripts.finished_text` and `transcripts.read_page` raise.
    """
    with _reading(session) as book:
        text = transcripts.finished_text(book, name)
    whole = sum(len(word.text) + 1 for word in text.words)
    page = transcripts.read_page(text, from_s=from_s, to_s=to_s, most_characters=whole + 1)
    lines = map(_line, page.passages)
    return Excerpt(text.job.path, text.job.sha256 or "", "\n".join(lines), from_s, to_s)


def _schema(*required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


@contextmanager
def _reading(session: Session) -> Iterator[Book]:
    """Open the database to read; raises NothingToShow where there is none."""
    _check_database(session)
    with session.reading() as book:
        yield book


def _check_database(session: Session) -> None:
    if not session.has_database:
        raise NothingToShow(
            "There are no transcripts yet: no daemon has run here.",
            hint="Start one with `llasad`, and put transcripts into its folder.",
        )


def _list(session: Session, given: Given) -> dict[str, Any]:
    begin = int(given.get("from_number", 0))
    with _reading(session) as book:
        jobs = book.queue.jobs(limit=_LISTED, offset=begin)
        total = sum(book.queue.counts().values())
        shown = [_listed(book, job) for job in jobs if job.status is not Status.SUPERSEDED]
    end = begin + len(jobs)
    return {"transcripts": shown, "next": end if end < total else None}


def _listed(book: Book, job: Job) -> dict[str, Any]:
    listed: dict[str, Any] = {
        "id": str(job.id),
        "name": book.session.short_path(job.path),
        "state": str(job.status),
    }
    if title := transcripts.title_of(job):
        listed["title"] = title
    return listed


def _read(session: Session, given: Given) -> dict[str, Any]:
    with _reading(session) as book:
        text = transcripts.finished_text(book, given["transcript"])
    page = transcripts.read_page(
        text,
        from_s=given.get("from_s"),
        to_s=given.get("to_s"),
        from_word=int(given.get("from_word", 0)),
        most_characters=_PAGE,
    )
    return {
        "transcript": session.short_path(text.job.path),
        "said": [passage.to_json() for passage in page.passages],
        "next_word": page.next_word,
    }


def _describe(session: Session, given: Given) -> dict[str, Any]:
    with _reading(session) as book:
        found = transcripts.metadata_of(book, given["transcript"])
    source = found.get("source", {})
    return {
        "title": found.get("title"),
        "description": found.get("description"),
        "summary": found.get("summary"),
        "key_points": (found.get("key_points") or [])[:_KEY_POINTS],
        "chapters": (found.get("chapters") or [])[:_KEY_POINTS],
        "tags": found.get("tags"),
        "speakers": found.get("speakers"),
        "language": source.get("language"),
        "duration_s": source.get("duration_s"),
        "words": source.get("words"),
    }


def _search(session: Session, given: Given) -> dict[str, Any]:
    _check_database(session)
    with by_meaning(session) as nearest:
        found = search(session, given["text"], limits=Limits(), limit=_HITS, nearest=nearest)
    return {
        "hits": [
            {
                "transcript": session.short_path(hit.file),
                "from_s": hit.at_s,
                "speakers": list(hit.speakers),
                "text": "".join(piece.text for piece in hit.excerpt),
                "has_all": hit.has_all,
            }
            for hit in found.hits
        ],
        "searched": found.transcripts,
    }


def _ask(session: Session, given: Given) -> dict[str, Any]:
    _check_database(session)
    answer = asking.answer(session, given["question"], limits=Limits())
    return {
        "status": answer.status,
        "remark": answer.remark,
        "quotes": [
            {
                "transcript": session.short_path(quote.source.file),
                "from_s": quote.start_s,
                "speaker": quote.speaker,
                "text": quote.text,
            }
            for quote in answer.quotes
        ],
        "searched": answer.transcripts,
    }


def _enhance(session: Session, given: Given) -> dict[str, Any]:
    _check_database(session)
    with session.writing() as book:
        try:
            job = book.find(given["transcript"])
        except NoSuchJob:
            path = _watched_file(session, given["transcript"])
            if path is None:
                raise
            added = actions.add(book, str(path)).job
            job = added or book.find(given["transcript"])
        else:
            if job.status in RETRYABLE:
                job = actions.retry(book, str(job.id))
            elif job.status is Status.QUEUED:
                (job,) = actions.prioritize(book, [str(job.id)])
        return {"id": str(job.id), "name": session.short_path(job.path), "state": str(job.status)}


def _watched_file(session: Session, name: str) -> Path | None:
    """Return the file of a watched folder that a name means; files elsewhere are never read."""
    for root in session.config.watch:
        path = resolved(root / name)
        if path.is_relative_to(resolved(root)) and path.is_file():
            return path
    return None


def _line(passage: transcripts.Passage) -> str:
    """Return a passage as a line, with its time and its speaker."""
    time = "" if passage.start_s is None else f"[{clock(passage.start_s)}] "
    speaker = "" if passage.speaker is None else f"{passage.speaker}: "
    return f"{time}{speaker}{passage.text}"
