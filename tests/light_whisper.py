"""A light whisper-cli for tests: it obeys the command line of whisper.cpp and hears nothing.

It writes what `-ojf` writes: a segment of ten words for every ten seconds of the sound. The file
that `LIGHT_WHISPER` names says how it misbehaves: `fail` and `hang` count down with every run.
"""

from __future__ import annotations

import itertools
import json
import os
import stat
import sys
import time
import wave
from pathlib import Path
from typing import Any

WORDS = "so we went down to the river with all of"
MODEL_BYTES = 1 << 20


def install(folder: Path, models: Path, plan: Path) -> None:
    """Put a `whisper-cli` into `folder`, a model into `models` and a plan where it looks for it."""
    folder.mkdir(exist_ok=True)
    tool = folder / "whisper-cli"
    tool.write_text(
        f"#!/bin/sh\nexport LIGHT_WHISPER='{plan}'\n"
        f"exec '{sys.executable}' -P '{__file__}' \"$@\"\n"
    )
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    models.mkdir(parents=True, exist_ok=True)
    (models / "ggml-base.bin").write_bytes(bytes(MODEL_BYTES))
    plan.write_text(json.dumps({"fail": 0, "hang": 0, "runs": 0}))


def recording(path: Path, seconds: float = 20.0, *, rate: int = 16_000, channels: int = 1) -> Path:
    """Write a recording of silence."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(2 * channels * int(seconds * rate)))
    return path


def _segment(number: int) -> dict[str, Any]:
    words, start_ms = WORDS.split(), 10_000 * number
    tokens = [
        {"text": f" {word}", "offsets": {"from": begin, "to": begin + 800}, "id": n, "p": 0.9}
        for n, word in enumerate(words)
        for begin in (start_ms + 900 * n,)
    ]  # fmt: skip
    return {
        "timestamps": {"from": _clock(start_ms), "to": _clock(start_ms + 9000)},
        "offsets": {"from": start_ms, "to": start_ms + 9000},
        "text": f" {WORDS}",
        "tokens": tokens,
    }


def _clock(ms: int) -> str:
    seconds, rest = divmod(ms, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02},{rest:03}"


def main(arguments: list[str]) -> None:
    """Do what the command line says."""
    options = dict(itertools.pairwise(arguments))
    plan = Path(os.environ["LIGHT_WHISPER"])
    state = json.loads(plan.read_text())
    state["runs"] += 1
    state["pid"] = os.getpid()
    fail, hang = state["fail"] > 0, state["hang"] > 0
    state["fail"] -= fail
    state["hang"] -= hang
    plan.write_text(json.dumps(state))
    sys.stderr.write("whisper_print_progress_callback: progress =  50%\n")
    sys.stderr.flush()
    if fail:
        sys.exit("error: failed to process audio")
    while hang:
        time.sleep(60)
    with wave.open(options["-f"]) as file:
        assert (file.getframerate(), file.getnchannels()) == (16_000, 1)
        count = max(1, round(file.getnframes() / file.getframerate() / 10))
    result = {
        "systeminfo": "", "model": {"type": "base"}, "params": {"language": options["-l"]},
        "result": {"language": "en"},
        "transcription": [_segment(number) for number in range(count)],
    }  # fmt: skip
    Path(options["-of"] + ".json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
