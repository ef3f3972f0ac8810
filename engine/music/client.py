"""Ask the running music service of this user; where there is none, that is said."""

from __future__ import annotations

import http.client
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from engine.music.errors import MusicError, MusicUnavailable
from engine.music.settings import ADDRESS_FILE, own_folder

_QUICK_S: Final = 5.0
_ANSWER_S: Final = 3600.0  # an answer about a long recording on a slow machine
_HOSTS: Final = ("127.0.0.1", "localhost")
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Service:
    """Where a service is, and what lets one in."""

    address: str
    token: str

    def health(self) -> dict[str, Any]:
        """Return what the service says of itself; raises `MusicUnavailable`."""
        return self._ask("GET", "/api/v1/health", timeout_s=_QUICK_S)

    def upload(self, recording: Path) -> str:
        """Give it a recording and return the id; raises `MusicError`."""
        border = secrets.token_hex(16)
        # The name is made ASCII: a header has no other letters.
        name = recording.name.encode("ascii", "replace").decode().replace('"', "'")
        head = (
            f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        ).encode()
        tail = f"\r\n--{border}--\r\n".encode()
        length = len(head) + recording.stat().st_size + len(tail)

        def body() -> Any:
            yield head
            with open(recording, "rb") as file:
                while block := file.read(_BLOCK):
                    yield block
            yield tail

        made = self._ask(
            "POST",
            "/api/v1/upload",
            body(),
            {
                "Content-Type": f"multipart/form-data; boundary={border}",
                "Content-Length": str(length),
            },
        )
        return str(made["audio_file_id"])

    def forget(self, number: str) -> None:
        """Have it forget a recording."""
        self._ask("DELETE", f"/api/v1/upload/{number}", timeout_s=_QUICK_S)

    def infer(self, **asked: Any) -> dict[str, Any]:
        """Return an answer; raises `MusicError`."""
        body = json.dumps(asked).encode()
        return self._ask("POST", "/api/v1/infer", body, {"Content-Type": "application/json"})

    def _ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        timeout_s: float = _ANSWER_S,
    ) -> dict[str, Any]:
        address = urlsplit(self.address)
        connection = http.client.HTTPConnection(
            address.hostname or "", address.port, timeout=timeout_s
        )
        try:
            connection.request(
                method, path, body, {"Authorization": f"Bearer {self.token}", **(headers or {})}
            )
            response = connection.getresponse()
            data = response.read()
            made = json.loads(data) if data else {}
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise MusicUnavailable("The music service does not answer.") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise _error(response.status, made)
        return made if isinstance(made, dict) else {}


def find(folder: Path | None = None) -> Service:
    """Return the service that runs for this user; raises `MusicUnavailable`."""
    place = (own_folder() if folder is None else folder) / ADDRESS_FILE
    try:
        made = json.loads(place.read_bytes())
        service = Service(str(made["address"]), str(made["token"]))
        if urlsplit(service.address).hostname not in _HOSTS:
            raise ValueError(service.address)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MusicUnavailable() from error
    service.health()
    return service


def _error(status: int, made: Any) -> MusicError:
    error = made.get("error") if isinstance(made, dict) else None
    if not isinstance(error, dict):
        return MusicError(f"The music service refused it (HTTP {status}).")
    return MusicError(
        str(error.get("message")), hint=str(error.get("hint")), reason=str(error.get("name"))
    )
