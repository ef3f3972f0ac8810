"""The server of a review: one page, one recording, and changes that are saved one after another."""

from __future__ import annotations

import json
import mimetypes
import secrets
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from daemon.errors import DaemonError
from daemon.operations.corrections import Conflict
from daemon.operations.review import Review
from daemon.review import admission
from daemon.review.admission import Refusal
from engine.errors import EngineError
from engine.render.page import Extra, policy
from state.errors import StateError

WRITE_PAUSE_S: Final = 1.5  # after the last change the outputs are written
RETRY_S: Final = 5.0  # outputs that wait for a job are tried again
_TIMEOUT_S: Final = 30.0  # of one connection
_BLOCK: Final = 1 << 16  # bytes of the recording at once
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class ReviewServer(ThreadingHTTPServer):
    """Serves one review on the loopback address; `close` writes what is not yet written."""

    daemon_threads = True

    def __init__(self, review: Review, *, port: int = 0) -> None:
        """Listen on a port of 127.0.0.1, any free one for 0; raises OSError."""
        super().__init__(("127.0.0.1", port), _Handler)
        self.review = review
        self.lock = threading.Lock()  # of the review: one request at a time
        self.token = secrets.token_urlsafe(32)
        self.key: str | None = secrets.token_urlsafe(32)
        self._changed = threading.Event()
        self._ending = threading.Event()
        self._writer = threading.Thread(target=self._write, name="outputs", daemon=True)
        self._writer.start()

    @property
    def address(self) -> str:
        """Return the address of the page, with its token."""
        return f"http://127.0.0.1:{self.server_port}/{self.token}/"

    @property
    def first_address(self) -> str:
        """Return an address that leads to the page once: a list of processes may show it."""
        return f"http://127.0.0.1:{self.server_port}/open/{self.key}"

    def changed(self) -> None:
        """Have the outputs written, a moment after the last change."""
        self._changed.set()

    def close(self) -> None:
        """Stop listening, and write the outputs."""
        self._ending.set()
        self._changed.set()
        self._writer.join()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a browser that goes away in the middle is no error."""

    def _write(self) -> None:
        while not self._ending.is_set():
            waits = RETRY_S if not self.review.is_written else None
            self._changed.wait(waits)
            self._changed.clear()
            while not self._ending.is_set() and self._changed.wait(WRITE_PAUSE_S):
                self._changed.clear()
            with self.lock:
                self._write_once()

    def _write_once(self) -> None:
        try:
            self.review.write_outputs()
        except (DaemonError, EngineError, StateError) as error:
            self.review.problem = f"{error} {error.hint}".strip()


class _Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    server_version = "llasa"
    sys_version = ""
    timeout = _TIMEOUT_S
    server: ReviewServer

    def do_GET(self) -> None:
        """Answer with the page, its state, or the recording."""
        if self._refused(admission.refusal_of(self.headers, port=self.server.server_port)):  # type: ignore[arg-type]
            return
        if self._opened():
            return
        match admission.address_of(self.path, self.server.token):
            case "":
                self._answered(self._page)
            case "state":
                self._answered(lambda: self._json(self.server.review.state()))
            case "audio":
                self._recording()
            case _:
                self._refused(Refusal(HTTPStatus.NOT_FOUND, "There is nothing here."))

    do_HEAD = do_GET  # noqa: N815 - as the base names it

    def do_POST(self) -> None:
        """Save a change."""
        port = self.server.server_port
        headers: Any = self.headers
        asked = admission.address_of(self.path, self.server.token)
        refusal = admission.refusal_of(headers, port=port)
        if refusal is None and asked not in ("correct", "undo", "again", "glossary"):
            refusal = Refusal(HTTPStatus.NOT_FOUND, "There is nothing here.")
        refusal = refusal or admission.refusal_of_change(headers, port=port)
        if self._refused(refusal):
            return
        try:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            revision = body["revision"]
            if not isinstance(revision, int):
                raise TypeError
        except (ValueError, TypeError, KeyError, RecursionError):
            self._refused(Refusal(HTTPStatus.BAD_REQUEST, "This is no change."))
            return

        def saved() -> None:
            review = self.server.review
            if asked == "glossary":
                self._json(review.accept(body.get("heard"), body.get("to")))
                return
            if asked == "correct":
                answer = review.correct(revision, body)
            else:
                answer = review.undo(revision) if asked == "undo" else review.again(revision)
            self.server.changed()
            self._json(answer)

        self._answered(saved)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base names it
        """Log nothing: addresses hold the token."""

    # Answers

    def _opened(self) -> bool:
        """Lead the browser from the address that works once to the page."""
        key = self.server.key
        given = self.path.removeprefix("/open/").encode("utf-8", "replace")
        if key is None or not secrets.compare_digest(given, key.encode()):
            return False
        self.server.key = None
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", f"/{self.server.token}/")
        self._headers(0)
        return True

    def _answered(self, act: Any) -> None:
        """Do something with the review, one request at a time; what went wrong is the answer."""
        with self.server.lock:
            try:
                act()
            except Conflict as error:
                self._json(self._told(error), HTTPStatus.CONFLICT)
            except (DaemonError, EngineError, StateError) as error:
                self._json(self._told(error), HTTPStatus.UNPROCESSABLE_ENTITY)

    def _told(self, error: DaemonError | EngineError | StateError) -> dict[str, Any]:
        return {"error": f"{error} {error.hint}".strip()}

    def _page(self) -> None:
        server = self.server
        made: list[Extra] = []

        def extra(document: Any, state: Any) -> Extra:
            audio = ("./audio",) if server.review.recording() is not None else ()
            attributes = {"data-review": json.dumps(state)}
            made.append(Extra(_asset("review.css"), _asset("review.js"), attributes, audio))
            return made[0]

        page = server.review.page(extra)
        style = page.partition("<style>")[2].partition("</style>")[0]
        script = page.rpartition("<script>")[2].rpartition("</script>")[0]
        allowed = policy(style, script, connect="'self'") + "; frame-ancestors 'none'"
        data = page.encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", allowed)
        self._headers(len(data))
        self._body(data)

    def _json(self, value: Any, status: HTTPStatus = HTTPStatus.OK) -> None:
        data = json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self._headers(len(data))
        self._body(data)

    def _recording(self) -> None:
        """Send the recording, or the bytes of it that the player asks for."""
        with self.server.lock:
            path = self.server.review.recording()
        try:
            if path is None:
                raise FileNotFoundError
            with open(path, "rb") as stream:
                self._send(stream, path)
        except FileNotFoundError:
            self._refused(Refusal(HTTPStatus.NOT_FOUND, "There is no recording."))

    def _send(self, stream: Any, path: Path) -> None:
        size = stream.seek(0, 2)
        try:
            span = admission.span_of(self.headers.get("Range"), size)
        except ValueError:
            self.send_response(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
            self.send_header("Content-Range", f"bytes */{size}")
            self._headers(0)
            return
        begin, end = span or (0, size - 1)
        self.send_response(HTTPStatus.OK if span is None else HTTPStatus.PARTIAL_CONTENT)
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.send_header(
            "Content-Type", kind if kind.startswith(("audio/", "video/")) else "audio/*"
        )
        self.send_header("Accept-Ranges", "bytes")
        if span is not None:
            self.send_header("Content-Range", f"bytes {begin}-{end}/{size}")
        self._headers(end - begin + 1)
        stream.seek(begin)
        left = end - begin + 1
        while left > 0 and self.command != "HEAD" and (data := stream.read(min(_BLOCK, left))):
            self.wfile.write(data)
            left -= len(data)

    def _headers(self, length: int) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def _body(self, data: bytes) -> None:
        if self.command != "HEAD":
            self.wfile.write(data)

    def _refused(self, refusal: Refusal | None) -> bool:
        """Answer with a refusal, where there is one; the connection ends with it."""
        if refusal is None:
            return False
        self.close_connection = True
        data = refusal.message.encode()
        self.send_response(refusal.status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Connection", "close")
        self._headers(len(data))
        self._body(data)
        return True


def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")
