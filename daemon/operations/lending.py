"""Borrow the model of a home: who loads one while a daemon may work asks for it here.

    with lending.model(home, who="llasa-cli prompt") as lease:
        client = ModelClient(info, lock_path=lease.lock_path)
        ...

A conversation borrows for each turn and is idle in between:

    with lending.Lease(home, who="llasa-cli chat") as lease:
        client = ModelClient(info, lock_path=lease.lock_path)
        lease.attach(client.close)
        while line := ask():
            with lease.turn():
                answer(client, line)

Between turns the model stays loaded. When the lease has been idle for a while and somebody else
has a use for the model, the attached clients are closed and the model is given back; the next turn
borrows it again.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

from daemon.errors import AlreadyRunning
from daemon.home import Home
from daemon.lock import HomeLock, holder
from daemon.machine import birth_of
from daemon.operations.errors import ModelBusy
from daemon.work.lending import RequestLine
from state.database import Database, open_database
from state.errors import DatabaseError, StateError
from state.lending import LendingRows, ModelRequest
from state.queue import Queue
from state.service import ServiceRow

LIMIT_S: Final = 300.0  # of waiting for the model
IDLE_S: Final = 20.0  # between two turns, after which the model is given back if it is wanted
LOOK_S: Final = 0.1  # between two looks at the request while it waits
TEND_S: Final = 5.0  # between two looks at it afterwards


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a process waits for that asked for the model."""

    reason: str  # a clause: "the daemon finishes a part"
    waited_s: float
    progress: str = ""  # how far that is: "12 of 60 min"; "" where nobody knows

    @property
    def in_words(self) -> str:
        """Return the reason with how far it is, and that nobody has to wait for it."""
        if not self.progress:
            return self.reason
        return f"{self.reason}, {self.progress}; Ctrl-C ends the wait"


class Lease:
    """The right to have a model loaded in a home; asked for at the first turn.

    Where no database is, nobody needs to be asked and a turn begins at once. All methods belong to
    one thread; the lease has another one that gives the model back when it is idle and wanted.
    """

    def __init__(
        self,
        home: Home,
        *,
        who: str,
        on_wait: Callable[[Waiting], None] = lambda waiting: None,
        limit_s: float = LIMIT_S,
        idle_s: float = IDLE_S,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        """Make the lease; nothing is asked for yet.

        Args:
            home: The home whose daemon may hold the model; it need not exist.
            who: The command, as `llasactl status` shows it.
            on_wait: Is told again and again what is waited for.
            limit_s: Seconds of waiting before `ModelBusy` is raised.
            idle_s: Seconds between two turns after which the model is given back if it is wanted.
            clock: Monotonic seconds.
            pause: Waits so many seconds.
        """
        self._home = home
        self._who = who
        self._on_wait = on_wait
        self._limit_s = limit_s
        self._idle_s = idle_s
        self._clock = clock
        self._pause = pause
        self.needs_bytes: int | None = None  # of memory, for the model; None: unknown
        self._moved: tuple[str, float] = ("", 0.0)  # how far it was, and when that changed
        self._closes: list[Callable[[], object]] = []
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._mutex = threading.RLock()  # of what follows; the thread changes it between turns
        self._request: ModelRequest | None = None
        self._in_turn = False
        self._idle_since = 0.0

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self.give_back()
        if self._thread is not None:
            self._thread.join()

    @property
    def lock_path(self) -> Path | None:
        """Return the file that the model child must lock; None where there is no home."""
        return self._home.model_lock if self._home.state.is_dir() else None

    @property
    def lent(self) -> bool:
        """Return whether the model is ours by a request in the database."""
        request = self._request
        return request is not None and request.granted

    def attach(self, close: Callable[[], object]) -> None:
        """Have a client closed before the model is given back; it may be called from a thread."""
        self._closes.append(close)

    def wanted(self) -> bool:
        """Return whether somebody else has a use for the model that is ours."""
        request = self._request
        with contextlib.suppress(StateError):
            if request is not None and request.granted:
                with self._open() as database:
                    return LendingRows(database).wanted(request.id)
        return False

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Hold the model while the block runs; wait for it first, if necessary.

        Raises ModelBusy after `limit_s`, StateError when the database of a running daemon cannot
        be used.
        """
        with self._mutex:
            self._in_turn = True
        try:
            if not self._is_still_lent():
                self._borrow()
            yield
        finally:
            with self._mutex:
                self._in_turn = False
                self._idle_since = self._clock()

    def give_back(self) -> None:
        """Close the attached clients and give the model back; the next turn borrows it again."""
        with self._mutex:
            self._close_clients()
            request, self._request = self._request, None
        if request is not None:
            # Where this fails, the daemon notices that the process has ended or is silent.
            with contextlib.suppress(StateError), self._open() as database:
                LendingRows(database).end(request.id)

    def rest(self) -> None:
        """Give the model back unless a turn holds it: this process is about to be suspended."""
        with self._mutex:
            if not self._in_turn:
                self.give_back()

    def tend(self) -> None:
        """Forget a request that is gone; give the model back when it is idle and wanted.

        The lease's own thread calls this every `TEND_S`.
        """
        request = self._request
        if request is None:
            return
        with contextlib.suppress(StateError), self._open() as database:
            rows = LendingRows(database)
            if rows.request(request.id) is None:
                self._forget(request)
            elif self._is_idle() and rows.wanted(request.id):
                with self._mutex:
                    if self._is_idle():  # still: a turn may have begun
                        self.give_back()

    # To borrow

    def _is_still_lent(self) -> bool:
        """Return whether the model is ours; the request ends while we are suspended."""
        request = self._request
        if request is None:
            return False
        with contextlib.suppress(StateError), self._open() as database:
            if LendingRows(database).request(request.id) is None:
                self._forget(request)
        return self.lent

    def _borrow(self) -> None:
        """Ask for the model and wait until it is ours and no other child has one loaded."""
        begun = self._clock()
        database = self._open_if_useful()
        if database is not None:
            self._close_clients()  # of a request that was lost; its child has the lock
            with database:
                rows = LendingRows(database)
                try:
                    self._wait_for_grant(rows, begun)
                    self._wait_for_lock(begun)
                except BaseException:  # Ctrl-C too: nobody else ends the request
                    if self._request is not None:
                        rows.end(self._request.id)
                    self._request = None
                    raise
        elif not self._closes:
            self._wait_for_lock(begun)

    def _open_if_useful(self) -> Database | None:
        """Return the database, None where there is none or no daemon that needs to be asked."""
        if not self._home.database.exists():
            return None
        try:
            return self._open()
        except DatabaseError:
            if holder(self._home.lock) is None:
                return None
            raise

    def _open(self) -> Database:
        return open_database(self._home.database, create=False, migrate=False)

    def _wait_for_grant(self, rows: LendingRows, begun: float) -> None:
        line = RequestLine(rows, self._home.model_lock, clock=self._clock)
        while not self.lent:
            request = self._request = self._asked(rows)
            if request.granted:
                break
            if holder(self._home.lock) is None:
                first = line.first()
                if first is not None and not first.granted:
                    self._grant_without_daemon(rows, first)
                    continue
            self._wait(begun, *_reason(rows, request))

    def _asked(self, rows: LendingRows) -> ModelRequest:
        """Return our request as it is now; ask, if there is none or it was lost."""
        found = rows.request(self._request.id) if self._request is not None else None
        if found is None:
            pid = os.getpid()
            found = rows.ask(
                who=self._who, pid=pid, birth=birth_of(pid) or "", needs_bytes=self.needs_bytes
            )
            found = rows.grant_if_idle(found.id) or found
            self._start_thread()
        return found

    def _grant_without_daemon(self, rows: LendingRows, first: ModelRequest) -> None:
        """Grant the first request, whoever's it is, while no daemon can start."""
        lock = HomeLock(self._home.lock)
        try:
            lock.acquire()
        except AlreadyRunning:
            return
        try:
            rows.grant(first.id)
        finally:
            lock.release()

    def _wait_for_lock(self, begun: float) -> None:
        """Wait until no model child runs: one whose parent was killed ends a moment later."""
        while self.lock_path is not None and holder(self.lock_path) is not None:
            self._wait(begun, "another process has a model loaded")

    def _wait(self, begun: float, reason: str, progress: str = "") -> None:
        """Wait a moment; raises ModelBusy after `limit_s` in which nothing moved."""
        now = self._clock()
        if progress != self._moved[0]:
            self._moved = (progress, now)
        since = max(begun, self._moved[1]) if progress else begun
        if now - since >= self._limit_s:
            raise ModelBusy(
                f"The model of {self._home.path} was not free within {self._limit_s:.0f} s: "
                f"{reason}."
            )
        self._on_wait(Waiting(reason, now - begun, progress))
        self._pause(LOOK_S)

    # Between turns

    def _start_thread(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_tending, name="lease", daemon=True)
            self._thread.start()

    def _keep_tending(self) -> None:
        while not self._ended.wait(TEND_S):
            self.tend()

    def _is_idle(self) -> bool:
        idle_s = self._clock() - self._idle_since
        return self.lent and not self._in_turn and idle_s >= self._idle_s

    def _forget(self, request: ModelRequest) -> None:
        """Note that our request is gone: the next turn asks again."""
        with self._mutex:
            if self._request is not None and self._request.id == request.id:
                self._request = None

    def _close_clients(self) -> None:
        for close in self._closes:
            close()


@contextlib.contextmanager
def model(
    home: Home,
    *,
    who: str,
    on_wait: Callable[[Waiting], None] = lambda waiting: None,
    limit_s: float = LIMIT_S,
) -> Iterator[Lease]:
    """Hold the model of a home for the whole block; raises as `Lease.turn` does.

    The caller closes its client inside the block, or attaches it.
    """
    with Lease(home, who=who, on_wait=on_wait, limit_s=limit_s) as lease, lease.turn():
        yield lease


def _reason(rows: LendingRows, ours: ModelRequest) -> tuple[str, str]:
    """Return what our request waits for, as a clause, and how far that is."""
    before = next((request for request in rows.requests() if request.granted), None)
    if before is not None:
        return f"{before.who} (pid {before.pid}) has the model", ""
    service = ServiceRow(rows.database).read()
    if service.activity is not None and service.activity["kind"] == "speakers":
        done, total = float(service.activity["done"]), service.activity["total"]
        name = _name(rows, int(service.activity["job_id"]))
        return f"the daemon finds out who speaks in {name}", _far(done, total)
    if service.current_job is not None and service.heard_s is not None:
        name = _name(rows, service.current_job)
        return f"the daemon transcribes {name}", _far(service.heard_s, service.length_s)
    return "the daemon finishes a part", ""


def _name(rows: LendingRows, job_id: int) -> str:
    job = Queue(rows.database).job(job_id)
    return "a recording" if job is None else os.path.basename(job.path)


def _far(done_s: float, total_s: float | None) -> str:
    if not total_s:
        return ""
    unit, size = ("min", 60.0) if total_s >= 100 else ("s", 1.0)
    return f"{done_s / size:.0f} of {total_s / size:.0f} {unit} heard"
