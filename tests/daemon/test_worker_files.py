"""Sources that go or change, disks that are full, outputs that somebody edited."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon import worker as worker_module
from engine import sidecars
from engine.errors import OutputError
from state.errors import DatabaseFull
from state.job import Reason, Status
from tests.daemon.conftest import Bench
from tests.daemon.making import (
    dropped,
    events,
    now,
    talk,
)


def test_a_file_that_is_gone_fails_at_once(bench: Bench) -> None:
    """It is not tried again hot."""
    job = dropped(bench)
    Path(job.path).unlink()
    bench.worker().run_one()
    failed = now(bench.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.SOURCE_GONE)
    assert not bench.worker().run_one()


def test_a_folder_that_is_gone_holds_the_queue(bench: Bench) -> None:
    """A share that went away must not fail all its files; no attempt is spent."""
    job = dropped(bench)
    Path(job.path).unlink()
    bench.root_is_there = False
    bench.worker().run_one()
    held = bench.queue.held()
    assert held is not None
    assert held.reason == Reason.FOLDER_UNREADABLE
    assert (now(bench.queue, job).status, now(bench.queue, job).attempt) == (Status.QUEUED, 0)
    assert not bench.worker().run_one()


def test_a_file_that_changed_before_its_job_is_left_to_intake(bench: Bench) -> None:
    """The job was for other bytes."""
    job = dropped(bench)
    Path(job.path).write_bytes(talk("newer"))
    bench.worker().run_one()
    assert now(bench.queue, job).status is Status.SUPERSEDED
    assert bench.nudged == [job.path]


def test_a_file_that_changes_during_its_job_gets_no_old_result(bench: Bench) -> None:
    """Not even when its size and mtime are set back."""
    job = dropped(bench, data=talk("one two"))

    def change(name: str) -> None:
        if name == "finished":
            before = os.stat(job.path)
            Path(job.path).write_bytes(talk("six ten"))
            os.utime(job.path, ns=(before.st_atime_ns, before.st_mtime_ns))

    bench.at_step = change  # type: ignore[method-assign]
    bench.worker().run_one()
    assert now(bench.queue, job).status is Status.SUPERSEDED
    assert os.listdir(bench.config.watch[0]) == ["talk.json"]
    assert bench.nudged == [job.path]


def test_a_file_that_is_only_touched_during_its_job_is_done(bench: Bench) -> None:
    """Its bytes are what they were."""
    job = dropped(bench)

    def touch(name: str) -> None:
        if name == "finished":
            os.utime(job.path)

    bench.at_step = touch  # type: ignore[method-assign]
    bench.worker().run_one()
    assert now(bench.queue, job).status is Status.DONE


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b'{"a": 1}', Status.IGNORED, Reason.NOT_A_TRANSCRIPT),
        (b'{"segments": [', Status.INVALID, None),
        (b"not json at all, and never was", Status.INVALID, None),
    ],
)
def test_what_is_no_transcript_ends_without_a_model(
    bench: Bench, data: bytes, status: Status, reason: Reason | None
) -> None:
    """With a sentence that says why."""
    job = dropped(bench, data=data)
    bench.worker().run_one()
    ended = now(bench.queue, job)
    assert ended.status is status
    assert reason is None or ended.reason is reason
    assert ended.detail
    assert bench.keeper.loaded is None


def test_a_full_disk_holds_the_queue_and_leaves_nothing_behind(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts are kept: afterwards only the writing is left to do."""
    job = dropped(bench)
    real, full = sidecars.write, [True]

    def write(*arguments: object, **more: object) -> object:
        if full[0]:
            raise OutputError("cannot write: No space left on device", reason="disk_full")
        return real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(sidecars, "write", write)
    bench.worker().run_one()
    held = bench.queue.held()
    assert held is not None
    assert held.reason == Reason.DISK_FULL
    full[0] = False
    bench.queue.release_hold()
    bench.steps.clear()
    bench.worker().run_one()
    assert now(bench.queue, job).status is Status.DONE
    assert "part_saved" not in bench.steps


def test_an_output_that_cannot_be_written_fails_the_job(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is read-only is not mended by waiting."""

    def write(*_: object, **__: object) -> object:
        raise OutputError("cannot write: Read-only file system")

    monkeypatch.setattr(sidecars, "write", write)
    job = dropped(bench)
    bench.worker().run_one()
    failed = now(bench.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.OUTPUT_UNWRITABLE)


def test_an_edited_text_is_kept_and_the_new_one_lies_beside_it(bench: Bench) -> None:
    """A redo never takes away what somebody mended by hand."""
    job = dropped(bench)
    bench.worker().run_one()
    text = Path(job.path).with_name("talk.enhanced.txt")
    text.write_text("My own words.\n")
    again = bench.queue.redo(job.id)
    bench.worker().run_one()
    done = now(bench.queue, again)
    assert done.status is Status.DONE
    assert text.read_text() == "My own words.\n"
    assert [o.displaced for o in done.outputs if o.suffix == "enhanced.txt"] == [True]
    assert done.detail is not None
    assert "kept" in done.detail


def test_outputs_take_the_mode_of_their_source(bench: Bench) -> None:
    """A private recording has a private text."""
    job = dropped(bench)
    Path(job.path).chmod(0o640)
    bench.worker().run_one()
    for output in now(bench.queue, job).outputs:
        assert stat.S_IMODE(os.stat(output.path).st_mode) == 0o640


def test_a_database_that_is_full_strands_no_job(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, captured: LogCapture
) -> None:
    """The worker waits a minute and gives the job back before it takes another."""
    job = dropped(bench)
    real, full = bench.queue.save_part, [True]

    def save_part(*arguments: object, **more: object) -> object:
        if full[0]:
            raise DatabaseFull
        return real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(bench.queue, "save_part", save_part)
    worker = bench.worker()
    worker.run_one()
    assert now(bench.queue, job).status is Status.RUNNING
    assert bench.clock.waits == [worker_module.DISK_PAUSE_S]
    full[0] = False
    worker.run_one()
    done = now(bench.queue, job)
    assert (done.status, done.attempt) == (Status.DONE, 1)
    assert "database.failed" in events(captured)


def test_a_disk_error_of_the_system_holds_the_queue(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is met."""

    def intend(*_: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bench.queue, "intend_outputs", intend)
    job = dropped(bench)
    bench.worker().run_one()
    held = bench.queue.held()
    assert held is not None
    assert held.reason == Reason.DISK_FULL
    assert now(bench.queue, job).status is Status.QUEUED
