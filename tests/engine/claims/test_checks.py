"""Sentences that a model may write, true and false ones, held against what was said."""

from __future__ import annotations

import pytest

from tests.engine.written.making import Said, checker, fault

SCHOOL = (
    "The school has twelve teachers and thirty pupils. It will not buy the old mill, because the "
    "roof costs $40,000. The mayor of Lincoln opened it in nineteen eighty six, on May 3."
)
NAMESAKES = ("Anna Berg said that the bridge is safe. Anna Klein said that the bridge must close.",)
DEBATE = (
    ("Ada", "I promised that we would deliver the first version in May."),
    ("Bob", "It costs fifteen thousand pounds, and I never liked the plan."),
)


@pytest.mark.parametrize(
    "sentence",
    [
        "The school has 12 teachers.",
        "The school has twelve teachers and 30 pupils.",
        "It will not buy the old mill.",
        "The roof costs 40,000 dollars.",
        "The mayor of Lincoln opened it in 1986.",
        "The mayor opened it on May 3.",
        "The speaker says that the school has thirty pupils.",
    ],
)
def test_what_was_said_in_other_forms_holds(sentence: str) -> None:
    """Figures for words, inflected words, and the frame of a report."""
    assert fault(sentence, SCHOOL) is None


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("The school has 13 teachers.", "number"),
        ("The school has 30 teachers.", "relation"),
        ("The school has 12 pupils.", "relation"),
        ("The school buys the old mill.", "denial"),
        ("The school will not have teachers.", "denial"),
        ("The roof costs 40,000 pounds.", "word"),
        ("The mayor of Lincoln opened it in 1968.", "number"),
        ("The mayor opened it on June 3.", "date"),
        ("The mayor of Lincoln opened it on May 12.", "relation"),
        ("The mayor of Springfield opened it.", "name"),
        ("The famous school has twelve teachers.", "word"),
        ("Does the school have twelve teachers?", "form"),
        ("The school has twelve teachers", "form"),
        ("The school has <b>twelve</b> teachers.", "form"),
        ("The school has twelve teachers and thirty...", "form"),
    ],
)
def test_what_was_not_said_is_named(sentence: str, kind: str) -> None:
    """Each false sentence is made of words that were said, but for one thing."""
    assert fault(sentence, SCHOOL) == kind


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Anna Berg said that the bridge is safe.", None),
        ("Anna Klein said that the bridge must close.", None),
        ("Anna Klein said that the bridge is safe.", "relation"),
        ("Anna Berg said that the bridge must close.", "relation"),
        ("Anna said that the bridge is safe.", "name"),
        ("Anna Berg Klein said that the bridge is safe.", "name"),
    ],
)
def test_two_people_with_one_name_are_two(sentence: str, kind: str | None) -> None:
    """What one of them said is not said of the other, nor of nobody in particular."""
    assert fault(sentence, *NAMESAKES) == kind


@pytest.mark.parametrize(
    ("sentence", "kind"),
    [
        ("Ada promised to deliver the first version in May.", None),
        ("Bob says that it costs 15,000 pounds.", None),
        ("Bob never liked the plan.", None),
        ("Bob promised to deliver the first version in May.", "speaker"),
        ("Ada says that it costs 15,000 pounds.", "speaker"),
        ("Bob liked the plan.", "denial"),
        ("Ada promised to deliver the second version.", "number"),
        ("Carol promised to deliver the first version.", "word"),
        ('Ada says "it costs fifteen thousand pounds".', "quote"),
        ('Ada says: "It costs fifteen thousand pounds."', "quote"),
        ("I promised to deliver the first version.", "form"),
    ],
)
def test_nobody_is_given_the_words_of_another(sentence: str, kind: str | None) -> None:
    """Where a speaker is named, the words must be theirs."""
    assert fault(sentence, *DEBATE) == kind


def test_labels_of_speakers_are_names_too() -> None:
    """SPEAKER_00 has digits and is no number."""
    turns: tuple[Said, ...] = (
        ("SPEAKER_00", "The river was cold."),
        ("SPEAKER_01", "It was deep."),
    )
    assert fault("SPEAKER_00 says that the river was cold.", *turns) is None
    assert fault("SPEAKER_01 says that the river was cold.", *turns) == "speaker"


@pytest.mark.parametrize(
    ("sentence", "said", "kind"),
    [
        ("The mayor resigned.", "Did the mayor resign? Nobody answered.", "question"),
        ("The school closes.", "Perhaps the school closes next year.", "doubt"),
        ("Perhaps the school closes.", "Perhaps the school closes next year.", None),
        ("Nixon beat Kennedy.", "In that year Kennedy beat Nixon.", "relation"),
        ("They sold the boat.", "They sold not only the boat, they sold the pier.", None),
        ("They didn't sell the pier.", "They sell the boat and the pier.", "denial"),
        ("Anna got 15 votes.", "That night Anna got 12 votes, and Bob got 15 votes.", "relation"),
        ("Bob got 15 votes.", "That night Anna got 12 votes, and Bob got 15 votes.", None),
    ],
)
def test_what_belongs_together_was_said_together(
    sentence: str, said: str, kind: str | None
) -> None:
    """Questions, doubts, turned names and swapped figures."""
    assert fault(sentence, said) == kind


@pytest.mark.parametrize(
    ("language", "said", "true", "false", "kind"),
    [
        (
            "de",
            "Die Schule hat dreiundzwanzig Lehrer. Sie wird die Mühle nicht kaufen.",
            "Die Schule hat 23 Lehrer.",
            "Die Schule wird die Mühle kaufen.",
            "denial",
        ),
        (
            "fr",
            "L'école a quatre-vingt-dix-sept élèves. Elle ne vend pas le moulin.",
            "L'école a 97 élèves.",
            "L'école vend le moulin.",
            "denial",
        ),
        (
            "es",
            "La escuela tiene treinta y cinco profesores en enero.",
            "La escuela tiene 35 profesores.",
            "La escuela tiene 36 profesores.",
            "number",
        ),
        (
            "it",
            "La scuola ha ventitré insegnanti. Non vende il mulino.",
            "La scuola ha 23 insegnanti.",
            "La scuola vende il mulino.",
            "denial",
        ),
        (
            "pt",
            "A escola tem doze professores em Lisboa.",
            "A escola tem 12 professores.",
            "A escola tem doze alunos.",
            "word",
        ),
        (
            "nl",
            "De school heeft eenentwintig leraren. Zij verkoopt de molen niet.",
            "De school heeft 21 leraren.",
            "De school verkoopt de molen.",
            "denial",
        ),
        (
            "de",
            "Die Schule hat zwölf Lehrer und einen Garten.",
            "Die Schule hat einen Garten.",
            "The school has twelve teachers and a garden.",
            "language",
        ),
    ],
)
def test_other_languages_are_checked_alike(
    language: str, said: str, true: str, false: str, kind: str
) -> None:
    """Numbers in words, what is denied, and the language itself."""
    assert fault(true, said, language=language) is None
    assert fault(false, said, language=language) == kind


def test_a_sentence_is_held_against_what_it_cites_alone() -> None:
    """It may be true of another paragraph: then it cites the wrong one."""
    holds = checker("The river was cold.", "The school has twelve teachers.")
    assert holds.check("The school has twelve teachers.", [1]) is None
    problem = holds.check("The school has twelve teachers.", [0])
    assert problem is not None
    assert problem.kind == "number"


def test_a_sentence_that_cites_nothing_is_refused() -> None:
    """Nor does it help to cite what does not exist."""
    holds = checker("The river was cold.")
    for cites in ([], [7]):
        problem = holds.check("The river was cold.", cites)
        assert problem is not None
        assert problem.kind == "citation"


def test_a_title_needs_no_mark_and_no_verb() -> None:
    """Its words must have been said all the same."""
    holds = checker("The cold river of Lincoln has no bridge.")
    assert holds.check("The cold river of Lincoln", [0], title=True) is None
    assert holds.check("The warm river of Lincoln", [0], title=True) is not None
