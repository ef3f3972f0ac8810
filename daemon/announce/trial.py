"""Tell something at once, through every channel of an event, to see whether it arrives."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from daemon.announce.documents import News
from daemon.announce.start import start
from daemon.hooks.records import Channel, Hook
from state.job import Job

_LOOK_S: Final = 0.05
_LONGEST: Final = 400  # bytes of what a process printed last


def tell(
    event: str,
    hook: Hook,
    job: Job,
    *,
    home: Path,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[Channel, str]]:
    """Yield each channel with what went wrong, "" for nothing.

    What a process that failed printed last is said too: whoever tries it watches.

    Args:
        event: done or trouble.
        hook: What the settings say.
        job: What is told.
        home: The folder of the home.
        wait: Lets some seconds pass.
    """
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    for channel in hook.channels:
        news = News(event=event, home=str(home), at=moment, jobs=(job,))
        with tempfile.TemporaryFile() as said:
            process = start(channel, hook, news, folder=home, now=time.monotonic(), said=said)
            while (answer := process.poll(time.monotonic())) is None:
                wait(_LOOK_S)
            words = _last_line(said) if answer else ""
        yield channel, f"{answer}; it said: {words}" if words else answer


def _last_line(said: BinaryIO) -> str:
    """Return the last line that a process printed, "" for none."""
    said.seek(max(0, said.seek(0, 2) - _LONGEST))
    lines = said.read().decode("utf-8", "replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")
