"""The files of an archive shared out over the machines of a Ray cluster. Only this imports ray.

One actor a machine holds one worker and its model. A block of files is sent to it and comes back as
outcomes; while it works, the next block waits there. The blocks of a machine that is lost go to the
others, file by file: what it had finished is known by its sidecars.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from engine.archive.blocks import Block, Limits, cut
from engine.archive.errors import ClusterFailed, RayMissing
from engine.archive.process import WorkerProcess
from engine.archive.records import FINISHED, Item, Outcome, Settings
from engine.errors import EngineError

_IN_FLIGHT: Final = 2  # blocks at a machine: one is worked on, one waits
_LOOK_S: Final = 2.0  # between looks for machines that came
_PATIENCE_S: Final = 120.0  # without any machine
_MOST_TRIES: Final = 3  # machines that may be lost with one file


class _Machine:
    """The actor: what runs on a machine of the cluster."""

    def __init__(self, settings: dict[str, Any], node: str) -> None:
        os.environ.pop("OMP_NUM_THREADS", None)  # Ray sets 1; the model may use the whole machine
        self._worker = WorkerProcess(Settings(**settings), node=node)

    def begin(self) -> None:
        """Start the worker; raises `EngineError` where it cannot."""
        self._worker.start()

    def work(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the outcomes of files, up to the first that ends the run."""
        outcomes: list[dict[str, Any]] = []
        for item in items:
            outcome = self._worker.work(Item(**item))
            outcomes.append(outcome.to_wire())
            if outcome.ends_run:
                break
        return outcomes


@dataclass(slots=True)
class _Node:
    """A machine as the driver sees it."""

    id: str
    name: str
    actor: Any
    begun: Any  # the reference of `begin`, None once it is through
    blocks: dict[Any, Block] = field(default_factory=dict)  # by the reference of their outcomes


def run(
    items: Iterator[Item],
    settings: Settings,
    *,
    address: str | None,
    files: int,
    size_bytes: int,
) -> Generator[Outcome]:
    """Yield what becomes of each item; raises `ArchiveError` where no machine can work.

    Args:
        items: Taken lazily. Their paths must mean the same files on every machine.
        settings: The same on every machine, and the same llasa and model.
        address: Of the cluster; None: this machine alone becomes one.
        files: Their number, as far as it is known; blocks are cut by it.
        size_bytes: Of all of them.
    """
    ray = ray_module(address)
    ours = not ray.is_initialized()
    if ours:
        _connect(ray, address)
    try:
        driver = _Driver(ray, settings)
        machines = len(driver.alive())
        limits = Limits.for_archive(files=files, size_bytes=size_bytes, machines=machines)
        blocks = cut(items, limits)
        yield from driver.outcomes(blocks)
    finally:
        if ours:
            ray.shutdown()


def ray_module(address: str | None = None) -> Any:
    """Import Ray, which reads its settings then; raises `RayMissing`."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing leaves the machine
    # Under `uv run` it would send the working directory, transcripts and all, to every machine and
    # start the workers there with the same `uv run`.
    os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    if address:  # its 20 tries would be ten minutes of silence where nothing answers
        os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "3")
    try:
        import ray
    except ImportError as error:
        raise RayMissing() from error
    return ray


def _connect(ray: Any, address: str | None) -> None:
    local = {} if address else {"include_dashboard": False}
    try:
        ray.init(address=address or "local", log_to_driver=False, logging_level="ERROR", **local)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        raise ClusterFailed(
            f"There is no cluster at {address or 'this machine'}: {error}",
            hint="Start it with `ray start --head`, and give its HOST:PORT as --address.",
        ) from error


class _Driver:
    """Keeps every machine busy, and takes back the blocks of those that are lost."""

    def __init__(self, ray: Any, settings: Settings) -> None:
        self._ray = ray
        self._settings = settings
        self._nodes: dict[str, _Node] = {}
        self._unusable: dict[str, str] = {}  # machines that cannot work, and why
        self._returned: deque[Block] = deque()
        self._stopping = False

    def alive(self) -> dict[str, str]:
        """Return the names of the machines that are there, by their id."""
        hosts = [node for node in self._ray.nodes() if node["Alive"]]
        return {
            node["NodeID"]: f"{node['NodeManagerHostname']} {node['NodeID'][:6]}" for node in hosts
        }

    def outcomes(self, blocks: Iterator[Block]) -> Iterator[Outcome]:
        """Yield the outcomes of all blocks."""
        lonely_s = 0.0
        try:
            while True:
                self._look_for_machines()
                self._fill(blocks)
                pending = [ref for node in self._nodes.values() for ref in self._pending(node)]
                if not pending:
                    if not self._is_left(blocks):
                        return
                    lonely_s += _LOOK_S
                    self._refuse_waiting(lonely_s)
                    time.sleep(_LOOK_S)
                    continue
                lonely_s = 0.0
                ready, _ = self._ray.wait(pending, num_returns=1, timeout=_LOOK_S)
                for ref in ready:
                    yield from self._taken(ref)
        finally:
            for node in self._nodes.values():
                self._end(node)

    def _refuse_waiting(self, lonely_s: float) -> None:
        if self._unusable and set(self.alive()) <= set(self._unusable):
            raise ClusterFailed(next(iter(self._unusable.values())))
        if lonely_s > _PATIENCE_S:
            raise ClusterFailed(f"No machine came within {_PATIENCE_S:.0f} s.")

    def _look_for_machines(self) -> None:
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        for node_id, name in self.alive().items():
            if node_id in self._nodes or node_id in self._unusable:
                continue
            here = NodeAffinitySchedulingStrategy(node_id=node_id, soft=False)
            actor = (
                self._ray.remote(_Machine)
                .options(num_cpus=1, scheduling_strategy=here)
                .remote(dataclasses.asdict(self._settings), name)
            )
            self._nodes[node_id] = _Node(node_id, name, actor, actor.begin.remote())

    def _pending(self, node: _Node) -> list[Any]:
        return [node.begun] if node.begun is not None else list(node.blocks)

    def _fill(self, blocks: Iterator[Block]) -> None:
        """Give every machine that is ready its blocks."""
        for _ in range(_IN_FLIGHT):
            for node in self._nodes.values():
                if node.begun is None and len(node.blocks) < _IN_FLIGHT:
                    block = self._next(blocks)
                    if block is None:
                        return
                    wire = [dataclasses.asdict(item.absolute()) for item in block.items]
                    node.blocks[node.actor.work.remote(wire)] = block

    def _is_left(self, blocks: Iterator[Block]) -> bool:
        """Return whether there is a block for a machine that may come."""
        block = self._next(blocks)
        if block is not None:
            self._returned.appendleft(block)
        return block is not None

    def _next(self, blocks: Iterator[Block]) -> Block | None:
        if self._stopping:
            return None
        return self._returned.popleft() if self._returned else next(blocks, None)

    def _taken(self, ref: Any) -> Iterator[Outcome]:
        """Yield the outcomes of a block, or take back the blocks of a machine that is lost."""
        node = next(n for n in self._nodes.values() if ref in self._pending(n))
        try:
            answer = self._ray.get(ref)
        except self._ray.exceptions.RayTaskError as error:
            # `begin` alone should raise: this machine is no use, the others may be.
            cause = error.cause if isinstance(error.cause, EngineError) else type(error.cause)
            self._unusable[node.id] = f"{node.name}: {cause}"
            yield from self._give_up(self._lose(node), node)
            return
        except self._ray.exceptions.RayError as error:
            if not node.blocks and node.id in self.alive():
                self._unusable[node.id] = f"{node.name}: {type(error).__name__}"
            yield from self._give_up(self._lose(node), node)
            return
        if ref == node.begun:
            node.begun = None
            return
        block = node.blocks.pop(ref)
        for item, wire in zip(block.items, answer, strict=False):
            outcome = dataclasses.replace(Outcome.from_wire(wire), file=item.path)
            self._stopping = self._stopping or outcome.ends_run
            yield _as_done(outcome) if block.tries else outcome

    def _lose(self, node: _Node) -> Sequence[Block]:
        """Forget a machine; return its blocks, file by file."""
        self._end(node)
        del self._nodes[node.id]
        return [single for block in node.blocks.values() for single in block.again()]

    def _give_up(self, blocks: Sequence[Block], node: _Node) -> Iterator[Outcome]:
        """Put blocks back; yield the outcome of files with which too many machines were lost."""
        for block in blocks:
            if block.tries < _MOST_TRIES:
                self._returned.append(block)
                continue
            for item in block.items:
                yield Outcome(
                    item.path,
                    "failed",
                    "machine_lost",
                    message=f"{block.tries} machines were lost with this file.",
                    hint="Run it again: what is finished is skipped.",
                    size_bytes=item.size_bytes,
                    node=node.name,
                )

    def _end(self, node: _Node) -> None:
        with contextlib.suppress(self._ray.exceptions.RayError, ValueError):
            self._ray.kill(node.actor)


def _as_done(outcome: Outcome) -> Outcome:
    """Return what a machine that was lost had finished as work of this run."""
    if outcome.reason != FINISHED or outcome.earlier is None:
        return outcome
    return dataclasses.replace(outcome, state=outcome.earlier, reason=None)
