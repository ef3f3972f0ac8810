"""A command line ends with a message and an exit code, whatever happens inside."""

from __future__ import annotations

import errno
import io
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import click
import pytest

from engine.cli.run import UserMessage, run_command

Ended = Callable[..., int]


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Ended:
    """Return a function that runs a command of one function and returns its exit code."""

    def run(inside: Callable[[], object], *words: str) -> int:
        monkeypatch.setattr(sys, "argv", ["tool", *words])
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)
        with pytest.raises(SystemExit) as left:
            run_command(click.Command("tool", callback=inside), "tool")
        return int(left.value.code or 0)

    return run


def raising(error: BaseException) -> Callable[[], None]:
    def inside() -> None:
        raise error

    return inside


def broken_inside_rich() -> None:
    try:
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")
    except BrokenPipeError:
        raise SystemExit(1)  # noqa: B904 - as rich does it


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (lambda: None, 0),
        (raising(click.exceptions.Exit(1)), 1),
        (raising(KeyboardInterrupt()), 130),
        (raising(click.Abort()), 130),
        (raising(BrokenPipeError(errno.EPIPE, "Broken pipe")), 0),
        (broken_inside_rich, 0),
        (raising(SystemExit(4)), 4),
        (raising(click.UsageError("no")), 2),
        (raising(UserMessage("no", exit_code=3)), 3),
        (raising(OSError(errno.ENOSPC, "No space left on device")), 3),
    ],
)
def test_every_end_has_its_exit_code(ended: Ended, inside: Callable[[], object], code: int) -> None:
    """A closed pipe is no error; Ctrl-C is 130."""
    assert ended(inside) == code


def test_a_bug_is_not_swallowed(ended: Ended) -> None:
    """It reaches the hook, which reports it on one line."""
    with pytest.raises(OSError, match="strange"):
        ended(raising(OSError(errno.EINVAL, "strange")))


def test_a_folder_that_is_gone_is_reported(
    ended: Ended,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The current folder of the shell was removed."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert ended(lambda: click.echo(os.getcwd())) == 3
    assert "the current folder does not exist any more" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("a\x1b[2J\nError: fake",), ("--x\x1b\u202e",)])
def test_what_was_typed_reaches_the_terminal_harmlessly(
    ended: Ended, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """click quotes it as it is."""
    assert ended(lambda: None, *words) == 2
    said = capsys.readouterr().err
    assert "\nError: fake" not in said
    assert not {unicodedata.category(c) for c in said.replace("\n", "")} & {"Cc", "Cf"}


def test_what_a_locale_cannot_spell_is_shown_as_its_code(
    ended: Ended, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ASCII or Latin-1 terminal is no bug."""
    out = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr(sys, "stdout", out)
    assert ended(lambda: click.echo("日")) == 0
    assert out.buffer.getvalue() == b"\\u65e5\n"  # type: ignore[attr-defined]


def llasa_cli(*words: str, stdout: int) -> subprocess.CompletedProcess[str]:
    code = "from engine.cli.main import main; main()"
    command = [sys.executable, "-P", "-c", code, *words]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False)


def test_llasa_cli_ends_quietly_when_its_pipe_is_closed() -> None:
    """`llasa-cli --help | head -1` is fine."""
    reader, writer = os.pipe()
    os.close(reader)
    done = llasa_cli("--help", stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_llasa_cli_says_that_its_output_cannot_be_written() -> None:
    """On one line, with the words of the system."""
    with open("/dev/full", "w") as full:
        done = llasa_cli("--help", stdout=full.fileno())
    assert done.returncode == 3
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr
    assert "a bug" not in done.stderr


def test_a_bug_of_llasa_cli_is_a_line_not_a_traceback() -> None:
    """With exit code 3 and the place in the code."""
    code = (
        "import sys; from engine.cli.main import main; from engine.models import catalog\n"
        "def broken(*_, **__): raise RuntimeError('oh\\x1b[2J')\n"
        "catalog.describe = broken\n"
        "sys.argv = ['llasa-cli', 'bench']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == 3
    assert done.stderr.startswith("llasa-cli: a bug, please report it: RuntimeError in ")
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr
