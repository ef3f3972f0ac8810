"""Examine a model: present, made for this work, loadable, as fast here as in the daemon."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from daemon import samples
from daemon.config import Config
from daemon.doctor.findings import Finding, failure, ok, warning
from daemon.errors import SourceError
from daemon.files.source import read_snapshot
from engine import pipeline
from engine.child.client import ModelClient
from engine.errors import EngineError, ModelError
from engine.models import calibrations, catalog, suitability
from engine.records import EnhancedPart, ModelInfo, Part, Profile
from state.database import open_readonly
from state.errors import StateError
from state.job import Job, Status
from state.queue import Queue

SAMPLE: Final = "allotment.json"
SLOWER: Final = 0.9  # below this share of the terminal's speed the daemon is slow
ENOUGH: Final = 400  # words to compare over
LEAST: Final = 100  # words; fewer prove nothing: a part takes a tenth of a second
JOBS: Final = 20  # of the newest done ones, searched for parts to compare with


@dataclass(frozen=True, slots=True)
class Record:
    """A part that the daemon decoded, and how long it took."""

    part: Part
    decode_s: float  # in the daemon


def model(config: Config, profile: Profile) -> Iterator[Finding]:
    """Find the model of a profile, report what is odd about it, load it and decode with it."""
    try:
        info = catalog.describe(profile.model, base=config.home.path)
    except ModelError as error:
        yield failure("model", f"{profile.model}: {error}", error.hint)
        return
    languages = ", ".join(info.languages) or "any language"
    yield ok("model", f"{info.name} ({(info.revision or 'unknown')[:12]}), for {languages}")
    for oddity in suitability.oddities(info):
        yield warning("model", f"{info.name}: {oddity.text}", oddity.advice)
    if (advice := calibrations.advice(config.home.path, info)) is not None:
        yield warning("model", f"{info.name}: {advice[0]}", advice[1])
    client = ModelClient(
        info,
        silence_s=config.silence_s,
        device=config.device,
        lock_path=config.home.model_lock if config.home.state.is_dir() else None,
    )
    try:
        yield from _try(client, config, profile)
    except ModelError as error:
        if error.reason != "model_locked":
            yield failure("decoding", f"{info.name}: {error}", error.hint)
            return
        yield ok("decoding", "not tried: another process has a model loaded at this moment")
    except EngineError as error:
        yield failure("decoding", f"{info.name}: {error}", error.hint)
    finally:
        client.close()


def _try(client: ModelClient, config: Config, profile: Profile) -> Iterator[Finding]:
    loaded = client.start()
    sample = resources.files(samples).joinpath(SAMPLE).read_bytes()
    plan = pipeline.prepare(sample, name=SAMPLE, profile=Profile(), info=client.info)
    part = plan.parts[0]
    client.enhance(part, ())  # the first call compiles
    done = client.enhance(part, ())
    yield ok(
        "decoding",
        f"loaded in {loaded.load_s:.1f} s, {speed(done)} on {loaded.device_path}"
        + _memory(client.memory_bytes()),
    )
    records = recorded(config, client.info)
    if sum(len(record.part.words) for record in records) < LEAST:
        yield ok("speed", "the daemon has not decoded enough yet to compare with")
        return
    spent = [client.enhance(record.part, ()).decode_s for record in records]
    yield compare(records, spent)


def speed(part: EnhancedPart) -> str:
    """Return how fast a part was decoded, in words."""
    spent = part.decode_s or 1e-9
    return f"{len(part.words) / spent:,.0f} words/s ({part.tokens / spent:,.0f} tokens/s)"


def compare(records: Sequence[Record], spent_s: Sequence[float]) -> Finding:
    """Compare the daemon's speed with that of this process, over the same parts."""
    words = sum(len(record.part.words) for record in records)
    daemon_s, here_s = sum(record.decode_s for record in records), sum(spent_s)
    ratio = here_s / daemon_s if daemon_s else 1.0
    text = (
        f"the daemon decoded {words:,} words at {words / daemon_s:,.0f} words/s, "
        f"this terminal at {words / here_s:,.0f} (ratio {ratio:.2f})"
    )
    if ratio >= SLOWER:
        return ok("speed", text)
    return warning(
        "speed",
        text,
        "The system may slow the service down, or the machine was busy then. On a Mac, look for "
        "`spawn type = interactive` in `launchctl print gui/$UID/llasa.llasad`; if it is not "
        "there, run: llasactl install",
    )


def recorded(config: Config, info: ModelInfo) -> list[Record]:
    """Return parts that the daemon decoded with this model, of files that have not changed."""
    found: list[Record] = []
    try:
        with open_readonly(config.home.database) as database:
            queue = Queue(database)
            for job in queue.jobs(status=Status.DONE, limit=JOBS):
                times = {
                    row.index: row.decode_s
                    for row in queue.parts(job.id)
                    if row.status == "enhanced" and row.decode_s > 0
                }
                parts = _parts_of(config, job, info) if times else ()
                # The first part after a load takes longer: it compiles.
                found += [
                    Record(part, times[part.index])
                    for part in parts
                    if part.index > 0 and part.index in times
                ]
                if sum(len(record.part.words) for record in found) >= ENOUGH:
                    break
    except StateError:
        return []
    return found


def _parts_of(config: Config, job: Job, info: ModelInfo) -> tuple[Part, ...]:
    """Return the parts of a job's file, none where they would be cut differently now."""
    profile = config.profile_for(job.path)
    if job.profile is not None:
        profile = config.profile_named(job.profile) or profile
    try:
        source = read_snapshot(job.path, max_bytes=config.max_bytes)
        plan = pipeline.prepare(source.data, name=Path(job.path).name, profile=profile, info=info)
    except (SourceError, EngineError):
        return ()
    same = source.sha256 == job.sha256 and _shape(plan.recipe) == _shape(job.recipe or "")
    return plan.parts if same and len(plan.parts) == job.parts_total else ()


def _shape(recipe: str) -> str:
    """Return the recipe without its engine: what decides how the text is cut and decoded."""
    return re.sub(r"engine=\S+", "", recipe)


def _memory(size: int | None) -> str:
    return f", {size / 1e6:,.0f} MB" if size else ""
