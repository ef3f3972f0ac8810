"""What a user changed in a text is found word by word."""

from __future__ import annotations

from engine.records import EnhancedWord, Word
from engine.tuning.align import READ_WORDS, align, parsed
from engine.tuning.records import Proposal
from engine.tuning.words import COMMA, NO_BREAK, NONE, PARAGRAPH, PERIOD, TURN


def machine(text: str, source: str = "", speakers: str = "") -> list[EnhancedWord]:
    """Return a text as the machine wrote it; "|" ends a paragraph; `speakers` has one a word."""
    shown = (source or text.replace("|", "").lower()).split()
    out = []
    for n, (written, word) in enumerate(zip(text.split(), shown, strict=True)):
        speaker = speakers[n] if speakers else None
        out.append(
            EnhancedWord(
                Word(word, speaker=speaker), written.rstrip("|"), paragraph=written.endswith("|")
            )
        )
    return out


def test_a_changed_mark_and_a_changed_case_are_corrections() -> None:
    """The words keep what the source has, for the model to see."""
    found = align(
        machine("We ate bread, and then doctor brown left."),
        parsed(["We ate bread and then Doctor brown left."]),
    )
    assert found.corrections == 2
    words = [said.word for said in found.said]
    assert (words[2].label, words[5].core) == (NONE, "Doctor")
    assert found.said[2].shown == "bread,"
    assert found.proposals == ()


def test_a_changed_word_is_a_proposal_and_nothing_is_learnt_of_it() -> None:
    """The mark before it may belong to the new word, so it is not asked either."""
    found = align(
        machine("We use post gress here, and it works."),
        parsed(["We use Postgres here and it works."]),
    )
    assert found.proposals == (Proposal("post gress", "Postgres"),)
    assert [said.asked for said in found.said] == [True, False, False, False, True, *[True] * 3]
    assert found.corrections == 1
    assert found.left_out == 2


def test_words_that_were_taken_out_are_shown_and_not_asked() -> None:
    """They are in every transcript that the model will see."""
    found = align(machine("So um we went, home."), parsed(["So we went home."]))
    assert [said.asked for said in found.said] == [False, False, True, True, True]
    assert found.proposals == ()


def test_a_new_paragraph_is_a_correction_and_a_change_of_speaker_is_none() -> None:
    """Turns come from the source; a paragraph is the user's."""
    found = align(
        machine("One two three. Four five six. Yes.", speakers="aaaaaab"),
        parsed(["One two three.", "Four five six.", "Yes."], turns=[False, False, True]),
    )
    assert [said.word.before for said in found.said] == [
        NO_BREAK, NO_BREAK, NO_BREAK, PARAGRAPH, NO_BREAK, NO_BREAK, TURN,
    ]  # fmt: skip
    assert found.corrections == 1


def test_what_was_perhaps_never_read_is_not_learnt() -> None:
    """Words far before the first correction and far after the last one."""
    text = " ".join(["word"] * 100)
    corrected = " ".join(["word"] * 50 + ["word,"] + ["word"] * 49)
    found = align(machine(text), parsed([corrected]))
    asked = [n for n, said in enumerate(found.said) if said.asked]
    assert asked == list(range(50 - READ_WORDS, 50 + READ_WORDS + 1))
    assert found.said[50].word.label == COMMA


def test_a_text_without_corrections_teaches_nothing() -> None:
    """The machine does not learn from itself."""
    found = align(machine("We went home. It rained."), parsed(["We went home. It rained."]))
    assert found.corrections == 0
    assert not any(said.asked for said in found.said)


def test_a_mark_on_its_own_belongs_to_the_word_before_it() -> None:
    """As in French, where a space stands before some marks."""
    written = machine("Vraiment ? Oui .", source="vraiment ? oui .")
    found = align(written, parsed(["Vraiment. Oui."]))
    assert [said.shown for said in found.said] == ["vraiment?", "oui."]
    assert [said.word.label for said in found.said] == [PERIOD, PERIOD]
    assert found.corrections == 1
