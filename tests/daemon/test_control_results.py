"""The results of a file as llasactl shows them: outputs, changes, log; and shell completion."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from dataclasses import replace
from pathlib import Path

import click
import pytest

from daemon.control import results
from daemon.control.logs import followed, last_lines
from daemon.control.results import _paragraphs, viewer_of
from daemon.home import Home
from daemon.log import LogFile, open_log
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import offered, talk


@pytest.fixture
def talked(rig: WorkerRig, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a source with text, Markdown and metadata beside it."""
    profile = replace(rig.config.default, outputs=("txt", "md"))
    rig.config = replace(rig.config, default=profile)
    path = rig.config.watch[0] / "talk.json"
    path.write_bytes(talk())
    offered(rig.queue, path)
    rig.worker().run_one()
    monkeypatch.setattr(results, "viewer_of", lambda *_: None)
    return path


def test_open_prints_the_path_where_there_is_no_viewer(ask: Ask, talked: Path) -> None:
    """It is that of the most readable output, or of the kind that is named."""
    assert ask("open", "talk.json").out == f"{talked.with_name('talk.enhanced.md')}\n"
    for kind, name in (("txt", "talk.enhanced.txt"), ("metadata", "talk.metadata.json")):
        assert ask("open", "1", "--output", kind).out == f"{talked.with_name(name)}\n"


def test_open_hands_the_path_to_the_viewer(
    ask: Ask, talked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The viewer gets one absolute path; where it fails, the path is printed."""
    viewer = tmp_path / "viewer"
    viewer.write_text(f'#!/bin/sh\nprintf "%s|" "$@" > {tmp_path}/seen\n')
    viewer.chmod(0o700)
    monkeypatch.setattr(results, "viewer_of", lambda *_: (str(viewer),))
    assert ask("open", "talk.json").out == ""
    assert (tmp_path / "seen").read_text() == f"{talked.with_name('talk.enhanced.md')}|"
    monkeypatch.setattr(results, "viewer_of", lambda *_: ("false",))
    assert "talk.enhanced.md" in ask("open", "talk.json").out


def test_open_of_what_is_not_there_says_what_is(ask: Ask, rig: WorkerRig, talked: Path) -> None:
    """A missing kind names those that exist, a job without a result its status."""
    answer = ask("open", "talk.json", "--output", "srt")
    assert answer.code == 3
    assert "txt, md, metadata" in answer.err
    (rig.config.watch[0] / "no.json").write_bytes(b'{"a": 1}')
    offered(rig.queue, rig.config.watch[0] / "no.json")
    rig.worker().run_one()
    answer = ask("open", "no.json")
    assert answer.code == 3
    assert "ignored: no Whisper tool writes this" in answer.err
    assert "llasactl show 2" in answer.err


@pytest.mark.parametrize(
    ("platform", "environment", "viewer"),
    [
        ("darwin", {}, ("/usr/bin/open",)),
        ("linux", {}, None),
    ],
)
def test_a_viewer_needs_a_screen(
    platform: str, environment: dict[str, str], viewer: tuple[str, ...] | None
) -> None:
    """On Linux it needs a display and xdg-open."""
    assert viewer_of(platform, environment) == viewer


def test_diff_shows_the_words_that_changed(ask: Ask, talked: Path) -> None:
    """All other words stay as they are; without a terminal changes have marks, not colours."""
    answer = ask("diff", "talk.json")
    assert answer.code == 0
    assert "[-so-]{+So+} we went down to the river with all" in " ".join(answer.out.split())
    assert "\x1b" not in answer.out


def test_diff_on_a_terminal_is_in_colours_whatever_the_pager(
    ask: Ask, talked: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without colours a change would be shown as "so So"."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for less in ("-F", None):
        monkeypatch.delenv("NO_COLOR", raising=False)
        monkeypatch.setenv("PAGER", "cat")
        monkeypatch.delenv("LESS", raising=False) if less is None else monkeypatch.setenv(
            "LESS", less
        )
        assert click.style("So", fg="green") in ask("diff", "talk.json").out
        assert "R" in os.environ["LESS"]


def test_diff_of_a_redone_file_is_that_of_its_last_result(
    ask: Ask, rig: WorkerRig, talked: Path
) -> None:
    """While the new job waits, the old result is still shown."""
    ask("redo", "talk.json")
    assert "job 1" in ask("diff", "talk.json").out


def test_diff_of_a_file_that_changed_since_says_so(ask: Ask, talked: Path) -> None:
    """It is not compared with other words."""
    talked.write_bytes(talk("other"))
    answer = ask("diff", "talk.json")
    assert answer.code == 3
    assert "other content" in answer.err


def test_a_diff_is_coloured_wrapped_and_harmless() -> None:
    """Before is struck out in red, after is green; an escape sequence is shown, not obeyed."""
    changes = [
        ("same", "so " * 60 + "\x1b[2J", ""),
        ("changed", "a\x9b", "A,"),
        ("paragraph", "", ""),
        ("same", "b", "b"),
    ]
    first, second = _paragraphs(changes, plain=False)  # type: ignore[arg-type]
    assert click.style("A,", fg="green") in first
    assert "\\x1b[2J" in first
    assert "\\x9b" in first
    assert max(len(click.unstyle(line)) for line in first.splitlines()) <= 100
    assert second == "b\n\n"


def write(home: Home, *events: str, **fields: object) -> None:
    file = LogFile(home.log)
    for event in events:
        open_log(file).info(event, **fields)
    file.close()


def test_logs_shows_the_last_lines(ask: Ask, home: Home) -> None:
    """It shows as many as asked for, also of one job, and reads the rotated files too."""
    assert "no log yet" in ask("logs").err
    write(home, "a.one", "a.two")
    home.log.rename(home.log.with_name("llasad.log.1"))
    write(home, "b.one", job_id=7)
    out = ask("logs").out
    assert [line.split()[2] for line in out.splitlines()] == ["a.one", "a.two", "b.one"]
    assert ask("logs", "-n", "1").out.count("\n") == 1
    assert "b.one job_id=7" in ask("logs", "--job", "7").out
    assert ask("logs", "--job", "8").out == ""


def test_logs_lets_nothing_reach_the_terminal(ask: Ask, home: Home) -> None:
    """Neither a name nor a foreign line in the log is printed raw."""
    write(home, "job.claimed", path="\x1b[2J\u202e.json")
    with home.log.open("ab") as file:
        file.write(b"\x1b]52;c;eA==\x07 not json\n{\n\xff\n")
    for character in ask("logs").out.replace("\n", ""):
        assert unicodedata.category(character) not in {"Cc", "Cf", "Cs"}


def test_a_followed_log_goes_on_after_a_rotation(home: Home) -> None:
    """It also waits for the rest of a line that is half written."""
    write(home, "old.line")
    steps = iter(
        [
            lambda: write(home, "one.line"),
            lambda: half(home, b'{"at": "2026-01-01T00:00:00Z", "level": "info", "event": "two'),
            lambda: half(home, b'.line"}\n'),
            lambda: home.log.rename(home.log.with_name("llasad.log.1")),
            lambda: write(home, "three.line"),
        ]
    )

    def half(home: Home, data: bytes) -> None:
        with home.log.open("ab") as file:
            file.write(data)

    lines = followed(home.log, None, wait=lambda: next(steps)())
    seen = [next(lines).split()[2] for _ in range(3)]
    assert seen == ["one.line", "two.line", "three.line"]
    lines.close()
    assert len(last_lines(home.log, 0, None)) == 4


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(ask: Ask, shell: str) -> None:
    """Each of the three shells has one."""
    answer = ask("completion", shell, at=None)
    assert answer.code == 0
    assert "_LLASACTL_COMPLETE" in answer.out


def completed(line: str) -> list[str]:
    """Return the completions of the last word of a line."""
    environment = {
        **os.environ,
        "_LLASACTL_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split()) - 1),
    }
    code = "from daemon.control import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.stderr == ""
    return [line for line in done.stdout.splitlines() if line]


def test_the_script_completes_commands_and_files(talked: Path, home: Home) -> None:
    """Files are those of the home's jobs; without a home there are none, and no error."""
    assert completed("llasactl pri") == ["plain,prioritize"]
    assert completed(f"llasactl --home {home.path} show ta") == ["plain,talk.json"]
    assert completed(f"llasactl --home {home.path} redo x") == []
    assert completed("llasactl add ta") == ["file,ta"]  # the shell's own files
    assert completed(f"llasactl --home {home.path}/nowhere diff ta") == []


def test_an_unknown_shell_is_asked_for(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message lists the shells that are supported."""
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    answer = ask("completion", at=None)
    assert answer.code == 2
    assert "bash, zsh, fish" in answer.err
