"""Linux: /sys says what it draws from, the X server or logind when a user last did something."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from daemon.power.records import Reading, Run

SUPPLIES: Final = Path("/sys/class/power_supply")
X_IDLE: Final = ("xprintidle",)
_MAINS: Final = frozenset({"Mains", "USB", "USB_C", "USB_PD", "Wireless"})


def read(
    run: Run,
    *,
    supplies: Path = SUPPLIES,
    environment: Mapping[str, str] = os.environ,
    wall: Callable[[], float] = time.time,
) -> Reading:
    """Return what the system says."""
    idle = unused_of_x(run(X_IDLE)) if environment.get("DISPLAY") else None
    if idle is None:
        idle = unused_of_logind(run(logind()), wall())
    return Reading(on_power(supplies), idle)


def logind() -> tuple[str, ...]:
    """Return the command that asks logind for the sessions of this user."""
    return ("loginctl", "show-user", str(os.getuid()), "-p", "IdleHint", "-p", "IdleSinceHint")


def on_power(supplies: Path) -> bool | None:
    """Return whether the machine draws from the mains.

    A supply that is online decides; without one, a battery of the machine that is not discharging
    does. A machine without a battery is on power. The battery of a mouse has the scope `Device`.
    """
    try:
        entries = sorted(supplies.iterdir())
    except OSError:
        return None
    found = [{name: _text(entry / name) for name in ("type", "online")} for entry in entries]
    if any(one["type"] in _MAINS and one["online"] not in {"", "0"} for one in found):
        return True
    batteries = [
        _text(entry / "status")
        for entry in entries
        if _text(entry / "type") in {"Battery", "UPS"} and _text(entry / "scope") != "Device"
    ]
    return all(status != "Discharging" for status in batteries)


def unused_of_x(text: str | None) -> float | None:
    """Return the seconds that xprintidle says; it counts milliseconds."""
    number = (text or "").strip()
    return int(number) / 1000 if number.isascii() and number.isdecimal() else None


def unused_of_logind(text: str | None, now: float) -> float | None:
    """Return the seconds since logind's idle hint was given; 0 where the user is active.

    None where no session says anything. The hint counts microseconds since the epoch.
    """
    found = dict(line.split("=", 1) for line in (text or "").splitlines() if "=" in line)
    if found.get("IdleHint") == "no":
        return 0.0
    since = found.get("IdleSinceHint", "")
    if found.get("IdleHint") != "yes" or not (since.isascii() and since.isdecimal()):
        return None
    # Without any session, logind says "yes" since 0.
    return max(0.0, now - int(since) / 1e6) if int(since) else None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
