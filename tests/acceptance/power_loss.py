"""A disk that forgets: what a run wrote is replayed up to a moment, unsynced writes dropped.

The system calls of a real llasad are recorded (strace). At a chosen moment the power fails: of
every file there is what was flushed with fsync, and of the rest any subset of the writes, the last
one torn in the middle; of every folder there are the entries that were flushed, and any first part
of the changes after that. That is harsher than ext4 or APFS, which keep more.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TRACED = (
    "openat,open,creat,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,"
    "unlink,unlinkat,fallocate,writev,pwritev,pwritev2,copy_file_range,sendfile,linkat,link"
)
STRACE = ("strace", "-f", "--seccomp-bpf", "-y", "-xx", "-s", "8000000", "-e", f"trace={TRACED}")
_SECTOR = 512
_LINE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_AT = re.compile(r"<((?:\\x[0-9a-f]{2})*)>")


@dataclass(slots=True)
class Inode:
    """A file: what is on the platter for sure, and what is on its way."""

    flushed: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # None: truncate to
    cursor: int = 0

    def content(self, upto: int | None = None, kept: list[bool] | None = None) -> bytes:
        """Return what the file holds when some of the pending writes arrived."""
        data = bytearray(self.flushed)
        for number, (at, written) in enumerate(self.pending[:upto]):
            if kept is not None and not kept[number]:
                continue
            if written is None:
                del data[at:]
                data.extend(b"\0" * (at - len(data)))
            else:
                data.extend(b"\0" * (at - len(data)))
                data[at : at + len(written)] = written
        return bytes(data)


@dataclass(slots=True)
class Folder:
    """A folder: entries that are on the platter, and changes on their way."""

    flushed: dict[str, Inode] = field(default_factory=dict)
    pending: list[tuple[str, Inode | None]] = field(default_factory=list)  # None: removed

    def entries(self, upto: int | None = None) -> dict[str, Inode]:
        """Return the entries after so many of the pending changes."""
        found = dict(self.flushed)
        for name, inode in self.pending[:upto]:
            if inode is None:
                found.pop(name, None)
            else:
                found[name] = inode
        return found


class Disk:
    """The files below a root, as a recording changes them."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self.folders: dict[str, Folder] = {}
        for path in root.rglob("*"):
            if path.is_file():
                inode = Inode(path.read_bytes())
                self._folder(str(path.parent)).flushed[path.name] = inode

    def apply(self, name: str, arguments: str, result: int) -> bytes | None:
        """Take in a system call; return what it wrote to a log file, if it did."""
        if result < 0:
            return None
        texts = [_bytes(t) for t in _TEXT.findall(arguments)]
        places = [_bytes(t).decode("utf-8", "surrogateescape") for t in _AT.findall(arguments)]
        if name in ("openat", "open", "creat"):
            self._open(self._path(texts[0], places[:1]), arguments)
        elif name in ("rename", "renameat", "renameat2"):
            source = self._path(texts[0], places[:1])
            target = self._path(texts[1], places[1:2] or places[:1])
            inode = self._inode(source)
            if inode is not None:
                self._change(target, inode)
                self._change(source, None)
        elif name in ("unlink", "unlinkat"):
            path = self._path(texts[0], places[:1])
            if self._inode(path) is not None:
                self._change(path, None)
        elif name in ("fsync", "fdatasync"):
            self._flush(places[0])
        elif name in ("write", "pwrite64", "ftruncate"):
            return self._write(name, places[0], arguments, texts, result)
        elif places and places[0].startswith(self._root):
            raise AssertionError(f"{name} is not modelled: {places}")
        return None

    def after_power_loss(self, chance: random.Random) -> Iterator[tuple[str, bytes]]:
        """Yield the files that are there when the power is back."""
        for place, folder in self.folders.items():
            changes = chance.randint(0, len(folder.pending))
            for name, inode in folder.entries(changes).items():
                count = len(inode.pending)
                kept = [chance.random() < 0.5 for _ in range(count)]
                torn = list(inode.pending)
                for number, (at, written) in enumerate(torn):
                    if written is not None and len(written) > _SECTOR and chance.random() < 0.3:
                        end = chance.randrange(0, len(written), _SECTOR)
                        torn[number] = (at, written[:end])
                yield f"{place}/{name}", Inode(inode.flushed, torn).content(count, kept)

    def _folder(self, path: str) -> Folder:
        return self.folders.setdefault(path, Folder())

    def _path(self, text: bytes, places: list[str]) -> str:
        path = text.decode("utf-8", "surrogateescape")
        return path if path.startswith("/") or not places else f"{places[0]}/{path}"

    def _inode(self, path: str) -> Inode | None:
        place, _, name = path.rpartition("/")
        return self.folders[place].entries().get(name) if place in self.folders else None

    def _change(self, path: str, inode: Inode | None) -> None:
        place, _, name = path.rpartition("/")
        if path.startswith(self._root):
            self._folder(place).pending.append((name, inode))

    def _open(self, path: str, arguments: str) -> None:
        inode = self._inode(path)
        if inode is None:
            if "O_CREAT" in arguments and path.startswith(self._root):
                self._change(path, Inode())
            return
        inode.cursor = len(inode.content()) if "O_APPEND" in arguments else 0
        if "O_TRUNC" in arguments:
            inode.pending.append((0, None))

    def _flush(self, path: str) -> None:
        inode = self._inode(path)
        if inode is not None:
            inode.flushed, inode.pending = inode.content(), []
        elif path in self.folders:
            folder = self.folders[path]
            folder.flushed, folder.pending = folder.entries(), []

    def _write(
        self, name: str, path: str, arguments: str, texts: list[bytes], result: int
    ) -> bytes | None:
        inode = self._inode(path)
        if inode is None or path.endswith("-shm"):
            return None
        last = arguments.rpartition(",")[2].strip()
        if name == "ftruncate":
            inode.pending.append((int(last), None))
            return None
        data = texts[0][:result]
        at = int(last) if name == "pwrite64" else inode.cursor
        if name == "write":
            inode.cursor += len(data)
        inode.pending.append((at, data))
        return data if path.endswith(".log") else None


def calls(recording: Path) -> Iterator[tuple[str, str, int]]:
    """Yield the system calls of a recording in the order in which they ended."""
    begun: dict[str, str] = {}
    with recording.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            pid = line.split(" ", 1)[0]
            if line.rstrip().endswith("<unfinished ...>"):
                begun[pid] = line.rstrip().removesuffix("<unfinished ...>")
                continue
            resumed = re.match(r"\d+ +<\.\.\. \w+ resumed>(.*)", line)
            if resumed:
                line = begun.pop(pid, "") + resumed[1]
            match = _LINE.match(line)
            if match:
                yield match[2], match[3], int(match[4])


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))
