"""The main loop when the database is busy, lost, damaged or new."""

from __future__ import annotations

import pytest
from structlog.testing import LogCapture

from daemon.home import Home
from state.errors import DatabaseBusy, DatabaseCorrupt
from state.queue import Queue
from tests.daemon.conftest import ServiceRig


def test_a_database_that_cannot_be_written_does_not_end_the_daemon(
    service_rig: ServiceRig, monkeypatch: pytest.MonkeyPatch, captured: LogCapture
) -> None:
    """The tick is repeated a little later."""
    worker = service_rig.start()
    real, failures = service_rig.service.queue.known_many, [3]

    def busy(paths: object) -> object:
        if failures[0]:
            failures[0] -= 1
            raise DatabaseBusy
        return real(paths)  # type: ignore[arg-type]

    monkeypatch.setattr(service_rig.service.queue, "known_many", busy)
    service_rig.write("talk.json")
    service_rig.run(worker, 150)
    assert failures == [0]
    assert [str(job.status) for job in service_rig.service.queue.jobs()] == ["done"]
    assert "database.failed" in [entry["event"] for entry in captured.entries]


def test_a_lost_database_ends_the_loop_to_be_opened_again(
    service_rig: ServiceRig, home: Home
) -> None:
    """The outcome has the caller make a new database from the folder."""
    worker = service_rig.start()
    service_rig.run(worker, 3)
    home.database.unlink()
    service_rig.run(worker, 10)
    assert service_rig.service.outcome == "database"


def test_damage_that_the_loop_meets_is_raised(
    service_rig: ServiceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file can be set aside only when all our connections are closed."""
    service_rig.start()

    def torn(paths: object) -> object:
        raise DatabaseCorrupt

    monkeypatch.setattr(service_rig.service.queue, "known_many", torn)
    service_rig.write("talk.json")
    with pytest.raises(DatabaseCorrupt):
        service_rig.service.tick(service_rig.clock.now)


def test_damage_that_the_worker_meets_is_raised_by_the_loop(
    service_rig: ServiceRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the worker would claim the same job again and again."""
    service_rig.start()

    def torn(*_: object, **__: object) -> object:
        raise DatabaseCorrupt

    monkeypatch.setattr(Queue, "claim", torn)
    # The worker's thread waits until the loop has ended; there is none here.
    monkeypatch.setattr(
        service_rig.service.loop.stopping,
        "wait",
        lambda *_: service_rig.service.loop.stopping.set(),
    )
    service_rig.service.loop.run()
    with pytest.raises(DatabaseCorrupt):
        service_rig.service.tick(service_rig.clock.now)


@pytest.mark.parametrize("there", [True, False])
def test_a_new_database_is_rebuilt_by_a_scan_of_all_folders(
    service_rig: ServiceRig, there: bool
) -> None:
    """Until then every start adopts finished outputs; a missing folder keeps it that way."""
    worker = service_rig.start(adopt=True)
    service = service_rig.service
    assert service.row.read().rebuilding
    if not there:
        service_rig.config.watch[0].rename(service_rig.config.watch[0].with_name("away"))
    else:
        service_rig.write("talk.json")
    service.tick(service_rig.clock.now)
    assert service.row.read().rebuilding
    service_rig.run(worker, 10)
    assert service.row.read().rebuilding is not there
    assert service.intake.adopting is not there
