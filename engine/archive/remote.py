"""Sources and outputs behind an address (S3, SFTP and others): listed, fetched, sent with fsspec.

A file behind an address is worked on in a temporary folder of this machine: it is fetched with what
lies beside it and with its outputs of earlier runs, enhanced like any other, and what was written
is sent, the metadata last. Only this imports fsspec. Keys and passwords are the user's own, where
fsspec and the libraries of each service look for them; none is taken from an address.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from engine import sidecars, speakers
from engine.archive.addresses import is_address
from engine.archive.errors import ArchiveError, RemoteMissing
from engine.archive.records import Item, Outcome
from engine.diarize import beside
from engine.errors import OutputError, TranscriptError

#: Stores in which a file is seen while it is written: there it gets its name when it is whole. The
#: others show a file when it is complete.
_RENAMING: Final = frozenset({"sftp", "ssh", "ftp", "smb", "hdfs", "webhdfs"})
_LARGEST_BYTES: Final = 64 << 20
_MOST_NUMBERED: Final = 1_000
_PAUSES_S: Final = (1.0, 4.0)  # between three tries of a request
_LASTING: Final = (FileNotFoundError, PermissionError, IsADirectoryError, NotImplementedError)


def joined(folder: str, below: str) -> str:
    """Return the address of what lies below a folder."""
    return folder + below if folder.endswith("/") else f"{folder}/{below}"


def name_of(address: str) -> str:
    """Return the name of the file behind an address; raises `TranscriptError`."""
    name = urlsplit(address).path.rpartition("/")[2] or address.rpartition("/")[2]
    name = unquote(name) if urlsplit(address).scheme in ("http", "https") else name
    if name in ("", ".", "..") or "/" in name or "\0" in name:
        raise TranscriptError("This address names no file.", reason="not_a_file")
    return name


class Store:
    """One store, and the folder in it that an address means."""

    def __init__(self, address: str, *, pause: Callable[[float], object] = time.sleep) -> None:
        """Open it; raises `ArchiveError` where it cannot be used."""
        if urlsplit(address).password is not None:
            raise ArchiveError(
                "There is a password in the address, which lists of processes and logs would show.",
                hint="Leave it out, and give it to fsspec: docs/archive.md says where.",
            )
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise RemoteMissing() from error
        self._pause = pause
        self.address = address  # fsspec's own way back forgets the host of some stores
        self.scheme = urlsplit(address).scheme.lower()
        try:
            # What was listed is not kept: memory does not grow, and other machines write too.
            self._files, self.path = url_to_fs(address, use_listings_cache=False)
        except ImportError as error:
            raise RemoteMissing(f"{self.scheme}:// needs another package: {error}") from error
        except Exception as error:  # a store raises what its maker chose
            raise ArchiveError(f"{address} cannot be used: {_why(error)}.") from error

    def is_folder(self) -> bool:
        """Return whether the address is a folder; raises `ArchiveError`."""
        try:
            return bool(self._tried(lambda: self._files.isdir(self.path)))
        except Exception as error:
            raise ArchiveError(f"The store cannot be reached: {_why(error)}.") from error

    def listed(self, path: str) -> Iterator[tuple[str, int, bool]]:
        """Yield what lies in a folder: path, bytes, whether it is a folder; raises `OSError`."""
        try:
            entries = self._tried(lambda: self._files.ls(path, detail=True))
        except Exception as error:
            raise OSError(_why(error)) from error
        for entry in entries:
            name = str(entry["name"])
            if name.rstrip("/") != path.rstrip("/"):
                yield name, int(entry.get("size") or 0), entry["type"] == "directory"

    def read(self) -> bytes | None:
        """Return the file, None where there is none; raises what the store raises."""
        try:
            return bytes(self._tried(lambda: self._files.cat_file(self.path)))
        except FileNotFoundError:
            return None

    def size(self) -> int:
        """Return the bytes of the file; raises what the store raises."""
        return int(self._tried(lambda: self._files.info(self.path)).get("size") or 0)

    def beside(self, name: str) -> Store:
        """Return another file in the same folder."""
        other = object.__new__(Store)
        other._files, other._pause, other.scheme = self._files, self._pause, self.scheme
        other.path = f"{self.path.rpartition('/')[0]}/{name}"
        other.address = f"{self.address.rpartition('/')[0]}/{name}"
        return other

    def write(self, data: bytes) -> None:
        """Write the file whole, as far as the store allows; raises what the store raises."""
        folder = self.path.rpartition("/")[0]
        if self.scheme not in _RENAMING:
            with contextlib.suppress(NotImplementedError, FileExistsError):
                self._files.makedirs(folder, exist_ok=True)
            self._tried(lambda: self._files.pipe_file(self.path, data))
            return
        self._tried(lambda: self._files.makedirs(folder, exist_ok=True))
        temp = f"{folder}/.llasa-{os.getpid()}-{secrets.token_hex(8)}.tmp"
        try:
            self._tried(lambda: self._files.pipe_file(temp, data))
            self._tried(lambda: self._files.mv(temp, self.path))
        except BaseException:
            with contextlib.suppress(Exception):
                self._files.rm_file(temp)
            raise

    def _tried(self, request: Callable[[], Any]) -> Any:
        """Return the answer to a request, which is tried again where that may help."""
        for pause_s in _PAUSES_S:
            try:
                return request()
            except _LASTING:
                raise
            except OSError:
                self._pause(pause_s)
        return request()


@dataclass(frozen=True, slots=True)
class Stage:
    """A file that is worked on here, and where it and its outputs really are."""

    item: Item  # as it is
    staged: Item  # as it is worked on

    def publish(self, outcome: Outcome) -> Outcome:
        """Send what was written, the metadata last; raises `OutputError`."""
        if not is_address(self.item.outlet):
            return outcome
        outlet = Store(self.item.outlet)
        outputs = []
        for output in outcome.outputs:
            path = Path(output.path)
            target = outlet.beside(path.name)
            try:
                target.write(path.read_bytes())
            except Exception as error:  # a store raises what its maker chose
                raise OutputError(
                    f"{path.name} cannot be written there: {_why(error)}.",
                    hint="Check that the store can be written, and the keys that you use there.",
                ) from error
            outputs.append(dataclasses.replace(output, path=target.address))
        return dataclasses.replace(outcome, outputs=tuple(outputs))


def stage(item: Item, folder: Path) -> Stage:
    """Fetch a file, what lies beside it, and its outputs; raises `TranscriptError`, `ArchiveError`.

    What is on this machine stays where it is.
    """
    path, outlet = item.path, item.outlet
    if is_address(item.path):
        source = Store(item.path)
        path = str(folder / "source" / name_of(item.path))
        _fetch_source(source, Path(path))
    if is_address(item.outlet):
        outlet = str(folder / "outputs" / name_of(item.outlet))
        _fetch_outputs(Store(item.outlet), Path(outlet))
    return Stage(item, dataclasses.replace(item, path=path, outlet=outlet))


def _fetch_source(source: Store, path: Path) -> None:
    path.parent.mkdir(parents=True)
    try:
        if source.size() > _LARGEST_BYTES:
            raise TranscriptError(
                f"The file is larger than {_LARGEST_BYTES >> 20} MiB.",
                hint="Split the recording before transcribing it.",
                reason="too_large",
            )
        data = source.read()
        if data is None:
            raise FileNotFoundError
        path.write_bytes(data)
        (corrections,) = sidecars.paths_for(path, [sidecars.CORRECTIONS]).values()
        names = (corrections, path.with_name(speakers.FOLDER_FILE))
        for near in (*names, speakers.file_for(path), beside.file_for(path)):
            data = source.beside(near.name).read()
            if data is not None:
                near.write_bytes(data)
    except TranscriptError:
        raise
    except Exception as error:  # a store raises what its maker chose
        raise TranscriptError(
            f"The file cannot be read: {_why(error)}.",
            hint="Check its address, and the keys that you use there.",
            reason="unreadable",
        ) from error


def _fetch_outputs(outlet: Store, path: Path) -> None:
    path.parent.mkdir(parents=True)
    try:
        for planned in sidecars.paths_for(path, ["enhanced.txt", sidecars.METADATA]).values():
            stem, ending = os.path.splitext(planned.name)
            numbered = (f"{stem}.{number}{ending}" for number in range(1, _MOST_NUMBERED))
            for name in itertools.chain((planned.name,), numbered):
                data = outlet.beside(name).read()
                if data is None:
                    break
                planned.with_name(name).write_bytes(data)
    except Exception as error:  # a store raises what its maker chose
        raise OutputError(
            f"What is there already cannot be read: {_why(error)}.",
            hint="Check the address of the output, and the keys that you use there.",
        ) from error


def _why(error: Exception) -> str:
    """Return what went wrong on one short line."""
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    if isinstance(error, PermissionError):
        return "it is not allowed"
    if isinstance(error, NotImplementedError):
        return "this store cannot do that"
    text = str(error).strip().splitlines()[:1] or [""]
    return f"{type(error).__name__}: {text[0][:200]}" if text[0] else type(error).__name__
