"""The loop of training, for taggers and chat models: steps, validation, checkpoints, an early end.

The rule: a batch follows from its step alone, and everything else that a step depends on is in the
checkpoint. So a run that was interrupted and goes on ends as one that was not.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol, cast

import mlx.core as mx
from mlx import optimizers

from engine.tuning.errors import RunMismatch

CHECKPOINT: Final = "checkpoint.safetensors"
BEST: Final = "best.safetensors"
#: Steps over which the rate rises.
WARM_UP: Final = 10
#: The longest of a gradient; a longer one is shortened to it.
CLIP: Final = 1.0
_STATE: Final = "state"
_OF: Final = "|"  # between the name of a weight, which has dots, and what is kept of it

Arrays = dict[str, mx.array]


class Task(Protocol):
    """What is learnt: a loss of weights, on batches that follow from their number."""

    def begin(self) -> Arrays:
        """Return the weights that are learnt, as they stand at the beginning."""

    def loss(self, learnt: Arrays, step: int) -> mx.array:
        """Return the loss on the batch of a step."""

    def validate(self, learnt: Arrays) -> float:
        """Return the loss on what is kept apart."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast a run learns."""

    steps: int  # at most; the rate falls to nought over them
    rate: float
    validate_every: int  # steps
    save_every: int  # steps
    patience: int  # validations without a gain after which it ends


@dataclass(slots=True)
class State:
    """Where a run stands."""

    step: int = 0
    loss: float = 0.0  # a running mean
    valid: float = 0.0  # of the last validation
    first_valid: float = 0.0  # before anything was learnt
    best_valid: float = 0.0
    best_step: int = 0
    waited: int = 0  # validations since the best one
    seconds: float = 0.0  # of all the processes that worked on it
    ended: str = ""  # "early", "steps"; "": it may go on


#: Is told after every step; returns whether to stop.
Report = Callable[[State], bool]


def train(task: Task, schedule: Schedule, folder: Path, *, identity: str, report: Report) -> State:
    """Train until the steps are over, nothing is gained any more, or `report` says stop.

    `identity` says what the run began with; raises `RunMismatch` where the checkpoint began with
    something else. The best weights are in `BEST`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optimiser = optimizers.AdamW(learning_rate=schedule.rate, weight_decay=0.0)
    learnt, state = _resumed(folder, optimiser, identity)
    started = time.monotonic()
    before_s = state.seconds
    if learnt is None:
        learnt = _in_order(task.begin())
        state.first_valid = state.best_valid = state.valid = task.validate(learnt)
        _save(folder / BEST, learnt, {})
    value_and_grad = mx.value_and_grad(task.loss)
    while not state.ended:
        optimiser.learning_rate = rate_at(schedule, state.step)
        loss, gradients = value_and_grad(learnt, state.step)
        gradients, _ = optimizers.clip_grad_norm(gradients, CLIP)
        learnt = cast("Arrays", optimiser.apply_gradients(gradients, learnt))
        mx.eval(loss, learnt, optimiser.state)
        state.step += 1
        weight = 1.0 if state.step == 1 else 0.1
        state.loss += weight * (float(cast("float", loss.item())) - state.loss)
        if state.step % schedule.validate_every == 0 or state.step == schedule.steps:
            _validated(task, learnt, state, schedule, folder)
        if state.step >= schedule.steps and not state.ended:
            state.ended = "steps"
        state.seconds = before_s + time.monotonic() - started
        stop = report(state)
        if stop or state.ended or state.step % schedule.save_every == 0:
            _checkpoint(folder, learnt, optimiser, state, identity)
        if stop:
            break
    return state


def rate_at(schedule: Schedule, step: int) -> float:
    """Return the rate of a step: up over the first ones, then down to nought."""
    rise = min(1.0, (step + 1) / WARM_UP)
    return schedule.rate * rise * max(0.0, 1.0 - step / schedule.steps)


def best(folder: Path) -> Arrays:
    """Return the best weights of a run."""
    return cast("Arrays", mx.load(str(folder / BEST)))


def state_of(folder: Path) -> State | None:
    """Return where a run stands, None where it has not begun."""
    path = folder / CHECKPOINT
    if not path.is_file():
        return None
    return _read(path)[1]


def _validated(task: Task, learnt: Arrays, state: State, schedule: Schedule, folder: Path) -> None:
    state.valid = task.validate(learnt)
    if state.valid < state.best_valid:
        state.best_valid, state.best_step, state.waited = state.valid, state.step, 0
        _save(folder / BEST, learnt, {})
        return
    state.waited += 1
    if state.waited >= schedule.patience:
        state.ended = "early"


def _checkpoint(folder: Path, learnt: Arrays, optimiser: Any, state: State, identity: str) -> None:
    arrays = {f"learnt:{name}": array for name, array in learnt.items()}
    for name, entry in optimiser.state.items():
        own = entry.items() if isinstance(entry, dict) else [("", entry)]
        arrays |= {f"optimiser:{name}{_OF}{key}": array for key, array in own}
    described = json.dumps({"identity": identity, **asdict(state)})
    _save(folder / CHECKPOINT, arrays, {_STATE: described})


def _resumed(folder: Path, optimiser: Any, identity: str) -> tuple[Arrays | None, State]:
    path = folder / CHECKPOINT
    if not path.is_file():
        return None, State()
    arrays, state, began_with = _parted(path)
    if began_with != identity:
        raise RunMismatch(
            "The run began with other recordings, another model or other options than now."
        )
    learnt = {
        name.removeprefix("learnt:"): array
        for name, array in arrays.items()
        if name.startswith("learnt:")
    }
    kept: dict[str, Any] = {}
    for name, array in arrays.items():
        if name.startswith("optimiser:"):
            stem, _, key = name.removeprefix("optimiser:").partition(_OF)
            if key:
                kept.setdefault(stem, {})[key] = array
            else:
                kept[stem] = array
    optimiser.state = kept
    return _in_order(learnt), state


def _in_order(arrays: Arrays) -> Arrays:
    """Return weights by name: sums over them are then the same to the last bit."""
    return {name: arrays[name] for name in sorted(arrays)}


def _parted(path: Path) -> tuple[Arrays, State, str]:
    arrays, metadata = mx.load(str(path), return_metadata=True)
    found = json.loads(cast("dict[str, str]", metadata)[_STATE])
    identity = str(found.pop("identity"))
    return cast("Arrays", arrays), State(**found), identity


def _read(path: Path) -> tuple[str, State]:
    _, state, identity = _parted(path)
    return identity, state


def _save(path: Path, arrays: Arrays, metadata: dict[str, str]) -> None:
    """Replace a file in one move, for its user alone."""
    temporary = path.with_name(f".{path.stem}.{os.getpid()}.safetensors")
    mx.save_safetensors(str(temporary), arrays, metadata)
    temporary.chmod(0o600)
    os.replace(temporary, path)
