"""Pause the queue until a moment or until it is resumed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from daemon.home import make_folders
from daemon.operations.errors import InvalidMoment
from daemon.operations.session import Session

EXAMPLES: Final = "18:00, 2026-12-24, 2026-12-24T18:00, 90min, 2h"
_UNITS: Final = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_FURTHEST_S: Final = 100 * 365 * 86400.0  # far from the last year that can be written


def pause(session: Session, reason: str = "", *, until: float | None = None) -> None:
    """Claim no job until `resume`, or until a moment in seconds since the epoch."""
    make_folders(session.home)
    with session.writing(create=True) as book:
        book.queue.pause(reason, until=until)


def resume(session: Session) -> bool:
    """End the pause; return whether there was one."""
    if not session.has_database:
        return False
    with session.writing() as book:
        return book.queue.resume()


def moment_of(text: str, now: datetime) -> float:
    """Return the moment that the user means, in seconds since the epoch; always in the future.

    Raises InvalidMoment for a text that is no moment, for a moment that has passed, and for one
    that is too far away to be shown.
    """
    try:
        found = _parse(text.strip(), now)
    except (ValueError, OverflowError):
        raise InvalidMoment(f"{text!r} is not a moment. Examples: {EXAMPLES}.") from None
    if found <= now.timestamp():
        raise InvalidMoment(f"{text} has passed.")
    if found > now.timestamp() + _FURTHEST_S:
        raise InvalidMoment(
            f"{text} is more than a hundred years away; without --until a pause lasts until "
            "`llasactl resume`."
        )
    return found


def _parse(text: str, now: datetime) -> float:
    """Return a moment; raise ValueError or OverflowError for a text that is none."""
    if span := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)", text):
        return now.timestamp() + float(span[1]) * _UNITS[span[2]]
    if hour := re.fullmatch(r"(\d{1,2}):(\d{2})", text):
        found = now.replace(hour=int(hour[1]), minute=int(hour[2]), second=0, microsecond=0)
        return (found if found > now else found + timedelta(days=1)).timestamp()
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.astimezone()).timestamp()
