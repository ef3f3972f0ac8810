"""Tell something at once, through every channel of an event, to see whether it arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from daemon.announce.documents import News
from daemon.announce.start import start
from daemon.hooks.records import Channel, Hook
from state.job import Job

_LOOK_S: Final = 0.05


def tell(
    event: str,
    hook: Hook,
    job: Job,
    *,
    home: Path,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[Channel, str]]:
    """Yield each channel with what went wrong, "" for nothing.

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
        process = start(channel, hook, news, folder=home, now=time.monotonic())
        while (answer := process.poll(time.monotonic())) is None:
            wait(_LOOK_S)
        yield channel, answer
