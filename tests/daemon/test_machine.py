"""What the machine says of a process."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from daemon import machine
from daemon.machine import Running, birth_of, running, still_runs, the_same


def test_a_process_that_runs_has_one_birth() -> None:
    """It stays the same, and another process has another."""
    own = birth_of(os.getpid())
    assert own
    assert own == birth_of(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        found = birth_of(other.pid)
        assert found
        assert still_runs(other.pid, found)
        other.kill()


def test_a_process_that_ended_does_not_run() -> None:
    """Nor does one that nobody has waited for yet, or one whose id was taken by another."""
    ended = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    assert ended.stdout is not None
    ended.stdout.read()
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
    assert birth_of(ended.pid) is None
    ended.wait()
    ended.stdout.close()
    assert birth_of(ended.pid) is None
    assert not still_runs(ended.pid, "")
    assert not still_runs(os.getpid(), "another life")


def test_a_process_counts_as_running_where_the_system_does_not_say() -> None:
    """An unknown birth is no reason to take the model away."""
    assert still_runs(os.getpid(), "")


@pytest.mark.parametrize("ask", [running, machine._as_ps_says], ids=["here", "ps"])
def test_a_stopped_process_is_known(ask: Callable[[int], Running | None]) -> None:
    """As Ctrl-Z stops one; ps, which a Mac asks, says it in the same letter everywhere."""
    if ask is machine._as_ps_says and shutil.which("/bin/ps") is None:
        pytest.skip("no ps")
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        before = ask(other.pid)
        assert before is not None
        assert not before.stopped
        other.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, other.pid, os.WSTOPPED)
        assert ask(other.pid) == Running(before.birth, stopped=True)
        other.kill()


def test_another_life_of_an_id_is_not_the_same() -> None:
    """The process that had it has ended."""
    assert the_same(os.getpid(), "another life") is None
