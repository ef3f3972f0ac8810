"""A question is answered in quotations from finished transcripts, or refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon import one_shot
from daemon.home import Home
from daemon.operations import asking
from daemon.operations import search as searching
from daemon.operations.search import Limits
from daemon.operations.session import Session
from engine.ask import support
from engine.ask.asked import ask, folded_stops
from engine.ask.evidence import weigh
from tests import ask_set
from tests.benchmarks import ask as benchmark
from tests.daemon.conftest import Answer
from tests.daemon.making import documented

AskCli = Callable[..., Answer]


@pytest.fixture
def ask_cli(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> AskCli:
    """Return a way to call `llasa-cli ask` on the test's home."""

    def call(*words: str) -> Answer:
        monkeypatch.setattr(
            sys, "argv", ["llasa-cli", "ask", *words, "--home", str(home.path), "--extractive"]
        )
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)
        with pytest.raises(SystemExit) as ended:
            one_shot.main()
        captured = capsys.readouterr()
        return Answer(int(ended.value.code or 0), captured.out, captured.err)

    return call


def test_an_answer_is_quoted_with_speaker_time_and_place(library: Path, ask_cli: AskCli) -> None:
    """Everything that is needed to hear it."""
    answer = ask_cli("Why did they balk at the cost?")
    assert answer.code == 0
    assert "balked at the cost because it was" in answer.out.lower()
    assert "SPEAKER_01, calls/talk.json  0:10" in answer.out
    assert "talk.mp3#t=10" in answer.out
    assert "river" not in answer.out


def test_the_json_of_an_answer_has_every_key(library: Path, ask_cli: AskCli) -> None:
    """The keys are those of the documents."""
    answer = ask_cli("What did Ada promise to deliver?", "--json").json
    assert set(answer) == documented("ask")
    assert set(answer["quotes"][0]) == documented("ask.quotes")
    assert (answer["status"], answer["written"]) == ("answered", None)
    assert answer["quotes"][0]["speaker"] == "Ada Lovelace"


@pytest.mark.parametrize(
    ("question", "why", "said"),
    [
        ("Did Ada balk at the cost?", "other_speaker", "does not say this. Others do:"),
        ("Did they balk at fifty thousand pounds?", "number", "with the number of the question"),
        ("Why did they not balk at the cost?", "negation", "negates what no passage negates"),
        ("Which elephants graze by fjords?", "words", "Nothing in 2 transcripts answers this."),
    ],
)
def test_what_is_not_said_is_refused(
    library: Path, ask_cli: AskCli, question: str, why: str, said: str
) -> None:
    """With the reason, and the exit code says it to programs."""
    shown = ask_cli(question)
    assert (shown.code, said in shown.out) == (1, True)
    assert json.loads(ask_cli(question, "--json").out)["why"] == why


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (("--speaker", "Ada"), False),
        (("--since", "2020-01-01"), True),
        (("--folder", "calls"), True),
    ],
)
def test_a_question_is_limited_as_a_search(
    library: Path, ask_cli: AskCli, more: tuple[str, str], found: bool
) -> None:
    """By who said it, when the file was written, and where it lies."""
    assert (ask_cli("Why did they balk at the cost?", *more).code == 0) is found
    wrong = ask_cli("Why did they balk at the cost?", "--folder", "nowhere")
    assert wrong.code not in (0, 1)
    assert "nowhere" in wrong.err


def test_where_the_files_are_gone_the_words_are_still_there(library: Path, ask_cli: AskCli) -> None:
    """Until the daemon looks again; it says that there is nothing to open."""
    for file in (library / "calls").iterdir():
        file.unlink()
    answer = ask_cli("Why did they balk at the cost?")
    assert answer.code == 0
    assert "its outputs are gone" in answer.out
    assert "open:" not in answer.out


def test_without_a_library_a_question_says_what_to_do(ask_cli: AskCli) -> None:
    """No traceback, and no answer that looks like one."""
    answer = ask_cli("Why did they balk at the cost?")
    assert answer.code == 3
    assert "Start the daemon" in answer.err


@ask_set.needs_files
def test_sixty_questions_over_real_files_are_answered_or_refused(tmp_path: Path) -> None:
    """Every quotation stands in its file; most answers are found, and most traps are seen."""
    config = ask_set.make_home(tmp_path / "home")
    session = Session(str(config.home.path))
    sources = benchmark.Sources()
    recalled = right = wrongly = 0
    for one in ask_set.questions():
        found = asking.find(session, one.question, limits=Limits())
        evidence = weigh(found.asked, found.passages)
        assert all(sources.has(quote.source.file, quote.text) for quote in evidence.quotes)
        if one.kind == "answerable":
            recalled += benchmark.has_answer(one, found.passages[: benchmark.FIRST])
            right += benchmark.is_right(one, evidence)
        else:
            wrongly += evidence.status == "answered"
    assert recalled >= 29
    assert right >= 26
    assert wrongly <= 3


@ask_set.needs_files
def test_the_paraphrased_questions_share_no_telling_word_with_their_answer(tmp_path: Path) -> None:
    """Else a search by words would find them, and nothing would be measured."""
    config = ask_set.make_home(tmp_path / "home")
    session = Session(str(config.home.path))
    with searching.opened(session) as library:
        known = [row[0] for row in library.database.query("SELECT id FROM passages")]
        rows = list(searching.in_order(library, known))
    for asked in ask_set.paraphrased():
        there = [row for row in rows if asked.is_in(row.path, row.start_s, row.end_s)]
        assert there, asked.question
        heard = support.Heard([searching.passage_of(row).text for row in there])
        telling = folded_stops(asked.language) | folded_stops("en")
        found = ask(asked.question, frequency=lambda token: 1, passages=2)
        shared = [
            token
            for one in found.terms
            for token in one.term.tokens
            if token not in telling and heard.has(token)
        ]
        assert shared == [], asked.question
