"""Sources and outputs behind an address: memory for one process, FTP for real workers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from engine.archive import listing, remote
from engine.archive.errors import ArchiveError, RemoteMissing
from engine.archive.records import Item, Outcome
from engine.archive.transcript import Enhancer
from engine.child.client import ModelClient
from engine.cli.main import llasa_cli
from engine.models import catalog
from tests.archive.ftp_server import serving
from tests.archive.making import outputs, settings, transcript

fsspec = pytest.importorskip("fsspec", reason="needs the extra llasa[remote]")


@pytest.fixture
def memory() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    yield files
    files.store.clear()


@pytest.fixture(scope="module")
def enhancer() -> Iterator[Enhancer]:
    client = ModelClient(catalog.describe(catalog.EMBEDDED))
    yield Enhancer(settings(), client, alive=lambda: None)
    client.close()


def put(memory: Any, folder: Path, *names: str) -> None:
    for name in names:
        memory.pipe_file(f"/in/{name}", transcript(folder / name).read_bytes())


def work(enhancer: Enhancer, source: str, into: str | Path | None) -> list[Outcome]:
    return [enhancer.enhance(item) for item in listing.walk([listing.parse(source)], into=into)]


def test_a_folder_behind_an_address_gets_what_a_folder_here_gets(
    memory: Any, enhancer: Enhancer, tmp_path: Path
) -> None:
    """The outputs are the same bytes, and what is finished is known by them there, too."""
    put(memory, tmp_path / "src", "a/talk.json", "b/talk.json", ".hidden/talk.json")
    memory.pipe_file("/in/b/talk.speakers.toml", b'A = "Ada"\n')
    found = work(enhancer, "memory://in", "memory://out")
    assert [outcome.state for outcome in found] == ["done", "done"], found
    assert {output.path for outcome in found for output in outcome.outputs} == {
        f"memory://out/{folder}/talk.{end}"
        for folder in "ab"
        for end in ("enhanced.txt", "metadata.json")
    }
    here = tmp_path / "here"
    transcript(here / "talk.json")
    work(enhancer, str(here), None)
    text = memory.cat_file("/out/a/talk.enhanced.txt")
    assert text == (here / "talk.enhanced.txt").read_bytes()
    again = work(enhancer, "memory://in", "memory://out")
    assert [outcome.reason for outcome in again] == ["finished", "finished"]
    assert not [name for name in memory.find("/") if name.endswith(".tmp")]


def test_a_text_that_was_edited_behind_an_address_stays(
    memory: Any, enhancer: Enhancer, tmp_path: Path
) -> None:
    """Ours gets a number there, too."""
    put(memory, tmp_path, "talk.json")
    work(enhancer, "memory://in/*.json", None)
    memory.pipe_file("/in/talk.enhanced.txt", b"My own words.")
    memory.pipe_file("/in/talk.json", transcript(tmp_path / "x.json", said="and home").read_bytes())
    (outcome,) = work(enhancer, "memory://in/*.json", None)
    assert outcome.state == "done"
    assert memory.cat_file("/in/talk.enhanced.txt") == b"My own words."
    assert b"nd home" in memory.cat_file("/in/talk.enhanced.1.txt")


def test_what_is_not_there_or_too_large_is_named(
    memory: Any, enhancer: Enhancer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others go on."""
    (outcome,) = work(enhancer, "memory://in/gone.json", None)
    assert (outcome.state, outcome.reason) == ("failed", "unreadable")
    assert "not there" in str(outcome.message)
    memory.pipe_file("/in/large.json", b"{}" * 10)
    monkeypatch.setattr(remote, "_LARGEST_BYTES", 10)
    (outcome,) = work(enhancer, "memory://in/large.json", None)
    assert (outcome.state, outcome.reason, outcome.ends_run) == ("failed", "too_large", False)


def test_an_address_of_this_machine_is_a_path(tmp_path: Path) -> None:
    """Everything that holds for files holds."""
    transcript(tmp_path / "my talks/talk.json")
    source = listing.parse(f"file://{tmp_path}/my%20talks")
    (item,) = listing.walk([source], into=None)
    assert item.path == str(tmp_path / "my talks/talk.json")


def test_addresses_are_mirrored_from_what_they_have_in_common(memory: Any, tmp_path: Path) -> None:
    """Into a folder here, or behind an address."""
    put(memory, tmp_path, "a/x/talk.json", "b/talk.json")
    sources = [listing.parse("memory://in/a"), listing.parse("memory://in/b")]
    for into in (Path("out"), "memory://out"):
        found = sorted(item.outlet for item in listing.walk(sources, into=into))
        assert found == [f"{into}/a/x/talk.json", f"{into}/b/talk.json"]


def test_a_password_in_an_address_is_refused() -> None:
    """Everybody on the machine could read it."""
    with pytest.raises(ArchiveError, match="password") as refused:
        remote.Store("ftp://me:secret@127.0.0.1/x")
    assert "secret" not in str(refused.value)


def test_a_service_without_its_package_is_named() -> None:
    """The message says which one is missing."""
    with pytest.raises(RemoteMissing, match="sftp"):
        remote.Store("sftp://127.0.0.1/x")


def test_a_request_that_fails_is_tried_again_and_what_is_not_there_is_not() -> None:
    """A store far away fails now and then."""
    waited: list[float] = []
    store = remote.Store("memory://in/x", pause=waited.append)
    answers: list[Exception | int] = [TimeoutError(), ConnectionResetError(), 7]

    def request() -> int:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert store._tried(request) == 7
    assert len(waited) == 2
    answers[:] = [FileNotFoundError()]
    with pytest.raises(FileNotFoundError):
        store._tried(request)


def test_a_path_behind_an_address_is_not_made_one_of_this_folder() -> None:
    """Workers have another current folder."""
    item = Item("memory:///in/a.json", "out/a.json", 1).absolute()
    assert item.path == "memory:///in/a.json"
    assert Path(item.outlet).is_absolute()


def test_real_workers_work_on_a_store_that_a_server_has(tmp_path: Path) -> None:
    """Files get their names when they are whole; a second run finds everything finished."""
    pytest.importorskip("pyftpdlib", reason="the server of the test is not installed")
    store = tmp_path / "store"
    for name in ("one.json", "deep/two.json"):
        transcript(store / "in" / name)
    with serving(store) as address:
        words = ["batch", f"{address}/in", "--output-dir", f"{address}/out", "--json"]
        first = CliRunner().invoke(llasa_cli, words)
        assert first.exit_code == 0, first.output
        assert len(outputs(store / "out")) == 4
        assert not list(store.rglob("*.tmp"))
        second = CliRunner().invoke(llasa_cli, words)
    *files, last = [json.loads(line) for line in second.stdout.splitlines()]
    assert [report["reason"] for report in files] == ["finished", "finished"]
    assert last["summary"]["skipped"] == 2
