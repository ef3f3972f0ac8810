"""File events from the real kernel, and changes to the watched folder itself."""

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

from daemon.intake import inbox as inbox_module
from daemon.intake import watch as watch_module
from daemon.intake.inbox import CANARY, Handler, Inbox
from daemon.intake.watch import RootWatch


class Ear:
    """An inbox that can be waited for."""

    def __init__(self) -> None:
        self.rang = threading.Event()
        self.inbox = Inbox(wake=self.rang.set)
        self.paths: set[str] = set()
        self.lost = False

    def hears(self, done: Callable[[], bool]) -> bool:
        """Read the inbox until the condition holds, for ten seconds at most."""
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
    """A transcript appears in one of these three ways."""
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
    """An event names the folder or its files; either leads to them."""
    (tmp_path / "talks").mkdir()
    (tmp_path / "talks" / "one.json").write_text("{}")
    (tmp_path / "talks").rename(root / "talks")
    assert ear.hears(lambda: str(root / "talks") in ear.paths)


def test_reading_and_listing_are_not_heard(watch: RootWatch, root: Path, ear: Ear) -> None:
    """Otherwise our own reading would cause events for ever."""
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
    """Changes before the folder was armed have caused no event."""
    assert ear.hears(lambda: ear.lost)


def test_a_deleted_folder_is_degraded_and_heard_again_when_it_is_back(
    watch: RootWatch, root: Path, ear: Ear
) -> None:
    """It needs no restart, and a scan finds the files that are in it."""
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


def test_a_folder_that_was_replaced_is_watched_again(
    watch: RootWatch, root: Path, ear: Ear
) -> None:
    """After a rename the old watch follows the wrong folder."""
    root.rename(root.with_name("away"))
    root.mkdir()
    watch.check()
    assert watch.state == "watching"
    (root / "talk.json").write_text("{}")
    assert ear.hears(lambda: str(root / "talk.json") in ear.paths)


def test_dead_threads_are_noticed(watch: RootWatch, root: Path, ear: Ear) -> None:
    """A live observer with a dead emitter receives nothing."""
    assert watch._observer is not None
    (emitter,) = watch._observer.emitters
    emitter.stop()
    emitter.join()
    assert watch._observer.is_alive()
    watch.check()
    assert watch.state == "watching"
    (root / "talk.json").write_text("{}")
    assert ear.hears(lambda: str(root / "talk.json") in ear.paths)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the emitters read the events")
def test_a_dead_reader_is_noticed(watch: RootWatch, root: Path, ear: Ear) -> None:
    """On Linux another thread reads the kernel's events; a bug in watchdog can end it."""
    assert watch._observer is not None
    reader = watch_module._reader_thread_of(watch._observer)
    assert reader is not None
    reader.stop()
    reader.join()
    watch.check()
    assert watch.state == "watching"
    (root / "talk.json").write_text("{}")
    assert ear.hears(lambda: str(root / "talk.json") in ear.paths)


def test_a_name_reused_after_its_folder_was_moved_out_does_not_break_close(
    watch: RootWatch, root: Path, ear: Ear
) -> None:
    """watchdog then has two inotify watches for one path, and raises when it is stopped."""
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
    """It is resolved once; the paths are those of the folder that it leads to."""
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
def test_a_folder_without_permission_is_unreadable(
    root: Path, ear: Ear, monkeypatch: pytest.MonkeyPatch, platform: str, code: int, said: str
) -> None:
    """It does not look empty, and a wrong mode is not taken for macOS's privacy protection."""
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
    """Its file system does not report the changes of other machines."""
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
def test_a_folder_that_cannot_send_events_is_polled(
    root: Path, ear: Ear, monkeypatch: pytest.MonkeyPatch, refusal: Exception
) -> None:
    """All programs share inotify's limit; FSEvents raises errors of its own."""
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


def test_a_handler_that_fails_notes_a_lost_event_and_hears_the_next() -> None:
    """An exception would silently end watchdog's thread."""
    inbox = Inbox()

    def wanted(path: str) -> bool:
        if "bad" in path:
            raise ValueError(path)
        return True

    handler = Handler(inbox, wanted)
    handler.dispatch(FileCreatedEvent("/t/bad.json"))
    handler.dispatch(FileCreatedEvent("/t/good.json"))
    assert inbox.drain() == (["/t/good.json"], True)


def test_the_handler_takes_where_a_file_went() -> None:
    """It takes folders too, whatever their names."""
    inbox = Inbox()
    handler = Handler(inbox, lambda path: path.endswith(".json"))
    handler.dispatch(FileMovedEvent("/t/x.tmp", "/t/x.json"))
    handler.dispatch(DirCreatedEvent("/t/talks"))
    handler.dispatch(FileCreatedEvent("/t/x.srt"))
    handler.dispatch(FileCreatedEvent(b"/t/caf\xe9.json"))
    assert inbox.drain()[0] == ["/t/x.json", "/t/talks", os.fsdecode(b"/t/caf\xe9.json")]


def test_the_path_of_an_event_is_spelled_as_on_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that FSEvents reports in another normal form or case is still the same file."""
    monkeypatch.setattr(inbox_module, "as_on_disk", lambda path: path.replace("\u00e9", "e\u0301"))
    inbox = Inbox()
    handler = Handler(inbox, lambda path: path.startswith("/t/cafe\u0301/"))
    handler.dispatch(FileCreatedEvent("/t/caf\u00e9/x.json"))
    handler.dispatch(FileCreatedEvent(f"/t/caf\u00e9/{CANARY}"))
    assert inbox.drain()[0] == ["/t/cafe\u0301/x.json"]
    assert inbox.drain_canaries() == {"/t/cafe\u0301"}


def test_a_full_inbox_drops_paths_and_says_so() -> None:
    """Memory is bounded; the scan finds the files whose paths were dropped."""
    inbox = Inbox(limit=3)
    for number in range(5):
        inbox.put(f"/t/{number}.json")
    inbox.put("/t/0.json")
    assert inbox.drain() == (["/t/0.json", "/t/1.json", "/t/2.json"], True)
    assert inbox.drain() == ([], False)
    assert inbox.heard == 6
