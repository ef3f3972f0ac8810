"""Operations as a face that is no terminal uses them: records in and out, errors with hints."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.errors import NoSuchJob
from daemon.operations import actions, jobs, pausing, results, settings, speakers, status
from daemon.operations.errors import InvalidRequest, NothingToShow, UnknownProfile
from daemon.operations.session import Book, Session
from state.errors import IllegalMove
from state.job import Status
from tests.daemon.conftest import WorkerRig
from tests.daemon.making import dropped, talk


@pytest.fixture
def session(rig: WorkerRig) -> Session:
    """Return a session of a home with one finished and one unreadable file."""
    dropped(rig, "done.json")
    dropped(rig, "no.json", b'{"a": 1}')
    worker = rig.worker()
    while worker.run_one():
        pass
    return Session(str(rig.config.home.path))


@pytest.fixture
def book(session: Session) -> Iterator[Book]:
    """Return its open database."""
    with session.writing() as opened:
        yield opened


def test_no_operation_needs_click_or_rich() -> None:
    """A face without a terminal must not load them, not even through another library."""
    code = (
        "import importlib, pkgutil, sys, daemon.operations as room\n"
        "for module in pkgutil.iter_modules(room.__path__):\n"
        "    importlib.import_module(f'daemon.operations.{module.name}')\n"
        "print(*(name for name in ('click', 'rich') if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")


def test_reports_are_records_and_plain_values(session: Session, book: Book) -> None:
    """Each report can be written as JSON without further conversion."""
    report = status.status_of(session)
    assert (report.running, report.jobs["done"]) == (False, 1)
    found = jobs.list_jobs(session, [Status.DONE])
    assert (found.total, [job.status for job in found.jobs]) == (1, [Status.DONE])
    details = jobs.job_details(book, "done.json")
    assert details.history[-1].status is Status.DONE
    assert json.dumps(report.to_json())
    assert json.dumps(jobs.details_to_json(details))
    assert json.dumps(speakers.name_speakers(book, "done.json").to_json())
    assert json.dumps(settings.explain_file(session.config, "done.json").to_json())


def test_actions_return_the_jobs_that_they_changed(book: Book, tmp_path: Path) -> None:
    """Each does one thing, and the next action sees it."""
    path = tmp_path / "new.json"
    path.write_bytes(talk())
    added = actions.add(book, str(path))
    assert added.is_new
    assert not actions.add(book, str(path)).is_new
    assert added.job is not None
    (first,) = actions.prioritize(book, [str(path)])
    assert first.priority == 1
    assert actions.cancel(book, str(first.id)).status is Status.CANCELLED
    assert actions.retry(book, str(first.id)).status is Status.QUEUED
    assert actions.redo(book, "done.json").generation == 1
    assert actions.forget(book, str(path)) == actions.Forgotten(str(path), 1)


def test_a_refused_operation_raises_an_error_with_a_hint(session: Session, book: Book) -> None:
    """The hint is the next step; an invalid request explains itself."""
    with pytest.raises(NoSuchJob) as missing:
        actions.cancel(book, "nowhere.json")
    with pytest.raises(IllegalMove) as done:
        actions.retry(book, "done.json")
    with pytest.raises(NothingToShow) as nothing:
        results.output_path(book, "no.json")
    assert "llasactl jobs" in missing.value.hint
    assert "llasactl redo 1" in done.value.hint
    assert "llasactl show 2" in nothing.value.hint
    with pytest.raises(UnknownProfile, match="Known: default"):
        actions.check_choice(session, model=None, profile="calls")
    with pytest.raises(InvalidRequest, match="Expected LABEL=NAME, not Ada"):
        speakers.name_speakers(book, "done.json", ["Ada"])
    with pytest.raises(InvalidRequest, match="names no speakers"):
        speakers.name_speakers(book, "done.json", ["UNKNOWN=Ada"])


def test_changes_are_words_before_and_after(book: Book) -> None:
    """A face may show them as it likes."""
    changes = results.changes_of(book, "done.json")
    assert ("changed", "so", "So") in list(changes.operations)


def test_a_pause_is_ended_once(rig: WorkerRig, session: Session) -> None:
    """`resume` returns whether there was a pause."""
    pausing.pause(session, "lunch")
    assert rig.queue.paused() is not None
    assert [pausing.resume(session), pausing.resume(session)] == [True, False]
