"""A program gets an answer in a model's words, and nothing is left of it when it stops waiting."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from pathlib import Path
from typing import Any

import pytest

from daemon.config import Config
from daemon.operations.answering import Answering
from daemon.operations.search import Limits
from daemon.operations.session import Session
from engine.child.client import Loaded, ModelClient
from state.database import open_database
from state.lending import LendingRows
from tests import small_models
from tests.chat_model import smollm2

QUESTION = "Why did they balk at the cost?"


@pytest.fixture
def random_model(config: Config, library: Path, tmp_path: Path) -> str:
    """Return a model that writes anything its grammar allows, set as the chat model."""
    folder = str(small_models.tools_like(tmp_path / "random"))
    config.home.settings.write_text(f'chat_model = "{folder}"\n')
    return folder


def answering(config: Config, **how: Any) -> Answering:
    return Answering(Session(str(config.home.path)), who="llasactl mcp", **how)


def lent(config: Config) -> int:
    """Return how many ask for the model of a home or have it."""
    with open_database(config.home.database, create=False, migrate=False) as database:
        return len(LendingRows(database).requests())


def test_the_model_of_the_settings_quotes_and_is_given_back(
    config: Config, random_model: str
) -> None:
    """It can quote only what was said; where no passage answers, it is not loaded."""
    made: list[ModelClient] = []

    def make(*given: Any, **how: Any) -> ModelClient:
        made.append(ModelClient(*given, **how))
        return made[-1]

    found = answering(config, make=make).answer(QUESTION, limits=Limits())
    assert found.problem == ""
    assert found.answer.written is not None
    assert found.answer.written.model == random_model
    assert found.answer.quotes
    for quote in found.answer.quotes:
        assert quote.text in quote.source.passage.text
    refused = answering(config, make=make).answer("What is the capital of Peru?", limits=Limits())
    assert (refused.answer.status, refused.answer.written) == ("not_found", None)
    assert [client.alive for client in made] == [False]
    assert lent(config) == 0


@pytest.mark.parametrize("when", ["before", "loading", "writing"])
def test_whoever_gives_up_leaves_nothing_running(
    config: Config, random_model: str, when: str
) -> None:
    """The quotations are there, with what happened; the model is free for the next."""
    clients: list[ModelClient] = []

    class Leaving(ModelClient):
        """A client whose caller leaves at some moment."""

        def start(self) -> Loaded:
            clients.append(self)
            if when == "before":
                own.give_up()
            loaded = super().start()
            if when == "loading":
                own.give_up()
            return loaded

        def write(self, *given: Any, **how: Any) -> Any:
            if when == "writing":
                how["on_text"] = lambda piece: own.give_up()
            return super().write(*given, **how)

    own = answering(config, make=Leaving)
    found = own.answer(QUESTION, limits=Limits())
    assert found.answer.status == "answered"
    assert found.answer.written is None
    assert "not done in time" in found.problem
    assert not any(client.alive for client in clients)
    assert lent(config) == 0


def test_a_model_that_is_gone_costs_its_words_alone(config: Config, library: Path) -> None:
    """What was said is quoted, and what to do is told."""
    config.home.settings.write_text('chat_model = "no/such-model"\n')
    found = answering(config).answer(QUESTION, limits=Limits())
    assert (found.answer.status, found.answer.written) == ("answered", None)
    assert found.problem.startswith("Quotations alone: ")
    assert "no/such-model" in found.problem


def test_a_client_may_have_it_written_and_may_leave(
    config: Config, random_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the protocol: the parameter is there, and a call that is cancelled ends its model."""
    mcp = pytest.importorskip("mcp", reason="the extra llasa[mcp] is not installed")
    from daemon.mcp import server

    clients: list[ModelClient] = []

    async def run() -> dict[str, Any]:
        loop = asyncio.get_running_loop()
        reading = asyncio.Event()

        class Slow(ModelClient):
            """A client that goes on until it is told to stop."""

            def write(self, *given: Any, **how: Any) -> Any:
                clients.append(self)
                if len(clients) == 1:
                    return super().write(*given, **how)
                loop.call_soon_threadsafe(reading.set)
                while not how["cancelled"]():
                    super().write(*given, **how)
                return super().write(*given, **how)

        monkeypatch.setattr(server, "Answering", functools.partial(Answering, make=Slow))
        made = server.make_server(Session(str(config.home.path)))
        async with mcp.Client(made) as client:
            (tool,) = [t for t in (await client.list_tools()).tools if t.name == "ask"]
            assert "written" in tool.input_schema["properties"]
            asked = {"question": QUESTION}
            answer = await client.call_tool("ask", asked)
            assert json.loads(answer.content[0].text)["written"] is None
            answer = await client.call_tool("ask", {**asked, "written": True})
            call = asyncio.create_task(client.call_tool("ask", {**asked, "written": True}))
            await reading.wait()
            call.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await call
        found: dict[str, Any] = json.loads(answer.content[0].text)
        return found

    found = asyncio.run(run())
    assert found["problem"] is None, found
    assert found["written"]["model"] == random_model
    assert found["quotes"][0]["text"]
    assert len(clients) == 2
    assert not any(client.alive for client in clients)
    assert lent(config) == 0


def test_a_real_model_answers_through_the_protocol(config: Config, library: Path) -> None:
    """What it writes is quoted word for word, or held against what it quotes."""
    mcp = pytest.importorskip("mcp", reason="the extra llasa[mcp] is not installed")
    from daemon.mcp.server import make_server

    config.home.settings.write_text(f'chat_model = "{smollm2()}"\n')

    async def run() -> Any:
        async with mcp.Client(make_server(Session(str(config.home.path)))) as client:
            return await client.call_tool("ask", {"question": QUESTION, "written": True})

    answer = asyncio.run(run())
    found = json.loads(answer.content[0].text)
    assert not answer.is_error
    assert found["status"] == "answered"
    said = (library / "calls" / "talk.enhanced.txt").read_text(encoding="utf-8")
    heard = "".join(filter(str.isalnum, said.casefold()))
    for quote in found["quotes"]:  # never from the other one, which is about a river
        assert "".join(filter(str.isalnum, quote["text"].casefold())) in heard
    assert found["problem"] is not None or found["written"]["model"]
    assert lent(config) == 0
