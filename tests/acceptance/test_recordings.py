"""Real recordings through the real daemon and a real Whisper tool; real voices told apart.

They need what `python -m tests.sound_tools FOLDER` makes, in `LLASA_TEST_SOUND`, and Debian's
pocketsphinx-testdata and espeak-ng.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.audio.prepare import prepare
from engine.audio.python import VARIABLE
from engine.diarize.backends import find
from engine.diarize.records import Count
from tests import sound_tools, voices

CLIP = "sense_and_sensibility_01_austen_64kb-0870"
LIMIT_S = 1_500.0  # a busy machine takes many times the usual

needs_whisper = pytest.mark.skipif(
    sound_tools.whisper_python() is None or sound_tools.whisper_base() is None,
    reason=f"no faster-whisper with Whisper base ({sound_tools.VARIABLE})",
)
needs_librivox = pytest.mark.skipif(
    not sound_tools.LIBRIVOX.is_dir(), reason="pocketsphinx-testdata is not installed"
)
needs_senko = pytest.mark.skipif(
    sound_tools.diarize_python() is None or not sound_tools.runs_senko(),
    reason=f"no senko ({sound_tools.VARIABLE}), or a processor that its wheel is not made for",
)
needs_voices = pytest.mark.skipif(not voices.available(), reason="espeak-ng is not installed")


def home_with_audio(folder: Path) -> Path:
    """Return a home that takes recordings, with Whisper base among its models."""
    home = folder / "home"
    models = home / "var" / "models"
    models.mkdir(parents=True, mode=0o700)
    base = sound_tools.whisper_base()
    assert base is not None
    (models / "whisper-base").symlink_to(base.resolve())
    (home / "llasa.toml").write_text(
        'audio = ["*.wav"]\ntranscriber = "faster-whisper"\nwhisper_model = "base"\n'
        f'audio_python = "{sound_tools.whisper_python()}"\nlanguage = "en"\n'
    )
    return home


def plain_words(text: str) -> list[str]:
    """Return the words of a text without marks and case."""
    return re.findall(r"[a-z']+", text.lower())


@needs_whisper
@needs_librivox
@pytest.mark.timeout(LIMIT_S)
def test_a_recording_that_is_dropped_becomes_enhanced_text_with_times(tmp_path: Path) -> None:
    """A reading of LibriVox: the words are those of the book, and each has its time."""
    home = home_with_audio(tmp_path)
    folder = home / "var" / "transcripts"
    folder.mkdir(parents=True)
    shutil.copy(sound_tools.LIBRIVOX / f"{CLIP}.wav", folder / "talk.wav")
    command = [sys.executable, "-P", "-m", "daemon.start", "--home", str(home), "--drain"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert ended.returncode == 0, ended.stderr
    transcript = json.loads((folder / "talk.json").read_text())
    text = (folder / "talk.enhanced.txt").read_text()
    said = [word["word"] for segment in transcript["segments"] for word in segment["words"]]
    assert plain_words(text) == plain_words("".join(said))
    book = (sound_tools.LIBRIVOX / "transcription").read_text().lower()
    line = next(line for line in book.splitlines() if CLIP[-4:] in line)
    spoken = set(plain_words(line.split("</s>")[0].replace("<s>", "")))
    assert len(spoken & set(plain_words(text))) >= 0.8 * len(spoken)
    metadata = json.loads((folder / "talk.metadata.json").read_text())
    assert metadata["source"]["timing"] == "word"
    assert metadata["source"]["duration_s"] == pytest.approx(7.1, abs=1.0)
    assert not list((home / "var" / "state" / "sound").iterdir())


@needs_senko
@needs_voices
@pytest.mark.timeout(LIMIT_S)
def test_two_synthetic_voices_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the number given; docs/benchmarks.md has what is reached without it."""
    monkeypatch.setenv(VARIABLE, os.fspath(sound_tools.diarize_python() or ""))
    talk = voices.talk(tmp_path / "talk.wav", voices=2, turns=8)
    sound = prepare(talk.path, tmp_path)
    found = find(sound, tmp_path, recording="talk.wav", count=Count.exactly(2))
    assert {turn.speaker for turn in found.turns} == {"SPEAKER_00", "SPEAKER_01"}
    assert voices.error_rate(talk.turns, found.turns) < 0.25
