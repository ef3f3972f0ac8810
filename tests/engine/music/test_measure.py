"""Measurements of sounds whose pitch and tempo are known, with the real librosa."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from engine.audio import python
from engine.audio.prepare import Sound
from engine.errors import ToolFailed
from engine.music import measure
from engine.music.errors import MeasurerMissing
from engine.music.measure import Measured, Measurement
from tests import sound_tools
from tests.engine.music import sounds


@pytest.fixture
def librosa(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the test a Python with librosa, or skip it."""
    if (named := sound_tools.measure_python()) is not None:
        monkeypatch.setenv(python.VARIABLE, str(named))
    if measure.where() is None:
        pytest.skip("librosa is not installed here: python -m tests.sound_tools FOLDER measure")


def measured(folder: Path, samples: list[float]) -> Measured:
    """Measure samples."""
    path = sounds.write(folder / "sound.wav", samples)
    return measure.measure(Sound(path, len(samples) / sounds.RATE, "wav", None), folder)


def one(made: Measured, name: str) -> Measurement:
    """Return a measurement that must be there."""
    found = made.get(name)
    assert found is not None
    return found


@pytest.mark.usefixtures("librosa")
@pytest.mark.parametrize("bpm", [60, 120, 133])
def test_the_tempo_of_clicks_is_exact_to_a_tenth(tmp_path: Path, bpm: float) -> None:
    """And every click is an onset within 40 ms."""
    made = measured(tmp_path, sounds.clicks(bpm))
    tempo = one(made, "tempo")
    assert tempo.value == pytest.approx(bpm, abs=0.1)
    assert tempo.confidence > 0.8
    onsets = one(made, "onsets")
    expected = [0.25 + n * 60 / bpm for n in range(100) if 0.25 + n * 60 / bpm < 9.9]
    assert onsets.value == len(expected)
    for found, right in zip(onsets.more["times_s"], expected, strict=True):
        assert found == pytest.approx(right, abs=0.04)


@pytest.mark.usefixtures("librosa")
def test_notes_between_the_beats_do_not_hide_the_beat(tmp_path: Path) -> None:
    """Loud quarters and soft eighths; half and double are right ways to count."""
    loud, soft = sounds.clicks(100), sounds.clicks(200)
    tempo = one(measured(tmp_path, [a + b / 4 for a, b in zip(loud, soft, strict=True)]), "tempo")
    assert isinstance(tempo.value, float)
    assert any(right == pytest.approx(100, abs=0.2) for right in (tempo.value, *tempo.more["also"]))
    assert tempo.confidence > 0.6


@pytest.mark.usefixtures("librosa")
@pytest.mark.parametrize("hertz", [110.0, 440.0])
def test_a_tone_has_its_pitch_within_ten_cents_and_no_tempo(tmp_path: Path, hertz: float) -> None:
    """One onset is no beat."""
    made = measured(tmp_path, sounds.tone(hertz, 4.0))
    pitch = one(made, "pitch_range").value
    assert isinstance(pitch, list)
    for found in pitch:
        assert abs(1200 * math.log2(found / hertz)) < 10
    tempo = one(made, "tempo")
    assert tempo.value is None
    assert tempo.more["why"]


@pytest.mark.usefixtures("librosa")
def test_the_loudness_of_a_full_tone_is_the_standards(tmp_path: Path) -> None:
    """BS.1770: 997 Hz at full scale in one channel are -3.01 LUFS; half of it is 6.02 less."""
    full = measured(tmp_path, sounds.tone(997, 4.0, amplitude=1.0))
    half = measured(tmp_path, sounds.tone(997, 4.0, amplitude=0.5))
    assert one(full, "loudness").value == pytest.approx(-3.01, abs=0.1)
    assert one(half, "loudness").value == pytest.approx(-9.03, abs=0.1)


@pytest.mark.usefixtures("librosa")
@pytest.mark.parametrize(
    ("root_hertz", "steps", "key"),
    [(261.63, sounds.MAJOR, "C major"), (220.0, sounds.MINOR, "A minor")],
)
def test_the_key_of_a_scale_is_found(
    tmp_path: Path, root_hertz: float, steps: tuple[int, ...], key: str
) -> None:
    """And how far its voice goes."""
    made = measured(tmp_path, sounds.scale(root_hertz, steps))
    assert one(made, "key").value == key
    pitch = one(made, "pitch_range").value
    assert isinstance(pitch, list)
    assert pitch[0] == pytest.approx(root_hertz, rel=0.01)
    assert pitch[1] == pytest.approx(2 * root_hertz, rel=0.01)


@pytest.mark.usefixtures("librosa")
def test_silence_and_noise_have_no_key_and_say_why(tmp_path: Path) -> None:
    """What cannot be told is not guessed."""
    silence = measured(tmp_path, [0.0] * 3 * sounds.RATE)
    assert [m.value for m in silence.measurements] == [None] * 5
    noise = measured(tmp_path, sounds.noise(6.0))
    assert one(noise, "key").value is None
    assert one(noise, "key").more["why"] == "no pitches stand out"
    assert one(noise, "tempo").value is None


def test_without_librosa_the_error_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is run."""
    monkeypatch.setattr(measure, "interpreter_with", lambda *names, named=None: None)
    with pytest.raises(MeasurerMissing) as caught:
        measure.measure(Sound(tmp_path / "a.wav", 1.0, "wav", None), tmp_path)
    assert "llasa[measure]" in caught.value.hint


@pytest.mark.usefixtures("librosa")
def test_sound_that_the_tool_cannot_read_is_a_failure_by_its_name(tmp_path: Path) -> None:
    """Not an empty result."""
    path = tmp_path / "broken.wav"
    path.write_bytes(b"RIFF")
    with pytest.raises(ToolFailed, match="librosa"):
        measure.measure(Sound(path, 1.0, "wav", None), tmp_path)
