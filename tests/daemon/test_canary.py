"""A watcher counts as working once the event of a file that we wrote has arrived."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from watchdog.events import FileCreatedEvent

from daemon.intake.canary import EVERY_S, WAIT_S, Canary, clear_canaries
from daemon.intake.inbox import CANARY, Handler
from daemon.intake.watch import RootWatch
from tests.daemon.test_watch import Ear, ear, root

__all__ = ["ear", "root"]  # the fixtures


@pytest.fixture
def watch(root: Path, ear: Ear) -> Iterator[RootWatch]:
    watch = RootWatch(root, ear.inbox, lambda path: True, events=lambda _: True)
    watch.check()
    yield watch
    watch.close()


@pytest.fixture
def polled(root: Path, ear: Ear) -> Iterator[RootWatch]:
    watch = RootWatch(root, ear.inbox, lambda path: True, events=lambda _: False)
    watch.check()
    yield watch
    watch.close()


def make_deaf(watch: RootWatch) -> None:
    """Leave the observer alive without any event."""
    assert watch._observer is not None
    watch._observer.unschedule_all()


def test_the_event_of_a_canary_arrives(watch: RootWatch, root: Path, ear: Ear) -> None:
    """The real kernel sends it though the file is deleted at once; it is never offered as work."""
    canary = Canary(ear.inbox)
    assert canary.tick(0.0, [watch]).heard == []
    assert list(root.iterdir()) == []
    heard: list[str] = []
    assert ear.hears(lambda: bool(heard.extend(canary.tick(1.0, [watch]).heard) or heard))
    assert heard == [str(root)]
    assert list(root.iterdir()) == []
    assert not any(CANARY in path for path in ear.paths)


def test_a_silent_watcher_is_found_and_armed_again(watch: RootWatch, root: Path, ear: Ear) -> None:
    """Its threads look alive."""
    make_deaf(watch)
    canary = Canary(ear.inbox)
    canary.tick(0.0, [watch])
    assert canary.tick(WAIT_S, [watch]).silent == []
    assert canary.tick(WAIT_S + 1, [watch]).silent == [watch]
    assert list(root.iterdir()) == []
    watch.rearm()
    assert watch.check()
    assert watch.state == "watching"


def test_a_canary_stays_where_folders_are_polled(root: Path, ear: Ear, polled: RootWatch) -> None:
    """The next poll finds it, and then it is removed."""
    canary = Canary(ear.inbox)
    canary.tick(0.0, [polled])
    assert [path.name for path in root.iterdir()] == [CANARY]
    ear.inbox.note_canary(str(root))
    assert canary.tick(1.0, [polled]).heard == [str(root)]
    assert list(root.iterdir()) == []


def test_the_canary_of_a_killed_daemon_is_removed(root: Path) -> None:
    """No other file is, and a missing folder is no error."""
    (root / CANARY).touch()
    (root / "talk.json").touch()
    clear_canaries([root / "gone", root])
    assert [path.name for path in root.iterdir()] == ["talk.json"]


def test_a_canary_is_written_every_half_hour(root: Path, ear: Ear, polled: RootWatch) -> None:
    """It is not written at every tick."""
    canary = Canary(ear.inbox)
    canary.tick(0.0, [polled])
    ear.inbox.note_canary(str(root))
    assert canary.tick(1.0, [polled]).heard == [str(root)]
    ear.inbox.drain_canaries()
    canary.tick(EVERY_S, [polled])
    assert list(root.iterdir()) == []
    canary.tick(1.0 + EVERY_S, [polled])
    assert [path.name for path in root.iterdir()] == [CANARY]
    canary.close()
    assert list(root.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_not_silent(
    watch: RootWatch, root: Path, ear: Ear
) -> None:
    """It is not tested."""
    (root / CANARY).mkdir()
    canary = Canary(ear.inbox)
    for now in (0.0, WAIT_S + 1, 2 * WAIT_S):
        assert canary.tick(now, [watch]).silent == []


def test_the_event_of_a_canary_is_no_work(ear: Ear) -> None:
    """Even if the settings include every file."""
    Handler(ear.inbox, lambda path: True).dispatch(FileCreatedEvent(f"/in/{CANARY}"))
    assert ear.inbox.drain() == ([], False)
    assert ear.inbox.drain_canaries() == {"/in"}
    assert ear.inbox.drain_canaries() == set()
