"""Lend the model to another process of this home: its child is closed, and no job is claimed.

The two sides meet in the requests of the database. What keeps two models out of the memory is the
lock that every model child holds; the requests only say whose turn it is.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from daemon.lock import holder
from daemon.log import Log
from daemon.machine import machine_bytes, the_same
from daemon.work.child import ModelKeeper
from daemon.work.context import WorkerContext
from state.lending import LendingRows, ModelRequest

LOOK_S: Final = 0.5  # between two looks at the requests while the model is lent
SLICE_S: Final = 5.0  # the most that one look adds to the time for which a process was stopped
PATIENCE_S: Final = 30.0  # with a process that is stopped
SETTLE_S: Final = 30.0  # for the child of a process that ended to end too
# Of the machine's memory, what a tool for sound and a model beside it may need together.
MEMORY_SHARE: Final = 0.6


class RequestLine:
    """The requests in their order, less those whose process has ended or is suspended.

    A suspended process (Ctrl-Z) keeps the model while its child has it loaded: nobody else could
    load one. The system says which process is stopped, since one that had to give signs of life
    could be stopped with the database locked. For how long is counted in slices by the clock of
    the process that looks, so that a stop of the whole machine counts as one of them and a step of
    the wall clock not at all.
    """

    def __init__(
        self,
        rows: LendingRows,
        lock: Path,
        *,
        clock: Callable[[], float],
        ended: Callable[[ModelRequest, str], None] = lambda request, reason: None,
    ) -> None:
        """Make the line.

        Args:
            rows: The requests, on a database of the calling thread.
            lock: The file that every model child of the home locks.
            clock: Monotonic seconds.
            ended: Is told of each request that is taken out of the line, and why.
        """
        self._rows = rows
        self._lock = lock
        self._clock = clock
        self._ended = ended
        self._stopped_s: dict[int, float] = {}  # by request
        self._looked_at = clock()

    def first(self) -> ModelRequest | None:
        """Return the request that holds the model or is next; end those that are over."""
        now = self._clock()
        passed_s, self._looked_at = min(now - self._looked_at, SLICE_S), now
        for request in self._rows.requests():
            reason = self._over(request, passed_s)
            if reason is None:
                return request
            self._stopped_s.pop(request.id, None)
            if self._rows.end(request.id):
                self._ended(request, reason)
        return None

    def _over(self, request: ModelRequest, passed_s: float) -> str | None:
        """Return why a request is over, None while it is not."""
        process = the_same(request.pid, request.birth)
        if process is None:
            return "process_gone"
        if not process.stopped:
            self._stopped_s.pop(request.id, None)
            return None
        before_s = self._stopped_s.get(request.id)
        stopped_s = 0.0 if before_s is None else before_s + passed_s
        self._stopped_s[request.id] = stopped_s
        if stopped_s < PATIENCE_S or (request.granted and holder(self._lock) is not None):
            return None
        return "process_suspended"


class Lender:
    """The worker's side: `lend` is called between two jobs, and ends the child before it grants."""

    def __init__(
        self,
        rows: LendingRows,
        keeper: ModelKeeper,
        log: Log,
        context: WorkerContext,
        *,
        lock: Path,
        memory_bytes: int | None = None,
    ) -> None:
        """Make the lender; `memory_bytes` is the machine's, for tests."""
        self._memory_bytes = memory_bytes if memory_bytes is not None else machine_bytes()
        self._rows = rows
        self._keeper = keeper
        self._log = log
        self._context = context
        self._lock = lock
        self._line = RequestLine(rows, lock, clock=context.clock, ended=self._took_back)
        self._lent: ModelRequest | None = None
        self._lent_at = 0.0
        self._returned_at: float | None = None  # until the lock has been seen free

    def lend(self) -> bool:
        """Lend the model to the process whose turn it is; return whether the worker is without it.

        Raises StateError.
        """
        first = self._line.first()
        if self._lent is not None and (first is None or first.id != self._lent.id):
            self._note_return(self._lent, "given_back")
        if first is not None:
            self._give(first)
        self._context.progress.lent = first is not None or self._settling()
        return self._context.progress.lent

    def lend_beside(self, tool_bytes: int) -> None:
        """Lend the model while a tool for sound runs, where both fit into the memory.

        The model child is closed while a tool runs, so what counts is the tool and the model that
        the other process says it needs. One that does not say it waits. Raises StateError.
        """
        first = self._line.first()
        if self._lent is not None and (first is None or first.id != self._lent.id):
            self._note_return(self._lent, "given_back")
        if first is None:
            return
        fits = (
            first.needs_bytes is not None
            and tool_bytes + first.needs_bytes <= MEMORY_SHARE * self._memory_bytes
        )
        if first.granted or fits:
            self._give(first)

    def _give(self, request: ModelRequest) -> None:
        """End the model child, and grant the request unless somebody else has."""
        if self._lent is not None:
            return
        self._keeper.close("lent")
        self._context.progress.report({"memory_bytes": None, "device_path": None})
        found = request.granted  # by itself, or not by this daemon
        if not found:
            self._context.step("model_closed")
            granted = self._rows.grant(request.id)
            if granted is None:
                return
            request = granted
        self._lent, self._lent_at = request, self._context.clock()
        self._log.info("model.lent", who=request.who, pid=request.pid, found=found)
        self._context.step("model_lent")

    def _took_back(self, request: ModelRequest, reason: str) -> None:
        if request.granted:
            self._note_return(request, reason)

    def _note_return(self, request: ModelRequest, reason: str) -> None:
        now = self._context.clock()
        held_s = now - self._lent_at if self._lent is not None else 0.0
        self._log.info(
            "model.returned",
            who=request.who,
            pid=request.pid,
            reason=reason,
            held_s=round(held_s, 1),
        )
        self._lent, self._returned_at = None, now
        self._context.step("model_returned")

    def _settling(self) -> bool:
        """Return whether the child of a process that gave the model back has yet to end."""
        if self._returned_at is None:
            return False
        over = self._context.clock() - self._returned_at >= SETTLE_S
        if over or holder(self._lock) is None:
            self._returned_at = None
        return self._returned_at is not None
