"""A quotation is verified word for word, and what was not said is never found."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.ask import passages
from engine.ask.quotes import Source, Verdict, verify_quote

TALK = (
    "Ada: We will deliver the first version in May. It will not have the export.\n\n"
    "Bob: They balked at the cost, which was 15,000 pounds. I can not promise anything.\n\n"
    "Ada: Then we wait for the second quarter."
)
SOURCE = Source("talk.json", tuple(passages.of_text(TALK, {"Ada", "Bob"})))
WORDS = [word.text for passage in SOURCE.passages for word in passage.words]


def verify(text: str, speaker: str | None = None) -> Verdict:
    return verify_quote(text, [SOURCE], speaker=speaker)


def test_words_are_found_whatever_their_case_and_marks() -> None:
    """The answer has the words as they stand, with their speaker."""
    verdict = verify("“they balked... at the COST”")
    assert verdict.status == "found"
    assert verdict.quote is not None
    assert verdict.quote.text == "They balked at the cost,"
    assert verdict.quote.speakers == ("Bob",)
    assert verdict.quote.similarity == 1.0


def test_words_of_another_speaker_are_misattributed() -> None:
    """Part of a name is enough, part of a word is not."""
    assert verify("they balked at the cost", "Ada").status == "misattributed"
    assert verify("they balked at the cost", "bob").status == "found"
    assert verify("they balked at the cost", "Bo").status == "misattributed"


def test_a_splice_of_two_speakers_is_by_neither() -> None:
    """Words that go on with another speaker are nobody's alone."""
    verdict = verify("I can not promise anything. Then we wait", "Bob")
    assert verdict.status == "misattributed"
    assert verdict.quote is not None
    assert verdict.quote.speakers == ("Bob", "Ada")


def test_what_was_changed_is_not_found_and_the_real_words_are_shown() -> None:
    """A number, a negation and a left out word are what makes a quotation false."""
    for false, real in {
        "They balked at the cost, which was 50,000 pounds.": (
            "They balked at the cost, which was 15,000 pounds."
        ),
        "It will have the export.": "It will not have the export.",
        "We will deliver the version in May.": "We will deliver the first version in May.",
    }.items():
        verdict = verify(false)
        assert verdict.status == "not_found"
        assert verdict.quote is not None
        assert verdict.quote.text == real
        assert 0.7 < verdict.quote.similarity < 1.0


def test_a_part_of_a_word_is_not_found() -> None:
    """ "can not" is "cannot", but "deliver the fir" was not said."""
    assert verify("I cannot promise").status == "found"
    assert verify("deliver the fir").status == "not_found"


def test_nothing_is_near_to_words_of_another_subject() -> None:
    """Nor is anything found for a text without words."""
    assert verify("elephants graze quietly by moonlit fjords") == Verdict("not_found", None)
    assert verify("?!") == Verdict("not_found", None)


@settings(deadline=None)
@given(st.data())
def test_every_run_of_words_is_found(data: st.DataObject) -> None:
    """Whatever stands there, across paragraphs too, is found as it stands."""
    begin = data.draw(st.integers(0, len(WORDS) - 1))
    end = data.draw(st.integers(begin + 1, len(WORDS)))
    verdict = verify(" ".join(WORDS[begin:end]).upper())
    assert verdict.status == "found"


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9))
def test_what_is_found_stands_there(words: list[str]) -> None:
    """Words in an order of their own are found only if that order is the talk's."""

    def heard(text: str) -> str:
        return "".join(c for c in text.casefold() if c.isalnum())

    verdict = verify(" ".join(words))
    if verdict.status == "found":
        assert heard(" ".join(words)) in heard(" ".join(WORDS))
        assert verdict.quote is not None
        assert heard(verdict.quote.text) == heard(" ".join(words))
    else:
        assert verdict.quote is None or verdict.quote.similarity < 1.0
