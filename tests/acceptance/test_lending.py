"""The model is lent while the daemon works: nothing fails, nothing is lost, all goes on."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from state.job import Reason, Status
from tests.acceptance.borrowing import LONG_S, TEND_S, Asker, asked, requests
from tests.acceptance.harness import EMBEDDED, Daemon, Home, pass_time, spoken, talk, wait_for
from tests.chat_model import smollm2

PARTS = 6
STRICT = {"LLASA_TEST_STRICT_LOCK": "1"}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Return a home whose model children refuse to run beside another one."""
    home = Home(tmp_path)
    home.environment = dict(STRICT)
    return home


@pytest.fixture
def source(home: Home) -> Path:
    """Return a transcript of several parts."""
    return home.drop("talk.json", talk("word", words=20 * PARTS))


@pytest.fixture
def working(home: Home, source: Path) -> Iterator[Daemon]:
    """Return a daemon that stopped itself after the second part, as if the third took long."""
    with home.daemon(stop_at=["part_saved", 2]) as daemon:
        wait_for(lambda: "STOPPED" in home.steps(), what="it has stopped itself")
        yield daemon


def went_well(home: Home, source: Path, *, attempt: int = 1) -> None:
    """Check that a job was done in the end, each part once and with no other model in the way."""
    job = home.ended(source, patience_s=LONG_S)
    assert (job.status, job.attempt) == (Status.DONE, attempt)
    assert [part.status for part in home.parts(source)] == ["enhanced"] * PARTS
    assert home.steps().count("part_saved") == PARTS
    assert home.log("queue.held") == []
    assert home.log("part.failed") == home.log("model.failed") == []
    assert requests(home) == []


def returned(home: Home) -> list[str]:
    """Return how the model came back, each time."""
    return [record["reason"] for record in home.log("model.returned")]


def test_a_chat_borrows_the_model_between_two_parts(tmp_path: Path) -> None:
    """With real models on both sides: both finish, and the text is that of an undisturbed run."""
    if not (EMBEDDED / "model.safetensors").exists():
        pytest.skip("the embedded model is not trained yet")
    model = smollm2()
    said = "and then we walked along the river because the water was warm and we liked it so much"
    long = spoken(*(f"number {n} {said}" for n in range(90)))
    quiet, home = (Home(tmp_path / name, model="punct") for name in ("quiet", "busy"))
    undisturbed = quiet.drop("talk.json", long)
    assert quiet.drain(patience_s=LONG_S).returncode == 0
    source = home.drop("talk.json", long)
    with (
        home.daemon(stop_at=["part_saved", 2]) as daemon,
        Asker(home, model=model) as chat,
    ):
        wait_for(lambda: "STOPPED" in home.steps(), what="it has stopped itself", patience_s=LONG_S)
        chat.tell("turn")
        assert chat.hears("waiting")["reason"] == "the daemon finishes a part"
        daemon.signal(signal.SIGCONT)
        chat.hears("turn")
        assert daemon.child_pid() is None
        job = home.job(source)
        assert job is not None
        assert (job.status, job.reason) == (Status.QUEUED, Reason.LENT)
        assert chat.does("say What is a river?")["text"]
        chat.does("rest")
        chat.does("turn")
        assert chat.does("say And a lake?")["text"]
        assert chat.end() == 0
        job = home.ended(source, patience_s=LONG_S)
        assert (job.status, job.attempt) == (Status.DONE, 1)
    assert home.text_of(source) == quiet.text_of(undisturbed)
    assert home.log("queue.held") == []
    assert [record["who"] for record in home.log("model.lent")] == ["llasa-cli chat"]
    assert returned(home) == ["given_back"]
    assert home.log("model.ended")[0]["reason"] == "lent"


def test_an_idle_daemon_lends_too(home: Home) -> None:
    """It might claim a job at any moment."""
    with home.daemon() as daemon, Asker(home) as chat:
        daemon.until_watching()
        chat.does("turn")
        chat.does("load")
        source = home.drop("talk.json", talk("word", words=20 * PARTS))
        home.became(source, Status.QUEUED)
        status = json.loads(home.control("status", "--json").stdout)
        assert (status["lent"]["who"], status["lent"]["pid"]) == ("llasa-cli chat", chat.pid)
        wait_for(lambda: home.row().phase == "lent", what="the phase")  # type: ignore[union-attr]
        shown = home.control("status").stdout.decode()
        assert f"lent to llasa-cli chat (pid {chat.pid})" in shown
        assert chat.end() == 0
        went_well(home, source)


@pytest.mark.parametrize("stage", ["waiting", "lent", "loaded", "resting"])
def test_a_borrower_that_is_killed_costs_nothing(
    home: Home, source: Path, working: Daemon, stage: str
) -> None:
    """Whatever it was doing; its model child ends with it and the daemon goes on."""
    with Asker(home) as chat:
        chat.tell("turn")
        asked(home, 1)
        if stage != "waiting":
            working.signal(signal.SIGCONT)
            chat.hears("turn")
        if stage in {"loaded", "resting"}:
            chat.does("load")
        if stage == "resting":
            chat.does("rest")
        chat.kill()
        working.signal(signal.SIGCONT)
        went_well(home, source)
    assert returned(home) == ([] if stage == "waiting" else ["process_gone"])


def test_a_daemon_that_is_killed_leaves_the_model_to_its_borrower(
    home: Home, source: Path, working: Daemon
) -> None:
    """And the next daemon waits for it."""
    with Asker(home) as chat:
        chat.tell("turn")
        asked(home, 1)
        working.signal(signal.SIGCONT)
        chat.hears("turn")
        chat.does("load")
        working.kill()
        with home.daemon() as second:
            second.until_watching()
            wait_for(lambda: len(home.log("model.lent")) == 2, what="it knows of the request")
            chat.does("rest")
            chat.does("turn")
            job = home.job(source)
            assert job is not None
            assert (job.status, second.child_pid()) == (Status.QUEUED, None)
            assert chat.end() == 0
            went_well(home, source)
    assert [record["found"] for record in home.log("model.lent")] == [False, True]


@pytest.mark.parametrize("step", ["model_closed", "model_lent", "model_returned"])
def test_a_daemon_killed_at_any_step_of_lending_loses_nothing(
    home: Home, source: Path, step: str
) -> None:
    """The borrower gets the model, and a daemon after it does the rest."""
    with home.daemon(kill_at=[step, 1]) as daemon, Asker(home) as chat:
        home.became(source, Status.RUNNING, Status.DONE)
        chat.tell("turn")
        chat.hears("turn")
        chat.does("load")
        chat.does("rest")
        assert chat.end() == 0
        assert daemon.wait() < 0
        daemon.kill()
        with home.daemon():
            went_well(home, source)


def test_borrowers_get_the_model_in_the_order_in_which_they_asked(
    home: Home, source: Path, working: Daemon
) -> None:
    """One that is killed while it waits is passed over."""
    with Asker(home, "first") as first, Asker(home, "second") as second:
        with Asker(home, "third") as third, Asker(home, "fourth") as fourth:
            for number, asker in enumerate((first, second, third, fourth)):
                asker.tell("turn")
                asked(home, number + 1)
            working.signal(signal.SIGCONT)
            first.hears("turn")
            first.does("load")
            assert second.hears("waiting")["reason"]
            third.kill()
            assert first.end() == 0
            second.hears("turn")
            second.does("load")
            assert requests(home)[0].who == "second"
            assert second.end() == 0
            fourth.hears("turn")
            assert fourth.end() == 0
        went_well(home, source)
    assert [record["who"] for record in home.log("model.lent")] == ["first", "second", "fourth"]


def test_an_idle_conversation_gives_the_model_back_when_work_waits(
    home: Home, source: Path, working: Daemon
) -> None:
    """Its client is closed; the next turn borrows the model again."""
    with Asker(home, idle_s=0) as chat:
        chat.tell("turn")
        asked(home, 1)
        working.signal(signal.SIGCONT)
        chat.hears("turn")
        chat.does("load")
        chat.does("rest")
        went_well(home, source)
        before = chat.model_child
        chat.does("turn")
        assert chat.does("load")["pid"] != before
        assert chat.end() == 0


def test_an_idle_conversation_keeps_the_model_that_nobody_wants(home: Home) -> None:
    """So the next turn need not load it again."""
    with home.daemon() as daemon, Asker(home, idle_s=0) as chat:
        daemon.until_watching()
        chat.does("turn")
        before = chat.does("load")["pid"]
        chat.does("rest")
        pass_time(10 * TEND_S)
        chat.does("turn")
        assert chat.does("load")["pid"] == before


def test_a_suspended_borrower_without_a_model_is_passed_over(home: Home, source: Path) -> None:
    """With Ctrl-Z in a terminal; when it goes on it asks again."""
    patches: dict[str, Any] = {"daemon.work.lending.PATIENCE_S": 0.5}
    with home.daemon(stop_at=["part_saved", 2], patches=patches) as daemon, Asker(home) as chat:
        wait_for(lambda: "STOPPED" in home.steps(), what="it has stopped itself")
        chat.tell("turn")
        asked(home, 1)
        daemon.signal(signal.SIGCONT)
        chat.hears("turn")
        chat.signal(signal.SIGSTOP)
        went_well(home, source)
        chat.signal(signal.SIGCONT)
        chat.does("rest")
        chat.does("turn")
        chat.does("load")
        assert chat.end() == 0
    assert returned(home)[0] == "process_suspended"


def test_a_suspended_borrower_with_a_model_keeps_it(home: Home) -> None:
    """There is no memory for another one."""
    patches: dict[str, Any] = {"daemon.work.lending.PATIENCE_S": 0.2}
    with home.daemon(patches=patches) as daemon, Asker(home) as chat:
        daemon.until_watching()
        chat.does("turn")
        chat.does("load")
        source = home.drop("talk.json", talk("word", words=20 * PARTS))
        chat.signal(signal.SIGSTOP)
        pass_time(1.0)
        assert (returned(home), daemon.child_pid()) == ([], None)
        chat.signal(signal.SIGCONT)
        assert chat.end() == 0
        went_well(home, source)


def test_a_daemon_can_be_stopped_while_the_model_is_lent(
    home: Home, source: Path, working: Daemon
) -> None:
    """It does not wait for the borrower, which keeps the model."""
    with Asker(home) as chat:
        chat.tell("turn")
        asked(home, 1)
        working.signal(signal.SIGCONT)
        chat.hears("turn")
        assert working.stop() == 0
        chat.does("load")
        assert chat.end() == 0
    with home.daemon():
        went_well(home, source)


def test_a_paused_queue_still_lends(home: Home, source: Path, working: Daemon) -> None:
    """And stays paused when the model comes back."""
    with Asker(home) as chat:
        with home.queue() as queue:
            queue.pause("busy")
        chat.tell("turn")
        working.signal(signal.SIGCONT)
        chat.hears("turn")
        chat.does("load")
        assert chat.end() == 0
        wait_for(lambda: returned(home), what="it is back")
        job = home.job(source)
        assert job is not None
        assert job.status is Status.QUEUED
        with home.queue() as queue:
            queue.resume()
        went_well(home, source)
