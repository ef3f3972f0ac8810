"""Write docs/COMMANDS_MANIFEST.md: every command's help, and an example with its real output.

`uv run python docs/making/commands_manifest.py` makes a home in a folder of its own, starts a
real daemon on it and runs every example there. Only systemctl is replaced
(`stand_in_systemctl.py`), so that the service commands can be shown without touching the user's own
services.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import click

from daemon.control import llasactl
from daemon.start import llasad
from engine.cli.main import llasa_cli
from engine.models import local

ROOT = Path(__file__).parents[2]
TARGET = ROOT / "docs" / "COMMANDS_MANIFEST.md"
BIN = Path(sys.prefix) / "bin"
WIDTH = 80
TREES: dict[str, click.Command] = {"llasactl": llasactl, "llasad": llasad, "llasa-cli": llasa_cli}

# The examples of each command, run in this order: each finds what the ones before have left.
# A line that begins with "#" is run but not shown.
EXAMPLES: dict[str, list[str]] = {
    "llasad": ["llasad --home ~/llasa --drain --quiet"],
    "llasactl install": ["llasactl install --home ~/llasa"],
    "llasactl status": [
        "# cp allotment.json the-car.json kitchen-note.json ~/llasa/var/transcripts/",
        "# wait",
        "# cp broken.json ~/llasa/var/transcripts/",
        "# wait",
        "llasactl status",
    ],
    "llasactl jobs": ["llasactl jobs"],
    "llasactl show": ["llasactl show the-car.json", "llasactl show broken.json"],
    "llasactl retry": ["llasactl retry broken.json"],
    "llasactl open": ["llasactl open the-car.json"],
    "llasactl diff": ["llasactl diff allotment.json"],
    "llasactl speakers": [
        "llasactl speakers the-car.json",
        "llasactl speakers the-car.json SPEAKER_00=Ada SPEAKER_01=Grace",
    ],
    "llasactl search": ['llasactl search "cold soil"'],
    "llasactl quote": ['llasactl quote "nine hundred pounds for the gearbox" --speaker Ada'],
    "llasa-cli ask": [
        'llasa-cli ask --home ~/llasa "When did you put the beans in?"',
        'llasa-cli ask --home ~/llasa "Who won the election?"',
    ],
    "llasactl mcp": ["llasactl mcp < initialize.json"],
    "llasactl hooks": ["llasactl hooks"],
    "llasactl watch list": ["llasactl watch list"],
    "llasactl watch add": ["llasactl watch add ~/calls"],
    "llasactl watch remove": ["llasactl watch remove ~/calls"],
    "llasactl glossary add": ['llasactl glossary add "post gress" Postgres'],
    "llasactl glossary list": ["llasactl glossary list"],
    "llasactl export": ["llasactl export --to texts.zip"],
    "llasactl backup": ["llasactl backup --to llasa-backup.zip"],
    "llasactl review": ["llasactl review broken.json"],
    "llasactl render": ["llasactl render the-car.json"],
    "llasactl pause": ['llasactl pause "on battery"'],
    "llasactl redo": ["llasactl redo --all"],
    "llasactl prioritize": ["llasactl prioritize kitchen-note.json"],
    "llasactl cancel": ["llasactl cancel kitchen-note.json"],
    "llasactl forget": ["llasactl forget kitchen-note.json"],
    "llasactl add": ["llasactl add kitchen-note.json"],
    "llasactl resume": ["llasactl resume", "# wait"],
    "llasactl config": ["llasactl config check"],
    "llasactl config show": ["llasactl config show"],
    "llasactl config check": ["llasactl config check"],
    "llasactl config path": ["llasactl config path"],
    "llasactl config example": ["llasactl config example"],
    "llasactl config explain": ["llasactl config explain interviews/anna.json"],
    "llasactl model": ["llasactl model list"],
    "llasactl model pull": ["llasactl model pull SmolLM2-135M-Instruct.Q4_1.gguf"],
    "llasactl model list": ["llasactl model list"],
    "llasactl model show": ["llasactl model show SmolLM2-135M-Instruct.Q4_1"],
    "llasa-cli calibrate": [
        "llasa-cli calibrate SmolLM2-135M-Instruct.Q4_1 --language en --words 300"
    ],
    "llasactl model remove": ["llasactl model remove SmolLM2-135M-Instruct.Q4_1 --yes"],
    "llasactl doctor": ["# wait", "llasactl doctor"],
    "llasactl logs": ["llasactl logs -n 5"],
    "llasactl restart": ["llasactl restart"],
    "llasactl stop": ["llasactl stop"],
    "llasactl start": ["llasactl start"],
    "llasactl uninstall": ["llasactl uninstall"],
    "llasactl completion": ["llasactl completion fish"],
    "llasactl demo": ["llasactl demo --into ~/demo"],
    "llasa-cli prompt": ['llasa-cli --prompt "What is a leap year?" --max-tokens 40 --stats'],
    "llasa-cli chat": [
        "# llasa-cli chat --home ~/llasa --max-tokens 12 < hello.txt",
        "llasa-cli chat --home ~/llasa --list",
    ],
    "llasa-cli enhance": ["llasa-cli enhance allotment.json"],
    "llasa-cli describe": ["llasa-cli describe allotment.json"],
    "llasa-cli batch": ["llasa-cli batch allotment.json kitchen-note.json --output-dir enhanced/"],
    "llasa-cli bench": ["llasa-cli bench --parts 2"],
    "llasa-cli whisper": ["llasa-cli whisper meeting.wav --enhance"],
    "llasa-cli measure": ["llasa-cli measure meeting.wav"],
    "llasa-cli tune prepare": ["llasa-cli tune prepare house --text notes --home ~/llasa"],
    "llasa-cli tune train": ["llasa-cli tune train house --epochs 1 --layers 1 --home ~/llasa"],
    "llasa-cli tune list": ["llasa-cli tune list --home ~/llasa"],
    "llasa-cli tune evaluate": ["llasa-cli tune evaluate house --words 300 --home ~/llasa"],
    "llasa-cli tune fuse": ["llasa-cli tune fuse house --home ~/llasa"],
    "llasa-cli tune use": ["llasa-cli tune use house --home ~/llasa"],
}


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command with its full name, a group before its commands."""
    for name, command in TREES.items():
        yield from _below(name, command)


def _below(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from _below(f"{name} {child}", found)


def help_of(name: str, command: click.Command) -> str:
    """Return the output of `NAME --help` on a screen of 80 columns."""
    context = click.Context(
        command,
        info_name=name,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    return command.get_help(context).strip()


def section(name: str, command: click.Command, shown: str) -> str:
    """Return a command's section of the document."""
    example = f"\n```console\n{shown.rstrip()}\n```\n" if shown else ""
    return f"## {name}\n\n```text\n{help_of(name, command)}\n```\n{example}"


def main() -> None:
    """Run every example and write the document."""
    with ExampleHome() as home:
        shown = {name: home.show(lines) for name, lines in EXAMPLES.items()}
    parts = [section(name, command, shown.get(name, "")) for name, command in commands()]
    TARGET.write_text(_HEAD + "\n".join(parts), encoding="utf-8")
    sys.stdout.write(f"written: {TARGET}\n")


class ExampleHome:
    """A temporary home folder of a user, in which the examples are run."""

    def __enter__(self) -> ExampleHome:
        (ROOT / "var").mkdir(exist_ok=True)
        self.folder = ROOT / "var" / "ada"  # short: lines are wrapped by the real length of a path
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.work = self.folder / "Downloads"
        self.work.mkdir()
        for sample in (ROOT / "daemon" / "samples").glob("*.json"):
            shutil.copy(sample, self.work)
        text = (self.work / "allotment.json").read_text(encoding="utf-8")
        (self.work / "broken.json").write_text(text[: len(text) // 2], encoding="utf-8")
        (self.work / "hello.txt").write_text("Good morning!\n", encoding="utf-8")
        (self.work / "initialize.json").write_text(_INITIALIZE, encoding="utf-8")
        (self.folder / "calls").mkdir()
        _write_tone(self.work / "meeting.wav")
        _write_notes(self.work / "notes")
        if (gguf := local.packaged_file()) is not None:
            (self.work / gguf.name).symlink_to(gguf)
        stand_in = self.folder / "bin" / "systemctl"
        stand_in.parent.mkdir()
        script = ROOT / "docs" / "making" / "stand_in_systemctl.py"
        stand_in.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P "{script}" "$@"\n')
        stand_in.chmod(0o755)
        home = self.folder / "llasa"
        home.mkdir()
        (home / "llasa.toml").write_text(_SETTINGS, encoding="utf-8")
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(_NOT_OURS)},
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder / ".config"),
            "XDG_CACHE_HOME": str(self.folder / ".cache"),
            "PATH": f"{stand_in.parent}:{BIN}:{os.environ['PATH']}",
            "COLUMNS": str(WIDTH),
            "NO_COLOR": "1",
            "SHELL": "/bin/bash",
        }
        return self

    def __exit__(self, *_: object) -> None:
        self._run("llasactl stop")
        shutil.rmtree(self.folder)

    def show(self, lines: list[str]) -> str:
        """Run lines and return what a terminal would show, without those that are not shown."""
        out = io.StringIO()
        for line in lines:
            if line == "# wait":
                self._wait()
                continue
            output = self._run(line.removeprefix("# "))
            if not line.startswith("#"):
                out.write(f"$ {line}\n{output}")
        return self.tidy(out.getvalue())

    def _run(self, line: str) -> str:
        line, _, typed = line.partition(" < ")  # a file that takes the place of a keyboard
        words = [word.replace("~", str(self.folder), 1) for word in shlex.split(line)]
        done = subprocess.run(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self.environment,
            cwd=self.work,
            input=(self.work / typed).read_text(encoding="utf-8") if typed else "",
            timeout=600,
        )
        return done.stdout

    def _wait(self) -> None:
        """Wait until nothing is queued, running or settling."""
        quiet = 0
        for _ in range(600):
            status = self._run("llasactl status --json")
            busy = re.search(r'"(queued|running)": [1-9]', status)
            quiet = 0 if busy or '"last_scan": null' in status else quiet + 1
            if quiet > 12:
                return
            time.sleep(0.5)
        raise RuntimeError("the daemon does not run, or did not finish; is this checkout in /tmp?")

    def tidy(self, text: str) -> str:
        """Replace everything that belongs to this machine or this moment."""
        text = text.replace(str(BIN), "~/.local/bin").replace(str(self.folder), "~")
        text = text.replace(str(ROOT), "...")
        text = re.sub(r"\b(pid|process) \d+", r"\1 4711", text)
        return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def _write_tone(path: Path) -> None:
    """Write two seconds of a tone."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        tone = (int(9_000 * math.sin(n / 6)) for n in range(32_000))
        sound.writeframes(b"".join(value.to_bytes(2, "little", signed=True) for value in tone))


def _write_notes(folder: Path) -> None:
    """Write a folder of eight clean texts, from the English text that llasa carries."""
    folder.mkdir()
    text = (ROOT / "engine" / "calibration" / "texts" / "en.txt").read_text(encoding="utf-8")
    paragraphs = [part for part in text.split("\n\n") if part.strip()]
    for number in range(8):
        mine = paragraphs[number::8]
        (folder / f"note{number + 1}.txt").write_text("\n\n".join(mine), encoding="utf-8")


_INITIALIZE = (
    '{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"protocolVersion": '
    '"2025-06-18", "capabilities": {}, "clientInfo": {"name": "a client", "version": "1"}}}\n'
)
_NOT_OURS = ("LLASA_", "DISPLAY", "HF_")
_SETTINGS = """\
settle_s = 0.5
settle_limit_s = 1
idle_unload_s = 1

[profile.interviews]
folders = ["interviews"]
cleaning = "thorough"
"""

_HEAD = """\
# Every command

Written by `uv run python docs/making/commands_manifest.py` from real runs in a temporary home; a
test compares the help texts with the code. The meaning of options and JSON keys:
[commands.md](commands.md).

"""

if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
