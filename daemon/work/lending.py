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
from daemon.machine import machine_bytes, still_runs
from daemon.work.child import ModelKeeper
from daemon.work.context import WorkerContext
from state.lending import LendingRows, ModelRequest

LOOK_S: Final = 0.5  # between two looks at the requests while the model is lent
BEAT_S: Final = 5.0  # between two signs of life of a process that asks or holds
SILENCE_S: Final = 30.0  # without one, a process is suspended
SETTLE_S: Final = 30.0  # for the child of a process that ended to end too
# Of the machine's memory, what a tool for sound and a model beside it may need together.
MEMORY_SHARE: Final = 0.6


class RequestLine:
    """The requests in their order, less those whose process has ended or is suspended.

    A suspended process (Ctrl-Z) keeps the model while its child has it loaded: nobody else could
    load one. Silence is counted in slices by the clock of the process that looks, so that a stop of
    the whole machine counts as one of them and a step of the wall clock not at all.
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
        self._heard: dict[int, tuple[int, float]] = {}  # beats of a request, and silence since
        self._looked_at = clock()

    def first(self) -> ModelRequest | None:
        """Return the request that holds the model or is next; end those that are over."""
        requests = self._rows.requests()
        self._listen(requests)
        for request in requests:
            reason = self._over(request)
            if reason is None:
                return request
            if self._rows.end(request.id):
                self._ended(request, reason)
        return None

    def _listen(self, requests: list[ModelRequest]) -> None:
        """Count the silence of each request since the last look, a slice at most."""
        now = self._clock()
        passed_s, self._looked_at = min(now - self._looked_at, BEAT_S), now
        before, self._heard = self._heard, {}
        for request in requests:
            beats, silent_s = before.get(request.id, (-1, 0.0))
            silent_s = silent_s + passed_s if beats == request.beats else 0.0
            self._heard[request.id] = (request.beats, silent_s)

    def _over(self, request: ModelRequest) -> str | None:
        """Return why a request is over, None while it is not."""
        if not still_runs(request.pid, request.birth):
            return "process_gone"
        silent = self._heard[request.id][1] >= SILENCE_S
        if silent and not (request.granted and holder(self._lock) is not None):
            return "process_suspended"
        return None


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
