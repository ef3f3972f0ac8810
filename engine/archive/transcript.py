"""One transcript: read, enhanced, written beside its outlet; whatever happens is an outcome."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import itertools
import os
import stat
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine import corrections, pipeline, sidecars, speakers
from engine.archive import finished, remote
from engine.archive.addresses import is_address
from engine.archive.errors import ArchiveError
from engine.archive.records import FINISHED, Item, Outcome, Output, Settings
from engine.child.client import ModelClient
from engine.child.retry import TRIES, try_part
from engine.diarize import assign, beside
from engine.errors import (
    ChildError,
    CorrectionsError,
    EngineError,
    OutputError,
    SpeakersError,
    TranscriptError,
)
from engine.records import EnhancedPart, EnhancedWord, Part, Profile
from engine.text import corrected

MAX_BYTES: Final = 64 << 20
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_MOST_SWEPT: Final = 10_000  # folders that are remembered as cleared of temporary files

#: Shows the progress of so many parts; the function that it gives takes a step.
Steps = Callable[[int], AbstractContextManager[Callable[[], object]]]


def enhanced(
    data: bytes,
    *,
    name: str,
    path: Path | None,
    profile: Profile,
    client: ModelClient,
    decode: pipeline.DecodePart,
    steps: Steps,
) -> tuple[pipeline.Plan, pipeline.Result]:
    """Return a transcript as the model enhances it, with what people wrote beside it.

    Raises `EngineError`. `path` is None for a transcript that is no file.
    """
    started = time.monotonic()
    names: dict[str, str] = {}
    made = corrections.Corrections()
    if path is not None:
        made = corrections.read_beside(path)
        names = {**speakers.names_beside(path), **corrected.names(made.operations)}
    profile = dataclasses.replace(profile, speakers={**profile.speakers, **names})
    plan = pipeline.prepare(data, name=name, profile=profile, info=client.info)
    plan = dataclasses.replace(plan, corrections=made.operations)
    load_s = 0.0
    parts: list[EnhancedPart] = []
    if any(part.covered for part in plan.parts):
        load_s = client.start().load_s
    with steps(len(plan.parts)) as step:
        for part in pipeline.run(plan, decode):
            parts.append(part)
            step()
    turns = beside.turns_beside(path) if path is not None else ()
    if turns:
        plan = assign.in_plan(plan, turns)
        parts = assign.in_parts(plan, parts)
    result = pipeline.finish(
        plan,
        parts,
        load_s=load_s,
        total_s=time.monotonic() - started,
        created_at=datetime.now(UTC),
    )
    return plan, result


def concerns_one_file(error: EngineError) -> bool:
    """Return whether other files may do better."""
    if isinstance(error, OutputError):
        return error.reason != "disk_full"
    return isinstance(error, TranscriptError | SpeakersError | CorrectionsError)


@dataclass(frozen=True, slots=True)
class _Read:
    data: bytes
    sha256: str
    mode: int


class Enhancer:
    """Enhances one file after the other with one model."""

    def __init__(
        self, settings: Settings, client: ModelClient, *, alive: Callable[[], None]
    ) -> None:
        """Make it; `alive` is called whenever the work on a file has come on."""
        self._settings = settings
        self._profile = settings.profile()
        self._client = client
        self._alive = alive
        self._swept: set[Path] = set()

    def enhance(self, item: Item) -> Outcome:
        """Enhance a file unless it is finished; errors are outcomes."""
        begun = time.monotonic()
        try:
            outcome = self._enhance(item)
        except EngineError as error:
            outcome = failed(item, error)
        return dataclasses.replace(
            outcome, busy_s=time.monotonic() - begun, size_bytes=item.size_bytes
        )

    def _enhance(self, item: Item) -> Outcome:
        if not (is_address(item.path) or is_address(item.outlet)):
            return self._enhance_here(item)
        with tempfile.TemporaryDirectory(prefix="llasa-") as folder:
            stage = remote.stage(item, Path(folder))
            self._alive()
            outcome = self._enhance_here(stage.staged)
            self._alive()
            return stage.publish(outcome)

    def _enhance_here(self, item: Item) -> Outcome:
        path, outlet = Path(item.path), Path(item.outlet)
        source = _read(path)
        if sidecars.is_ours(path.name) or sidecars.is_ours_content(source.data):
            return Outcome(item.path, "skipped", "written_by_llasa")
        self._alive()
        recipe = self._settings.recipe
        earlier = finished.find(outlet, sha256=source.sha256, recipe=recipe)
        if earlier is not None:
            return Outcome(
                item.path,
                "skipped",
                FINISHED,
                earlier=earlier.state,
                words=earlier.words,
                language=earlier.language,
            )
        self._make_room(outlet.parent)
        plan, result = self._worked(source.data, path)
        if plan.recipe != recipe:  # the model was exchanged while it was at work
            raise ArchiveError("The model or llasa changed during the run.")
        written = sidecars.write(
            outlet,
            result.files,
            mode=source.mode,
            previous=finished.hashes(outlet, name=path.name),
        )
        return Outcome(
            item.path,
            result.status,
            result.reason,
            outputs=tuple(Output(each.path, each.displaced) for each in written),
            words=sum(len(part.words) for part in plan.parts),
            language=plan.language,
        )

    def _worked(self, data: bytes, path: Path) -> tuple[pipeline.Plan, pipeline.Result]:
        failures = itertools.count(1)
        while True:
            try:
                return enhanced(
                    data,
                    name=path.name,
                    path=path,
                    profile=self._profile,
                    client=self._client,
                    decode=self._decode,
                    steps=lambda parts: contextlib.nullcontext(self._alive),
                )
            except ChildError:  # it could not be started: its parts have tries of their own
                self._alive()
                if next(failures) >= TRIES:
                    raise

    def _decode(self, part: Part, tail: Sequence[EnhancedWord]) -> EnhancedPart | None:
        failures = itertools.count(1)

        def count(_: EngineError) -> int:
            self._alive()
            return next(failures)

        return try_part(
            lambda: self._client.enhance(part, tail, on_progress=lambda tokens: self._alive()),
            failed=count,
        )

    def _make_room(self, folder: Path) -> None:
        """Make the folder of the outputs, and clear it of what a killed run left, once."""
        if folder in self._swept:
            return
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise OutputError(f"The folder {folder} cannot be made: {why}.") from error
        sidecars.remove_stale_temps(folder)
        if len(self._swept) >= _MOST_SWEPT:
            self._swept.clear()
        self._swept.add(folder)


def failed(item: Item, error: EngineError) -> Outcome:
    """Return the outcome of a file that met an error."""
    return Outcome(
        item.path,
        "failed",
        error.reason,
        kind=type(error).__name__,
        message=str(error),
        hint=error.hint if "hint" in vars(error) else None,
        ends_run=not concerns_one_file(error),
        size_bytes=item.size_bytes,
    )


def _read(path: Path) -> _Read:
    """Return a regular file, never waiting for a pipe; raises `TranscriptError`."""
    try:
        descriptor = os.open(path, _READ)
        with open(descriptor, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise TranscriptError(
                    "This is not a regular file.",
                    hint="Name a file or a folder.",
                    reason="not_a_file",
                )
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise TranscriptError(
            f"The file cannot be read: {error.strerror}.",
            hint="Check its name and its permissions.",
            reason="unreadable",
        ) from error
    if len(data) > MAX_BYTES:
        raise TranscriptError(
            f"The file is larger than {MAX_BYTES >> 20} MiB.",
            hint="Split the recording before transcribing it.",
            reason="too_large",
        )
    return _Read(data, hashlib.sha256(data).hexdigest(), status.st_mode & 0o777)
