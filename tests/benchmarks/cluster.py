"""An archive on two machines of Ray, one of them killed, beside one process and the daemon.

    uv run --extra ray python -m tests.benchmarks.cluster [--files 2000] [--model light|punct]
        [--real 80] [--real-words 4000] [--kill-after 300] [--daemon 40]
    ... --speed [--files 60]      one node, then two, without a kill: words/s

Both machines are played by this one (`ray.cluster_utils.Cluster`, a processor each). Transcripts
are synthetic (30 to 150 words of made-up talk) and, as many as there are of `--real`, real ones
from --corpus of up to `--real-words` words. `light` is a tagger of random weights, as the tests
use: it chooses badly and keeps every word, which is all that is compared here.

Printed: states, files that came twice or never, outputs that differ from those of one process and
of the daemon (but for created_at and timings), the driver's memory after every tenth of the files.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from engine.archive import cluster, listing, pool
from engine.archive.records import Outcome, Settings
from engine.models import catalog
from engine.recipe import Recipe
from engine.records import Profile
from tests.archive.making import outputs

SHARED = Path(__file__).parents[3] / "shared/data/whisper"
STORE_BYTES = 100_000_000
PATIENCE = {  # on a busy machine
    "RAY_raylet_start_wait_time_s": "600",
    "RAY_agent_register_timeout_ms": "600000",
    "RAY_worker_register_timeout_seconds": "600",
    "RAY_health_check_timeout_ms": "120000",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "600",
    "RAY_gcs_server_request_timeout_seconds": "300",
}
PHRASES = (
    "so i went up there yesterday",
    "and it was all under water",
    "we had a good day",
    "what do you think",
    "the budget for may is not done",
    "martin says it was the cold soil",
    "i do not know about that",
    "nobody asked them",
    "and then the whole row came through",
    "there are nineteen of them in the shed",
    "she moved to berlin in march",
    "is that what you meant",
    "let us look at the numbers again",
)


def made(folder: Path, files: int, seed: int) -> None:
    """Write synthetic transcripts of openai-whisper, with segments and times."""
    rng = random.Random(seed)
    for n in range(files):
        segments, at = [], 0.0
        for number in range(rng.randint(3, 14)):
            said = " ".join(rng.choice(PHRASES) for _ in range(rng.randint(1, 2)))
            end = at + 0.4 * len(said.split())
            segments.append({"id": number, "start": at, "end": round(end, 2), "text": f" {said}"})
            at = end + rng.choice((0.0, 0.2, 1.5))
        text = "".join(segment["text"] for segment in segments)
        path = folder / f"{n % 20:02}" / f"talk{n:05}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"text": text, "segments": segments, "language": "en"}))


def real(folder: Path, corpus: Path, files: int, most_words: int) -> int:
    """Copy real transcripts, the small ones first; return their number."""
    found = sorted(corpus.rglob("*.json"), key=lambda path: (path.stat().st_size, path))
    taken = 0
    for path in found:
        if taken == files:
            break
        if len(path.read_bytes().split()) > 40 * most_words or path.stat().st_size > 3 << 20:
            continue
        target = folder / "real" / path.parent.name / path.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        taken += 1
    return taken


def settings_for(model: str) -> Settings:
    """Return the settings of a run with a model."""
    recipe = str(Recipe.of(Profile(model=model), catalog.describe(model)))
    return Settings(model, language=None, cleaning="safe", recipe=recipe)


def rss_mib() -> float:
    """Return the resident memory of this process."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def ports() -> dict[str, int]:
    """Return free ports for a node's agents: for ports of their own choice it waits 15 s only."""
    names = ("metrics_agent", "metrics_export", "dashboard_agent_listen", "runtime_env_agent")
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in names]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        numbers = [each.getsockname()[1] for each in sockets]
    return {f"{name}_port": number for name, number in zip(names, numbers, strict=True)}


def start(nodes: int) -> Any:
    """Start a cluster of nodes with one processor each; a busy machine is tried again."""
    from ray.cluster_utils import Cluster

    found = Cluster()
    for n in range(nodes):
        for _ in range(5):
            try:
                more = {} if n else {"include_dashboard": False}
                found.add_node(num_cpus=1, object_store_memory=STORE_BYTES, **ports(), **more)
                break
            except Exception as error:
                print(f"a node did not start: {str(error)[:80]}", file=sys.stderr)
    return found


class Counted:
    """Outcomes as they come, and the driver's memory."""

    def __init__(self, files: int) -> None:
        self.files = files
        self.states: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.nodes: Counter[str] = Counter()
        self.words = 0
        self.rss: list[float] = []
        kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        self._before = [self._cpu_s(kind) for kind in kinds]

    @staticmethod
    def _cpu_s(kind: int) -> float:
        used = resource.getrusage(kind)
        return used.ru_utime + used.ru_stime

    def add(self, outcome: Outcome) -> None:
        self.states[f"{outcome.state} {outcome.reason or ''}".strip()] += 1
        self.seen[outcome.file] += 1
        self.nodes[outcome.node] += 1
        self.words += outcome.words or 0
        if len(self.seen) % max(1, self.files // 10) == 0:
            self.rss.append(round(rss_mib(), 1))

    def report(self, wall_s: float) -> dict[str, Any]:
        return {
            "cpu_s": round(self._cpu_s(resource.RUSAGE_SELF) - self._before[0], 1),
            "cpu_s_of_ended_children": round(
                self._cpu_s(resource.RUSAGE_CHILDREN) - self._before[1], 1
            ),
            "states": dict(self.states),
            "files": len(self.seen),
            "twice": sum(count > 1 for count in self.seen.values()),
            "nodes": dict(self.nodes),
            "words": self.words,
            "wall_s": round(wall_s, 1),
            "words_per_s": round(self.words / wall_s, 1),
            "driver_rss_mib": self.rss,
        }


def on_cluster(
    source: Path, into: Path, settings: Settings, files: int, nodes: int, kill_after: int
) -> dict[str, Any]:
    """Work with so many nodes; kill the second after so many of its outcomes, 0: never."""
    machines = start(nodes)
    try:
        victim = next(iter(machines.worker_nodes), None) if kill_after else None
        size = sum(path.stat().st_size for path in source.rglob("*.json"))
        items = listing.walk([listing.parse(str(source))], into=into)
        counted, killed_at, its = Counted(files), None, 0
        began = time.monotonic()
        run = cluster.run(items, settings, address=machines.address, files=files, size_bytes=size)
        for outcome in run:
            counted.add(outcome)
            if victim is not None and outcome.node.split()[-1] == victim.node_id[:6]:
                its += 1
                if its >= kill_after and killed_at is None:
                    machines.remove_node(victim, allow_graceful=False)
                    killed_at = len(counted.seen)
        return {**counted.report(time.monotonic() - began), "killed_after_files": killed_at}
    finally:
        machines.shutdown()


def in_one_process(
    source: Path, into: Path, settings: Settings, files: int, most_s: float
) -> dict[str, Any]:
    """Work in one worker process of this machine, at most so long."""
    counted, began = Counted(files), time.monotonic()
    items = listing.walk([listing.parse(str(source))], into=into)
    with closing(pool.run(items, settings, jobs=1)) as run:
        for outcome in run:
            counted.add(outcome)
            if time.monotonic() - began > most_s:
                break
    return counted.report(time.monotonic() - began)


def by_the_daemon(sample: list[Path], source: Path, home: Path, model: str) -> Path:
    """Let the daemon drain the sample; return the folder with its outputs."""
    watched = home / "var/transcripts"
    for path in sample:
        target = watched / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (home / "llasa.toml").write_text(f"model = {json.dumps(model)}\nsettle_s = 0.1\n")
    subprocess.run(
        [sys.executable, "-m", "daemon.start", "--home", str(home), "--drain"],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return watched


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return the names of outputs that are not the same in both."""
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def faithful(options: argparse.Namespace, place: Path, model: str) -> Iterator[tuple[str, Any]]:
    """Yield what the cluster, one process and the daemon did with the same files."""
    source = place / "in"
    reals = real(source, options.corpus, options.real, options.real_words)
    made(source, options.files - reals, options.seed)
    settings = settings_for(model)
    yield "files", {"real": reals, "synthetic": options.files - reals}
    there, here = place / "two", place / "one"
    yield "two nodes", on_cluster(source, there, settings, options.files, 2, options.kill_after)
    ours = outputs(there)
    yield "outputs", len(ours)
    paths = sorted(source.rglob("*.json"))
    sample = random.Random(options.seed).sample(paths, min(options.daemon, len(paths)))
    if sample:
        found = outputs(by_the_daemon(sample, source, place / "home", model))
        wanted = {name: ours[name] for name in found if name in ours}
        yield "daemon", {"sample": len(sample), "outputs": len(found)}
        yield "daemon differs", differing(found, wanted)
    yield "one process", in_one_process(source, here, settings, options.files, options.most_s)
    found = outputs(here)
    wanted = {name: ours[name] for name in found if name in ours}
    yield "one process", {"outputs": len(found), "differ": differing(found, wanted)}


def speeds(options: argparse.Namespace, place: Path, model: str) -> Iterator[tuple[str, Any]]:
    """Yield the speed of one node and of two over the same files."""
    source = place / "in"
    made(source, options.files, options.seed)
    settings = settings_for(model)
    for nodes in (1, 2):
        found = on_cluster(source, place / f"out{nodes}", settings, options.files, nodes, 0)
        yield f"{nodes} nodes", found


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--real", type=int, default=80)
    parser.add_argument("--real-words", type=int, default=4_000)
    parser.add_argument("--model", choices=["light", "punct"], default="light")
    parser.add_argument("--kill-after", type=int, default=300)
    parser.add_argument("--daemon", type=int, default=40)
    parser.add_argument("--corpus", type=Path, default=SHARED)
    parser.add_argument("--most-s", type=float, default=86_400.0, help="of the one process")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    os.environ.update(PATIENCE)
    cluster.ray_module()  # with the settings of the command
    with tempfile.TemporaryDirectory(prefix="llasa-cluster-") as folder:
        place = Path(folder)
        model = catalog.EMBEDDED
        if options.model == "light":
            from tests.small_taggers import tagger_like

            model = str(tagger_like(place / "light"))
        steps = speeds if options.speed else faithful
        for name, value in steps(options, place, model):
            print(json.dumps({name: value}), flush=True)


if __name__ == "__main__":
    main()
