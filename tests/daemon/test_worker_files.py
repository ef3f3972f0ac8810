"""Sources that disappear or change, full disks, outputs that the user edited."""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon.files.listing import root_is_there
from daemon.work import worker as worker_module
from engine import sidecars
from engine.errors import OutputError
from state.errors import DatabaseFull
from state.job import Reason, Status
from tests.daemon.conftest import IntakeRig, WorkerRig
from tests.daemon.making import (
    dropped,
    events,
    now,
    offered,
    talk,
)


def test_a_file_that_is_gone_fails_at_once(rig: WorkerRig) -> None:
    """It is not tried again at once."""
    job = dropped(rig)
    Path(job.path).unlink()
    rig.worker().run_one()
    failed = now(rig.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.SOURCE_GONE)
    assert not rig.worker().run_one()


def test_a_folder_that_is_gone_holds_the_queue(rig: WorkerRig) -> None:
    """A share that is not mounted must not fail all its files; no attempt is counted."""
    job = dropped(rig)
    Path(job.path).unlink()
    rig.root_is_there = False
    rig.worker().run_one()
    held = rig.queue.held()
    assert held is not None
    assert held.reason == Reason.FOLDER_UNREADABLE
    assert (now(rig.queue, job).status, now(rig.queue, job).attempt) == (Status.QUEUED, 0)
    assert not rig.worker().run_one()


def test_one_of_two_folders_that_is_gone_stops_no_other(
    rig: WorkerRig, intake_rig: IntakeRig
) -> None:
    """Its files fail, and are queued again without a change when the folder is back."""
    away, unplugged = rig.config.watch[0] / "stick", rig.config.home.path / "unplugged"
    away.mkdir()
    rig.config = replace(rig.config, watch=(away, rig.config.watch[0]))
    job = dropped(rig)
    local = rig.config.watch[1] / "local.json"
    local.write_bytes(talk())
    after = offered(rig.queue, local)
    away.rename(unplugged)
    worker = rig.worker()
    worker._context = replace(
        worker._context,
        root_is_there=lambda path: away.is_dir() or not path.startswith(f"{away}/"),
    )
    assert worker.run_one()
    assert worker.run_one()
    failed = now(rig.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.SOURCE_GONE)
    assert "when the folder is back" in (failed.detail or "")
    assert rig.queue.held() is None
    assert now(rig.queue, after).status is Status.DONE
    unplugged.rename(away)
    intake_rig.run()
    assert now(rig.queue, job).status is Status.QUEUED


def test_a_watched_folder_is_there_when_it_can_be_listed(rig: WorkerRig, tmp_path: Path) -> None:
    """By its own name and by that of a link to it; a file from elsewhere has no such folder."""
    folder, link = rig.config.watch[0], tmp_path.resolve() / "link"
    link.symlink_to(folder)
    config = replace(rig.config, watch=(link,))
    paths = [f"{link}/talk.json", f"{folder}/talk.json", f"{tmp_path}/talk.json"]
    assert [root_is_there(config, path) for path in paths] == [True, True, True]
    link.unlink()
    link.symlink_to(tmp_path.resolve() / "unplugged")
    assert [root_is_there(config, path) for path in paths] == [False, True, True]


def test_a_changed_file_from_elsewhere_says_to_add_it_again(rig: WorkerRig, tmp_path: Path) -> None:
    """The intake does not look there: without an end it would have no result and no failure."""
    path = tmp_path.resolve() / "elsewhere.json"
    path.write_bytes(talk())
    job = offered(rig.queue, path)
    path.write_bytes(talk("newer"))
    rig.worker().run_one()
    failed = now(rig.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.SOURCE_CHANGED)
    assert "llasactl add" in (failed.detail or "")
    assert rig.nudged == []
    again = offered(rig.queue, path)
    rig.worker().run_one()
    assert now(rig.queue, again).status is Status.DONE


def test_a_file_that_changed_before_its_job_is_left_to_the_intake(rig: WorkerRig) -> None:
    """The job was for other bytes."""
    job = dropped(rig)
    Path(job.path).write_bytes(talk("newer"))
    rig.worker().run_one()
    assert now(rig.queue, job).status is Status.SUPERSEDED
    assert rig.nudged == [job.path]


def test_a_file_that_changes_during_its_job_gets_no_old_result(rig: WorkerRig) -> None:
    """Not even when its size and mtime are restored."""
    job = dropped(rig, data=talk("one two"))

    def change(name: str) -> None:
        if name == "finished":
            before = os.stat(job.path)
            Path(job.path).write_bytes(talk("six ten"))
            os.utime(job.path, ns=(before.st_atime_ns, before.st_mtime_ns))

    rig.at_step = change  # type: ignore[method-assign]
    rig.worker().run_one()
    assert now(rig.queue, job).status is Status.SUPERSEDED
    assert os.listdir(rig.config.watch[0]) == ["talk.json"]
    assert rig.nudged == [job.path]


def test_a_file_that_is_only_touched_during_its_job_is_done(rig: WorkerRig) -> None:
    """Its bytes are still the same."""
    job = dropped(rig)

    def touch(name: str) -> None:
        if name == "finished":
            os.utime(job.path)

    rig.at_step = touch  # type: ignore[method-assign]
    rig.worker().run_one()
    assert now(rig.queue, job).status is Status.DONE


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b'{"a": 1}', Status.IGNORED, Reason.NOT_A_TRANSCRIPT),
        (b'{"segments": [', Status.INVALID, None),
        (b"not json at all, and never was", Status.INVALID, None),
    ],
)
def test_a_file_that_is_no_transcript_ends_without_a_model(
    rig: WorkerRig, data: bytes, status: Status, reason: Reason | None
) -> None:
    """With a sentence that says why."""
    job = dropped(rig, data=data)
    rig.worker().run_one()
    ended = now(rig.queue, job)
    assert ended.status is status
    assert reason is None or ended.reason is reason
    assert ended.detail
    assert rig.keeper.loaded is None


def test_a_full_disk_holds_the_queue_and_leaves_nothing_behind(
    rig: WorkerRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts are kept: afterwards only the outputs are left to write."""
    job = dropped(rig)
    real, full = sidecars.write, [True]

    def write(*arguments: object, **more: object) -> object:
        if full[0]:
            raise OutputError("cannot write: No space left on device", reason="disk_full")
        return real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(sidecars, "write", write)
    rig.worker().run_one()
    held = rig.queue.held()
    assert held is not None
    assert held.reason == Reason.DISK_FULL
    full[0] = False
    rig.queue.release_hold()
    rig.steps.clear()
    rig.worker().run_one()
    assert now(rig.queue, job).status is Status.DONE
    assert "part_saved" not in rig.steps


def test_a_full_disk_that_is_not_watched_fails_only_its_job(
    rig: WorkerRig, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A hold would be lifted in vain again and again, with the same job first each time."""

    def write(*_: object, **__: object) -> object:
        raise OutputError("cannot write: No space left on device", reason="disk_full")

    stick = tmp_path.resolve() / "stick"
    stick.mkdir()
    monkeypatch.setattr(sidecars, "write", write)
    monkeypatch.setattr(worker_module, "_disk_of", lambda folder: int(str(folder) == str(stick)))
    path = stick / "talk.json"
    path.write_bytes(talk())
    job = offered(rig.queue, path)
    rig.worker().run_one()
    failed = now(rig.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.DISK_FULL)
    assert rig.queue.held() is None


def test_an_output_that_cannot_be_written_fails_the_job(
    rig: WorkerRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Waiting does not help with a read-only folder."""

    def write(*_: object, **__: object) -> object:
        raise OutputError("cannot write: Read-only file system")

    monkeypatch.setattr(sidecars, "write", write)
    job = dropped(rig)
    rig.worker().run_one()
    failed = now(rig.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.OUTPUT_UNWRITABLE)


def test_an_edited_text_is_kept_and_the_new_one_lies_beside_it(rig: WorkerRig) -> None:
    """A redo never removes the user's corrections."""
    job = dropped(rig)
    rig.worker().run_one()
    text = Path(job.path).with_name("talk.enhanced.txt")
    text.write_text("My own words.\n")
    again = rig.queue.redo(job.id)
    rig.worker().run_one()
    done = now(rig.queue, again)
    assert done.status is Status.DONE
    assert text.read_text() == "My own words.\n"
    assert [o.displaced for o in done.outputs if o.suffix == "enhanced.txt"] == [True]
    assert done.detail is not None
    assert "kept" in done.detail


def test_outputs_take_the_mode_of_their_source(rig: WorkerRig) -> None:
    """A private recording gets a private text."""
    job = dropped(rig)
    Path(job.path).chmod(0o640)
    rig.worker().run_one()
    for output in now(rig.queue, job).outputs:
        assert stat.S_IMODE(os.stat(output.path).st_mode) == 0o640


def test_a_full_disk_under_the_database_strands_no_job(
    rig: WorkerRig, monkeypatch: pytest.MonkeyPatch, captured: LogCapture
) -> None:
    """The worker waits for a minute and gives the job back before it claims another."""
    job = dropped(rig)
    real, full = rig.queue.save_part, [True]

    def save_part(*arguments: object, **more: object) -> object:
        if full[0]:
            raise DatabaseFull
        return real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(rig.queue, "save_part", save_part)
    worker = rig.worker()
    worker.run_one()
    assert now(rig.queue, job).status is Status.RUNNING
    assert rig.clock.waits == [worker_module.DISK_PAUSE_S]
    full[0] = False
    worker.run_one()
    done = now(rig.queue, job)
    assert (done.status, done.attempt) == (Status.DONE, 1)
    assert "database.failed" in events(captured)


def test_a_full_disk_reported_by_the_system_holds_the_queue(
    rig: WorkerRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the error occurs."""

    def intend(*_: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(rig.queue, "intend_outputs", intend)
    job = dropped(rig)
    rig.worker().run_one()
    held = rig.queue.held()
    assert held is not None
    assert held.reason == Reason.DISK_FULL
    assert now(rig.queue, job).status is Status.QUEUED


def test_a_folder_is_swept_once_not_for_every_job(
    rig: WorkerRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leftovers of a killed process go; the cost of a job does not grow with its folder."""
    left = rig.config.watch[0] / ".llasa-999999-0123456789abcdef.tmp"
    left.write_bytes(b"half")
    (rig.config.watch[0] / "other").mkdir()
    swept: list[Path] = []
    sweep = sidecars.remove_stale_temps
    monkeypatch.setattr(sidecars, "remove_stale_temps", lambda at: swept.append(at) or sweep(at))
    worker = rig.worker()
    for name in ("a.json", "other/b.json", "c.json", "other/d.json"):
        job = dropped(rig, name)
        worker.run_one()
        assert now(rig.queue, job).status is Status.DONE
    assert not left.exists()
    assert swept == [rig.config.watch[0], rig.config.watch[0] / "other"]
