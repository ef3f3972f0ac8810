"""A job with a tagger: the same guarantees as with a model that writes from left to right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from daemon.config import Config
from daemon.home import Home
from daemon.log import Log
from daemon.work.child import ModelKeeper
from engine.records import Profile
from state.job import Job, Status
from state.queue import Queue
from tests import small_taggers
from tests.acceptance import fidelity
from tests.daemon.conftest import Clock, WorkerRig
from tests.daemon.making import dropped, metadata_of, now, talk, text_of


class Killed(BaseException):
    """The process is gone; nothing of it may catch this."""


@pytest.fixture
def tagger_rig(
    home: Home, tmp_path: Path, queue: Queue, log: Log, clock: Clock
) -> Iterator[WorkerRig]:
    """Return a worker whose model is a random tagger in a real child."""
    folder = small_taggers.tagger_like(
        tmp_path / "tagger",
        languages=["en"],
        part={"words": 10, "tail_words": 6, "lookahead_words": 4},
    )
    config = Config(home=home, watch=(home.transcripts,), default=Profile(model=str(folder)))
    keeper = ModelKeeper(config, log)
    yield WorkerRig(config, queue, keeper, log, clock)
    keeper.close("stopped")


def test_a_job_resumed_after_a_kill_ends_with_the_same_text(tagger_rig: WorkerRig) -> None:
    """Finished parts are kept, the others are labelled with the same words around them."""
    rig, data = tagger_rig, talk("one two three four five")
    whole = dropped(rig, "whole.json", data)
    rig.worker().run_one()
    killed = dropped(rig, "killed.json", data.replace(b'"seek": 0', b'"seek":  0'))

    def kill(name: str) -> None:
        if rig.steps.count("part_saved") == 8:  # five of the first job
            raise Killed

    rig.at_step = kill  # type: ignore[method-assign]
    with pytest.raises(Killed):
        rig.worker().run_one()
    rig.at_step = lambda name: None  # type: ignore[method-assign]
    rig.keeper.close("stopped")
    rig.queue.requeue_orphans("boot-1")
    rig.worker().run_one()
    assert rig.steps.count("part_saved") == 10
    for job in (whole, killed):
        assert now(rig.queue, job).status is Status.DONE
        check(job)
    assert text_of(killed) == text_of(whole)


def check(job: Job) -> None:
    """Assert that the text has every word of its source."""
    document = json.loads(Path(job.path).read_bytes())
    assert not fidelity.compare(document, text_of(job), dict(metadata_of(job)))
