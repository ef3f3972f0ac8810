"""llasad as a process: exit codes, signals, one per home."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from structlog.testing import LogCapture

from daemon import start
from daemon.config import Config
from daemon.home import Home
from daemon.lock import holder
from daemon.log import Log
from daemon.service import Outcome
from daemon.waker import Waker
from state.database import open_database
from state.errors import DatabaseCorrupt
from state.job import Status
from state.queue import Queue
from state.service import ServiceRow
from tests.daemon.making import events, talk, transcript

COMMAND = [sys.executable, "-P", "-m", "daemon.start"]
QUICK = "settle_s = 0.1\nsettle_limit_s = 0.5\n"
GERMAN = "Und dann gingen wir hinunter zum Fluss, weil das Wasser warm war und es uns gefiel."


@pytest.fixture
def place(tmp_path: Path) -> Home:
    home = Home(tmp_path.resolve() / "h", "--home")
    home.transcripts.mkdir(parents=True)
    home.settings.write_text(QUICK)
    return home


def llasad(home: Home, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "--home", str(home.path), *options],
        capture_output=True,
        text=True,
        timeout=60,
        cwd="/",
    )


def records(home: Home) -> list[dict[str, object]]:
    return [json.loads(line) for line in home.log.read_text(encoding="ascii").splitlines()]


@contextmanager
def serving(home: Home) -> Iterator[subprocess.Popen[str]]:
    """Run a daemon until it has scanned its folders and is waiting."""
    with subprocess.Popen(
        [*COMMAND, "--home", str(home.path)], stderr=subprocess.PIPE, text=True, cwd="/"
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "scan.finished" in line:
                break
        yield process
        if process.poll() is None:
            process.kill()


def test_a_drain_makes_a_home_and_succeeds_without_files(tmp_path: Path) -> None:
    """The first thing that a new user tries."""
    home = Home(tmp_path / "new", "--home")
    done = llasad(home, "--drain")
    assert done.returncode == 0
    assert "no transcripts" in done.stdout
    assert home.transcripts.is_dir()


def test_a_drain_reports_what_became_of_the_files(place: Home) -> None:
    """A file in a language that the model does not know needs no model at all."""
    (place.transcripts / "talk.json").write_bytes(
        transcript(GERMAN, GERMAN).replace(b'"en"', b'"de"')
    )
    (place.transcripts / "no.json").write_bytes(b'{"a": 1}')
    done = llasad(place, "--drain", "--quiet")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "Und dann" in (place.transcripts / "talk.enhanced.txt").read_text(encoding="utf-8")
    with open_database(place.database) as database:
        counts = Queue(database).counts()
    assert (counts[Status.DONE], counts[Status.IGNORED]) == (1, 1)


def test_a_drain_with_an_invalid_file_ends_with_one(place: Home) -> None:
    """After it has waited for the rest of the file."""
    (place.transcripts / "cut.json").write_bytes(talk()[:-5])
    done = llasad(place, "--drain")
    assert done.returncode == 1
    assert "1 invalid" in done.stdout


def test_a_drain_that_is_held_ends_with_three(place: Home) -> None:
    """And names the reason."""
    place.settings.write_text(QUICK + 'model = "no/such-model"\n')
    (place.transcripts / "talk.json").write_bytes(talk())
    done = llasad(place, "--drain", "--quiet")
    assert done.returncode == 3
    assert "model_missing" in done.stderr


def test_a_mistake_in_the_settings_ends_with_three(place: Home) -> None:
    """With a sentence and without a traceback."""
    place.settings.write_text("settle = 1\n")
    done = llasad(place, "--drain")
    assert done.returncode == 3
    assert "line 1: unknown key `settle`" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_option_ends_with_two(place: Home) -> None:
    """As in every command."""
    assert llasad(place, "--dry").returncode == 2


def test_a_state_folder_that_others_may_write_to_is_refused(place: Home) -> None:
    """With the command that fixes the mode."""
    place.state.mkdir(parents=True)
    place.state.chmod(0o777)
    done = llasad(place, "--drain")
    assert done.returncode == 3
    assert "chmod" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_daemon_gracefully(place: Home, number: signal.Signals) -> None:
    """With exit code 0, so that a service manager does not restart it."""
    with serving(place) as daemon:
        daemon.send_signal(number)
        assert daemon.wait(timeout=10) == 0
    assert records(place)[-1]["event"] == "daemon.stopped"
    assert holder(place.lock) is None
    with open_database(place.database) as database:
        assert ServiceRow(database).read().phase == "stopped"


@pytest.mark.parametrize("way", ["written", "renamed", "moved in a folder"])
def test_a_file_that_appears_is_done_without_waiting_for_a_scan(place: Home, way: str) -> None:
    """Once, whichever way it came; our own outputs beside it cause no job."""
    place.settings.write_text(QUICK + "rescan_s = 3600\n")
    data = transcript(GERMAN, GERMAN).replace(b'"en"', b'"de"')
    with serving(place) as daemon:
        if way == "written":
            (place.transcripts / "talk.json").write_bytes(data)
        elif way == "renamed":
            (place.transcripts / "talk.tmp").write_bytes(data)
            (place.transcripts / "talk.tmp").replace(place.transcripts / "talk.json")
        else:
            (place.path / "talks").mkdir()
            (place.path / "talks" / "talk.json").write_bytes(data)
            (place.path / "talks").rename(place.transcripts / "talks")
        assert daemon.stderr is not None
        assert any("job.done" in line for line in daemon.stderr)
        daemon.terminate()
        rest = daemon.stderr.read()
    assert "job.queued" not in rest
    (job,) = [record for record in records(place) if record["event"] == "job.queued"]
    assert job["origin"] in {"event", "scan"}


def test_a_second_daemon_is_refused(place: Home) -> None:
    """With the pid of the first one."""
    with serving(place) as daemon:
        assert holder(place.lock) == daemon.pid
        second = llasad(place)
        assert second.returncode == 3
        assert f"pid {daemon.pid}" in second.stderr
        assert daemon.poll() is None


def test_a_killed_daemon_blocks_nobody(place: Home) -> None:
    """Its lock ends with the process."""
    with serving(place) as daemon:
        daemon.kill()
        daemon.wait(timeout=10)
    assert llasad(place, "--drain").returncode == 0


def test_a_damaged_database_is_set_aside_and_rebuilt(place: Home) -> None:
    """From the folder: finished outputs are adopted, not made again."""
    (place.transcripts / "talk.json").write_bytes(
        transcript(GERMAN, GERMAN).replace(b'"en"', b'"de"')
    )
    assert llasad(place, "--drain").returncode == 0
    before = os.stat(place.transcripts / "talk.enhanced.txt")
    place.database.write_bytes(b"this is no database" * 1000)
    assert llasad(place, "--drain").returncode == 0
    after = os.stat(place.transcripts / "talk.enhanced.txt")
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    events = [record["event"] for record in records(place)]
    assert "database.recovered" in events
    assert "job.adopted" in events


def spoil(path: Path, name: str) -> None:
    """Overwrite the first page of a table or index, as a failing disk may."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)


@pytest.mark.parametrize("name", ["seen", "jobs", "service", "sqlite_autoindex_parts_1"])
def test_damage_below_the_schema_is_set_aside_too(place: Home, name: str) -> None:
    """Opening reads only the schema; the loop and the worker read the tables."""
    data = transcript(GERMAN, GERMAN).replace(b'"en"', b'"de"')
    (place.transcripts / "talk.json").write_bytes(data)
    assert llasad(place, "--drain").returncode == 0
    spoil(place.database, name)
    (place.transcripts / "other.json").write_bytes(data)
    done = llasad(place, "--drain")
    assert done.returncode == 0, done.stderr
    assert "2 done" in done.stdout
    events = [record["event"] for record in records(place)]
    assert events.count("database.recovered") == 1
    assert events.count("database.damaged") == 1
    assert "job.adopted" in events
    (aside,) = place.state.glob("queue.db.corrupt-*[0-9Z]")
    assert aside.stat().st_size > 0


@pytest.mark.parametrize("met", ["damage", "loss"])
def test_a_database_that_stays_broken_is_reopened_with_pauses(
    config: Config, log: Log, captured: LogCapture, monkeypatch: pytest.MonkeyPatch, met: str
) -> None:
    """It used to be reopened ten times a second without a line in the log."""
    did: list[str] = []

    def serve(*_: object) -> Outcome:
        did.append("serve")
        if did.count("serve") == 4:
            return "stopped"
        if met == "damage":
            raise DatabaseCorrupt("torn")
        return "database"

    monkeypatch.setattr(start, "_serve", serve)
    monkeypatch.setattr(start, "_sleep", lambda waker: did.append("rest"))
    waker = Waker()
    options = start._Options(drain=False, quiet=True)
    assert start._serve_all(config, log, waker, options) == "stopped"
    waker.close()
    first = ["serve", "rest"] if met == "damage" else ["serve"]
    assert did == [*first, "serve", "rest", "serve", "rest", "serve"]
    if met == "damage":
        assert events(captured) == ["database.damaged", "database.sound"] * 3


def test_a_daemon_that_is_asked_to_stop_reopens_no_database(
    config: Config, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does it wait for the file to get better."""

    def serve(*_: object) -> Outcome:
        raise DatabaseCorrupt("torn")

    monkeypatch.setattr(start, "_serve", serve)
    waker = Waker()
    waker.stop_asked = True
    start._sleep(waker)
    options = start._Options(drain=False, quiet=True)
    assert start._serve_all(config, log, waker, options) == "stopped"
    waker.close()


def test_a_rebuild_that_was_killed_continues(place: Home) -> None:
    """Finished outputs are adopted, not made again, by whichever start completes the scan."""
    (place.transcripts / "talk.json").write_bytes(
        transcript(GERMAN, GERMAN).replace(b'"en"', b'"de"')
    )
    assert llasad(place, "--drain").returncode == 0
    place.database.unlink()
    open_database(place.database).close()  # killed here; or `llasactl pause` was first
    assert llasad(place, "--drain").returncode == 0
    assert "job.adopted" in [record["event"] for record in records(place)]


def test_the_log_holds_no_word_of_a_transcript(place: Home) -> None:
    """Whatever becomes of the file."""
    secret = "xylophone"
    text = transcript(f"{GERMAN} {secret}", secret).replace(b'"en"', b'"de"')
    (place.transcripts / "talk.json").write_bytes(text)
    (place.transcripts / "cut.json").write_bytes(text[:-9])
    (place.transcripts / "wrong.json").write_text(f"{secret} is no JSON at all, {secret} is not")
    (place.transcripts / "other.json").write_text(json.dumps({secret: [secret]}))
    llasad(place, "--drain")
    assert secret not in place.log.read_text(encoding="ascii")


def test_an_agent_of_an_older_version_still_starts(place: Home) -> None:
    """Its plist or unit names the module in which `main` once stood."""
    (place.transcripts / "cut.json").write_bytes(talk()[:-5])
    command = [sys.executable, "-P", "-m", "daemon.service", "--service", "--drain", "--quiet"]
    environment = {**os.environ, "XDG_CONFIG_HOME": str(place.path), "HOME": str(place.path)}
    done = subprocess.run(
        [*command, "--home", str(place.path)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd="/",
        env=environment,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert [record["event"] for record in records(place)][-1] == "daemon.stopped"
