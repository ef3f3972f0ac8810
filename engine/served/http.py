"""One server over HTTP: its list of models, its answers. The only module that connects to one.

It uses no proxy and follows no redirection, so what is said goes to the host that the user named.
A host that is not named twice must have addresses of a private network alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import socket
import threading
from collections.abc import Callable, Mapping
from http import client
from typing import Any, Final
from urllib.parse import urlsplit

from engine.errors import ModelRefused
from engine.models.servers import is_near_address
from engine.records import Server
from engine.served.records import Refused, Reply, Unanswered

KEY_VARIABLE: Final = "LLASA_SERVER_KEY"
LIST_S: Final = 10.0
ANSWER_S: Final = 110.0  # less than a model child may be silent
_TICK_S: Final = 2.0
_MOST_BYTES: Final = 4 << 20
_AGAIN: Final = frozenset((408, 425, 429))  # of the codes below 500, those that pass


class Endpoint:
    """A server; every request has a connection of its own."""

    def __init__(self, server: Server, *, answer_s: float = ANSWER_S) -> None:
        self._server = server
        self._answer_s = answer_s
        self._parts = urlsplit(server.url)
        self._key = os.environ.get(KEY_VARIABLE)

    def models(self) -> list[str]:
        """Return the names of the models; raises `Unanswered`, `Refused`, `ModelRefused`."""
        found = self._ask("GET", "/models", None, LIST_S, lambda: None)
        listed = found.get("data")
        if not isinstance(listed, list):
            raise Refused("it has no list of models")
        return [str(one["id"]) for one in listed if isinstance(one, dict) and "id" in one]

    def answer(
        self, body: Mapping[str, Any], *, tick: Callable[[], None], limit_s: float = ANSWER_S
    ) -> Reply:
        """Return the answer to a conversation; raises `Unanswered`, `Refused`, `ModelRefused`.

        `tick` is called every two seconds while the server works.
        """
        limit_s = min(limit_s, self._answer_s)
        found = self._ask("POST", "/chat/completions", body, limit_s, tick)
        try:
            choice = found["choices"][0]
            text = choice["message"]["content"]
        except (KeyError, IndexError, TypeError):
            raise Unanswered("its answer has another form") from None
        if not isinstance(text, str):
            text = ""  # a model that only thought, or only called tools
        return Reply(text, cut=choice.get("finish_reason") == "length")

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        limit_s: float,
        tick: Callable[[], None],
    ) -> dict[str, Any]:
        """Return the JSON object that is answered within the limit, however slowly it drips."""
        connection = self._connection(limit_s)
        done: queue.SimpleQueue[dict[str, Any] | BaseException] = queue.SimpleQueue()

        def work() -> None:
            try:
                done.put(self._exchange(connection, method, path, body))
            except BaseException as error:
                done.put(error)

        threading.Thread(target=work, daemon=True).start()
        left_s = limit_s
        try:
            while True:
                try:
                    found = done.get(timeout=min(_TICK_S, left_s))
                    break
                except queue.Empty:
                    left_s -= _TICK_S
                    if left_s <= 0:
                        raise Unanswered(f"no answer in {limit_s:.0f} s", late=True) from None
                    tick()
        finally:
            _close(connection)
        if isinstance(found, BaseException):
            raise found
        return found

    def _connection(self, limit_s: float) -> client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return client.HTTPSConnection(host, port, timeout=limit_s)
        return client.HTTPConnection(host, port, timeout=limit_s)

    def _exchange(
        self,
        connection: client.HTTPConnection,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        headers = {"User-Agent": "llasa", "Accept": "application/json"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            self._refuse_far(connection)
            connection.connect()
            self._refuse_peer(connection)
            connection.request(method, self._parts.path + path, data, headers)
            response = connection.getresponse()
            answer = response.read(_MOST_BYTES + 1)
        except (OSError, client.HTTPException, ValueError) as error:
            raise Unanswered(_why(error), late=isinstance(error, TimeoutError)) from None
        return _object(response.status, answer)

    def _refuse_far(self, connection: client.HTTPConnection) -> None:
        """Raise `ModelRefused` before anything is sent if the name leads outside."""
        if self._server.elsewhere:
            return
        found = socket.getaddrinfo(connection.host, connection.port, type=socket.SOCK_STREAM)
        for *_, address in found:
            self._check(str(address[0]))

    def _refuse_peer(self, connection: client.HTTPConnection) -> None:
        if not self._server.elsewhere:
            self._check(str(connection.sock.getpeername()[0]))

    def _check(self, address: str) -> None:
        if not is_near_address(address):
            raise ModelRefused(
                f"{self._parts.hostname} leads to {address}, outside of this network: nothing was "
                "sent.",
                hint="Name its address in your network, or allow the host: docs/models.md.",
            )


def _object(status: int, answer: bytes) -> dict[str, Any]:
    if status >= 500 or status in _AGAIN:
        raise Unanswered(f"it answered with HTTP {status}")
    if status in (401, 403):
        raise Refused(f"it wants a key (HTTP {status}); put it into {KEY_VARIABLE}")
    if status >= 300:
        raise Refused(f"it refused the request (HTTP {status})")
    if len(answer) > _MOST_BYTES:
        raise Refused(f"its answer is longer than {_MOST_BYTES >> 20} MiB")
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        raise Unanswered("its answer is not JSON") from None
    if not isinstance(found, dict):
        raise Unanswered("its answer has another form")
    return found


def _why(error: Exception) -> str:
    """Return what went wrong in a few words, never what was said."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"its answer breaks off ({type(error).__name__})"


def _close(connection: client.HTTPConnection) -> None:
    """Close a connection, also one on which another thread waits."""
    with contextlib.suppress(OSError, AttributeError):
        connection.sock.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError, AttributeError):
        connection.close()
