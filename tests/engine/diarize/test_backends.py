"""The search for speakers as a process: how its end is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.audio.prepare import Sound
from engine.diarize import backends
from engine.diarize.records import Count
from engine.errors import ToolFailed


class Ending:
    """A tool that ends as a test wants."""

    name = "senko"
    how_to_get = "x"

    def __init__(self, script: str) -> None:
        self.script = script

    def where(self, python: str | None) -> str | None:
        return "/bin/sh"

    def command(self, program: str, sound: Path, out: Path, count: Count) -> list[str]:
        return [program, "-c", self.script]


@pytest.mark.parametrize(
    ("script", "hint"), [("kill -ILL $$", "built for another processor"), ("exit 3", "by hand")]
)
def test_a_tool_for_another_processor_is_named_as_such(
    script: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wheels with native code may need instructions that a machine lacks."""
    monkeypatch.setattr(backends, "DIARIZERS", (Ending(script),))
    sound = Sound(tmp_path / "a.wav", 1.0, "wav", None)
    with pytest.raises(ToolFailed, match="senko ended with") as caught:
        backends.find(sound, tmp_path, recording="a.wav", count=Count())
    assert hint in caught.value.hint
