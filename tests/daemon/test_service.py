"""The daemon's main loop, called tick by tick: no thread runs and no time passes by itself."""

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
from tests.daemon.conftest import ServiceRig
from tests.daemon.making import offered, talk


def statuses(service_rig: ServiceRig) -> dict[str, str]:
    return {Path(job.path).name: str(job.status) for job in service_rig.service.queue.jobs()}


def test_files_go_from_the_folder_to_done(service_rig: ServiceRig) -> None:
    """Those that were there before, and those that come while the daemon runs."""
    service_rig.write("before.json")
    worker = service_rig.start()
    service_rig.run(worker, 6)
    service_rig.write("during.json", talk("other"))
    service_rig.run(worker, 70)
    assert statuses(service_rig) == {"before.json": "done", "during.json": "done"}


def test_our_outputs_make_no_work(service_rig: ServiceRig) -> None:
    """Two minutes later there is still one job for one file."""
    service_rig.write("talk.json")
    worker = service_rig.start()
    service_rig.run(worker, 130)
    assert len(service_rig.service.queue.jobs()) == 1


def test_a_drain_ends_when_every_job_has_ended(service_rig: ServiceRig) -> None:
    """A file that is cut off too, after the settling limit."""
    service_rig.write("talk.json")
    service_rig.write("no.json", b'{"a": 1}')
    service_rig.write("cut.json", talk()[:-4])
    worker = service_rig.start(drain=True)
    service_rig.run(worker, 300)
    assert service_rig.service.outcome == "drained"
    assert statuses(service_rig) == {
        "talk.json": "done",
        "no.json": "ignored",
        "cut.json": "invalid",
    }


def test_a_drain_of_nothing_ends_at_once(service_rig: ServiceRig) -> None:
    """It waits for no settling."""
    worker = service_rig.start(drain=True)
    service_rig.run(worker, 3)
    assert service_rig.service.outcome == "drained"


def test_a_drain_does_not_wait_for_a_model_that_is_not_there(
    service_rig: ServiceRig, model_folder: Path
) -> None:
    """It ends and reports that the queue is held."""
    (model_folder / "config.json").unlink()
    service_rig.write("talk.json")
    worker = service_rig.start(drain=True)
    service_rig.run(worker, 30)
    assert service_rig.service.outcome == "held"
    assert service_rig.service.row.read().hold_reason == Reason.MODEL_MISSING


def test_a_drain_does_not_wait_for_a_paused_queue(service_rig: ServiceRig) -> None:
    """The user asked for the pause and the user ends it."""
    service_rig.write("talk.json")
    worker = service_rig.start(drain=True)
    service_rig.service.queue.pause("holidays")
    service_rig.run(worker, 30)
    assert service_rig.service.outcome == "paused"


def test_a_held_queue_continues_by_itself(service_rig: ServiceRig, model_folder: Path) -> None:
    """When the model comes back the job is done, and no attempt was counted."""
    away = model_folder.with_name("away")
    model_folder.rename(away)
    service_rig.write("talk.json")
    worker = service_rig.start()
    service_rig.run(worker, 30)
    assert service_rig.service.row.read().phase == "held"
    shutil.move(away, model_folder)
    service_rig.run(worker, 60)
    (job,) = service_rig.service.queue.jobs()
    assert (job.status, job.attempt) == (Status.DONE, 1)
    assert service_rig.service.row.read().phase == "idle"


def test_jobs_that_an_earlier_daemon_left_running_are_requeued(service_rig: ServiceRig) -> None:
    """A home has one daemon, so a job that is running at its start is an orphan."""
    path = service_rig.write("talk.json")
    offered(service_rig.service.queue, path)
    assert service_rig.service.queue.claim(boot_id="an earlier boot") is not None
    worker = service_rig.start()
    service_rig.run(worker, 5)
    (job,) = service_rig.service.queue.jobs()
    assert (job.status, job.claims) == (Status.DONE, 2)


def test_the_service_row_shows_what_the_daemon_does(service_rig: ServiceRig, home: Home) -> None:
    """The process, the watched folders, the last scan, and the end."""
    service_rig.write("talk.json")
    worker = service_rig.start()
    service_rig.run(worker, 5)
    row = service_rig.service.row.read()
    assert row.pid == os.getpid()
    assert row.home == str(home.path)
    assert row.phase == "idle"
    assert [dict(folder) for folder in row.watching] == [
        {"path": str(home.transcripts), "state": "watching", "detail": ""}
    ]
    assert row.last_scan_files == 1
    assert row.device_path == "light child"
    assert row.words_per_s is None or row.words_per_s > 0
    service_rig.service.close()
    ended = service_rig.service.row.read()
    assert (ended.phase, ended.pid, ended.current_job) == ("stopped", None, None)


def test_an_idle_daemon_writes_rarely(
    service_rig: ServiceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each write flushes the disk: a heartbeat every half minute, and the result of a scan."""
    worker = service_rig.start()
    service_rig.run(worker, 5)
    writes = []
    real = service_rig.service.row.update
    monkeypatch.setattr(
        service_rig.service.row, "update", lambda **fields: (writes.append(fields), real(**fields))
    )
    for _ in range(600):
        service_rig.service.tick(service_rig.clock.pass_by(1))
    assert len(writes) <= 600 / 30 + 600 / 60 + 2


def test_a_watched_folder_that_goes_away_is_reported_and_comes_back(
    service_rig: ServiceRig, captured: LogCapture
) -> None:
    """Within two seconds each way, and its files are found."""
    folder = service_rig.config.watch[0]
    worker = service_rig.start()
    service_rig.run(worker, 4)
    folder.rename(folder.with_name("away"))
    service_rig.run(worker, 4)
    assert service_rig.service.row.read().watching[0]["state"] == "missing"
    folder.with_name("away").rename(folder)
    service_rig.write("talk.json")
    service_rig.run(worker, 20)
    assert service_rig.service.row.read().watching[0]["state"] == "watching"
    assert statuses(service_rig) == {"talk.json": "done"}
    told = [entry["event"] for entry in captured.entries if entry["event"].startswith("watch.")]
    assert told == ["watch.started", "watch.degraded", "watch.started"]


def test_a_step_of_the_clock_disturbs_nothing(service_rig: ServiceRig) -> None:
    """A day back or a year ahead: order, rescan and work use another clock."""
    worker = service_rig.start()
    service_rig.run(worker, 5)
    for step in (-86_400.0, 365 * 86_400.0):
        service_rig.wall_offset += step
        service_rig.write(f"{step}.json", talk(f"a{abs(int(step))}"))
        service_rig.run(worker, 70)
    assert set(statuses(service_rig).values()) == {"done"}
    assert len(service_rig.service.queue.jobs()) == 2


def test_after_a_sleep_the_folders_are_scanned(
    service_rig: ServiceRig, captured: LogCapture
) -> None:
    """Uptime stopped while the wall clock went on; events of that time may be lost."""
    worker = service_rig.start(drain=False)
    service_rig.run(worker, 15)
    service_rig.service.watch.close()
    before = [entry["event"] for entry in captured.entries].count("scan.finished")
    service_rig.wall_offset += 1800
    service_rig.run(worker, 3)
    events = [entry["event"] for entry in captured.entries]
    assert "machine.woke" in events
    assert events.count("scan.finished") == before + 1


def test_a_request_to_stop_ends_the_loop(service_rig: ServiceRig) -> None:
    """The signal handler only sets a flag."""
    worker = service_rig.start()
    service_rig.run(worker, 2)
    service_rig.waker._on_signal(15, None)
    service_rig.service.tick(service_rig.clock.now)
    assert service_rig.service.outcome == "stopped"


def test_a_folder_that_everybody_may_write_to_gets_a_warning(
    service_rig: ServiceRig, captured: LogCapture
) -> None:
    """Shared folders are common, so it is not refused."""
    service_rig.config.watch[0].chmod(0o777)
    service_rig.start()
    assert [e["folder"] for e in captured.entries if e["event"] == "watch.shared"] == [
        str(service_rig.config.watch[0])
    ]


def test_a_commands_write_wakes_the_worker(service_rig: ServiceRig, home: Home) -> None:
    """`retry` and `add` do not wait for half a minute."""
    worker = service_rig.start()
    service_rig.run(worker, 5)
    service_rig.service.tick(service_rig.clock.now)
    service_rig.service.loop.work.clear()
    service_rig.service.tick(service_rig.clock.pass_by(1))
    assert not service_rig.service.loop.work.is_set()
    path = service_rig.write("talk.json")
    with open_database(home.database) as other:
        offered(Queue(other), path)
    service_rig.service.tick(service_rig.clock.pass_by(1))
    assert service_rig.service.loop.work.is_set()


def test_the_home_may_lie_in_a_watched_folder(service_rig: ServiceRig, home: Home) -> None:
    """Its database, its log and what else lies beside them become no jobs."""
    service_rig.config = replace(service_rig.config, watch=(home.path,))
    service_rig.write("talk.json")
    (home.state / "note.json").write_bytes(talk())
    worker = service_rig.start()
    service_rig.run(worker, 70)
    assert statuses(service_rig) == {"talk.json": "done"}


LIGHT = """
import sys
import daemon.start
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
    """The model lives in a child process; what watches a folder all day is light."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", LIGHT], capture_output=True, text=True, check=True
    )
    found, peak_kib = done.stdout.split("\n")[:2]
    assert found == "[]"
    assert int(peak_kib) < 65_000
