"""Open the library: create it, refuse one that cannot be used, or throw it away."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from state import folder
from state.connection import Database, connect
from state.errors import LibraryMissing, LibraryOutdated, LibraryUnusable
from state.library.library import Library, WordsOf, guarded
from state.library.records import Totals
from state.library.schema import APPLICATION_ID, STATEMENTS, VERSION

_FORMS: Final = 1000  # how many forms of the words one version of the schema may see


def open_library(path: Path, words_of: WordsOf, *, form: int) -> Library:
    """Open the library for reading and writing; create it if it is missing.

    Raises LibraryOutdated and LibraryDamaged (call `discard_library` then), LibraryUnusable.

    Args:
        path: Of the database.
        words_of: Gives the words of a passage's body.
        form: The number of the form in which `words_of` gives them; another form is outdated.
    """
    with guarded(), _file_errors(path):
        folder.secure(path.parent)
        if not path.exists():
            with folder.locked(path.parent):
                if not path.exists():
                    _create(path, form)
        return _opened(connect(path, "rw"), words_of, form, _set_pragmas)


def open_library_readonly(path: Path, words_of: WordsOf, *, form: int) -> Library:
    """Open the library for reading; raises LibraryMissing, and what `open_library` raises."""
    return _open_readonly(path, words_of, form)


def library_totals(path: Path) -> Totals:
    """Return what the library holds, in whatever form; raises what `open_library_readonly` does."""
    with _open_readonly(path, bytes.decode, None) as library:
        return library.totals()


def _open_readonly(path: Path, words_of: WordsOf, form: int | None) -> Library:
    if not path.exists():
        raise LibraryMissing(f"Nothing can be searched yet: there is no library at {path}.")
    with guarded(), _file_errors(path):
        return _opened(connect(path, "ro"), words_of, form, lambda database: None)


def discard_library(path: Path) -> None:
    """Delete the library; the next `open_library` begins an empty one. Raises LibraryUnusable."""
    with _file_errors(path), folder.locked(path.parent):
        folder.discard(path)


def _opened(
    database: Database, words_of: WordsOf, form: int | None, prepare: Callable[[Database], None]
) -> Library:
    try:
        prepare(database)
        ours = database.query("PRAGMA application_id")[0][0] == APPLICATION_ID
        number = database.query("PRAGMA user_version")[0][0]
        if not ours or number != _number(number % _FORMS if form is None else form):
            raise LibraryOutdated(f"{database.path} was made by another version of llasa")
        database.query("SELECT id FROM transcripts LIMIT 1")
    except BaseException:
        database.close()
        raise
    return Library(database, words_of)


def _create(path: Path, form: int) -> None:
    """Create the library under another name and rename it, so that nobody opens half of one."""
    folder.discard(path)  # a write-ahead log of one that was deleted would be replayed into it
    draft = folder.beside(path, ".new")
    folder.discard(draft)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
    database = connect(draft, "rw")
    try:
        _set_pragmas(database)
        with database.transaction():
            for statement in STATEMENTS:
                database.execute(statement)
            database.execute(f"PRAGMA application_id={APPLICATION_ID}")
            database.execute(f"PRAGMA user_version={_number(form)}")
    finally:
        database.close()
    draft.rename(path)
    folder.sync(path.parent)


def _set_pragmas(database: Database) -> None:
    # After a power cut the last transcripts may be missing: they are indexed again.
    for pragma in ("journal_mode=wal", "synchronous=NORMAL"):
        database.execute(f"PRAGMA {pragma}")


def _number(form: int) -> int:
    return VERSION * _FORMS + form


@contextmanager
def _file_errors(path: Path) -> Iterator[None]:
    """Raise LibraryUnusable for what the file system refuses."""
    try:
        yield
    except OSError as error:
        raise LibraryUnusable(f"{path}: {error.strerror or error}") from error
