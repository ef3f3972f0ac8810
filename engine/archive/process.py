"""A worker as its parent sees it: started when needed, ended when it hangs, replaced once dead."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from engine.archive import transcript
from engine.archive.errors import ArchiveError, WorkersDiffer
from engine.archive.records import Item, Outcome, Settings
from engine.child.process import ChildProcess
from engine.errors import ChildDied, ChildSilent, EngineError, ModelError

#: Longer than a model child may be silent: the worker says first what is wrong with its child.
SILENCE_S: Final = 300.0
_TRIES: Final = 2  # of a file on which a worker dies: it may have been the machine's memory
_COMMAND: Final = (sys.executable, "-P", "-m", "engine.archive.worker")


class WorkerProcess:
    """One worker at a time. Call `close` from any thread, all else from one."""

    def __init__(
        self,
        settings: Settings,
        *,
        node: str,
        lock_path: Path | None = None,
        silence_s: float = SILENCE_S,
        command: Sequence[str] = _COMMAND,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self._settings = settings
        self._node = node
        self._lock_path = lock_path
        self._closed = False
        self._process = ChildProcess(command, silence_s=silence_s, log=log or (lambda line: None))

    def start(self) -> None:
        """Start the worker unless it runs; raises `ArchiveError`, `ModelError`, `ChildError`."""
        if self._process.alive:
            return
        if self._closed:
            raise ChildDied()
        self._process.start()
        lock = str(self._lock_path) if self._lock_path else None
        answer = self._process.ask({"settings": dataclasses.asdict(self._settings), "lock": lock})
        if answer.get("event") != "ready":
            self._process.close()
            raise _error(answer)

    def work(self, item: Item) -> Outcome:
        """Have a file done; a worker that dies or hangs on it is an outcome of the file."""
        outcome = self._work(item)
        return dataclasses.replace(outcome, file=item.path, node=self._node)

    def close(self) -> None:
        """End the worker at once, and its model child with it."""
        self._closed = True
        self._process.close()

    def _work(self, item: Item) -> Outcome:
        error: EngineError = ChildDied()
        for _ in range(_TRIES):
            try:
                self.start()
            except EngineError as broken:
                return dataclasses.replace(transcript.failed(item, broken), ends_run=True)
            try:
                absolute = dataclasses.asdict(item.absolute())
                answer = self._process.ask({"item": absolute}, listener=lambda message: True)
            except ChildSilent:
                error = _poisoned("The worker hung on this file and was ended.", "worker_silent")
                break  # it would hang again
            except ChildDied:
                if self._closed:
                    break
                error = _poisoned("The worker died on this file, more than once.", "worker_died")
                continue
            if answer.get("event") == "done":
                return Outcome.from_wire(answer["outcome"])
            if answer.get("event") == "bug":
                name = str(answer.get("name"))
                error = _poisoned(f"A bug of llasa, please report it: {name}.", "worker_bug")
                break
            error = _error(answer)
            break
        return dataclasses.replace(transcript.failed(item, error), ends_run=False)


def _poisoned(message: str, reason: str) -> ArchiveError:
    return ArchiveError(message, reason=reason, hint="Leave it out, and please report it.")


def _error(answer: dict[str, Any]) -> EngineError:
    """Return the error that a worker named."""
    kinds: dict[str, type[EngineError]] = {
        "WorkersDiffer": WorkersDiffer,
        "ModelNotFound": ModelError,
        "ModelRefused": ModelError,
    }
    kind = kinds.get(str(answer.get("kind")), ArchiveError)
    return kind(
        str(answer.get("message") or "The worker cannot work."),
        hint=str(answer.get("hint") or ""),
        reason=str(answer.get("reason") or ""),
    )
