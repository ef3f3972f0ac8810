"""`llasa-music` in a process of its own, with the real application beside a light llama-server."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.music import licence
from engine.music.settings import own_folder

LIGHT = Path(__file__).with_name("light_llama_server.py")


@contextmanager
def light_service(folder: Path, *, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run the service with the stand-in; its answer says how long the sound was."""
    with light_server(folder) as address:
        licence.accept("llama-server", own_folder())
        settings = {"BACKEND": "llama-server", "SERVER": address}
        with service(settings, port=port) as process:
            yield process


@contextmanager
def light_server(folder: Path) -> Iterator[str]:
    """Run the stand-in for llama-server and give its address."""
    light = subprocess.Popen(
        [sys.executable, str(LIGHT), str(folder / "port")], stdout=subprocess.PIPE, text=True
    )
    try:
        assert light.stdout is not None
        light.stdout.readline()
        yield f"http://127.0.0.1:{(folder / 'port').read_text()}"
    finally:
        light.terminate()
        light.communicate()


@contextmanager
def service(settings: dict[str, str], *, port: int) -> Iterator[subprocess.Popen[str]]:
    """Run `llasa-music` with these variables (without their LLASA_MUSIC_)."""
    pytest.importorskip("uvicorn", reason="the extra is not installed here: uv sync --extra music")
    pytest.importorskip("multipart", reason="python-multipart is not installed here")
    named = {f"LLASA_MUSIC_{name}": value for name, value in settings.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "daemon.music"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **named, "LLASA_MUSIC_PORT": str(port)},
    )
    try:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith(f"llasa-music listens at http://127.0.0.1:{port}"), said
        process.stdout.readline()
        yield process
    finally:
        process.terminate()
        process.communicate()
