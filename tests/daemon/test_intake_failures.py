"""One bad file, folder or write stops no other file."""

from __future__ import annotations

import contextlib
import json
import os

import pytest
from structlog.testing import LogCapture

from daemon.errors import SourceError
from daemon.files.source import Snapshot
from daemon.intake import feeder
from engine import sidecars
from state.errors import DatabaseBusy
from state.job import Reason, Status
from tests.daemon.conftest import IntakeRig


def test_an_evicted_file_is_skipped_and_taken_when_it_is_back(
    intake_rig: IntakeRig, monkeypatch: pytest.MonkeyPatch, captured: LogCapture
) -> None:
    """The log has one line for all of them, and the other files are offered."""
    for name in ("one.json", "two.json", "here.json"):
        intake_rig.write(name)
    away = [True]
    real = feeder.read_snapshot

    def evicted(path: str, *, max_bytes: int) -> Snapshot:
        if away[0] and "here" not in path:
            raise SourceError("iCloud", reason="not_downloaded")
        return real(path, max_bytes=max_bytes)

    monkeypatch.setattr(feeder, "read_snapshot", evicted)
    intake_rig.run()
    assert intake_rig.rows() == [("here.json", Status.QUEUED)]
    skipped = [entry for entry in captured.entries if entry["event"] == "files.skipped"]
    assert [(entry["reason"], entry["count"]) for entry in skipped] == [("not_downloaded", 2)]
    away[0] = False
    intake_rig.run(70)
    assert len(intake_rig.rows()) == 3


def test_an_offer_that_fails_is_made_again(
    intake_rig: IntakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A locked database loses no file."""
    intake_rig.write("talk.json")
    real, failures = intake_rig.queue.offer_many, [2]

    def busy(offers: object) -> object:
        if failures[0]:
            failures[0] -= 1
            raise DatabaseBusy
        return real(offers)  # type: ignore[arg-type]

    monkeypatch.setattr(intake_rig.queue, "offer_many", busy)
    for _ in range(12):
        with contextlib.suppress(DatabaseBusy):
            intake_rig.intake.step(intake_rig.clock.now)
        intake_rig.clock.pass_by(1)
    assert failures == [0]
    assert intake_rig.rows() == [("talk.json", Status.QUEUED)]


def test_a_folder_that_cannot_be_listed_is_counted_and_the_others_are_scanned(
    intake_rig: IntakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may belong to another user of a share."""
    intake_rig.write("closed/talk.json")
    intake_rig.write("open/talk.json")
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "no")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    report = intake_rig.intake.step(intake_rig.clock.now)
    assert report is not None
    assert (report.files, report.unreadable) == (1, 1)


def test_a_file_with_a_date_far_in_the_future_stops_no_other(intake_rig: IntakeRig) -> None:
    """A wrong clock wrote it; the daemon once crashed on it at every start."""
    late = intake_rig.write("late.json")
    os.utime(late, ns=(10**19, 10**19))
    intake_rig.write("usual.json")
    intake_rig.run()
    assert intake_rig.rows() == [("late.json", Status.QUEUED), ("usual.json", Status.QUEUED)]
    intake_rig.intake = intake_rig.fresh()
    intake_rig.run(70)
    assert len(intake_rig.rows()) == 2


@pytest.mark.parametrize("step", ["read_snapshot", "offer_many", "note_seen"])
def test_a_bug_met_in_one_file_stops_no_other(
    intake_rig: IntakeRig, captured: LogCapture, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """It has a reason, and a later scan tries it again, as the next version may have the fix."""
    broken = True

    def meet(what: object) -> None:
        if broken and "bad.json" in str(what):
            raise OverflowError(what)

    of = feeder if step == "read_snapshot" else intake_rig.queue
    real = getattr(of, step)
    monkeypatch.setattr(of, step, lambda what, **more: (meet(what), real(what, **more))[1])
    ours = json.dumps({"schema": "llasa.metadata/1"}).encode() if step == "note_seen" else None
    if ours is not None:
        monkeypatch.setattr(sidecars, "is_ours_content", lambda data: data == ours)
    intake_rig.write("bad.json", ours)
    intake_rig.write("good.json")
    intake_rig.run(140)
    assert intake_rig.rows() == [("bad.json", Status.FAILED), ("good.json", Status.QUEUED)]
    assert intake_rig.job("bad.json").reason is Reason.INTERNAL_ERROR
    assert "OverflowError" in str(intake_rig.job("bad.json").detail)
    logged = [entry for entry in captured.entries if entry["event"] == "file.crashed"]
    assert {(entry["kind"], entry["path"]) for entry in logged} == {
        ("OverflowError", intake_rig.job("bad.json").path)
    }
    broken = False
    intake_rig.run(140)
    if ours is None:
        assert intake_rig.job("bad.json").status is Status.QUEUED


def test_a_file_whose_bug_cannot_be_recorded_either_is_left(
    intake_rig: IntakeRig, captured: LogCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log names it, and the intake continues."""

    def fail(*_: object, **__: object) -> None:
        raise OverflowError

    monkeypatch.setattr(intake_rig.queue, "offer_many", fail)
    monkeypatch.setattr(intake_rig.queue, "record", fail)
    intake_rig.write("bad.json")
    intake_rig.run()
    assert intake_rig.rows() == []
    assert intake_rig.intake.idle
    assert "file.crashed" in [entry["event"] for entry in captured.entries]
