"""Hearing of changes: the real kernel, and what happens to the watched folder itself."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from watchdog.events import DirCreatedEvent, FileCreatedEvent, FileMovedEvent
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from daemon.intake import watch as watch_module
from daemon.intake.watch import Handler, Inbox, RootWatch


class Ear:
    """An inbox that can be waited for."""

    def __init__(self) -> None:
        self.rang = threading.Event()
        self.inbox = Inbox(wake=self.rang.set)
        self.paths: set[str] = set()
        self.lost = False

    def hears(self, done: Callable[[], bool]) -> bool:
        """Wait for the inbox until the condition holds, ten seconds at most."""
        for _ in range(100):
            paths, lost = self.inbox.drain()
            self.paths.update(paths)
            self.lost = self.lost or lost
            if done():
                return True
            self.rang.wait(0.1)
            self.rang.clear()
        return False


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path.resolve() / "in"


@pytest.fixture
def watch(root: Path, ear: Ear) -> Iterator[RootWatch]:
    watch = RootWatch(root, ear.inbox, lambda path: path.endswith(".json"), events=lambda _: True)
    assert watch.check()
    assert (watch.state, watch.detail) == ("watching", "")
    yield watch
    watch.close()


def test_a_written_a_renamed_and_a_moved_file_are_heard(
    watch: RootWatch, root: Path, ear: Ear, tmp_path: Path
) -> None:
    """The three ways in which a transcript appears."""
    (root / "written.json").write_text("{}")
    (root / "x.tmp").write_text("{}")
    (root / "x.tmp").replace(root / "renamed.json")
    (tmp_path / "y.json").write_text("{}")
    (tmp_path / "y.json").rename(root / "moved.json")
    wanted = {str(root / name) for name in ("written.json", "renamed.json", "moved.json")}
    assert ear.hears(lambda: wanted <= ear.paths)
    assert ear.paths == wanted


def test_a_folder_that_is_moved_in_is_heard(
    watch: RootWatch, root: Path, ear: Ear, tmp_path: Path
) -> None:
    """Itself or its files: either leads to them."""
    (tmp_path / "talks").mkdir()
    (tmp_path / "talks" / "one.json").write_text("{}")
    (tmp_path / "talks").rename(root / "talks")
    assert ear.hears(lambda: str(root / "talks") in ear.paths)


def test_reading_and_looking_are_not_heard(watch: RootWatch, root: Path, ear: Ear) -> None:
    """Or we would hear ourselves for ever."""
    (root / "talk.json").write_text("{}")
    assert ear.hears(lambda: bool(ear.paths))
    (root / "last.json").write_text("{}")
    assert ear.hears(lambda: str(root / "last.json") in ear.paths)
    ear.paths.clear()
    (root / "talk.json").read_text()
    list(root.iterdir())
    (root / "end.json").write_text("{}")
    assert ear.hears(lambda: str(root / "end.json") in ear.paths)
    assert str(root / "talk.json") not in ear.paths


def test_arming_asks_for_a_scan(watch: RootWatch, ear: Ear) -> None:
    """What happened before it was armed has made no event."""
    assert ear.hears(lambda: ear.lost)


def test_a_deleted_folder_is_degraded_and_heard_again_when_it_is_back(
    watch: RootWatch, root: Path, ear: Ear
) -> None:
    """Without a restart, and with a scan for what it brings."""
    root.rmdir()
    assert watch.check()
    assert watch.state == "missing"
    assert not watch.check()
    assert ear.hears(lambda: ear.lost)
    ear.lost = False
    root.mkdir()
    assert watch.check()
    assert watch.state == "watching"
    assert ear.hears(lambda: ear.lost)
    (root / "talk.json").write_text("{}")
    assert ear.hears(lambda: str(root / "talk.json") in ear.paths)


def test_a_folder_that_another_took_the_place_of_is_watched_anew(
    watch: RootWatch, root: Path, ear: Ear
) -> None:
    """Renaming and recreating leaves a watch on the wrong one."""
    root.rename(root.with_name("away"))
    root.mkdir()
    watch.check()
    assert watch.state == "watching"
    (root / "talk.json").write_text("{}")
    assert ear.hears(lambda: str(root / "talk.json") in ear.paths)


def test_dead_threads_are_noticed(watch: RootWatch, root: Path, ear: Ear) -> None:
    """An observer that lives with a dead emitter hears nothing."""
    assert watch._observer is not None
    (emitter,) = watch._observer.emitters
    emitter.stop()
    emitter.join()
    assert watch._observer.is_alive()
    watch.check()
    assert watch.state == "watching"
    (root / "talk.json").write_text("{}")
    assert ear.hears(lambda: str(root / "talk.json") in ear.paths)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the emitters read themselves")
def test_a_dead_reader_is_noticed(watch: RootWatch, root: Path, ear: Ear) -> None:
    """On Linux one thread more reads what the kernel says; watchdog's own mistakes can end it."""
    assert watch._observer is not None
    reader = watch_module._reader_of(watch._observer)
    assert reader is not None
    reader.stop()
    reader.join()
    watch.check()
    assert watch.state == "watching"
    (root / "talk.json").write_text("{}")
    assert ear.hears(lambda: str(root / "talk.json") in ear.paths)


def test_a_name_used_again_after_its_folder_was_moved_out_breaks_no_end(
    watch: RootWatch, root: Path, ear: Ear
) -> None:
    """watchdog then has two inotify watches for one path and fails when it is stopped."""
    folder = root / "moved"
    for end in (lambda: folder.rename(root.with_name("out")), folder.rmdir):
        folder.mkdir()
        assert ear.hears(lambda: str(folder) in ear.paths)
        ear.paths.clear()
        end()
    (root / "talk.json").write_text("{}")
    assert ear.hears(lambda: str(root / "talk.json") in ear.paths)
    watch.close()
    assert watch._observer is None


def test_a_root_may_be_a_link(tmp_path: Path, root: Path, ear: Ear) -> None:
    """It is resolved once; paths are then those of the folder itself."""
    (tmp_path / "link").symlink_to(root)
    watch = RootWatch(tmp_path / "link", ear.inbox, lambda path: True, events=lambda _: True)
    watch.check()
    (root / "talk.json").write_text("{}")
    assert ear.hears(lambda: str(root / "talk.json") in ear.paths)
    watch.close()


@pytest.mark.parametrize(
    ("platform", "code", "said"),
    [
        ("linux", errno.EACCES, "No permission"),
        ("darwin", errno.EACCES, "No permission"),
        ("darwin", errno.EPERM, "Full Disk Access"),
    ],
)
def test_a_folder_that_may_not_be_read_says_so(
    root: Path, ear: Ear, monkeypatch: pytest.MonkeyPatch, platform: str, code: int, said: str
) -> None:
    """And does not look like an empty one; modes are not taken for the privacy protection."""
    monkeypatch.setattr("sys.platform", platform)
    watch = RootWatch(root, ear.inbox, lambda path: True)
    real = os.scandir

    def denied(path: Path) -> object:
        if path == root:
            raise PermissionError(code, os.strerror(code))
        return real(path)

    monkeypatch.setattr(os, "scandir", denied)
    watch.check()
    assert watch.state == "unreadable"
    assert str(root) in watch.detail
    assert said in watch.detail


def test_a_share_is_polled(root: Path, ear: Ear, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its file system tells of nothing that another machine does."""
    monkeypatch.setattr(watch_module, "POLL_S", 0.05)
    watch = RootWatch(root, ear.inbox, lambda path: True, events=lambda _: False)
    watch.check()
    assert watch.state == "polling"
    assert "no changes" in watch.detail
    (root / "talk.json").write_text("{}")
    assert ear.hears(lambda: str(root / "talk.json") in ear.paths)
    watch.close()


@pytest.mark.parametrize(
    "refusal",
    [
        OSError(errno.ENOSPC, "inotify watch limit reached"),
        SystemError("Cannot start fsevents stream. Use a kqueue or polling observer instead."),
        RuntimeError("Failed creating fsevents stream"),
    ],
)
def test_where_no_events_can_be_had_the_folder_is_polled(
    root: Path, ear: Ear, monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    """inotify's limit is one of all programs together; FSEvents refuses in its own words."""
    refused = []

    def refuse(_: BaseObserver) -> None:
        refused.append(1)
        raise refusal

    monkeypatch.setattr(Observer, "start", refuse)
    watch = RootWatch(root, ear.inbox, lambda path: True, events=lambda _: True)
    watch.check()
    assert refused == [1]
    assert watch.state == "polling"
    assert "limit reached" in watch.detail or "fsevents stream" in watch.detail
    watch.close()


def test_a_handler_that_fails_is_counted_and_the_next_event_is_heard() -> None:
    """An exception would end watchdog's thread in silence."""
    inbox = Inbox()

    def wanted(path: str) -> bool:
        if "bad" in path:
            raise ValueError(path)
        return True

    handler = Handler(inbox, wanted)
    handler.dispatch(FileCreatedEvent("/t/bad.json"))
    handler.dispatch(FileCreatedEvent("/t/good.json"))
    assert inbox.faults == 1
    assert inbox.drain() == (["/t/good.json"], True)


def test_the_handler_takes_where_a_file_went() -> None:
    """And folders, whatever they are called."""
    inbox = Inbox()
    handler = Handler(inbox, lambda path: path.endswith(".json"))
    handler.dispatch(FileMovedEvent("/t/x.tmp", "/t/x.json"))
    handler.dispatch(DirCreatedEvent("/t/talks"))
    handler.dispatch(FileCreatedEvent("/t/x.srt"))
    handler.dispatch(FileCreatedEvent(b"/t/caf\xe9.json"))
    assert inbox.drain()[0] == ["/t/x.json", "/t/talks", os.fsdecode(b"/t/caf\xe9.json")]


def test_an_event_is_taken_as_the_disk_spells_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """What FSEvents reports in another normal form or case is the same file, not another."""
    monkeypatch.setattr(watch_module, "as_on_disk", lambda path: path.replace("\u00e9", "e\u0301"))
    inbox = Inbox()
    handler = Handler(inbox, lambda path: path.startswith("/t/cafe\u0301/"))
    handler.dispatch(FileCreatedEvent("/t/caf\u00e9/x.json"))
    handler.dispatch(FileCreatedEvent(f"/t/caf\u00e9/{watch_module.CANARY}"))
    assert inbox.drain()[0] == ["/t/cafe\u0301/x.json"]
    assert inbox.canaries() == {"/t/cafe\u0301"}


def test_a_full_inbox_forgets_and_says_so() -> None:
    """Memory is bounded; the scan finds what was forgotten."""
    inbox = Inbox(limit=3)
    for number in range(5):
        inbox.put(f"/t/{number}.json")
    inbox.put("/t/0.json")
    assert inbox.drain() == (["/t/0.json", "/t/1.json", "/t/2.json"], True)
    assert inbox.drain() == ([], False)
    assert inbox.heard == 6
