"""The main thread sees what the worker is at."""

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
from tests.daemon.conftest import Bench, Clock, Stage
from tests.daemon.making import offered, talk
from tests.daemon.test_service import statuses


def test_a_worker_without_a_sign_for_long_has_stalled(clock: Clock) -> None:
    """Longer than the silence after which its child is ended; without a job it rests."""
    progress = Progress(silence_s=100, clock=clock)
    progress.tell({"current_job": 1})
    assert not progress.stalled(clock.pass_by(200 + SLACK_S))
    assert progress.stalled(clock.pass_by(1))
    progress.note_alive()
    assert not progress.stalled(clock.now)
    clock.pass_by(1000)
    progress.tell({"current_job": None})
    assert not progress.stalled(clock.pass_by(1000))


def test_a_job_that_was_taken_is_told_once(clock: Clock, bench: Bench) -> None:
    """So that its successor is not hit."""
    path = bench.config.watch[0] / "talk.json"
    path.write_bytes(talk())
    offered(bench.queue, path)
    job = bench.queue.claim(boot_id="boot-1")
    assert job is not None
    progress = Progress(silence_s=100, clock=clock)
    assert not progress.should_interrupt(bench.queue)
    progress.tell({"current_job": job.id})
    assert not progress.should_interrupt(bench.queue)
    bench.queue.cancel(job.id)
    assert progress.should_interrupt(bench.queue)
    assert not progress.should_interrupt(bench.queue)
    progress.tell({"current_job": None})
    bench.queue.retry(job.id)
    assert bench.queue.claim(boot_id="boot-1") is not None
    progress.tell({"current_job": job.id})
    assert not progress.should_interrupt(bench.queue)
    bench.queue.cancel(job.id)
    assert progress.should_interrupt(bench.queue), "the second cancel of the same job"
    assert not progress.should_interrupt(bench.queue)


class InTheMiddle(ModelClient):
    """A child in the middle of a part, during which `happens` is called."""

    stage: Stage
    ended = False

    @property
    def alive(self) -> bool:
        return not self.ended

    def start(self) -> Loaded:
        return Loaded("none", 0.0, 1)

    def enhance(self, *_: object, **__: object) -> object:  # type: ignore[override]
        home = self.stage.config.home
        with open_database(home.database) as other:  # as llasactl would
            Queue(other).cancel(1)
        self.stage.service.tick(self.stage.clock.pass_by(1))
        assert self.ended, "the child goes on with a job that was cancelled"
        raise ChildDied

    def close(self) -> None:
        self.ended = True


def test_cancelling_a_running_job_ends_its_child_at_the_next_tick(stage: Stage) -> None:
    """In the middle of a part; nothing is written and nothing is called a failure."""
    stage.write("talk.json")
    worker = stage.start()
    InTheMiddle.stage = stage
    stage.service.loop.keeper._make = InTheMiddle
    stage.run(worker, 6)
    assert statuses(stage) == {"talk.json": "cancelled"}
    assert [path.name for path in stage.config.watch[0].iterdir()] == ["talk.json"]


@pytest.mark.parametrize("ending", ["finish", "release"])
def test_a_job_that_the_worker_ends_or_gives_back_is_not_taken(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    """A tick right after that leaves the child alone: it may be at the next job already."""
    interrupted: list[str] = []
    ended, saved = getattr(Queue, ending), Queue.save_part

    def end(queue: Queue, job: Job, **how: Any) -> Job:
        moved: Job = ended(queue, job, **how)
        with open_database(stage.config.home.database) as other:
            ServiceRow(other).update(heartbeat_at=0.0)  # any write of another connection
        stage.service.tick(stage.clock.pass_by(1))
        return moved

    def save(queue: Queue, *job: Any, **part: Any) -> Job:
        if ending == "release":
            queue.pause("lunch")
        return saved(queue, *job, **part)

    monkeypatch.setattr(Queue, ending, end)
    monkeypatch.setattr(Queue, "save_part", save)
    stage.write("talk.json", talk(parts=2))
    worker = stage.start()
    monkeypatch.setattr(stage.service.loop.keeper, "interrupt", lambda: interrupted.append(ending))
    stage.run(worker, 6)
    expected = "done" if ending == "finish" else "queued"
    assert statuses(stage) == {"talk.json": expected}
    assert interrupted == []


def test_a_pause_takes_hold_after_the_part_in_hand(bench: Bench) -> None:
    """The job waits with its finished parts, no attempt spent, and goes on from there."""
    path = bench.config.watch[0] / "talk.json"
    path.write_bytes(talk(parts=3))
    job = offered(bench.queue, path)
    bench.at_step = lambda name: (  # type: ignore[method-assign]
        bench.queue.pause("lunch")
        if name == "part_saved" and bench.steps.count(name) == 1
        else None
    )
    bench.worker().run_one()
    waiting = bench.queue.job(job.id)
    assert waiting is not None
    assert (waiting.status, waiting.reason) == (Status.QUEUED, Reason.PAUSED)
    assert (waiting.parts_done, waiting.attempt) == (1, 0)
    assert not bench.worker().run_one()
    bench.queue.resume()
    bench.worker().run_one()
    done = bench.queue.job(job.id)
    assert done is not None
    assert done.status is Status.DONE
    assert Path(done.outputs[0].path).exists()
