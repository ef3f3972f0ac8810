"""The music service as it runs: its folder, its token, where others find it, its end."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import uvicorn

from engine.audio.work_folder import work_folder
from engine.music.errors import MusicUnavailable
from engine.music.face import app_of
from engine.music.flamingo import Flamingo
from engine.music.llama_server import LlamaServer
from engine.music.records import Backend
from engine.music.service import MusicFlamingoService
from engine.music.settings import ADDRESS_FILE, MusicSettings, own_folder
from engine.music.uploads import Uploads

HOST: Final = "127.0.0.1"
ENDING_S: Final = 5  # for answers that are being written
TOKEN: Final = "LLASA_MUSIC_TOKEN"  # noqa: S105 - the name of a variable


def backend_of(settings: MusicSettings) -> Backend:
    """Return the backend that the settings name."""
    return LlamaServer(settings) if settings.backend == "llama-server" else Flamingo(settings)


def serve(settings: MusicSettings, *, on_ready: Callable[[str], None]) -> None:
    """Serve until the process is asked to end; `on_ready` gets the address."""
    token = os.environ.get(TOKEN) or secrets.token_urlsafe(24)
    signal.signal(signal.SIGTERM, _end)  # uvicorn raises it again once it has ended
    service = MusicFlamingoService(settings, backend_of(settings))
    place = own_folder() / ADDRESS_FILE
    with _listening(settings.port) as listener, work_folder() as folder:
        address = f"http://{HOST}:{listener.getsockname()[1]}"
        uploads = Uploads(folder, most_bytes=settings.most_upload_bytes, python=settings.python)
        app = app_of(service, uploads, settings, token=token)
        config = uvicorn.Config(
            app, log_level="warning", access_log=False, timeout_graceful_shutdown=ENDING_S
        )
        _write(place, {"address": address, "token": token, "pid": os.getpid()})
        on_ready(address)
        try:
            uvicorn.Server(config).run(sockets=[listener])
        finally:
            service.close()
            _remove(place)


def _end(number: int, frame: object) -> None:
    """End as after all work: what was begun is put away on the way."""
    raise SystemExit(0)


def _listening(port: int) -> socket.socket:
    """Return a socket at a port of this machine; raises `MusicUnavailable` where it is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()  # whoever reads the address may ask at once
    except OSError as error:
        listener.close()
        raise MusicUnavailable(
            f"Port {port} of {HOST} cannot be used: {error.strerror}.",
            hint="Another llasa-music may run; choose another port with --port.",
        ) from error
    return listener


def _remove(place: Path) -> None:
    """Remove the address of this process; that of another one stays."""
    with contextlib.suppress(OSError, ValueError):
        if json.loads(place.read_bytes()).get("pid") == os.getpid():
            place.unlink()


def _write(place: Path, made: dict[str, str | int]) -> None:
    """Write the address and the token for this user's programs alone."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
        json.dump(made, target)
    os.replace(part, place)
