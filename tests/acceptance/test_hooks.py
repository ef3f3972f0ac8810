"""Hooks of a real daemon: one that hangs costs no file, and a kill loses no news."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from state.job import Status
from tests.acceptance.harness import Home, talk, wait_for
from tests.acceptance.invariants import check

# Keeps each document whole or not at all.
KEEP = "f=$(mktemp ../got/new.XXXXXX); cat > $f; mv $f $f.json"


def home_with(tmp_path: Path, script: str, timeout_s: int = 30) -> Home:
    command = f"command = ['/bin/sh', '-c', '''{script}''']"
    home = Home(tmp_path, settings=f"[on_done]\n{command}\ntimeout_s = {timeout_s}\n")
    (tmp_path / "got").mkdir()
    return home


def got(tmp_path: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((tmp_path / "got").glob("*.json"))]


def told(tmp_path: Path) -> list[str]:
    return [os.path.basename(job["path"]) for news in got(tmp_path) for job in news["jobs"]]


def test_a_hook_that_hangs_costs_no_file(tmp_path: Path) -> None:
    """All files are done while it hangs, and the stop does not wait for it."""
    home = home_with(tmp_path, "exec sleep 600", timeout_s=600)
    paths = [home.drop(f"{number}.json", talk(str(number), 20)) for number in range(8)]
    with home.daemon(patches={"daemon.announce.lane.GATHER_S": 0.0}) as running:
        for path in paths:
            assert home.ended(path).status is Status.DONE
        assert running.stop(15) == 0
    check(home)


def test_files_that_end_together_are_told_together_and_each_once(tmp_path: Path) -> None:
    """Twenty files, fewer documents, no name twice."""
    all_done = (
        f"until [ $(ls {tmp_path}/home/var/transcripts/*.txt | wc -l) = 20 ]; do sleep 0.1; done"
    )
    home = home_with(tmp_path, f"{all_done}; {KEEP}")
    for number in range(20):
        home.drop(f"{number}.json", talk(str(number), 20))
    assert home.start("--drain", "--quiet").wait(60) == 0
    assert sorted(told(tmp_path)) == sorted(f"{number}.json" for number in range(20))
    assert len(got(tmp_path)) < 20


def test_what_a_killed_daemon_did_not_tell_is_told_by_the_next(tmp_path: Path) -> None:
    """The file was done, and the daemon was killed before anybody heard of it."""
    home = home_with(tmp_path, KEEP)
    path = home.drop("a.json", talk("a", 20))
    with home.daemon(patches={"daemon.announce.lane.GATHER_S": 3600.0}) as running:
        home.became(path, Status.DONE)
        running.kill()
    assert told(tmp_path) == []
    with home.daemon(patches={"daemon.announce.lane.GATHER_S": 0.0}) as running:
        wait_for(lambda: told(tmp_path), what="the news of the killed daemon")
        running.stop()
    assert told(tmp_path) == ["a.json"]
