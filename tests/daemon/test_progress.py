"""The main thread sees whether the worker makes progress."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from daemon.work.progress import SLACK_S, Progress
from engine.child.client import Loaded, ModelClient
from engine.errors import ChildDied
from state.database import open_database
from state.job import Job, Reason, Status
from state.queue import Queue
from state.service import ServiceRow
from tests.daemon.conftest import Clock, ServiceRig, WorkerRig
from tests.daemon.making import offered, talk
from tests.daemon.test_service import statuses


def test_a_worker_without_progress_for_long_has_stalled(clock: Clock) -> None:
    """Longer than the silence after which its child is ended; without a job it is idle."""
    progress = Progress(silence_s=100, clock=clock)
    progress.report({"current_job": 1})
    assert not progress.stalled(clock.pass_by(200 + SLACK_S))
    assert progress.stalled(clock.pass_by(1))
    progress.note_alive()
    assert not progress.stalled(clock.now)
    clock.pass_by(1000)
    progress.report({"current_job": None})
    assert not progress.stalled(clock.pass_by(1000))


def test_a_job_that_was_cancelled_is_interrupted_once(clock: Clock, rig: WorkerRig) -> None:
    """So that the next job is not hit."""
    path = rig.config.watch[0] / "talk.json"
    path.write_bytes(talk())
    offered(rig.queue, path)
    job = rig.queue.claim(boot_id="boot-1")
    assert job is not None
    progress = Progress(silence_s=100, clock=clock)
    assert not progress.should_interrupt(rig.queue)
    progress.report({"current_job": job.id})
    assert not progress.should_interrupt(rig.queue)
    rig.queue.cancel(job.id)
    assert progress.should_interrupt(rig.queue)
    assert not progress.should_interrupt(rig.queue)
    progress.report({"current_job": None})
    rig.queue.retry(job.id)
    assert rig.queue.claim(boot_id="boot-1") is not None
    progress.report({"current_job": job.id})
    assert not progress.should_interrupt(rig.queue)
    rig.queue.cancel(job.id)
    assert progress.should_interrupt(rig.queue), "the second cancel of the same job"
    assert not progress.should_interrupt(rig.queue)


class InTheMiddle(ModelClient):
    """A child in the middle of a part, during which the job is cancelled and a tick passes."""

    service_rig: ServiceRig
    ended = False

    @property
    def alive(self) -> bool:
        return not self.ended

    def start(self) -> Loaded:
        return Loaded("none", 0.0, 1)

    def enhance(self, *_: object, **__: object) -> object:  # type: ignore[override]
        home = self.service_rig.config.home
        with open_database(home.database) as other:  # as llasactl would
            Queue(other).cancel(1)
        self.service_rig.service.tick(self.service_rig.clock.pass_by(1))
        assert self.ended, "the child continues with a job that was cancelled"
        raise ChildDied

    def close(self) -> None:
        self.ended = True


def test_cancelling_a_running_job_ends_its_child_at_the_next_tick(service_rig: ServiceRig) -> None:
    """In the middle of a part; nothing is written and no failure is counted."""
    service_rig.write("talk.json")
    worker = service_rig.start()
    InTheMiddle.service_rig = service_rig
    service_rig.service.loop.keeper._make = InTheMiddle
    service_rig.run(worker, 6)
    assert statuses(service_rig) == {"talk.json": "cancelled"}
    assert [path.name for path in service_rig.config.watch[0].iterdir()] == ["talk.json"]


@pytest.mark.parametrize("ending", ["finish", "release"])
def test_a_job_that_the_worker_ends_or_gives_back_interrupts_nothing(
    service_rig: ServiceRig, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """A tick right after that leaves the child alone: it may be doing the next job already."""
    interrupted: list[str] = []
    ended, saved = getattr(Queue, ending), Queue.save_part

    def end(queue: Queue, job: Job, **how: Any) -> Job:
        moved: Job = ended(queue, job, **how)
        with open_database(service_rig.config.home.database) as other:
            ServiceRow(other).update(heartbeat_at=0.0)  # any write of another connection
        service_rig.service.tick(service_rig.clock.pass_by(1))
        return moved

    def save(queue: Queue, *job: Any, **part: Any) -> Job:
        if ending == "release":
            queue.pause("lunch")
        return saved(queue, *job, **part)

    monkeypatch.setattr(Queue, ending, end)
    monkeypatch.setattr(Queue, "save_part", save)
    service_rig.write("talk.json", talk(parts=2))
    worker = service_rig.start()
    monkeypatch.setattr(
        service_rig.service.loop.keeper, "interrupt", lambda: interrupted.append(ending)
    )
    service_rig.run(worker, 6)
    expected = "done" if ending == "finish" else "queued"
    assert statuses(service_rig) == {"talk.json": expected}
    assert interrupted == []


def test_a_pause_takes_effect_after_the_current_part(rig: WorkerRig) -> None:
    """The job waits with its finished parts, no attempt counted, and continues from there."""
    path = rig.config.watch[0] / "talk.json"
    path.write_bytes(talk(parts=3))
    job = offered(rig.queue, path)
    rig.at_step = lambda name: (  # type: ignore[method-assign]
        rig.queue.pause("lunch") if name == "part_saved" and rig.steps.count(name) == 1 else None
    )
    rig.worker().run_one()
    waiting = rig.queue.job(job.id)
    assert waiting is not None
    assert (waiting.status, waiting.reason) == (Status.QUEUED, Reason.PAUSED)
    assert (waiting.parts_done, waiting.attempt) == (1, 0)
    assert not rig.worker().run_one()
    rig.queue.resume()
    rig.worker().run_one()
    done = rig.queue.job(job.id)
    assert done is not None
    assert done.status is Status.DONE
    assert Path(done.outputs[0].path).exists()
