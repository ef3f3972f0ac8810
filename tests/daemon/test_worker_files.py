"""Sources that go or change, disks that are full, outputs that somebody edited."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon.work import worker as worker_module
from engine import sidecars
from engine.errors import OutputError
from state.errors import DatabaseFull
from state.job import Reason, Status
from tests.daemon.conftest import Bench, Scene
from tests.daemon.making import (
    dropped,
    events,
    now,
    offered,
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


def test_one_of_two_folders_that_is_gone_stops_no_other(bench: Bench, scene: Scene) -> None:
    """Its files fail, and are queued again, unchanged as they are, when it is back."""
    away, unplugged = bench.config.watch[0] / "stick", bench.config.home.path / "unplugged"
    away.mkdir()
    bench.config = replace(bench.config, watch=(away, bench.config.watch[0]))
    job = dropped(bench)
    local = bench.config.watch[1] / "local.json"
    local.write_bytes(talk())
    after = offered(bench.queue, local)
    away.rename(unplugged)
    worker = bench.worker()
    worker._context = replace(
        worker._context,
        root_is_there=lambda path: away.is_dir() or not path.startswith(f"{away}/"),
    )
    assert worker.run_one()
    assert worker.run_one()
    failed = now(bench.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.SOURCE_GONE)
    assert "when the folder is back" in (failed.detail or "")
    assert bench.queue.held() is None
    assert now(bench.queue, after).status is Status.DONE
    unplugged.rename(away)
    scene.run()
    assert now(bench.queue, job).status is Status.QUEUED


def test_a_changed_file_from_elsewhere_says_to_add_it_again(bench: Bench, tmp_path: Path) -> None:
    """No intake looks there: without a word it would have neither a result nor a failure."""
    path = tmp_path.resolve() / "elsewhere.json"
    path.write_bytes(talk())
    job = offered(bench.queue, path)
    path.write_bytes(talk("newer"))
    bench.worker().run_one()
    failed = now(bench.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.SOURCE_CHANGED)
    assert "llasactl add" in (failed.detail or "")
    assert bench.nudged == []
    again = offered(bench.queue, path)
    bench.worker().run_one()
    assert now(bench.queue, again).status is Status.DONE


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


def test_a_full_disk_that_nobody_looks_at_fails_the_job_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A hold for it would be lifted in vain again and again, with the same job first each time."""

    def write(*_: object, **__: object) -> object:
        raise OutputError("cannot write: No space left on device", reason="disk_full")

    stick = tmp_path.resolve() / "stick"
    stick.mkdir()
    monkeypatch.setattr(sidecars, "write", write)
    monkeypatch.setattr(worker_module, "_disk_of", lambda folder: int(str(folder) == str(stick)))
    path = stick / "talk.json"
    path.write_bytes(talk())
    job = offered(bench.queue, path)
    bench.worker().run_one()
    failed = now(bench.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.DISK_FULL)
    assert bench.queue.held() is None


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


def test_a_folder_is_swept_once_not_for_every_job(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a killed process left goes; the work of a job does not grow with its folder."""
    left = bench.config.watch[0] / ".llasa-999999-0123456789abcdef.tmp"
    left.write_bytes(b"half")
    (bench.config.watch[0] / "other").mkdir()
    swept: list[Path] = []
    sweep = sidecars.remove_stale_temps
    monkeypatch.setattr(sidecars, "remove_stale_temps", lambda at: swept.append(at) or sweep(at))
    worker = bench.worker()
    for name in ("a.json", "other/b.json", "c.json", "other/d.json"):
        job = dropped(bench, name)
        worker.run_one()
        assert now(bench.queue, job).status is Status.DONE
    assert not left.exists()
    assert swept == [bench.config.watch[0], bench.config.watch[0] / "other"]
