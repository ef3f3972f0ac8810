"""One job from claim to done, with a model child that speaks the real protocol."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon.config import ProfileRule
from engine import pipeline
from state.job import Reason, Status
from tests.daemon.conftest import LightChild, WorkerRig
from tests.daemon.making import (
    dropped,
    events,
    metadata_of,
    now,
    talk,
    text_of,
    transcript,
)


def test_a_job_ends_done_with_both_sidecars(rig: WorkerRig, captured: LogCapture) -> None:
    """Text and metadata lie beside the source, and their hashes are in the database."""
    job = dropped(rig)
    assert rig.worker().run_one()
    done = now(rig.queue, job)
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


def test_an_empty_queue_gives_no_work(rig: WorkerRig) -> None:
    """And no model is started."""
    assert not rig.worker().run_one()
    assert rig.keeper.loaded is None


def test_the_steps_happen_in_order(rig: WorkerRig) -> None:
    """The metadata is written last, and then the job is done."""
    dropped(rig)
    rig.worker().run_one()
    assert rig.steps == [
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
    """Stands in for SIGKILL: nothing catches it."""


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
def test_a_kill_at_any_step_leads_to_the_same_end(rig: WorkerRig, step: str) -> None:
    """No extra attempt, no torn output, no leftover file, no output beside its place."""
    job = dropped(rig)
    fired = []

    def kill(name: str) -> None:
        if name == step and not fired:
            fired.append(name)
            raise Killed

    rig.at_step = kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        rig.worker().run_one()
    assert fired == [step]
    assert now(rig.queue, job).status is Status.RUNNING
    rig.queue.requeue_orphans("boot-1")
    assert rig.worker().run_one()
    done = now(rig.queue, job)
    assert (done.status, done.attempt) in {(Status.DONE, 1), (Status.DONE, 2)}
    assert not any(output.displaced for output in done.outputs)
    names = sorted(os.listdir(rig.config.watch[0]))
    assert names == ["talk.enhanced.txt", "talk.json", "talk.metadata.json"]


def test_finished_parts_are_not_decoded_again(rig: WorkerRig, captured: LogCapture) -> None:
    """After a kill at minute fifty of an hour, work resumes at minute fifty."""
    job = dropped(rig, data=talk("one two three four five"))
    fired = []

    def kill(name: str) -> None:
        if rig.steps.count("part_saved") == 3 and not fired:
            fired.append(name)
            raise Killed

    rig.at_step = kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        rig.worker().run_one()
    rig.queue.requeue_orphans("boot-1")
    rig.steps.clear()
    rig.worker().run_one()
    assert fired == ["part_saved"]
    assert rig.steps.count("part_saved") == 2
    resumed = [entry for entry in captured.entries if entry["event"] == "job.resumed"]
    assert [(entry["part"], entry["parts"]) for entry in resumed] == [(4, 5)]
    assert now(rig.queue, job).status is Status.DONE


def test_a_saved_part_with_other_words_is_decoded_again(
    rig: WorkerRig, captured: LogCapture
) -> None:
    """An upgrade may cut the same bytes differently; the parts that still fit are kept."""
    job = dropped(rig)

    def stop(name: str) -> None:
        rig.stop = rig.stop or rig.steps.count("part_saved") == 2

    rig.at_step = stop  # type: ignore[method-assign]
    rig.worker().run_one()
    payload = json.loads(rig.queue.parts_done(job)[0])
    payload["words"][0][0] = "Never"
    claimed = rig.queue.claim(boot_id="boot-1")
    assert claimed is not None
    rig.queue.save_part(
        claimed, 0, status="enhanced", payload=json.dumps(payload), words=10, decode_s=0.0
    )
    rig.queue.release(claimed)
    rig.stop = False
    rig.steps.clear()
    rig.at_step = lambda name: None  # type: ignore[method-assign]
    rig.worker().run_one()
    assert now(rig.queue, job).status is Status.DONE
    assert rig.steps.count("part_saved") == 1
    assert text_of(job).startswith("So we went down")
    assert "parts.refused" in events(captured)


def test_a_stop_gives_the_job_back_without_an_attempt(rig: WorkerRig) -> None:
    """The finished parts stay, and no output is written."""
    job = dropped(rig, data=talk(parts=3))

    def stop(name: str) -> None:
        rig.stop = rig.stop or name == "part_saved"

    rig.at_step = stop  # type: ignore[method-assign]
    rig.worker().run_one()
    queued = now(rig.queue, job)
    assert (queued.status, queued.reason, queued.attempt) == (Status.QUEUED, Reason.STOPPED, 0)
    assert queued.parts_done == 1
    assert os.listdir(rig.config.watch[0]) == ["talk.json"]


def test_a_job_that_was_cancelled_writes_nothing(rig: WorkerRig, captured: LogCapture) -> None:
    """The worker notices before the next part."""
    job = dropped(rig)

    def cancel(name: str) -> None:
        if name == "part_saved" and rig.steps.count(name) == 1:
            rig.queue.cancel(job.id)

    rig.at_step = cancel  # type: ignore[method-assign]
    rig.worker().run_one()
    assert now(rig.queue, job).status is Status.CANCELLED
    assert "job.dropped" in events(captured)
    assert os.listdir(rig.config.watch[0]) == ["talk.json"]


def test_silence_is_done_with_an_empty_text(rig: WorkerRig) -> None:
    """That nothing was said is a result."""
    job = dropped(rig, data=transcript())
    rig.worker().run_one()
    done = now(rig.queue, job)
    assert (done.status, done.reason) == (Status.DONE, Reason.NO_SPEECH)
    assert text_of(job).strip() == ""
    assert metadata_of(job)["title"] is None


def test_a_language_that_the_model_does_not_know_is_done_without_it(rig: WorkerRig) -> None:
    """The source's own marks stay, and the job says why."""
    german = "Und dann gingen wir hinunter zum Fluss, weil das Wasser warm war und es uns gefiel."
    data = transcript(german, german).replace(b'"en"', b'"de"')
    job = dropped(rig, data=data)
    rig.worker().run_one()
    done = now(rig.queue, job)
    assert (done.status, done.reason) == (Status.DONE, Reason.UNCOVERED_LANGUAGE)
    assert rig.keeper.loaded is None


def test_a_missing_model_holds_the_queue(rig: WorkerRig, model_folder: Path) -> None:
    """No attempt is counted, and the hold says what to do."""
    (model_folder / "config.json").unlink()
    job = dropped(rig)
    rig.worker().run_one()
    held = rig.queue.held()
    assert held is not None
    assert held.reason == Reason.MODEL_MISSING
    assert held.hint
    assert (now(rig.queue, job).status, now(rig.queue, job).attempt) == (Status.QUEUED, 0)


def test_a_job_whose_own_model_is_missing_stops_no_other(rig: WorkerRig) -> None:
    """It would be first again whenever a hold is lifted, so it fails and says what to do."""
    before = dropped(rig)
    rig.worker().run_one()
    lost = rig.queue.redo(before.id, model="models/lost")
    other = dropped(rig, "other.json")
    worker = rig.worker()
    assert worker.run_one()
    assert worker.run_one()
    assert not worker.run_one()
    failed = now(rig.queue, lost)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.MODEL_MISSING)
    assert f"llasactl retry {lost.id}" in (failed.detail or "")
    assert rig.queue.held() is None
    assert now(rig.queue, other).status is Status.DONE


def test_a_redo_takes_the_profile_that_it_names(rig: WorkerRig) -> None:
    """And fails with a clear reason when the settings no longer have it."""
    loud = replace(rig.config.default, name="loud", speakers={"A": "Anna"})
    rig.config = replace(rig.config, rules=(ProfileRule(loud, ("never",)),))
    job = dropped(rig)
    rig.worker().run_one()
    known = rig.queue.redo(job.id, profile="loud")
    rig.worker().run_one()
    assert now(rig.queue, known).status is Status.DONE
    unknown = rig.queue.redo(known.id, profile="quiet")
    rig.worker().run_one()
    failed = now(rig.queue, unknown)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.BAD_PROFILE)


SECRET = "xylophone"


def test_a_bug_ends_one_job_and_reveals_no_transcript(
    rig: WorkerRig, captured: LogCapture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has the kind and the place of the error."""
    real, fired = pipeline.prepare, []

    def prepare(data: bytes, **more: object) -> object:
        if SECRET.encode() in data and not fired:
            fired.append(1)
            raise RuntimeError(data.decode())
        return real(data, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "prepare", prepare)
    job, after = dropped(rig, data=talk(SECRET)), dropped(rig, "after.json")
    worker = rig.worker()
    worker.run_one()
    worker.run_one()
    failed = now(rig.queue, job)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.INTERNAL_ERROR)
    (crashed,) = [entry for entry in captured.entries if entry["event"] == "job.crashed"]
    assert crashed["kind"] == "RuntimeError"
    assert "prepare" in crashed["place"]
    assert SECRET not in json.dumps(captured.entries, default=str)
    assert SECRET not in (failed.detail or "")
    assert now(rig.queue, after).status is Status.DONE


def test_no_text_is_logged_when_parts_fail(
    rig: WorkerRig, child: LightChild, captured: LogCapture
) -> None:
    """Whatever goes wrong with them."""
    child.misbehave(SECRET, "wrong_words", times=None)
    child.misbehave("river", "fail", times=2)
    dropped(rig, data=talk(f"so {SECRET}"))
    rig.worker().run_one()
    assert child.fired() >= 2
    assert SECRET not in json.dumps(captured.entries, default=str)
    assert "river" not in json.dumps(captured.entries, default=str)
