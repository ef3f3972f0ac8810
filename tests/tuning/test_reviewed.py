"""Corrections of the review page are learnt from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.records import EnhancedWord, Word
from engine.tuning import corrected, reviewed

SAID = "so um the allotment is coming along my neighbour martin says it was cold"
WRITTEN = "So the allotment is coming along my neighbour. Martin says it was cold."
SOURCE = [Word(text, start_s=float(n)) for n, text in enumerate(SAID.split())]


def machine() -> list[EnhancedWord]:
    """Return the text without its filler, as the cleaning left it."""
    kept = [word for word in SOURCE if word.text != "um"]
    return [EnhancedWord(word, text) for word, text in zip(kept, WRITTEN.split(), strict=True)]


def operation(op: str, at: int, to: Any, **more: Any) -> dict[str, Any]:
    around = {"before": SOURCE[at - 1].text, "after": SOURCE[at + 1].text}
    return {"op": op, "at": at, "word": SOURCE[at].text, "to": to, **around, **more}


def test_marks_case_and_paragraphs_are_applied_at_their_words() -> None:
    """Numbers are those of the source as it was read, fillers included."""
    found = reviewed.apply(
        SOURCE,
        machine(),
        [
            operation("mark", 6, "."),
            operation("paragraph", 6, True),
            operation("case", 7, "My"),
            operation("mark", 8, ""),
        ],
    )
    assert [word.text for word in found.words][5:8] == ["along.", "My", "neighbour"]
    assert found.words[5].paragraph
    assert (found.applied, found.misfits) == (4, 0)


def test_an_operation_whose_word_has_moved_finds_it_and_one_that_fits_nowhere_is_left_out() -> None:
    """Both neighbours must be the same in another place."""
    moved = {**operation("mark", 6, "."), "at": 4}
    lost = {**operation("mark", 6, "!"), "word": "gone"}
    found = reviewed.apply(SOURCE, machine(), [moved, lost])
    assert found.words[5].text == "along."
    assert (found.applied, found.misfits) == (1, 1)


def test_a_changed_word_is_a_proposal_and_no_training() -> None:
    """As with edits by hand."""
    found = corrected.of_reviewed(
        "talk.json",
        SOURCE,
        machine(),
        [operation("word", 9, "Marten", count=1), operation("mark", 6, ".")],
        language="en",
    )
    assert [(one.heard, one.correct) for one in found.proposals] == [("martin", "Marten")]
    assert found.recording is not None
    assert found.recording.origin == "review"
    assert found.corrections == 1


def test_an_edited_output_is_laid_onto_its_transcript() -> None:
    """Labels of speakers at the head of a paragraph are no words of it."""
    text = "Ada: So the allotment is coming along. My neighbour martin says it was cold.\n"
    found = corrected.of_edited("talk.json", machine(), text, language="en", labels={"Ada"})
    assert found.recording is not None
    assert found.corrections == 4
    assert found.proposals == ()
    unknown = corrected.of_edited("talk.json", machine(), text, language=None, labels={"Ada"})
    assert unknown.reason == "its language is not known"


def test_a_file_of_another_form_has_no_operations(tmp_path: Path) -> None:
    """It may be of a later version."""
    path = reviewed.file_for(tmp_path / "talk.json")
    assert path.name == "talk.corrections.json"
    assert reviewed.read(path) == []
    path.write_text(json.dumps({"schema": "llasa.corrections/9", "operations": [{"op": "mark"}]}))
    assert reviewed.read(path) == []
    path.write_text(json.dumps({"schema": reviewed.SCHEMA, "operations": [{"op": "mark"}]}))
    assert reviewed.read(path) == [{"op": "mark"}]
