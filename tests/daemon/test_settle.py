"""When a file is whole: no clock, no thread, no disk in here."""

from __future__ import annotations

from daemon.intake.settle import Settler
from state.job import Fingerprint, Origin

PATH = "/t/talk.json"


class Disk:
    """Files that change when a test says so."""

    def __init__(self) -> None:
        self.files: dict[str, Fingerprint] = {}
        self.looks = 0

    def write(self, path: str = PATH, *, size: int = 10, mtime_ns: int = 1, inode: int = 1) -> None:
        self.files[path] = Fingerprint(1, inode, size, mtime_ns, mtime_ns)

    def look(self, path: str) -> Fingerprint | None:
        self.looks += 1
        return self.files.get(path)


def settler(disk: Disk) -> Settler:
    return Settler(disk.look, settle_s=2, settle_limit_s=60)


def paths(settler: Settler, now: float) -> list[str]:
    return [settled.path for settled in settler.ready(now)]


def test_a_file_settles_after_two_quiet_seconds() -> None:
    """Not before, and it is offered until it is forgotten."""
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
    """Fifty flushes over ten seconds give nothing until two seconds after the last."""
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


def test_size_mtime_and_inode_each_begin_the_wait_anew() -> None:
    """A replaced file of the same size is another file."""
    for change in ({"size": 11}, {"mtime_ns": 2}, {"inode": 2}):
        disk = Disk()
        disk.write()
        one = settler(disk)
        one.note(PATH, 0.0)
        disk.write(**change)
        assert paths(one, 2.0) == []
        assert paths(one, 4.0) == [PATH]


def test_a_restored_mtime_does_not_deceive() -> None:
    """The change time cannot be set back."""
    disk = Disk()
    disk.files[PATH] = Fingerprint(1, 1, 10, 1, 1)
    one = settler(disk)
    one.note(PATH, 0.0)
    disk.files[PATH] = Fingerprint(1, 1, 10, 1, 2)
    assert paths(one, 2.0) == []


def test_a_cut_off_file_waits_until_it_changes() -> None:
    """A writer that pauses for six seconds in the middle costs nothing but the wait."""
    disk = Disk()
    disk.write(size=5)
    one = settler(disk)
    one.note(PATH, 0.0)
    assert paths(one, 2.0) == [PATH]
    one.unfinished(PATH)
    assert paths(one, 4.0) == []
    disk.write(size=10, mtime_ns=2)
    assert paths(one, 8.0) == []
    (settled,) = one.ready(10.0)
    assert not settled.last_chance


def test_a_cut_off_file_is_offered_a_last_time_after_the_limit() -> None:
    """Then it is wrong, not late."""
    disk = Disk()
    disk.write(size=5)
    one = settler(disk)
    one.note(PATH, 0.0)
    one.ready(2.0)
    one.unfinished(PATH)
    assert paths(one, 59.0) == []
    (settled,) = one.ready(61.0)
    assert settled.last_chance


def test_noting_a_quiet_file_again_does_not_prolong_its_wait() -> None:
    """Twenty-five events for one save are one file that settles two seconds after it."""
    disk = Disk()
    disk.write()
    one = settler(disk)
    for step in range(25):
        one.note(PATH, step * 0.07)
    assert paths(one, 2.0) == [PATH]


def test_a_file_that_is_gone_is_forgotten() -> None:
    """Whether that is noticed by an event or by looking."""
    disk = Disk()
    disk.write()
    one = settler(disk)
    one.note(PATH, 0.0)
    del disk.files[PATH]
    assert paths(one, 2.0) == []
    assert PATH not in one
    one.note(PATH, 3.0)
    assert len(one) == 0


def test_the_more_urgent_origin_stays() -> None:
    """A file of the backlog that is saved again now is no longer backlog."""
    disk = Disk()
    disk.write()
    one = settler(disk)
    one.note(PATH, 0.0, origin=Origin.SCAN)
    one.note(PATH, 0.5, origin=Origin.EVENT)
    one.note(PATH, 0.6, origin=Origin.SCAN)
    (settled,) = one.ready(2.0)
    assert settled.origin is Origin.EVENT


def test_no_more_is_returned_than_asked_for() -> None:
    """The rest comes with the next call."""
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


def test_next_look_tells_when_there_is_something_to_do() -> None:
    """So that the loop may sleep until then."""
    disk = Disk()
    disk.write()
    one = settler(disk)
    assert one.next_look() is None
    one.note(PATH, 10.0)
    assert one.next_look() == 12.0
