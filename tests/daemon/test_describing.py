"""The metadata that a model writes: after the text, and never at the text's cost."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon.config import ProfileRule
from daemon.work.rerender import render_again
from state.job import Job, Reason, Status
from state.writings import WritingRows
from tests.daemon.conftest import LightChild, WorkerRig
from tests.daemon.making import diarized, dropped, events, metadata_of, now, text_of, transcript

TALK = transcript(
    *(
        f"{start} {rest}."
        for start in (
            "The council of Lincoln bought the old mill",
            "A bridge of stone stands beside the harbour",
            "Twelve teachers came to the school on Monday",
            "The river was cold and the water was deep",
        )
        for rest in ("in the winter of that year", "and they liked it there", "as we all know")
    )
)


def told(rig: WorkerRig, data: bytes = TALK, name: str = "talk.json") -> Job:
    """Drop a transcript and have its text done."""
    job = dropped(rig, name, data)
    assert rig.worker().run_one()
    return now(rig.queue, job)


def described(rig: WorkerRig, *, most: int = 60) -> int:
    """Have everything written that waits; return how many steps that took."""
    describer = rig.describer()
    for number in range(most):
        if not describer.step():
            return number
    raise AssertionError("the writing does not end")


def rows(rig: WorkerRig) -> WritingRows:
    return WritingRows(rig.queue.database)


def test_the_text_is_there_before_anything_is_written(writing_rig: WorkerRig) -> None:
    """The job is done with quoted metadata, and the writing waits."""
    job = told(writing_rig)
    assert job.status is Status.DONE
    assert "generated" not in json.dumps(metadata_of(job)["origin"])
    assert rows(writing_rig).counts().waiting == 1


def test_what_holds_takes_the_place_of_what_is_quoted(
    writing_rig: WorkerRig, captured: LogCapture
) -> None:
    """With its citations, its counts and its model; the text stays as it was."""
    job = told(writing_rig)
    before = text_of(job)
    described(writing_rig)
    found = metadata_of(job)
    assert found["origin"]["summary"] == "generated"  # type: ignore[index]
    generation = found["generation"]
    assert isinstance(generation, dict)
    assert generation["model"].endswith("chat-model")
    assert generation["sentences"] > 0
    assert all(cited["paragraphs"] for cited in generation["cited"])
    assert all(isinstance(cited["start_s"], float) for cited in generation["cited"])
    assert text_of(job) == before
    assert now(writing_rig.queue, job).status is Status.DONE
    assert rows(writing_rig).counts().done == 1
    assert "metadata.done" in events(captured)


def test_without_a_chat_model_nothing_is_written(rig: WorkerRig) -> None:
    """The embedded model alone changes nothing."""
    job = told(rig)
    assert rows(rig).row(job.id) is None
    assert described(rig) == 0
    assert "generation" not in metadata_of(job)


def test_a_profile_may_do_without(writing_rig: WorkerRig) -> None:
    """`write_metadata = false` for some folders."""
    quiet = replace(writing_rig.config.default, name="quiet", write_metadata=False)
    writing_rig.config = replace(writing_rig.config, rules=(ProfileRule(quiet, ("quiet",)),))
    (writing_rig.config.watch[0] / "quiet").mkdir()
    loud, silent = told(writing_rig), told(writing_rig, name="quiet/talk.json")
    assert rows(writing_rig).row(loud.id) is not None
    assert rows(writing_rig).row(silent.id) is None


def test_a_language_that_cannot_be_checked_is_not_written_in(writing_rig: WorkerRig) -> None:
    """Its metadata stays quoted."""
    default = replace(writing_rig.config.default, language="fi")
    writing_rig.config = replace(writing_rig.config, default=default)
    job = told(writing_rig)
    assert rows(writing_rig).row(job.id) is None


class Killed(BaseException):
    """Stands in for SIGKILL: nothing catches it."""


@pytest.mark.parametrize(
    "step",
    [
        "writer_loaded",
        "request_saved",
        "temp_written:metadata.json",
        "renamed:enhanced.txt",
        "texts_synced",
        "renamed:metadata.json",
        "synced",
        "metadata_published",
    ],
)
def test_a_kill_at_any_step_leads_to_the_same_end(writing_rig: WorkerRig, step: str) -> None:
    """The text is whole at every moment; nothing is displaced, lost or left over."""
    rig = writing_rig
    job = told(rig)
    before = text_of(job)
    fired = []

    def kill(name: str) -> None:
        if name == step and not fired:
            fired.append(name)
            raise Killed

    rig.at_step = kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        described(rig)
    assert fired == [step]
    assert text_of(job) == before
    rig.queue.requeue_orphans("boot-1")
    described(rig)
    done = now(rig.queue, job)
    assert done.status is Status.DONE
    assert not any(output.displaced for output in done.outputs)
    assert metadata_of(job)["origin"]["summary"] == "generated"  # type: ignore[index]
    assert rows(rig).counts().waiting == 0
    left = [name for name in os.listdir(rig.config.watch[0]) if not name.startswith(".llasa")]
    assert sorted(left) == ["talk.enhanced.txt", "talk.json", "talk.metadata.json"]


def test_requests_that_are_done_are_not_written_again(writing_rig: WorkerRig) -> None:
    """A kill after the second of five costs none of them."""
    rig = writing_rig
    told(rig)
    describer = rig.describer()
    assert describer.step()
    assert describer.step()
    rig.steps.clear()
    described(rig)
    total = 5  # summary, description, key points, title, tags
    assert rig.steps.count("request_saved") == total - 2


def test_a_model_that_dies_costs_the_metadata_alone(
    writing_rig: WorkerRig, child: LightChild, captured: LogCapture
) -> None:
    """After three tries it is given up; the job is done and its text and quotes stay."""
    rig = writing_rig
    job = told(rig)
    child.misbehave("<write>", "exit137", times=None)
    for _ in range(6):
        rig.describer().step()
        rig.clock.pass_by(60)
    assert child.fired() == 3
    row = rows(rig).row(job.id)
    assert row is not None
    assert (row.status, row.reason) == ("failed", Reason.MODEL_CHILD_DIED)
    assert now(rig.queue, job).status is Status.DONE
    assert "generation" not in metadata_of(job)
    assert "metadata.given_up" in events(captured)


def test_a_model_that_dies_once_is_tried_again(writing_rig: WorkerRig, child: LightChild) -> None:
    """Not before some seconds have passed."""
    rig = writing_rig
    job = told(rig)
    child.misbehave("<write>", "exit137", times=1)
    describer = rig.describer()
    assert not describer.step()
    assert not describer.step()
    assert child.fired() == 1
    rig.clock.pass_by(60)
    described(rig)
    assert "generation" in metadata_of(job)


def test_a_missing_model_is_said_and_holds_nothing(
    writing_rig: WorkerRig, chat_folder: Path
) -> None:
    """The queue goes on; the writing says why it was given up."""
    job = told(writing_rig)
    (chat_folder / "config.json").unlink()
    described(writing_rig)
    row = rows(writing_rig).row(job.id)
    assert row is not None
    assert (row.status, row.reason) == ("failed", Reason.MODEL_MISSING)
    assert writing_rig.queue.held() is None


def test_nothing_is_written_while_the_queue_is_paused(writing_rig: WorkerRig) -> None:
    """And it goes on when the user says so."""
    job = told(writing_rig)
    writing_rig.queue.pause(reason="", until=None)
    assert described(writing_rig) == 0
    writing_rig.queue.resume()
    described(writing_rig)
    assert "generation" in metadata_of(job)


def test_a_process_that_asks_for_the_model_goes_first(writing_rig: WorkerRig) -> None:
    """Between two requests the model is lent; what is done stays done."""
    rig = writing_rig
    job = told(rig)
    describer = rig.describer()
    assert describer.step()
    rig.model_asked_for = True
    assert not describer.step()
    rig.model_asked_for = False
    described(rig)
    assert "generation" in metadata_of(job)


def test_a_stop_ends_the_writing_without_an_attempt(writing_rig: WorkerRig) -> None:
    """Nothing is counted against it."""
    rig = writing_rig
    job = told(rig)
    rig.stop = True
    assert not rig.describer().step()
    row = rows(rig).row(job.id)
    assert row is not None
    assert (row.status, row.failures) == ("waiting", 0)


def test_an_edited_text_is_never_overwritten(writing_rig: WorkerRig) -> None:
    """What the model wrote goes beside what the user edited."""
    rig = writing_rig
    job = told(rig)
    edited = Path(job.path).with_name("talk.enhanced.txt")
    edited.write_text("mine")
    metadata = Path(job.path).with_name("talk.metadata.json")
    metadata.write_text("mine, too")
    described(rig)
    assert edited.read_text() == "mine"
    assert metadata.read_text() == "mine, too"
    outputs = now(rig.queue, job).outputs
    assert all(output.displaced for output in outputs)
    written = json.loads(Path(job.path).with_name("talk.metadata.1.json").read_text())
    assert "generation" in written


def test_rendering_again_keeps_what_was_written(writing_rig: WorkerRig) -> None:
    """No model runs for it, and every sentence is held against the transcript once more."""
    rig = writing_rig
    job = told(rig)
    described(rig)
    before = metadata_of(job)
    rig.steps.clear()
    render_again(rig.queue, now(rig.queue, job), rig.config, {})
    assert metadata_of(job)["summary"] == before["summary"]
    assert metadata_of(job)["generation"] == before["generation"]
    off = replace(rig.config, default=replace(rig.config.default, write_metadata=False))
    render_again(rig.queue, now(rig.queue, job), off, {})
    assert "generation" not in metadata_of(job)


def test_a_speaker_who_gets_a_name_has_it_in_what_was_written(writing_rig: WorkerRig) -> None:
    """Sentences that named the label name the person, without the model."""
    rig = writing_rig
    said = "the council of Lincoln bought the old mill and it was in the winter of that year."
    job = told(rig, diarized(*((f"SPEAKER_0{n}", f"So {said}") for n in (0, 1, 0, 1))))
    describer = rig.describer()
    while describer.step():
        pass
    result = json.loads(rows(rig).result(job.id) or "")
    result["outcomes"]["description"] = {
        "accepted": [["SPEAKER_00 says that the council bought the old mill.", [0]]],
        "written": 1, "rewritten": 0, "dropped": 0, "chosen": [],
    }  # fmt: skip
    rows(rig).finish(job.id, json.dumps(result))
    render_again(rig.queue, now(rig.queue, job), rig.config, {"SPEAKER_00": "Ada"})
    assert metadata_of(job)["description"] == "Ada says that the council bought the old mill."


def test_what_the_database_holds_is_not_taken_on_trust(writing_rig: WorkerRig) -> None:
    """A sentence that was not said is dropped when the outputs are written again."""
    rig = writing_rig
    job = told(rig)
    described(rig)
    result = json.loads(rows(rig).result(job.id) or "")
    result["outcomes"]["description"]["accepted"] = [["The council bought 40 ships.", [0]]]
    rows(rig).finish(job.id, json.dumps(result))
    quoted = metadata_of(job)
    render_again(rig.queue, now(rig.queue, job), rig.config, {})
    found = metadata_of(job)
    assert found["origin"]["description"] != "generated"  # type: ignore[index]
    assert found["generation"]["dropped"] > quoted["generation"]["dropped"]  # type: ignore[index]


def test_the_tags_of_a_list_are_the_only_ones(writing_rig: WorkerRig) -> None:
    """The model chooses among them; others are proposed apart."""
    tags = ("schools", "gardening", "bridge")
    default = replace(writing_rig.config.default, tags=tags)
    writing_rig.config = replace(writing_rig.config, default=default)
    job = told(writing_rig)
    quoted = metadata_of(job)
    assert set(quoted["tags"] or ()) == {"schools", "bridge"}  # type: ignore[call-overload]
    assert quoted["proposed_tags"]
    described(writing_rig)
    assert metadata_of(job)["tags"] == ["schools"]


def test_an_older_version_of_a_file_is_not_written_about(writing_rig: WorkerRig) -> None:
    """A redo replaces its outputs; the new ones are written about."""
    rig = writing_rig
    job = told(rig)
    again = rig.queue.redo(job.id)
    assert described(rig) == 0
    assert rig.worker().run_one()
    described(rig)
    assert rows(rig).result(job.id) is None
    assert rows(rig).result(again.id) is not None
