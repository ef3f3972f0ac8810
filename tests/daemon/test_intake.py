"""Files in folders become rows: the listing is the truth, events are hints."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon.config import Config
from daemon.home import Home
from daemon.intake import feeder, scanner
from engine import sidecars
from engine.records import Rendered
from state.job import Origin, Reason, Status
from tests.daemon.conftest import IntakeRig
from tests.daemon.making import talk
from tests.state.making import claim_order


def test_a_file_is_found_without_any_event(intake_rig: IntakeRig) -> None:
    """A scan finds it, at the start and later."""
    intake_rig.write("old.json")
    intake_rig.run()
    assert intake_rig.rows() == [("old.json", Status.QUEUED)]
    intake_rig.write("sub/new.json")
    intake_rig.run(70)
    assert intake_rig.rows() == [("old.json", Status.QUEUED), ("sub/new.json", Status.QUEUED)]


def test_the_backlog_is_told_from_files_that_appear_live(intake_rig: IntakeRig) -> None:
    """Today's file goes before three hundred hours of old ones."""
    intake_rig.write("old.json")
    intake_rig.run()
    intake_rig.write("rescanned.json")
    intake_rig.run(70)
    heard = intake_rig.write("heard.json")
    intake_rig.inbox.put(str(heard))
    intake_rig.run()
    origins = {
        name: intake_rig.job(f"{name}.json").origin for name in ("old", "rescanned", "heard")
    }
    assert origins == {"old": Origin.SCAN, "rescanned": Origin.RESCAN, "heard": Origin.EVENT}
    assert [Path(job.path).name for job in claim_order(intake_rig.queue)][-1] == "old.json"


def test_ten_events_and_two_scans_of_one_version_make_one_row(intake_rig: IntakeRig) -> None:
    """The database decides what is known, not a set in memory."""
    path = intake_rig.write("talk.json")
    for _ in range(10):
        intake_rig.inbox.put(str(path))
        intake_rig.run(1)
    intake_rig.run(130)
    intake_rig.intake = intake_rig.fresh()
    intake_rig.run(10)
    assert intake_rig.rows() == [("talk.json", Status.QUEUED)]


def test_touching_or_saving_the_same_bytes_changes_nothing(intake_rig: IntakeRig) -> None:
    """Only the content counts."""
    path = intake_rig.write("talk.json")
    intake_rig.run()
    os.utime(path, (1, 1))
    intake_rig.inbox.put(str(path))
    intake_rig.run()
    intake_rig.write("talk.json", path.read_bytes())
    intake_rig.inbox.put(str(path))
    intake_rig.run()
    assert len(intake_rig.queue.jobs()) == 1


def test_new_bytes_make_a_new_job_and_the_old_one_is_superseded(intake_rig: IntakeRig) -> None:
    """Even with the size and mtime of the old ones."""
    path = intake_rig.write("talk.json", talk("one"))
    os.utime(path, (5, 5))
    intake_rig.run()
    intake_rig.write("talk.json", talk("two"))
    os.utime(path, (5, 5))
    intake_rig.run(70)
    assert intake_rig.rows() == [("talk.json", Status.QUEUED), ("talk.json", Status.SUPERSEDED)]


def test_a_file_written_in_fifty_flushes_with_a_pause_gives_one_job(intake_rig: IntakeRig) -> None:
    """The job has the full content, and the truncated one made no row."""
    data = talk(parts=50)
    path = intake_rig.write("talk.json", b"")
    for piece in range(1, 51):
        intake_rig.write("talk.json", data[: len(data) * piece // 50])
        intake_rig.inbox.put(str(path))
        intake_rig.run(6.0 if piece == 25 else 0.2, step_s=0.2)
    intake_rig.run(5)
    (job,) = intake_rig.queue.jobs()
    assert job.size == len(data)
    assert job.sha256 == hashlib.sha256(data).hexdigest()


def test_a_file_that_stays_cut_off_is_offered_after_the_limit(intake_rig: IntakeRig) -> None:
    """The user learns of it, because the reader says what is wrong with it."""
    intake_rig.write("cut.json", talk()[:-10])
    intake_rig.run(59)
    assert intake_rig.rows() == []
    intake_rig.run(5)
    assert intake_rig.rows() == [("cut.json", Status.QUEUED)]


def test_a_file_that_is_not_json_does_not_wait_for_the_limit(intake_rig: IntakeRig) -> None:
    """It is complete, only wrong."""
    intake_rig.write("wrong.json", b"This is no JSON at all, and it is not going to be.")
    intake_rig.run()
    assert intake_rig.rows() == [("wrong.json", Status.QUEUED)]


def test_our_own_outputs_are_never_queued(intake_rig: IntakeRig) -> None:
    """They are recognised by their names and, if renamed, by their content."""
    source = intake_rig.write("talk.json")
    metadata = json.dumps({"schema": "llasa.metadata/1", "source": {}})
    files = [Rendered("enhanced.txt", "Hello.\n"), Rendered("metadata.json", metadata)]
    sidecars.write(source, files, mode=0o644, previous={})
    intake_rig.write("renamed.json", metadata.encode())
    intake_rig.run(130)
    assert intake_rig.rows() == [("talk.json", Status.QUEUED)]


def test_other_files_hidden_folders_and_links_are_ignored(intake_rig: IntakeRig) -> None:
    """So are a pipe and a folder with the name of a transcript."""
    outside = intake_rig.config.home.path / "outside"
    outside.mkdir()
    (outside / "x.json").write_bytes(talk())
    intake_rig.write("talk.srt", b"1")
    intake_rig.write(".hidden/talk.json")
    intake_rig.write("a/.trash/talk.json")
    intake_rig.write(".talk.json")
    (intake_rig.folder / "link.json").symlink_to(outside / "x.json")
    (intake_rig.folder / "linked").symlink_to(outside)
    os.mkfifo(intake_rig.folder / "pipe.json")
    (intake_rig.folder / "folder.json").mkdir()
    for path in intake_rig.folder.rglob("*"):
        intake_rig.inbox.put(str(path))
    intake_rig.inbox.put(str(intake_rig.folder / "linked" / "x.json"))
    intake_rig.run(130)
    assert intake_rig.rows() == []


def test_a_name_in_capitals_counts(intake_rig: IntakeRig) -> None:
    """Some recorders write such names."""
    intake_rig.write("TALK.JSON")
    intake_rig.run()
    assert intake_rig.rows() == [("TALK.JSON", Status.QUEUED)]


def test_strange_names_each_have_one_row(intake_rig: IntakeRig) -> None:
    """A name may be whatever the file system allows."""
    names = [
        "-rf.json",
        "a b\nc.json",
        "\x1b[2J.json",
        "é.json",
        "e\u0301.json",
        "😀.json",
        "A.json",
        "a.json",
        "x" * 250 + ".json",
        os.fsdecode(b"caf\xe9.json"),
    ]
    for name in names:
        intake_rig.write(name)
    intake_rig.run()
    assert [name for name, _ in intake_rig.rows()] == sorted(names)


def test_a_file_that_is_too_large_is_invalid_once(
    intake_rig: IntakeRig, config: Config, captured: LogCapture
) -> None:
    """It is not read, and not checked again until it changes."""
    intake_rig.config = replace(config, max_bytes=1024)
    intake_rig.intake = intake_rig.fresh()
    intake_rig.write("large.json", b"x" * 2000)
    intake_rig.run(130)
    job = intake_rig.job("large.json")
    assert (job.status, job.reason) == (Status.INVALID, Reason.TOO_LARGE)
    assert [e["event"] for e in captured.entries].count("job.refused") == 1


def test_lost_events_are_answered_by_one_scan_at_most_every_ten_seconds(
    intake_rig: IntakeRig, captured: LogCapture
) -> None:
    """An overflow must not cause scan after scan."""
    intake_rig.run(2)
    scans = 0
    intake_rig.write("missed.json")
    for _ in range(60):
        intake_rig.inbox.lose()
        scans += intake_rig.intake.step(intake_rig.clock.now) is not None
        intake_rig.clock.pass_by(0.5)
    assert 1 <= scans <= 4
    assert intake_rig.rows() == [("missed.json", Status.QUEUED)]


def test_after_a_slow_scan_the_next_one_waits_longer(
    intake_rig: IntakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits a thousand times as long, so that rescans take a thousandth of a core."""
    monkeypatch.setattr(
        intake_rig.intake.scanner, "_clock", iter(n * 0.5 for n in range(1000)).__next__
    )
    report = intake_rig.intake.step(intake_rig.clock.now)
    assert report is not None
    assert report.cost_s >= 0.5
    assert intake_rig.intake.next_due(intake_rig.clock.now) >= intake_rig.clock.now + 500


def test_memory_stays_flat_over_a_large_backlog(
    intake_rig: IntakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan waits while many files settle, and finds them all in the end."""
    monkeypatch.setattr(scanner, "ROOM", 20)
    monkeypatch.setattr(scanner, "BATCH", 10)
    monkeypatch.setattr(feeder, "READ_FILES", 10)
    for number in range(100):
        intake_rig.write(f"{number:03}.json")
    most = 0
    for _ in range(60):
        intake_rig.intake.step(intake_rig.clock.now)
        most = max(most, len(intake_rig.intake.settler))
        intake_rig.clock.pass_by(1)
    assert most <= 30
    assert len(intake_rig.rows()) == 100
    assert intake_rig.intake.idle


def test_a_new_folder_is_scanned_at_once(intake_rig: IntakeRig) -> None:
    """A folder that was moved in does not send an event for each of its files."""
    intake_rig.run(2)
    intake_rig.write("moved/deep/talk.json")
    intake_rig.inbox.put(str(intake_rig.folder / "moved"))
    intake_rig.run(4)
    assert intake_rig.rows() == [("moved/deep/talk.json", Status.QUEUED)]


def test_stale_temporary_files_are_removed(intake_rig: IntakeRig) -> None:
    """A killed daemon leaves them, and the scan of the next one removes them."""
    temp = intake_rig.write(".llasa-999999-0123456789abcdef.tmp", b"half")
    intake_rig.run(2)
    assert not temp.exists()


def test_the_homes_own_folders_are_not_watched(intake_rig: IntakeRig, home: Home) -> None:
    """Not even if the whole home is watched."""
    intake_rig.config = replace(intake_rig.config, watch=(home.path,))
    intake_rig.intake = intake_rig.fresh()
    (home.state / "x.json").write_bytes(talk())
    (home.logs / "y.json").write_bytes(talk())
    intake_rig.inbox.put(str(home.state / "x.json"))
    intake_rig.run()
    assert intake_rig.rows() == []


def test_nothing_is_left_open_in_the_database(intake_rig: IntakeRig, home: Home) -> None:
    """Another process can write between two steps."""
    intake_rig.write("talk.json")
    intake_rig.run()
    with sqlite3.connect(home.database, timeout=0) as other:
        other.execute("BEGIN IMMEDIATE")
        other.rollback()
    other.close()
