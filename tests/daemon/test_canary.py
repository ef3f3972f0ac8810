"""A watcher is believed when word came of a file that we wrote ourselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.events import FileCreatedEvent

from daemon.intake.canary import EVERY_S, WAIT_S, Canary, clear_canaries
from daemon.intake.watch import CANARY, Handler, RootWatch
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


def deaf(watch: RootWatch) -> None:
    """Let the observer live and hear nothing."""
    assert watch._observer is not None
    watch._observer.unschedule_all()


def until(ear: Ear, look: Callable[[], bool]) -> bool:
    return ear.hears(look)


def test_a_folder_that_is_heard_is_proved(watch: RootWatch, root: Path, ear: Ear) -> None:
    """By the real kernel, though the file is gone at once; it was never work."""
    canary = Canary(ear.inbox)
    assert canary.tick(0.0, [watch]).heard == []
    assert list(root.iterdir()) == []
    heard: list[str] = []
    assert until(ear, lambda: bool(heard.extend(canary.tick(1.0, [watch]).heard) or heard))
    assert heard == [str(root)]
    assert list(root.iterdir()) == []
    assert not any(CANARY in path for path in ear.paths)


def test_a_deaf_watcher_is_found_out_and_armed_anew(watch: RootWatch, root: Path, ear: Ear) -> None:
    """Its threads looked alive."""
    deaf(watch)
    canary = Canary(ear.inbox)
    canary.tick(0.0, [watch])
    assert canary.tick(WAIT_S, [watch]).deaf == []
    assert canary.tick(WAIT_S + 1, [watch]).deaf == [watch]
    assert list(root.iterdir()) == []
    watch.rearm()
    assert watch.check()
    assert watch.state == "watching"


def test_a_canary_stays_where_folders_are_polled(root: Path, ear: Ear, polled: RootWatch) -> None:
    """It is seen when somebody looks, and taken away then."""
    canary = Canary(ear.inbox)
    canary.tick(0.0, [polled])
    assert [path.name for path in root.iterdir()] == [CANARY]
    ear.inbox.sing(str(root))
    assert canary.tick(1.0, [polled]).heard == [str(root)]
    assert list(root.iterdir()) == []


def test_a_canary_of_a_killed_daemon_is_taken_away(root: Path) -> None:
    """Nothing else is, and a folder that is not there is no matter."""
    (root / CANARY).touch()
    (root / "talk.json").touch()
    clear_canaries([root / "gone", root])
    assert [path.name for path in root.iterdir()] == ["talk.json"]


def test_a_canary_is_written_every_half_hour(root: Path, ear: Ear, polled: RootWatch) -> None:
    """Not at every tick."""
    canary = Canary(ear.inbox)
    canary.tick(0.0, [polled])
    ear.inbox.sing(str(root))
    assert canary.tick(1.0, [polled]).heard == [str(root)]
    ear.inbox.canaries()
    canary.tick(EVERY_S, [polled])
    assert list(root.iterdir()) == []
    canary.tick(1.0 + EVERY_S, [polled])
    assert [path.name for path in root.iterdir()] == [CANARY]
    canary.close()
    assert list(root.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_not_called_deaf(
    watch: RootWatch, root: Path, ear: Ear
) -> None:
    """There is no proof then, and none is missed."""
    (root / CANARY).mkdir()
    canary = Canary(ear.inbox)
    for now in (0.0, WAIT_S + 1, 2 * WAIT_S):
        assert canary.tick(now, [watch]).deaf == []


def test_word_of_a_canary_is_no_work(ear: Ear) -> None:
    """However much the settings want every file."""
    Handler(ear.inbox, lambda path: True).dispatch(FileCreatedEvent(f"/in/{CANARY}"))
    assert ear.inbox.drain() == ([], False)
    assert ear.inbox.canaries() == {"/in"}
    assert ear.inbox.canaries() == set()
