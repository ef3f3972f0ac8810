"""Which recording belongs to a transcript, and which transcripts to a recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from daemon.config import Config
from daemon.files.recordings import is_recording, recording_beside, transcripts_beside


@pytest.mark.parametrize(
    ("transcript", "recording"),
    [
        ("talk.json", "talk.m4a"),
        ("talk.json", "TALK.MP3"),
        ("talk.wav.json", "talk.wav"),
        ("talk.srt", "talk.mp4"),
        ("talk.1.json", "talk.wav"),
        ("v1.2.json", "v1.2.flac"),
        ("talk.json", None),
    ],
)
def test_a_transcript_names_its_recording(
    tmp_path: Path, transcript: str, recording: str | None
) -> None:
    """In the same folder, whatever the case of its ending."""
    for other in ("talks.m4a", "talk.txt", "other.wav", "talk.enhanced.txt"):
        (tmp_path / other).touch()
    if recording is not None:
        (tmp_path / recording).touch()
    found = recording_beside(tmp_path / transcript)
    assert (found.name if found is not None else None) == recording


def test_a_link_is_no_recording(tmp_path: Path) -> None:
    """Links are not followed."""
    (tmp_path / "elsewhere.bin").touch()
    (tmp_path / "talk.m4a").symlink_to(tmp_path / "elsewhere.bin")
    assert recording_beside(tmp_path / "talk.json") is None


def test_every_transcript_of_a_recording_counts(tmp_path: Path, config: Config) -> None:
    """Of the kinds that the settings include, by its name or by its stem."""
    config = replace(config, audio=("*.M4A",), include=("*.json", "*.srt"))
    recording = tmp_path / "talk.m4a"
    for name in ("talk.json", "talk.srt", "talk.m4a.json", "talk.txt", "talk.vtt", "talk.m4a"):
        (tmp_path / name).touch()
    found = sorted(path.name for path in transcripts_beside(recording, config))
    assert found == ["talk.json", "talk.m4a.json", "talk.srt"]
    assert is_recording(config, str(recording))
    assert not is_recording(config, str(tmp_path / "talk.mp3"))
