"""What is installed is what was tested: the wheel, alone, away from the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(600)
def test_the_installed_wheel_runs_the_demo_from_anywhere(tmp_path: Path) -> None:
    """In an empty environment, from the root folder, with no home of its own."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not on this machine")
    clean = {key: value for key, value in os.environ.items() if not key.startswith("VIRTUAL_ENV")}
    clean |= {"HOME": str(tmp_path / "user"), "UV_CACHE_DIR": _cache(uv)}
    (tmp_path / "user").mkdir()

    def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    run(uv, "build", "--quiet", "--wheel", "--out-dir", str(tmp_path / "dist"))
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    environment = tmp_path / "environment"
    run(uv, "venv", "--quiet", str(environment))
    python = environment / "bin" / "python"
    run(uv, "pip", "install", "--quiet", "--python", str(python), str(wheel), cwd=tmp_path)
    programs = environment / "bin"
    demo = run(str(programs / "llasactl"), "demo", cwd=Path("/"))
    assert "enhanced.txt" in demo.stdout
    for program in ("llasad", "llasactl", "llasa-cli"):
        assert "Usage" in run(str(programs / program), "--help", cwd=Path("/")).stdout
    where = run(str(python), "-c", "import daemon; print(daemon.__file__)", cwd=Path("/"))
    assert Path(where.stdout.strip()).is_relative_to(environment)


def _cache(uv: str) -> str:
    """Return uv's own cache, so that a test downloads nothing twice."""
    done = subprocess.run([uv, "cache", "dir"], capture_output=True, text=True, check=True)
    return done.stdout.strip()
