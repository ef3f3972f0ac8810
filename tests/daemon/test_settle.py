"""When a file is complete: these tests need no clock, no thread and no disk."""

from __future__ import annotations

from daemon.intake.settle import Settler
from state.job import Fingerprint, Origin

PATH = "/t/talk.json"


class Disk:
    """Files that change when a test says so."""

    def __init__(self) -> None:
        self.files: dict[str, Fingerprint] = {}

    def write(self, path: str = PATH, *, size: int = 10, mtime_ns: int = 1, inode: int = 1) -> None:
        self.files[path] = Fingerprint(1, inode, size, mtime_ns, mtime_ns)

    def stat_file(self, path: str) -> Fingerprint | None:
        return self.files.get(path)


def settler(disk: Disk) -> Settler:
    return Settler(disk.stat_file, settle_s=2, settle_limit_s=60)


def paths(settler: Settler, now: float) -> list[str]:
    return [settled.path for settled in settler.ready(now)]


def test_a_file_settles_after_two_quiet_seconds() -> None:
    """It is returned not before, and then until it is forgotten."""
    disk = Disk()
    disk.write()
    one = settler(disk)
    one.note(PATH, 100.0)
    assert paths(one, 101.9) == []
    assert paths(one, 102.0) == [PATH]
    assert paths(one, 104.0) == [PATH]
    one.forget(PATH)
    assert paths(one, 200.0) == []
    assert len(one) == 0


def test_a_file_that_grows_does_not_settle() -> None:
    """With fifty flushes over ten seconds it is returned two seconds after the last."""
    disk = Disk()
    disk.write(size=1)
    one = settler(disk)
    one.note(PATH, 0.0)
    offered = []
    for step in range(1, 51):
        disk.write(size=step, mtime_ns=step)
        offered += paths(one, step * 0.2)
    assert offered == []
    assert paths(one, 11.0) == []
    assert paths(one, 14.0) == [PATH]


def test_a_change_of_size_mtime_or_inode_restarts_the_wait() -> None:
    """A replaced file of the same size is another file."""
    for change in ({"size": 11}, {"mtime_ns": 2}, {"inode": 2}):
        disk = Disk()
        disk.write()
        one = settler(disk)
        one.note(PATH, 0.0)
        disk.write(**change)
        assert paths(one, 2.0) == []
        assert paths(one, 4.0) == [PATH]


def test_a_change_is_noticed_although_the_mtime_was_restored() -> None:
    """The ctime cannot be set back."""
    disk = Disk()
    disk.files[PATH] = Fingerprint(1, 1, 10, 1, 1)
    one = settler(disk)
    one.note(PATH, 0.0)
    disk.files[PATH] = Fingerprint(1, 1, 10, 1, 2)
    assert paths(one, 2.0) == []


def test_a_cut_off_file_waits_until_it_changes() -> None:
    """A writer that pauses for six seconds in the middle costs only the wait."""
    disk = Disk()
    disk.write(size=5)
    one = settler(disk)
    one.note(PATH, 0.0)
    assert paths(one, 2.0) == [PATH]
    one.mark_unfinished(PATH)
    assert paths(one, 4.0) == []
    disk.write(size=10, mtime_ns=2)
    assert paths(one, 8.0) == []
    (settled,) = one.ready(10.0)
    assert not settled.last_chance


def test_a_cut_off_file_is_returned_a_last_time_after_the_limit() -> None:
    """Its writer is not slow then; the file is broken."""
    disk = Disk()
    disk.write(size=5)
    one = settler(disk)
    one.note(PATH, 0.0)
    one.ready(2.0)
    one.mark_unfinished(PATH)
    assert paths(one, 59.0) == []
    (settled,) = one.ready(61.0)
    assert settled.last_chance


def test_further_events_of_a_quiet_file_do_not_prolong_its_wait() -> None:
    """A file saved once settles two seconds later, whether it sends one event or twenty-five."""
    disk = Disk()
    disk.write()
    one = settler(disk)
    for step in range(25):
        one.note(PATH, step * 0.07)
    assert paths(one, 2.0) == [PATH]


def test_a_file_that_is_gone_is_forgotten() -> None:
    """An event or the next check notices that it is gone."""
    disk = Disk()
    disk.write()
    one = settler(disk)
    one.note(PATH, 0.0)
    del disk.files[PATH]
    assert paths(one, 2.0) == []
    assert len(one) == 0
    one.note(PATH, 3.0)
    assert len(one) == 0


def test_the_more_urgent_origin_is_kept() -> None:
    """A file of the backlog that is saved again is no longer backlog."""
    disk = Disk()
    disk.write()
    one = settler(disk)
    one.note(PATH, 0.0, origin=Origin.SCAN)
    one.note(PATH, 0.5, origin=Origin.EVENT)
    one.note(PATH, 0.6, origin=Origin.SCAN)
    (settled,) = one.ready(2.0)
    assert settled.origin is Origin.EVENT


def test_no_more_files_are_returned_than_asked_for() -> None:
    """The next call returns the rest."""
    disk = Disk()
    one = settler(disk)
    for number in range(5):
        disk.write(f"/t/{number}.json")
        one.note(f"/t/{number}.json", 0.0)
    first = one.ready(2.0, limit=3)
    for settled in first:
        one.forget(settled.path)
    assert len(first) == 3
    assert len(one.ready(2.0, limit=3)) == 2


def test_next_check_is_when_there_is_something_to_do() -> None:
    """The loop sleeps until then."""
    disk = Disk()
    disk.write()
    one = settler(disk)
    assert one.next_check() is None
    one.note(PATH, 10.0)
    assert one.next_check() == 12.0
