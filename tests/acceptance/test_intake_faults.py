"""Files come in every way a disk allows: each version once, whole, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

from state.job import Origin, Reason, Status
from tests.acceptance.harness import Home, pass_time, spoken, talk, wait_for
from tests.acceptance.invariants import check

MANY = 120
OVERFLOW = int(os.environ.get("LLASA_TEST_OVERFLOW", "20000"))  # the kernel's queue holds 16,384


def test_a_file_written_slowly_becomes_one_job_of_its_full_content(home: Home) -> None:
    """Fifty flushes with a pause in the middle, longer than the settling: one claim, all words."""
    data = json.dumps(talk("slow", 120)).encode()
    path = home.transcripts / "slow.json"
    pieces = [data[n * len(data) // 50 : (n + 1) * len(data) // 50] for n in range(50)]
    flushes = 0
    with home.daemon() as running:
        running.until_watching()
        with path.open("wb", buffering=0) as stream:
            for number, piece in enumerate(pieces):
                stream.write(piece)
                flushes += 1
                pass_time(0.9 if number == 25 else 0.01)
        home.drop("slow.json", data)
        job = home.ended(path)
        assert running.stop() == 0
    assert flushes == 50
    assert (job.status, job.claims, job.attempt) == (Status.DONE, 1, 1)
    assert len(home.jobs()) == 1
    check(home)


def test_renamed_and_moved_files_are_taken_once(home: Home, tmp_path: Path) -> None:
    """Written aside and renamed, or moved in from another folder, as careful tools do."""
    with home.daemon() as running:
        running.until_watching()
        aside = home.transcripts / "renamed.json.part"
        aside.write_text(json.dumps(talk("renamed")))
        renamed = home.transcripts / "renamed.json"
        aside.replace(renamed)
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / "moved.json").write_text(json.dumps(talk("moved")))
        moved = Path(shutil.move(tmp_path / "elsewhere" / "moved.json", home.transcripts))
        folder = tmp_path / "week"
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "inner.json").write_text(json.dumps(talk("inner")))
        folder.rename(home.transcripts / "week")
        inner = home.transcripts / "week" / "deep" / "inner.json"
        jobs = [home.ended(path, patience_s=10) for path in (renamed, moved, inner)]
        for path in (renamed, moved, inner):
            home.drop(path.name, path.read_bytes(), root=path.parent)
        assert running.stop() == 0
    assert [(job.status, job.claims) for job in jobs] == [(Status.DONE, 1)] * 3
    assert len(home.jobs()) == 3
    check(home)


def test_files_that_were_there_and_files_that_came_while_stopped_are_all_done(home: Home) -> None:
    """Hundreds before the first start, hundreds more between two runs."""
    for n in range(MANY):
        home.drop(f"before{n}.json", spoken(f"file number {n}"), root=home.transcripts / str(n % 7))
    assert home.drain(patience_s=90).returncode == 0
    assert len(home.jobs()) == MANY
    for n in range(MANY):
        home.drop(f"while{n}.json", spoken(f"later number {n}"))
    assert home.drain(patience_s=90).returncode == 0
    assert [job.status for job in home.jobs()] == [Status.DONE] * (2 * MANY)
    assert home.steps().count("claimed") == 2 * MANY
    check(home)


def test_many_events_for_the_same_bytes_make_one_job(home: Home) -> None:
    """Saved twenty-five times, saved again when it was done, touched: the work is done once."""
    data = json.dumps(talk("same")).encode()
    events = 0
    with home.daemon() as running:
        running.until_watching()
        for _ in range(25):
            path = home.drop("same.json", data)
            events += 1
        home.ended(path)
        heard = home.row()
        home.drop("same.json", data)
        os.utime(path)
        wait_for(
            lambda: (row := home.row()) and heard and row.last_event_at != heard.last_event_at,
            what="the daemon hears of the second save",
        )
        scan = home.row()
        wait_for(
            lambda: (row := home.row()) and scan and row.last_scan_at != scan.last_scan_at,
            what="a scan after it",
        )
        pass_time(0.5)
        assert running.stop() == 0
    assert events == 25
    assert [(job.status, job.claims) for job in home.jobs()] == [(Status.DONE, 1)]
    check(home)


def test_our_own_outputs_in_the_watched_folder_make_no_work(home: Home) -> None:
    """Sidecars lie in the watched tree, copied and renamed ones too: no job, scan after scan."""
    path = home.drop("talk.json", talk("talk"))
    with home.daemon() as running:
        running.until_watching()
        home.ended(path)
        copy = home.transcripts / "a copy.json"
        shutil.copy(home.transcripts / "talk.metadata.json", copy)
        home.allowed.add(copy)
        first = len(home.log("scan.finished"))
        wait_for(lambda: len(home.log("scan.finished")) >= first + 3, what="three more scans")
        assert running.stop() == 0
    assert [job.path for job in home.jobs()] == [str(path)]
    assert home.steps().count("claimed") == 1
    home.sources.pop(copy, None)
    copy.unlink()
    check(home)


def test_without_a_single_event_every_file_is_found(home: Home) -> None:
    """A deaf watcher: the scan alone finds what is new and what has changed."""
    with home.daemon(deaf=True) as running:
        running.until_watching()
        path = home.drop("a.json", talk("one"))
        assert home.ended(path).status is Status.DONE
        home.drop("a.json", talk("two"))
        home.all_ended(2)
        row = home.row()
        assert running.stop() == 0
    assert row is not None
    assert row.last_event_at is None
    assert "Two0" in home.text_of(path)
    check(home)


def test_an_overflow_of_the_kernels_queue_loses_nothing(home: Home) -> None:
    """More events than the kernel keeps, while the daemon is stopped: one warning, all found."""
    with home.daemon() as running:
        running.until_watching()
        running.signal(signal.SIGSTOP)
        paths = []
        for n in range(OVERFLOW):
            # Two events each; most files are none of ours, so that the test stays short.
            if n % (OVERFLOW // 20) == 0 or n > OVERFLOW - 3:
                paths.append(home.drop(f"n{n}.json", spoken(f"number {n}")))
            else:
                noise = home.transcripts / f"n{n}.wav"
                os.close(os.open(noise, os.O_CREAT | os.O_WRONLY))
                home.allowed.add(noise)
        running.signal(signal.SIGCONT)
        home.all_ended(len(paths))
        said = home.log("watch.said")
        before = len(home.log("scan.finished"))
        pass_time(2.0)
        scans = len(home.log("scan.finished")) - before
        assert running.stop() == 0
    assert any("overflow" in record["text"].lower() for record in said), said
    assert len(said) <= 2
    assert scans <= 3
    assert {job.path for job in home.jobs()} == {str(path) for path in paths}
    check(home)


def test_a_watched_folder_that_goes_away_and_comes_back_is_watched_again(home: Home) -> None:
    """Deleted, renamed away, put back: named while it is missing, and no restart needed."""

    def state() -> str:
        row = home.row()
        return row.watching[0]["state"] if row and row.watching else ""

    away = home.folder / "away"
    with home.daemon() as running:
        running.until_watching()
        home.transcripts.rename(away)
        wait_for(lambda: state() == "missing", what="the loss is noticed", patience_s=10)
        away.rename(home.transcripts)
        wait_for(lambda: state() == "watching", what="the return is noticed", patience_s=10)
        first = home.drop("first.json", talk("first"))
        assert home.ended(first).status is Status.DONE
        shutil.rmtree(home.transcripts)
        wait_for(lambda: state() == "missing", what="the second loss", patience_s=10)
        home.sources.clear()
        home.transcripts.mkdir()
        second = home.drop("second.json", talk("second"))
        assert home.ended(second).status is Status.DONE
        wait_for(lambda: state() == "watching", what="the second return", patience_s=10)
        third = home.drop("third.json", talk("third"))
        assert home.ended(third).status is Status.DONE
        assert running.stop() == 0
    assert len(home.log("watch.degraded")) == 2
    assert [job.status for job in home.jobs()] == [Status.DONE] * 3


def test_a_file_replaced_while_its_job_runs_gives_the_new_text_alone(home: Home) -> None:
    """Same size, same time stamp: the old result is not published, the new bytes get a job."""
    home.script(delay_s=0.3)
    path = home.drop("a.json", talk("old", 40))
    times = path.stat()
    with home.daemon() as running:
        home.became(path, Status.RUNNING)
        wait_for(lambda: "part_saved" in home.steps(), what="the middle of the job")
        home.drop("a.json", talk("new", 40))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert path.stat().st_size == times.st_size
        home.all_ended(2)
        assert running.stop() == 0
    assert [job.status for job in home.jobs()] == [Status.SUPERSEDED, Status.DONE]
    assert "New0" in home.text_of(path)
    check(home)


def test_a_file_replaced_just_before_its_text_is_written_gets_no_old_text(home: Home) -> None:
    """Nobody has noticed the new bytes yet; the old result is thrown away all the same."""
    settings = home.places.settings.read_text()  # to notice them takes seconds, to publish does not
    settings = settings.replace("settle_s = 0.2", "settle_s = 3.0").replace("1.5", "9.0")
    home.places.settings.write_text(settings)
    path = home.drop("a.json", talk("old", 40))
    with home.daemon(deaf=True, stop_at=["finished", 1]) as running:
        wait_for(lambda: "STOPPED" in home.steps(), what="the last moment")
        home.drop("a.json", talk("new", 40))
        running.signal(signal.SIGCONT)
        home.all_ended(2)
        assert running.stop() == 0
    assert [job.status for job in home.jobs()] == [Status.SUPERSEDED, Status.DONE]
    assert home.steps().count("before_commit") == 1
    assert "New0" in home.text_of(path)
    check(home)


def test_the_text_follows_the_file_back_to_its_first_version(home: Home) -> None:
    """A, then B, then A again: what lies beside the file is A's."""
    with home.daemon() as running:
        for number, subject in enumerate(("first", "other", "first"), start=1):
            path = home.drop("a.json", talk(subject))
            home.all_ended(number)
            assert f"{subject.capitalize()}0" in home.text_of(path)
        assert running.stop() == 0
    assert [job.status for job in home.jobs()] == [Status.DONE] * 3
    check(home)


def test_files_that_go_away_before_their_turn_end_with_the_reason(home: Home) -> None:
    """Deleted, renamed, or closed to us between queue and claim: one attempt, no hot retry."""
    with home.daemon(caps=False) as running:
        running.until_watching()
        with home.queue() as queue:
            queue.pause()
        paths = {name: home.drop(f"{name}.json", talk(name)) for name in ("gone", "moved", "shut")}
        for path in paths.values():
            home.became(path, Status.QUEUED)
        home.remove(paths["gone"])
        home.sources.pop(paths["moved"])
        moved = paths["moved"].rename(home.transcripts / "moved to.json")
        home.drop("moved to.json", moved.read_bytes())
        paths["shut"].chmod(0)
        with home.queue() as queue:
            queue.resume()
        ended = {name: home.ended(path) for name, path in paths.items()}
        assert home.ended(moved).status is Status.DONE
        scans = len(home.log("scan.finished"))
        wait_for(lambda: len(home.log("scan.finished")) >= scans + 2, what="two more scans")
        claims = len(home.log("job.claimed"))
        paths["shut"].chmod(0o644)
        home.became(paths["shut"], Status.DONE)
        assert running.stop() == 0
    assert ended["gone"].reason == ended["moved"].reason == Reason.SOURCE_GONE
    assert (ended["shut"].status, ended["shut"].reason) == (Status.FAILED, Reason.UNREADABLE)
    assert claims == 4
    check(home)


def test_a_file_that_never_becomes_whole_is_reported_and_then_mended(home: Home) -> None:
    """Cut off for ever: `invalid` with the place; written again: done."""
    data = json.dumps(talk("cut")).encode()
    with home.daemon() as running:
        running.until_watching()
        path = home.drop("cut.json", data[: len(data) // 2])
        pass_time(0.7)
        assert home.job(path) is None
        job = home.ended(path)
        assert job.status is Status.INVALID
        assert "line 1" in (job.detail or "")
        home.drop("cut.json", data)
        home.became(path, Status.DONE)
        assert running.stop() == 0
    check(home)


def test_a_file_of_today_does_not_wait_for_the_backlog(home: Home) -> None:
    """What appears while the daemon runs goes before what was there at its start."""
    home.script(delay_s=0.25)
    for n in range(12):
        home.drop(f"old{n}.json", talk(f"old{n}x"))
    with home.daemon() as running:
        running.until_watching()
        wait_for(lambda: "claimed" in home.steps(), what="the backlog is begun")
        path = home.drop("today.json", talk("today"))
        assert home.ended(path).origin is Origin.EVENT
        waiting = (home.with_queue(lambda queue: queue.counts()) or {})[Status.QUEUED]
        assert waiting >= 4
        home.all_ended(13)
        assert running.stop() == 0
    check(home)


@pytest.mark.parametrize("signals", [(signal.SIGTERM,), (signal.SIGINT,)])
def test_an_idle_daemon_stops_at_once(home: Home, signals: tuple[int, ...]) -> None:
    """Both signals end it within two seconds, with exit code 0."""
    with home.daemon() as running:
        running.until_watching()
        for number in signals:
            running.signal(number)
        assert running.wait(2) == 0
    assert home.row() is not None
    check(home)
