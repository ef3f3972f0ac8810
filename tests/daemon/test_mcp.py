"""Other programs read the library through the official client, and can do no more than that."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from daemon.config import Config, load
from daemon.operations import recordings
from daemon.operations.session import Session
from daemon.work.index import Indexer
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import diarized, dropped

mcp = pytest.importorskip("mcp", reason="the extra llasa[mcp] is not installed")

Calls = Callable[..., Any]


def with_client(
    config: Config, do: Callable[[Any], Awaitable[Any]], *, allow_write: bool = False
) -> Any:
    """Return what `do` makes of a client of the server of a home."""
    from daemon.mcp.server import make_server

    async def run() -> Any:
        server = make_server(Session(str(config.home.path)), allow_write=allow_write)
        async with mcp.Client(server) as client:
            return await do(client)

    return asyncio.run(run())


@pytest.fixture
def call(config: Config) -> Calls:
    """Return a way to call a tool: its answer, or the text of its error."""

    def call(tool: str, *, allow_write: bool = False, **arguments: Any) -> Any:
        answer = with_client(
            config, lambda client: client.call_tool(tool, arguments), allow_write=allow_write
        )
        text = answer.content[0].text
        return text if answer.is_error else json.loads(text)

    return call


def test_the_tools_are_known_as_read_only(config: Config) -> None:
    """A client that asks before a change need not ask here."""
    tools = with_client(config, lambda client: client.list_tools()).tools
    assert {tool.name for tool in tools} == {
        "search",
        "ask",
        "list_recordings",
        "get_transcript",
        "get_metadata",
        "verify_quote",
    }
    assert all(tool.annotations.read_only_hint for tool in tools)
    assert all(tool.description for tool in tools)


def test_everything_can_be_read_and_is_marked_as_untrusted(library: Path, call: Calls) -> None:
    """From a search to the passage, its speaker and what the metadata says."""
    listed = call("list_recordings")
    assert [Path(each["file"]).name for each in listed["recordings"]] == ["talk.json", "other.json"]
    (hit,) = call("search", text="balked costs")["hits"]
    assert hit["speakers"] == ["Ada Lovelace", "SPEAKER_01"]
    talk = listed["recordings"][0]["id"]
    page = call("get_transcript", id=talk)
    assert [line["speaker"] for line in page["lines"]] == [
        "Ada Lovelace",
        "SPEAKER_01",
        "Ada Lovelace",
    ]
    assert page["next_passage"] is None
    assert call("get_transcript", id=talk, from_s=500.0)["lines"] == []
    assert call("get_metadata", id=talk)["speakers"][0]["label"] == "Ada Lovelace"
    checked = call("verify_quote", text="they balked at the cost", speaker="Ada")
    assert checked["status"] == "misattributed"
    for answer in (listed, page, checked):
        assert "untrusted" in answer["notice"]


def test_a_question_is_answered_in_quotations_or_refused(library: Path, call: Calls) -> None:
    """With who said it and when; what speaks against the nearest words is said."""
    answer = call("ask", question="Why did they balk at the cost?")
    assert answer["status"] == "answered", answer
    assert answer["quotes"][0]["speaker"] == "SPEAKER_01"
    assert answer["written"] is None
    assert "untrusted" in answer["notice"]
    twisted = call("ask", question="Did they balk at fifty thousand pounds?")
    assert (twisted["status"], twisted["why"]) == ("nearest", "number")
    assert "number of the question" in twisted["remark"]


def test_what_may_be_changed_is_allowed_by_the_user(
    library: Path, call: Calls, config: Config, rig: WorkerRig
) -> None:
    """Without --allow-write neither tool exists; with it both say that they change something."""
    talk = next(
        each["id"]
        for each in call("list_recordings")["recordings"]
        if each["file"].endswith("talk.json")
    )
    refused = call("redo", id=talk)
    assert "Unknown tool" in refused
    tools = with_client(config, lambda client: client.list_tools(), allow_write=True).tools
    changing = {tool.name for tool in tools if not tool.annotations.read_only_hint}
    assert changing == {"redo", "speakers"}
    named = call("speakers", allow_write=True, id=talk, names={"SPEAKER_01": "Grace"})
    assert named["problem"] is None
    assert "Grace: " in (library / "calls" / "talk.enhanced.txt").read_text(encoding="utf-8")
    assert "is not a speaker" in call(
        "speakers", allow_write=True, id=talk, names={"NOBODY": "Eve"}
    )
    again = call("redo", allow_write=True, id=talk)
    assert again["status"] == "queued"
    assert rig.queue.job(again["id"]) is not None


def test_pages_go_through_everything_once(
    library: Path, call: Calls, monkeypatch: pytest.MonkeyPatch, rig: WorkerRig, indexer: Indexer
) -> None:
    """A long recording and a long list come in pieces."""
    said = [(f"S{n % 2}", f"number {n} then we went to the river and came back") for n in range(40)]
    dropped(rig, "long.json", diarized(*said))
    indexer.look()
    while rig.worker().run_one() or indexer.step():
        pass
    monkeypatch.setattr(recordings, "MOST_CHARACTERS", 400)
    names: list[str] = []
    offset: int | None = 0
    while offset is not None:
        answer = call("list_recordings", limit=1, offset=offset)
        names += [Path(each["file"]).name for each in answer["recordings"]]
        offset = answer["next_offset"]
    assert sorted(names) == ["long.json", "other.json", "talk.json"]
    number = next(
        each["id"]
        for each in call("list_recordings")["recordings"]
        if each["file"].endswith("long.json")
    )
    lines: list[Any] = []
    passage: int | None = 0
    pages = 0
    while passage is not None:
        answer = call("get_transcript", id=number, passage=passage)
        lines += answer["lines"]
        passage, pages = answer["next_passage"], pages + 1
    assert pages > 1
    assert " ".join(line["text"] for line in lines).casefold().count("river") == 40
    text = (
        with_client(rig.config, lambda client: client.read_resource(f"transcript://{number}"))
        .contents[0]
        .text
    )
    assert "untrusted" in text
    assert "[0:00] S0: " in text
    assert "get_transcript with passage" in text


def test_private_folders_are_not_there(
    library: Path, call: Calls, config: Config, ask: Ask
) -> None:
    """Not in a list, not by their id, not in a search, not as a quotation; the user finds them."""
    hidden = next(
        each["id"]
        for each in call("list_recordings")["recordings"]
        if each["file"].endswith("talk.json")
    )
    config.home.settings.write_text('[profile.calls]\nfolders = ["calls"]\nprivate = true\n')
    assert load(config.home).profile_for(library / "calls" / "talk.json").private
    assert len(call("list_recordings")["recordings"]) == 1
    assert call("search", text="balked")["hits"] == []
    assert call("verify_quote", text="they balked at the cost")["file"] is None
    asked = call("ask", question="What did Ada say about the cost at which they balked?")
    assert (asked["status"], asked["quotes"]) == ("not_found", [])
    assert "lovelace" not in json.dumps(asked).casefold()
    for tool, more in (("redo", {}), ("speakers", {"names": {"SPEAKER_00": "Eve"}})):
        assert "There is no recording" in call(tool, allow_write=True, id=hidden, **more)
    for tool in ("get_transcript", "get_metadata"):
        assert "There is no recording" in call(tool, id=hidden)
    assert ask("search", "balked", "--json").json["hits"]


def test_errors_say_what_to_do(config: Config, call: Calls) -> None:
    """A home without a library, and a date that is none."""
    assert "Start the daemon" in call("search", text="river")
    assert "is no date" in call("search", text="river", since="soon")


def test_the_command_serves_on_its_pipes(library: Path, config: Config) -> None:
    """As a client starts it; nothing else is written to standard output."""
    command = mcp.StdioServerParameters(
        command=sys.executable,
        args=[
            "-c",
            "from daemon.control import main; main()",
            "mcp",
            "--home",
            str(config.home.path),
        ],
        cwd=str(Path(__file__).parents[2]),
    )

    async def run() -> Any:
        async with mcp.Client(command) as client:
            return await client.call_tool("verify_quote", {"text": "the river was cold"})

    answer = asyncio.run(run())
    assert json.loads(answer.content[0].text)["status"] == "found"
