"""Folders become rows: the listing is the truth, events are hints."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon.config import Config
from daemon.files.source import Snapshot
from daemon.home import Home
from daemon.intake import intake as intake_module
from engine import sidecars
from engine.records import Rendered
from state.errors import DatabaseBusy
from state.job import Origin, Reason, Status
from tests.daemon.conftest import Scene
from tests.daemon.making import talk
from tests.state.making import claim_order


def test_a_file_is_found_without_any_event(scene: Scene) -> None:
    """Both at the start and later, by a scan alone."""
    scene.write("old.json")
    scene.run()
    assert scene.rows() == [("old.json", Status.QUEUED)]
    scene.write("sub/new.json")
    scene.run(70)
    assert scene.rows() == [("old.json", Status.QUEUED), ("sub/new.json", Status.QUEUED)]


def test_the_backlog_is_known_from_what_appears_live(scene: Scene) -> None:
    """Today's file goes before three hundred hours of old ones."""
    scene.write("old.json")
    scene.run()
    scene.write("rescanned.json")
    scene.run(70)
    heard = scene.write("heard.json")
    scene.inbox.put(str(heard))
    scene.run()
    origins = {name: scene.job(f"{name}.json").origin for name in ("old", "rescanned", "heard")}
    assert origins == {"old": Origin.SCAN, "rescanned": Origin.RESCAN, "heard": Origin.EVENT}
    assert [Path(job.path).name for job in claim_order(scene.queue)][-1] == "old.json"


def test_ten_events_and_two_scans_of_one_version_make_one_row(scene: Scene) -> None:
    """The database knows what is known, not a set in memory."""
    path = scene.write("talk.json")
    for _ in range(10):
        scene.inbox.put(str(path))
        scene.run(1)
    scene.run(130)
    scene.intake = scene.fresh()
    scene.run(10)
    assert scene.rows() == [("talk.json", Status.QUEUED)]


def test_touching_or_saving_the_same_bytes_changes_nothing(scene: Scene) -> None:
    """The content is what counts."""
    path = scene.write("talk.json")
    scene.run()
    os.utime(path, (1, 1))
    scene.inbox.put(str(path))
    scene.run()
    scene.write("talk.json", path.read_bytes())
    scene.inbox.put(str(path))
    scene.run()
    assert len(scene.queue.jobs()) == 1


def test_new_bytes_make_a_new_job_and_the_old_one_is_superseded(scene: Scene) -> None:
    """Also when size and mtime are those of the old ones."""
    path = scene.write("talk.json", talk("one"))
    os.utime(path, (5, 5))
    scene.run()
    scene.write("talk.json", talk("two"))
    os.utime(path, (5, 5))
    scene.run(70)
    assert scene.rows() == [("talk.json", Status.QUEUED), ("talk.json", Status.SUPERSEDED)]


def test_a_file_written_in_fifty_flushes_with_a_pause_gives_one_job(scene: Scene) -> None:
    """Of its full content; the truncated state costs no row."""
    data = talk(parts=50)
    path = scene.write("talk.json", b"")
    for piece in range(1, 51):
        scene.write("talk.json", data[: len(data) * piece // 50])
        scene.inbox.put(str(path))
        scene.run(6.0 if piece == 25 else 0.2, step_s=0.2)
    scene.run(5)
    (job,) = scene.queue.jobs()
    assert job.size == len(data)
    assert job.sha256 == hashlib.sha256(data).hexdigest()


def test_a_file_that_stays_cut_off_is_offered_after_the_limit(scene: Scene) -> None:
    """So that someone is told; the reader says what is wrong with it."""
    scene.write("cut.json", talk()[:-10])
    scene.run(59)
    assert scene.rows() == []
    scene.run(5)
    assert scene.rows() == [("cut.json", Status.QUEUED)]


def test_what_is_whole_but_no_json_does_not_wait_for_the_limit(scene: Scene) -> None:
    """Nor does a file that is not JSON by its name."""
    scene.write("wrong.json", b"This is no JSON at all, and it is not going to be.")
    scene.run()
    assert scene.rows() == [("wrong.json", Status.QUEUED)]


def test_our_own_outputs_are_never_queued(scene: Scene) -> None:
    """Neither by their names nor, renamed, by their content."""
    source = scene.write("talk.json")
    metadata = json.dumps({"schema": "llasa.metadata/1", "source": {}})
    files = [Rendered("enhanced.txt", "Hello.\n"), Rendered("metadata.json", metadata)]
    sidecars.write(source, files, mode=0o644, previous={})
    scene.write("renamed.json", metadata.encode())
    scene.run(130)
    assert scene.rows() == [("talk.json", Status.QUEUED)]


def test_other_files_hidden_folders_and_links_are_passed_over(scene: Scene) -> None:
    """So are a pipe and a folder that are named like a transcript."""
    outside = scene.config.home.path / "outside"
    outside.mkdir()
    (outside / "x.json").write_bytes(talk())
    scene.write("talk.srt", b"1")
    scene.write(".hidden/talk.json")
    scene.write("a/.trash/talk.json")
    scene.write(".talk.json")
    (scene.folder / "link.json").symlink_to(outside / "x.json")
    (scene.folder / "linked").symlink_to(outside)
    os.mkfifo(scene.folder / "pipe.json")
    (scene.folder / "folder.json").mkdir()
    for path in scene.folder.rglob("*"):
        scene.inbox.put(str(path))
    scene.inbox.put(str(scene.folder / "linked" / "x.json"))
    scene.run(130)
    assert scene.rows() == []


def test_a_name_in_capitals_counts(scene: Scene) -> None:
    """Some recorders write them so."""
    scene.write("TALK.JSON")
    scene.run()
    assert scene.rows() == [("TALK.JSON", Status.QUEUED)]


def test_strange_names_each_have_one_row(scene: Scene) -> None:
    """Whatever the file system lets a name be."""
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
        scene.write(name)
    scene.run()
    assert [name for name, _ in scene.rows()] == sorted(names)


def test_a_file_that_is_too_large_is_invalid_once(
    scene: Scene, config: Config, captured: LogCapture
) -> None:
    """It is not read, and not looked at again while it stays as it is."""
    scene.config = replace(config, max_bytes=1024)
    scene.intake = scene.fresh()
    scene.write("large.json", b"x" * 2000)
    scene.run(130)
    job = scene.job("large.json")
    assert (job.status, job.reason) == (Status.INVALID, Reason.TOO_LARGE)
    assert [e["event"] for e in captured.entries].count("job.refused") == 1


def test_an_evicted_file_is_skipped_and_taken_when_it_is_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, captured: LogCapture
) -> None:
    """One line for all of them, and the others go on."""
    for name in ("one.json", "two.json", "here.json"):
        scene.write(name)
    away = [True]
    real = intake_module.read_snapshot

    def evicted(path: str, *, max_bytes: int) -> Snapshot:
        if away[0] and "here" not in path:
            raise intake_module.SourceError("iCloud", reason="not_downloaded")
        return real(path, max_bytes=max_bytes)

    monkeypatch.setattr(intake_module, "read_snapshot", evicted)
    scene.run()
    assert scene.rows() == [("here.json", Status.QUEUED)]
    skipped = [entry for entry in captured.entries if entry["event"] == "files.skipped"]
    assert [(entry["reason"], entry["count"]) for entry in skipped] == [("not_downloaded", 2)]
    away[0] = False
    scene.run(70)
    assert len(scene.rows()) == 3


def test_an_offer_that_fails_is_made_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A locked database strands no file."""
    scene.write("talk.json")
    real, failures = scene.queue.offer_many, [2]

    def busy(offers: object) -> object:
        if failures[0]:
            failures[0] -= 1
            raise DatabaseBusy
        return real(offers)  # type: ignore[arg-type]

    monkeypatch.setattr(scene.queue, "offer_many", busy)
    for _ in range(12):
        with contextlib.suppress(DatabaseBusy):
            scene.intake.step(scene.clock.now)
        scene.clock.pass_by(1)
    assert failures == [0]
    assert scene.rows() == [("talk.json", Status.QUEUED)]


def test_lost_events_are_answered_by_one_scan_at_most_every_ten_seconds(
    scene: Scene, captured: LogCapture
) -> None:
    """An overflow must not become a storm of scans."""
    scene.run(2)
    scans = 0
    scene.write("missed.json")
    for _ in range(60):
        scene.inbox.lose()
        scans += scene.intake.step(scene.clock.now) is not None
        scene.clock.pass_by(0.5)
    assert 1 <= scans <= 4
    assert scene.rows() == [("missed.json", Status.QUEUED)]


def test_a_costly_scan_makes_the_next_one_wait(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand times its cost, so that rescans take a thousandth of a core."""
    monkeypatch.setattr(scene.intake, "_clock", iter(n * 0.5 for n in range(1000)).__next__)
    report = scene.intake.step(scene.clock.now)
    assert report is not None
    assert report.cost_s >= 0.5
    assert scene.intake.next_due(scene.clock.now) >= scene.clock.now + 500


def test_memory_stays_flat_over_a_large_backlog(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The scan waits while many files settle, and in the end has them all."""
    monkeypatch.setattr(intake_module, "ROOM", 20)
    monkeypatch.setattr(intake_module, "BATCH", 10)
    for number in range(100):
        scene.write(f"{number:03}.json")
    most = 0
    for _ in range(60):
        scene.intake.step(scene.clock.now)
        most = max(most, len(scene.intake.settler))
        scene.clock.pass_by(1)
    assert most <= 30
    assert len(scene.rows()) == 100
    assert scene.intake.idle


def test_a_new_folder_is_looked_through_at_once(scene: Scene) -> None:
    """One that was moved in brings its files without an event for each."""
    scene.run(2)
    scene.write("moved/deep/talk.json")
    scene.inbox.put(str(scene.folder / "moved"))
    scene.run(4)
    assert scene.rows() == [("moved/deep/talk.json", Status.QUEUED)]


def test_stale_temporary_files_are_swept_away(scene: Scene) -> None:
    """A killed daemon leaves them; the next one's scan removes them."""
    temp = scene.write(".llasa-999999-0123456789abcdef.tmp", b"half")
    scene.run(2)
    assert not temp.exists()


def test_an_unlistable_folder_is_counted_and_the_rest_goes_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Someone else's folder inside a share."""
    scene.write("closed/talk.json")
    scene.write("open/talk.json")
    real = os.scandir

    def scandir(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "no")
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    report = scene.intake.step(scene.clock.now)
    assert report is not None
    assert (report.files, report.unreadable) == (1, 1)


def test_the_homes_own_folders_are_not_watched(scene: Scene, home: Home) -> None:
    """Even where somebody watches the whole home."""
    scene.config = replace(scene.config, watch=(home.path,))
    scene.intake = scene.fresh()
    (home.state / "x.json").write_bytes(talk())
    (home.logs / "y.json").write_bytes(talk())
    scene.inbox.put(str(home.state / "x.json"))
    scene.run()
    assert scene.rows() == []


def test_nothing_is_left_open_in_the_database(scene: Scene, home: Home) -> None:
    """Another process can write between two steps."""
    scene.write("talk.json")
    scene.run()
    with sqlite3.connect(home.database, timeout=0) as other:
        other.execute("BEGIN IMMEDIATE")
        other.rollback()
    other.close()


def test_a_file_of_a_late_date_stops_no_other(scene: Scene) -> None:
    """A wrong clock wrote it; the daemon ended at it, at every start."""
    late = scene.write("late.json")
    os.utime(late, ns=(10**19, 10**19))
    scene.write("usual.json")
    scene.run()
    assert scene.rows() == [("late.json", Status.QUEUED), ("usual.json", Status.QUEUED)]
    scene.intake = scene.fresh()
    scene.run(70)
    assert len(scene.rows()) == 2


@pytest.mark.parametrize("step", ["read_snapshot", "offer_many", "note_seen"])
def test_a_bug_met_in_one_file_stops_no_other(
    scene: Scene, captured: LogCapture, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """It has a named reason, and is tried again by a later scan: the next version may mend it."""
    broken = True

    def meet(what: object) -> None:
        if broken and "bad.json" in str(what):
            raise OverflowError(what)

    of = intake_module if step == "read_snapshot" else scene.queue
    real = getattr(of, step)
    monkeypatch.setattr(of, step, lambda what, **more: (meet(what), real(what, **more))[1])
    ours = json.dumps({"schema": "llasa.metadata/1"}).encode() if step == "note_seen" else None
    if ours is not None:
        monkeypatch.setattr(sidecars, "is_ours_content", lambda data: data == ours)
    scene.write("bad.json", ours)
    scene.write("good.json")
    scene.run(140)
    assert scene.rows() == [("bad.json", Status.FAILED), ("good.json", Status.QUEUED)]
    assert scene.job("bad.json").reason is Reason.INTERNAL_ERROR
    assert "OverflowError" in str(scene.job("bad.json").detail)
    told = [entry for entry in captured.entries if entry["event"] == "file.crashed"]
    assert {(entry["kind"], entry["path"]) for entry in told} == {
        ("OverflowError", scene.job("bad.json").path)
    }
    broken = False
    scene.run(140)
    if ours is None:
        assert scene.job("bad.json").status is Status.QUEUED


def test_a_file_that_not_even_a_verdict_can_be_kept_of_is_left(
    scene: Scene, captured: LogCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log names it, and the others go on."""

    def fail(*_: object, **__: object) -> None:
        raise OverflowError

    monkeypatch.setattr(scene.queue, "offer_many", fail)
    monkeypatch.setattr(scene.queue, "record", fail)
    scene.write("bad.json")
    scene.run()
    assert scene.rows() == []
    assert scene.intake.idle
    assert "file.crashed" in [entry["event"] for entry in captured.entries]
