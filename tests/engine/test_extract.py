"""Extracts quote the talk, in place and in order, and are empty where there is nothing."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from engine.extract import extract, titles
from engine.extract.chapters import LONG_S
from engine.extract.lexicon import lexicon_for
from engine.extract.segmenting import boundaries
from engine.records import Document, EnhancedWord, Extracts, Word
from tests.engine.output_samples import document, needs_data, paragraph, real_document

BEES = """
Honey bees live in colonies of many thousand workers. A honey bee visits flowers for nectar
and pollen. The queen lays every egg of the colony, and the workers feed the larvae. In winter the
colony lives on the honey of the summer. Beekeepers watch the hives for mites, because mites weaken
the larvae. The nectar of clover makes a pale honey."""
BRIDGES = """
Suspension bridges hang their deck from steel cables. The cables run over two towers and
end in heavy anchors. Engineers test a bridge model in a wind tunnel, because wind can shake a light
deck. The towers carry the weight of the cables down to the bedrock. A longer span needs taller
towers and thicker cables. Paint protects the steel of the bridge from salt and rain."""
BREAD = """
Sourdough bread rises without baker's yeast. The starter of flour and water ferments for
days until it smells sour. Bakers fold the dough and let it rest in a basket. A hot oven gives the
loaf a dark crust. Rye flour makes a dense loaf, and wheat flour a lighter one. The starter is fed
with fresh flour every day."""


def talk(topics: list[str], *, repeats: int = 8, language: str | None = "en") -> Document:
    """Return a talk of one topic after another, with shuffled sentences and times."""
    rng = random.Random(1)
    paragraphs = []
    start = 0.0
    for topic in topics:
        sentences = [s.strip() + "." for s in topic.replace("\n", " ").split(".") if s.strip()]
        for _ in range(repeats):
            few = rng.sample(sentences, 4)
            paragraphs.append(paragraph(" ".join(few), start_s=start))
            start += 30.0
    return document(paragraphs, language=language, duration_s=start)


def lower(made: Document) -> Document:
    """Return the same words as a raw transcript has them: no marks, no capitals."""
    paragraphs = [
        tuple(EnhancedWord(w.word, w.text.lower().strip(".,")) for w in p) for p in made.paragraphs
    ]
    return document(paragraphs, language=made.language, duration_s=made.duration_s)


def test_silence_gives_nothing():
    """No words, no extracts."""
    assert extract(document([])) == Extracts()


@pytest.mark.parametrize("text", ["Yes.", "you", "...", "Uh, yeah.", "1 2 3", "🎵 🎵"])
def test_a_few_empty_words_give_no_title(text):
    """A phrase without meaning is no title."""
    found = extract(document([paragraph(text)]))
    assert found.title is None
    assert found.summary == ()
    assert found.chapters == ()


def test_everything_is_quoted_and_placed():
    """Sentences are in their paragraphs, with its times, in order; the points have the summary."""
    made = talk([BEES, BRIDGES, BREAD])
    found = extract(made)
    texts = [" ".join(w.text for w in p) for p in made.paragraphs]
    assert 3 <= len(found.summary) <= 7
    for points in (found.summary, found.key_points):
        assert list(points) == sorted(points, key=lambda point: (point.paragraph, point.start_s))
        for point in points:
            assert point.text in texts[point.paragraph]
            times = {w.word.start_s for w in made.paragraphs[point.paragraph]}
            assert point.start_s in times
    assert set(found.summary) < set(found.key_points)
    assert found.description
    assert found.generated == frozenset()
    said = " ".join(texts).lower()
    for phrase in found.tags:
        assert phrase.lower() in said


def test_chapters_open_where_the_topic_changes():
    """Three topics in a row are three chapters, titled by their own words."""
    found = extract(talk([BEES, BRIDGES, BREAD], repeats=10))
    assert [chapter.paragraph for chapter in found.chapters] == [0, 10, 20]
    assert [chapter.start_s for chapter in found.chapters] == [0.0, 300.0, 600.0]
    own = (BEES.lower(), BRIDGES.lower(), BREAD.lower())
    for chapter, words in zip(found.chapters, own, strict=True):
        assert any(word in words for word in chapter.title.lower().split(" and "))
    assert len({chapter.title for chapter in found.chapters}) == 3


def test_a_talk_of_ten_minutes_has_no_chapters():
    """Only longer talks get chapters."""
    made = talk([BEES, BRIDGES], repeats=10)
    assert made.duration_s == LONG_S
    assert extract(made).chapters == ()


def test_topics_in_lower_case_without_marks_still_give_title_tags_and_chapters():
    """A text without sentences has phrases and shifts, and no made-up sentences."""
    found = extract(lower(talk([BEES, BRIDGES, BREAD], repeats=10)))
    assert found.title
    assert found.tags
    assert len(found.chapters) == 3
    assert found.summary == ()
    assert found.key_points == ()
    assert found.description is None


def test_tags_are_few_distinct_and_without_plural_twins():
    """There are at most ten, and none is the plural or a part of another."""
    tags = [tag.lower() for tag in extract(talk([BEES, BRIDGES, BREAD])).tags]
    assert 3 <= len(tags) <= 10
    assert len(set(tags)) == len(tags)
    words = [word for tag in tags for word in tag.split()]
    assert not {word for word in words if word + "s" in words}


def test_a_title_is_a_phrase_and_no_cut_sentence():
    """It opens with a capital, ends without a mark and holds a phrase of the talk."""
    title = extract(talk([BEES])).title
    assert title is not None
    assert title[0].isupper()
    assert title[-1].isalnum()
    assert "honey" in title.lower() or "colony" in title.lower()
    assert len(title.split()) <= 8


def test_a_name_keeps_its_capitals_in_a_title():
    """Only a word without capitals inside is raised."""
    assert [titles._capital(text) for text in ("eBay sellers", "honey")] == [
        "eBay sellers",
        "Honey",
    ]


def test_a_repeated_advert_counts_once():
    """A text that is read again and again word for word is not the topic of a talk."""
    advert = "Try the Zappo Mattress tonight, because nothing else is as soft."
    made = talk([BEES], repeats=12)
    parts = []
    for number, part in enumerate(made.paragraphs):
        parts.append(part)
        if number % 2:
            parts.append(paragraph(advert, start_s=part[-1].word.end_s))
    found = extract(document(parts, duration_s=made.duration_s))
    assert found.title is not None
    assert "Zappo" not in found.title
    assert not any("Zappo" in point.text for point in found.summary)


def test_a_name_with_a_stop_word_in_it_stays_whole():
    """ "New" is a stop word, New York is a city."""
    text = "We flew to New York in May. The mayor of New York met us. Then New York slept."
    tags = extract(document([paragraph(text)])).tags
    assert "New York" in tags
    assert "York" not in tags


def test_an_introducing_sentence_describes_the_talk():
    """The speaker's own sentence about the topic is the description."""
    opening = "Welcome back. In this episode we talk about how honey bees survive the winter."
    made = talk([BEES], repeats=12)
    found = extract(
        document([paragraph(opening), *made.paragraphs[1:]], duration_s=made.duration_s)
    )
    assert found.description is not None
    assert found.description.startswith("In this episode we talk about how honey bees survive")


def test_a_wrong_language_is_noticed_by_its_stop_words():
    """A file that calls an English talk Hindi gets English stop words."""
    assert lexicon_for(talk([BEES], language="hi")).language == "en"
    assert lexicon_for(talk([BEES], language=None)).language == "en"
    tags = extract(talk([BEES, BREAD], language="hi")).tags
    assert not {"the", "of", "and", "for"} & {tag.lower() for tag in tags}


def test_a_language_without_a_list_uses_its_own_frequent_words():
    """Welsh has no list here: it still gets tags that are not its articles."""
    welsh = (
        "Mae'r gwenyn yn byw yn y cwch ac mae'r gwenyn yn casglu neithdar o'r blodau. Mae'r "
        "frenhines yn y cwch gwenyn. Mae neithdar yn y blodau ac mae mêl yn y cwch gwenyn. "
    )
    made = document([paragraph(welsh * 3)], language="cy")
    assert lexicon_for(made).stops >= {"yn", "y", "mae"}
    assert not {"yn", "y"} & set(extract(made).tags)


def test_chinese_gets_tags_and_chapters_without_spaces_or_marks():
    """Repeated strings are the phrases of a script without spaces."""
    topics = [
        "蜜蜂采集花蜜酿造蜂蜜蜂王产卵工蜂照顾幼虫",
        "悬索桥的钢缆穿过桥塔桥面挂在钢缆上工程师",
    ]
    parts = []
    for number in range(40):
        letters = topics[number // 20] * 3
        start = number * 30.0
        parts.append(
            tuple(
                EnhancedWord(Word(c, start + i * 0.3, start + (i + 1) * 0.3, glued=i > 0), c)
                for i, c in enumerate(letters)
            )
        )
    found = extract(document(parts, language="zh", duration_s=1200.0))
    assert [chapter.paragraph for chapter in found.chapters] == [0, 20]
    assert found.tags
    assert all(len(tag) >= 2 for tag in found.tags)
    assert found.summary == ()


def test_french_articles_are_no_part_of_a_phrase():
    """An elided article is removed: intelligence, not l'intelligence."""
    text = (
        "L'intelligence artificielle change le travail. On dit que l'intelligence artificielle "
        "aide les médecins. D'abord l'intelligence artificielle apprend avec des images. "
    )
    found = extract(document([paragraph(text)], language="fr"))
    assert found.title is not None
    assert found.title.startswith("Intelligence artificielle")


def test_the_same_document_gives_the_same_extracts():
    """Neither randomness nor the order of sets has an effect."""
    made = talk([BEES, BRIDGES, BREAD])
    assert extract(made) == extract(made)


def test_boundaries_keep_to_their_limits():
    """No topic is shorter than the least or longer than the most length."""
    rng = random.Random(3)
    blocks = [[rng.choice("abcdefgh") for _ in range(20)] for _ in range(60)]
    found = [0, *boundaries(blocks, [30.0] * 60, usual=300, least=120, most=600), 60]
    lengths = [30.0 * (b - a) for a, b in pairwise(found)]
    assert all(120 <= length <= 600 for length in lengths)
    assert boundaries([], [], usual=1, least=1, most=1) == []


@needs_data
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("openai-whisper/lex_podcast_3h17.json", "consciousness"),
        ("openai-whisper/pod_de_zdf-untertitel.json", "roboter"),
        ("faster-whisper/hearing_2h16_diarize_list.json", "uap"),
        ("whisperx/nasa_iss_whisperx-medium.json", "station"),
    ],
)
def test_real_talks_are_titled_by_their_topic(name, words):
    """The title and the first tags of known talks name their topic."""
    found = extract(real_document(name))
    assert found.title is not None
    assert words in found.title.lower()
    assert 3 <= len(found.summary) <= 7
    assert len(found.tags) == 10
    assert len(found.chapters) >= 4


@needs_data
def test_four_and_a_half_hours_get_chapters_in_order():
    """45,000 words get neither one chapter nor hundreds."""
    found = extract(real_document("openai-whisper/pod_en_4h31_long.json"))
    gaps = [chapter.start_s for chapter in found.chapters]
    assert 10 <= len(gaps) <= 60
    assert gaps == sorted(gaps)


def test_a_title_is_a_phrase_that_somebody_said() -> None:
    """Two nouns that were never said together are none."""
    text = (
        "We have to speak about the cost of the harbour bridge today. The harbour was small. "
        "The bridge was old, and the cost of the harbour bridge was high. Every harbour has a cost."
    )
    words = tuple(EnhancedWord(Word(word), word) for word in text.split())
    spoken = Document((words,), language="en", duration_s=None, has_speakers=False, timing="none")
    title = extract(spoken).title
    assert title is not None
    assert title.lower() in text.lower()
    assert len(title.split()) > 1
