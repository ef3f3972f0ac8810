"""What the daemon asks of the machine: which boot this is, how much room is left on a disk."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

_M_ARENA_MAX: Final = -8  # of mallopt(3)


def boot_id() -> str:
    """Return a text that is the same until the machine restarts, whatever its clock does."""
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


def can_be_listed(folder: Path) -> bool:
    """Tell whether a folder is there and may be read."""
    try:
        with os.scandir(folder):
            return True
    except OSError:
        return False


def free_bytes(path: Path) -> int:
    """Return the room that is left for us on the disk of a path, 0 when that cannot be asked."""
    try:
        status = os.statvfs(path)
    except OSError:
        return 0
    return status.f_bavail * status.f_frsize


def keep_light() -> None:
    """Spare this process what it never uses; call before libraries are imported.

    sqlite-utils imports numpy wherever it is installed and structlog imports rich: 20 MB in a
    process that is there all day. One malloc arena lets a thread use what another has freed.
    """
    for name in ("numpy", "pandas", "rich"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def give_back_memory() -> None:
    """Return to the system what a large job has left free: the next one begins with little."""
    gc.collect()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
