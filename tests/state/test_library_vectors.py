"""Vectors belong to a passage and to an embedder; what is missing of one is known."""

from __future__ import annotations

import io

from state.library.library import Library
from state.library.records import Filters
from state.library.vectors import (
    embedded,
    forget_others,
    put_vectors,
    unembedded,
    write_vectors,
)
from tests.state.test_library import library, path, put

__all__ = ["library", "path"]


def missing(library: Library, identity: str) -> list[int]:
    return [row.id for row in unembedded(library, identity, limit=100)]


def written(library: Library, identity: str, filters: Filters) -> tuple[list[int], bytes]:
    file = io.BytesIO()
    return write_vectors(library, identity, filters, file), file.getvalue()


def test_what_has_no_vector_of_this_model_is_missing(library: Library) -> None:
    """New passages, and all of them where the model is another."""
    put(library, "/a.json", "one", "two")
    first, second = sorted(missing(library, "m1"))
    assert put_vectors(library, "m1", [(first, b"aa"), (second, b"bb")]) == 2
    assert missing(library, "m1") == []
    assert sorted(missing(library, "m2")) == [first, second]
    put_vectors(library, "m2", [(first, b"cc")])
    assert (embedded(library, "m1"), embedded(library, "m2")) == (1, 1)
    assert forget_others(library, "m2") == 1
    assert written(library, "m2", Filters()) == ([first], b"cc")
    assert forget_others(library, None) == 1


def test_a_vector_goes_with_its_passage(library: Library) -> None:
    """Written again is embedded again; a passage that is gone takes no vector."""
    put(library, "/a.json", "one")
    (old,) = missing(library, "m1")
    put_vectors(library, "m1", [(old, b"aa")])
    put(library, "/a.json", "two")
    (new,) = missing(library, "m1")
    assert put_vectors(library, "m1", [(old + 100, b"zz"), (new, b"bb")]) == 1
    library.remove("/a.json")
    assert embedded(library, "m1") == 0


def test_vectors_are_written_within_limits(library: Library) -> None:
    """One after the other, in the order of the ids that are returned."""
    put(library, "/x/a.json", "one", speakers=" ada ")
    put(library, "/y/b.json", "two", speakers=" bob ")
    ids = sorted(missing(library, "m"))
    put_vectors(library, "m", [(number, f"{number:02}".encode()) for number in ids])
    assert written(library, "m", Filters()) == (ids, "".join(f"{n:02}" for n in ids).encode())
    assert written(library, "m", Filters(folder="/y"))[0] == ids[1:]
    assert written(library, "m", Filters(speaker=" ada "))[0] == ids[:1]
    assert written(library, "other", Filters()) == ([], b"")
