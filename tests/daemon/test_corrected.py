"""What the user corrected in a home is found, and only that."""

from __future__ import annotations

import json
from pathlib import Path

from daemon.home import Home
from daemon.operations.corrected import taken
from daemon.operations.session import Session
from tests.daemon.conftest import WorkerRig
from tests.daemon.test_render import done


def edited(path: str) -> Path:
    return Path(path).with_suffix(".enhanced.txt")


def test_an_output_that_was_edited_is_taken_and_one_that_was_not_is_passed_over(
    rig: WorkerRig, home: Home
) -> None:
    """The hash that was recorded says which it is; nothing is written."""
    first, second = done(rig, "one.json"), done(rig, "two.json")
    text = edited(first.path).read_text()
    edited(first.path).write_text(text.replace("down to the", "down, to the"))
    before = {path: path.read_bytes() for path in Path(first.path).parent.iterdir()}
    found = list(taken(Session(str(home.path))))
    assert [one.name for one in found] == ["one.json"]
    assert found[0].recording is not None, found[0].reason
    assert (found[0].origin, found[0].recording.language) == ("edited", "en")
    assert found[0].corrections == text.count("down to the")
    assert {path: path.read_bytes() for path in Path(first.path).parent.iterdir()} == before
    assert edited(second.path).read_text() == text


def test_the_corrections_of_the_review_page_are_taken(rig: WorkerRig, home: Home) -> None:
    """They are in a file beside the source."""
    job = done(rig, "talk.json")
    operation = {"op": "mark", "at": 2, "word": "went", "before": "we", "after": "down", "to": ","}
    Path(job.path).with_suffix(".corrections.json").write_text(
        json.dumps({"schema": "llasa.corrections/1", "revision": 1, "operations": [operation]})
    )
    (found,) = taken(Session(str(home.path)))
    assert (found.origin, found.corrections) == ("review", 1)
    assert found.recording is not None
    assert found.recording.said[2].word.mark == ","


def test_a_mistake_in_a_file_of_corrections_is_told(rig: WorkerRig, home: Home) -> None:
    """What was corrected is not passed over in silence."""
    job = done(rig, "talk.json")
    Path(job.path).with_suffix(".corrections.json").write_text('{"schema": "other"}')
    (found,) = taken(Session(str(home.path)))
    assert (found.origin, found.recording) == ("review", None)
    assert "schema" in found.reason


def test_a_file_that_changed_since_says_why_it_is_not_taken(rig: WorkerRig, home: Home) -> None:
    """Its words are other ones by now."""
    job = done(rig, "talk.json")
    edited(job.path).write_text("Mine.")
    Path(job.path).write_text("{}")
    (found,) = taken(Session(str(home.path)))
    assert found.recording is None
    assert "other content" in found.reason


def test_a_home_without_a_database_has_no_corrections(tmp_path: Path) -> None:
    """No daemon ever ran there."""
    assert list(taken(Session(str(tmp_path)))) == []
