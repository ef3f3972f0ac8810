"""A model child that misbehaves costs a part at worst, never the queue."""

from __future__ import annotations

import json
import os

import pytest
from structlog.testing import LogCapture

from daemon.log import Log
from daemon.work.child import ModelKeeper
from state.job import Reason, Status
from tests.daemon.conftest import Bench, LightChild
from tests.daemon.making import (
    dropped,
    events,
    now,
    talk,
    text_of,
)


@pytest.mark.parametrize("fault", ["abort", "segfault", "exit137", "fail", "nonsense"])
def test_a_child_that_dies_twice_on_a_part_is_tried_a_third_time(
    bench: Bench, child: LightChild, fault: str
) -> None:
    """After five and after thirty seconds; then the job is done as if nothing had been."""
    child.misbehave("poison", fault, times=2)
    job = dropped(bench, data=talk("so poison"))
    bench.worker().run_one()
    assert child.fired() == 2
    assert bench.clock.waits == [5.0, 30.0]
    done = now(bench.queue, job)
    assert (done.status, done.reason) == (Status.DONE, None)


def test_a_part_that_fails_three_times_keeps_the_sources_text(
    bench: Bench, child: LightChild
) -> None:
    """The others are enhanced, the job is partial, and the next one is done as usual."""
    child.misbehave("poison", "abort", times=None)
    job = dropped(bench, data=talk("so poison so"))
    after = dropped(bench, "after.json")
    worker = bench.worker()
    worker.run_one()
    worker.run_one()
    assert child.fired() == 3
    partial = now(bench.queue, job)
    assert (partial.status, partial.reason) == (Status.PARTIAL, Reason.PARTS_FELL_BACK)
    assert [part.status for part in bench.queue.parts(job.id)] == [
        "enhanced",
        "fallback",
        "enhanced",
    ]
    assert "poison we went" in text_of(job)
    assert now(bench.queue, after).status is Status.DONE


def test_a_job_of_which_every_part_failed_is_failed(bench: Bench, child: LightChild) -> None:
    """Text that is the source's own is not called enhanced, and nothing is written."""
    child.misbehave("river", "exit137", times=None)
    job = dropped(bench)
    bench.worker().run_one()
    failed = now(bench.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.MODEL_CHILD_DIED)
    assert child.fired() == 6
    assert os.listdir(bench.config.watch[0]) == ["talk.json"]


def test_a_child_that_never_begins_fails_the_job_after_three_tries(
    bench: Bench, child: LightChild
) -> None:
    """With back-offs between, and the others are tried as well."""
    child.misbehave("<load>", "abort", times=3)
    job, after = dropped(bench), dropped(bench, "after.json")
    worker = bench.worker()
    worker.run_one()
    worker.run_one()
    assert child.fired() == 3
    assert bench.clock.waits == [5.0, 30.0]
    failed = now(bench.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.MODEL_CHILD_DIED)
    assert now(bench.queue, after).status is Status.DONE


def test_a_child_that_answers_other_words_is_not_believed(bench: Bench, child: LightChild) -> None:
    """That part falls back at once: it would end the same way."""
    child.misbehave("poison", "wrong_words", times=None)
    job = dropped(bench, data=talk("so poison"))
    bench.worker().run_one()
    assert child.fired() == 1
    assert now(bench.queue, job).status is Status.PARTIAL
    assert "poison we went" in text_of(job)


def test_a_stop_that_kills_the_child_costs_no_try(bench: Bench, child: LightChild) -> None:
    """The child dies because we end it, not of the part."""
    job = dropped(bench)

    def stop(name: str) -> None:
        if name == "part_saved":
            child.misbehave("so", "abort", times=None)
            bench.stop = True

    bench.at_step = stop  # type: ignore[method-assign]
    bench.worker().run_one()
    assert now(bench.queue, job).status is Status.QUEUED
    assert bench.clock.waits == []


def test_the_child_is_kept_for_the_next_job_and_ended_when_idle(
    bench: Bench, keeper: ModelKeeper, captured: LogCapture
) -> None:
    """Loading costs seconds, memory costs all the time."""
    dropped(bench)
    dropped(bench, "two.json", talk("two"))
    worker = bench.worker()
    worker.run_one()
    worker.run_one()
    assert events(captured).count("model.started") == 1
    assert not keeper.unload_if_idle(bench.clock.pass_by(119))
    assert keeper.loaded is not None
    assert keeper.unload_if_idle(bench.clock.pass_by(2))
    assert keeper.loaded is None
    assert captured.entries[-1] == {
        "event": "model.ended",
        "reason": "idle",
        "log_level": "info",
    }


def test_the_child_is_renewed_before_it_grows_old(
    bench: Bench, child: LightChild, log: Log, captured: LogCapture
) -> None:
    """Between two parts, without the job noticing."""
    bench.keeper = ModelKeeper(bench.config, log, make=child.client, recycle_tokens=10)
    job = dropped(bench, data=talk(parts=3))
    bench.worker().run_one()
    bench.keeper.close("stopped")
    assert events(captured).count("model.started") == 3
    assert now(bench.queue, job).status is Status.DONE


def test_a_shortage_of_memory_is_forgotten_when_the_child_rests(
    bench: Bench, keeper: ModelKeeper, child: LightChild
) -> None:
    """One large job does not slow the daemon for ever."""
    child.misbehave("large", "no_memory", times=2)
    child.misbehave("later", "no_memory", times=1)
    dropped(bench, data=talk("large"))
    worker = bench.worker()
    worker.run_one()
    assert keeper.unload_if_idle(bench.clock.pass_by(200))
    dropped(bench, "two.json", talk("later"))
    worker.run_one()
    faults = json.loads(child.script.read_text())["faults"]
    tried = {fault["word"]: fault["prefill_tokens"] for fault in faults}
    assert tried == {"large": [512, 128], "later": [512]}


def test_a_silent_child_is_ended_and_the_part_tried_again(
    bench: Bench, child: LightChild, log: Log
) -> None:
    """A hang costs its time and one try."""
    from engine.child.client import ModelClient
    from engine.records import ModelInfo

    def impatient(info: ModelInfo) -> ModelClient:
        client = child.client(info)
        client._silence_s = 0.5
        return client

    child.misbehave("poison", "hang", times=1)
    bench.keeper = ModelKeeper(bench.config, log, make=impatient)
    job = dropped(bench, data=talk("poison so"))
    bench.worker().run_one()
    bench.keeper.close("stopped")
    assert child.fired() == 1
    assert bench.clock.waits == [5.0]
    assert now(bench.queue, job).status is Status.DONE
