"""The daemon's loop when its database is busy, lost, damaged or new."""

from __future__ import annotations

import pytest
from structlog.testing import LogCapture

from daemon.home import Home
from state.errors import DatabaseBusy, DatabaseCorrupt
from state.queue import Queue
from tests.daemon.conftest import Stage


def test_a_database_that_cannot_be_written_does_not_end_the_daemon(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, captured: LogCapture
) -> None:
    """The tick is made again a little later."""
    worker = stage.start()
    real, failures = stage.service.queue.known_many, [3]

    def busy(paths: object) -> object:
        if failures[0]:
            failures[0] -= 1
            raise DatabaseBusy
        return real(paths)  # type: ignore[arg-type]

    monkeypatch.setattr(stage.service.queue, "known_many", busy)
    stage.write("talk.json")
    stage.run(worker, 150)
    assert failures == [0]
    assert [str(job.status) for job in stage.service.queue.jobs()] == ["done"]
    assert "database.failed" in [entry["event"] for entry in captured.entries]


def test_a_lost_database_is_begun_anew(stage: Stage, home: Home) -> None:
    """The loop ends with an outcome that makes another of it from the folder."""
    worker = stage.start()
    stage.run(worker, 3)
    home.database.unlink()
    stage.run(worker, 10)
    assert stage.service.outcome == "database"


def test_damage_that_the_loop_meets_is_raised(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can be set aside only when nothing of ours has it open."""
    stage.start()

    def torn(paths: object) -> object:
        raise DatabaseCorrupt

    monkeypatch.setattr(stage.service.queue, "known_many", torn)
    stage.write("talk.json")
    with pytest.raises(DatabaseCorrupt):
        stage.service.tick(stage.clock.now)


def test_damage_that_the_worker_meets_is_raised_by_the_loop(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would claim the same job again and again."""
    stage.start()

    def torn(*_: object, **__: object) -> object:
        raise DatabaseCorrupt

    monkeypatch.setattr(Queue, "claim", torn)
    # The worker's thread waits until the loop has ended; there is none here.
    monkeypatch.setattr(
        stage.service.loop.stopping, "wait", lambda *_: stage.service.loop.stopping.set()
    )
    stage.service.loop.run()
    with pytest.raises(DatabaseCorrupt):
        stage.service.tick(stage.clock.now)


@pytest.mark.parametrize("there", [True, False])
def test_a_new_database_is_rebuilt_by_a_scan_of_all_folders(stage: Stage, there: bool) -> None:
    """Until then every start takes over what is done; also where a folder is away today."""
    worker = stage.start(adopt=True)
    service = stage.service
    assert service.row.read().rebuilding
    if not there:
        stage.config.watch[0].rename(stage.config.watch[0].with_name("away"))
    else:
        stage.write("talk.json")
    service.tick(stage.clock.now)
    assert service.row.read().rebuilding
    stage.run(worker, 10)
    assert service.row.read().rebuilding is not there
    assert service.intake.adopting is not there
