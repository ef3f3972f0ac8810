"""Files as they were when last checked, so that a scan need not read them again."""

from __future__ import annotations

import os
from collections.abc import Iterable

from state.job import Seen
from state.rows import PathName, Rows, fingerprint_columns, seen_of

BATCH = 500  # names per statement


class SeenRows(Rows):
    """The part of the queue that a scan reads first."""

    def known(self, path: PathName) -> Seen | None:
        """Return what is known of the file at a path, None if it was never checked."""
        row = self.database.query_one("SELECT * FROM seen WHERE path = ?", (os.fsencode(path),))
        return None if row is None else seen_of(row)

    def known_many(self, paths: Iterable[PathName]) -> dict[str, Seen]:
        """Return what is known of many files, by path; files never checked are left out."""
        names = [os.fsencode(path) for path in paths]
        found: dict[str, Seen] = {}
        for start in range(0, len(names), BATCH):
            batch = names[start : start + BATCH]
            marks = ", ".join("?" * len(batch))
            for row in self.database.query(
                f"SELECT * FROM seen WHERE path IN ({marks})",
                batch,
            ):
                seen = seen_of(row)
                found[seen.path] = seen
        return found

    def note_seen(self, files: Iterable[Seen]) -> None:
        """Remember files as they are now, all in one transaction."""
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
                self.database.execute("DELETE FROM seen WHERE path = ?", (name,))

    def _note(self, seen: Seen) -> None:
        self.database.execute(
            "INSERT OR REPLACE INTO seen"
            " (path, device, inode, size, mtime_ns, ctime_ns, sha256)"
            " VALUES (:path, :device, :inode, :size, :mtime_ns, :ctime_ns, :sha256)",
            {
                "path": os.fsencode(seen.path),
                "sha256": seen.sha256,
                **fingerprint_columns(seen.fingerprint),
            },
        )
