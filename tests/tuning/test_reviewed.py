"""Corrections of the review page are learnt from."""

from __future__ import annotations

from engine.records import EnhancedWord, Word
from engine.text.corrected import Kind, Operation, apply
from engine.tuning import corrected
from engine.tuning.records import Taken
from engine.tuning.words import PARAGRAPH

SAID = "so um the allotment is coming along my neighbour martin says it was cold"
WRITTEN = "So the allotment is coming along my neighbour. Martin says it was cold."
SOURCE = [Word(text, index=n) for n, text in enumerate(SAID.split())]


def machine() -> list[EnhancedWord]:
    """Return the text without its filler, as the cleaning left it."""
    kept = [word for word in SOURCE if word.text != "um"]
    return [EnhancedWord(word, text) for word, text in zip(kept, WRITTEN.split(), strict=True)]


def reviewed(*operations: tuple[Kind, int, str | bool]) -> Taken:
    """Return what the corrections give: the kind, the word's number in the source, the value."""
    source = [word.text for word in SOURCE]
    made = [
        Operation(id=n, step=n, kind=kind, to=to, was=None, at=at, word=source[at],
                  before=source[at - 1], after=source[at + 1])
        for n, (kind, at, to) in enumerate(operations, start=1)
    ]  # fmt: skip
    text = apply([machine()], made, source)
    assert not text.misfits
    return corrected.of_reviewed("talk.json", machine(), text.paragraphs, language="en")


def test_marks_case_and_paragraphs_are_learnt_at_their_words() -> None:
    """Numbers are those of the source as it was read, fillers included."""
    found = reviewed(("mark", 6, "."), ("paragraph", 6, True), ("case", 7, "My"), ("mark", 8, ""))
    assert found.recording is not None
    words = [said.word for said in found.recording.said]
    assert [(word.core, word.mark) for word in words[5:8]] == [
        ("along", "."), ("My", ""), ("neighbour", "")
    ]  # fmt: skip
    assert words[6].before == PARAGRAPH
    assert found.corrections == 3


def test_a_changed_word_is_a_proposal_and_no_training() -> None:
    """As with edits by hand: it is shown as it was heard, and nothing is asked of it."""
    found = reviewed(("word", 9, "Marten"), ("mark", 6, "."))
    assert [(one.heard, one.correct) for one in found.proposals] == [("martin", "Marten")]
    assert found.recording is not None
    assert found.recording.origin == "review"
    assert found.corrections == 1
    said = found.recording.said[8]
    assert (said.shown, said.asked) == ("martin", False)


def test_an_edited_output_is_laid_onto_its_transcript() -> None:
    """Labels of speakers at the head of a paragraph are no words of it."""
    text = "Ada: So the allotment is coming along. My neighbour martin says it was cold.\n"
    found = corrected.of_edited("talk.json", machine(), text, language="en", labels={"Ada"})
    assert found.recording is not None
    assert found.corrections == 4
    assert found.proposals == ()
    unknown = corrected.of_edited("talk.json", machine(), text, language=None, labels={"Ada"})
    assert unknown.reason == "its language is not known"
