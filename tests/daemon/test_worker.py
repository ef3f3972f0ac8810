"""One job from claim to done, with a model child that speaks the real protocol and misbehaves."""

from __future__ import annotations

import errno
import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon import worker as worker_module
from daemon.child import ModelKeeper
from daemon.config import ProfileRule
from daemon.log import Log
from engine import pipeline, sidecars
from engine.errors import OutputError
from state.errors import DatabaseFull
from state.job import Job, Reason, Status
from state.queue import Queue
from tests.daemon.conftest import Bench, LightChild
from tests.daemon.making import offered, talk, transcript


def dropped(bench: Bench, name: str = "talk.json", data: bytes | None = None) -> Job:
    path = bench.config.watch[0] / name
    path.write_bytes(talk() if data is None else data)
    return offered(bench.queue, path)


def now(queue: Queue, job: Job) -> Job:
    found = queue.job(job.id)
    assert found is not None
    return found


def text_of(job: Job) -> str:
    return Path(job.path).with_suffix("").with_suffix(".enhanced.txt").read_text(encoding="utf-8")


def metadata_of(job: Job) -> dict[str, object]:
    data = Path(job.path).with_suffix("").with_suffix(".metadata.json").read_bytes()
    loaded: dict[str, object] = json.loads(data)
    return loaded


def events(captured: LogCapture) -> list[str]:
    return [entry["event"] for entry in captured.entries]


def test_a_job_ends_done_with_both_sidecars(bench: Bench, captured: LogCapture) -> None:
    """Text and metadata lie beside the source, their hashes in the row."""
    job = dropped(bench)
    assert bench.worker().run_one()
    done = now(bench.queue, job)
    assert (done.status, done.reason) == (Status.DONE, None)
    assert (done.parts_done, done.parts_total) == (2, 2)
    assert text_of(job).startswith("So we went down")
    assert [output.suffix for output in done.outputs] == ["enhanced.txt", "metadata.json"]
    assert metadata_of(job)["schema"] == "llasa.metadata/1"
    assert events(captured) == ["job.claimed", "model.starting", "model.started", "job.done"]
    assert captured.entries[0] == {
        "event": "job.claimed",
        "job_id": job.id,
        "path": job.path,
        "attempt": 1,
        "log_level": "info",
    }


def test_an_empty_queue_gives_no_work(bench: Bench) -> None:
    """And starts no model."""
    assert not bench.worker().run_one()
    assert bench.keeper.loaded is None


def test_the_steps_come_in_their_order(bench: Bench) -> None:
    """Metadata last, and only then done."""
    dropped(bench)
    bench.worker().run_one()
    assert bench.steps == [
        "claimed",
        "prepared",
        "part_saved",
        "part_saved",
        "finished",
        "temp_written:enhanced.txt",
        "temp_written:metadata.json",
        "renamed:enhanced.txt",
        "texts_synced",
        "renamed:metadata.json",
        "synced",
        "before_commit",
    ]


class Killed(BaseException):
    """Stands for SIGKILL: nothing catches it."""


@pytest.mark.parametrize(
    "step",
    [
        "claimed",
        "prepared",
        "part_saved",
        "finished",
        "temp_written:enhanced.txt",
        "temp_written:metadata.json",
        "renamed:enhanced.txt",
        "texts_synced",
        "renamed:metadata.json",
        "synced",
        "before_commit",
    ],
)
def test_a_kill_at_any_step_leads_to_the_same_end(bench: Bench, step: str) -> None:
    """No attempt too many, no torn output, nothing left over, no output beside its place."""
    job = dropped(bench)
    fired = []

    def kill(name: str) -> None:
        if name == step and not fired:
            fired.append(name)
            raise Killed

    bench.at_step = kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        bench.worker().run_one()
    assert fired == [step]
    assert now(bench.queue, job).status is Status.RUNNING
    bench.queue.requeue_orphans("boot-1")
    assert bench.worker().run_one()
    done = now(bench.queue, job)
    assert (done.status, done.attempt) in {(Status.DONE, 1), (Status.DONE, 2)}
    assert not any(output.displaced for output in done.outputs)
    names = sorted(os.listdir(bench.config.watch[0]))
    assert names == ["talk.enhanced.txt", "talk.json", "talk.metadata.json"]


def test_finished_parts_are_not_decoded_again(bench: Bench, captured: LogCapture) -> None:
    """A kill at minute fifty of an hour resumes at minute fifty."""
    job = dropped(bench, data=talk("one two three four five"))
    fired = []

    def kill(name: str) -> None:
        if bench.steps.count("part_saved") == 3 and not fired:
            fired.append(name)
            raise Killed

    bench.at_step = kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        bench.worker().run_one()
    bench.queue.requeue_orphans("boot-1")
    bench.steps.clear()
    bench.worker().run_one()
    assert fired == ["part_saved"]
    assert bench.steps.count("part_saved") == 2
    resumed = [entry for entry in captured.entries if entry["event"] == "job.resumed"]
    assert [(entry["part"], entry["parts"]) for entry in resumed] == [(4, 5)]
    assert now(bench.queue, job).status is Status.DONE


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


def test_a_stop_gives_the_job_back_without_an_attempt(bench: Bench) -> None:
    """What is finished stays; no half output."""
    job = dropped(bench, data=talk(parts=3))

    def stop(name: str) -> None:
        bench.stop = bench.stop or name == "part_saved"

    bench.at_step = stop  # type: ignore[method-assign]
    bench.worker().run_one()
    queued = now(bench.queue, job)
    assert (queued.status, queued.reason, queued.attempt) == (Status.QUEUED, Reason.STOPPED, 0)
    assert queued.parts_done == 1
    assert os.listdir(bench.config.watch[0]) == ["talk.json"]


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


def test_a_job_that_was_cancelled_writes_nothing(bench: Bench, captured: LogCapture) -> None:
    """It is noticed at the next part."""
    job = dropped(bench)

    def cancel(name: str) -> None:
        if name == "part_saved" and bench.steps.count(name) == 1:
            bench.queue.cancel(job.id)

    bench.at_step = cancel  # type: ignore[method-assign]
    bench.worker().run_one()
    assert now(bench.queue, job).status is Status.CANCELLED
    assert "job.dropped" in events(captured)
    assert os.listdir(bench.config.watch[0]) == ["talk.json"]


def test_a_file_that_is_gone_fails_at_once(bench: Bench) -> None:
    """It is not tried again hot."""
    job = dropped(bench)
    Path(job.path).unlink()
    bench.worker().run_one()
    failed = now(bench.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.SOURCE_GONE)
    assert not bench.worker().run_one()


def test_a_folder_that_is_gone_holds_the_queue(bench: Bench) -> None:
    """A share that went away must not fail all its files; no attempt is spent."""
    job = dropped(bench)
    Path(job.path).unlink()
    bench.root_is_there = False
    bench.worker().run_one()
    held = bench.queue.held()
    assert held is not None
    assert held.reason == Reason.FOLDER_UNREADABLE
    assert (now(bench.queue, job).status, now(bench.queue, job).attempt) == (Status.QUEUED, 0)
    assert not bench.worker().run_one()


def test_a_file_that_changed_before_its_job_is_left_to_intake(bench: Bench) -> None:
    """The job was for other bytes."""
    job = dropped(bench)
    Path(job.path).write_bytes(talk("newer"))
    bench.worker().run_one()
    assert now(bench.queue, job).status is Status.SUPERSEDED
    assert bench.nudged == [job.path]


def test_a_file_that_changes_during_its_job_gets_no_old_result(bench: Bench) -> None:
    """Not even when its size and mtime are set back."""
    job = dropped(bench, data=talk("one two"))

    def change(name: str) -> None:
        if name == "finished":
            before = os.stat(job.path)
            Path(job.path).write_bytes(talk("six ten"))
            os.utime(job.path, ns=(before.st_atime_ns, before.st_mtime_ns))

    bench.at_step = change  # type: ignore[method-assign]
    bench.worker().run_one()
    assert now(bench.queue, job).status is Status.SUPERSEDED
    assert os.listdir(bench.config.watch[0]) == ["talk.json"]
    assert bench.nudged == [job.path]


def test_a_file_that_is_only_touched_during_its_job_is_done(bench: Bench) -> None:
    """Its bytes are what they were."""
    job = dropped(bench)

    def touch(name: str) -> None:
        if name == "finished":
            os.utime(job.path)

    bench.at_step = touch  # type: ignore[method-assign]
    bench.worker().run_one()
    assert now(bench.queue, job).status is Status.DONE


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b'{"a": 1}', Status.IGNORED, Reason.NOT_A_TRANSCRIPT),
        (b'{"segments": [', Status.INVALID, None),
        (b"not json at all, and never was", Status.INVALID, None),
    ],
)
def test_what_is_no_transcript_ends_without_a_model(
    bench: Bench, data: bytes, status: Status, reason: Reason | None
) -> None:
    """With a sentence that says why."""
    job = dropped(bench, data=data)
    bench.worker().run_one()
    ended = now(bench.queue, job)
    assert ended.status is status
    assert reason is None or ended.reason is reason
    assert ended.detail
    assert bench.keeper.loaded is None


def test_silence_is_done_with_an_empty_text(bench: Bench) -> None:
    """Nothing was said, and that is a result."""
    job = dropped(bench, data=transcript())
    bench.worker().run_one()
    done = now(bench.queue, job)
    assert (done.status, done.reason) == (Status.DONE, Reason.NO_SPEECH)
    assert text_of(job).strip() == ""
    assert metadata_of(job)["title"] is None


def test_a_language_that_the_model_does_not_know_is_done_without_it(bench: Bench) -> None:
    """The source's own marks stay, and the job says so."""
    german = "Und dann gingen wir hinunter zum Fluss, weil das Wasser warm war und es uns gefiel."
    data = transcript(german, german).replace(b'"en"', b'"de"')
    job = dropped(bench, data=data)
    bench.worker().run_one()
    done = now(bench.queue, job)
    assert (done.status, done.reason) == (Status.DONE, Reason.UNCOVERED_LANGUAGE)
    assert bench.keeper.loaded is None


def test_a_missing_model_holds_the_queue(bench: Bench, model_folder: Path) -> None:
    """No attempt is spent, and the hold says what to do."""
    (model_folder / "config.json").unlink()
    job = dropped(bench)
    bench.worker().run_one()
    held = bench.queue.held()
    assert held is not None
    assert held.reason == Reason.MODEL_MISSING
    assert held.hint
    assert (now(bench.queue, job).status, now(bench.queue, job).attempt) == (Status.QUEUED, 0)


def test_a_full_disk_holds_the_queue_and_leaves_nothing_behind(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts are kept: afterwards only the writing is left to do."""
    job = dropped(bench)
    real, full = sidecars.write, [True]

    def write(*arguments: object, **more: object) -> object:
        if full[0]:
            raise OutputError("cannot write: No space left on device", reason="disk_full")
        return real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(sidecars, "write", write)
    bench.worker().run_one()
    held = bench.queue.held()
    assert held is not None
    assert held.reason == Reason.DISK_FULL
    full[0] = False
    bench.queue.release_hold()
    bench.steps.clear()
    bench.worker().run_one()
    assert now(bench.queue, job).status is Status.DONE
    assert "part_saved" not in bench.steps


def test_an_output_that_cannot_be_written_fails_the_job(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is read-only is not mended by waiting."""

    def write(*_: object, **__: object) -> object:
        raise OutputError("cannot write: Read-only file system")

    monkeypatch.setattr(sidecars, "write", write)
    job = dropped(bench)
    bench.worker().run_one()
    failed = now(bench.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.OUTPUT_UNWRITABLE)


def test_an_edited_text_is_kept_and_the_new_one_lies_beside_it(bench: Bench) -> None:
    """A redo never takes away what somebody mended by hand."""
    job = dropped(bench)
    bench.worker().run_one()
    text = Path(job.path).with_name("talk.enhanced.txt")
    text.write_text("My own words.\n")
    again = bench.queue.redo(job.id)
    bench.worker().run_one()
    done = now(bench.queue, again)
    assert done.status is Status.DONE
    assert text.read_text() == "My own words.\n"
    assert [o.displaced for o in done.outputs if o.suffix == "enhanced.txt"] == [True]
    assert done.detail is not None
    assert "kept" in done.detail


def test_outputs_take_the_mode_of_their_source(bench: Bench) -> None:
    """A private recording has a private text."""
    job = dropped(bench)
    Path(job.path).chmod(0o640)
    bench.worker().run_one()
    for output in now(bench.queue, job).outputs:
        assert stat.S_IMODE(os.stat(output.path).st_mode) == 0o640


def test_a_redo_takes_the_profile_that_it_names(bench: Bench) -> None:
    """And fails clearly when that is no longer in the settings."""
    loud = replace(bench.config.default, name="loud", speakers={"A": "Anna"})
    bench.config = replace(bench.config, rules=(ProfileRule(loud, ("never",)),))
    job = dropped(bench)
    bench.worker().run_one()
    known = bench.queue.redo(job.id, profile="loud")
    bench.worker().run_one()
    assert now(bench.queue, known).status is Status.DONE
    unknown = bench.queue.redo(known.id, profile="quiet")
    bench.worker().run_one()
    failed = now(bench.queue, unknown)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.BAD_PROFILE)


SECRET = "xylophone"


def test_a_bug_ends_one_job_and_tells_nobody_what_was_said(
    bench: Bench, captured: LogCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has the kind and the place of it."""
    real, fired = pipeline.prepare, []

    def prepare(data: bytes, **more: object) -> object:
        if SECRET.encode() in data and not fired:
            fired.append(1)
            raise RuntimeError(data.decode())
        return real(data, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "prepare", prepare)
    job, after = dropped(bench, data=talk(SECRET)), dropped(bench, "after.json")
    worker = bench.worker()
    worker.run_one()
    worker.run_one()
    failed = now(bench.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.INTERNAL_ERROR)
    (crashed,) = [entry for entry in captured.entries if entry["event"] == "job.crashed"]
    assert crashed["kind"] == "RuntimeError"
    assert "prepare" in crashed["place"]
    assert SECRET not in json.dumps(captured.entries, default=str)
    assert SECRET not in (failed.detail or "")
    assert now(bench.queue, after).status is Status.DONE


def test_no_text_is_logged_when_parts_fail(
    bench: Bench, child: LightChild, captured: LogCapture
) -> None:
    """Whatever goes wrong with them."""
    child.misbehave(SECRET, "wrong_words", times=None)
    child.misbehave("river", "fail", times=2)
    dropped(bench, data=talk(f"so {SECRET}"))
    bench.worker().run_one()
    assert child.fired() >= 2
    assert SECRET not in json.dumps(captured.entries, default=str)
    assert "river" not in json.dumps(captured.entries, default=str)


def test_a_database_that_is_full_strands_no_job(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, captured: LogCapture
) -> None:
    """The worker waits a minute and gives the job back before it takes another."""
    job = dropped(bench)
    real, full = bench.queue.save_part, [True]

    def save_part(*arguments: object, **more: object) -> object:
        if full[0]:
            raise DatabaseFull
        return real(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(bench.queue, "save_part", save_part)
    worker = bench.worker()
    worker.run_one()
    assert now(bench.queue, job).status is Status.RUNNING
    assert bench.clock.waits == [worker_module.DISK_PAUSE_S]
    full[0] = False
    worker.run_one()
    done = now(bench.queue, job)
    assert (done.status, done.attempt) == (Status.DONE, 1)
    assert "database.failed" in events(captured)


def test_a_disk_error_of_the_system_holds_the_queue(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is met."""

    def intend(*_: object) -> object:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bench.queue, "intend_outputs", intend)
    job = dropped(bench)
    bench.worker().run_one()
    held = bench.queue.held()
    assert held is not None
    assert held.reason == Reason.DISK_FULL
    assert now(bench.queue, job).status is Status.QUEUED


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
    assert not keeper.rest(bench.clock.pass_by(119))
    assert keeper.loaded is not None
    assert keeper.rest(bench.clock.pass_by(2))
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


def test_a_silent_child_is_ended_and_the_part_tried_again(
    bench: Bench, child: LightChild, log: Log
) -> None:
    """A hang costs its time and one try."""
    from engine.client import ModelClient
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
