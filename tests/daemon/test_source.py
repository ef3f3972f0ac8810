"""Reading a file that may be anything, or change into anything, at any time."""

from __future__ import annotations

import hashlib
import os
import socket
import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from daemon.errors import SourceError
from daemon.files import source
from daemon.files.source import is_cut_off, is_dataless, read_snapshot, stat_file


def refused(path: Path, *, max_bytes: int = 1000) -> str:
    with pytest.raises(SourceError) as caught:
        read_snapshot(str(path), max_bytes=max_bytes)
    return caught.value.reason


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path.resolve()


def test_a_snapshot_is_what_the_file_held(folder: Path) -> None:
    """It has the file's content, hash, fingerprint and mode."""
    path = folder / "talk.json"
    path.write_bytes(b"{}")
    path.chmod(0o640)
    snapshot = read_snapshot(str(path), max_bytes=2)
    assert snapshot.data == b"{}"
    assert snapshot.sha256 == hashlib.sha256(b"{}").hexdigest()
    assert snapshot.fingerprint == stat_file(str(path))
    assert snapshot.mode & 0o777 == 0o640


def test_a_link_is_not_followed_at_the_end_of_a_path(folder: Path) -> None:
    """It has no fingerprint either."""
    (folder / "talk.json").symlink_to("/etc/passwd")
    assert refused(folder / "talk.json") == "not_a_file"
    assert stat_file(str(folder / "talk.json")) is None


def test_a_link_is_not_followed_in_the_middle_of_a_path(folder: Path) -> None:
    """A folder may be swapped for a link after it was listed."""
    (folder / "real").mkdir()
    (folder / "real" / "talk.json").write_text("{}")
    (folder / "link").symlink_to(folder / "real")
    assert refused(folder / "link" / "talk.json") in {"not_a_file", "source_gone"}


def test_anything_but_a_regular_file_is_refused_at_once(folder: Path) -> None:
    """An ordinary open of a pipe without a writer would block for ever."""
    os.mkfifo(folder / "pipe.json")
    (folder / "folder.json").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "socket.json"))
        for name in ("pipe.json", "folder.json", "socket.json"):
            assert refused(folder / name) == "not_a_file"
            assert stat_file(str(folder / name)) is None


def test_a_file_that_is_gone_or_too_large_is_refused(folder: Path) -> None:
    """A file that is too large is not read first."""
    assert refused(folder / "talk.json") == "source_gone"
    assert refused(folder / "no" / "talk.json") == "source_gone"
    (folder / "talk.json").write_bytes(b"x" * 11)
    assert refused(folder / "talk.json", max_bytes=10) == "too_large"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_refused(folder: Path) -> None:
    """Its reason is one that can pass."""
    (folder / "talk.json").write_text("{}")
    (folder / "talk.json").chmod(0)
    assert refused(folder / "talk.json") == "unreadable"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_hard_link_to_a_foreign_file_is_refused(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user who may link a file need not be allowed to read it."""
    (folder / "secret").write_text("{}")
    os.chown(folder / "secret", 12345, 12345)
    os.link(folder / "secret", folder / "talk.json")
    assert refused(folder / "talk.json") == "unreadable"


def test_a_file_that_changes_while_it_is_read_is_not_taken(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such data is neither the old content nor the new."""
    path = folder / "talk.json"
    path.write_bytes(b"old")
    read, fired = os.read, []

    def read_and_change(descriptor: int, count: int) -> bytes:
        data = read(descriptor, count)
        if data == b"old":
            path.write_bytes(b"newer")
            fired.append(1)
        return data

    monkeypatch.setattr(os, "read", read_and_change)
    assert refused(path) == "source_changed"
    assert fired == [1]


def test_a_swapped_folder_never_leads_outside(folder: Path) -> None:
    """In a thousand tries, with a swap before each, the file outside is never read."""
    inside, outside, link = folder / "in", folder / "out", folder / "way"
    for place, text in ((inside, "inside"), (outside, "outside")):
        place.mkdir()
        (place / "talk.json").write_text(text)
    seen = set()
    for turn in range(1_000):
        spare = folder / "spare"
        if turn % 2:
            inside.rename(link)
        else:
            spare.symlink_to(outside)
            spare.rename(link)
        try:
            seen.add(read_snapshot(str(link / "talk.json"), max_bytes=100).data)
        except SourceError:
            seen.add(b"refused")
        if turn % 2:
            link.rename(inside)
        else:
            link.unlink()
    assert seen == {b"inside", b"refused"}


def status(**fields: Any) -> Any:
    return SimpleNamespace(**{"st_flags": 0, "st_size": 10, "st_blocks": 8, **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, False),
        ({"st_flags": 0x40000000}, True),
        ({"st_blocks": 0}, True),
        ({"st_blocks": 0, "st_size": 0}, False),
        ({"st_blocks": 0, "st_flags": 0x20}, False),
    ],
)
def test_a_file_evicted_to_a_cloud_is_known_by_its_flags(
    fields: dict[str, int], expected: bool
) -> None:
    """Empty and compressed files have no blocks either."""
    assert is_dataless(status(**fields), platform="darwin") is expected


def test_no_blocks_mean_nothing_elsewhere() -> None:
    """Some Linux file systems store small files in the inode, and some count no blocks at all."""
    assert is_dataless(status(st_blocks=0), platform="linux") is False


WHOLE = (
    b'{"text": "Gr\xc3\xbc\xc3\x9fe", "segments": [{"id": 0, "p": 1.5e-3, "ok": true}], "n": null}'
)


def test_every_beginning_of_a_file_is_cut_off() -> None:
    """At whatever byte the writer has stopped."""
    assert [n for n in range(len(WHOLE)) if not is_cut_off(WHOLE[:n])] == []
    assert not is_cut_off(WHOLE)
    assert not is_cut_off(WHOLE + b"\n")


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": 1} and then some more text that is no JSON',
        b"This is a plain text of some length, not a transcript.",
        b"\xff\xfe\xfd\xfc" * 20,
        b'{"a": NaN}',
        b'\xef\xbb\xbf{"a": 1}',
        '{"a": "é"}'.encode("utf-16"),
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a": "]}", "b": "\\"}", "c": "\\\\"} [',
    ],
    ids=["extra", "text", "bytes", "nan", "bom", "utf-16", "deep", "strings"],
)
def test_complete_but_wrong_data_is_not_cut_off(data: bytes) -> None:
    """Waiting would not help; the reader says what is wrong."""
    assert not is_cut_off(data)


@pytest.mark.parametrize("block", [1, 2, 3, 7])
def test_a_cut_is_found_wherever_a_block_ends(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    """Even inside an escape, and whatever brackets a string holds."""
    data = rb' {"a]": "\\\"}", "b": [[], [{}], "\\"], "c": "[\u00e9"}'
    monkeypatch.setattr(source, "_BLOCK", block)
    assert [n for n in range(len(data)) if not is_cut_off(data[:n])] == []
    assert not is_cut_off(data)
    assert not is_cut_off(data + b" [")


def test_the_check_for_a_cut_keeps_nothing_of_the_value() -> None:
    """A parsed list of lists would take thirty times its text."""
    data = b"[" + b"[]," * (1 << 20)
    tracemalloc.start()
    try:
        assert is_cut_off(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(data) // 4
