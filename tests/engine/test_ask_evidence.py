"""Sentences answer a question, or the answer says what speaks against them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.ask import asked as asking
from engine.ask.asked import Asked
from engine.ask.evidence import Evidence, Retrieved, weigh
from engine.ask.passages import Passage, Spoken, Turn, join
from engine.ask.sentences import LONGEST_RUN, sentences_of

ADA = "We talked about the delivery. I promised to deliver the first version in May. So be it."
BOB = "They balked at the cost, because it was fifteen thousand pounds. Why? It was too much."


def turn(speaker: str | None, text: str, start_s: float) -> Turn:
    words = [Spoken(word, start_s + n, False) for n, word in enumerate(text.split())]
    return Turn(speaker, tuple(words), 0)


def passage(*turns: tuple[str | None, str]) -> Passage:
    made = tuple(turn(speaker, text, 100.0 * n) for n, (speaker, text) in enumerate(turns))
    return Passage(0, made, 0.0, 100.0 * len(turns))


def retrieved(number: int, *turns: tuple[str | None, str]) -> Retrieved:
    return Retrieved(number, f"/talks/{number}.json", None, passage(*turns))


TALK = retrieved(1, ("Ada", ADA), ("Bob", BOB))
OTHER = retrieved(2, (None, "The river was cold in the morning."))


def ask(text: str) -> Asked:
    known = "we talked about the delivery they cost river".split()  # noqa: SIM905
    return asking.ask(
        text,
        frequency=lambda token: 2 if token in known else 0,
        passages=100,
        languages=("en",),
        speakers=("Ada", "Bob"),
    )


def answer(text: str) -> Evidence:
    return weigh(ask(text), [TALK, OTHER])


def test_the_sentence_that_answers_is_quoted_with_its_time_and_speaker() -> None:
    """Not the whole passage, and nothing of what another says."""
    found = answer("What did they balk at, and what did it cost?")
    assert found.status == "answered"
    assert found.quotes[0].text.startswith("They balked at the cost,")
    assert (found.quotes[0].speaker, found.quotes[0].start_s) == ("Bob", 100.0)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("What did Bob promise about the first version?", "other_speaker"),
        ("Did they balk because it cost fifty thousand pounds?", "number"),
        ("Did they balk at the cost in Edinburgh?", "name"),
        ("Why did they not balk at the cost?", "negation"),
        ("How many versions did Ada promise to deliver?", "words"),
    ],
)
def test_what_twists_the_words_is_no_answer(question: str, why: str) -> None:
    """The nearest words are shown with what speaks against them."""
    found = answer(question)
    assert (found.status, found.why) == ("nearest", why)
    assert found.quotes


def test_what_is_not_there_is_not_answered() -> None:
    """Retrieval always returns something; that is no answer."""
    found = answer("Which elephants graze by fjords?")
    assert (found.status, found.quotes) == ("not_found", ())
    assert "elephants" in found.missing
    assert answer("what is that?").status == "not_found"


def test_a_name_that_the_rest_of_the_talk_has_may_be_missing_beside_the_answer() -> None:
    """People are named once and then talked about."""
    question = ask("Did they balk at the cost in Edinburgh?")
    whole = replace(TALK, elsewhere=frozenset(("edinburgh",)))
    assert weigh(question, [whole], floor=0.3).status == "answered"


def test_sentences_are_all_words_once() -> None:
    """Long ones are cut at their clauses, and nothing across two speakers."""
    long = "and so it went on, " * 20
    source = passage(("Ada", ADA), ("Bob", long.strip()), (None, "word " * 200))
    found = sentences_of(source)
    assert [w for one in found for w in one.words] == list(source.words)
    assert join(found[1].words) == "I promised to deliver the first version in May."
    assert max(len(one.words) for one in found) <= LONGEST_RUN
    assert all(one.words[0] == source.words[one.place] for one in found)


def test_a_speaker_is_known_by_an_unusual_part_of_the_name() -> None:
    """A label counts whole, a part of a name only where one person has it."""
    people = ("Ada Lovelace", "Ada Byron", "SPEAKER_01", "Will Smith")
    found = {
        text: asking.speaker_in(text, people)
        for text in (
            "What did Lovelace say?",
            "What did Ada say?",
            "What did SPEAKER_01 say?",
            "What will they say?",
            "What did ada byron say?",
        )
    }
    assert list(found.values()) == ["Ada Lovelace", None, "SPEAKER_01", None, "Ada Byron"]
