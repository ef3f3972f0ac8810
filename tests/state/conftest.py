"""A database that is created once and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from state.database import Database, open_database
from state.queue import Queue


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a new database, to be copied: creating one syncs the disk ten times."""
    path = tmp_path_factory.mktemp("fresh") / "state" / "queue.db"
    open_database(path).close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "queue.db"


@pytest.fixture
def database(path: Path, fresh: Path) -> Iterator[Database]:
    path.parent.mkdir(mode=0o700)
    shutil.copy(fresh, path)
    with open_database(path) as database:
        yield database


@pytest.fixture
def queue(database: Database) -> Queue:
    return Queue(database)
