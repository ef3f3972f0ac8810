"""The music service as it runs: its folder, its token, where others find it, its end."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Final

import uvicorn

from engine.audio.work_folder import work_folder
from engine.music.face import app_of
from engine.music.flamingo import Flamingo
from engine.music.llama_server import LlamaServer
from engine.music.records import Backend
from engine.music.service import MusicFlamingoService
from engine.music.settings import ADDRESS_FILE, MusicSettings, own_folder
from engine.music.uploads import Uploads

HOST: Final = "127.0.0.1"
TOKEN: Final = "LLASA_MUSIC_TOKEN"  # noqa: S105 - the name of a variable


def backend_of(settings: MusicSettings) -> Backend:
    """Return the backend that the settings name."""
    return LlamaServer(settings) if settings.backend == "llama-server" else Flamingo(settings)


def serve(settings: MusicSettings, *, on_ready: Callable[[str], None]) -> None:
    """Serve until the process is asked to end; `on_ready` gets the address."""
    token = os.environ.get(TOKEN) or secrets.token_urlsafe(24)
    address = f"http://{HOST}:{settings.port}"
    service = MusicFlamingoService(settings, backend_of(settings))
    place = own_folder() / ADDRESS_FILE
    with work_folder() as folder:
        uploads = Uploads(folder, most_bytes=settings.most_upload_bytes, python=settings.python)
        app = app_of(service, uploads, settings, token=token)
        server = uvicorn.Server(
            uvicorn.Config(
                app, host=HOST, port=settings.port, log_level="warning", access_log=False
            )
        )
        _write(place, {"address": address, "token": token, "pid": os.getpid()})
        on_ready(address)
        try:
            server.run()
        finally:
            service.close()
            place.unlink(missing_ok=True)


def _write(place: Path, made: dict[str, str | int]) -> None:
    """Write the address and the token for this user's programs alone."""
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.{os.getpid()}.part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
        json.dump(made, target)
    os.replace(part, place)
