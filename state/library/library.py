"""The library as other rooms use it: put transcripts in, take them out, search, page through."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, fields
from typing import Final

from state.connection import Database, Value
from state.errors import (
    DatabaseCorrupt,
    DatabaseError,
    DatabaseFull,
    LibraryDamaged,
    LibraryFull,
    LibraryUnusable,
)
from state.library.records import (
    Filters,
    Mode,
    NewPassage,
    NewTranscript,
    PassageRow,
    Totals,
    TranscriptRow,
    Wanted,
)

TRANSCRIPT_COLUMNS: Final = ", ".join(field.name for field in fields(TranscriptRow))
PASSAGE_COLUMNS: Final = "p.id, transcript_id, path, position, start_s, end_s, body"
_JOINED: Final = "passages AS p JOIN transcripts AS t ON t.id = p.transcript_id"

WordsOf = Callable[[bytes], str]  # the body of a passage -> its words, parted by spaces


class Library:
    """Transcripts and passages in one database. One per thread, like its database.

    Every method raises LibraryDamaged when the file is broken, LibraryFull and LibraryUnusable when
    it cannot be used now. What is written is committed when a method returns, a whole transcript at
    a time.
    """

    def __init__(self, database: Database, words_of: WordsOf) -> None:
        self.database = database
        self._words_of = words_of

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()

    def still_there(self) -> bool:
        """Return whether the file at our path is the one that we have open."""
        return self.database.still_there()

    # Writing

    def put(self, transcript: NewTranscript, passages: Iterable[NewPassage]) -> TranscriptRow:
        """Put a transcript in, in place of what the library has of its path.

        `passages` is read once, a passage at a time.
        """
        with guarded(), self.database.transaction():
            self._remove(transcript.path)
            transcript_id = self._insert(transcript)
            count = words = 0
            speakers: dict[str, None] = {}
            for passage in passages:
                self._insert_passage(transcript_id, passage)
                count += 1
                words += passage.words
                speakers |= dict.fromkeys(passage.speakers.splitlines())
            row = self.database.execute_one(
                "UPDATE transcripts SET passages = ?, words = ?, speakers = ? WHERE id = ?"
                f" RETURNING {TRANSCRIPT_COLUMNS}",
                (count, words, "\n".join(speakers), transcript_id),
            )
            assert row is not None
            return _transcript_of(row)

    def remove(self, path: str) -> bool:
        """Take the transcript of a path out; return whether it was there."""
        with guarded(), self.database.transaction():
            return self._remove(path)

    def _remove(self, path: str) -> bool:
        found = self.database.query_one(
            "SELECT id FROM transcripts WHERE path = ?", (os.fsencode(path),)
        )
        if found is None:
            return False
        for row in self.database.query(
            "SELECT id FROM passages WHERE transcript_id = ?", (found["id"],)
        ):
            body = self.database.query("SELECT body FROM passages WHERE id = ?", (row["id"],))[0][0]
            self.database.execute(
                "INSERT INTO passage_index (passage_index, rowid, words) VALUES ('delete', ?, ?)",
                (row["id"], self._words(body)),
            )
        self.database.execute(
            "DELETE FROM vectors WHERE passage_id IN"
            " (SELECT id FROM passages WHERE transcript_id = ?)",
            (found["id"],),
        )
        self.database.execute("DELETE FROM passages WHERE transcript_id = ?", (found["id"],))
        self.database.execute("DELETE FROM transcripts WHERE id = ?", (found["id"],))
        return True

    def _insert(self, transcript: NewTranscript) -> int:
        names = [field.name for field in fields(NewTranscript)]
        values: list[Value] = list(astuple(transcript))
        values[names.index("path")] = os.fsencode(transcript.path)
        row = self.database.execute_one(
            f"INSERT INTO transcripts ({', '.join(names)}, words, passages, speakers)"
            f" VALUES ({', '.join('?' * len(names))}, 0, 0, '') RETURNING id",
            values,
        )
        assert row is not None
        return int(row["id"])

    def _insert_passage(self, transcript_id: int, passage: NewPassage) -> None:
        row = self.database.execute_one(
            "INSERT INTO passages (transcript_id, position, start_s, end_s, speakers, body)"
            " VALUES (?, ?, ?, ?, ?, ?) RETURNING id",
            (
                transcript_id,
                passage.position,
                passage.start_s,
                passage.end_s,
                passage.speakers,
                passage.body,
            ),
        )
        assert row is not None
        self.database.execute(
            "INSERT INTO passage_index (rowid, words) VALUES (?, ?)",
            (row["id"], self._words(passage.body)),
        )

    def _words(self, body: bytes) -> str:
        try:
            return self._words_of(body)
        except ValueError as error:
            raise LibraryDamaged(f"{self.database.path}: {error}") from error

    # Searching

    def search(
        self, wanted: Sequence[Wanted], *, mode: Mode, filters: Filters, limit: int
    ) -> list[int]:
        """Return the ids of passages that answer, the best first, by BM25."""
        expression = _expression(wanted, mode)
        if not expression:
            return []
        conditions, values = conditions_of(filters)
        joined = (
            " JOIN passages AS p ON p.id = i.rowid JOIN transcripts AS t ON t.id = p.transcript_id"
            if conditions
            else ""
        )
        sql = (
            f"SELECT i.rowid FROM passage_index AS i{joined}"
            f" WHERE passage_index MATCH ?{conditions} ORDER BY i.rank LIMIT ?"
        )
        with guarded():
            return [row[0] for row in self.database.query(sql, (expression, *values, limit))]

    def frequency(self, token: str) -> int:
        """Return how many passages have a word."""
        with guarded():
            row = self.database.query_one("SELECT doc FROM terms WHERE term = ?", (token,))
            return 0 if row is None else int(row["doc"])

    def passages(self, ids: Sequence[int]) -> list[PassageRow]:
        """Return passages by their ids, in that order; those that are gone are left out."""
        if not ids:
            return []
        marks = ", ".join("?" * len(ids))
        with guarded():
            rows = self.database.query(
                f"SELECT {PASSAGE_COLUMNS} FROM {_JOINED} WHERE p.id IN ({marks})", list(ids)
            )
        found = {row["id"]: _passage_of(row) for row in rows}
        return [found[number] for number in ids if number in found]

    def passages_of(
        self, transcript_id: int, *, first: int = 0, limit: int | None = None
    ) -> list[PassageRow]:
        """Return passages of a transcript in order, from position `first` on."""
        with guarded():
            rows = self.database.query(
                f"SELECT {PASSAGE_COLUMNS} FROM {_JOINED}"
                " WHERE transcript_id = ? AND position >= ? ORDER BY position LIMIT ?",
                (transcript_id, first, -1 if limit is None else limit),
            )
        return [_passage_of(row) for row in rows]

    # Looking through

    def transcript(self, path: str) -> TranscriptRow | None:
        """Return what the library has of a path."""
        with guarded():
            row = self.database.query_one(
                f"SELECT {TRANSCRIPT_COLUMNS} FROM transcripts WHERE path = ?",
                (os.fsencode(path),),
            )
        return None if row is None else _transcript_of(row)

    def transcript_of(self, job_id: int) -> TranscriptRow | None:
        """Return the transcript whose text is that of a job."""
        with guarded():
            row = self.database.query_one(
                f"SELECT {TRANSCRIPT_COLUMNS} FROM transcripts WHERE job_id = ?", (job_id,)
            )
        return None if row is None else _transcript_of(row)

    def transcripts(self, *, limit: int, offset: int = 0) -> list[TranscriptRow]:
        """Return a page of the transcripts, newest first."""
        with guarded():
            rows = self.database.query(
                f"SELECT {TRANSCRIPT_COLUMNS} FROM transcripts"
                " ORDER BY dated_s DESC, id DESC LIMIT ? OFFSET ?",
                (limit, offset),
            )
        return [_transcript_of(row) for row in rows]

    def paths_after(self, last_id: int, *, limit: int) -> list[tuple[int, str]]:
        """Return the next ids and paths in the order of ids: to look through all, page by page."""
        with guarded():
            rows = self.database.query(
                "SELECT id, path FROM transcripts WHERE id > ? ORDER BY id LIMIT ?",
                (last_id, limit),
            )
        return [(row["id"], os.fsdecode(row["path"])) for row in rows]

    def stamps(self, paths: Sequence[str]) -> dict[str, str]:
        """Return the stamps of those paths that the library has."""
        marks = ", ".join("?" * len(paths))
        with guarded():
            rows = self.database.query(
                f"SELECT path, stamp FROM transcripts WHERE path IN ({marks})",
                [os.fsencode(path) for path in paths],
            )
        return {os.fsdecode(row["path"]): row["stamp"] for row in rows}

    def languages(self) -> list[str]:
        """Return the languages of the transcripts, the most frequent first."""
        with guarded():
            rows = self.database.query(
                "SELECT language FROM transcripts WHERE language IS NOT NULL"
                " GROUP BY language ORDER BY count(*) DESC, language"
            )
        return [str(row[0]) for row in rows]

    def speakers(self) -> list[str]:
        """Return everybody who speaks in a transcript, as `Filters.speaker` is compared."""
        with guarded():
            rows = self.database.query("SELECT DISTINCT speakers FROM transcripts")
        return list(dict.fromkeys(name for row in rows for name in str(row[0]).splitlines()))

    def totals(self) -> Totals:
        """Return what the library holds."""
        with guarded():
            row = self.database.query(
                "SELECT count(*), coalesce(sum(passages), 0), coalesce(sum(words), 0),"
                " count(problem) FROM transcripts"
            )[0]
        return Totals(*row)


@contextmanager
def guarded() -> Iterator[None]:
    """Raise the library's own errors: a broken library must not be taken for a broken queue."""
    try:
        yield
    except DatabaseCorrupt as error:
        raise LibraryDamaged(str(error)) from error
    except DatabaseFull as error:
        raise LibraryFull(str(error)) from error
    except DatabaseError as error:
        raise LibraryUnusable(str(error)) from error
    except sqlite3.OperationalError as error:  # a table is missing, or FTS5 is
        raise LibraryDamaged(str(error)) from error


def _expression(wanted: Sequence[Wanted], mode: Mode) -> str:
    """Return the FTS5 expression of a search: quoted strings alone, so that nothing is syntax."""
    terms = [
        '"'
        + " ".join(term.tokens).replace('"', " ").replace("\0", " ")
        + '"'
        + ("*" if term.is_beginning else "")
        for term in wanted
        if any(term.tokens)
    ]
    return (" AND " if mode == "all" else " OR ").join(terms)


def conditions_of(filters: Filters) -> tuple[str, list[Value]]:
    """Return the SQL of some limits on passages `p` of transcripts `t`, and its values."""
    found: list[str] = []
    values: list[Value] = []
    if filters.speaker is not None:
        found.append("instr(p.speakers, ?) > 0")
        values.append(filters.speaker)
    if filters.since_s is not None:
        found.append("t.dated_s >= ?")
        values.append(filters.since_s)
    if filters.folder is not None:
        start = os.fsencode(filters.folder.rstrip("/") + "/")
        found.append("substr(t.path, 1, ?) = ?")
        values += [len(start), start]
    if filters.path is not None:
        found.append("t.path = ?")
        values.append(os.fsencode(filters.path))
    return "".join(f" AND {condition}" for condition in found), values


def _transcript_of(row: sqlite3.Row) -> TranscriptRow:
    values = dict(row)
    values["path"] = os.fsdecode(values["path"])
    values["dated_s"] = float(values["dated_s"])  # RETURNING gives a whole REAL as an integer
    return TranscriptRow(**values)


def _passage_of(row: sqlite3.Row) -> PassageRow:
    values = dict(row)
    values["path"] = os.fsdecode(values["path"])
    return PassageRow(**values)
