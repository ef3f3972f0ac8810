"""Which requests the review server answers: its own page's, and nobody else's.

Any page that a browser shows may send requests to 127.0.0.1, and any program on the machine may
connect. So a request must know the token, which is in the address; must name this server as its
host (a name that an attacker has made to mean 127.0.0.1 is not it); must not come from another
site; and a change must come from this page and be small.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

MOST_BYTES: Final = 16 << 10  # of a change


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not answered."""

    status: HTTPStatus
    message: str


def address_of(path: str, token: str) -> str | None:
    """Return what a path asks for behind the token; None without the right token."""
    given, slash, rest = path.removeprefix("/").partition("/")
    right = secrets.compare_digest(given.encode("utf-8", "replace"), token.encode())
    return rest.partition("?")[0] if right and slash else None


def refusal_of(headers: Mapping[str, str], *, port: int) -> Refusal | None:
    """Return why a request is refused for where it comes from; None where it may come in."""
    if headers.get("Host", "") not in hosts(port):
        return Refusal(HTTPStatus.MISDIRECTED_REQUEST, "This server has another name.")
    if headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        return Refusal(HTTPStatus.FORBIDDEN, "Another site may not ask this.")
    return None


def refusal_of_change(headers: Mapping[str, str], *, port: int) -> Refusal | None:
    """Return why a change is refused before its body is read; None where it may be read."""
    if headers.get("Origin", "") not in {f"http://{host}" for host in hosts(port)}:
        return Refusal(HTTPStatus.FORBIDDEN, "A change must come from this page.")
    if headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
        return Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "A change is JSON.")
    length = headers.get("Content-Length", "")
    if headers.get("Transfer-Encoding") is not None or not length.isdecimal():
        return Refusal(HTTPStatus.LENGTH_REQUIRED, "A change says how long it is.")
    if len(length) > 9 or int(length) > MOST_BYTES:
        return Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "A change is not so large.")
    return None


def hosts(port: int) -> tuple[str, str]:
    """Return the names by which this server may be called."""
    return f"127.0.0.1:{port}", f"localhost:{port}"


def span_of(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the first and last byte that a Range header asks for; None for the whole file.

    Raises ValueError for a span that the file does not have. Several spans are answered with the
    whole file.
    """
    if header is None or not header.startswith("bytes=") or "," in header:
        return None
    first, dash, last = header.removeprefix("bytes=").strip().partition("-")
    if (
        not dash
        or not (first or last)
        or not all(
            part == "" or (part.isascii() and part.isdecimal() and len(part) < 19)
            for part in (first, last)
        )
    ):
        return None
    if not first:
        begin, end = max(0, size - int(last)), size - 1
        if int(last) == 0:
            raise ValueError("no such span")
    else:
        begin, end = int(first), min(int(last) if last else size - 1, size - 1)
    if begin >= size or begin > end:
        raise ValueError("no such span")
    return begin, end
