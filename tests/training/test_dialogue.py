"""What persons say in a book becomes the turns of a conversation."""

from engine.training.dialogue import dialogues
from engine.training.words import PARAGRAPH, SEPARATORS, TURN, Word

FILLER = " ".join(["We walked along the quay and counted the boats."] * 7)
TALK = [f'"{FILLER}" said Nell.', '"How many?"', '"Nine," said Nell.']


def shown(words: list[Word]) -> str:
    """The words as they should read, a turn to a line, paragraphs parted by |."""
    breaks = {TURN: "\n", PARAGRAPH: " | "}
    parts = [breaks.get(w.before, " ") + w.core + SEPARATORS[w.separator] for w in words]
    return "".join(parts).strip()


def turns(*paragraphs: str) -> list[str]:
    """The turns that the paragraphs add to a conversation."""
    (words,) = dialogues([*TALK, *paragraphs])
    assert all('"' not in (word.literal or "") for word in words)
    return shown(words).split("\n")[3:]


def test_tags_go_and_the_pieces_of_a_paragraph_are_one_turn() -> None:
    """The tag tells whether its comma ends a sentence, opens one or breaks a clause."""
    assert turns('"Why," said Nell, "do you ask?"') == ["Why, do you ask?"]
    assert turns('"It has gone," said Nell. "Look there."') == ["It has gone. Look there."]
    assert turns('"The last of the boats," he said, "went by at noon."') == [
        "The last of the boats went by at noon."
    ]
    assert turns('"I would have called," he said, "but you slept."') == [
        "I would have called, but you slept."
    ]
    assert turns('"My good old friend," he said, "we are late."') == [
        "My good old friend, we are late."
    ]
    assert turns("\u201cWhen?\u201d cried Tom, turning round.") == ["When?"]
    assert turns('"I never saw it," said Tom.') == ["I never saw it."]


def test_speech_that_breaks_off_ends_its_sentence() -> None:
    """A dash or an ellipsis is a full stop at the end and before a capital."""
    assert turns('"I only meant--"', '"Well..." He paused. "Never mind."') == [
        "I only meant.", "Well. Never mind.",
    ]  # fmt: skip


def test_an_open_quote_goes_on_in_the_next_paragraph() -> None:
    """The same person speaks on: no turn, a paragraph if there are words enough."""
    said = turns(f'"{FILLER}', '"Then it rained.', '"So we left."', '"A pity."')
    assert said == [f"{FILLER} | Then it rained. So we left.", "A pity."]


def test_titles_and_doubtful_quotes_are_no_turns() -> None:
    """Precision over recall: names in quotes, quotes that do not close."""
    assert turns('The "Sea Gull" sailed.', '"Good bye!"') == ["Good bye!"]
    assert turns('He called it "odd," and left.', '"Good bye!"') == ["Good bye!"]
    assert turns('"Where is it? he asked.', "Nobody knew.", '"Here!"') == ["Here!"]


def test_old_marks_inside_a_turn_become_new_ones() -> None:
    """After an exclamation in lower case: a comma if it is short, else another sentence."""
    assert turns('"Oh! do come. Is it far? or is it near?"') == [
        "Oh, do come. Is it far? Or is it near?"
    ]


def test_narrative_parts_conversations_and_short_ones_are_left_out() -> None:
    """Two paragraphs without speech are skipped, three end the document."""
    silent = ["The tide turned."] * 3
    talk = [*TALK, '"Good."']
    assert len(list(dialogues([*talk, *silent, *talk]))) == 2
    assert len(list(dialogues([*talk, *silent[:2], *talk]))) == 1
    assert not list(dialogues(TALK))
    assert not list(dialogues(['"Yes."', '"No."'] * 5))


def test_a_book_may_speak_in_single_quotes() -> None:
    """Apostrophes do not close a quote."""
    talk = [text.replace('"', "'") for text in TALK]
    text = "\u2018I don\u2019t,\u2019 said Tom. \u2018The boys\u2019 boat.\u2019"
    (words,) = dialogues([*talk, text])
    assert shown(words).endswith("\nI don't. The boys' boat.")
