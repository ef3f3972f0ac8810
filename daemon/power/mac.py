"""macOS: `pmset -g batt` says what it draws from, `ioreg` when a user last did something."""

from __future__ import annotations

import re
from typing import Final

from daemon.power.records import Reading, Run

POWER: Final = ("/usr/bin/pmset", "-g", "batt")
IDLE: Final = ("/usr/sbin/ioreg", "-c", "IOHIDSystem", "-d", "4")
_SOURCE: Final = re.compile(r"Now drawing from '([^']+)'")
_IDLE: Final = re.compile(r'"HIDIdleTime"\s*=\s*(\d+)')


def read(run: Run) -> Reading:
    """Return what the two commands say."""
    return Reading(on_power(run(POWER)), unused_s(run(IDLE)))


def on_power(text: str | None) -> bool | None:
    """Return whether the machine draws from the mains: no battery, and no UPS either."""
    found = _SOURCE.search(text or "")
    return None if found is None else found[1] == "AC Power"


def unused_s(text: str | None) -> float | None:
    """Return the seconds since a user did something; the system counts nanoseconds."""
    found = _IDLE.search(text or "")
    return None if found is None else int(found[1]) / 1e9
