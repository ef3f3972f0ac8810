"""faster-whisper on the five readings of LibriVox: words wrong, seconds and memory.

    LLASA_TEST_SOUND=FOLDER python -m tests.benchmarks.whisper

It needs what `python -m tests.sound_tools FOLDER whisper` makes and Debian's pocketsphinx-testdata.
Each reading goes through the product's own tool, in a process of its own; all five in one recording
show what of the seconds is loading.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import tempfile
import time
import wave
from pathlib import Path

from engine.audio import faster_whisper_tool
from tests import sound_tools

_SPOKEN = {"mr": "mister", "mrs": "missus", "dr": "doctor"}


def main() -> None:
    """Print a table."""
    python, model = sound_tools.whisper_python(), sound_tools.whisper_base()
    if python is None or model is None or not sound_tools.LIBRIVOX.is_dir():
        raise SystemExit(f"Something is missing; see {sound_tools.VARIABLE} in tests.sound_tools.")
    texts = _texts()
    paths = sorted(texts)
    print("| reading | length | words | wrong | in |\n|---|---|---|---|---|", flush=True)
    wrong = total = 0
    with tempfile.TemporaryDirectory() as name:
        joined = Path(name) / "all.wav"
        _join(paths, joined)
        texts[joined] = [word for path in paths for word in texts[path]]
        for path in (*paths, joined):
            begun = time.monotonic()
            said = _transcribed(path, Path(name), python, model)
            spent_s = time.monotonic() - begun
            missed = distance(texts[path], said)
            if path != joined:
                wrong, total = wrong + missed, total + len(texts[path])
            label = "all in one" if path == joined else path.stem[-4:]
            print(
                f"| {label} | {_length_s(path):.1f} s | {len(texts[path])} | {missed} "
                f"| {spent_s:.1f} s |",
                flush=True,
            )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\nWord error {wrong / total:.1%}; a process took at most {peak:,.0f} MB.")


def _texts() -> dict[Path, list[str]]:
    found = {}
    for line in (sound_tools.LIBRIVOX / "transcription").read_text().splitlines():
        text, _, name = line.rpartition("(")
        path = sound_tools.LIBRIVOX / f"{name.strip(') ')}.wav"
        if path.is_file():
            found[path] = words(text.replace("<s>", "").replace("</s>", ""))
    return found


def words(text: str) -> list[str]:
    """Return the words of a text without marks and case, titles as they are spoken."""
    found = re.findall(r"[a-z']+", text.lower().replace("’", "'"))
    return [_SPOKEN.get(word, word) for word in found]


def distance(wanted: list[str], said: list[str]) -> int:
    """Return how many words must be changed, added or taken out."""
    row = list(range(len(said) + 1))
    for number, word in enumerate(wanted, start=1):
        diagonal, row[0] = row[0], number
        for place, other in enumerate(said, start=1):
            least = min(row[place] + 1, row[place - 1] + 1, diagonal + (word != other))
            diagonal, row[place] = row[place], least
    return row[-1]


def _length_s(path: Path) -> float:
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def _join(paths: list[Path], target: Path) -> None:
    with wave.open(str(target), "wb") as out:
        for number, path in enumerate(paths):
            with wave.open(str(path)) as file:
                if not number:
                    out.setparams(file.getparams())
                out.writeframes(file.readframes(file.getnframes()))


def _transcribed(path: Path, folder: Path, python: Path, model: Path) -> list[str]:
    out = folder / "out.json"
    for old in folder.glob("out.json*"):
        old.unlink()
    tool = str(Path(faster_whisper_tool.__file__))
    subprocess.run(
        [str(python), "-P", tool, str(path), str(model), str(out), "en"],
        check=True,
        capture_output=True,
    )
    return words(json.loads(out.read_text())["text"])


if __name__ == "__main__":
    main()
