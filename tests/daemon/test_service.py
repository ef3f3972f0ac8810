"""The daemon's loop, ticked by hand: no thread runs here and no time passes by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon.home import Home
from state.database import open_database
from state.job import Reason, Status
from state.queue import Queue
from tests.daemon.conftest import Stage
from tests.daemon.making import offered, talk


def statuses(stage: Stage) -> dict[str, str]:
    return {Path(job.path).name: str(job.status) for job in stage.service.queue.jobs()}


def test_files_go_from_the_folder_to_done(stage: Stage) -> None:
    """What was there before, and what comes while the daemon runs."""
    stage.write("before.json")
    worker = stage.start()
    stage.run(worker, 6)
    stage.write("during.json", talk("other"))
    stage.run(worker, 70)
    assert statuses(stage) == {"before.json": "done", "during.json": "done"}


def test_our_outputs_make_no_work(stage: Stage) -> None:
    """A minute later there is still one job for one file."""
    stage.write("talk.json")
    worker = stage.start()
    stage.run(worker, 130)
    assert len(stage.service.queue.jobs()) == 1


def test_a_drain_ends_when_everything_is_at_its_end(stage: Stage) -> None:
    """Also a file that is cut off, after its last chance."""
    stage.write("talk.json")
    stage.write("no.json", b'{"a": 1}')
    stage.write("cut.json", talk()[:-4])
    worker = stage.start(drain=True)
    stage.run(worker, 300)
    assert stage.service.outcome == "drained"
    assert statuses(stage) == {"talk.json": "done", "no.json": "ignored", "cut.json": "invalid"}


def test_a_drain_of_nothing_ends_at_once(stage: Stage) -> None:
    """There is no settling to wait for."""
    worker = stage.start(drain=True)
    stage.run(worker, 3)
    assert stage.service.outcome == "drained"


def test_a_drain_does_not_wait_for_a_model_that_is_not_there(
    stage: Stage, model_folder: Path
) -> None:
    """It ends and says that the queue is held."""
    (model_folder / "config.json").unlink()
    stage.write("talk.json")
    worker = stage.start(drain=True)
    stage.run(worker, 30)
    assert stage.service.outcome == "held"
    assert stage.service.row.read().hold_reason == Reason.MODEL_MISSING


def test_a_drain_does_not_wait_for_a_paused_queue(stage: Stage) -> None:
    """A person asked for the pause, a person ends it."""
    stage.write("talk.json")
    worker = stage.start(drain=True)
    stage.service.queue.pause("holidays")
    stage.run(worker, 30)
    assert stage.service.outcome == "paused"


def test_a_held_queue_goes_on_by_itself(stage: Stage, model_folder: Path) -> None:
    """The model comes back, the job is done, no attempt was spent."""
    away = model_folder.with_name("away")
    model_folder.rename(away)
    stage.write("talk.json")
    worker = stage.start()
    stage.run(worker, 30)
    assert stage.service.row.read().phase == "held"
    shutil.move(away, model_folder)
    stage.run(worker, 60)
    (job,) = stage.service.queue.jobs()
    assert (job.status, job.attempt) == (Status.DONE, 1)
    assert stage.service.row.read().phase == "idle"


def test_what_an_earlier_daemon_left_running_is_taken_back(stage: Stage) -> None:
    """There is one daemon to a home: whatever runs at its start is an orphan."""
    path = stage.write("talk.json")
    offered(stage.service.queue, path)
    assert stage.service.queue.claim(boot_id="an earlier boot") is not None
    worker = stage.start()
    stage.run(worker, 5)
    (job,) = stage.service.queue.jobs()
    assert (job.status, job.claims) == (Status.DONE, 2)


def test_the_service_row_says_what_goes_on(stage: Stage, home: Home) -> None:
    """Who we are, what is watched, when it was looked at."""
    stage.write("talk.json")
    worker = stage.start()
    stage.run(worker, 5)
    row = stage.service.row.read()
    assert row.pid == os.getpid()
    assert row.home == str(home.path)
    assert row.phase == "idle"
    assert [dict(folder) for folder in row.watching] == [
        {"path": str(home.transcripts), "state": "watching", "detail": ""}
    ]
    assert row.last_scan_files == 1
    assert row.device_path == "light child"
    assert row.words_per_s is None or row.words_per_s > 0
    stage.service.close()
    ended = stage.service.row.read()
    assert (ended.phase, ended.pid, ended.current_job) == ("stopped", None, None)


def test_an_idle_daemon_writes_rarely(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write flushes the disk: a heartbeat every half minute, and what a scan found."""
    worker = stage.start()
    stage.run(worker, 5)
    writes = []
    real = stage.service.row.update
    monkeypatch.setattr(
        stage.service.row, "update", lambda **fields: (writes.append(fields), real(**fields))
    )
    for _ in range(600):
        stage.service.tick(stage.clock.pass_by(1))
    assert len(writes) <= 600 / 30 + 600 / 60 + 2


def test_a_watched_folder_that_goes_away_is_told_and_comes_back(
    stage: Stage, captured: LogCapture
) -> None:
    """Within two seconds each way, and its files are found."""
    folder = stage.config.watch[0]
    worker = stage.start()
    stage.run(worker, 4)
    folder.rename(folder.with_name("away"))
    stage.run(worker, 4)
    assert stage.service.row.read().watching[0]["state"] == "missing"
    folder.with_name("away").rename(folder)
    stage.write("talk.json")
    stage.run(worker, 20)
    assert stage.service.row.read().watching[0]["state"] == "watching"
    assert statuses(stage) == {"talk.json": "done"}
    told = [entry["event"] for entry in captured.entries if entry["event"].startswith("watch.")]
    assert told == ["watch.started", "watch.degraded", "watch.started"]


def test_a_step_of_the_clock_disturbs_nothing(stage: Stage) -> None:
    """A day back, a year on: order, rescan and work go by another clock."""
    worker = stage.start()
    stage.run(worker, 5)
    for step in (-86_400.0, 365 * 86_400.0):
        stage.wall_offset += step
        stage.write(f"{step}.json", talk(f"a{abs(int(step))}"))
        stage.run(worker, 70)
    assert set(statuses(stage).values()) == {"done"}
    assert len(stage.service.queue.jobs()) == 2


def test_after_a_sleep_the_folders_are_looked_through(stage: Stage, captured: LogCapture) -> None:
    """Uptime stood still while the wall clock went on; events of that time may be lost."""
    worker = stage.start(drain=False)
    stage.run(worker, 15)
    stage.service.watch.close()
    before = [entry["event"] for entry in captured.entries].count("scan.finished")
    stage.wall_offset += 1800
    stage.run(worker, 3)
    events = [entry["event"] for entry in captured.entries]
    assert "machine.woke" in events
    assert events.count("scan.finished") == before + 1


def test_a_wish_to_stop_ends_the_loop(stage: Stage) -> None:
    """A signal does no more than set a flag."""
    worker = stage.start()
    stage.run(worker, 2)
    stage.waker._on_signal(15, None)
    stage.service.tick(stage.clock.now)
    assert stage.service.outcome == "stopped"


def test_a_folder_that_everybody_may_write_to_gets_a_warning(
    stage: Stage, captured: LogCapture
) -> None:
    """Shares are real, so it is no refusal."""
    stage.config.watch[0].chmod(0o777)
    stage.start()
    assert [e["folder"] for e in captured.entries if e["event"] == "watch.shared"] == [
        str(stage.config.watch[0])
    ]


def test_a_commands_write_wakes_the_worker(stage: Stage, home: Home) -> None:
    """`retry` and `add` do not wait half a minute."""
    worker = stage.start()
    stage.run(worker, 5)
    stage.service.tick(stage.clock.now)
    stage.service.loop.work.clear()
    stage.service.tick(stage.clock.pass_by(1))
    assert not stage.service.loop.work.is_set()
    path = stage.write("talk.json")
    with open_database(home.database) as other:
        offered(Queue(other), path)
    stage.service.tick(stage.clock.pass_by(1))
    assert stage.service.loop.work.is_set()


def test_the_home_may_lie_in_a_watched_folder(stage: Stage, home: Home) -> None:
    """Its database and log make no jobs."""
    stage.config = replace(stage.config, watch=(home.path,))
    stage.write("talk.json")
    (home.state / "note.json").write_bytes(talk())
    worker = stage.start()
    stage.run(worker, 70)
    assert statuses(stage) == {"talk.json": "done"}


LIGHT = """
import sys
import daemon.service, daemon.start
found = {"mlx", "mlx_lm", "llguidance", "transformers", "numpy", "tokenizers"} & set(sys.modules)
print(sorted(found))
if sys.platform == "linux":  # ru_maxrss would count the parent that started us
    (line,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    print(line.split()[1])
else:
    import resource
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def test_the_daemon_imports_no_mlx_and_stays_small() -> None:
    """The model lives in a child of its own; what watches a folder all day is light."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", LIGHT], capture_output=True, text=True, check=True
    )
    found, peak_kib = done.stdout.split("\n")[:2]
    assert found == "[]"
    assert int(peak_kib) < 65_000
