"""Rendered files -> disk: beside the source, whole or not at all, never over a user's edit.

A file is written to a temporary name in the same folder, flushed to the disk, renamed, and the
folder is flushed too. The text is renamed first and the metadata last, so a metadata sidecar marks
a complete set. Names that collide on a file system (`A.json` and `a.json` where case does not
matter, two Unicode forms of one name) collide for the sources already. A file that is in the way
and is not ours is never replaced: the new one gets a number.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import re
import secrets
import stat
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import OutputError
from engine.records import VOLATILE, Rendered
from engine.text.prose import printable

METADATA = "metadata.json"
CORRECTIONS = "corrections.json"  # written by `review` alone, read by whatever renders
SCHEMA_PREFIX = "llasa.metadata/"
CORRECTIONS_PREFIX = "llasa.corrections/"
_SCHEMAS = (SCHEMA_PREFIX, CORRECTIONS_PREFIX, "llasa.speakers/")  # of our files in JSON
STALE_S = 3600.0  # a temporary file this old is stale, whatever process has its id now

_NAME_BYTES = 255  # of one name on every common file system
_RESERVED_BYTES = 18  # for the longest suffix and a number
# A transcript format that may itself be a source: `talk.srt.json` keeps its whole name, because
# `talk.srt` claims `talk.srt.enhanced.txt`.
ALSO_SOURCES = frozenset((".srt", ".vtt", ".txt", ".tsv", ".csv"))
_TEMP = re.compile(r"\.llasa-(\d{1,10})-[0-9a-f]{16}\.tmp\Z")
_OURS = re.compile(
    r"(?P<base>.+)\.(?:enhanced(?:\.\d+)?\.(?:txt|md|srt|vtt|html)|metadata(?:\.\d+)?\.json|corrections\.json)\Z",
    re.IGNORECASE | re.DOTALL,
)
_live: set[str] = set()  # temporary files that this process is writing now

Previous = Mapping[str, str | Collection[str]]


@dataclass(frozen=True, slots=True)
class Written:
    """One sidecar on disk."""

    suffix: str  # as rendered: "enhanced.txt"
    path: str  # where it is; not the planned name if `displaced`
    sha256: str  # of its bytes
    displaced: bool  # a file that is not ours had the planned name and was kept


def base_of(name: str) -> str:
    """Return the base of the names of a source file's sidecars.

    `talk.json` gives `talk`, `talk.wav.json` gives `talk.wav`, `talk.srt` keeps its whole name. A
    name too long for its sidecars is cut and gets eight digits of its hash.
    """
    stem, suffix = os.path.splitext(name)
    kept = suffix.lower() != ".json" or os.path.splitext(stem)[1].lower() in ALSO_SOURCES
    base = name if kept else stem
    raw = os.fsencode(base)
    limit = _NAME_BYTES - _RESERVED_BYTES
    if len(raw) <= limit:
        return base
    mark = "~" + hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
    end = limit - len(mark)
    while raw[end] & 0xC0 == 0x80 and end > limit - len(mark) - 4:  # not inside a letter
        end -= 1
    return os.fsdecode(raw[:end]) + mark


def sources_of(name: str) -> tuple[str, ...]:
    """Return the source names to which an output of ours may belong; none for other names."""
    found = _OURS.fullmatch(name)
    return (found["base"] + ".json", found["base"], found["base"] + ".JSON") if found else ()


def paths_for(source: Path, suffixes: Iterable[str]) -> dict[str, Path]:
    """Return the planned path of each output of `source`."""
    base = base_of(source.name)
    return {suffix: source.with_name(f"{base}.{suffix}") for suffix in suffixes}


def is_temp(name: str) -> bool:
    """Return whether a file name is that of a temporary file of ours."""
    return _TEMP.fullmatch(name) is not None


def is_ours(name: str) -> bool:
    """Return whether a file is, by its name, a sidecar or a temporary file of ours."""
    return is_temp(name) or _OURS.fullmatch(name) is not None


def is_ours_content(data: bytes) -> bool:
    """Return whether a JSON file is, by its `schema`, one of ours, whatever its name."""
    if not any(prefix.encode() in data for prefix in _SCHEMAS):
        return False
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return False
    schema = value.get("schema") if isinstance(value, dict) else None
    return isinstance(schema, str) and schema.startswith(_SCHEMAS)


def write(
    source: Path,
    files: Sequence[Rendered],
    *,
    mode: int,
    previous: Previous | None = None,
    step: Callable[[str], None] | None = None,
) -> tuple[Written, ...]:
    """Write the files of one source beside it, the metadata last.

    `mode` is the source's `st_mode`. `previous` maps a path to the hash (or hashes) that we
    recorded for it. A file with other content is the user's and stays: ours is written beside it
    with a number. Raises `OutputError`; then no incomplete file has a final name, and no temporary
    file is left.
    """
    planned = paths_for(source, [file.suffix for file in files])
    ordered = sorted(files, key=lambda file: file.suffix == METADATA)
    targets = [(file.suffix, planned[file.suffix].name, file.content) for file in ordered]
    return _write(source.parent, targets, mode=mode, previous=previous or {}, step=step)


def write_file(path: Path, content: str, *, mode: int = 0o644) -> None:
    """Write one file that may be replaced, in the same atomic way.

    It replaces a regular file; anything else at that name (a link, a folder) is refused.
    """
    if _kind(path) not in (None, stat.S_IFREG):
        raise OutputError(f"{printable(path.name)} is not a regular file and was not touched")
    with _folder(path.parent) as folder, _temporary(folder, path, content, mode) as temp:
        _rename(folder, temp, path.parent, path.name)
        _sync_folder(folder, path.parent)


def write_new(
    path: Path,
    content: str,
    *,
    mode: int,
    previous: Previous | None = None,
    step: Callable[[str], None] | None = None,
) -> Written:
    """Write one file of that name; a file that is already there stays.

    Ours then gets a number, as with `write`. A file with the same content counts as ours, and so
    does one whose hash is in `previous`.
    """
    targets = [("", path.name, content)]
    return _write(path.parent, targets, mode=mode, previous=previous or {}, step=step)[0]


def remove_stale_temps(directory: Path) -> int:
    """Remove temporary files that a killed process left in `directory`; return their number."""
    removed = 0
    with contextlib.suppress(OSError), os.scandir(directory) as entries:
        for entry in entries:
            match = _TEMP.fullmatch(entry.name)
            if match and _is_stale(entry, int(match[1])):
                with contextlib.suppress(OSError):
                    os.unlink(entry.path)
                    removed += 1
    return removed


def _write(
    parent: Path,
    targets: Sequence[tuple[str, str, str]],
    *,
    mode: int,
    previous: Previous,
    step: Callable[[str], None] | None,
) -> tuple[Written, ...]:
    report = step or (lambda _name: None)
    written: list[Written] = []
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(_folder(parent))
        temps = []
        # All files are on the disk before the first is renamed: a full disk changes nothing.
        for suffix, name, content in targets:
            temps.append(stack.enter_context(_temporary(folder, parent / name, content, mode)))
            report(f"temp_written:{suffix}")
        for (suffix, name, content), temp in zip(targets, temps, strict=True):
            if suffix == METADATA and written:
                _sync_folder(folder, parent)
                report("texts_synced")
            data = content.encode()
            final = _free_name(folder, parent, name, data, previous)
            _rename(folder, temp, parent, final)
            report(f"renamed:{suffix}")
            digest = hashlib.sha256(data).hexdigest()
            written.append(Written(suffix, str(parent / final), digest, displaced=final != name))
        _sync_folder(folder, parent)
        report("synced")
    return tuple(written)


@contextlib.contextmanager
def _folder(parent: Path) -> Iterator[int]:
    """Hold the folder open, so that nobody can move our writes to another folder."""
    try:
        descriptor = os.open(parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _failure(error, parent) from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _temporary(folder: int, target: Path, content: str, mode: int) -> Iterator[str]:
    """Write `content` to a temporary file; remove it at the end unless it was renamed."""
    name = f".llasa-{os.getpid()}-{secrets.token_hex(8)}.tmp"
    _live.add(name)
    try:
        try:
            _fill(folder, name, content.encode(), mode)
        except OSError as error:
            raise _failure(error, target) from error
        yield name
    except (Exception, KeyboardInterrupt):
        # Not for every BaseException: tests simulate a kill with one, and a kill leaves files.
        _discard(folder, name)
        raise
    finally:
        _live.discard(name)


def _fill(folder: int, name: str, data: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(name, flags, 0o600, dir_fd=folder)
    with open(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        try:
            os.fchmod(descriptor, stat.S_IMODE(mode) & 0o777)
        except OSError as error:
            # The file system has no modes (exFAT, some shares): the file stays private.
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
        _sync(descriptor)


def _sync(descriptor: int) -> None:
    """Flush a file or folder through the drive's own cache where the system can (macOS)."""
    if sys.platform == "darwin":
        import fcntl

        # Shares and some file systems refuse it; then fsync is the best available.
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def _sync_folder(folder: int, parent: Path) -> None:
    try:
        _sync(folder)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF):
            raise _failure(error, parent) from error


def _rename(folder: int, temp: str, parent: Path, name: str) -> None:
    try:
        os.rename(temp, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as error:
        raise _failure(error, parent / name) from error


def _discard(folder: int, name: str) -> None:
    with contextlib.suppress(OSError):
        os.unlink(name, dir_fd=folder)


def _free_name(folder: int, parent: Path, name: str, data: bytes, previous: Previous) -> str:
    """Return `name`, or the first numbered one that no file of the user's has."""
    for candidate in _numbered(name):
        known = previous.get(str(parent / candidate), ())
        if _may_replace(folder, candidate, data, {known} if isinstance(known, str) else set(known)):
            return candidate
    raise OutputError(f"too many files named like {printable(name)}")


def _numbered(name: str) -> Iterator[str]:
    yield name
    base, suffix = os.path.splitext(name)
    for number in range(1, 1000):
        yield f"{base}.{number}{suffix}"


def _may_replace(folder: int, name: str, data: bytes, known: set[str]) -> bool:
    """Return whether `name` is free, or is a file that we wrote and nobody changed."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        descriptor = os.open(name, flags, dir_fd=folder)
    except FileNotFoundError:
        return True
    except OSError:  # a link, a socket, a file that we may not read: not ours
        return False
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False
        with open(descriptor, "rb", closefd=False) as stream:
            present = stream.read()
    except OSError:
        return False
    finally:
        os.close(descriptor)
    # Equal bytes, or equal except for times: an earlier run was killed before it recorded them.
    return (
        hashlib.sha256(present).hexdigest() in known
        or present == data
        or (is_ours_content(present) and _lasting(present) == _lasting(data))
    )


def _lasting(data: bytes) -> object:
    value = json.loads(data) if is_ours_content(data) else None
    if isinstance(value, dict):
        for key in VOLATILE:
            value.pop(key, None)
    return value


def _kind(path: Path) -> int | None:
    try:
        return stat.S_IFMT(os.lstat(path).st_mode)
    except OSError:
        return None


def _is_stale(entry: os.DirEntry[str], pid: int) -> bool:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return False
    if not stat.S_ISREG(status.st_mode) or entry.name in _live:
        return False
    if pid == os.getpid() or time.time() - status.st_mtime > STALE_S:
        return True
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return True
    except OSError:
        return False
    return False


def _failure(error: OSError, path: Path) -> OutputError:
    what = error.strerror or type(error).__name__
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return OutputError(
        f"cannot write {printable(str(path))}: {what}", reason="disk_full" if full else ""
    )
