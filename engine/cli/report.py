"""What became of the files of `enhance` and `batch`, for people or as JSON for programs.

People get the paths on standard output and remarks on standard error. Programs get JSON on
standard output, remarks stay where they were.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import click

from engine import sidecars
from engine.cli import output as out
from engine.cli.failure import hint
from engine.errors import EngineError

Status = Literal["done", "partial", "skipped", "failed"]
_STATUSES: Final[tuple[Status, ...]] = ("done", "partial", "skipped", "failed")


@dataclass(frozen=True, slots=True)
class Output:
    """A file that was written."""

    path: str
    displaced: bool  # another file had the planned name and was kept


@dataclass(frozen=True, slots=True)
class Report:
    """What became of one file; the fields are the keys of its JSON."""

    file: str
    status: Status
    reason: str | None = None  # as in the metadata, or why it failed or was skipped
    outputs: tuple[Output, ...] = ()
    words: int | None = None  # None where the file was not read
    language: str | None = None  # ISO 639-1
    text: str | None = None  # of standard input, where no file is written
    message: str | None = None  # of an error
    hint: str | None = None  # what to do then


def failed(file: str, error: EngineError) -> Report:
    """Return the report of a file that met an error."""
    return Report(file, "failed", error.reason, message=str(error), hint=hint(error))


def outputs(written: Sequence[sidecars.Written]) -> tuple[Output, ...]:
    """Return written files as they are reported."""
    return tuple(Output(each.path, each.displaced) for each in written)


class Reporter:
    """Prints reports as they come, and counts them."""

    def __init__(self, *, as_json: bool, one_line: bool = False) -> None:
        """Make it; `one_line` gives every report a line of JSON."""
        self.as_json = as_json
        self._indent = None if one_line else 2
        self._counts: Counter[str] = Counter()

    def written(self, files: Sequence[sidecars.Written]) -> None:
        """Show where outputs are, to people."""
        if not self.as_json:
            for each in files:
                out.echo_path(each)

    def add(self, report: Report) -> None:
        """Count a report and print its JSON, to programs."""
        self._counts[report.status] += 1
        if self.as_json:
            self._print(asdict(report))

    def sum_up(self, files: int, stopped_by: EngineError | None = None) -> None:
        """Print what became of all files and, if any, the error that ended it, to programs."""
        if self.as_json:
            counts: dict[str, int] = {status: self._counts[status] for status in _STATUSES}
            summary = {"files": files, **counts, "not_tried": files - sum(counts.values())}
            self._print({"summary": {**summary, "stopped_by": _as_json(stopped_by)}})

    def _print(self, value: dict[str, Any]) -> None:
        click.echo(json.dumps(value, indent=self._indent).replace("\x7f", "\\u007f"))


def _as_json(error: EngineError | None) -> dict[str, str] | None:
    if error is None:
        return None
    return {"reason": error.reason, "message": str(error), "hint": hint(error)}
