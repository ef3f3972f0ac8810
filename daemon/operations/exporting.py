"""Copy finished texts to a folder or a zip file: those that were finished since a moment."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePath
from typing import Final

from daemon.errors import SourceError
from daemon.files.source import Snapshot, read_snapshot
from daemon.operations import rendering
from daemon.operations.errors import InvalidRequest, NotPossible
from daemon.operations.session import Book
from engine import sidecars
from engine.errors import OutputError
from state.job import Job, Output

EXAMPLES: Final = "2026-11-29, 2026-11-29T18:00, 7d or 12h"
_UNITS: Final = {"h": 3600, "d": 86400, "w": 7 * 86400}
_MOST_BYTES: Final = 1 << 30  # of one file
_NUMBER: Final = re.compile(r"\.\d+(?=\.[^.]+\Z)")


@dataclass(frozen=True, slots=True)
class Exported:
    """One output and where it went."""

    job: Job
    output: str  # the file that was copied
    name: str  # in the folder or the zip file, with its folders
    problem: str | None = None  # why it was not copied


def since_of(text: str, now: datetime) -> float:
    """Return a moment in the past, in seconds since the epoch; raises InvalidRequest."""
    try:
        if span := re.fullmatch(r"(\d{1,6})\s*([hdw])", text.strip()):
            return (now - timedelta(seconds=int(span[1]) * _UNITS[span[2]])).timestamp()
        return datetime.fromisoformat(text.strip()).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        raise InvalidRequest(f"{text} is no date. Examples: {EXAMPLES}.") from None


def export(
    book: Book, target: Path, *, since: float | None = None, kinds: Sequence[str] = ()
) -> Iterator[Exported]:
    """Copy the outputs of finished files and yield each.

    A name that ends with `.zip` means a zip file, which must not exist; anything else is a folder,
    in which a file of the user's is never replaced. Below it stand the folders of the watched
    folder. Where the user has edited an output, the edited one is taken.

    Args:
        book: The open database.
        target: A folder, or a file that ends with `.zip`.
        since: Only what was finished at this moment or later, in seconds since the epoch.
        kinds: Such as txt, md or metadata; all of them where none is named.

    Raises NotPossible where the target cannot be written.
    """
    found = _outputs(book, since, kinds)
    if target.suffix.lower() != ".zip":
        yield from _copy(found, lambda name, one: _to_folder(target, name, one))
        return
    if os.path.lexists(target):
        raise NotPossible(f"{target} exists already.", hint="Name another file, or move it away.")
    draft = target.with_name(f".llasa-{os.getpid()}-{os.urandom(8).hex()}.tmp")
    try:
        with zipfile.ZipFile(draft, "x", zipfile.ZIP_DEFLATED) as archive:
            yield from _copy(found, lambda name, one: _to_zip(archive, name, one))
        os.link(draft, target)  # fails where somebody has made it meanwhile
    except OSError as error:
        raise NotPossible(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()


def _outputs(
    book: Book, since: float | None, kinds: Sequence[str]
) -> Iterator[tuple[Job, str, str]]:
    """Yield each output to copy: its job, its path and its name in the target."""
    for job in rendering.finished_jobs(book):
        if since is not None and _finished_s(job) < since:
            continue
        folder = PurePath(book.session.short_path(job.path)).parent
        if folder.is_absolute():  # of a file from elsewhere
            folder = PurePath()
        for output in job.outputs:
            if not kinds or _kind(output.suffix) in kinds:
                path = _wanted(output)
                yield job, path, str(folder / os.path.basename(path))


def _copy(
    found: Iterator[tuple[Job, str, str]], put: Callable[[str, Snapshot], None]
) -> Iterator[Exported]:
    for job, path, name in found:
        try:
            put(name, read_snapshot(path, max_bytes=_MOST_BYTES))
        except (SourceError, OutputError) as error:
            yield Exported(job, path, name, str(error))
        else:
            yield Exported(job, path, name)


def _to_folder(target: Path, name: str, one: Snapshot) -> None:
    place = target / name
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make {place.parent}: {error.strerror or error}") from error
    try:
        text = one.data.decode()
    except UnicodeDecodeError as error:
        raise OutputError(f"{name} is not UTF-8 any longer") from error
    sidecars.write_new(place, text, mode=one.mode)


def _to_zip(archive: zipfile.ZipFile, name: str, one: Snapshot) -> None:
    moment = datetime.fromtimestamp(max(0, one.fingerprint.mtime_ns) / 1e9)
    date = (min(max(moment.year, 1980), 2107), moment.month, moment.day)
    info = zipfile.ZipInfo(
        os.fsencode(name).decode("utf-8", "replace"),
        (*date, moment.hour, moment.minute, moment.second),
    )
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | stat.S_IMODE(one.mode)) << 16
    archive.writestr(info, one.data)


def _wanted(output: Output) -> str:
    """Return the path of the user's own text where ours was written beside it."""
    edited = _NUMBER.sub("", output.path)
    return edited if output.displaced and os.path.isfile(edited) else output.path


def _kind(suffix: str) -> str:
    return "metadata" if suffix == sidecars.METADATA else suffix.rpartition(".")[2]


def _finished_s(job: Job) -> float:
    try:
        return datetime.fromisoformat(job.finished_at or job.created_at).timestamp()
    except ValueError:
        return 0.0
