"""Vectors of passages: kept beside them, as bytes that this room does not look into.

A vector belongs to an embedder by its identity. Those of another identity count as missing and are
replaced, so a changed model needs nobody to tell.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

from state.connection import Value
from state.library.library import Library, conditions_of, guarded
from state.library.records import Filters, Unembedded


def unembedded(library: Library, identity: str, *, limit: int) -> list[Unembedded]:
    """Return passages without a vector of this embedder, the newest first."""
    with guarded():
        rows = library.database.query(
            # The ids alone first: they are read from an index, without the words of all passages.
            "SELECT id, position, start_s, end_s, body FROM passages WHERE id IN"
            " (SELECT id FROM passages WHERE id NOT IN (SELECT v.passage_id FROM vectors AS v"
            " JOIN embedders AS e ON e.id = v.embedder_id WHERE e.identity = ?)"
            " ORDER BY id DESC LIMIT ?) ORDER BY id DESC",
            (identity, limit),
        )
    return [Unembedded(**dict(row)) for row in rows]


def put_vectors(library: Library, identity: str, vectors: Iterable[tuple[int, bytes]]) -> int:
    """Keep vectors of passages, all or none; return how many passages were still there."""
    kept = 0
    with guarded(), library.database.transaction():
        library.database.execute(
            "INSERT INTO embedders (identity) VALUES (?) ON CONFLICT DO NOTHING", (identity,)
        )
        for passage_id, vector in vectors:
            kept += len(
                library.database.execute(
                    "INSERT OR REPLACE INTO vectors (passage_id, embedder_id, vector)"
                    " SELECT p.id, e.id, ? FROM passages AS p, embedders AS e"
                    " WHERE p.id = ? AND e.identity = ? RETURNING passage_id",
                    (vector, passage_id, identity),
                )
            )
    return kept


def forget_others(library: Library, identity: str | None) -> int:
    """Drop the vectors of all embedders but one, or of all; return how many there were."""
    with guarded(), library.database.transaction():
        gone = library.database.execute(
            "DELETE FROM vectors WHERE embedder_id NOT IN"
            " (SELECT id FROM embedders WHERE identity IS ?) RETURNING passage_id",
            (identity,),
        )
        library.database.execute("DELETE FROM embedders WHERE identity IS NOT ?", (identity,))
    return len(gone)


def embedded(library: Library, identity: str) -> int:
    """Return how many passages have a vector of this embedder."""
    with guarded():
        return int(
            library.database.query(
                "SELECT count(*) FROM vectors AS v JOIN embedders AS e ON e.id = v.embedder_id"
                " WHERE e.identity = ?",
                (identity,),
            )[0][0]
        )


def of_others(library: Library, identity: str) -> int:
    """Return how many passages have a vector of another embedder."""
    with guarded():
        return int(
            library.database.query(
                "SELECT count(*) FROM vectors WHERE embedder_id NOT IN"
                " (SELECT id FROM embedders WHERE identity = ?)",
                (identity,),
            )[0][0]
        )


def write_vectors(library: Library, identity: str, filters: Filters, file: IO[bytes]) -> list[int]:
    """Write the vectors of an embedder one after the other; return the passages they are of."""
    conditions, values = conditions_of(filters)
    ids: list[int] = []
    parameters: list[Value] = [identity, *values]
    with guarded():
        for row in library.database.query(
            "SELECT v.passage_id, v.vector FROM vectors AS v"
            " JOIN embedders AS e ON e.id = v.embedder_id"
            " JOIN passages AS p ON p.id = v.passage_id"
            " JOIN transcripts AS t ON t.id = p.transcript_id"
            f" WHERE e.identity = ?{conditions} ORDER BY v.passage_id",
            parameters,
        ):
            ids.append(int(row[0]))
            file.write(row[1])
    return ids
