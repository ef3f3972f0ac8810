"""The file of turns beside a source: whole, readable, never over an edit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.diarize import beside
from engine.diarize.records import Count, Found, Turn
from engine.errors import SpeakersError

TURNS = (Turn(0.0, 1.5, "SPEAKER_00", 0.9), Turn(1.5, 4.0, "SPEAKER_01", 0.75))


def found(*turns: Turn) -> Found:
    """Return the result of a search."""
    return Found(turns, "light 1", Count.exactly(2), "talk.m4a", 4.0)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return tmp_path / "talk.json"


def test_turns_are_read_as_they_were_written(source: Path) -> None:
    """Beside their source, under its name, and with what found them."""
    beside.write(source, found(*TURNS), mode=0o640)
    path = source.with_name("talk.speakers.json")
    assert beside.file_for(source) == path
    assert beside.turns_beside(source) == TURNS
    value = json.loads(path.read_text())
    assert value["found_by"] == {"tool": "light 1", "told": {"least": 2, "most": 2}}
    assert [entry["label"] for entry in value["speakers"]] == ["SPEAKER_00", "SPEAKER_01"]
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_source_without_a_file_has_no_turns(source: Path) -> None:
    """That is the usual case, and no error."""
    assert beside.turns_beside(source) == ()
    assert not beside.undo(source, mode=0o600)


def test_a_search_replaces_the_one_before_and_can_be_taken_back(source: Path) -> None:
    """One step back is kept, not all of them."""
    beside.write(source, found(TURNS[0]), mode=0o600)
    beside.write(source, found(TURNS[1]), mode=0o600)
    beside.write(source, found(*TURNS), mode=0o600)
    assert beside.turns_beside(source) == TURNS
    assert beside.undo(source, mode=0o600)
    assert beside.turns_beside(source) == (TURNS[1],)
    assert beside.undo(source, mode=0o600)
    assert not beside.file_for(source).exists()


def test_an_edit_is_never_replaced(source: Path) -> None:
    """It counts; what was found is put beside it."""
    beside.write(source, found(*TURNS), mode=0o600)
    path = beside.file_for(source)
    path.write_text(path.read_text().replace("SPEAKER_01", "Grace"))
    written = beside.write(source, found(*TURNS), mode=0o600)
    assert written.displaced
    assert beside.turns_beside(source)[1].speaker == "Grace"
    with pytest.raises(SpeakersError):
        beside.undo(source, mode=0o600)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"schema": "other/1", "turns": []}',
        '{"schema": "llasa.speakers/1"}',
        '{"schema": "llasa.speakers/1", "turns": [{"start_s": 2, "end_s": 1, "speaker": "A"}]}',
        '{"schema": "llasa.speakers/1", "turns": [{"start_s": 0, "end_s": NaN, "speaker": "A"}]}',
        '{"schema": "llasa.speakers/1", "turns": [{"start_s": 0, "end_s": 1, "speaker": "\\t"}]}',
        '{"schema": "llasa.speakers/1", "turns": [{"start_s": 0, "end_s": 1, "speaker": 4}]}',
    ],
)
def test_a_broken_file_is_named_and_stays(source: Path, text: str) -> None:
    """It is taken for an edit: a search writes beside it."""
    path = beside.file_for(source)
    path.write_text(text)
    with pytest.raises(SpeakersError) as raised:
        beside.turns_beside(source)
    assert str(path) in str(raised.value)
    assert beside.write(source, found(*TURNS), mode=0o600).displaced
    assert path.read_text() == text


def test_links_are_not_followed(source: Path, tmp_path: Path) -> None:
    """As with every file that is read beside a source."""
    elsewhere = tmp_path / "elsewhere.json"
    elsewhere.write_text("{}")
    beside.file_for(source).symlink_to(elsewhere)
    with pytest.raises(SpeakersError):
        beside.turns_beside(source)
