"""Ask the machine: which boot this is, what a folder allows, how much room a disk has left."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import stat
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_M_ARENA_MAX: Final = -8  # of mallopt(3)


def boot_id() -> str:
    """Return a text that stays the same until the machine restarts, whatever its clock does."""
    if sys.platform == "darwin":
        try:
            done = subprocess.run(
                ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"],
                capture_output=True,
                text=True,
                timeout=5,
                check=True,
            )
            return done.stdout.strip() or "unknown"
        except (OSError, subprocess.SubprocessError):
            return "unknown"
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return "unknown"


@dataclass(frozen=True, slots=True)
class Running:
    """A process that has not ended, as the system says."""

    birth: str  # names one life of the process id; "" when the system does not say
    stopped: bool  # by Ctrl-Z or a debugger


def running(pid: int) -> Running | None:
    """Return the process that has this id, None when there is none.

    Another process that gets the same id later has another birth.
    """
    if sys.platform == "darwin":
        return _as_ps_says(pid)
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name, in brackets, may hold anything; then come the state and, as the 20th, the start.
    fields = text.rpartition(")")[2].split()
    if fields[0] in {"Z", "X"}:
        return None
    return Running(f"{boot_id()} {fields[19]}", fields[0] in {"T", "t"})


def birth_of(pid: int) -> str | None:
    """Return a text that names one life of a process id, None when no such process runs.

    Returns "" when the system does not say.
    """
    found = running(pid)
    return None if found is None else found.birth


def still_runs(pid: int, birth: str) -> bool:
    """Return whether the process that had this `birth_of` runs, as far as the system says."""
    return the_same(pid, birth) is not None


def the_same(pid: int, birth: str) -> Running | None:
    """Return the process that had this `birth_of`, None when it has ended."""
    found = running(pid)
    same = found is not None and (found.birth == birth or "" in {found.birth, birth})
    return found if same else None


def _as_ps_says(pid: int) -> Running | None:
    """Return a process as ps describes it; None when it has ended."""
    try:
        done = subprocess.run(
            ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
            capture_output=True,
            text=True,
            timeout=5,
            env={"LC_ALL": "C", "TZ": "UTC"},
        )
    except (OSError, subprocess.SubprocessError):
        return Running("", False)
    state, _, started = done.stdout.strip().partition(" ")
    if not state or state.startswith("Z"):
        return None
    return Running(" ".join(started.split()), state.startswith("T"))


def can_be_listed(folder: Path) -> bool:
    """Return whether a folder is there and may be read."""
    try:
        with os.scandir(folder):
            return True
    except OSError:
        return False


def is_writable_by_all(folder: Path) -> bool:
    """Return whether every user of the machine may write to a folder; False if it is not there."""
    try:
        return bool(os.stat(folder).st_mode & stat.S_IWOTH)
    except OSError:
        return False


def free_bytes(path: Path) -> int:
    """Return the room left for us on the disk of a path, 0 when the system does not say."""
    try:
        status = os.statvfs(path)
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize


def block_heavy_imports() -> None:
    """Keep libraries that are never used out of this process; call before importing others.

    sqlite-utils imports numpy wherever it is installed and structlog imports rich: 14 MB of 63 in a
    process that is there all day.
    """
    for name in ("numpy", "pandas", "rich"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def use_one_malloc_arena() -> None:
    """Let each thread use the memory that another has freed, in place of an arena of its own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def machine_bytes() -> int:
    """Return how much memory the machine has."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def give_back_memory() -> None:
    """Return to the system what a large job has freed, so that the next one starts with little."""
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
