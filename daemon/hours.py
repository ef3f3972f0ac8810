"""Hours of the day in which something is done, by the local clock; they may pass midnight."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from daemon.errors import WrongValue

ALLOWED: Final = 'a list of hours such as ["22:00-07:00"] or ["12:00-13:00", "20:00-24:00"]'
_SPAN: Final = re.compile(r"\s*(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})\s*")
_DAY: Final = 24 * 60  # minutes
_LOOK_MINUTES: Final = 2 * _DAY  # no change is further away, whatever the clock does


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans of minutes of the day, the end not included; without any, all day."""

    spans: tuple[tuple[int, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.spans)

    def cover(self, epoch_s: float, zone: tzinfo | None = None) -> bool:
        """Return whether a moment lies in these hours.

        Args:
            epoch_s: The moment, in seconds since the epoch.
            zone: Of the clock; None for the machine's.
        """
        if not self.spans:
            return True
        local = datetime.fromtimestamp(epoch_s, UTC).astimezone(zone)
        minute = local.hour * 60 + local.minute
        return any(
            first <= minute < last if first < last else minute >= first or minute < last
            for first, last in self.spans
        )

    def next_change(self, epoch_s: float, zone: tzinfo | None = None) -> float | None:
        """Return the next moment at which `cover` changes; None where it never does.

        Every minute is asked: a night in which the clock is moved may have no 02:30, or two.
        """
        now = self.cover(epoch_s, zone)
        minute = epoch_s // 60 * 60
        for number in range(1, _LOOK_MINUTES + 1):
            if self.cover(minute + 60 * number, zone) is not now:
                return minute + 60 * number
        return None

    def to_list(self) -> list[str]:
        """Return the hours as the settings give them."""
        return [f"{_clock(first)}-{_clock(last)}" for first, last in self.spans]

    def __str__(self) -> str:
        return ", ".join(self.to_list()) or "all day"


def hours_of(value: Any) -> Hours:
    """Return the hours in a value of the settings; raise WrongValue for a mistake."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise WrongValue(ALLOWED)
    return Hours(tuple(map(_span, value)))


def _span(value: Any) -> tuple[int, int]:
    found = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise WrongValue(ALLOWED)
    hour, minute, last_hour, last_minute = map(int, found.groups())
    first, last = 60 * hour + minute, 60 * last_hour + last_minute
    if minute > 59 or last_minute > 59 or first >= _DAY or last > _DAY:
        raise WrongValue(f"{ALLOWED}, from 00:00 to 24:00")
    if first == last:
        raise WrongValue(f"{ALLOWED}; an end that differs from the start")
    return first, last


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
