"""Folders, globs and files -> the files to work on, one at a time: a list is never held.

The outputs of a file lie beside it, or in a folder that mirrors the sources, so that two files of
one name never meet.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine import sidecars
from engine.archive import remote
from engine.archive.addresses import as_local, is_address
from engine.archive.records import Item

DEFAULT: Final = "*.json"  # in a folder, as the daemon watches for
_DEPTH: Final = 64  # levels of folders below a source
_MAGIC: Final = re.compile(r"[*?\[]")

#: Is told of a folder or file that could not be listed, and why.
OnProblem = Callable[[str, str], None]
#: Is told of a folder or glob in which there is no file to work on.
OnEmpty = Callable[["Source"], None]


@dataclass(frozen=True, slots=True)
class Source:
    """A file, a folder or a glob, as the user named it."""

    root: str  # the file, or the folder at which the listing starts
    pattern: tuple[str, ...] | None  # of the parts of a path below the root; None: a named file
    is_folder: bool = False  # the user named a folder, not a glob
    is_remote: bool = False  # the root is an address

    def __str__(self) -> str:
        return "/".join((self.root.rstrip("/"), *(self.pattern or ())))

    @property
    def folder(self) -> str:
        """Return the folder that is mirrored."""
        return self.root if self.pattern is not None else os.path.dirname(self.root)

    def takes(self, path: str) -> bool:
        """Return whether a file belongs to this source."""
        path, root = _comparable(path), _comparable(self.root)
        if self.pattern is None:
            return path == root
        below = os.path.join(root, "")
        return path.startswith(below) and _matches(path[len(below) :].split("/"), self.pattern)


def parse(text: str) -> Source:
    """Return what the user named: `**` of a glob stands for any folders, also for none."""
    text = as_local(text)
    if is_address(text):
        return _parse_address(text)
    if os.path.isdir(text):
        return Source(text, ("**", DEFAULT), is_folder=True)
    if os.path.lexists(text) or not _MAGIC.search(text):
        return Source(text, None)
    parts = text.split("/")
    first = next(n for n, part in enumerate(parts) if _MAGIC.search(part))
    root = "/".join(parts[:first]) or ("/" if text.startswith("/") else ".")
    return Source(root, tuple(parts[first:]))


def _parse_address(text: str) -> Source:
    """Return a source behind an address; `?` is none of its wildcards, because it is of HTTP."""
    scheme, _, rest = text.partition("://")
    parts = rest.split("/")
    first = next((n for n, part in enumerate(parts) if "*" in part), None)
    if first is not None:
        root = f"{scheme}://{'/'.join(parts[:first])}"
        return Source(root, tuple(parts[first:]), is_remote=True)
    if text.endswith("/") or remote.Store(text).is_folder():
        return Source(text, ("**", DEFAULT), is_folder=True, is_remote=True)
    return Source(text, None, is_remote=True)


def is_listed(text: str) -> bool:
    """Return whether the user named something that must be listed: a folder, glob or address."""
    return is_address(text) or parse(text).pattern is not None


def walk(
    sources: Sequence[Source],
    *,
    into: Path | str | None,
    on_problem: OnProblem | None = None,
    on_empty: OnEmpty | None = None,
) -> Iterator[Item]:
    """Yield every file of the sources once, in no promised order.

    Hidden files, links inside folders and outputs of llasa are left out. Memory does not grow with
    the number of files.
    """
    problem = on_problem or (lambda path, why: None)
    mirrored = os.path.commonpath([_comparable(s.folder or ".") for s in sources] or ["/"])
    for n, source in enumerate(sources):
        problems: list[str] = []

        def named(path: str, why: str, problems: list[str] = problems) -> None:
            problems.append(path)
            problem(path, why)

        empty = True
        for path, size in _files(source, named):
            empty = False
            if any(other.takes(path) for other in sources[:n]):
                continue
            outlet = path
            if into is not None:
                below = os.path.relpath(_comparable(path), mirrored)
                outlet = remote.joined(into, below) if isinstance(into, str) else str(into / below)
            yield Item(path, outlet, size)
        if empty and not problems and on_empty is not None:
            on_empty(source)


def _files(source: Source, problem: OnProblem) -> Iterator[tuple[str, int]]:
    if source.is_remote:
        yield from _files_there(source, problem)
        return
    if source.pattern is None:
        size = 0  # a file that is not there is named by the worker that reads it
        if os.path.isfile(source.root):
            size = os.path.getsize(source.root)
        yield source.root, size
        return
    stack = [(source.root, 0)]
    while stack:
        folder, depth = stack.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        if depth < _DEPTH and _goes_on(depth + 1, source.pattern):
                            stack.append((_plain(entry.path), depth + 1))
                    elif not sidecars.is_ours(entry.name) and entry.is_file(follow_symlinks=False):
                        path = _plain(entry.path)
                        below = os.path.relpath(path, source.root).split("/")
                        if _matches(below, source.pattern):
                            yield path, entry.stat(follow_symlinks=False).st_size
        except OSError as error:
            problem(folder, error.strerror or type(error).__name__)


def _files_there(source: Source, problem: OnProblem) -> Iterator[tuple[str, int]]:
    """Yield the files of a source behind an address; one folder of it is held at a time."""
    if source.pattern is None:
        yield source.root, 0
        return
    store = remote.Store(source.root)
    top = store.path.rstrip("/")
    stack = [(top, 0)]
    while stack:
        folder, depth = stack.pop()
        try:
            for path, size, is_folder in store.listed(folder):
                below = path[len(top) :].strip("/").split("/")
                name = below[-1]
                if name.startswith("."):
                    continue
                if is_folder:
                    if depth < _DEPTH and _goes_on(depth + 1, source.pattern):
                        stack.append((path, depth + 1))
                elif not sidecars.is_ours(name) and _matches(below, source.pattern):
                    yield remote.joined(source.root, "/".join(below)), size
        except OSError as error:
            problem(remote.joined(source.root, folder[len(top) :].strip("/")), str(error))


def _comparable(path: str) -> str:
    """Return a path or address as an absolute path, by which two of them are compared."""
    if not is_address(path):
        return os.path.abspath(path)
    scheme, _, rest = path.partition("://")
    return os.path.normpath(f"/{scheme}:/{rest}")


def _plain(path: str) -> str:
    return path.removeprefix("./")


def _goes_on(depth: int, pattern: Sequence[str]) -> bool:
    """Return whether files at this depth can match: a pattern without `**` has an end."""
    return "**" in pattern or depth < len(pattern)


def _matches(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_matches(parts[n:], pattern[1:]) for n in range(len(parts) + 1))
    if not parts:
        return False
    name, wanted = parts[0].lower(), pattern[0].lower()
    return fnmatch.fnmatchcase(name, wanted) and _matches(parts[1:], pattern[1:])
