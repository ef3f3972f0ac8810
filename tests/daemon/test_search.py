"""What was said is found, shown with its place, and checked word for word."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.work.index import Indexer
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import diarized, documented, dropped


def test_a_search_shows_the_place_the_speaker_and_the_words(library: Path, ask: Ask) -> None:
    """Everything that is needed to hear it."""
    answer = ask("search", "balked", "costs")
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert any(line.startswith("calls/talk.json  0:1") for line in lines)
    assert any(line.startswith("SPEAKER_01: ") and "balked at the cost" in line for line in lines)
    assert any(line.startswith("Ada Lovelace: ") for line in lines)
    assert any("talk.mp3#t=1" in line for line in lines)
    assert "river" not in answer.out


def test_the_json_of_a_search_has_every_key(library: Path, ask: Ask) -> None:
    """The matches are marked, and the passage is whole."""
    answer = ask("search", "balked", "costs", "--json").json
    assert (answer["transcripts"], answer["passages"]) == (2, 2)
    (hit,) = answer["hits"]
    assert set(hit) == documented("search.hits")
    assert hit["file"] == str(library / "calls" / "talk.json")
    assert hit["speakers"] == ["Ada Lovelace", "SPEAKER_01"]
    assert hit["has_all"]
    assert 10.0 < hit["at_s"] < 20.0
    matched = [piece["text"].strip(" ,.") for piece in hit["excerpt"] if piece["is_match"]]
    assert matched == ["balked", "cost"]
    assert hit["output"] == str(library / "calls" / "talk.enhanced.txt")


@pytest.mark.parametrize(
    ("words", "files"),
    [
        (("morning",), {"talk.json", "other.json"}),
        (("morning", "--speaker", "ada"), {"talk.json"}),
        (("cost", "--speaker", "Ada Lovelace"), set()),
        (("morning", "--since", "2020-01-01"), {"talk.json"}),
        (("morning", "--folder", "calls"), {"talk.json"}),
        (("morning", "--limit", "1"), {"other.json"}),
        (('"at the cost"',), {"talk.json"}),
        (('"cost the at"',), set()),
        (("delivered",), {"talk.json"}),
        (("elephant",), set()),
        (("?!",), set()),
    ],
)
def test_a_search_is_limited(
    library: Path, ask: Ask, words: tuple[str, ...], files: set[str]
) -> None:
    """By who said it, when the file was written, where it lies, and how many are shown."""
    answer = ask("search", *words, "--json")
    assert {os.path.basename(hit["file"]) for hit in answer.json["hits"]} == files


def test_a_search_says_when_only_some_words_are_there(library: Path, ask: Ask) -> None:
    """A passage that has half of the question is no answer to it."""
    assert "No passage has all of these words" in ask("search", "elephant", "river").out
    assert "Nothing was found in 2 transcripts, 2 passages." in ask("search", "elephant").out


@pytest.mark.parametrize("more", [("--since", "soon"), ("--folder", "nowhere")])
def test_limits_that_mean_nothing_are_refused(
    library: Path, ask: Ask, more: tuple[str, str]
) -> None:
    """With the usage, as every wrong option."""
    answer = ask("search", "river", *more)
    assert answer.code == 2
    assert more[1] in answer.err


@pytest.mark.parametrize("command", ["search", "quote"])
@pytest.mark.parametrize("words", ["", "  "])
def test_nothing_is_no_question(library: Path, ask: Ask, command: str, words: str) -> None:
    """That nobody said it would be no answer."""
    answer = ask(command, words)
    assert answer.code == 2
    assert "at least one word" in answer.err


def test_without_a_library_a_search_says_what_to_do(ask: Ask) -> None:
    """No traceback, and no answer that looks like one."""
    answer = ask("search", "river")
    assert answer.code == 3
    assert "Start the daemon" in answer.err


def test_a_quotation_is_found_or_by_another_or_not_there(library: Path, ask: Ask) -> None:
    """The exit code says it to programs."""
    found = ask("quote", "They balked at the cost!", "--json")
    assert set(found.json) == documented("quote")
    assert (found.code, found.json["status"], found.json["speakers"]) == (
        0,
        "found",
        ["SPEAKER_01"],
    )
    other = ask("quote", "they balked at the cost", "--speaker", "Ada", "--json")
    assert (other.code, other.json["status"]) == (1, "misattributed")
    changed = ask("quote", "they balked at the cost because it was fifty thousand pounds")
    assert changed.code == 1
    assert "not found; the nearest words that were said:" in changed.out
    assert "fifteen" in changed.out.lower()
    assert ask("quote", "elephants graze by fjords", "--json").json["file"] is None
    assert ask("quote", "the river was cold", "--folder", "calls", "--json").code == 1


def test_a_hostile_transcript_sends_nothing_to_the_terminal(
    rig: WorkerRig, indexer: Indexer, ask: Ask
) -> None:
    """Neither escapes nor direction overrides come through, in words or names."""
    evil = "the river \x1b]52;c;aGk=\x07 was \u202ecold"
    dropped(rig, "evil.json", diarized(("\x1b[31mAda", evil)))
    rig.worker().run_one()
    while indexer.step():
        pass
    for command in ("search", "quote"):
        answer = ask(command, "river")
        assert "river" in answer.out
        assert not {"\x1b", "\x07", "\u202e"} & set(answer.out)


def test_the_status_says_what_can_be_searched(
    library: Path, rig: WorkerRig, indexer: Indexer, ask: Ask
) -> None:
    """A text that is done and not yet in the library is counted."""
    dropped(rig, "more.json", diarized(("SPEAKER_00", "the river was cold in the morning")))
    rig.worker().run_one()
    assert ask("status", "--json").json["library"] == {
        "transcripts": 2,
        "passages": 2,
        "missing": 1,
        "problems": 0,
    }
    shown = " ".join(ask("status").out.split())
    assert "library 2 transcripts, 2 passages; 1 transcript not in it yet" in shown
    rig.config.home.library.unlink()
    assert ask("status", "--json").json["library"] is None
