"""Events on one line each, in files of bounded size, with nothing raw in them."""

from __future__ import annotations

import io
import json
import logging
import stat
from pathlib import Path

import pytest

from daemon.log import LogFile, forward_library, open_log, stop_forwarding


def records(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def test_a_record_is_an_event_with_its_fields_on_one_line(tmp_path: Path) -> None:
    """Bound fields are in every record."""
    log = open_log(LogFile(tmp_path / "log")).bind(job_id=7)
    log.info("job.claimed", path="/t/a.json")
    (record,) = records(tmp_path / "log")
    assert str(record.pop("at")).endswith("Z")
    assert record == {"level": "info", "event": "job.claimed", "job_id": 7, "path": "/t/a.json"}


def test_control_characters_are_never_raw(tmp_path: Path) -> None:
    """One record stays one line, whatever the name of a file."""
    stream = io.StringIO()
    log = open_log(LogFile(tmp_path / "log"), stream=stream)
    name = "a\n\x1b[2J\x9b\u202e\x7f" + b"\xff".decode("utf-8", "surrogateescape")
    log.warning("job.refused", path=name)
    raw = (tmp_path / "log").read_bytes()
    assert raw.count(b"\n") == 1
    assert raw[:-1].decode("ascii").isprintable()
    assert records(tmp_path / "log")[0]["path"] == name
    assert stream.getvalue().count("\n") == 1
    assert stream.getvalue()[:-1].isprintable()


def test_the_terminal_gets_a_short_line(tmp_path: Path) -> None:
    """Time, name and the fields with a value; the level where it is not info."""
    stream = io.StringIO()
    log = open_log(None, stream=stream)
    log.warning("queue.held", reason="disk_full", until=None)
    assert stream.getvalue()[8:] == " WARNING queue.held reason=disk_full\n"


def test_the_log_never_takes_more_than_its_share(tmp_path: Path) -> None:
    """A flood of records rotates the files, and the oldest are removed."""
    file = LogFile(tmp_path / "log", max_bytes=2_000, kept=3)
    log = open_log(file)
    for number in range(500):
        log.info("flood.came", number=number)
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 4
    assert sum(sizes) <= 4 * 2_000
    assert records(tmp_path / "log")[-1]["number"] == 499


def test_an_overlong_record_is_cut_to_its_event(tmp_path: Path) -> None:
    """Nothing can write a line of megabytes."""
    log = open_log(LogFile(tmp_path / "log"))
    log.info("model.said", line="x" * 100_000)
    (record,) = records(tmp_path / "log")
    assert record["event"] == "model.said"
    assert "line" not in record


def test_the_file_is_private_under_any_umask(tmp_path: Path) -> None:
    """Names of recordings are private."""
    import os

    before = os.umask(0)
    try:
        LogFile(tmp_path / "log").write("{}")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_a_log_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    """The lost lines are counted."""
    file = LogFile(tmp_path / "missing" / "log")
    open_log(file).info("daemon.started")
    assert file.lost == 1


def test_a_log_continues_after_a_restart(tmp_path: Path) -> None:
    """Even when the file is already over its size."""
    (tmp_path / "log").write_text('{"old": 1}\n' * 300)
    LogFile(tmp_path / "log", max_bytes=1_000).write("{}")
    assert (tmp_path / "log").read_text() == "{}\n"
    assert (tmp_path / "log.1").stat().st_size == 3_300


def test_a_closed_terminal_stops_nothing(tmp_path: Path) -> None:
    """The daemon outlives the window it was started in."""
    stream = io.StringIO()
    log = open_log(LogFile(tmp_path / "log"), stream=stream)
    stream.close()
    log.info("job.done")
    assert len(records(tmp_path / "log")) == 1


def test_the_log_of_a_library_is_forwarded(capsys: pytest.CaptureFixture[str]) -> None:
    """And does not reach stderr."""
    received: list[tuple[str, str]] = []
    handler = forward_library(
        "llasa-test-library", lambda level, text: received.append((level, text))
    )
    library = logging.getLogger("llasa-test-library")
    library.warning("queue overflowed below %r", "/t")
    library.info("nothing of note")
    stop_forwarding("llasa-test-library", handler)
    library.warning("no longer forwarded")
    assert received == [("warning", "queue overflowed below '/t'")]
    assert "overflowed" not in capsys.readouterr().err
