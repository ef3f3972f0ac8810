"""What must hold after every fault: eight promises, checked from outside.

I1 every eligible file has exactly one live job for its content;
I2 `done` means that text and metadata exist, whole, as recorded, and name source and recipe;
I3 nothing under a final name is torn;
I4 attempts stay within the caps;
I5 nothing is `running` without a live daemon;
I6 nothing is written outside the outputs and the state;
I7 the database is sound;
I8 the sources are as they were.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from daemon.intake.inbox import CANARY
from daemon.lock import holder
from engine import sidecars
from state.database import open_database
from state.job import ATTEMPT_CAP, FINISH_CAP, TERMINAL, Job, Status
from state.queue import Queue
from tests.acceptance import fidelity
from tests.acceptance.harness import Home

PART_ATTEMPTS = 3
MOST_TOLD = 20
GAVE_RESULT = (Status.DONE, Status.PARTIAL)


def check(home: Home, *, unfinished: bool = False, edited: frozenset[Path] = frozenset()) -> None:
    """Fail with everything that does not hold.

    `unfinished` allows jobs that wait or run (a daemon was stopped in the middle); `edited` are
    outputs that the test itself changed.
    """
    with open_database(home.places.database, create=False) as database:
        unsound = [f"I7 {line}" for line in database.check()]
        jobs = sorted(Queue(database).jobs(), key=lambda job: job.id)
        attempts = {job.id: [p.attempts for p in Queue(database).parts(job.id)] for job in jobs}
    chains: dict[str, list[Job]] = {}
    for job in jobs:
        chains.setdefault(job.path, []).append(job)
    broken = [
        *unsound,
        *_one_live_job(home, chains, unfinished=unfinished),
        *_done_means_done(chains, edited),
        *_nothing_torn(home, jobs, edited),
        *_faithful(home, chains, edited),
        *_within_caps(jobs, attempts),
        *_nobody_runs_alone(home, jobs),
        *_nothing_elsewhere(home, jobs, unfinished=unfinished),
        *_sources_unchanged(home),
    ]
    told = "\n".join(broken[:MOST_TOLD])
    assert not broken, f"{len(broken)} promises broken:\n{told}"


def eligible(home: Home) -> Iterator[Path]:
    """Yield every regular JSON file of the watched folder that is not ours and not hidden."""
    for folder, folders, names in os.walk(home.transcripts):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            named = name.lower().endswith(".json") and not name.startswith(".")
            if named and not sidecars.is_ours(name) and stat.S_ISREG(os.lstat(path).st_mode):
                yield path


def _one_live_job(home: Home, chains: dict[str, list[Job]], *, unfinished: bool) -> Iterator[str]:
    for path in eligible(home):
        chain = chains.get(str(path.parent.resolve() / path.name), [])
        if not chain:
            yield f"I1 {path!r} has no job"
            continue
        latest = chain[-1]
        if latest.status is Status.SUPERSEDED:
            yield f"I1 {path!r}: its latest job is superseded"
        if latest.sha256 is not None and latest.sha256 != _sha256(path):
            yield f"I1 {path!r}: its latest job is for other content"
    for name, chain in chains.items():
        for older, newer in pairwise(chain):
            same = (older.sha256, older.generation) == (newer.sha256, newer.generation)
            if same and older.status is not Status.SUPERSEDED:
                yield f"I1 {name!r}: jobs {older.id} and {newer.id} are for the same content"
            if older.status not in TERMINAL:
                yield f"I1 {name!r}: job {older.id} is {older.status} beside a newer one"
        if chain[-1].status not in TERMINAL and not unfinished:
            yield f"I1 {name!r}: job {chain[-1].id} is {chain[-1].status}"


def _done_means_done(chains: dict[str, list[Job]], edited: frozenset[Path]) -> Iterator[str]:
    for chain in chains.values():
        finished = [job for job in chain if job.status in GAVE_RESULT]
        if not finished:
            continue
        job = finished[-1]
        kinds = {output.suffix: Path(output.path) for output in job.outputs}
        if not {"enhanced.txt", "metadata.json"} <= kinds.keys():
            yield f"I2 job {job.id} is {job.status} with outputs {sorted(kinds)}"
            continue
        unfinished = [j for j in chain if j.id > job.id and j.status not in TERMINAL]
        for output in job.outputs:
            path = Path(output.path)
            if path in edited or unfinished:
                continue  # the next version's outputs may already be on their way
            if not path.is_file() or _sha256(path) != output.sha256:
                yield f"I2 job {job.id}: {path.name!r} is not what was recorded"
        metadata = kinds["metadata.json"]
        if metadata in edited or unfinished or not metadata.is_file():
            continue
        try:
            about = json.loads(metadata.read_bytes())
        except ValueError:
            yield f"I3 {metadata.name!r} is torn"
            continue
        if about["source"]["sha256"] != job.sha256:
            yield f"I2 job {job.id}: the metadata is of another content"
        if about["recipe"] != job.recipe:
            yield f"I2 job {job.id}: recipe {about['recipe']!r}, recorded {job.recipe!r}"
        if not about["model"]["name"] or not about["model"]["revision"]:
            yield f"I2 job {job.id}: the metadata names no model and revision"


def _nothing_torn(home: Home, jobs: list[Job], edited: frozenset[Path]) -> Iterator[str]:
    ours = {o.sha256 for job in jobs for o in (*job.outputs, *job.intended)}
    for path in home.transcripts.rglob("*"):
        name = path.name
        if sidecars.is_temp(name) or not sidecars.is_ours(name) or path in edited | home.allowed:
            continue
        if not path.is_file() or path in home.sources:
            continue
        if _sha256(path) not in ours:
            yield f"I3 {name!r} is nothing that we set out to write"


def _faithful(home: Home, chains: dict[str, list[Job]], edited: frozenset[Path]) -> Iterator[str]:
    for source, text, metadata in fidelity.pairs(home.transcripts):
        chain = chains.get(str(source), [])
        if not chain or chain[-1].status not in GAVE_RESULT or {text, metadata} & edited:
            continue
        for wrong in fidelity.check_pair(source, text, metadata):
            yield f"I2 {source.name!r} is not faithful: {wrong}"


def _within_caps(jobs: list[Job], attempts: dict[int, list[int]]) -> Iterator[str]:
    for job in jobs:
        saved = job.parts_total is not None and job.parts_done >= job.parts_total
        if job.attempt > (FINISH_CAP if saved else ATTEMPT_CAP):
            yield f"I4 job {job.id} has {job.attempt} attempts"
        if any(tried > PART_ATTEMPTS for tried in attempts[job.id]):
            yield f"I4 job {job.id} has parts with {max(attempts[job.id])} attempts"
        if job.status is Status.RUNNING and job.attempt < 1:
            yield f"I4 job {job.id} runs uncounted"


def _nobody_runs_alone(home: Home, jobs: list[Job]) -> Iterator[str]:
    # What a killed daemon had claimed is taken back at the next start.
    if home.was_killed or holder(home.places.lock) is not None:
        return
    for job in jobs:
        if job.status is Status.RUNNING:
            yield f"I5 job {job.id} is running, but no daemon is"


def _nothing_elsewhere(home: Home, jobs: list[Job], *, unfinished: bool) -> Iterator[str]:
    outputs = {Path(o.path) for job in jobs for o in (*job.outputs, *job.intended)}
    ours = {home.places.state, home.places.logs}
    known = outputs | home.sources.keys() | home.outside.keys() | home.allowed
    for path in _files(home.folder):
        if path in known or ours & set(path.parents) or path in home.own_files:
            continue
        if path.name == CANARY and home.was_killed:
            continue  # killed between the two calls that make it and take it away
        if sidecars.is_temp(path.name) and path.parent in {o.parent for o in known}:
            if not unfinished:
                yield f"I6 a temporary file stayed: {path}"
            continue
        yield f"I6 {path!r} was written"
    for path, digest in home.outside.items():
        if not path.is_file() or _sha256(path) != digest:
            yield f"I6 {path!r} was changed"


def _sources_unchanged(home: Home) -> Iterator[str]:
    for path, digest in home.sources.items():
        if not path.is_file():
            yield f"I8 {path!r} is gone"
        elif _sha256(path) != digest:
            yield f"I8 {path!r} was changed"


def _files(folder: Path) -> Iterator[Path]:
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
