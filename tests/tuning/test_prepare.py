"""Recordings are split so that nothing that is learnt is also measured."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from engine.calibration.texts import samples
from engine.tuning import prepare, texts
from engine.tuning.errors import NothingToLearn
from engine.tuning.records import Proposal, Taken
from engine.tuning.store import Run

WORDS = "river water house garden bread table winter summer light stone paper letter music street"


def text(seed: int, sentences: int = 12) -> str:
    """Return a text of words drawn by a seed."""
    rng = random.Random(seed)
    return " ".join(
        " ".join(rng.choices(WORDS.split(), k=7)).capitalize() + "." for _ in range(sentences)
    )


def taken(seed: int, name: str = "") -> Taken:
    return texts.of_text(text(seed), name=name or f"{seed}.txt", language="en")


def test_no_recording_is_on_two_sides() -> None:
    """And each side has some."""
    found = prepare.prepare([taken(n) for n in range(20)])
    sides: dict[str, set[str]] = {}
    for recording, part in found.parted:
        sides.setdefault(part, set()).add(recording.id)
    assert {part: len(ids) for part, ids in sides.items()} == {"train": 14, "valid": 2, "test": 4}
    assert len(set.union(*sides.values())) == 20


def test_the_order_of_the_files_does_not_matter() -> None:
    """The split follows from the words."""
    every = [taken(n) for n in range(12)]
    one = {recording.id: part for recording, part in prepare.prepare(every).parted}
    assert one == {recording.id: part for recording, part in prepare.prepare(every[::-1]).parted}


def test_the_same_talk_twice_is_taken_once_and_the_corrected_one_is_kept() -> None:
    """A copy with another beginning is the same talk; the report says why it was left out."""
    every = [taken(n) for n in range(6)]
    copy = texts.of_text("Some other words. " + text(0), name="copy.txt", language="en")
    assert every[0].recording is not None
    edited = Taken("edited", "edited", every[0].recording, corrections=3)
    found = prepare.prepare([*every, copy, edited])
    names = {recording.id for recording, _ in found.parted}
    assert len(names) == 6
    reasons = {one["name"]: one["reason"] for one in found.report["refused"]}
    assert set(reasons) == {"0.txt", "copy.txt"}
    assert set(reasons.values()) == {"its words are in another recording"}
    assert found.report["corrections"] == 3


def test_text_that_measures_a_model_is_not_learnt() -> None:
    """What ships with llasa would show no loss elsewhere, or a style as one."""
    [own, *_] = samples("en", 900)
    shipped = " ".join(
        word.core + {"COMMA": ",", "PERIOD": ".", "QUESTION": "?"}.get(word.label, "")
        for word in own.words
    )
    copy = texts.of_text(shipped, name="speech.txt", language="en")
    assert copy.recording is not None
    found = prepare.prepare([*(taken(n) for n in range(6)), copy])
    [refused] = found.report["refused"]
    assert refused["name"] == "speech.txt"
    assert refused["reason"].startswith("the same text ships with llasa")


def test_too_few_recordings_are_refused_with_the_reasons() -> None:
    """Some must be kept apart to measure what was learnt."""
    none = Taken("a.json", "edited", None, "no mark, case or paragraph was corrected")
    with pytest.raises(NothingToLearn, match=r"3 recordings.*no mark, case or paragraph") as caught:
        prepare.prepare([*(taken(n) for n in range(3)), none])
    assert "--text" in caught.value.hint


def test_proposals_are_counted_and_a_second_one_for_a_word_is_a_comment() -> None:
    """The file may be moved into llasa.toml as it is."""
    found = prepare.proposals_toml([Proposal("gress", "Gres", 2), Proposal("gress", "Grass")])
    assert '"gress" = "Gres"  # 2 times' in found
    assert '# "gress" = "Grass"' in found


def test_what_is_kept_comes_back_from_the_file_and_is_its_users_alone(tmp_path: Path) -> None:
    """Nobody else on the machine may read it."""
    found = prepare.prepare([taken(n) for n in range(6)])
    run = Run.of(tmp_path, "house")
    run.make()
    run.write_recordings(found.parted)
    assert tuple(run.read_recordings()) == found.parted
    assert run.folder.stat().st_mode & 0o777 == 0o700
    assert run.recordings.stat().st_mode & 0o777 == 0o600


def test_headings_are_left_out_and_labels_of_speakers_become_turns() -> None:
    """A label counts if it comes again."""
    words = "went down to the river because the water was warm and we liked it there."
    chunks = [
        "# A heading", "A title without an end", f"Ada: We {words}", f"Ben: They {words}",
        f"Ada: Yes, we {words}", f"Note: it {words}", f"Ben: But {words}",
    ]  # fmt: skip
    found = texts.of_text("\n\n".join(chunks), name="talk.txt", language="en")
    assert found.recording is not None
    begins = [said.word.core for said in found.recording.said if said.word.before]
    assert begins == ["They", "Yes", "Note", "But"]
    assert found.left_out == 5


def test_a_file_that_is_no_text_says_why(tmp_path: Path) -> None:
    """It is named in the report, and holds up nothing."""
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "b.txt").write_text("Too short.")
    (tmp_path / "talk.enhanced.txt").write_text(text(1))
    (tmp_path / "c.txt").write_text(text(2))
    found = {one.name: one.reason for one in texts.taken(tmp_path, language="en")}
    assert found == {
        "a.txt": "it cannot be read as UTF-8",
        "b.txt": "it has fewer than 30 words in sentences",
        "c.txt": "",
    }
