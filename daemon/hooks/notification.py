"""A title and a line -> the command that shows them as a notification of the system."""

from __future__ import annotations

import html
import sys
from typing import Final

from daemon.terminal import safe

LONGEST: Final = 240  # characters of the line
# The text comes as arguments, so no character in it can become a part of the script.
_SCRIPT: Final = (
    "on run argv",
    "display notification (item 2 of argv) with title (item 1 of argv)",
    "end run",
)


def notification(title: str, line: str, *, platform: str = sys.platform) -> list[str]:
    """Return the command for a notification on this system.

    `notify-send` reads its body as a small HTML with backslash escapes, so both are escaped.
    """
    title, line = safe(title), safe(line)
    if len(line) > LONGEST:
        line = line[: LONGEST - 1] + "…"
    if platform == "darwin":
        script = [word for statement in _SCRIPT for word in ("-e", statement)]
        return ["/usr/bin/osascript", *script, title, line]
    body = html.escape(line, quote=False).replace("\\", "\\\\")
    return ["notify-send", "--app-name=llasa", "--", title, body]
