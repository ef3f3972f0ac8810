"""llasactl as users and programs see it: what it prints, and its exit codes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from daemon.config import Config
from daemon.control.text import count, shorten, size, span
from daemon.home import Home
from daemon.lock import HomeLock
from state.job import Reason, Status
from state.queue import Queue
from state.service import ServiceRow
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import commands, documented, dropped, talk


@pytest.fixture
def worked(rig: WorkerRig) -> WorkerRig:
    """Return a home with one job of each kind of end."""
    dropped(rig, "done.json")
    dropped(rig, "no.json", b'{"a": 1}')
    dropped(rig, "cut.json", b'{"segments": [')
    gone = dropped(rig, "gone.json")
    Path(gone.path).unlink()
    worker = rig.worker()
    while worker.run_one():
        pass
    dropped(rig, "waiting.json")
    return rig


def test_the_help_lists_the_commands_in_the_order_of_use(ask: Ask) -> None:
    """`status` comes first."""
    answer = ask("--help", at=None)
    found = re.findall(r"^  (\w+)  ", answer.out.split("Commands:")[1], flags=re.MULTILINE)
    assert found == list(commands())
    assert found[0] == "status"


def test_status_before_any_daemon_says_how_to_start_one(ask: Ask, home: Home) -> None:
    """It names the home and is not an error."""
    answer = ask("status")
    assert answer.code == 0
    said = "".join(answer.out.split())  # a long path is wrapped
    assert f"home{home.path}" in said
    assert "notrunning" in said
    assert f"llasad--home{home.path}" in said


def test_status_in_json_has_the_documented_keys(
    ask: Ask, worked: WorkerRig, home: Home, config: Config
) -> None:
    """It has all of them, always, and no others."""
    report = ask("status", "--json").json
    assert set(report) == documented("status")
    assert set(report["queue"]) == {"jobs", "bytes", "words", "left_s"}
    assert report["home"] == str(home.path)
    assert report["running"] is False
    assert report["jobs"]["done"] == 1
    assert report["queue"]["jobs"] == 1
    assert {t["reason"] for t in report["troubles"]} >= {"source_gone"}


def test_status_of_a_working_daemon_says_what_it_does(ask: Ask, rig: WorkerRig, home: Home) -> None:
    """It shows the file, the part, words per second, and the time left for the file and for all."""
    dropped(rig, "before.json")
    rig.worker().run_one()
    dropped(rig, "talk.json", talk("one two three four"))
    dropped(rig, "next.json", talk("five"))
    lock = HomeLock(home.lock)
    lock.acquire()
    row = ServiceRow(rig.queue.database)
    job = rig.queue.claim(boot_id="boot-1")
    assert job is not None
    rig.queue.begin_parts(job, total=4, recipe="r", words=40)
    rig.queue.save_part(job, 0, status="enhanced", payload="{}", words=10, decode_s=1.0)
    row.update(phase="working", current_job=job.id, current_part=2, words_per_s=10.0)
    report = ask("status", "--json").json
    screen = " ".join(ask("status").out.split())
    lock.release()
    assert report["running"] is True
    assert report["pid"] == os.getpid()
    assert report["phase"] == "working"
    assert set(report["current"]) == documented("status.current")
    assert report["current"]["parts_done"] == 1
    assert report["current"]["left_s"] == 3.0
    assert report["queue"]["left_s"] >= 3.0
    assert "part 2 of 4, 10 words/s, 3 s left" in screen
    assert "talk.json" in screen


def test_status_shows_a_hold_and_a_daemon_that_is_stalled(
    ask: Ask, queue: Queue, home: Home
) -> None:
    """A daemon that does nothing is not shown as healthy."""
    queue.hold(Reason.MODEL_MISSING, "Download it.")
    lock = HomeLock(home.lock)
    lock.acquire()
    ServiceRow(queue.database).update(phase="held", heartbeat_at=1.0)
    report, screen = ask("status", "--json").json, ask("status").out
    lock.release()
    assert report["held"]["reason"] == "model_missing"
    assert report["stalled"] is True
    assert "stalled" in screen
    assert "Download it." in screen


def test_status_imports_nothing_heavy(home: Home, queue: Queue) -> None:
    """It takes a tenth of a second: no model, no watcher, no library that the daemon needs."""
    code = (
        "import sys; from daemon import control\n"
        f"sys.argv = ['llasactl', 'status', '--json', '--home', {str(home.path)!r}]\n"
        "try: control.main()\n"
        "except SystemExit: print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    heavy = "mlx mlx_lm numpy transformers sqlite_utils watchdog structlog regex jellyfish rich"
    assert "click" in loaded
    assert loaded & set(heavy.split()) == set()


def test_jobs_are_listed_and_filtered(ask: Ask, worked: WorkerRig) -> None:
    """The newest come first, each with the meaning of its reason."""
    answer = ask("jobs")
    assert answer.code == 0
    assert str(worked.config.home.path) in answer.out
    assert answer.out.index("waiting.json") < answer.out.index("done.json")
    assert "removed before it was read" in " ".join(answer.out.split())
    only = ask("jobs", "--status", "failed", "--status", "ignored", "--json").json
    assert {job["status"] for job in only} == {"failed", "ignored"}
    assert all(set(job) == documented("jobs") for job in only)
    assert ask("jobs", "--status", "partial").out.endswith("no jobs of that status\n")


def test_a_limited_list_says_that_there_is_more(ask: Ask, worked: WorkerRig) -> None:
    """The user must not take fifty jobs for all."""
    assert "2 of 5; --limit 0 shows all" in ask("jobs", "--limit", "2").out
    assert len(ask("jobs", "--limit", "2", "--json").json) == 2
    assert len(ask("jobs", "--json").json) == 5


def test_jobs_of_an_unused_home_are_none(ask: Ask) -> None:
    """An empty list is not an error."""
    assert ask("jobs").out.endswith("no jobs yet\n")
    assert ask("jobs", "--json").json == []


def test_show_takes_an_id_or_a_file(
    ask: Ask, worked: WorkerRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is found from here, from the watched folder, or by its absolute path."""
    path = worked.config.watch[0] / "done.json"
    job = worked.queue.job_by_path(str(path))
    assert job is not None
    monkeypatch.chdir(path.parent)
    for name in (str(job.id), "done.json", str(path)):
        assert f"job      {job.id} " in ask("show", name).out
    monkeypatch.chdir("/")
    report = ask("show", "done.json", "--json").json
    assert set(report) == documented("jobs") | documented("show")
    assert report["parts"][0]["status"] == "enhanced"
    assert [move["status"] for move in report["history"]] == ["queued", "running", "done"]


def test_show_of_a_failed_job_says_what_to_do(ask: Ask, worked: WorkerRig) -> None:
    """It shows the reason, its meaning and the next step."""
    shown = " ".join(ask("show", "gone.json").out.split())
    assert "source_gone" in shown
    assert "next put it back" in shown


def test_a_job_that_is_not_there_is_a_usage_error(ask: Ask, worked: WorkerRig) -> None:
    """The message names the command that lists the jobs."""
    for command, number in (("show", "4711"), ("retry", "4711"), ("show", 20 * "9")):
        answer = ask(command, number)
        assert answer.code == 2
        assert f"no job {number}" in answer.err
        assert "llasactl jobs" in answer.err


def test_retry_queues_again(ask: Ask, worked: WorkerRig) -> None:
    """It takes a file or all failed jobs; a job that is done cannot be retried."""
    answer = ask("retry", "--failed")
    assert "queued again: 1 job" in answer.out
    assert "not among them: 1 invalid" in answer.out
    assert "queued again" in ask("retry", "cut.json").out
    assert "not among them" not in ask("retry", "--failed").out
    statuses = {Path(job.path).name: job.status for job in worked.queue.jobs()}
    assert statuses["cut.json"] is Status.QUEUED
    assert statuses["gone.json"] is Status.QUEUED
    refused = ask("retry", "done.json")
    assert refused.code == 3
    assert "llasactl redo 1" in refused.err


def test_a_mistyped_command_is_guessed(ask: Ask) -> None:
    """A name like no command is not guessed; neither reaches the terminal raw."""
    answer = ask("stauts", at=None)
    assert answer.code == 2
    assert "Did you mean `status`?" in answer.err
    assert "mean" not in ask("xyzzy\x1b[2J", at=None).err
    assert "\x1b" not in ask("xyzzy\x1b[2J", at=None).err


def test_retry_needs_jobs_or_failed(ask: Ask) -> None:
    """Neither and both are usage errors."""
    assert ask("retry").code == 2
    assert ask("retry", "1", "--failed").code == 2


def test_add_queues_a_file_from_anywhere(ask: Ask, tmp_path: Path, home: Home) -> None:
    """It queues it once: the same bytes again make no job, and a link stands for its file."""
    path = tmp_path / "talk.json"
    path.write_bytes(talk())
    (tmp_path / "link.json").symlink_to(path)
    first = ask("add", str(path))
    assert first.code == 0
    assert "queued: 1" in first.out
    assert f"llasad --home {home.path}" in first.out
    assert "unchanged" in ask("add", str(tmp_path / "link.json")).out


def test_add_refuses_what_cannot_be_taken_and_takes_the_rest(ask: Ask, tmp_path: Path) -> None:
    """It exits with 1 and prints a reason for each."""
    (tmp_path / "talk.json").write_bytes(talk())
    (tmp_path / "talk.metadata.json").write_text("{}")
    answer = ask(
        "add",
        str(tmp_path / "no.json"),
        str(tmp_path / "talk.json"),
        f"{tmp_path}/talk.metadata.json",
    )
    assert answer.code == 1
    assert "no longer there" in answer.err
    assert "our own outputs" in answer.err
    assert "queued: 1" in answer.out


def test_a_home_that_is_not_there_is_named_with_what_to_do(ask: Ask, tmp_path: Path) -> None:
    """It is an environment error for every command that needs a home."""
    for words in (["status"], ["jobs"], ["show", "1"], ["retry", "1"], ["add", "x"]):
        answer = ask(*words, at=tmp_path / "nowhere")
        assert answer.code == 3
        assert "There is no llasa home" in answer.err
        assert "llasad --home" in answer.err


def test_a_mistake_in_the_settings_is_named(ask: Ask, home: Home) -> None:
    """One sentence gives the key, the line and what is allowed."""
    home.settings.write_text("settle = 2\n")
    answer = ask("status")
    assert answer.code == 3
    assert "line 1: unknown key `settle`, did you mean `settle_s`?" in answer.err


def test_the_home_may_be_named_before_the_command(ask: Ask, home: Home) -> None:
    """`--home` may also stand before the command."""
    assert ask("--home", str(home.path), "status", at=None).code == 0


def test_no_command_lets_a_name_reach_the_terminal(ask: Ask, rig: WorkerRig) -> None:
    """No name may move the cursor, set the clipboard or reverse the text."""
    name = "\x1b[2J\x1b]52;c;eA==\x07\x9b1m\u202e\r\nx" + os.fsdecode(b"\xe9") + ".json"
    dropped(rig, name, b'{"a": "\x1b[31m"}')
    worker = rig.worker()
    worker.run_one()
    rig.queue.hold("other", "\x1b[31mred\x9b")
    for words in (
        ["status"],
        ["status", "--json"],
        ["jobs"],
        ["jobs", "--json"],
        ["show", "1"],
        ["show", "1", "--json"],
        ["retry", "1"],
        ["show", "\x1b[2J"],
        ["add", "\x1b[2J\u202e.json"],
        ["redo", "1", "--model", "\x1b[2J"],
        ["redo", "1", "--profile", "\x1b[2J"],
        ["redo", "1"],
        ["prioritize", "2"],
        ["cancel", "2"],
        ["open", "2"],
        ["diff", "2"],
        ["speakers", "2"],
        ["pause", "\x1b[2J", "--until", "\x1b[2J"],
        ["pause", "\x1b[2J"],
        ["status"],
        ["resume"],
        ["config", "show"],
        ["config", "check"],
        ["config", "explain", "\x1b[2J\u202e.json"],
        ["config", "explain", "\x1b[2J\u202e.json", "--json"],
        ["doctor", "--no-model"],
        ["logs"],
        ["forget", "2"],
        ["install", "--dry-run"],
        ["completion", "\x1b[2J"],
    ):
        answer = ask(*words)
        for character in (answer.out + answer.err).replace("\n", ""):
            assert unicodedata.category(character) not in {"Cc", "Cf", "Cs"}, (words, character)


def test_a_bug_is_a_line_not_a_traceback(home: Home) -> None:
    """It exits with 3 and prints the place in the code for the report."""
    code = (
        "import sys; from daemon import control; from daemon.control import jobs\n"
        "def broken(*_, **__): raise RuntimeError('oh\\x1b[2J')\n"
        "jobs.list_jobs = broken\n"
        f"sys.argv = ['llasactl', 'jobs', '--home', {str(home.path)!r}]\n"
        "control.main()"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True)
    assert done.returncode == 3
    assert done.stderr.startswith("llasactl: a bug, please report it: RuntimeError in ")
    assert "Traceback" not in done.stderr
    assert "\x1b" not in done.stderr


def test_a_reader_that_has_seen_enough_is_no_error(home: Home, worked: WorkerRig) -> None:
    """`llasactl jobs --json | head -1` ends quietly."""
    command = f"{sys.executable} -P -c 'from daemon.control import main; main()'"
    done = subprocess.run(
        ["/bin/sh", "-c", f"{command} jobs --json --home '{home.path}' | head -1"],
        capture_output=True,
        text=True,
    )
    assert done.stdout == "[\n"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (span(0.2), "0 s"),
        (span(99), "99 s"),
        (span(130), "2 min"),
        (span(7500), "2 h 05 min"),
        (span(200_000), "2 days"),
        (size(999), "999 bytes"),
        (size(12_345), "12 kB"),
        (size(3_400_000), "3.4 MB"),
        (count(1, "file"), "1 file"),
        (count(1200, "file"), "1,200 files"),
        (count(2, "try", "tries"), "2 tries"),
        (shorten("a" * 10, 10), "a" * 10),
        (shorten("interviews/2026/anna.json", 16), "inter…/anna.json"),
    ],
)
def test_numbers_are_shown_as_people_say_them(said: str, expected: str) -> None:
    """They have as many digits as mean something."""
    assert said == expected
