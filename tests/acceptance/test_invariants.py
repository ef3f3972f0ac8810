"""The checker of the eight promises must fail when one is broken."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.harness import Home, talk
from tests.acceptance.invariants import check


def change(home: Home, sql: str) -> None:
    """Write to the database behind llasa's back."""
    connection = sqlite3.connect(home.places.database)
    with connection:
        connection.execute(sql)
    connection.close()


def output(home: Home, name: str) -> Path:
    """Return a sidecar of the test's one file."""
    return home.transcripts / f"a.{name}"


def rewrite(path: Path, old: str, new: str) -> None:
    """Replace a text in a file."""
    said = path.read_text("utf-8")
    assert old in said
    path.write_text(said.replace(old, new), "utf-8")


DAMAGE: dict[str, tuple[str, Callable[[Home], object]]] = {
    "a file without a job": ("I1", lambda h: h.drop("new.json", talk("new"))),
    "a job that waits": ("I1", lambda h: change(h, "UPDATE jobs SET status = 'queued'")),
    "a job twice": (
        "I1",
        lambda h: change(
            h,
            "INSERT INTO jobs (path, sha256, supersedes, status, origin, outputs, recipe, claims)"
            " SELECT path, sha256, id, status, origin, outputs, recipe, claims FROM jobs",
        ),
    ),
    "no metadata": ("I2", lambda h: output(h, "metadata.json").unlink()),
    "no text": ("I2", lambda h: output(h, "enhanced.txt").unlink()),
    "another text": ("I2", lambda h: rewrite(output(h, "enhanced.txt"), "a1", "a one")),
    "a lost word": ("I2", lambda h: rewrite(output(h, "enhanced.txt"), "a1 ", "")),
    "another recipe": ("I2", lambda h: change(h, "UPDATE jobs SET recipe = 'x'")),
    "a torn output": ("I3", lambda h: rewrite(output(h, "metadata.json"), "}\n", "")),
    "too many attempts": ("I4", lambda h: change(h, "UPDATE jobs SET attempt = 6, parts_done = 0")),
    "too many at the end": ("I4", lambda h: change(h, "UPDATE jobs SET attempt = 26")),
    "too many tries": ("I4", lambda h: change(h, "UPDATE parts SET attempts = 4")),
    "running alone": ("I5", lambda h: change(h, "UPDATE jobs SET status = 'running'")),
    "a file elsewhere": ("I6", lambda h: (h.folder / "elsewhere").write_text("x")),
    "a stray temporary": (
        "I6",
        lambda h: (h.transcripts / ".llasa-1-0123456789abcdef.tmp").write_text("x"),
    ),
    "an unsound database": (
        "I7",
        lambda h: change(h, "INSERT INTO parts (job_id, position) VALUES (999, 0)"),
    ),
    "a changed source": ("I8", lambda h: rewrite(h.transcripts / "a.json", "a1", "a one")),
    "a lost source": ("I8", lambda h: (h.transcripts / "a.json").unlink()),
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Home]:
    """Return how to make a home with one finished file; the daemon is started by forking."""

    def make() -> Home:
        home = Home(tmp_path_factory.mktemp("home"))
        home.drop("a.json", talk("a", 40))
        assert home.start("--drain", "--quiet").wait() == 0
        return home

    return make


@pytest.mark.parametrize("damage", DAMAGE)
def test_every_broken_promise_is_found(finished: Callable[[], Home], damage: str) -> None:
    """A sound home passes; each kind of damage is named by the promise that it breaks."""
    home = finished()
    check(home)
    promise, do = DAMAGE[damage]
    do(home)
    with pytest.raises(AssertionError, match=promise):
        check(home)


def test_metadata_of_another_file_is_found(finished: Callable[[], Home]) -> None:
    """Swapped sidecars are noticed by the hash of their source."""
    home = finished()
    metadata = output(home, "metadata.json")
    about = json.loads(metadata.read_bytes())
    about["source"]["sha256"] = "0" * 64
    metadata.write_text(json.dumps(about))
    with pytest.raises(AssertionError, match="of another content"):
        check(home)
