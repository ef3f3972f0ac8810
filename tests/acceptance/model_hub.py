"""A small server that answers what huggingface_hub asks, and breaks off when a test says so."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

COMMIT = "c0ffee" + "0" * 34
LARGE = (".safetensors",)


@dataclass
class Hub:
    """One repository, what was asked of it, and when it breaks off."""

    name: str
    files: dict[str, bytes]
    url: str = ""
    gated: bool = False
    break_off: dict[str, int] = field(default_factory=dict)  # file -> bytes until a cut, once
    refuse_from: dict[str, int] = field(default_factory=dict)  # file -> no byte from here on
    ignore_ranges: bool = False
    damaged: set[str] = field(default_factory=set)  # files that are sent with another last byte
    asked: list[tuple[str, str, str]] = field(default_factory=list)  # method, path, range

    def ranges(self, file: str) -> list[str]:
        """Return the ranges of every request for the bytes of a file; "" for the whole."""
        return [r for method, path, r in self.asked if method == "GET" and path.endswith(file)]

    def fetched(self) -> set[str]:
        """Return the names of the files whose bytes were asked for."""
        return {
            path.rpartition("/")[2]
            for method, path, _ in self.asked
            if method == "GET" and "/resolve/" in path
        }


@contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    """Serve a repository on a port of this machine."""
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def hub_of(folder: Path, name: str, **more: bytes) -> Hub:
    """Return a repository with the files of a model folder, and more."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    return Hub(name, {**files, **more})


class _Handler(BaseHTTPRequestHandler):
    hub: Hub

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        hub = self.hub
        path = self.path.partition("?")[0]
        hub.asked.append((self.command, path, self.headers.get("Range", "")))
        if hub.gated and "/api/" not in path:
            self._send(403, b"", {"X-Error-Code": "GatedRepo"})
        elif re.fullmatch(rf"/api/models/{re.escape(hub.name)}(/revision/[^/]+)?", path):
            self._json(self._info())
        elif path.startswith(f"/api/models/{hub.name}/tree/"):
            self._json([_tree_entry(name, data) for name, data in hub.files.items()])
        elif found := re.fullmatch(rf"/{re.escape(hub.name)}/resolve/[^/]+/(.+)", path):
            self._file(found[1], with_body=with_body)
        else:
            self._send(404, b"", {"X-Error-Code": "RepoNotFound"})

    def _info(self) -> dict[str, Any]:
        siblings = []
        for name, data in self.hub.files.items():
            entry = _tree_entry(name, data)
            sibling = {"rfilename": name, "size": len(data), "blobId": entry["oid"]}
            if "lfs" in entry:
                sibling["lfs"] = {**entry["lfs"], "sha256": entry["lfs"]["oid"]}
            siblings.append(sibling)
        return {
            "id": self.hub.name,
            "modelId": self.hub.name,
            "sha": COMMIT,
            "siblings": siblings,
            "cardData": {"license": "mit"},
            "tags": [],
            "downloads": 0,
            "private": False,
        }

    def _file(self, name: str, *, with_body: bool) -> None:
        hub = self.hub
        data = hub.files.get(name)
        if data is None:
            self._send(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        etag = _tree_entry(name, data).get("lfs", {}).get("oid") or _sha1(data)
        headers = {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        begin = 0
        if (wanted := self.headers.get("Range")) and not hub.ignore_ranges:
            begin = int(re.findall(r"\d+", wanted)[0])
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        if name in hub.damaged:
            data = data[:-1] + bytes([data[-1] ^ 1])
        body = data[begin:]
        if with_body and name in hub.refuse_from and begin >= hub.refuse_from[name]:
            self._send(500, b"", {})
            return
        cut = hub.break_off.pop(name, None) if with_body else None
        self._send(206 if begin else 200, body if with_body else b"", headers, len(body), cut)

    def _json(self, value: Any) -> None:
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _send(
        self,
        status: int,
        body: bytes,
        headers: dict[str, str],
        length: int | None = None,
        cut: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        if cut is not None:
            self.close_connection = True


def _tree_entry(name: str, data: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"type": "file", "path": name, "size": len(data), "oid": _sha1(data)}
    if name.endswith(LARGE):
        digest = hashlib.sha256(data).hexdigest()
        entry["lfs"] = {"oid": digest, "size": len(data), "pointerSize": 134}
    return entry


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
