"""`status --line` says in one line what matters most, and the samples show it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from daemon.control.line import NAME, line_of
from daemon.operations.hooks import HookReport
from daemon.operations.status_records import (
    Activity,
    CurrentJob,
    Held,
    Lent,
    Model,
    Parked,
    Paused,
    StatusReport,
    Waiting,
    Waits,
)
from state.job import Status
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import DOCS, dropped, now

IDLE = StatusReport(
    home="/h", home_found_by="--home", running=True, pid=7, phase="idle", watching=(),
    model=Model("m"), parked=None, jobs={"failed": 0, "invalid": 0},
)  # fmt: skip
WORKING = CurrentJob(
    id=1, path="/t/talk.json", part=2, parts_done=1, parts_total=3, words_done=42, words_total=100,
    words_per_s=5.0, left_s=12.0,
)  # fmt: skip
QUEUE = Waiting(jobs=3, bytes=10, words=100, left_s=720.0)


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (IDLE, "idle"),
        (replace(IDLE, running=False), "not running"),
        (replace(IDLE, running=False, parked=Parked(5, "x", None)), "parked"),
        (replace(IDLE, stalled=True), "stalled"),
        (replace(IDLE, current=WORKING, queue=QUEUE), "talk.json 42% · 3 waiting, 12 min"),
        (replace(IDLE, current=replace(WORKING, words_total=None)), "talk.json"),
        (
            replace(IDLE, current=replace(WORKING, words_total=None, heard_s=1.0, length_s=4.0)),
            "talk.json transcribing 25%",
        ),
        (
            replace(IDLE, activity=Activity("speakers", 1, "/t/talk.json", 30.0, 60.0)),
            "talk.json finding who speaks 50%",
        ),
        (
            replace(IDLE, activity=Activity("music", 1, "/t/talk.json", 0.0, None)),
            "talk.json describing the music",
        ),
        (replace(IDLE, held=Held("disk_full", "", "")), "held: the disk is full"),
        (replace(IDLE, held=Held("x\x1b[2J", "", "")), "held: x\\x1b[2J"),
        (replace(IDLE, paused=Paused("", None, "")), "paused"),
        (replace(IDLE, lent=Lent("chat", 1, "")), "lent to chat"),
        (replace(IDLE, waits=Waits("power", None, ""), queue=QUEUE), "on battery · 3 waiting"),
        (replace(IDLE, waits=Waits("power", None, "")), "idle"),
        (replace(IDLE, jobs={"failed": 1, "invalid": 1}), "idle · 2 files in trouble"),
        (
            replace(IDLE, hooks=(HookReport(name="x", known=True, problem="p"),)),
            "idle · a hook fails",
        ),
    ],
)
def test_one_line_says_what_matters_most(report: StatusReport, line: str) -> None:
    """What it does, what waits, what is wrong, in this order."""
    assert line_of(report) == line


def test_a_long_or_hostile_name_stays_one_short_line() -> None:
    """A status bar has little room, and a name may hold anything."""
    named = replace(IDLE, current=replace(WORKING, path="/t/" + "\x1b]0;x\x07\n" * 20 + ".json"))
    line = line_of(named)
    assert line.isprintable()
    assert len(line) <= NAME + len(" 42%")


def test_the_line_is_printed(ask: Ask) -> None:
    """Whether or not a daemon runs."""
    shown = ask("status", "--line")
    assert (shown.code, shown.out) == (0, "not running\n")


@pytest.fixture
def shell(tmp_path: Path, rig: WorkerRig) -> dict[str, str]:
    """Return an environment in which `llasactl` is ours, on the test's home."""
    folder = tmp_path / "home dir" / ".local" / "bin"
    folder.mkdir(parents=True)
    program = folder / "llasactl"
    code = "from daemon.control import main; main()"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{code}" "$@"\n')
    program.chmod(0o755)
    return {
        **os.environ,
        "HOME": str(tmp_path / "home dir"),
        "LLASA_HOME": str(rig.config.home.path),
        "PYTHONPATH": str(DOCS.parent),
    }


def run(name: str, environment: dict[str, str], *arguments: str) -> tuple[int, list[str]]:
    done = subprocess.run(
        ["bash", str(DOCS / "samples" / name), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.returncode, done.stdout.splitlines()


def test_the_menu_bar_shows_the_line_and_the_status(shell: dict[str, str], rig: WorkerRig) -> None:
    """A bar in the name of a file begins no parameters."""
    dropped(rig, "a|bash=evil.json")
    rig.queue.finish(claimed(rig), status=Status.FAILED, reason="engine_error")
    code, lines = run("llasa.1m.sh", shell)
    assert code == 0
    assert lines[0] == "llasa: not running · 1 file in trouble | length=48"
    assert lines[1] == "---"
    named = next(line for line in lines if "a/bash=evil.json" in line)
    assert named.endswith("| font=Menlo size=11 trim=false")
    assert named.count("|") == 1
    assert any(line.startswith("Pause | bash=") for line in lines)


def claimed(rig: WorkerRig):  # type: ignore[no-untyped-def]
    job = rig.queue.claim(boot_id="boot-1")
    assert job is not None
    return job


def test_a_menu_without_llasa_says_so(shell: dict[str, str]) -> None:
    """And fails in no other way."""
    without = {**shell, "HOME": "/nowhere", "PATH": "/usr/bin:/bin"}
    assert run("llasa.1m.sh", without) == (0, ["llasa: not installed"])
    assert run("raycast-status.sh", without)[0] == 1


def test_raycast_shows_the_line_and_puts_a_file_first(
    shell: dict[str, str], rig: WorkerRig
) -> None:
    """Also one whose name begins like an option."""
    assert run("raycast-status.sh", shell) == (0, ["not running"])
    dropped(rig, "first.json")
    second = dropped(rig, "-second one.json")
    path = str(rig.config.watch[0] / "-second one.json")
    assert run("raycast-add.sh", shell, path) == (0, ["first in the queue: -second one.json"])
    assert now(rig.queue, second).priority > 0
    assert run("raycast-add.sh", shell, "/nowhere.json")[0] == 1


@pytest.mark.parametrize("name", ["raycast-status.sh", "raycast-add.sh"])
def test_the_head_of_a_script_command_has_the_fields_that_raycast_documents(name: str) -> None:
    """https://github.com/raycast/script-commands, "Metadata"; a wrong one hides the script."""
    text = (DOCS / "samples" / name).read_text()
    fields = dict(re.findall(r"^# @raycast\.(\w+) (.+)$", text, re.MULTILINE))
    assert (fields["schemaVersion"], bool(fields["title"])) == ("1", True)
    assert fields["mode"] in ("silent", "compact", "fullOutput", "inline")
    assert ("refreshTime" in fields) == (fields["mode"] == "inline")
    assert re.fullmatch(r"\d+[smhd]", fields.get("refreshTime", "1m"))
    known = {"packageName", "description", "refreshTime", "argument1", "icon"}
    assert set(fields) <= {"schemaVersion", "title", "mode"} | known
    argument = json.loads(fields.get("argument1", '{"type": "text", "placeholder": "x"}'))
    assert {"type", "placeholder"} <= set(argument)
    assert argument["type"] in ("text", "password", "dropdown")
