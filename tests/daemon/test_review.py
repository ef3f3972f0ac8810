"""A review saves corrections, renders them, and answers nobody but its own page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from daemon.errors import CannotRender
from daemon.operations import corrections as saving
from daemon.operations.corrections import Conflict
from daemon.operations.errors import InvalidRequest, NothingToShow
from daemon.operations.review import Review
from daemon.operations.session import Session
from daemon.operations.speakers import name_speakers
from daemon.review import admission
from daemon.work.names import read_beside
from state.job import Job
from tests.daemon.conftest import WorkerRig
from tests.daemon.making import now, offered, text_of
from tests.daemon.test_speakers import diarized, done

PORT = 8123
OWN = {"Host": f"127.0.0.1:{PORT}"}
CHANGE = OWN | {
    "Origin": f"http://127.0.0.1:{PORT}",
    "Content-Type": "application/json",
    "Content-Length": "20",
}


def opened(rig: WorkerRig, job: Job) -> Review:
    """Return a review of a finished job in the rig's home."""
    return Review(Session(str(rig.config.home.path)), str(job.id))


def beside(job: Job) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        Path(job.path).with_name("talk.corrections.json").read_text()
    )
    return found


def test_a_correction_is_saved_at_once_and_then_in_every_output(rig: WorkerRig) -> None:
    """The source stays, and the model does not run."""
    job = done(rig)
    source = Path(job.path).read_bytes()
    review = opened(rig, job)
    answer = review.correct(0, {"do": "text", "at": 4, "to": "upp!", "glossary": True})
    assert (answer["revision"], answer["written"], answer["undo"]) == (1, False, True)
    assert [o["op"] for o in beside(job)["operations"]] == ["word", "mark", "case"]  # type: ignore[attr-defined]
    assert answer["glossary"] == [["to", "upp", False]]
    assert "upp!" in answer["paragraphs"][0]
    review.write_outputs()
    assert "upp!" in text_of(now(rig.queue, job))
    assert review.is_written
    assert Path(job.path).read_bytes() == source


def test_undo_and_again_are_changes_like_any_other(rig: WorkerRig) -> None:
    """Each makes a revision, and the page is told what to show instead."""
    job = done(rig)
    review = opened(rig, job)
    before = review.state()
    review.correct(0, {"do": "capital", "at": 1})
    undone = review.undo(1)
    assert (undone["revision"], undone["undo"], undone["again"]) == (2, False, True)
    assert review.again(2)["undo"]
    assert review.undo(3)["first"] == 0
    assert review.state()["speakers"] == before["speakers"]


def test_a_change_over_another_revision_is_refused(rig: WorkerRig) -> None:
    """Two windows, or two programs: nothing is lost and nothing is mixed."""
    job = done(rig)
    first, second = opened(rig, job), opened(rig, job)
    first.correct(0, {"do": "capital", "at": 1})
    kept = beside(job)
    with pytest.raises(Conflict):
        second.correct(0, {"do": "capital", "at": 2})
    assert beside(job) == kept
    assert second.correct(1, {"do": "capital", "at": 2})["revision"] == 2


def test_what_is_no_correction_is_refused_and_nothing_is_saved(rig: WorkerRig) -> None:
    """A word cannot be removed, and only what is there can be corrected."""
    job = done(rig)
    review = opened(rig, job)
    for request in (
        {"do": "text", "at": 1, "to": ""},
        {"do": "text", "at": 99_999, "to": "x"},
        {"do": "text", "at": True, "to": "x"},
        {"do": "text", "at": 1, "to": "x", "count": 99},
        {"do": "speaker", "at": 1, "to": "SPEAKER_77"},
        {"do": "name", "label": "SPEAKER_00", "to": "x" * 99},
        {"do": "delete", "at": 1},
        {"do": "text", "at": 1, "to": "x", "count": "two"},
        {"do": "paragraph", "at": 1},
    ):
        with pytest.raises(InvalidRequest):
            review.correct(0, request)
    assert not Path(job.path).with_name("talk.corrections.json").exists()


def test_a_redo_uses_the_corrections_and_tells_what_no_longer_fits(rig: WorkerRig) -> None:
    """Other content of the same talk: one word moved, one is gone."""
    job = done(rig)
    review = opened(rig, job)
    review.correct(0, {"do": "text", "at": 5, "to": "tothe"})
    review.correct(1, {"do": "capital", "at": 11})
    path = Path(job.path)
    path.write_bytes(diarized(text="well ").replace(b"with all", b"beyond every"))
    again = offered(rig.queue, path)
    rig.worker().run_one()
    again = now(rig.queue, again)
    described = json.loads(path.with_name("talk.metadata.json").read_text())
    assert described["corrections"]["applied"] + len(described["corrections"]["misfits"]) == 2
    assert len(described["corrections"]["misfits"]) == 1
    assert "no longer fits" in str(again.detail)
    assert opened(rig, again).state()["misfits"]


def test_a_correction_that_comes_while_the_outputs_are_written_is_in_them(rig: WorkerRig) -> None:
    """The worker looks again before it commits."""
    job = done(rig)
    review = opened(rig, job)
    rig.queue.redo(job.id)
    late: list[int] = []

    def at_step(name: str) -> None:
        if name == "synced" and not late:
            late.append(review.correct(0, {"do": "text", "at": 4, "to": "upp!"})["revision"])

    rig.at_step = at_step  # type: ignore[method-assign]
    rig.worker().run_one()
    assert late == [1]
    assert "upp!" in text_of(now(rig.queue, job))


def test_a_broken_file_of_corrections_is_not_overwritten(rig: WorkerRig) -> None:
    """The text is written without it where it must be, and never in place of a corrected one."""
    job = done(rig)
    path = Path(job.path).with_name("talk.corrections.json")
    path.write_text('{"schema": "llasa.corrections/1", "revision": 1, "operations": [7]}')
    with pytest.raises(CannotRender, match=r"operations\[0\]"):
        opened(rig, job)
    found = read_beside(job.path, rig.config, rig.config.default, rig.log)
    assert found.problem is not None
    assert "operations[0]" in found.problem
    with pytest.raises(saving.CorrectionsUnusable):
        saving.change(
            Path(job.path), rig.config.home.state, lambda made: made.added(()), sha256="", words=0
        )
    assert "[7]" in path.read_text()


def test_a_name_given_later_in_another_way_holds(rig: WorkerRig) -> None:
    """`llasactl speakers` takes back what the review said of the same label."""
    job = done(rig)
    review = opened(rig, job)
    review.correct(0, {"do": "name", "label": "SPEAKER_00", "to": "Ada"})
    review.write_outputs()
    assert text_of(now(rig.queue, job)).startswith("Ada:")
    with Session(str(rig.config.home.path)).writing() as book:
        name_speakers(book, str(job.id), ["SPEAKER_00=Grace"])
    assert text_of(now(rig.queue, job)).startswith("Grace:")


def test_a_file_without_a_text_cannot_be_reviewed(rig: WorkerRig) -> None:
    """It says what the file waits for."""
    path = rig.config.watch[0] / "talk.json"
    path.write_bytes(diarized())
    job = offered(rig.queue, path)
    with pytest.raises(NothingToShow):
        opened(rig, job)


def test_only_the_token_opens_the_address() -> None:
    """And what is behind it is a name, never a path of the disk."""
    assert admission.address_of("/secret/", "secret") == ""
    assert admission.address_of("/secret/state?x=1", "secret") == "state"
    assert admission.address_of("/secret", "secret") is None
    assert admission.address_of("/other/state", "secret") is None
    assert admission.address_of("/secret/../../etc/passwd", "secret") == "../../etc/passwd"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (OWN, None),
        (OWN | {"Sec-Fetch-Site": "same-origin"}, None),
        ({"Host": f"localhost:{PORT}"}, None),
        ({"Host": f"attacker.example:{PORT}"}, 421),
        ({"Host": "127.0.0.1:80"}, 421),
        ({}, 421),
        (OWN | {"Sec-Fetch-Site": "cross-site"}, 403),
        (OWN | {"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_other_hosts_and_other_sites_are_refused(
    headers: dict[str, str], status: int | None
) -> None:
    """A name that means 127.0.0.1 only for an attacker's page is not ours."""
    found = admission.refusal_of(headers, port=PORT)
    assert (None if found is None else found.status) == status


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({}, None),
        ({"Origin": ""}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://attacker.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Length": ""}, 411),
        ({"Content-Length": "-1"}, 411),
        ({"Transfer-Encoding": "chunked"}, 411),
        ({"Content-Length": str(admission.MOST_BYTES + 1)}, 413),
        ({"Content-Length": "9" * 40}, 413),
    ],
)
def test_a_change_comes_from_the_page_and_is_small(
    changed: dict[str, str], status: int | None
) -> None:
    """Before a byte of it is read."""
    found = admission.refusal_of_change(CHANGE | changed, port=PORT)
    assert (None if found is None else found.status) == status


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None),
        ("bytes=0-9", (0, 9)),
        ("bytes=90-", (90, 99)),
        ("bytes=-10", (90, 99)),
        ("bytes=95-200", (95, 99)),
        ("bytes=-1000", (0, 99)),
        ("bytes=0-1,5-6", None),
        ("lines=0-9", None),
        ("bytes=a-b", None),
    ],
)
def test_a_player_may_ask_for_a_span(header: str | None, span: tuple[int, int] | None) -> None:
    """So that it can jump in a long recording."""
    assert admission.span_of(header, 100) == span


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=9-3", "bytes=-0"])
def test_a_span_that_the_recording_does_not_have_is_refused(header: str) -> None:
    """With the status for it."""
    with pytest.raises(ValueError, match="no such span"):
        admission.span_of(header, 100)
