"""Files shared out over the machines of a Ray cluster; two are played by this machine."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.archive import cluster, listing, pool
from engine.archive.errors import RayMissing
from engine.archive.records import Outcome
from tests.archive.making import outputs, settings, transcript

try:
    cluster.ray_module()  # with the settings of the command
except RayMissing:
    pytest.skip("needs the extra llasa[ray]", allow_module_level=True)
ray_cluster = importlib.import_module("ray.cluster_utils")

_STORE_BYTES = 100_000_000
_FILES = 80  # so that the slower machine to start gets some


@pytest.fixture(scope="module")
def machines() -> Iterator[Any]:
    """Start a cluster of two nodes with one processor each."""
    made = ray_cluster.Cluster()
    node = {"num_cpus": 1, "object_store_memory": _STORE_BYTES}
    for further in ({"include_dashboard": False}, {}):
        _start(made, {**node, **further})
    yield made
    made.shutdown()


def _start(made: Any, arguments: dict[str, Any]) -> None:
    """Start a node; ray waits for 30 s only, which a busy machine may need more than once."""
    for _ in range(3):
        try:
            made.add_node(**arguments)
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
            continue
        return
    pytest.skip("this machine is too busy to start a node of Ray within 30 s")


def archive(folder: Path, files: int) -> int:
    """Write transcripts, one of them broken; return their size."""
    for n in range(files):
        transcript(folder / f"{n % 3}/talk{n:02}.json")
    (folder / "broken.json").write_text('{"segments": [')
    return sum(path.stat().st_size for path in folder.rglob("*.json"))


def run(machines: Any, source: Path, into: Path, size: int) -> Iterator[Outcome]:
    items = listing.walk([listing.parse(str(source))], into=into)
    return cluster.run(items, settings(), address=machines.address, files=_FILES, size_bytes=size)


def test_two_machines_write_what_one_writes(machines: Any, tmp_path: Path) -> None:
    """Both work, every file has one outcome, and the outputs are the same but for times."""
    source, there, here = (tmp_path / name for name in ("in", "there", "here"))
    size = archive(source, _FILES)
    found = list(run(machines, source, there, size))
    assert Counter(outcome.state for outcome in found) == {"done": _FILES, "failed": 1}
    assert len({outcome.file for outcome in found}) == _FILES + 1
    assert len({outcome.node for outcome in found}) == 2
    items = listing.walk([listing.parse(str(source))], into=here)
    assert len(list(pool.run(items, settings(), jobs=1))) == _FILES + 1
    assert outputs(there) == outputs(here)
    assert len(outputs(there)) == 2 * _FILES


def test_a_machine_that_is_killed_in_the_middle_costs_nothing(
    machines: Any, tmp_path: Path
) -> None:
    """Its files go to the other one: nothing is lost, and nothing comes twice."""
    source, out = tmp_path / "in", tmp_path / "out"
    size = archive(source, _FILES)
    second = next(iter(machines.worker_nodes))
    killed = False
    found: list[Outcome] = []
    for outcome in run(machines, source, out, size):
        if not killed and outcome.node.split()[-1] == second.node_id[:6]:
            machines.remove_node(second, allow_graceful=False)
            killed = True
        found.append(outcome)
    assert killed
    assert Counter(outcome.state for outcome in found) == {"done": _FILES, "failed": 1}
    assert len({outcome.file for outcome in found}) == _FILES + 1
    assert len(outputs(out)) == 2 * _FILES
