"""A model child that misbehaves costs at most a part, never the queue."""

from __future__ import annotations

import json
import os

import pytest
from structlog.testing import LogCapture

from daemon.log import Log
from daemon.work.child import ModelKeeper
from state.job import Reason, Status
from tests.daemon.conftest import LightChild, WorkerRig
from tests.daemon.making import (
    dropped,
    events,
    now,
    talk,
    text_of,
)


@pytest.mark.parametrize("fault", ["abort", "segfault", "exit137", "fail", "nonsense"])
def test_a_child_that_dies_twice_on_a_part_is_tried_a_third_time(
    rig: WorkerRig, child: LightChild, fault: str
) -> None:
    """After five and after thirty seconds; then the job ends as if nothing had happened."""
    child.misbehave("poison", fault, times=2)
    job = dropped(rig, data=talk("so poison"))
    rig.worker().run_one()
    assert child.fired() == 2
    assert rig.clock.waits == [5.0, 30.0]
    done = now(rig.queue, job)
    assert (done.status, done.reason) == (Status.DONE, None)


def test_a_part_that_fails_three_times_keeps_the_sources_text(
    rig: WorkerRig, child: LightChild
) -> None:
    """The others are enhanced, the job is partial, and the next job is done as usual."""
    child.misbehave("poison", "abort", times=None)
    job = dropped(rig, data=talk("so poison so"))
    after = dropped(rig, "after.json")
    worker = rig.worker()
    worker.run_one()
    worker.run_one()
    assert child.fired() == 3
    partial = now(rig.queue, job)
    assert (partial.status, partial.reason) == (Status.PARTIAL, Reason.PARTS_FELL_BACK)
    assert [part.status for part in rig.queue.parts(job.id)] == [
        "enhanced",
        "fallback",
        "enhanced",
    ]
    assert "poison we went" in text_of(job)
    assert now(rig.queue, after).status is Status.DONE


def test_a_job_of_which_every_part_failed_is_failed(rig: WorkerRig, child: LightChild) -> None:
    """The source's own text is not called enhanced, and nothing is written."""
    child.misbehave("river", "exit137", times=None)
    job = dropped(rig)
    rig.worker().run_one()
    failed = now(rig.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.MODEL_CHILD_DIED)
    assert child.fired() == 6
    assert os.listdir(rig.config.watch[0]) == ["talk.json"]


def test_a_child_that_never_starts_fails_the_job_after_three_tries(
    rig: WorkerRig, child: LightChild
) -> None:
    """With back-offs between them, and the other jobs are tried as well."""
    child.misbehave("<load>", "abort", times=3)
    job, after = dropped(rig), dropped(rig, "after.json")
    worker = rig.worker()
    worker.run_one()
    worker.run_one()
    assert child.fired() == 3
    assert rig.clock.waits == [5.0, 30.0]
    failed = now(rig.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.MODEL_CHILD_DIED)
    assert now(rig.queue, after).status is Status.DONE


def test_a_child_that_answers_other_words_is_not_believed(
    rig: WorkerRig, child: LightChild
) -> None:
    """Its part falls back at once: another try would end the same way."""
    child.misbehave("poison", "wrong_words", times=None)
    job = dropped(rig, data=talk("so poison"))
    rig.worker().run_one()
    assert child.fired() == 1
    assert now(rig.queue, job).status is Status.PARTIAL
    assert "poison we went" in text_of(job)


def test_a_stop_that_kills_the_child_costs_no_try(rig: WorkerRig, child: LightChild) -> None:
    """The child dies because we end it, not because of the part."""
    job = dropped(rig)

    def stop(name: str) -> None:
        if name == "part_saved":
            child.misbehave("so", "abort", times=None)
            rig.stop = True

    rig.at_step = stop  # type: ignore[method-assign]
    rig.worker().run_one()
    assert now(rig.queue, job).status is Status.QUEUED
    assert rig.clock.waits == []


def test_the_child_is_kept_for_the_next_job_and_ended_when_idle(
    rig: WorkerRig, keeper: ModelKeeper, captured: LogCapture
) -> None:
    """Loading takes seconds, but memory is held all the time."""
    dropped(rig)
    dropped(rig, "two.json", talk("two"))
    worker = rig.worker()
    worker.run_one()
    worker.run_one()
    assert events(captured).count("model.started") == 1
    assert not keeper.unload_if_idle(rig.clock.pass_by(119))
    assert keeper.loaded is not None
    assert keeper.unload_if_idle(rig.clock.pass_by(2))
    assert keeper.loaded is None
    assert captured.entries[-1] == {
        "event": "model.ended",
        "reason": "idle",
        "log_level": "info",
    }


def test_the_child_is_renewed_before_it_grows_old(
    rig: WorkerRig, child: LightChild, log: Log, captured: LogCapture
) -> None:
    """Between two parts, without an effect on the job."""
    rig.keeper = ModelKeeper(rig.config, log, make=child.client, recycle_tokens=10)
    job = dropped(rig, data=talk(parts=3))
    rig.worker().run_one()
    rig.keeper.close("stopped")
    assert events(captured).count("model.started") == 3
    assert now(rig.queue, job).status is Status.DONE


def test_a_shortage_of_memory_is_forgotten_when_the_child_is_unloaded(
    rig: WorkerRig, keeper: ModelKeeper, child: LightChild
) -> None:
    """One large job does not slow the daemon down for ever."""
    child.misbehave("large", "no_memory", times=2)
    child.misbehave("later", "no_memory", times=1)
    dropped(rig, data=talk("large"))
    worker = rig.worker()
    worker.run_one()
    assert keeper.unload_if_idle(rig.clock.pass_by(200))
    dropped(rig, "two.json", talk("later"))
    worker.run_one()
    faults = json.loads(child.script.read_text())["faults"]
    tried = {fault["word"]: fault["prefill_tokens"] for fault in faults}
    assert tried == {"large": [512, 128], "later": [512]}


def test_a_silent_child_is_ended_and_the_part_tried_again(
    rig: WorkerRig, child: LightChild, log: Log
) -> None:
    """A hang costs its time and one try."""
    from engine.child.client import ModelClient
    from engine.records import ModelInfo

    def impatient(info: ModelInfo) -> ModelClient:
        client = child.client(info)
        client._silence_s = 0.5
        return client

    child.misbehave("poison", "hang", times=1)
    rig.keeper = ModelKeeper(rig.config, log, make=impatient)
    job = dropped(rig, data=talk("poison so"))
    rig.worker().run_one()
    rig.keeper.close("stopped")
    assert child.fired() == 1
    assert rig.clock.waits == [5.0]
    assert now(rig.queue, job).status is Status.DONE
