"""No method leaves a transaction or a read open, and methods are named for what they run."""

from __future__ import annotations

import ast
import inspect
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from state.database import Database
from state.errors import StateError
from state.job import Output, Reason, Seen, Status, Verdict
from state.queue import Queue
from state.service import ServiceRow
from tests.state.making import fingerprint, offered, running

ROOM = Path(__file__).parents[2] / "state"
READS = re.compile(r"SELECT\b|WITH\b|PRAGMA \w+(\(\d+\))?$")
OUTPUT = Output("enhanced.txt", "/t/talk.enhanced.txt", "h")
SEEN = Seen("/t/talk.json", fingerprint(), "a")
FAILED = Verdict(status=Status.FAILED, reason=None)

QUEUE: dict[str, Callable[[Queue], Any]] = {
    "backlog": lambda q: q.backlog(),
    "begin_parts": lambda q: q.begin_parts(running(q), total=2, recipe="r"),
    "cancel": lambda q: q.cancel(running(q).id),
    "claim": lambda q: q.claim(boot_id="b"),
    "counts": lambda q: q.counts(),
    "edits_kept": lambda q: q.edits_kept(),
    "expire_pause": lambda q: q.expire_pause(1.0),
    "finish": lambda q: q.finish(running(q), status=Status.DONE, outputs=[OUTPUT]),
    "finished": lambda q: q.finished(limit=5),
    "failed_for": lambda q: q.failed_for(Reason.OUTPUT_MISSING),
    "finished_of": lambda q: q.finished_of(["/x"]),
    "finished_count": lambda q: q.finished_count(),
    "forget": lambda q: q.forget(q.record("/x", None, FAILED).id),
    "forget_seen": lambda q: q.forget_seen(["/x"]),
    "held": lambda q: q.held(),
    "history": lambda q: q.history(running(q).id),
    "hold": lambda q: q.hold("disk_full"),
    "intend_outputs": lambda q: q.intend_outputs(running(q), [OUTPUT]),
    "job": lambda q: q.job(1),
    "job_by_output": lambda q: q.job_by_output("/x"),
    "job_by_path": lambda q: q.job_by_path("/x"),
    "jobs": lambda q: q.jobs(),
    "jobs_of_path": lambda q: q.jobs_of_path("/x"),
    "keep_profile": lambda q: q.keep_profile(running(q), "night"),
    "known": lambda q: q.known("/x"),
    "known_many": lambda q: q.known_many(["/x"]),
    "load_failed": lambda q: q.load_failed(running(q)),
    "move": lambda q: q.move(running(q), Status.FAILED),
    "note_seen": lambda q: q.note_seen([SEEN]),
    "offer": lambda q: q.offer(offered()),
    "offer_many": lambda q: q.offer_many([offered()] * 3),
    "part_failed": lambda q: q.part_failed(running(q), 0),
    "parts": lambda q: q.parts(running(q).id),
    "parts_done": lambda q: q.parts_done(running(q)),
    "pause": lambda q: q.pause(),
    "paused": lambda q: q.paused(),
    "prioritize": lambda q: q.prioritize(q.release(running(q)).id),
    "record": lambda q: q.record("/x", fingerprint(), FAILED),
    "recorded_outputs": lambda q: q.recorded_outputs("/x"),
    "redo": lambda q: q.redo(running(q).id),
    "redo_all": lambda q: q.redo_all(),
    "release": lambda q: q.release(running(q)),
    "release_hold": lambda q: q.release_hold(),
    "requeue_orphans": lambda q: (running(q), q.requeue_orphans("b")),
    "rerendered": lambda q: q.rerendered(q.finish(running(q), status=Status.DONE), []),
    "resume": lambda q: q.resume(),
    "retry": lambda q: q.retry(q.cancel(running(q).id).id),
    "retry_failed": lambda q: (q.finish(running(q), status=Status.FAILED), q.retry_failed()),
    "save_part": lambda q: q.save_part(
        running(q), 0, status="enhanced", payload="", words=1, decode_s=0.0
    ),
    "begin_speaker_search": lambda q: q.begin_speaker_search(),
    "end_speaker_search": lambda q: q.end_speaker_search(running(q), found=True),
    "finish_recording": lambda q: q.finish_recording(
        running(q), offered("/t/talk.json", "t"), outputs=[], figures={}
    ),
    "put_off_speaker_search": lambda q: q.put_off_speaker_search(running(q)),
    "speaker_search": lambda q: q.speaker_search(1),
    "speakers_wanted": lambda q: q.speakers_wanted(),
    "want_speakers": lambda q: q.want_speakers(running(q)),
    "still_mine": lambda q: q.still_mine(running(q)),
    "take_changed": lambda q: (
        q.forget(q.record("/x", None, FAILED).id),
        q.take_changed(limit=5),
    ),
    "without_outputs": lambda q: q.without_outputs(["/x"]),
}
REFUSED: dict[str, Callable[[Queue], Any]] = {
    "begin_parts": lambda q: q.begin_parts(cancelled(q), total=2, recipe="r"),
    "cancel": lambda q: q.cancel(cancelled(q).id),
    "finish": lambda q: q.finish(cancelled(q), status=Status.DONE),
    "finish without an end": lambda q: q.finish(running(q), status=Status.QUEUED),
    "finish_recording": lambda q: q.finish_recording(
        cancelled(q), offered("/t/talk.json", "t"), outputs=[], figures={}
    ),
    "forget": lambda q: q.forget(running(q).id),
    "intend_outputs": lambda q: q.intend_outputs(cancelled(q), []),
    "load_failed": lambda q: q.load_failed(cancelled(q)),
    "move": lambda q: q.move(running(q), Status.RUNNING),
    "part_failed": lambda q: q.part_failed(cancelled(q), 0),
    "prioritize": lambda q: q.prioritize(cancelled(q).id),
    "redo": lambda q: q.redo(77),
    "release": lambda q: q.release(cancelled(q)),
    "rerendered": lambda q: q.rerendered(replace(cancelled(q), status=Status.DONE), []),
    "retry": lambda q: q.retry(running(q).id),
    "save_part": lambda q: q.save_part(
        cancelled(q), 0, status="enhanced", payload="", words=1, decode_s=0.0
    ),
}
SERVICE: dict[str, Callable[[ServiceRow], Any]] = {
    "read": lambda s: s.read(),
    "update": lambda s: s.update(phase="idle"),
}
DATABASE: dict[str, Callable[[Database], Any]] = {
    "check": lambda d: d.check(),
    "checkpoint": lambda d: d.checkpoint(),
    "data_version": lambda d: d.data_version(),
    "execute": lambda d: d.execute("UPDATE service SET pid = 1"),
    "execute_one": lambda d: d.execute_one("UPDATE service SET pid = 1 RETURNING pid"),
    "query": lambda d: d.query("SELECT 1 UNION SELECT 2"),
    "query_one": lambda d: d.query_one("SELECT 1 UNION SELECT 2"),
    "still_there": lambda d: d.still_there(),
    "wal_bytes": lambda d: d.wal_bytes(),
}


def cancelled(queue: Queue) -> Any:
    """Return a job as its worker claimed it, which was cancelled since."""
    job = running(queue)
    queue.cancel(job.id)
    return job


def public(kind: type) -> set[str]:
    """Return the names of a class's public methods."""
    return {name for name, _ in inspect.getmembers(kind, callable) if not name.startswith("_")}


def assert_nothing_is_open(database: Database, path: Path) -> None:
    """Assert that no transaction and no read is open: another connection can lock everything."""
    assert not database.connection.in_transaction
    other = sqlite3.connect(path, timeout=0, isolation_level=None)
    try:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        other.execute("BEGIN EXCLUSIVE")
        other.execute("ROLLBACK")
    finally:
        other.close()


def test_no_public_method_is_left_out() -> None:
    """A new method must be added to the tables of this file."""
    assert public(Queue) == set(QUEUE)
    assert public(ServiceRow) == set(SERVICE)
    assert public(Database) == {*DATABASE, "close", "transaction"}


@pytest.mark.parametrize("name", sorted(QUEUE))
def test_no_method_of_the_queue_leaves_anything_open(queue: Queue, path: Path, name: str) -> None:
    """Each commits before it returns, and no open read keeps the log from shrinking."""
    QUEUE[name](queue)

    assert_nothing_is_open(queue.database, path)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_no_refusal_of_the_queue_leaves_anything_open(queue: Queue, path: Path, name: str) -> None:
    """A method that raises has rolled back."""
    with pytest.raises(StateError):
        REFUSED[name](queue)

    assert_nothing_is_open(queue.database, path)


@pytest.mark.parametrize("name", sorted(SERVICE))
def test_no_method_of_the_service_row_leaves_anything_open(
    database: Database, path: Path, name: str
) -> None:
    """The row is written and read in single statements."""
    SERVICE[name](ServiceRow(database))

    assert_nothing_is_open(database, path)


@pytest.mark.parametrize("name", sorted(DATABASE))
def test_no_method_of_the_database_leaves_anything_open(
    database: Database, path: Path, name: str
) -> None:
    """A statement with RETURNING is fetched to the end, which commits it."""
    DATABASE[name](database)

    assert_nothing_is_open(database, path)


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, StateError])
def test_a_transaction_that_an_exception_ends_is_rolled_back(
    database: Database, path: Path, error: type[BaseException]
) -> None:
    """By any exception, an interrupt from the keyboard included."""
    with suppress(error), database.transaction():
        database.execute("UPDATE service SET phase = 'torn'")
        raise error

    assert_nothing_is_open(database, path)
    assert ServiceRow(database).read().phase == "stopped"


def statements() -> Iterator[tuple[str, str]]:
    """Yield the methods called with SQL in this room, and the beginning of each statement."""
    for path in sorted(ROOM.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            owner = ast.unparse(node.func.value)
            if owner == "self" or owner.endswith("database"):
                text = next(iter(node.args), None)
                first = text.values[0] if isinstance(text, ast.JoinedStr) else text
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    yield node.func.attr, first.value.strip()


def test_a_statement_that_writes_is_run_by_execute() -> None:
    """A reader of the code finds every write by its name."""
    by_name: dict[str, list[str]] = {"query": [], "execute": []}
    for name, sql in statements():
        by_name.get(name.removesuffix("_one"), []).append(sql)

    assert len(by_name["query"]) > 10
    assert len(by_name["execute"]) > 10
    assert [sql for sql in by_name["query"] if not READS.match(sql)] == []
    assert [sql for sql in by_name["execute"] if READS.match(sql)] == []
