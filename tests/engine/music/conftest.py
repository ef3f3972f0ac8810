"""A music service whose model is a light llama-server in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.music import licence
from engine.music.llama_server import LlamaServer
from engine.music.service import MusicFlamingoService
from engine.music.settings import MusicSettings

PROGRAM = Path(__file__).with_name("light_llama_server.py")


@pytest.fixture
def llama_server(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Give a function that starts a server and returns its address."""
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> str:
        place = tmp_path / f"port{len(started)}"
        command = [sys.executable, str(PROGRAM), str(place), *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return f"http://127.0.0.1:{place.read_text()}"

    yield start
    for process in started:
        process.terminate()
        process.communicate()


@pytest.fixture
def make_service(
    tmp_path: Path, llama_server: Callable[..., str]
) -> Callable[..., MusicFlamingoService]:
    """Give a function that makes a service with settings; its licence is accepted."""

    def make(**changes: Any) -> MusicFlamingoService:
        server = changes.pop("server", None) or llama_server()
        settings = replace(MusicSettings(), backend="llama-server", server=server, **changes)
        folder = tmp_path / "own"
        licence.accept(settings.model or settings.backend, folder)
        return MusicFlamingoService(settings, LlamaServer(settings), folder=folder)

    return make
