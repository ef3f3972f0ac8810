"""What is a phrase, what is a name, and which sentences introduce a talk."""

from __future__ import annotations

import pytest

from engine.extract import extract, titles
from engine.extract.lexicon import lexicon_for
from engine.extract.phrases import Phrase, Phrasebook
from engine.extract.sentences import sentences
from engine.extract.summary import Ranking
from engine.extract.unspaced import unspaced_phrases
from engine.records import Document, EnhancedWord, Word
from tests.engine.output_samples import document, paragraph
from tests.engine.test_extract import BEES, talk


def phrases_of(text: str, *, language: str = "en") -> set[str]:
    """Return every phrase of a text, however often it is said."""
    made = document([paragraph(text)], language=language)
    book = Phrasebook(sentences(made), lexicon_for(made))
    return {phrase.text for phrase in book.ranked(least=1)}


def letters(text: str, *, language: str) -> Document:
    """Return a text without spaces, with a source word for each letter."""
    words = tuple(EnhancedWord(Word(c, glued=i > 0), c) for i, c in enumerate(text))
    return document([words], language=language)


def test_a_title_does_not_join_a_phrase_that_has_an_and():
    """A phrase with an "and" of its own stands alone: never "A and b and c"."""
    lexicon = lexicon_for(talk([BEES]))
    hives = Phrase(("hives",), "hives", 9, 9.0)
    pair = Phrase(("salt", "and", "rain"), "salt and rain", 4, 4.0)
    towers = Phrase(("towers",), "towers", 7, 7.0)
    assert titles.title_of([hives, pair, towers], lexicon) == "Hives and towers"
    assert titles.title_of([hives, pair], lexicon) == "Hives"


def test_a_phrase_does_not_run_on_into_a_second_noun_with_an_article():
    """ "The keepers and the city council" has two phrases."""
    text = "We asked the keepers and the beekeeping council. Then the keepers and the beekeeping "
    found = phrases_of(text + "council met.")
    assert "beekeeping council" in found
    assert not any(" and the " in phrase for phrase in found)


def test_a_phrase_does_not_open_with_a_verb():
    """ "To weaken larvae" is about larvae; "pale honey" is a phrase although "is pale" is said."""
    text = (
        "Mites can weaken larvae. They weaken larvae in spring, the larvae of the bees. You see "
        "pale honey in the jar. The pale honey is from clover."
    )
    found = phrases_of(text)
    assert "larvae" in found
    assert "weaken larvae" not in found
    assert "pale honey" in found


def test_german_adjectives_before_a_noun_are_declined():
    """ "Finanziert breite Brücken" opens with a verb, "breite Brücken" does not."""
    text = (
        "Der Bund finanziert breite Brücken aus Stahl. Die Stadt finanziert breite Brücken. "
        "Wer solche Brücken baut, braucht Stahl."
    )
    found = phrases_of(text, language="de")
    assert "breite Brücken" in found
    assert not any(phrase.startswith("finanziert ") for phrase in found)


def test_a_first_name_is_shown_with_the_name_that_goes_with_it():
    """A person who is mostly called by one name is tagged once, with both names."""
    text = (
        "Then Grace Hopper wrote a compiler. Later Grace explained it. In 1952 Grace Hopper showed "
        "it. Nobody believed Grace at first. So Grace went on. At last they asked Grace again. "
        "The navy called Grace back. There Grace Hopper stayed. Without Grace nothing ran. We "
        "thank Grace for it. Today Grace has a ship."
    )
    tags = extract(document([paragraph(text)])).tags
    assert "Grace Hopper" in tags
    assert "Grace" not in tags


def test_a_name_is_not_extended_by_half_of_a_longer_one():
    """ "Harbour Bridge Club" does not make "Harbour Bridge" a name."""
    text = "We met the Otter Bridge Club. Then Otter won. The Otter Bridge Club lost. So did Otter."
    tags = extract(document([paragraph(text)])).tags
    assert "Otter Bridge Club" in tags
    assert "Otter Bridge" not in tags


def test_stems_of_japanese_verbs_are_no_phrases():
    """A string that mostly has the ending of a verb after it is no phrase; nouns stay."""
    made = letters(
        "女王蜂は蜂蜜飲む。蜂蜜が女王蜂の蜂蜜飲む。女王蜂って蜂蜜を好む。", language="ja"
    )
    words = [word for p in made.paragraphs for word in p]
    found = {phrase.text for phrase in unspaced_phrases(words, lexicon_for(made))}
    assert found == {"女王蜂", "蜂蜜"}


def test_what_follows_verbs_and_nouns_alike_makes_no_stem():
    """って and くらい begin like endings of verbs, but nouns stand before them too."""
    made = letters("巣箱作りって楽しい。蜜蜂群って何。蜜蜂群くらい。蜜蜂群の話。", language="ja")
    words = [word for p in made.paragraphs for word in p]
    found = {phrase.text for phrase in unspaced_phrases(words, lexicon_for(made))}
    assert found == {"蜜蜂群"}


def test_no_phrase_goes_over_the_space_between_two_lines():
    """Nobody said 巣蜜, though the one line follows the other twice."""
    lines = ("これは巣", "蜜を飲む") * 2
    words = [EnhancedWord(Word(c, glued=n > 0), c) for line in lines for n, c in enumerate(line)]
    made = letters("これは巣", language="ja")
    assert "巣蜜" not in {phrase.text for phrase in unspaced_phrases(words, lexicon_for(made))}


def test_drawn_out_letters_are_no_phrase():
    """The www of Japanese chats is laughter; a doubled katakana letter is a word."""
    made = letters("パパがwww来た。パパはwww寝た。パパのwww本だ。", language="ja")
    words = [word for p in made.paragraphs for word in p]
    found = {phrase.text for phrase in unspaced_phrases(words, lexicon_for(made))}
    assert found == {"パパ"}


def test_chapters_without_spaces_are_titled_by_their_own_words():
    """A word said everywhere in a Chinese talk titles no chapter that has a choice."""
    topics = ["蜂蜜，城市，蜂蜜，城市，花蜜。", "钢缆，城市，钢缆，城市，桥塔。"]
    parts = []
    for number in range(40):
        start = number * 30.0
        parts.append(
            tuple(
                EnhancedWord(Word(c, start + i * 0.3, start + (i + 1) * 0.3, glued=i > 0), c)
                for i, c in enumerate(topics[number // 20] * 3)
            )
        )
    found = extract(document(parts, language="zh", duration_s=1200.0))
    assert len(found.chapters) == 2
    assert "城市" in (found.title or "")
    assert not any(name == "城市" for c in found.chapters for name in c.title.split("、"))


@pytest.mark.parametrize(
    "remark",
    [
        "Und heute habe ich schon wieder den Honig der Bienen auf dem Brot vergessen gehabt.",
        "Diese Folge handelt nicht von dem Honig, denn in dieser Folge geht es nicht um Honig.",
    ],
)
def test_a_remark_in_passing_does_not_describe_the_talk(remark):
    """ "Today" after an "and", or a sentence with "not", is no introduction."""
    made = document([paragraph(f"{remark} Bienen sammeln den Honig.")], language="de")
    ranking = Ranking(sentences(made), None, lexicon_for(made))
    assert ranking.introducing(most=2) == []


def test_a_negation_of_another_language_is_no_negation():
    """The Portuguese "no" is "in the"."""
    text = "Hoje vamos falar no programa sobre as abelhas e sobre o mel das abelhas."
    made = document([paragraph(text)], language="pt")
    assert Ranking(sentences(made), None, lexicon_for(made)).introducing(most=2) == [0]


@pytest.mark.parametrize("opener", ["Today we look", "So today we look", "Well, today we look"])
def test_a_small_word_before_an_introduction_does_no_harm(opener):
    """Many talks begin with "so"."""
    made = document([paragraph(f"{opener} at honey bees and at the honey of these bees.")])
    ranking = Ranking(sentences(made), None, lexicon_for(made))
    assert ranking.introducing(most=2) == [0]


PLAIN = "The keepers of the hives count the mites on the bees in every cold winter."


@pytest.mark.parametrize(
    "worse",
    [
        "Whereas the keepers of the hives count the mites on the bees in every winter.",
        "To count the mites of the keepers of the hives on the bees in every winter.",
    ],
)
def test_a_clause_without_its_sentence_is_quoted_less(worse):
    """A clause that cannot stand alone is worth less than the same words in a sentence."""
    made = document([paragraph(f"{worse} {PLAIN} {BEES.split('.')[0].strip()}.")])
    scores = Ranking(sentences(made), None, lexicon_for(made)).scores
    assert scores[0] < 0.8 * scores[1]


def test_the_sentences_beside_an_advert_are_quoted_less():
    """An advert is more than the one sentence that names the address."""
    advert = "The new Zappo mattress cools your back through the night. Go to zappo.com today."
    near = document([paragraph(f"{advert} {PLAIN}")])
    far = document([paragraph(f"{advert.split('. ')[0]}. {PLAIN}")])
    scores = [Ranking(sentences(m), None, lexicon_for(m)).scores[0] for m in (near, far)]
    assert scores[0] < 0.5 * scores[1]


@pytest.mark.parametrize(
    ("language", "word", "kind"),
    [("en", "extent", "wide"), ("en", "information", "wide"), ("de", "naja", "stop")],
)
def test_words_that_say_nothing_about_a_talk_are_known(language, word, kind):
    """Neither idioms ("to an extent") nor interjections are the topic of a talk."""
    said = {"en": "To an extent this is the honey.", "de": "Naja, das ist der Honig."}
    made = document([paragraph(said[language])], language=language)
    assert lexicon_for(made).kind(word) == kind
