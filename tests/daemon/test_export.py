"""Finished texts are copied to a folder or a zip file, and nothing is written over."""

from __future__ import annotations

import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from daemon.operations.errors import InvalidRequest
from daemon.operations.exporting import since_of
from state.job import Job, Status
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import dropped, now


@pytest.fixture
def finished(rig: WorkerRig) -> list[Job]:
    """Do two files, one of them in a folder."""
    (rig.config.watch[0] / "calls").mkdir()
    jobs = [dropped(rig, name) for name in ("talk.json", "calls/other.json")]
    while rig.worker().run_one():
        pass
    jobs = [now(rig.queue, job) for job in jobs]
    assert {job.status for job in jobs} == {Status.DONE}
    return jobs


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


ALL = [
    "calls/other.enhanced.txt",
    "calls/other.metadata.json",
    "talk.enhanced.txt",
    "talk.metadata.json",
]


def test_finished_texts_are_copied_to_a_folder(
    ask: Ask, finished: list[Job], tmp_path: Path
) -> None:
    """With their folders; a second time changes nothing."""
    target = tmp_path / "out"
    for _ in range(2):
        shown = ask("export", "--to", str(target))
        assert shown.code == 0
        assert "copied: 4 outputs of 2 files" in shown.out
        assert names(target) == ALL
    source = Path(finished[0].outputs[0].path)
    assert (target / "talk.enhanced.txt").read_bytes() == source.read_bytes()


def test_a_file_that_is_there_is_not_replaced(
    ask: Ask, finished: list[Job], tmp_path: Path
) -> None:
    """The copy gets a number."""
    (tmp_path / "talk.enhanced.txt").write_text("mine")
    assert ask("export", "--to", str(tmp_path / "."), "--kind", "txt").code == 0
    assert (tmp_path / "talk.enhanced.txt").read_text() == "mine"
    assert (tmp_path / "talk.enhanced.1.txt").exists()


def test_finished_texts_are_copied_to_a_zip_file(
    ask: Ask, finished: list[Job], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which must not exist yet; without a name it has one with the date."""
    target = tmp_path / "out.zip"
    assert ask("export", "--to", str(target)).code == 0
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ALL
        assert archive.read(ALL[2]) == Path(finished[0].outputs[0].path).read_bytes()
    again = ask("export", "--to", str(target))
    assert (again.code, "exists already" in again.err) == (3, True)
    monkeypatch.chdir(tmp_path)
    assert ask("export", "--kind", "metadata").code == 0
    (made,) = tmp_path.glob("llasa-*.zip")
    assert zipfile.ZipFile(made).namelist() != []
    assert not list(tmp_path.glob(".llasa-*"))


def test_an_edited_output_is_copied_as_the_user_left_it(
    ask: Ask, rig: WorkerRig, finished: list[Job], tmp_path: Path
) -> None:
    """Not the one that was written beside it."""
    Path(finished[0].outputs[0].path).write_text("As I want it.\n")
    rig.queue.redo(finished[0].id)
    rig.worker().run_one()
    assert ask("export", "--to", str(tmp_path / "out")).code == 0
    assert names(tmp_path / "out") == ALL
    assert (tmp_path / "out" / "talk.enhanced.txt").read_text() == "As I want it.\n"


def test_only_what_was_finished_since_is_copied(
    ask: Ask, finished: list[Job], tmp_path: Path
) -> None:
    """A day ahead there is nothing; an output that is gone is named, and the rest copied."""
    tomorrow = (datetime.now() + timedelta(days=1)).strftime("%Y-%m-%d")
    shown = ask("export", "--since", tomorrow, "--to", str(tmp_path / "out"))
    assert (shown.code, "nothing to copy" in shown.out) == (0, True)
    Path(finished[0].outputs[0].path).unlink()
    shown = ask("export", "--since", "1h", "--to", str(tmp_path / "out"))
    assert (shown.code, "not copied" in shown.err) == (1, True)
    assert names(tmp_path / "out") == [name for name in ALL if name != "talk.enhanced.txt"]


def test_a_moment_in_the_past_is_understood() -> None:
    """A date, a moment, a span."""
    noon = datetime(2026, 6, 30, 12).astimezone()
    assert since_of("2026-06-30", noon) == datetime(2026, 6, 30).timestamp()
    assert since_of("2026-06-29T18:00", noon) == datetime(2026, 6, 29, 18).timestamp()
    assert noon.timestamp() - since_of("2d", noon) == 2 * 86400
    for text in ("yesterday", "7 years", "999999w", "2026-13-01"):
        with pytest.raises(InvalidRequest):
            since_of(text, noon)
