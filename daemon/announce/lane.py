"""One hook of one event: at most one process at a time, and what gathers meanwhile goes next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from daemon.announce.documents import News
from daemon.announce.start import start
from daemon.config import Config
from daemon.hooks.process import HookProcess
from daemon.hooks.records import Channel, Hook
from daemon.log import Log
from state.announcements import Announcement, AnnouncementRows
from state.job import Hold, Job, Status
from state.queue import Queue

GATHER_S: Final = 2.0  # files that end together are told together
SPACING_S: Final = 60.0  # between two notifications: a hundred files are not a hundred of them
TRIES: Final = 3
BACKOFF_S: Final = (5.0, 30.0)  # before the second and the third try
AGAIN_S: Final = 6 * 3600.0  # before the same hold is told again
MOST: Final = 200  # files in one document
MOST_TEXTS: Final = 20  # the same where their texts are in it
_ENDED: Final = {
    "done": frozenset({Status.DONE, Status.PARTIAL}),
    "trouble": frozenset({Status.FAILED, Status.INVALID}),
}


class Lane:
    """A hook at work; `tick` never waits. Time comes in as `now`."""

    def __init__(
        self,
        event: str,
        channel: Channel,
        hook: Hook,
        *,
        config: Config,
        queue: Queue,
        rows: AnnouncementRows,
        log: Log,
        moment: Callable[[], str],
        patient: bool,
    ) -> None:
        """Make the lane of a channel.

        Args:
            event: done or trouble.
            channel: How it is told.
            hook: What the settings say.
            config: The settings.
            queue: Where the jobs are.
            rows: What there is to tell.
            log: Where events go; names of files alone.
            moment: Returns the time of day as UTC in ISO 8601.
            patient: Gather, and try again after a failure.
        """
        self.name = f"on_{event}.{channel}"
        self._event = event
        self._channel = channel
        self._hook = hook
        self._config = config
        self._queue = queue
        self._rows = rows
        self._log = log.bind(hook=self.name)
        self._moment = moment
        self._patient = patient
        self._record = rows.begin(name=self.name)
        self._process: HookProcess | None = None
        self._upto = 0  # the last announcement that the process tells
        self._size = 0  # how many it tells
        self._due: float | None = None  # when the next process may start; None: nothing to tell
        self._spaced_until = float("-inf")
        self._held: str | None = None  # the hold that the process tells
        self._holds: dict[str, float] = {}  # when each reason was last told

    @property
    def busy(self) -> bool:
        """Return whether a process runs."""
        return self._process is not None

    def idle(self) -> bool:
        """Return whether there is nothing to tell and nothing is being told."""
        return not self.busy and not self._rows.after(self._record.told, self._event, limit=1)

    def tick(self, now: float, *, rebuilding: bool = False) -> None:
        """Notice the end of a process, and start the next when there is something to tell."""
        if self._process is not None:
            answer = self._process.poll(now)
            if answer is None:
                return
            self._process = None
            self._note(answer, now)
        pending = self._rows.after(self._record.told, self._event, limit=self._most)
        if not pending:
            self._due = None
            return
        if self._due is None:
            gather_s = GATHER_S if self._patient else 0.0
            self._due = max(now + gather_s, self._spaced_until)
        if now < self._due:
            return
        self._start(pending, now, rebuilding=rebuilding)

    def catch_up(self) -> None:
        """Keep no announcement of the other event."""
        if not self.busy:
            self._record = self._rows.catch_up(self.name, self._event)

    def close(self, patience_s: float, now: float) -> None:
        """Wait a little for a process that runs; what it has not told is told after a restart."""
        if self._process is not None:
            answer = self._process.finish(patience_s)
            self._process = None
            if answer is not None:
                self._note(answer, now)

    @property
    def _most(self) -> int:
        return MOST_TEXTS if self._hook.text else MOST

    def _start(self, pending: Sequence[Announcement], now: float, *, rebuilding: bool) -> None:
        self._upto = pending[-1].id
        news = News(
            event=self._event,
            home=str(self._config.home.path),
            at=self._moment(),
            jobs=self._jobs(pending, rebuilding=rebuilding),
            held=self._hold(pending, now),
        )
        self._size = news.size
        self._held = news.held.reason if news.held is not None else None
        if not news.size:
            self._record = self._rows.told(self.name, self._upto, 0)
            self._due = None
            return
        self._process = start(
            self._channel, self._hook, news, folder=self._config.home.path, now=now
        )

    def _jobs(self, pending: Sequence[Announcement], *, rebuilding: bool) -> list[Job]:
        """Return the jobs that are still as they were announced, each once.

        A database that is rebuilt meets every file again that could never be read: no news.
        """
        numbers = dict.fromkeys(row.job_id for row in pending if row.job_id is not None)
        found = (self._queue.job(number) for number in numbers)
        return [
            job
            for job in found
            if job is not None
            and job.status in _ENDED[self._event]
            and not (rebuilding and not job.claims)
        ]

    def _hold(self, pending: Sequence[Announcement], now: float) -> Hold | None:
        """Return the hold to tell: one that lasts, and not again and again."""
        held = self._queue.held()
        if held is None or held.reason not in {row.reason for row in pending}:
            return None
        last = self._holds.get(held.reason)
        if last is not None and now - last < AGAIN_S:
            return None
        return held

    def _note(self, answer: str, now: float) -> None:
        """Record what became of a process."""
        self._due = None
        if not answer:
            self._record = self._rows.told(self.name, self._upto, self._size)
            self._log.info("hook.told", files=self._size)
            if self._held is not None:
                self._holds[self._held] = now
        else:
            # One that has not worked since it gave up is not tried three times for every file.
            hopeless = self._record.problem is not None and not self._record.tries
            self._record = self._rows.failed(self.name, answer)
            self._log.warning("hook.failed", problem=answer, tries=self._record.tries)
            if self._patient and not hopeless and self._record.tries < TRIES:
                self._due = now + BACKOFF_S[self._record.tries - 1]
                return
            self._record = self._rows.give_up(self.name, self._upto, self._size)
            self._log.warning("hook.gave_up", files=self._size, problem=answer)
        if self._channel == "notify" and self._patient:
            self._spaced_until = now + SPACING_S
