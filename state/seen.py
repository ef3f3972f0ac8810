"""What files looked like when they were looked at last: keeps a scan from reading them again."""

from __future__ import annotations

import os
from collections.abc import Iterable

from state.job import Seen
from state.rows import PathName, Rows, fingerprint_columns, seen_of

BATCH = 500  # names per statement


class SeenFiles(Rows):
    """The part of the queue that a scan asks first."""

    def known(self, path: PathName) -> Seen | None:
        """Return what a path looked like, if it was ever looked at."""
        row = self.database.row("SELECT * FROM seen WHERE path = ?", (os.fsencode(path),))
        return None if row is None else seen_of(row)

    def known_many(self, paths: Iterable[PathName]) -> dict[str, Seen]:
        """Return what is known of many paths, by path; those never looked at are left out."""
        names = [os.fsencode(path) for path in paths]
        found: dict[str, Seen] = {}
        for start in range(0, len(names), BATCH):
            batch = names[start : start + BATCH]
            marks = ", ".join("?" * len(batch))
            for row in self.database.rows(
                f"SELECT * FROM seen WHERE path IN ({marks})",
                batch,
            ):
                seen = seen_of(row)
                found[seen.path] = seen
        return found

    def seen_under(
        self, folder: PathName, *, after: PathName | None = None, limit: int = 1000
    ) -> list[Seen]:
        """Return up to `limit` files known below a folder, in order of their bytes.

        The next page begins after the last path of this one.
        """
        root = os.fsencode(folder).rstrip(b"/")
        start = root + b"/" if after is None else os.fsencode(after)
        return [
            seen_of(row)
            for row in self.database.rows(
                "SELECT * FROM seen WHERE path > ? AND path < ? ORDER BY path LIMIT ?",
                (start, root + b"0", limit),  # "0" is the byte after "/"
            )
        ]

    def note_seen(self, files: Iterable[Seen]) -> None:
        """Remember what files look like, all in one transaction."""
        files = list(files)
        if not files:
            return
        with self.database.transaction():
            for seen in files:
                self._note(seen)

    def forget_seen(self, paths: Iterable[PathName]) -> None:
        """Forget files that are gone, all in one transaction; their jobs stay."""
        names = [os.fsencode(path) for path in paths]
        if not names:
            return
        with self.database.transaction():
            for name in names:
                self.database.rows("DELETE FROM seen WHERE path = ?", (name,))

    def _note(self, seen: Seen) -> None:
        self.database.rows(
            "INSERT OR REPLACE INTO seen"
            " (path, device, inode, size, mtime_ns, ctime_ns, sha256)"
            " VALUES (:path, :device, :inode, :size, :mtime_ns, :ctime_ns, :sha256)",
            {
                "path": os.fsencode(seen.path),
                "sha256": seen.sha256,
                **fingerprint_columns(seen.fingerprint),
            },
        )
