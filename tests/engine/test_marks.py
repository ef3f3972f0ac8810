"""A mark, a closing quotation mark and an abbreviation mean the same to everything that reads text.

Each user is asked about one word in the middle of a text, through its public function.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.extract.sentences import sentences
from engine.reading.build import RawSegment, build
from engine.reading.jitter import settle as settle_labels
from engine.records import EnhancedPart, EnhancedWord, Segment, Transcript, Word
from engine.render.cues import cues
from engine.text import marks
from engine.text.cleaning import clean
from engine.text.paragraphs import settle as settle_paragraphs
from engine.text.parts import split
from engine.text.readings import content, is_marked, joins, separators_of, take_apart
from tests.engine.output_samples import MODEL, document, paragraph

BEFORE = "so they all went on with it and came to the next"
AFTER = "Martin told us how the rest of the story had gone on from there"
ENDS = tuple(marks.SENTENCE_MARKS)
#: Abbreviations after which a sentence may end, because they close a list.
LIST_ENDS = ("etc", "usw")


def in_summaries(word: str) -> bool:
    return len(sentences(document([paragraph(f"{BEFORE} {word} {AFTER}")]))) == 2


def in_subtitles(word: str) -> bool:
    (first, *_) = cues(
        document([paragraph(f"so they went to the next {word} {AFTER}")]), labelled=False
    )
    return first.lines[-1].endswith(word)


def in_paragraphs(word: str) -> bool:
    long = " ".join([BEFORE] * 6)
    begins = paragraph(f"{long} {word}")
    after_a_pause = (begins[-1].word.end_s or 0.0) + 10.0
    said = begins + paragraph(AFTER, start_s=after_a_pause)
    words = tuple(EnhancedWord(w.word, w.text) for w in said)
    return len(settle_paragraphs([EnhancedPart(0, "enhanced", words)])) == 2


def in_word_lists(word: str) -> bool:
    raw = RawSegment(f"{BEFORE} {word} {AFTER}")
    return len(build("openai-whisper", [raw], regroup=True).segments) == 2


def in_labels(word: str) -> bool:
    said = [("A", f"{BEFORE} {word}"), ("B", "Martin was told"), ("A", "how the rest went on.")]
    words = tuple(Word(text, speaker=label) for label, line in said for text in line.split())
    return settle_labels([Segment(words)], ["A"])[1] == 0


def in_stutters(word: str) -> bool:
    words = tuple(map(Word, f"{BEFORE} {word} Martin Martin told us".split()))
    transcript = Transcript("openai-whisper", (Segment(words),), language="en")
    return bool(clean(transcript, level="thorough")[1])


def in_parts(word: str) -> bool:
    words = tuple(map(Word, f"{word} {AFTER}".split()))
    text = (*map(Word, BEFORE.split()[:7]), *words)
    info = replace(MODEL, part_words=10)
    parts = split(Transcript("txt", (Segment(text),)), info, covered=True)
    return parts[0].words[-1].text == word


def in_the_lattice(word: str) -> bool:
    found = joins(word, glued=False, turn_ends=False, last=False, paragraph="\n\n", separators=())
    return any(join.paragraph and join.trail == take_apart(word).trail for join in found)


def as_a_sign_of_punctuation(word: str) -> bool:
    return is_marked([word])


USERS: tuple[Callable[[str], bool], ...] = (
    in_summaries, in_subtitles, in_paragraphs, in_word_lists, in_labels, in_stutters, in_parts,
    in_the_lattice, as_a_sign_of_punctuation,
)  # fmt: skip
#: To the lattice a stop of an abbreviation may end a paragraph; the model decides.
DECIDING = tuple(user for user in USERS if user is not in_the_lattice)
#: These read a list's "etc." as a possible end; the other two only look at marks of their own.
READING = DECIDING[:6]
#: A subtitle may end at a comma too.
UNBROKEN = tuple(user for user in USERS if user is not in_subtitles)

users = pytest.mark.parametrize("user", USERS, ids=lambda user: user.__name__)


@users
@pytest.mark.parametrize("mark", ENDS)
def test_a_sentence_mark_ends_a_sentence_for_everybody(
    user: Callable[[str], bool], mark: str
) -> None:
    """In every script: an Armenian, Ethiopic or half-width full stop too."""
    assert user(f"place{mark}")
    assert user(f"place{mark}”")


@users
@pytest.mark.parametrize("closer", tuple(marks.CLOSERS))
def test_a_closing_mark_after_the_full_stop_hides_nothing(
    user: Callable[[str], bool], closer: str
) -> None:
    """A German quotation ends with “, a Japanese one with 』."""
    opener = "‘" if closer in "'’" else ""  # alone it is the apostrophe of a plural
    assert user(f"{opener}place.{closer}")


@pytest.mark.parametrize("user", UNBROKEN, ids=lambda user: user.__name__)
@pytest.mark.parametrize("mark", [*marks.CLAUSE_MARKS, "؛", "·", ""])
def test_other_marks_end_no_sentence(user: Callable[[str], bool], mark: str) -> None:
    """A comma of any script is a pause."""
    assert not user(f"place{mark}")


@pytest.mark.parametrize("user", UNBROKEN, ids=lambda user: user.__name__)
def test_a_semicolon_is_a_question_in_greek_alone(user: Callable[[str], bool]) -> None:
    """The script of the word decides."""
    if user is not as_a_sign_of_punctuation:  # a file is not judged by a mark with two meanings
        assert user("είναι;")
    assert not user("place;")


@pytest.mark.parametrize("user", DECIDING, ids=lambda user: user.__name__)
@pytest.mark.parametrize("word", sorted(marks.ABBREVIATIONS - set(LIST_ENDS)))
def test_an_abbreviation_ends_no_sentence(user: Callable[[str], bool], word: str) -> None:
    """ "Capt. Smith" is one sentence, not two."""
    assert not user(f"{word.capitalize()}.")


@pytest.mark.parametrize("word", sorted(marks.ABBREVIATIONS))
def test_an_abbreviation_keeps_its_stop(word: str) -> None:
    """The stop belongs to the word, so no model can take it away."""
    assert take_apart(f"{word}.,").core == f"{word}."


@pytest.mark.parametrize("user", READING, ids=lambda user: user.__name__)
@pytest.mark.parametrize("word", LIST_ENDS)
def test_a_sentence_may_end_with_the_end_of_a_list(user: Callable[[str], bool], word: str) -> None:
    """After "etc." a capital opens a new sentence."""
    assert user(f"{word}.")


@pytest.mark.parametrize(
    ("text", "following", "language", "ends"),
    [
        ("well.", "then", None, False),
        ("well.", "Then", None, True),
        ("etc.", "and", None, False),
        ("U.S.", "The", None, False),
        ("J.", "Smith", None, False),
        ("I.", "Then", None, True),
        ("3.", "Mai", "de", False),
        ("3.", "May", "en", True),
        ("Capt.", "Smith", "en", False),
        ("Mr.…", "Then", "en", True),
        (")", "Then", "en", False),
        ("", "Then", "en", False),
    ],
)
def test_what_follows_and_the_language_count(
    text: str, following: str, language: str | None, ends: bool
) -> None:
    """Initials, ordinals and what goes on in lower case end nothing."""
    assert marks.ends_sentence(text, following, language) is ends


def test_the_marks_that_a_model_may_add_are_those_of_its_script() -> None:
    """A mark that is known is not offered for that."""
    offered = {
        mark for word in ("a", "α", "م", "न", "天", "で", "ա") for mark in separators_of(word)
    }
    assert offered == set(",.?!:;·،؟؛।，。？！：；、")


def test_marks_of_every_script_are_no_content() -> None:
    """A checkpoint with another mark is still a reading of its word."""
    for mark in marks.MARKS:
        assert content(f"ab{mark}") == content("ab")
