"""After five failed starts in a row the service gives up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon import parking
from daemon.home import Home
from daemon.parking import GOOD_AFTER_S, LIMIT, Starts, Trial
from tests.daemon.making import talk


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "failed-starts.json"


def fail(home: Home, file: Path, reason: str) -> bool:
    """Start and fail; return whether the start was refused because the service is parked."""
    starts = Starts(home.path, file=file)
    if starts.count_start() is not None:
        return True
    starts.record_failure(reason)
    return False


def test_the_sixth_start_after_five_failures_is_refused(home: Home, file: Path) -> None:
    """With the reason of the last failure."""
    assert [fail(home, file, f"no. {n}") for n in range(7)] == [False] * LIMIT + [True, True]
    found = parking.read(home.path, file=file)
    assert found is not None
    assert (found.count, found.reason, found.parked) == (LIMIT, "no. 4", True)


def test_a_success_resets_the_count(home: Home, file: Path) -> None:
    """Only failures in a row count."""
    for _ in range(LIMIT - 1):
        fail(home, file, "no")
    starts = Starts(home.path, file=file)
    assert starts.count_start() is None
    starts.record_success()
    assert parking.read(home.path, file=file) is None


def test_a_start_that_dies_without_a_report_is_counted(home: Home, file: Path) -> None:
    """It is counted before it can fail."""
    for _ in range(LIMIT):
        assert Starts(home.path, file=file).count_start() is None
    parked = Starts(home.path, file=file).count_start()
    assert parked is not None
    assert "soon after starting" in parked.reason


def test_a_start_is_good_when_it_has_run_for_a_while() -> None:
    """Not before, and success is reported once."""
    reported: list[str] = []
    trial = Trial(lambda: reported.append("good"), now=100.0)
    trial.tick(100.0 + GOOD_AFTER_S - 1)
    assert reported == []
    trial.tick(100.0 + GOOD_AFTER_S)
    trial.tick(100.0 + 2 * GOOD_AFTER_S)
    assert reported == ["good"]


def test_another_home_is_not_parked(home: Home, file: Path, tmp_path: Path) -> None:
    """The count belongs to one home's service."""
    for _ in range(LIMIT):
        fail(home, file, "no")
    assert parking.read(tmp_path, file=file) is None
    assert Starts(tmp_path, file=file).count_start() is None


@pytest.mark.parametrize("text", ["", "[]", '{"home": 1}', '{"count": "x"}', "\xff"])
def test_a_damaged_count_is_ignored(home: Home, file: Path, text: str) -> None:
    """The start is tried, not refused."""
    file.parent.mkdir()
    file.write_text(text, encoding="latin-1")
    assert parking.read(home.path, file=file) is None
    assert Starts(home.path, file=file).count_start() is None


def test_a_count_that_cannot_be_written_stops_no_start(home: Home, tmp_path: Path) -> None:
    """A file in the place of the folder, for instance."""
    (tmp_path / "file").write_text("")
    assert Starts(home.path, file=tmp_path / "file" / "starts.json").count_start() is None


@pytest.mark.parametrize("broken", ["settings", "database", "home"])
def test_broken_starts_are_five_failures_and_then_parked(
    home: Home, tmp_path: Path, broken: str
) -> None:
    """With exit code 0 for the service manager, little output, and the reason kept."""
    place = home.path
    if broken == "settings":
        home.settings.write_text("settle = 1\n")
    elif broken == "database":
        home.database.mkdir()
    else:
        (tmp_path / "file").write_text("")
        place = tmp_path / "file" / "home"
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    command = [sys.executable, "-P", "-m", "daemon.start", "--service", "--quiet"]
    ended = [
        subprocess.run(
            [*command, "--home", str(place)],
            capture_output=True,
            text=True,
            env=environment,
            timeout=30,
        )
        for _ in range(LIMIT + 2)
    ]
    assert [done.returncode for done in ended] == [3] * LIMIT + [0, 0]
    assert "llasactl start" in ended[-1].stderr
    assert sum(len(done.stderr) for done in ended) < 5_000
    assert all("Traceback" not in done.stderr for done in ended)


def test_a_start_by_hand_is_never_parked(home: Home, tmp_path: Path) -> None:
    """The user sees what is wrong and gets the exit code of a failure."""
    home.settings.write_text("settle = 1\n")
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    command = [sys.executable, "-P", "-m", "daemon.start", "--drain", "--home", str(home.path)]
    codes = [
        subprocess.run(command, capture_output=True, env=environment, timeout=30).returncode
        for _ in range(LIMIT + 1)
    ]
    assert codes == [3] * (LIMIT + 1)


def test_a_service_that_was_stopped_has_not_failed(home: Home, tmp_path: Path) -> None:
    """However soon after its start; here a drain ends by itself."""
    (home.transcripts / "talk.json").write_bytes(talk()[:-9])
    home.settings.write_text("settle_s = 0.1\nsettle_limit_s = 0.1\n")
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    command = [sys.executable, "-P", "-m", "daemon.start", "--service", "--drain"]
    for _ in range(2):
        done = subprocess.run(
            [*command, "--home", str(home.path)], capture_output=True, env=environment, timeout=60
        )
        assert done.returncode == 1
    assert not list(tmp_path.rglob("failed-starts.json"))
