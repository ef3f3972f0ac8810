"""Sidecars are whole or absent, beside the source, and never replace a user's file."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from engine import sidecars
from engine.errors import OutputError
from engine.records import Rendered

TEXT = Rendered("enhanced.txt", "Hello, world.\n")
META = Rendered(
    "metadata.json",
    json.dumps({"schema": "llasa.metadata/1", "title": None, "created_at": "a", "timings": {}}),
)
STEPS = [
    "temp_written:enhanced.txt",
    "temp_written:metadata.json",
    "renamed:enhanced.txt",
    "texts_synced",
    "renamed:metadata.json",
    "synced",
]


class Killed(BaseException):
    """Simulate SIGKILL: nothing may run after it."""


def names(folder: Path) -> set[str]:
    return set(os.listdir(folder))


def source_in(folder: Path, name: str = "talk.json") -> Path:
    path = folder / name
    path.write_text("{}")
    return path


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("talk.json", "talk.enhanced.txt"),
        ("TALK.JSON", "TALK.enhanced.txt"),
        ("talk.wav.json", "talk.wav.enhanced.txt"),
        ("talk.srt", "talk.srt.enhanced.txt"),
        ("talk.txt", "talk.txt.enhanced.txt"),
        ("talk.srt.json", "talk.srt.json.enhanced.txt"),
        ("talk.", "talk..enhanced.txt"),
        ("-rf.json", "-rf.enhanced.txt"),
        ("emoji 🎙.json", "emoji 🎙.enhanced.txt"),
    ],
)
def test_names_follow_the_source(name, expected):
    """A last suffix .json is removed; another source's output is never claimed."""
    assert sidecars.paths_for(Path("/in") / name, ["enhanced.txt"]) == {
        "enhanced.txt": Path("/in") / expected
    }


@pytest.mark.parametrize("letter", ["x", "é", "語", "🎙"])
def test_names_near_the_limit_are_shortened_the_same_way_every_time(tmp_path, letter):
    """Two long names stay different, fit with every suffix and a number, and keep letters whole."""
    stem = letter * (250 // len(letter.encode()))
    one, other = Path(f"/in/{stem}.json"), Path(f"/in/{stem[:-1]}y.json")
    first = sidecars.paths_for(one, ["enhanced.html", "metadata.json"])
    assert first == sidecars.paths_for(one, ["enhanced.html", "metadata.json"])
    assert first["metadata.json"] != sidecars.paths_for(other, ["metadata.json"])["metadata.json"]
    for path in first.values():
        assert len(os.fsencode(path.name)) <= 255 - 4
        path.name.encode("utf-8")
    longest = tmp_path / one.name
    longest.write_text("{}")
    written = sidecars.write(longest, [TEXT, META], mode=0o644)
    assert all(Path(item.path).exists() for item in written)


@pytest.mark.skipif(sys.platform != "linux", reason="macOS refuses names that are not UTF-8")
def test_names_that_are_not_utf8_survive(tmp_path):
    """A file name of raw bytes gets outputs with the same raw bytes."""
    source = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.json"))
    source.write_text("{}")
    sidecars.write(source, [TEXT, META], mode=0o644)
    assert b"caf\xe9.enhanced.txt" in os.listdir(os.fsencode(tmp_path))


def errno_of(error: OutputError) -> int | None:
    return error.__cause__.errno if isinstance(error.__cause__, OSError) else None


def test_files_get_the_mode_of_the_source_whatever_the_umask(tmp_path):
    """The mode is set explicitly."""
    before = os.umask(0o077)
    try:
        written = sidecars.write(source_in(tmp_path), [TEXT, META], mode=0o100664)
    finally:
        os.umask(before)
    assert {stat.S_IMODE(os.stat(item.path).st_mode) for item in written} == {0o664}


def test_text_comes_first_and_metadata_last(tmp_path):
    """The steps are reported in order, whatever the order of the given files."""
    steps: list[str] = []
    written = sidecars.write(source_in(tmp_path), [META, TEXT], mode=0o644, step=steps.append)
    assert steps == STEPS
    assert [item.suffix for item in written] == ["enhanced.txt", "metadata.json"]
    assert written[0].sha256 == hashlib.sha256(TEXT.content.encode()).hexdigest()
    assert names(tmp_path) == {"talk.json", "talk.enhanced.txt", "talk.metadata.json"}


@pytest.mark.parametrize("step", STEPS)
def test_a_kill_at_any_step_leaves_whole_files_and_a_second_run_ends_the_same(tmp_path, step):
    """After a kill no final name has an incomplete file, and the next run needs no record."""
    source = source_in(tmp_path)

    def kill(name: str) -> None:
        if name == step:
            raise Killed

    with pytest.raises(Killed):
        sidecars.write(source, [TEXT, META], mode=0o644, step=kill)
    present = names(tmp_path)
    if "talk.metadata.json" in present:
        assert "talk.enhanced.txt" in present
    for name, content in (("talk.enhanced.txt", TEXT), ("talk.metadata.json", META)):
        if name in present:
            assert (tmp_path / name).read_text() == content.content
    left = [name for name in present if sidecars.is_temp(name)]
    assert sidecars.remove_stale_temps(tmp_path) == len(left)
    later = Rendered(META.suffix, META.content.replace('"a"', '"b"'))
    written = sidecars.write(source, [TEXT, later], mode=0o644)
    assert not any(item.displaced for item in written)
    assert names(tmp_path) == {"talk.json", "talk.enhanced.txt", "talk.metadata.json"}
    assert json.loads((tmp_path / "talk.metadata.json").read_text())["created_at"] == "b"


def test_a_recorded_output_is_replaced_by_the_next_run(tmp_path):
    """A file that we wrote and nobody changed may be replaced."""
    source = source_in(tmp_path)
    first = sidecars.write(source, [TEXT], mode=0o644)
    previous = {item.path: item.sha256 for item in first}
    new = Rendered("enhanced.txt", "Other words.\n")
    (item,) = sidecars.write(source, [new], mode=0o644, previous=previous)
    assert not item.displaced
    assert (tmp_path / "talk.enhanced.txt").read_text() == "Other words.\n"


def test_a_users_edit_is_never_overwritten(tmp_path):
    """An edited text stays, ours gets a number, and the number is used again the next time."""
    source = source_in(tmp_path)
    first = sidecars.write(source, [TEXT], mode=0o644)
    previous: dict[str, str] = {item.path: item.sha256 for item in first}
    (tmp_path / "talk.enhanced.txt").write_text("My own words.\n")
    for words in ("Second run.\n", "Third run.\n"):
        new = Rendered("enhanced.txt", words)
        (item,) = sidecars.write(source, [new], mode=0o644, previous=previous)
        previous[item.path] = item.sha256
        assert item.displaced
        assert (tmp_path / "talk.enhanced.1.txt").read_text() == words
    assert (tmp_path / "talk.enhanced.txt").read_text() == "My own words.\n"
    assert names(tmp_path) == {"talk.json", "talk.enhanced.txt", "talk.enhanced.1.txt"}


def test_an_edited_metadata_file_is_the_users_too(tmp_path):
    """Metadata with another title is not the rest of a killed run."""
    source = source_in(tmp_path)
    (tmp_path / "talk.metadata.json").write_text(META.content.replace("null", '"Mine"'))
    (item,) = sidecars.write(source, [META], mode=0o644)
    assert item.displaced
    assert Path(item.path).name == "talk.metadata.1.json"


def test_a_file_that_was_there_before_us_is_kept(tmp_path):
    """A text of that name from elsewhere is not ours, record or not."""
    (tmp_path / "talk.enhanced.txt").write_text("from elsewhere")
    (item,) = sidecars.write(source_in(tmp_path), [TEXT], mode=0o644)
    assert item.displaced
    assert (tmp_path / "talk.enhanced.txt").read_text() == "from elsewhere"


def test_nothing_is_written_through_a_link(tmp_path):
    """A link at the output's name stays, and its target keeps its content."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "talk.enhanced.txt").symlink_to(victim)
    (item,) = sidecars.write(source_in(folder), [TEXT], mode=0o644)
    assert victim.read_text() == "precious"
    assert item.displaced
    assert (folder / "talk.enhanced.txt").is_symlink()


@pytest.mark.parametrize("kind", ["folder", "fifo"])
def test_a_folder_or_pipe_at_the_outputs_name_is_kept(tmp_path, kind):
    """It neither blocks the run nor is removed."""
    target = tmp_path / "talk.enhanced.txt"
    target.mkdir() if kind == "folder" else os.mkfifo(target)
    (item,) = sidecars.write(source_in(tmp_path), [TEXT], mode=0o644)
    assert item.displaced


def test_a_read_only_folder_is_an_output_error(tmp_path, monkeypatch):
    """The error names the path, keeps the system's number, and no file is left."""
    source = source_in(tmp_path)
    real = os.open

    def refuse(path: str, flags: int, *args: int, **options: int) -> int:
        if flags & os.O_CREAT:  # root may write anywhere, so the kernel's answer is played
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path, flags, *args, **options)

    tmp_path.chmod(0o500)
    if os.geteuid() == 0:
        monkeypatch.setattr(os, "open", refuse)
    try:
        with pytest.raises(OutputError, match=r"talk\.enhanced\.txt: Permission denied") as caught:
            sidecars.write(source, [TEXT], mode=0o644)
    finally:
        monkeypatch.undo()
        tmp_path.chmod(0o700)
    assert errno_of(caught.value) == errno.EACCES
    assert names(tmp_path) == {"talk.json"}


def test_a_folder_that_is_gone_is_an_output_error(tmp_path):
    """A source whose folder was moved during the work gives an error, not a crash."""
    with pytest.raises(OutputError) as caught:
        sidecars.write(tmp_path / "gone" / "talk.json", [TEXT], mode=0o644)
    assert errno_of(caught.value) == errno.ENOENT
    assert caught.value.reason == "output_unwritable"


@pytest.mark.parametrize("call", ["fsync", "rename", "fchmod"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_failing_disk_leaves_no_temporary_and_keeps_the_cause(
    tmp_path, monkeypatch, call, number
):
    """A full disk has its own reason, and existing files stay as they were."""
    source = source_in(tmp_path)
    sidecars.write(source, [TEXT, META], mode=0o644)
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    fired = []

    def fail(*_args: object, **_options: object) -> None:
        fired.append(call)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OutputError) as caught:
        sidecars.write(source, [TEXT, META], mode=0o644)
    monkeypatch.undo()
    assert fired
    assert errno_of(caught.value) == number
    assert (caught.value.reason == "disk_full") == (number == errno.ENOSPC)
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


def test_a_full_disk_at_the_second_file_changes_no_final_name(tmp_path, monkeypatch):
    """Every file is on the disk before the first is renamed."""
    source = source_in(tmp_path)
    real, calls = os.fsync, []

    def fail_second(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fail_second)
    with pytest.raises(OutputError):
        sidecars.write(source, [TEXT, META], mode=0o644)
    assert len(calls) == 2
    assert names(tmp_path) == {"talk.json"}


def test_a_file_system_without_modes_can_be_written(tmp_path, monkeypatch):
    """exFAT refuses fchmod: the files are written and stay private."""

    def refuse(*_args: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", refuse)
    (item,) = sidecars.write(source_in(tmp_path), [TEXT], mode=0o644)
    assert stat.S_IMODE(os.stat(item.path).st_mode) == 0o600


def test_stale_temporary_files_are_removed_and_those_of_living_writers_stay(tmp_path):
    """A temporary file is stale if its process is dead or if it is older than any writer."""
    dead = tmp_path / f".llasa-{2**22 + 1}-{'0' * 16}.tmp"
    alive = tmp_path / f".llasa-{os.getppid()}-{'1' * 16}.tmp"
    old = tmp_path / f".llasa-{os.getppid()}-{'2' * 16}.tmp"
    users = tmp_path / ".llasa-notes.tmp"
    for path in (dead, alive, old, users):
        path.write_text("x")
    os.utime(old, (1, 1))
    assert sidecars.remove_stale_temps(tmp_path) == 2
    assert names(tmp_path) == {alive.name, users.name}
    assert sidecars.remove_stale_temps(tmp_path / "gone") == 0


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("talk.enhanced.txt", True),
        ("talk.enhanced.12.txt", True),
        ("talk.wav.enhanced.srt", True),
        ("talk.metadata.json", True),
        ("TALK.METADATA.JSON", True),
        ("talk.metadata.1.json", True),
        ("a\nb.metadata.json", True),
        (".llasa-12-0123456789abcdef.tmp", True),
        ("talk.json", False),
        ("metadata.json", False),
        ("enhanced.txt", False),
        ("talk.enhanced.json", False),
        ("talk.txt", False),
        ("talk.metadata.json.bak", False),
    ],
)
def test_our_files_are_known_by_name(name, ours):
    """They are sidecars and temporary files, and nothing else."""
    assert sidecars.is_ours(name) is ours


@pytest.mark.parametrize(
    ("data", "ours"),
    [
        (META.content.encode(), True),
        (b'\n{"title": 1, "schema": "llasa.metadata/2"}', True),
        (b'{"text": "they said llasa.metadata/1", "segments": []}', False),
        (b'["llasa.metadata/1"]', False),
        (b'{"schema": 1, "x": "llasa.metadata/1"', False),
        (b"[" * 100_000 + b'"llasa.metadata/"', False),
        (b"", False),
    ],
)
def test_our_metadata_is_known_by_its_content(data, ours):
    """A renamed sidecar is ours; a talk about one is not."""
    assert sidecars.is_ours_content(data) is ours


def test_a_file_asked_for_by_name_is_replaced_but_a_link_is_not(tmp_path):
    """`--output FILE` names a file to replace; links and folders are refused."""
    target = tmp_path / "out.txt"
    target.write_text("old")
    sidecars.write_file(target, "new", mode=0o640)
    assert target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    link = tmp_path / "link.txt"
    link.symlink_to(target)
    with pytest.raises(OutputError, match="not a regular file"):
        sidecars.write_file(link, "newer")
    assert names(tmp_path) == {"out.txt", "link.txt"}
    assert target.read_text() == "new"
