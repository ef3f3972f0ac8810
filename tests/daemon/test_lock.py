"""One daemon per home, by a lock that the kernel keeps."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.errors import AlreadyRunning
from daemon.lock import HomeLock, holder


def test_the_second_daemon_is_refused_and_learns_who_holds_the_lock(tmp_path: Path) -> None:
    """By the pid that the first one wrote."""
    first = HomeLock(tmp_path / "lock")
    first.acquire()
    with pytest.raises(AlreadyRunning, match=str(os.getpid())) as caught:
        HomeLock(tmp_path / "lock").acquire()
    assert caught.value.exit_code == 3
    first.release()
    HomeLock(tmp_path / "lock").acquire()


def test_a_pid_of_a_dead_process_does_not_block(tmp_path: Path) -> None:
    """Nor does one that another process has now: the lock decides, never the pid."""
    for pid in ("999999", str(os.getppid()), "rubbish"):
        (tmp_path / "lock").write_text(f"{pid}\n")
        assert holder(tmp_path / "lock") is None
        lock = HomeLock(tmp_path / "lock")
        lock.acquire()
        assert holder(tmp_path / "lock") == os.getpid()
        lock.release()


def test_the_lock_ends_with_the_process(tmp_path: Path) -> None:
    """However the process ends."""
    code = (
        "import os, sys; from pathlib import Path; from daemon.lock import HomeLock;"
        "HomeLock(Path(sys.argv[1])).acquire(); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "lock")])
    assert done.returncode == -9
    HomeLock(tmp_path / "lock").acquire()


def test_a_lock_file_that_was_removed_does_not_let_a_second_one_hide(tmp_path: Path) -> None:
    """A later daemon locks the file that is at the path, and that one counts."""
    path = tmp_path / "lock"
    HomeLock(path).acquire()
    path.unlink()
    second = HomeLock(path)
    second.acquire()
    assert holder(path) == os.getpid()


def test_nobody_holds_a_lock_that_does_not_exist(tmp_path: Path) -> None:
    """A home without a daemon has no lock file yet."""
    assert holder(tmp_path / "lock") is None
