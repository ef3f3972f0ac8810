"""A damaged database is set aside; a sound one never is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from state import folder
from state.database import Database, open_database, recover
from state.errors import DatabaseCorrupt
from state.queue import Queue
from tests.state.making import offered, queued


def garbage(path: Path) -> None:
    path.write_bytes(b"This is not a database. " * 400)


def torn(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 8192)


def use(path: Path) -> None:
    with open_database(path) as database:
        Queue(database).jobs()


@pytest.mark.parametrize("damage", [garbage, torn])
def test_a_corrupt_file_is_set_aside_and_a_new_one_created(
    path: Path, damage: Callable[[Path], None]
) -> None:
    """Nothing is deleted: the file keeps its bytes, under a name that says what it is."""
    with open_database(path) as database:
        Queue(database).offer_many([offered(f"/{n}") for n in range(200)])
    damage(path)
    bytes_before = path.read_bytes()
    with pytest.raises(DatabaseCorrupt):
        use(path)

    aside = recover(path)

    assert aside is not None
    assert aside.name.startswith("queue.db.corrupt-")
    assert aside.read_bytes() == bytes_before
    assert not path.exists()
    with open_database(path) as database:
        assert Queue(database).jobs() == []


def test_a_sound_database_is_not_set_aside(database: Database, path: Path) -> None:
    """Of two processes that saw the damage, the second must not set the first one's file aside."""
    database.close()

    assert recover(path) is None
    assert path.exists()
    path.unlink()
    assert recover(path) is None


def test_files_set_aside_in_one_second_do_not_replace_each_other(path: Path) -> None:
    """Each has a name of its own."""
    path.parent.mkdir(mode=0o700)
    for number in range(3):
        path.write_text(str(number))
        folder.set_aside(path, "corrupt")

    assert sorted(file.read_text() for file in path.parent.iterdir()) == ["0", "1", "2"]


def test_the_integrity_check_finds_nothing_in_a_sound_database(queue: Queue) -> None:
    """The list is empty."""
    queued(queue)

    assert queue.database.check() == []
