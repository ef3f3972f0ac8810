"""How llasactl ends, and that the commands it recommends work."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.control import jobs
from daemon.control.demo import DemoFailed, _make_home
from daemon.doctor import running
from daemon.home import Home
from daemon.operations.session import Session
from daemon.operations.status import status_of
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import dropped, talk


@pytest.fixture
def spaced(tmp_path: Path) -> Path:
    """Return a home whose path has a space."""
    home = tmp_path / "my transcripts"
    (home / "var" / "transcripts").mkdir(parents=True)
    return home


@pytest.mark.parametrize(
    "words", [["status"], ["jobs"], ["jobs", "--json"], ["show", "1"], ["config", "show"]]
)
def test_a_closed_output_is_no_error(home: Home, rig: WorkerRig, words: list[str]) -> None:
    """With `| head -1` every command exits with 0, also for JSON."""
    dropped(rig, "talk.json")
    reader, writer = os.pipe()
    os.close(reader)
    code = "from daemon.control import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, *words, "--home", str(home.path)],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_ctrl_c_is_130(ask: Ask, rig: WorkerRig, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the exit code of every program that the user interrupts."""

    def broken_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(jobs, "list_jobs", broken_off)
    assert ask("jobs").code == 130


def test_a_name_that_the_locale_cannot_spell_is_shown_as_its_code(
    home: Home, rig: WorkerRig
) -> None:
    """In an ASCII locale `jobs` does not fail."""
    dropped(rig, "日本.json")
    code = "from daemon.control import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "jobs", "--home", str(home.path)],
        env={**os.environ, "PYTHONIOENCODING": "ascii", "COLUMNS": "200"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"\\u65e5\\u672c.json" in done.stdout


def test_recommended_commands_work_in_a_home_with_a_space(
    ask: Ask, spaced: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every command that prints the home's path quotes it for the shell."""
    monkeypatch.setenv("COLUMNS", "300")
    source = tmp_path / "talk.json"
    source.write_bytes(talk())
    typed = f"llasad --home {shlex.quote(str(spaced))}"
    assert typed in ask("status", at=spaced).out
    assert typed in ask("add", str(source), at=spaced).out
    report = status_of(Session(str(spaced)))
    assert typed in [finding.advice for finding in running._running(report)]


@pytest.mark.parametrize("kept", ["llasa.toml", "notes.txt", "var/transcripts/allotment.json"])
def test_the_demo_refuses_a_folder_that_is_not_empty(tmp_path: Path, kept: str) -> None:
    """That may be a home with settings, the user's own folder, or a demo's."""
    file = tmp_path / kept
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DemoFailed, match="is not empty"):
        _make_home(tmp_path, None)
    assert file.read_text() == "mine"
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(DemoFailed, match="cannot be used"):
        _make_home(file, None)


def test_the_demo_takes_a_new_and_an_empty_folder(tmp_path: Path) -> None:
    """A second demo in the same folder is refused."""
    (tmp_path / "empty").mkdir()
    for name in ("new", "empty"):
        home = _make_home(tmp_path / name, "some/model")
        assert 'model = "some/model"' in home.settings.read_text()
        with pytest.raises(DemoFailed):
            _make_home(tmp_path / name, None)


def test_a_status_named_twice_is_counted_once(ask: Ask, rig: WorkerRig) -> None:
    """Two jobs are not four."""
    for name in ("a.json", "b.json"):
        dropped(rig, name)
    answer = ask("jobs", "--status", "queued", "--status", "queued", "--limit", "1")
    assert "1 of 2" in answer.out


def test_a_kind_of_output_that_does_not_exist_is_a_usage_error(ask: Ask, rig: WorkerRig) -> None:
    """The message lists the kinds that exist."""
    dropped(rig, "talk.json")
    answer = ask("open", "1", "--output", "pdf")
    assert answer.code == 2
    assert "'html'" in answer.err


def test_what_was_typed_is_quoted_harmlessly(ask: Ask) -> None:
    """click itself would quote extra words raw."""
    answer = ask("status", "x\x1b[2J\nError: fake")
    assert answer.code == 2
    assert "\x1b" not in answer.err
    assert "\nError: fake" not in answer.err
