"""Start the process that tells something through a channel."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from daemon.announce.documents import News, document, line
from daemon.hooks.answers import MEANINGS
from daemon.hooks.notification import notification
from daemon.hooks.process import HookProcess
from daemon.hooks.records import LOOPBACK, Channel, Hook

TITLES: Final = {"done": "llasa", "trouble": "llasa: something needs you"}


def start(
    channel: Channel,
    hook: Hook,
    news: News,
    *,
    folder: Path,
    now: float,
    said: BinaryIO | None = None,
) -> HookProcess:
    """Start the process of a channel.

    Args:
        channel: How it is told.
        hook: What the settings say.
        news: What is told.
        folder: The process's working folder.
        now: Monotonic seconds.
        said: Takes what the process prints.
    """
    body = b"" if channel == "notify" else document(news, text=hook.text)
    return HookProcess(
        command_of(channel, hook, news),
        body,
        folder=folder,
        timeout_s=hook.timeout_s,
        now=now,
        meanings=MEANINGS if channel == "webhook" else {},
        said=said,
    )


def command_of(channel: Channel, hook: Hook, news: News) -> list[str]:
    """Return the program of a channel and its arguments."""
    if channel == "notify":
        return notification(TITLES[news.event], line(news))
    if channel == "command":
        return list(hook.command)
    assert hook.webhook is not None
    place = "here" if urlsplit(hook.webhook).hostname in LOOPBACK else "elsewhere"
    program = [sys.executable, "-P", "-m", "daemon.hooks.post"]
    return [*program, hook.webhook, place, f"{hook.timeout_s:g}"]
