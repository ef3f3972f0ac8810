"""The library finds what was put in, no longer finds what was taken out, and takes any words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from state.errors import LibraryDamaged, LibraryMissing, LibraryOutdated
from state.library.library import Library
from state.library.opening import discard_library, open_library, open_library_readonly
from state.library.records import Filters, Mode, NewPassage, NewTranscript, Wanted


def words_of(body: bytes) -> str:
    return body.decode()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "library.db"


@pytest.fixture
def library(path: Path) -> Iterator[Library]:
    with open_library(path, words_of, form=1) as library:
        yield library


def put(library: Library, path: str, *texts: str, speakers: str = "", dated_s: float = 0.0) -> None:
    """Put a transcript in, a passage for each text."""
    library.put(
        NewTranscript(path=path, job_id=1, stamp=" ".join(texts), dated_s=dated_s),
        (
            NewPassage(
                position=position,
                start_s=90.0 * position,
                end_s=90.0 * position + 80,
                words=len(text.split()),
                speakers=speakers,
                body=text.encode(),
            )
            for position, text in enumerate(texts)
        ),
    )


def found(
    library: Library,
    *words: str,
    mode: Mode = "all",
    filters: Filters | None = None,
    is_beginning: bool = False,
) -> list[tuple[str, int]]:
    """Return path and position of the passages that answer, the best first."""
    wanted = [Wanted(word.split(), is_beginning) for word in words]
    ids = library.search(wanted, mode=mode, filters=filters or Filters(), limit=100)
    return [(row.path, row.position) for row in library.passages(ids)]


def test_the_best_passage_goes_first(library: Library) -> None:
    """More of the words, and a rarer word, count more; a phrase is a phrase."""
    put(library, "/a", "cost cost of the delivery", "the cost of many other things of the year")
    put(library, "/b", "the delivery", "nothing")
    assert found(library, "cost") == [("/a", 0), ("/a", 1)]
    assert found(library, "cost", "delivery") == [("/a", 0)]
    assert set(found(library, "cost", "delivery", mode="any")) == {("/a", 0), ("/a", 1), ("/b", 0)}
    assert found(library, "the delivery") == [("/b", 0), ("/a", 0)]
    assert found(library, "cost delivery") == []
    assert found(library, "deliv", is_beginning=True) == [("/b", 0), ("/a", 0)]
    assert (library.frequency("cost"), library.frequency("none")) == (2, 0)


def test_limits_hold(library: Library) -> None:
    """A folder is a whole name, and a date is that of the file."""
    put(library, "/talks/a", "river", speakers=" ada lovelace \n bob ", dated_s=100)
    put(library, "/talks2/b", "river", speakers=" adam ", dated_s=200)
    for filters, paths in (
        (Filters(speaker=" ada "), ["/talks/a"]),
        (Filters(since_s=150.0), ["/talks2/b"]),
        (Filters(folder="/talks"), ["/talks/a"]),
        (Filters(folder="/"), ["/talks/a", "/talks2/b"]),
        (Filters(path="/talks2/b", since_s=100.0), ["/talks2/b"]),
        (Filters(speaker=" ada ", since_s=150.0), []),
    ):
        assert sorted(path for path, _ in found(library, "river", filters=filters)) == paths


def test_what_is_put_in_again_takes_the_place_of_what_was_there(library: Library) -> None:
    """Words of the old text are no longer found, and others are not touched."""
    put(library, "/a", "the old words", "and more of them")
    put(library, "/b", "the old words")
    put(library, "/a", "the new words")
    assert found(library, "old") == [("/b", 0)]
    assert found(library, "new") == [("/a", 0)]
    assert library.totals().passages == 2
    assert library.remove("/a")
    assert not library.remove("/a")
    assert found(library, "words") == [("/b", 0)]
    assert not library.database.check()
    library.database.execute("INSERT INTO passage_index (passage_index) VALUES ('integrity-check')")


def test_a_failed_write_changes_nothing(library: Library) -> None:
    """A transcript is exchanged as a whole."""
    put(library, "/a", "the old words")

    def broken() -> Iterator[NewPassage]:
        yield NewPassage(position=0, start_s=None, end_s=None, words=1, speakers="", body=b"new")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        library.put(NewTranscript(path="/a", job_id=2, stamp="new"), broken())
    assert found(library, "old") == [("/a", 0)]
    assert found(library, "new") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.lists(st.text(max_size=12), max_size=3), max_size=4),
    st.sampled_from(["all", "any"]),
    st.booleans(),
)
def test_no_words_are_syntax(
    library: Library, words: list[list[str]], mode: Mode, is_beginning: bool
) -> None:
    """Quotes, stars, NEAR, colons, NUL and half characters are words like any other."""
    wanted = [Wanted(tokens, is_beginning) for tokens in words]
    library.search(wanted, mode=mode, filters=Filters(speaker='"', folder="*"), limit=5)


def test_a_library_of_another_form_is_refused(path: Path) -> None:
    """Its words are others than those that are asked for."""
    with pytest.raises(LibraryMissing):
        open_library_readonly(path, words_of, form=1)
    open_library(path, words_of, form=1).database.close()
    with pytest.raises(LibraryOutdated):
        open_library_readonly(path, words_of, form=2)
    discard_library(path)
    assert list(path.parent.iterdir()) == []


def test_a_file_that_is_no_library_is_refused(path: Path) -> None:
    """Garbage and an empty file are both met when it is opened."""
    path.parent.mkdir(mode=0o700)
    path.write_bytes(b"garbage " * 1_000)
    with pytest.raises(LibraryDamaged):
        open_library(path, words_of, form=1)
    path.write_bytes(b"")
    with pytest.raises(LibraryOutdated):
        open_library(path, words_of, form=1)


def test_a_reader_sees_whole_transcripts_while_one_is_written(path: Path, library: Library) -> None:
    """It opens the file as it is and cannot write."""
    put(library, "/a", "the old words")
    with open_library_readonly(path, words_of, form=1) as reader, library.database.transaction():
        library.database.execute("DELETE FROM passages")
        assert found(reader, "old") == [("/a", 0)]


def test_pages_go_through_everything_once(library: Library) -> None:
    """By id for the comparison, by date for a list."""
    for number in range(7):
        put(library, f"/{number}", "word", dated_s=float(number % 3))
    seen: list[str] = []
    last = 0
    while page := library.paths_after(last, limit=3):
        last = page[-1][0]
        seen += [path for _, path in page]
    assert sorted(seen) == [f"/{number}" for number in range(7)]
    listed = [library.transcripts(limit=3, offset=offset) for offset in (0, 3, 6)]
    assert [row.dated_s for page in listed for row in page] == [2, 2, 1, 1, 0, 0, 0]
    assert library.stamps(["/1", "/9"]) == {"/1": "word"}
