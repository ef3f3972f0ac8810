"""Passages get their vectors when nothing else is to be done; nothing of it can be lost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon.config import Config
from daemon.log import Log
from daemon.operations.meaning import by_meaning
from daemon.operations.session import Session
from daemon.work.index import Indexer
from engine.ask import stored, tokens
from engine.models import embedders
from state.library.opening import open_library_readonly
from state.library.records import Filters
from state.library.vectors import embedded
from state.queue import Queue
from tests.daemon.conftest import Clock, WorkerRig
from tests.daemon.making import diarized, dropped, events
from tests.small_encoders import encoder_like


class Kill(BaseException):
    """The process ends here."""


@pytest.fixture
def with_model(config: Config, tmp_path: Path) -> Config:
    """Return the settings with an embedding model."""
    return replace(config, embedding_model=str(encoder_like(tmp_path / "encoder")))


def counted(config: Config, model: str) -> int:
    """Return how many passages have a vector of a model."""
    path = config.home.library
    identity = embedders.describe(model).identity
    with open_library_readonly(path, stored.indexed, form=tokens.VERSION) as library:
        return embedded(library, identity)


def work(rig: WorkerRig) -> None:
    """Do all jobs; on a slow machine the child of a test may need another attempt."""
    while rig.worker().run_one():
        pass


def run(indexer: Indexer) -> None:
    while indexer.step():
        pass


def test_a_deleted_library_and_another_model_are_made_good(
    rig: WorkerRig,
    with_model: Config,
    queue: Queue,
    log: Log,
    clock: Clock,
    captured: LogCapture,
    tmp_path: Path,
) -> None:
    """Nobody needs to say so; what was done is in the log, and a question finds passages."""
    dropped(rig, "talk.json", diarized(("A", "we went down to the river"), ("B", "it was cold")))
    work(rig)
    indexer = Indexer(with_model, queue, log, clock=clock)
    run(indexer)
    assert counted(with_model, str(with_model.embedding_model)) == 1
    assert "embedding.finished" in events(captured)
    with_model.home.library.unlink()
    run(indexer)
    indexer.close()
    assert counted(with_model, str(with_model.embedding_model)) == 1
    other = replace(with_model, embedding_model=str(encoder_like(tmp_path / "other", seed=2)))
    indexer = Indexer(other, queue, log, clock=clock)
    run(indexer)
    indexer.close()
    assert counted(other, str(other.embedding_model)) == 1
    assert counted(other, str(with_model.embedding_model)) == 0
    assert "embedding.model_changed" in events(captured)
    session = Session(str(other.home.path))
    other.home.settings.write_text(f'embedding_model = "{other.embedding_model}"\n')
    path = other.home.library
    with (
        by_meaning(session) as nearest,
        open_library_readonly(path, stored.indexed, form=tokens.VERSION) as library,
    ):
        assert nearest is not None
        assert len(nearest(library, "river", Filters())) == 1


@pytest.mark.parametrize("at", ["embedded", "vectors_kept"])
def test_a_kill_at_any_step_loses_no_vector(
    rig: WorkerRig, with_model: Config, queue: Queue, log: Log, clock: Clock, at: str
) -> None:
    """The next indexer embeds what has none."""
    dropped(rig, "talk.json", diarized(("A", "we went down to the river")))
    work(rig)

    def kill(name: str) -> None:
        if name == at:
            raise Kill

    killed = Indexer(with_model, queue, log, clock=clock, at_step=kill)
    with pytest.raises(Kill):
        run(killed)
    killed.close()
    following = Indexer(with_model, queue, log, clock=clock)
    run(following)
    following.close()
    assert counted(with_model, str(with_model.embedding_model)) == 1


def test_a_model_that_is_missing_costs_meaning_alone(
    rig: WorkerRig, config: Config, queue: Queue, log: Log, clock: Clock, captured: LogCapture
) -> None:
    """The index by words is complete, the log says it once, and it is tried again later."""
    dropped(rig, "talk.json", diarized(("A", "we went down to the river")))
    work(rig)
    indexer = Indexer(replace(config, embedding_model="/no/such/model"), queue, log, clock=clock)
    run(indexer)
    clock.pass_by(10_000.0)
    run(indexer)
    indexer.close()
    assert events(captured).count("embedding.failed") == 1
    assert "library.indexed" in events(captured)
