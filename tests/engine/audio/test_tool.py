"""Tools of others run in processes of their own, and never longer than they should."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.audio import tool, work_folder
from engine.errors import ToolFailed, ToolSilent

SLEEPER = "import os, signal; print(os.getpid(), flush=True); signal.pause()"


def python(code: str) -> list[str]:
    """Return the command of a tool that runs this code."""
    return [sys.executable, "-c", code]


def is_gone(pid: int) -> bool:
    """Return whether a process has ended; one that nobody has waited for has."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_the_lines_of_both_streams_are_heard() -> None:
    """Also those that end with a carriage return, as progress bars do."""
    heard: list[str] = []
    code = r"import sys; sys.stdout.write('a\rb\n'); sys.stderr.write('c\nd'); sys.stdout.flush()"
    tool.run(python(code), heard=lambda line: bool(heard.append(line)))
    assert sorted(heard) == ["a", "b", "c", "d"]


def test_a_failure_quotes_the_last_words() -> None:
    """Of standard error: the other stream may hold what was said in the talk."""
    code = "import sys; print('the secret'); sys.exit('no such model')"
    with pytest.raises(ToolFailed) as raised:
        tool.run(python(code))
    assert str(raised.value.named("whisper")) == "whisper ended with exit code 1: no such model"
    assert "secret" not in str(raised.value)


def test_a_tool_that_is_not_there_is_named() -> None:
    """As a shell would."""
    with pytest.raises(ToolFailed) as raised:
        tool.run(["/no/such/tool"])
    assert raised.value.code == 127
    assert "/no/such/tool" in str(raised.value)


def test_a_tool_that_crashes_says_by_which_signal() -> None:
    """Its own exit code would not."""
    with pytest.raises(ToolFailed) as raised:
        tool.run(python("import os,signal; os.kill(os.getpid(), signal.SIGSEGV)"))
    assert f"signal {int(signal.SIGSEGV)}" in str(raised.value)


def test_a_silent_tool_is_ended() -> None:
    """Output that shows no progress does not count."""
    pids: list[int] = []

    def heard(line: str) -> bool:
        pids.append(int(line))
        return False

    with pytest.raises(ToolSilent):
        tool.run(python(SLEEPER), heard=heard, silence_s=1.0)
    assert all(is_gone(pid) for pid in pids)


def test_whatever_is_raised_ends_the_tool() -> None:
    """A stop of the daemon, for one."""
    pids: list[int] = []

    def heard(line: str) -> bool:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tool.run(python(SLEEPER), heard=heard)
    assert is_gone(pids[0])


def test_a_tool_dies_with_a_parent_that_is_killed() -> None:
    """And so does what it has started: nothing of it goes on for an hour."""
    script = (
        "import sys\nfrom engine.audio import tool\n"
        "tool.run([sys.executable, '-c', sys.argv[1]], heard=lambda l: print(l, flush=True))\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script, SLEEPER], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert not is_gone(pid)
    parent.kill()
    parent.wait()
    parent.stdout.read()  # ends when the guard does
    parent.stdout.close()
    tries = 0
    while not is_gone(pid) and tries < 200:
        subprocess.run(["sleep", "0.05"], check=True)
        tries += 1
    assert is_gone(pid)


def test_work_folders_of_ended_processes_are_removed(tmp_path: Path) -> None:
    """Those of processes that run stay."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    stale = tmp_path / f"llasa-sound-{ended.pid}-00000000"
    stale.mkdir()
    (stale / "sound.wav").write_bytes(bytes(10))
    running = tmp_path / f"llasa-sound-{os.getppid()}-00000000"
    running.mkdir()
    with work_folder.work_folder(tmp_path) as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert not stale.exists()
        assert running.exists()
    assert not folder.exists()
