"""What the first bytes of a recording say."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest

from engine.audio import containers
from tests import light_whisper


def wav(seconds: float, **about: int) -> bytes:
    """Return a WAV file."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return light_whisper.recording(Path(folder) / "a.wav", seconds, **about).read_bytes()


def box(name: bytes, content: bytes = b"") -> bytes:
    """Return a box of an MPEG-4 file."""
    return struct.pack(">I", 8 + len(content)) + name + content


INDEX = box(b"moov", box(b"mvhd", bytes(12) + struct.pack(">II", 600, 6_000) + bytes(80)))


def header(data: bytes) -> containers.Header:
    """Return what a file of these bytes says."""
    return containers.read_from(io.BytesIO(data))


def test_a_wav_file_says_its_length_and_whether_it_needs_work() -> None:
    """16 kHz, mono, 16 bit is taken as it is."""
    assert header(wav(2.0)) == containers.Header("wav", 2.0, plain=True)
    assert header(wav(1.5, rate=44_100, channels=2)) == containers.Header("wav", 1.5)


def test_a_wav_file_that_is_still_written_is_cut_off() -> None:
    """It says that more samples follow than there are; what is there is counted."""
    found = header(wav(2.0)[:-32_000])
    assert (found.cut_off, found.duration_s) == (True, 1.0)
    assert header(wav(2.0)[:30]).cut_off


def test_a_wav_file_of_a_tool_that_could_not_go_back_is_whole() -> None:
    """ffmpeg writes the largest number there is into a pipe."""
    data = wav(2.0)
    place = data.index(b"data") + 4
    found = header(data[:place] + b"\xff\xff\xff\xff" + data[place + 4 :])
    assert (found.cut_off, found.duration_s) == (False, 2.0)


def test_an_mpeg_4_file_without_its_index_is_cut_off() -> None:
    """Recorders write it last."""
    kind = box(b"ftyp", b"M4A \0\0\0\0")
    sound = box(b"mdat", bytes(1000))
    assert header(kind + sound + INDEX) == containers.Header("m4a", 10.0)
    assert header(kind + INDEX + sound) == containers.Header("m4a", 10.0)
    assert header(kind + sound).cut_off
    assert header(kind + INDEX + sound[:-10]).cut_off


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"fLaC\0\0\0\x22" + bytes(34), "flac"),
        (b"OggS" + bytes(24) + b"\x01vorbis" + bytes(40), "ogg"),
        (b"OggS" + bytes(24) + b"OpusHead" + bytes(40), "opus"),
        (b"ID3\x04" + bytes(60), "mp3"),
        (b"\xff\xfb\x90\x64" + bytes(60), "mp3"),
        (b"\xff\xf1\x50\x80" + bytes(60), "aac"),
        (b"FORM\0\0\0\x38AIFF" + bytes(52), "aiff"),
        (b"caff\0\1\0\0" + bytes(56), "caf"),
        (b"\x1a\x45\xdf\xa3" + bytes(20) + b"webm" + bytes(36), "webm"),
        (b'{"text": "no sound"}' + bytes(60), ""),
        (b"", ""),
    ],
)
def test_formats_are_known_by_their_content(data: bytes, kind: str) -> None:
    """Whatever the name of the file says."""
    assert header(data).format == kind


@pytest.mark.parametrize("seed", range(200))
def test_no_bytes_are_too_strange(seed: int) -> None:
    """Broken headers end in an answer, not in an error or an endless walk."""
    import random

    chance = random.Random(seed)
    data = bytearray(chance.choice([wav(0.1), box(b"ftyp", b"M4A ") + INDEX, b"fLaC" + bytes(60)]))
    for _ in range(chance.randint(1, 8)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    header(bytes(data[: chance.randrange(len(data) + 1)]))
