"""Settler -> queue: read the settled files and offer them as jobs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from daemon.config import Config
from daemon.errors import SourceError
from daemon.files.outlets import outlet_of
from daemon.files.recordings import MOST_BYTES, is_complete, is_recording
from daemon.files.source import Snapshot, hash_snapshot, is_cut_off, read_snapshot
from daemon.intake.adopt import adopt_sidecars
from daemon.intake.growing import LIVE, Growing
from daemon.intake.settle import Settled, Settler
from daemon.log import Log, place_of
from engine import sidecars
from state.errors import StateError
from state.job import Kind, Offer, Reason, Seen, Status, Verdict
from state.queue import Queue

READ_FILES: Final = 500  # read in one step
READ_BYTES: Final = 64 * 1024 * 1024  # read in one step, so that a stop is noticed
_NOT_RECORDED: Final = frozenset({"source_gone", "not_downloaded"})


@dataclass(frozen=True, slots=True)
class _Read:
    """A settled file that was read."""

    settled: Settled
    snapshot: Snapshot  # without its data
    kind: Kind = Kind.TRANSCRIPT

    @property
    def path(self) -> str:
        """Return the path of the file."""
        return self.settled.path


@dataclass(slots=True)
class _Step:
    """What one step has read so far."""

    offers: list[_Read] = field(default_factory=list)
    ours: list[_Read] = field(default_factory=list)  # our own outputs
    skipped: Counter[str] = field(default_factory=Counter)  # files by reason
    size: int = 0  # bytes


_File = TypeVar("_File", Settled, _Read)


class Feeder:
    """Reads each settled file once and offers it to the queue, or records why it cannot be done."""

    def __init__(self, config: Config, queue: Queue, settler: Settler, log: Log) -> None:
        self._config = config
        self._max_bytes = config.max_bytes
        self._queue = queue
        self._settler = settler
        self._growing = Growing(settle_s=config.settle_s)
        self._log = log
        self.offered = 0  # jobs made so far

    def step(self, now: float, *, adopt: bool) -> None:
        """Read and offer what has settled; with `adopt`, record finished sidecars as done jobs.

        Never raises for a file. Raises StateError for a database that cannot be written: the files
        stay in the settler then, and the next step offers them again.
        """
        step = _Step()
        for settled in self._settler.ready(now, limit=READ_FILES):
            if step.size > READ_BYTES:
                break  # `ready` returns the rest again
            self._isolate([settled], lambda one: self._read(one[0], step, now, adopt=adopt))
        self._isolate(step.ours, self._note_ours)
        self._isolate(step.offers, self._offer)
        for reason, count in step.skipped.items():
            self._log.info("files.skipped", reason=reason, count=count)

    def _isolate(self, files: list[_File], action: Callable[[list[_File]], None]) -> None:
        """Do something with all files at once, or with one at a time if that meets a bug.

        Catch everything here: one bad file must not keep the others out of the queue. An error of
        the database affects all files and is raised.
        """
        try:
            action(files)
        except StateError:
            raise
        except Exception as error:
            if len(files) == 1:
                self._record_bug(files[0], error)
                return
            for file in files:
                self._isolate([file], action)

    def _read(self, settled: Settled, step: _Step, now: float, *, adopt: bool) -> None:
        """Read one file and decide what to do with it."""
        if is_recording(self._config, settled.path):
            self._hash(settled, step, now)
            return
        try:
            snapshot = read_snapshot(settled.path, max_bytes=self._max_bytes)
        except SourceError as error:
            self._refuse(settled, error, step.skipped, now)
            return
        step.size += len(snapshot.data)
        if snapshot.fingerprint != settled.fingerprint:
            self._settler.note(settled.path, now)
        elif _must_wait(settled, snapshot):
            self._settler.mark_unfinished(settled.path)
        elif sidecars.is_ours_content(snapshot.data):
            step.ours.append(_Read(settled, _without_data(snapshot)))
        elif adopt and self._adopt(settled.path, snapshot):
            self._settler.forget(settled.path)
            self._log.info("job.adopted", path=settled.path)
        elif (needs_s := self._growing.quiet_s(settled, snapshot.data)) > settled.quiet_s:
            self._settler.wait(settled.path, needs_s)
        else:
            self._growing.taken(settled.path, snapshot.data, needs_s)
            step.offers.append(_Read(settled, _without_data(snapshot)))

    def _hash(self, settled: Settled, step: _Step, now: float) -> None:
        """Decide what to do with a recording; its content is read, but not kept."""
        quiet_s = LIVE * self._config.settle_s if settled.watched_s > 0 else 0.0
        if quiet_s > settled.quiet_s and not settled.last_chance:
            self._settler.wait(settled.path, quiet_s)  # it is being recorded or copied
            return
        if not settled.last_chance and not is_complete(settled.path):
            self._settler.mark_unfinished(settled.path)
            return
        try:
            snapshot = hash_snapshot(settled.path, max_bytes=MOST_BYTES)
        except SourceError as error:
            self._refuse(settled, error, step.skipped, now)
            return
        step.size += snapshot.fingerprint.size
        if snapshot.fingerprint != settled.fingerprint:
            self._settler.note(settled.path, now)
        else:
            step.offers.append(_Read(settled, snapshot, Kind.RECORDING))

    def _adopt(self, path: str, snapshot: Snapshot) -> bool:
        """Record a file as done if its sidecars are there; return whether they are."""
        profile = self._config.profile_for(path)
        mtime_ns = snapshot.fingerprint.mtime_ns
        outlet = outlet_of(path, mtime_ns, self._config, profile)
        return adopt_sidecars(self._queue, path, snapshot, outlet=outlet)

    def _note_ours(self, files: list[_Read]) -> None:
        """Note our own outputs as seen, so that no scan reads them again."""
        self._queue.note_seen(
            [Seen(file.path, file.snapshot.fingerprint, file.snapshot.sha256) for file in files]
        )
        for file in files:
            self._settler.forget(file.path)

    def _offer(self, files: list[_Read]) -> None:
        jobs = self._queue.offer_many(
            [
                Offer(
                    path=file.path,
                    sha256=file.snapshot.sha256,
                    fingerprint=file.snapshot.fingerprint,
                    origin=file.settled.origin,
                    kind=file.kind,
                )
                for file in files
            ]
        )
        for file, job in zip(files, jobs, strict=True):
            self._settler.forget(file.path)
            if job is not None:
                self.offered += 1
                self._log.info("job.queued", job_id=job.id, path=job.path, origin=str(job.origin))

    def _refuse(
        self, settled: Settled, error: SourceError, skipped: Counter[str], now: float
    ) -> None:
        path = settled.path
        if error.reason == "source_changed":
            self._settler.note(path, now)
            return
        if error.reason not in _NOT_RECORDED:
            too_large = error.reason == "too_large"
            verdict = Verdict(
                status=Status.INVALID if too_large else Status.FAILED,
                reason=Reason(error.reason),
                detail=str(error),
                origin=settled.origin,
            )
            job = self._queue.record(path, settled.fingerprint, verdict)
            self._log.warning("job.refused", job_id=job.id, path=path, reason=error.reason)
        elif error.reason == "not_downloaded":
            skipped[error.reason] += 1
        self._settler.forget(path)

    def _record_bug(self, file: Settled | _Read, error: Exception) -> None:
        """Record a bug met in one file; a later scan tries the file again, as it is not known."""
        place = place_of(error)
        kind = type(error).__name__
        self._log.error("file.crashed", kind=kind, place=place, path=file.path)
        verdict = Verdict(
            status=Status.FAILED,
            reason=Reason.INTERNAL_ERROR,
            detail=f"A bug in llasa: {kind} in {place}.",
        )
        try:
            self._queue.record(file.path, None, verdict)
        except StateError:
            raise
        except Exception as second:
            self._log.error("file.left", kind=type(second).__name__, path=file.path)
        self._settler.forget(file.path)


def _must_wait(settled: Settled, snapshot: Snapshot) -> bool:
    return (
        not settled.last_chance
        and settled.path.lower().endswith(".json")
        and is_cut_off(snapshot.data)
    )


def _without_data(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot without its content, which is no longer needed."""
    return Snapshot(b"", snapshot.sha256, snapshot.fingerprint, snapshot.mode)
