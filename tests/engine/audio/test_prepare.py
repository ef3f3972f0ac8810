"""Recordings become 16 kHz, mono, 16 bit, whatever tool is here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from engine.audio import containers, prepare
from engine.audio.python import VARIABLE, interpreter_with
from engine.errors import BadSound, ConverterMissing
from tests import light_whisper, sound_tools

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not here")
CONVERTERS = ("ffmpeg", "soundfile")


@pytest.fixture(params=CONVERTERS)
def converter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Use one converter; skip where it is not here."""
    name: str = request.param
    if name == "ffmpeg":
        if shutil.which("ffmpeg") is None:
            pytest.skip("ffmpeg is not here")
        return name
    if (python := sound_tools.whisper_python()) is not None:
        monkeypatch.setenv(VARIABLE, str(python))
    if interpreter_with("soundfile", "soxr") is None:
        pytest.skip(f"soundfile and soxr are not here ({sound_tools.VARIABLE})")
    real = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "ffmpeg" else real(name))
    return name


def test_a_recording_is_converted(tmp_path: Path, converter: str) -> None:
    """Stereo of 44.1 kHz; the length stays, and progress is told."""
    source = light_whisper.recording(tmp_path / "talk.wav", 12.0, rate=44_100, channels=2)
    heard: list[tuple[float, float | None]] = []
    found = prepare.prepare(source, tmp_path, progress=lambda *at: heard.append(at))
    assert found.duration_s == pytest.approx(12.0, abs=0.05)
    assert (found.format, found.damage) == ("wav", None)
    assert containers.read(found.path).plain
    assert heard[-1][0] == pytest.approx(12.0, abs=0.1)
    assert heard[-1][1] == pytest.approx(12.0, abs=0.1)


def test_what_needs_no_work_is_taken_as_it_is(tmp_path: Path) -> None:
    """No tool is started."""
    source = light_whisper.recording(tmp_path / "talk.wav", 3.0)
    found = prepare.prepare(source, tmp_path)
    assert (found.path, found.duration_s) == (source, 3.0)


def test_a_recording_that_ends_too_early_is_named_and_used(tmp_path: Path, converter: str) -> None:
    """What is there can be heard."""
    whole = light_whisper.recording(tmp_path / "whole.wav", 10.0, rate=44_100).read_bytes()
    source = tmp_path / "talk.wav"
    source.write_bytes(whole[: len(whole) // 2])
    found = prepare.prepare(source, tmp_path)
    assert found.damage == "the file ends too early"
    assert found.duration_s == pytest.approx(5.0, abs=0.1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "The recording is empty."),
        (b"just some text", "This is no recording of a kind that is known."),
        (b"ID3\x04\0\0\0\0\0\0" + bytes(200), "No sound can be read from this mp3 file"),
    ],
)
def test_what_cannot_be_heard_is_named(
    tmp_path: Path, converter: str, data: bytes, message: str
) -> None:
    """A reason and a hint, whatever the tool prints."""
    source = tmp_path / "talk.mp3"
    source.write_bytes(data)
    with pytest.raises((BadSound, ConverterMissing)) as raised:
        prepare.prepare(source, tmp_path)
    if isinstance(raised.value, ConverterMissing):
        assert converter == "soundfile"
        return
    assert message in str(raised.value)
    assert raised.value.hint


def test_a_format_that_no_tool_reads_is_refused_with_the_way_to_read_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is here: the hint names ffmpeg and the extra."""
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(prepare, "interpreter_with", lambda *names, named=None: None)
    source = light_whisper.recording(tmp_path / "talk.wav", 1.0, rate=8_000)
    with pytest.raises(ConverterMissing) as raised:
        prepare.prepare(source, tmp_path)
    assert "ffmpeg" in raised.value.hint
    assert "llasa[audio]" in raised.value.hint


@needs_ffmpeg
def test_a_name_is_never_an_option_or_an_address(tmp_path: Path) -> None:
    """Names that mean something to ffmpeg are names of files."""
    plain = light_whisper.recording(tmp_path / "plain.wav", 1.0, rate=8_000)
    for name in ("-y.wav", "concat:a.wav", "http:a.wav", "100%d.wav"):
        source = plain.rename(tmp_path / name)
        assert prepare.prepare(source, tmp_path).duration_s == pytest.approx(1.0, abs=0.05)
        plain = source


@needs_ffmpeg
def test_other_formats_are_read(tmp_path: Path) -> None:
    """An AAC file of a telephone."""
    plain = light_whisper.recording(tmp_path / "plain.wav", 4.0, rate=44_100)
    source = tmp_path / "talk.m4a"
    command = ["ffmpeg", "-v", "error", "-i", str(plain), "-c:a", "aac", str(source)]
    subprocess.run(command, check=True)
    found = prepare.prepare(source, tmp_path)
    assert (found.format, found.damage) == ("m4a", None)
    assert found.duration_s == pytest.approx(4.0, abs=0.1)
