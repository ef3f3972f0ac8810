"""A held queue continues by itself when the cause is gone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from daemon import holds as holds_module
from daemon.config import Config, ProfileRule
from daemon.holds import Holds
from daemon.log import Log
from state.job import Reason
from state.queue import Queue


@pytest.fixture
def holds(config: Config, queue: Queue, log: Log) -> Holds:
    return Holds(config, queue, log)


def lifted_after(holds: Holds, queue: Queue, begin: float) -> float | None:
    """Tick every second for ten minutes; return the second at which the hold was gone."""
    for second in range(600):
        holds.tick(begin + second)
        if queue.held() is None:
            return second
    return None


def test_a_missing_model_is_waited_for(holds: Holds, queue: Queue, model_folder: Path) -> None:
    """Until its folder is there, however long that takes."""
    away = model_folder.with_name("away")
    model_folder.rename(away)
    queue.hold(Reason.MODEL_MISSING, "Download it.")
    assert lifted_after(holds, queue, 0) is None
    assert holds.reason == Reason.MODEL_MISSING
    shutil.move(away, model_folder)
    assert lifted_after(holds, queue, 600) == 0
    assert holds.reason is None


def test_a_full_disk_is_given_a_minute_and_some_room(
    holds: Holds, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A little space is not enough to try again."""
    free = [1_000_000]
    monkeypatch.setattr(holds_module, "free_bytes", lambda place: free[0])
    queue.hold(Reason.DISK_FULL)
    assert lifted_after(holds, queue, 0) is None
    free[0] = 1_000_000_000
    queue.release_hold()
    holds.tick(1000)
    queue.hold(Reason.DISK_FULL)
    waited = lifted_after(holds, queue, 1010)
    assert waited is not None
    assert 60 <= waited <= 70


def test_a_missing_folder_is_waited_for(holds: Holds, queue: Queue, config: Config) -> None:
    """When the share comes back the queue continues."""
    folder = config.watch[0]
    folder.rename(folder.with_name("away"))
    queue.hold(Reason.FOLDER_UNREADABLE)
    assert lifted_after(holds, queue, 0) is None
    folder.with_name("away").rename(folder)
    assert lifted_after(holds, queue, 600) is not None


def test_a_full_disk_does_not_wait_for_a_folder_that_is_away(
    config: Config, queue: Queue, log: Log, tmp_path: Path
) -> None:
    """No space can be freed on a stick that is unplugged."""
    holds = Holds(replace(config, watch=(*config.watch, tmp_path / "unplugged")), queue, log)
    queue.hold(Reason.DISK_FULL)
    assert lifted_after(holds, queue, 0) is not None


def test_another_model_that_is_missing_holds_nothing(
    config: Config, queue: Queue, log: Log
) -> None:
    """The jobs of its rule fail by themselves; the others need only the default model."""
    lost = ProfileRule(replace(config.default, name="lost", model="models/lost"), ("*",))
    holds = Holds(replace(config, rules=(lost,)), queue, log)
    queue.hold(Reason.MODEL_MISSING)
    assert lifted_after(holds, queue, 0) is not None


def test_tries_that_fail_become_rarer(holds: Holds, queue: Queue) -> None:
    """A model that exists but does not load is not tried every few seconds all night."""
    waits, now = [], 0.0
    for _ in range(7):
        queue.hold(Reason.MODEL_REFUSED)
        waited = lifted_after(holds, queue, now)
        assert waited is not None
        waits.append(waited)
        now += waited + 1
    assert waits[0] in range(15, 22)
    assert waits == sorted(waits)
    assert waits[-1] in range(300, 310)


def test_a_start_is_a_new_try(holds: Holds, queue: Queue) -> None:
    """The user may have fixed it meanwhile; if not, the queue is held again at once."""
    queue.hold(Reason.MODEL_MISSING)
    holds.start()
    assert queue.held() is None
