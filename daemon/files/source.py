"""Read a source file safely: never through a link, never a device, never over the limit."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import stat
import sys
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from daemon.errors import SourceError
from state.job import Fingerprint

_SF_DATALESS: Final = 0x40000000  # macOS: the content is only in iCloud
_UF_COMPRESSED: Final = 0x20  # macOS: a compressed file has no blocks of its own
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK: Final = 1024 * 1024
_BLOCK: Final = 64 * 1024
_BEFORE_VALUE: Final = re.compile(rb"(?:\xef\xbb\xbf)?[ \t\r\n]*")
_BRACKETS: Final = bytes.maketrans(b"[{]}", b"(())")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[{]}"))
_ROUNDS: Final = 4  # levels of brackets that are removed at once
_OPENING: Final = ord("(")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The content of a file at one moment: the work is done on this, never on the file."""

    data: bytes
    sha256: str
    fingerprint: Fingerprint
    mode: int  # st_mode; the outputs get it


def stat_file(path: str) -> Fingerprint | None:
    """Return the fingerprint of a regular file, None for anything else and if it is gone."""
    try:
        status = os.stat(path, follow_symlinks=False)
    except (OSError, ValueError):
        return None
    return Fingerprint.of(status) if stat.S_ISREG(status.st_mode) else None


def read_snapshot(path: str, *, max_bytes: int) -> Snapshot:
    """Read a whole file, by a path without links.

    Raises SourceError with the reason `source_gone`, `unreadable`, `too_large`, `not_downloaded`,
    `not_a_file` or, if the file changed while it was read, `source_changed`.
    """
    return _snapshot(path, max_bytes, keep=True)


def hash_snapshot(path: str, *, max_bytes: int) -> Snapshot:
    """Return the snapshot of a file without its content, which may be gigabytes.

    Raises as `read_snapshot` does.
    """
    return _snapshot(path, max_bytes, keep=False)


def _snapshot(path: str, max_bytes: int, *, keep: bool) -> Snapshot:
    try:
        descriptor = _open_without_links(path)
    except OSError as error:
        raise _refusal(error) from error
    try:
        before = os.fstat(descriptor)
        _refuse(before, max_bytes)
        data, digest, size = _read(descriptor, max_bytes, keep=keep)
        after = os.fstat(descriptor)
    except OSError as error:
        raise _refusal(error) from error
    finally:
        os.close(descriptor)
    fingerprint = Fingerprint.of(after)
    if Fingerprint.of(before) != fingerprint or size != after.st_size:
        raise SourceError("The file changed while it was read.", reason="source_changed")
    return Snapshot(data, digest, fingerprint, after.st_mode)


def is_dataless(status: os.stat_result, *, platform: str = sys.platform) -> bool:
    """Return whether the file's content is not on this machine (evicted to iCloud)."""
    if platform != "darwin":
        return False
    flags: int = getattr(status, "st_flags", 0)
    if flags & _SF_DATALESS:
        return True
    return status.st_size > 0 and status.st_blocks == 0 and not flags & _UF_COMPRESSED


def is_cut_off(data: bytes) -> bool:
    """Return whether JSON text ends before its value does, as while a file is being written.

    It checks only brackets and strings and keeps nothing of the value, so it needs little more
    memory than the text itself. Data that is neither an object nor a list is never cut off.
    """
    encoding = json.detect_encoding(data)
    if not encoding.startswith("utf-8"):
        try:
            data = data.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            return error.end >= len(data) - 3  # in the middle of a character
    begin = _BEFORE_VALUE.match(data)
    start = begin.end() if begin is not None else 0
    if start == len(data):
        return True
    return data[start] in b"[{" and _is_open(data, start)


def _is_open(data: bytes, start: int) -> bool:
    """Return whether the object or list that begins at `start` is not closed; in linear time."""
    depth = 0
    in_string = False
    kept = b""  # a backslash at the end of the block before, the first half of an escape
    for place in range(start, len(data), _BLOCK):
        block = kept + data[place : place + _BLOCK]
        backslashes = len(block) - len(block.rstrip(b"\\"))
        kept = b"\\" * (backslashes % 2)
        block = block[: len(block) - len(kept)]
        pieces = block.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')
        brackets = b"".join(pieces[int(in_string) :: 2]).translate(_BRACKETS, _NO_BRACKETS)
        in_string ^= len(pieces) % 2 == 0
        closing = brackets.count(b")")
        if closing < depth:
            depth += len(brackets) - 2 * closing
            continue
        for _ in range(_ROUNDS if depth else 0):
            brackets = brackets.replace(b"()", b"")  # such a pair never closes the value itself
        for bracket in brackets:
            depth += 1 if bracket == _OPENING else -1
            if depth == 0:
                return False
    return True


def _open_without_links(path: str) -> int:
    """Open a file so that no component of its path can be a link, not even one swapped in."""
    if sys.platform == "darwin":
        return os.open(path, _READ | os.O_NOFOLLOW_ANY)
    *folders, name = PurePath(path).parts[1:]
    folder = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in folders:
            inner = os.open(
                part, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder
            )
            os.close(folder)
            folder = inner
        return os.open(name, _READ, dir_fd=folder)
    finally:
        os.close(folder)


def _refuse(status: os.stat_result, max_bytes: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SourceError("This is not a regular file.", reason="not_a_file")
    if status.st_nlink > 1 and status.st_uid not in (0, os.geteuid()):
        raise SourceError("This is a hard link to another user's file.", reason="unreadable")
    if status.st_size > max_bytes:
        raise SourceError(
            f"The file has {status.st_size:,} bytes; {max_bytes:,} are allowed.",
            reason="too_large",
            hint="Raise `max_bytes` in llasa.toml if this is a transcript.",
        )
    if is_dataless(status):
        raise SourceError(
            "The file's content is in iCloud, not on this machine.",
            reason="not_downloaded",
            hint="Download it in the Finder; llasa then finds it by itself.",
        )


def _read(descriptor: int, max_bytes: int, *, keep: bool) -> tuple[bytes, str, int]:
    """Return the content (empty where it is not kept), its hash and its size."""
    chunks, size, digest = [], 0, hashlib.sha256()
    while size <= max_bytes and (chunk := os.read(descriptor, _CHUNK)):
        digest.update(chunk)
        size += len(chunk)
        if keep:
            chunks.append(chunk)
    return b"".join(chunks), digest.hexdigest(), size


def _refusal(error: OSError) -> SourceError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return SourceError("The file is no longer there.", reason="source_gone")
    if error.errno in (errno.ELOOP, errno.EMLINK):
        return SourceError(
            "The path contains a symbolic link; links are not followed.", reason="not_a_file"
        )
    if error.errno == errno.ENXIO:
        return SourceError("This is not a regular file.", reason="not_a_file")
    return SourceError(
        f"The file cannot be read: {error.strerror}.",
        reason="unreadable",
        hint="Check its permissions, then run `llasactl retry`.",
    )
