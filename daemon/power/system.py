"""The sources of this system, each asked with a limit on its time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from daemon.power import linux, mac
from daemon.power.records import Reading

_TIMEOUT_S: Final = 5.0


def read() -> Reading:
    """Return what this system says now."""
    return mac.read(run) if sys.platform == "darwin" else linux.read(run)


def run(command: Sequence[str]) -> str | None:
    """Return the output of a command, None where it fails or is not there."""
    try:
        done = subprocess.run(
            list(command),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
