"""What is asked of the tuning child: train, and stop. Never imports MLX."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine.child.process import ChildProcess, Message
from engine.errors import (
    ChildFailed,
    EngineError,
    GpuTimeout,
    ModelNotFound,
    ModelRefused,
    NoMemory,
)
from engine.tuning.errors import NoSuchRun, NothingToLearn, RunMismatch, TuningError
from engine.tuning.store import Run

#: A validation or the reading of all windows may take long on a busy machine.
SILENCE_S: Final = 1_800.0
_NAMED: Final[dict[str, type[EngineError]]] = {
    error.__name__: error
    for error in (
        GpuTimeout, ModelNotFound, ModelRefused, NoMemory, NoSuchRun, NothingToLearn, RunMismatch,
        TuningError,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Learning:
    """What the child said after a step, or before the first one."""

    stage: str  # what is done before the first step, "" from then on
    done: int
    of: int
    step: int
    steps: int
    loss: float
    valid: float
    first_valid: float
    best_valid: float
    best_step: int
    memory_bytes: int


class Trainer:
    """One tuning child. Call `stop` from a signal handler's flag, all else from one thread."""

    def __init__(
        self,
        *,
        lock_path: Path | None = None,
        silence_s: float = SILENCE_S,
        log: Callable[[str], None] = lambda line: None,
    ) -> None:
        command = [sys.executable, "-P", "-m", "engine.tuning.host"]
        if lock_path is not None:
            command.append(str(lock_path))
        self._process = ChildProcess(command, silence_s=silence_s, log=log)

    def train(
        self,
        kind: str,
        run: Run,
        options: Mapping[str, Any],
        *,
        on_progress: Callable[[Learning], None],
        stopping: Callable[[], bool],
    ) -> Message:
        """Train in a child; returns where the run stands. Raises `EngineError`.

        `stopping` is asked after every step: the child then saves what it has and ends.
        """
        told = False

        def hear(message: Message) -> bool:
            nonlocal told
            on_progress(_learning(message))
            if not told and stopping():
                told = True
                self._process.tell({"op": "cancel", "number": 1})
            return True

        self._process.start()
        answer = self._process.ask(
            {
                "op": kind,
                "number": 1,
                "name": run.name,
                "folder": str(run.folder),
                "options": dict(options),
            },
            listener=hear,
        )
        if answer.get("event") == "done":
            return answer
        raise _failure(answer)

    def close(self) -> None:
        """End the child; what was not saved is lost."""
        self._process.close()


def _learning(message: Message) -> Learning:
    return Learning(
        stage=str(message.get("stage", "")),
        done=int(message.get("done", 0)),
        of=int(message.get("of", 0)),
        step=int(message.get("step", 0)),
        steps=int(message.get("steps", 0)),
        loss=float(message.get("loss", 0.0)),
        valid=float(message.get("valid", 0.0)),
        first_valid=float(message.get("first_valid", 0.0)),
        best_valid=float(message.get("best_valid", 0.0)),
        best_step=int(message.get("best_step", 0)),
        memory_bytes=int(message.get("memory_bytes", 0)),
    )


def _failure(answer: Message) -> EngineError:
    return _NAMED.get(str(answer.get("kind")), ChildFailed)(
        str(answer.get("message", "")),
        hint=str(answer.get("hint", "")),
        reason=str(answer.get("reason", "")),
    )
