"""Corpus text becomes words with their marks."""

from engine.training.words import ABBREVIATION, SEPARATORS, parse, reachable


def written(text: str) -> list[str]:
    """The words as they should read, each with its mark."""
    return [word.core + SEPARATORS[word.separator] for word in parse(text)]


def test_marks_are_parted_from_words_and_inner_marks_stay() -> None:
    """Separators become codes; decimal points, apostrophes and initials belong to the word."""
    assert written("Well, it's 3.5 per cent; isn't it? Yes!") == [
        "Well,", "it's", "3.5", "per", "cent;", "isn't", "it?", "Yes!",
    ]  # fmt: skip
    assert [word.core for word in parse("the U.S. economy")] == ["the", "U.S.", "economy"]


def test_a_dash_becomes_a_comma_and_no_word_is_lost() -> None:
    """Double hyphens and long dashes part two words."""
    assert written("efficiency--thereby reducing") == ["efficiency,", "thereby", "reducing"]
    assert written("that \u2014 I think \u2014 is so.") == ["that,", "I", "think,", "is", "so."]


def test_a_turn_that_breaks_off_ends_its_sentence() -> None:
    """A dash at the very end is a full stop."""
    assert written("But I\u2014") == ["But", "I."]


def test_quotes_are_set_aside_and_kept_as_printed() -> None:
    """The core has no quotes; the literal form has them all."""
    word = parse("He said, \u201cGo home.\u201d")[-1]
    assert (word.core, SEPARATORS[word.separator], word.literal) == ("home", ".", 'home."')


def test_titles_are_no_sentence_ends_but_no_is() -> None:
    """The stop of "Mr." has its own code; the answer "No." ends a sentence."""
    assert [word.separator for word in parse("Mr. Smith said No.")] == [ABBREVIATION, 0, 0, 2]


def test_targets_are_what_the_grammar_can_write() -> None:
    """Capitals inside a word exist only where the source has them."""
    assert reachable("NASA", "nasa") == "Nasa"
    assert reachable("NASA", "NASA") == "NASA"
    assert reachable("I'm", "i'm") == "I'm"
    assert reachable("McDonald", "mcdonald") == "Mcdonald"
    assert reachable("iPhone", "iphone") == "iphone"
    assert reachable("and", "And") == "and"
