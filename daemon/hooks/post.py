"""The program that posts a result to a webhook: `python -P -m daemon.hooks.post URL HOST TIMEOUT`.

It alone opens a connection for a hook, in a process of its own that ends with its answer: the
daemon opens none. It follows no redirection and uses no proxy, so what it sends goes to the host
that the settings name. The exit code says what went wrong.
"""

from __future__ import annotations

import ipaddress
import sys
from http import client
from typing import Final
from urllib.parse import urlsplit

from daemon.hooks.answers import ANOTHER_MACHINE, BAD_URL, FINE, NO_ANSWER, REFUSED

_HEADERS: Final = {"Content-Type": "application/json", "User-Agent": "llasa"}


def post(url: str, body: bytes, *, elsewhere: bool, timeout_s: float) -> int:
    """Post a body and return the exit code.

    Args:
        url: Where to; http or https.
        body: JSON.
        elsewhere: The user allowed another machine.
        timeout_s: Of each step of the connection.
    """
    parts = urlsplit(url)
    if parts.hostname is None:
        return BAD_URL
    kind = client.HTTPSConnection if parts.scheme == "https" else client.HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=timeout_s)
    try:
        connection.connect()
        peer = connection.sock.getpeername()[0]
        if not elsewhere and not ipaddress.ip_address(peer.partition("%")[0]).is_loopback:
            return ANOTHER_MACHINE
        path = parts.path or "/"
        connection.request("POST", f"{path}?{parts.query}" if parts.query else path, body, _HEADERS)
        status = connection.getresponse().status
        return FINE if 200 <= status < 300 else REFUSED
    except (OSError, client.HTTPException):
        return NO_ANSWER
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(
        post(
            sys.argv[1],
            sys.stdin.buffer.read(),
            elsewhere=sys.argv[2] == "elsewhere",
            timeout_s=float(sys.argv[3]),
        )
    )
