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
from tests.daemon.conftest import Bench, LightChild
from tests.daemon.making import (
    dropped,
    events,
    metadata_of,
    now,
    talk,
    text_of,
    transcript,
)


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


def test_a_saved_part_of_other_words_is_done_anew(bench: Bench, captured: LogCapture) -> None:
    """An upgrade between two parts may cut the same bytes otherwise; the others are kept."""
    job = dropped(bench)

    def stop(name: str) -> None:
        bench.stop = bench.stop or bench.steps.count("part_saved") == 2

    bench.at_step = stop  # type: ignore[method-assign]
    bench.worker().run_one()
    payload = json.loads(bench.queue.parts_done(job)[0])
    payload["words"][0][0] = "Never"
    claimed = bench.queue.claim(boot_id="boot-1")
    assert claimed is not None
    bench.queue.save_part(
        claimed, 0, status="enhanced", payload=json.dumps(payload), words=10, decode_s=0.0
    )
    bench.queue.release(claimed)
    bench.stop = False
    bench.steps.clear()
    bench.at_step = lambda name: None  # type: ignore[method-assign]
    bench.worker().run_one()
    assert now(bench.queue, job).status is Status.DONE
    assert bench.steps.count("part_saved") == 1
    assert text_of(job).startswith("So we went down")
    assert "parts.refused" in events(captured)


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


def test_a_job_whose_own_model_is_missing_stops_no_other(bench: Bench) -> None:
    """It would be first again whenever the hold is lifted: it fails, and says what to do."""
    before = dropped(bench)
    bench.worker().run_one()
    lost = bench.queue.redo(before.id, model="models/lost")
    other = dropped(bench, "other.json")
    worker = bench.worker()
    assert worker.run_one()
    assert worker.run_one()
    assert not worker.run_one()
    failed = now(bench.queue, lost)
    assert (failed.status, failed.reason) == (Status.FAILED, Reason.MODEL_MISSING)
    assert f"llasactl retry {lost.id}" in (failed.detail or "")
    assert bench.queue.held() is None
    assert now(bench.queue, other).status is Status.DONE


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
