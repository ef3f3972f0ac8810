"""What the first bytes of a recording say: its format, its length, and whether its end is missing.

Only headers are read, with a few seeks: a file of hours costs as much as one of seconds.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

_HEAD: Final = 64
_MOST_CHUNKS: Final = 10_000  # a file of more is noise
_UNKNOWN_SIZE: Final = frozenset((0, 0xFFFFFFFF))  # written by a tool that could not go back


@dataclass(frozen=True, slots=True)
class Header:
    """What a recording says of itself."""

    format: str  # "wav", "m4a", "mp3", ...; "" for none that is known
    duration_s: float | None = None  # None where the header does not say it
    cut_off: bool = False  # it says that there is more than there is
    plain: bool = False  # 16 kHz, mono, 16 bit: nothing needs to be converted


def read(path: str | os.PathLike[str]) -> Header:
    """Read the header of a recording; raises `OSError`."""
    with Path(path).open("rb") as file:
        return read_from(file)


def read_from(file: BinaryIO) -> Header:
    """Read the header of an open recording, wherever it is read at."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(_HEAD)
    if head[:4] in (b"RIFF", b"RF64") and head[8:12] == b"WAVE":
        return _wave(file, size)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return _boxes(file, size, quicktime=head[8:12] == b"qt  ")
    if head[:4] == b"fLaC":
        return Header("flac", _flac_duration(head))
    if head[:4] == b"OggS":
        return Header("opus" if b"OpusHead" in head else "ogg")
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return Header("aiff", cut_off=int.from_bytes(head[4:8], "big") + 8 > size)
    if head[:4] == b"caff":
        return Header("caf")
    if head[:4] == b"\x1a\x45\xdf\xa3":
        return Header("webm" if b"webm" in head else "mkv")
    if head[:5] == b"#!AMR":
        return Header("amr")
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return Header("avi", cut_off=_little(head[4:8]) + 8 > size)
    if head[:16] == bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"):
        return Header("wma")
    if head[:3] == b"ID3" or (head[:1] == b"\xff" and len(head) > 2 and head[1] & 0xE0 == 0xE0):
        aac = head[:1] == b"\xff" and head[1] & 0xF6 == 0xF0
        return Header("aac" if aac else "mp3")
    return Header("")


def _wave(file: BinaryIO, size: int) -> Header:
    """Walk the chunks of a WAV file up to its samples."""
    rate = frame = 0
    kind: tuple[int, int, int] = (0, 0, 0)
    place, long_size = 12, 0
    for _ in range(_MOST_CHUNKS):
        file.seek(place)
        head = file.read(8)
        if len(head) < 8:
            return Header("wav", cut_off=True)
        name, length = head[:4], _little(head[4:])
        if name == b"ds64":
            long_size = _little(file.read(16)[8:])
        elif name == b"fmt ":
            form = file.read(16)
            if len(form) < 16:
                return Header("wav", cut_off=True)
            tag, channels, rate, _, frame, bits = struct.unpack("<HHIIHH", form)
            kind = (tag, channels, bits)
        elif name == b"data":
            if name == b"data" and length == 0xFFFFFFFF and long_size:
                length = long_size
            there = size - place - 8
            unknown = length in _UNKNOWN_SIZE
            heard = there if unknown else min(length, there)
            duration_s = heard / frame / rate if frame and rate else None
            plain = kind == (1, 1, 16) and rate == 16_000
            return Header("wav", duration_s, not unknown and length > there, plain)
        place += 8 + length + length % 2
    return Header("wav", cut_off=True)


def _boxes(file: BinaryIO, size: int, *, quicktime: bool) -> Header:
    """Walk the boxes of an MPEG-4 file; without its index, or past its end, it is cut off."""
    name = "mov" if quicktime else "m4a"
    duration_s: float | None = None
    place, cut, has_index = 0, False, False
    for _ in range(_MOST_CHUNKS):
        file.seek(place)
        head = file.read(16)
        if len(head) < 8:
            break
        length = int.from_bytes(head[:4], "big")
        header = 8
        if length == 1 and len(head) == 16:
            length, header = int.from_bytes(head[8:], "big"), 16
        elif length == 0:  # to the end of the file
            length = size - place
        if length < header:
            cut = True
            break
        cut = place + length > size
        if head[4:8] == b"moov":
            has_index = True
            duration_s = _index_duration(file, place + header, min(place + length, size))
        place += length
        if place >= size:
            break
    return Header(name, duration_s, cut_off=cut or not has_index)


def _index_duration(file: BinaryIO, place: int, end: int) -> float | None:
    while place + 8 <= end:
        file.seek(place)
        head = file.read(8)
        length = int.from_bytes(head[:4], "big")
        if head[4:8] == b"mvhd":
            body = file.read(32)
            if len(body) < 32:
                return None
            if body[0] == 1:
                scale, units = struct.unpack(">IQ", body[20:32])
            else:
                scale, units = struct.unpack(">II", body[12:20])
            return float(units / scale) if scale else None
        if length < 8:
            return None
        place += length
    return None


def _flac_duration(head: bytes) -> float | None:
    info = head[8:]  # after the mark and the header of the first block
    if len(info) < 18:
        return None
    rate = int.from_bytes(info[10:13], "big") >> 4
    samples = int.from_bytes(info[13:18], "big") & ((1 << 36) - 1)
    return samples / rate if rate and samples else None


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
