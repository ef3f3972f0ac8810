"""Tags of the user's own list."""

from __future__ import annotations

from engine.extract.vocabulary import is_phrase_of, restrict
from engine.records import Extracts
from tests.engine.written.making import document

TALK = document("The schools of Lincoln need a bridge.", "Every school has a new bridge now.")


def test_a_tag_of_the_list_is_taken_where_its_words_stand() -> None:
    """In any form; the most frequent come first, others are proposed apart."""
    found = restrict(
        Extracts(tags=("Lincoln", "bridge")), TALK, ("Bridges", "gardening", "new bridge", "school")
    )
    assert found.tags == ("Bridges", "school", "new bridge")
    assert found.proposed_tags == ("Lincoln", "bridge")


def test_without_a_list_tags_stay_as_they_are() -> None:
    """Nothing is proposed then."""
    extracts = Extracts(tags=("Lincoln",))
    assert restrict(extracts, TALK, ()) == extracts


def test_a_phrase_must_stand_in_a_row() -> None:
    """Two words from two places are no subject."""
    assert is_phrase_of("new bridge", TALK)
    assert not is_phrase_of("new school", TALK)
    assert not is_phrase_of("contrast", document("The contract was signed."))
