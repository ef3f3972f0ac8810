"""List the files in the watched folders that could be transcripts."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from daemon.config import Config
from daemon.files.spelling import resolved
from daemon.log import Log
from daemon.machine import can_be_listed
from engine import sidecars

_DEPTH: Final = 64  # levels of folders below a watched one

Batch = list[tuple[str, os.stat_result]]


class Listing:
    """The watched folders of a home, resolved; links below them are not followed."""

    def __init__(self, config: Config, log: Log) -> None:
        self._config = config
        self._log = log
        self._include = tuple(pattern.lower() for pattern in (*config.include, *config.audio))
        self.roots: list[str] = []
        self.unlisted = 0  # folders that could not be listed since this was set to 0
        self.resolve()

    def resolve(self) -> None:
        """Resolve the watched folders again, because a link may have changed."""
        home = self._config.home
        self.roots = [str(resolved(root)).rstrip("/") for root in self._config.watch]
        self._own = tuple(f"{resolved(folder)}/" for folder in (home.state, home.logs))

    def wants(self, path: str) -> bool:
        """Return whether a file is wanted, by its name and place."""
        return self._is_named_so(os.path.basename(path)) and not self.is_hidden(path)

    def is_hidden(self, path: str) -> bool:
        """Return whether a path lies in a hidden folder, in one of ours, or in none watched."""
        if path.startswith(self._own):
            return True
        for root in self.roots:
            if path.startswith(root + "/"):
                return any(part.startswith(".") for part in path[len(root) + 1 :].split("/"))
        return True

    def walk(self, folders: list[str], *, batch_size: int) -> Iterator[Batch]:
        """Yield the files that could be transcripts, in batches; the last one may be smaller."""
        batch: Batch = []
        stack = [(folder, 0) for folder in reversed(folders)]
        while stack:
            folder, depth = stack.pop()
            for entry in self._list(folder):
                if entry.name.startswith("."):
                    continue
                try:
                    if entry.is_dir(follow_symlinks=False):
                        if depth < _DEPTH and not f"{entry.path}/".startswith(self._own):
                            stack.append((entry.path, depth + 1))
                    elif self._is_named_so(entry.name) and entry.is_file(follow_symlinks=False):
                        batch.append((entry.path, entry.stat(follow_symlinks=False)))
                except OSError:
                    continue  # deleted in the meantime
                if len(batch) == batch_size:
                    yield batch
                    batch = []
        if batch:
            yield batch

    def _is_named_so(self, name: str) -> bool:
        return not sidecars.is_ours(name) and any(
            fnmatch.fnmatchcase(name.lower(), pattern) for pattern in self._include
        )

    def _list(self, folder: str) -> Iterator[os.DirEntry[str]]:
        """Yield the entries of a folder, and remove temporary files of killed processes."""
        stale = False
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    stale = stale or sidecars.is_temp(entry.name)
                    yield entry
        except OSError:
            self.unlisted += 1
        if stale and (removed := sidecars.remove_stale_temps(Path(folder))):
            self._log.info("sidecars.swept", folder=folder, removed=removed)


def root_is_there(config: Config, path: str) -> bool:
    """Return whether the watched folder of a file can be listed; True for files from elsewhere."""
    return all(
        can_be_listed(folder)
        for folder in config.watch
        if path.startswith((f"{folder}/", f"{resolved(folder)}/"))
    )
