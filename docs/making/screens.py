"""Write docs/screens/*.svg from real runs: the commands' screens on a terminal of 80 columns.

`uv run python docs/making/screens.py`; the home is that of `commands_manifest.py`.
"""

from __future__ import annotations

import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from docs.making.commands_manifest import ROOT, WIDTH, ExampleHome

TARGET = ROOT / "docs" / "screens"
SHOWN = {
    "status": "llasactl status",
    "jobs": "llasactl jobs",
    "diff": "llasactl diff allotment.json",
    "doctor": "llasactl doctor --no-model",
    "menu": "llasa-cli",
    "chat": "llasa-cli chat --max-tokens 60",
    "describe": "llasa-cli describe the-car.json",
}
# What is typed on a screen: what is waited for, and the keys.
TYPED = {
    "menu": (("Number", "q\n"),),
    "chat": (
        ("you>", "What is a leap year?\n"),
        ("you>", "/stats\n"),
        ("you>", "/exit\n"),
    ),
}
# A spinner or a bar: it hides the cursor, writes over itself and is gone at the end.
_LIVE = re.compile(r"\x1b\[\?25l.*?\x1b\[\?25h(?:\r?\x1b\[(?:1A|2K|0K))*", re.DOTALL)

_UNSHOWN = re.compile(r"\x1b\[\?\d+[hl]|\r(?=\n)|(?<=\n)\r")  # modes of the line editor


def main() -> None:
    """Prepare a home, run each command on a terminal, and write its screen."""
    TARGET.mkdir(exist_ok=True)
    with ExampleHome() as home:
        home.environment.pop("NO_COLOR")
        home.environment |= {"TERM": "xterm-256color", "PAGER": "cat", "LINES": "40"}
        home.show(["llasactl install --home ~/llasa"])
        first = "# cp allotment.json the-car.json broken.json ~/llasa/var/transcripts/"
        home.show([first, "# wait"])
        screens = {
            name: on_terminal(home, line, TYPED.get(name, ()))
            for name, line in SHOWN.items()
            if name != "status"
        }
        (home.work / "long-interview.json").write_text(_long(home), encoding="utf-8")
        home.show(["# cp long-interview.json kitchen-note.json ~/llasa/var/transcripts/"])
        for _ in range(100):
            screens["status"] = on_terminal(home, SHOWN["status"])
            if re.search(r"part ([89]|\d\d) of", screens["status"]):
                break
            time.sleep(0.1)
        for name, screen in screens.items():
            write(TARGET / f"{name}.svg", SHOWN[name], home.tidy(screen))
    sys.stdout.write(f"written: {', '.join(sorted(screens))} in {TARGET}\n")


def on_terminal(home: ExampleHome, line: str, typed: Sequence[tuple[str, str]] = ()) -> str:
    """Run a command on its own terminal, type what is asked for, and return all that it shows."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        shlex.split(line),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=home.environment,
        cwd=home.work,
    )
    os.close(theirs)
    out = b""
    seen = 0
    waiting = list(typed)
    try:
        while data := os.read(ours, 65536):
            out += data
            while waiting and (at := out.find(waiting[0][0].encode(), seen)) >= 0:
                seen = at + len(waiting[0][0])
                os.write(ours, waiting.pop(0)[1].encode())
    except OSError:
        pass  # the other end of the terminal was closed: the command has ended
    process.wait()
    os.close(ours)
    return _UNSHOWN.sub("", _LIVE.sub("", out.decode().replace("\r\n", "\n")))


def write(path: Path, command: str, screen: str) -> None:
    """Write a screen as a picture, with its colours."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text.assemble(("$ ", "dim"), (command, "bold")))
    console.print(Text.from_ansi(screen.rstrip()))
    path.write_text(console.export_svg(title="llasa", unique_id=path.stem), encoding="utf-8")


def _long(home: ExampleHome) -> str:
    """Return a transcript of the samples' words, long enough to be shown while it is decoded."""
    text = (home.work / "the-car.json").read_text(encoding="utf-8")
    whole = json.loads(text)
    segments, at = [], 0.0
    for _ in range(60):
        for segment in whole["segments"]:
            length = segment["end"] - segment["start"]
            words = " ".join(word for word in segment["text"].split())
            segments.append({"start": at, "end": at + length, "text": f" {words}"})
            at += length + 0.3 + (len(segments) % 7) / 10
    return json.dumps({"text": "", "language": "en", "segments": segments})


if __name__ == "__main__":
    main()
