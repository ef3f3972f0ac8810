"""Names, links, pipes and devices: what a folder may hold beside plain files."""

from __future__ import annotations

import json
import os
import select
import socket
import stat
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from daemon.errors import SourceError
from daemon.files.source import read_snapshot
from engine import sidecars
from state.job import Reason, Status
from tests.acceptance.harness import Home, talk, wait_for
from tests.acceptance.invariants import check

SWAPS = int(os.environ.get("LLASA_TEST_SWAPS", "3000"))

NAMES: tuple[str | bytes, ...] = (
    unicodedata.normalize("NFC", "é.json"),
    unicodedata.normalize("NFD", "é.json"),
    "A.json",
    "a.json",
    "talk.json",
    "talk.JSON",
    "talk.wav.json",
    "talk.srt.json",
    "👩‍👩‍👧 😀.json",
    "x" * 250 + ".json",
    "語" * 83 + ".json",
    "new\nline.json",
    "esc\x1b[31m.json",
    "-rf.json",
    "trailing..json",
    " .json",
    b"invalid\xff\xfe.json",
    b"invalid\xff\xfd.json",
    "$(touch pwned).json",
    "a'b\"c`d.json",
    "enhanced.json",
    "metadata.json",
)


def test_every_name_that_a_disk_allows_is_one_job_with_outputs_of_its_own(home: Home) -> None:
    """Unicode twins, case twins, bytes that are no UTF-8, names as long as can be."""
    paths = [home.drop(name, talk(f"n{number}x")) for number, name in enumerate(NAMES)]
    assert home.drain().returncode == 0
    jobs = [home.ended(path) for path in paths]
    assert [job.status for job in jobs] == [Status.DONE] * len(NAMES)
    outputs = [output.path for job in jobs for output in job.outputs]
    assert len(outputs) == len(set(outputs)) == 2 * len(NAMES)
    for number, job in enumerate(jobs):
        text = next(o.path for o in job.outputs if o.suffix == "enhanced.txt")
        assert f"N{number}x0" in Path(text).read_text()
    assert not (home.folder / "pwned").exists()
    check(home)


def test_what_is_no_regular_file_is_passed_over_and_nothing_hangs(home: Home) -> None:
    """FIFO, socket, device, folder and links named like transcripts, before and after the start."""
    secret = home.guard(_written(home.folder / "secret.json", talk("secret")))

    def place(folder: Path) -> list[socket.socket]:
        folder.mkdir(exist_ok=True)
        os.mkfifo(folder / "fifo.json")
        bound = socket.socket(socket.AF_UNIX)
        here = os.open(folder, os.O_RDONLY)
        bound.bind(f"/proc/self/fd/{here}/socket.json")
        os.close(here)
        (folder / "folder.json").mkdir()
        (folder / "link.json").symlink_to(secret)
        (folder / "up").symlink_to(home.folder, target_is_directory=True)
        (folder / "round").symlink_to(folder, target_is_directory=True)
        (folder / "dangling.json").symlink_to("nowhere.json")
        made = ["fifo.json", "socket.json", "link.json", "dangling.json"]
        if os.geteuid() == 0:
            os.mknod(folder / "device.json", stat.S_IFCHR | 0o600, os.makedev(1, 5))
            made.append("device.json")
        home.allowed.update(folder / name for name in made)
        home.allowed.update({folder / "up", folder / "round"})
        return [bound]

    held = place(home.transcripts / "before")
    with home.daemon() as running:
        running.until_watching()
        held += place(home.transcripts / "after")
        path = home.drop("a.json", talk("a"))
        assert home.ended(path, patience_s=10).status is Status.DONE
        scans = len(home.log("scan.finished"))
        wait_for(lambda: len(home.log("scan.finished")) > scans, what="another scan")
        assert running.stop() == 0
    for bound in held:
        bound.close()
    assert [job.path for job in home.jobs()] == [str(path)]
    check(home)


def test_a_second_name_of_another_users_file_is_refused(home: Home) -> None:
    """A hard link cannot make us read and answer what its planter could not read."""
    if os.geteuid() != 0:
        pytest.skip("needs root to make a file of another user")
    theirs = home.guard(_written(home.folder / "theirs.json", talk("theirs")))
    os.chown(theirs, 12345, 12345)
    link = home.transcripts / "link.json"
    os.link(theirs, link)
    home.allowed.add(link)
    assert home.drain().returncode == 1
    job = home.ended(link)
    assert (job.status, job.reason) == (Status.FAILED, Reason.UNREADABLE)
    assert sorted(p.name for p in home.transcripts.iterdir()) == ["link.json"]
    link.unlink()
    check(home)


def test_outputs_are_never_written_through_a_link(home: Home, tmp_path: Path) -> None:
    """A link where the text belongs: its target stays, ours gets a number."""
    victim = home.guard(_written(tmp_path / "victim.txt", "precious"))
    path = home.drop("a.json", talk("a"))
    link = home.transcripts / "a.enhanced.txt"
    link.symlink_to(victim)
    home.allowed.add(link)
    dangling = home.transcripts / "a.metadata.json"
    dangling.symlink_to(tmp_path / "made by us")
    home.allowed.add(dangling)
    assert home.drain().returncode == 0
    assert "A0" in (home.transcripts / "a.enhanced.1.txt").read_text()
    assert not (tmp_path / "made by us").exists()
    assert [o.displaced for o in home.ended(path).outputs] == [True, True]
    link.unlink()
    dangling.unlink()
    check(home)


_SWAP = """
import os, select, sys
from pathlib import Path
base = Path(sys.argv[1])
secret, folder, real = base / "outside", base / "watched" / "inner", base / "watched" / "real"
aside, link, folder_link, count = folder / "y", folder / "z", base / "watched" / "l", 0
while not select.select([sys.stdin], [], [], 0)[0]:
    link.symlink_to(secret / "x.json")
    os.rename(folder / "x.json", aside)
    os.rename(link, folder / "x.json")
    os.rename(aside, folder / "x.json")
    folder_link.symlink_to(secret, target_is_directory=True)
    os.rename(folder, real)
    os.rename(folder_link, folder)
    os.unlink(folder)
    os.rename(real, folder)
    count += 2
    if count == 202:
        print("enough", flush=True)
    if count == 100:
        print("begun", flush=True)
print(count)
"""


def test_a_link_swapped_in_at_any_moment_is_never_followed(tmp_path: Path) -> None:
    """Thousands of swaps of a file, and of its folder, against thousands of reads."""
    secret = tmp_path / "outside"
    secret.mkdir()
    (secret / "x.json").write_bytes(b"secret")
    folder = tmp_path / "watched" / "inner"
    folder.mkdir(parents=True)
    (folder / "x.json").write_bytes(b"public")
    path = str((tmp_path / "watched").resolve() / "inner" / "x.json")
    results = {"read": 0, "refused": 0}
    with subprocess.Popen(
        [sys.executable, "-c", _SWAP, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as swapper:
        assert swapper.stdin is not None
        assert swapper.stdout is not None
        assert swapper.stdout.readline() == "begun\n"
        # On a busy machine the reads may be over before the swaps have begun in earnest.
        while sum(results.values()) < SWAPS or not select.select([swapper.stdout], [], [], 0)[0]:
            try:
                assert read_snapshot(path, max_bytes=100).data == b"public"
                results["read"] += 1
            except SourceError:
                results["refused"] += 1
        swapper.stdin.close()
        assert swapper.stdout.readline() == "enough\n"
        swaps = int(swapper.stdout.read())
    assert swaps > 200
    assert min(results.values()) > 10, results


def _written(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    assert not sidecars.is_ours(path.name)
    return path
