"""Words are letters and marks: in titles and tags, for comparing, in every script."""

from __future__ import annotations

import json
import re
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import pipeline
from engine.extract.function_words import FUNCTION_WORDS
from engine.extract.lexicon import lexicon_for
from engine.records import Document, EnhancedWord, ModelFacts, Profile, Word
from engine.text.languages import _CODES
from engine.text.letters import WORD, composed, core, folded, without_marks
from tests.field import FIELD, needs_field

ROOT = Path(__file__).parents[2]

INFO = ModelFacts(
    name="x",
    revision=None,
    quantization=None,
    tasks=(),
    languages=(),
    part_words=60,
    tail_words=20,
    lookahead_words=8,
)


def described(data: bytes) -> tuple[str | None, list[str], str]:
    """Return title, tags and text of a file, as the source has it."""
    plan = pipeline.prepare(data, name="talk.json", profile=Profile(), info=INFO)
    result = pipeline.finish(
        plan,
        [pipeline.keep(part, "fallback") for part in plan.parts],
        load_s=0,
        total_s=0,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return result.metadata["title"], result.metadata["tags"] or [], result.files[0].content


def lexicon(language: str, text: str):
    words = tuple(EnhancedWord(Word(word), word) for word in text.split())
    return lexicon_for(
        Document((words,), language=language, duration_s=None, has_speakers=False, timing="none")
    )


def test_no_pattern_takes_vowel_signs_for_marks() -> None:
    r"""`\w` and `\W` do; where words are not meant, the line says so here."""
    allowed = {
        "reading/subtitles.py",  # names in whisper.cpp's messages
        "reading/cues.py",  # labels of tools, names of entities
        "reading/tool_marks.py",  # names of tokens and entities
        "audio/models.py",  # names of files
        "claims/instructions.py",  # endings of verbs in languages of Latin letters
        "chat/calls.py",  # names of tools and fences
        "chat/repair.py",  # names of arguments and fences
        "chat/tags.py",  # names of tools and arguments
        "chat/validate.py",  # counts what repeats
        "music/claims.py",  # names of keys, in English
        "music/face.py",  # names of requests
        "models/download.py",  # names of files
        "models/places.py",  # names of folders
        "recipe.py",  # our own recipe
        "text/letters.py",  # says why
        "tuning/store.py",  # names of runs
        "tuning/words.py",  # initials
    }
    found = {
        path.relative_to(ROOT / "engine").as_posix()
        for path in (ROOT / "engine").rglob("*.py")
        if "training" not in path.parts and re.search(r"\\[wW]", path.read_text(encoding="utf-8"))
    }
    assert found <= allowed


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("है।", "है"),
        ("«কি»", "কি"),
        ("ಇದೆ.", "ಇದೆ"),
        ("(ที่)", "ที่"),
        ("naïve,", "naïve"),
        ("e\u0301te\u0301!", "e\u0301te\u0301"),
        ("don't", "don't"),
        ("…", ""),
    ],
)
def test_a_word_goes_from_its_first_letter_to_its_last(written: str, expected: str) -> None:
    """A vowel sign at its end belongs to it."""
    assert core(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("السلام؟", "السلام"),
        ("کتاب،", "کتاب"),
        ("گھر۔", "گھر"),
        ("हिन्दी॥", "हिन्दी"),
        ("\u200fשלום\u200f", "שלום"),
        ("ቤት፣", "ቤት"),
        ("«տուն»։", "տուն"),
        ("C++", "C++"),
        ("C#,", "C#"),
    ],
)
def test_marks_of_every_script_go_off_the_ends_of_tags(written: str, expected: str) -> None:
    """Arabic, Urdu, Indic, Hebrew, Ethiopic and Armenian ones."""
    assert without_marks(written, ".,!?") == expected


def test_a_turkish_capital_is_the_small_letter() -> None:
    """The dot is no letter of its own."""
    assert folded("İzlediğiniz") == "izlediğiniz"


def test_function_words_of_every_language_of_the_detector() -> None:
    """A list for each, but for those that put no space between words."""
    import stopwordsiso

    without = {
        code
        for code in set(_CODES.values())
        if not stopwordsiso.has_lang(code) and code not in FUNCTION_WORDS
    }
    assert without == {"bo", "km", "lo", "my"}


@pytest.mark.parametrize(
    ("language", "common"),
    [
        ("uk", "не і на в я а та що"),
        ("ur", "میں سے کا کو ہے اور"),
        ("el", "είναι ότι ήταν έχει αλλά και δεν"),
        ("he", "הזה יותר של את לא אני"),
        ("hi", "है के में कि जो से"),
        ("bn", "যে আমরা এটি এবং"),
        ("ta", "இது அந்த என்று ஒரு"),
        ("te", "ఇది మరియు ఒక కానీ"),
        ("ml", "ഇത് ഒരു ആണ് എന്ന്"),
        ("kn", "ಇದು ಮತ್ತು ಒಂದು ಆದರೆ"),
        ("mr", "आहे आणि हे नाही"),
        ("ne", "छ र यो पनि"),
        ("pa", "ਹੈ ਅਤੇ ਦੇ ਵਿੱਚ"),
        ("is", "og það ekki sem"),
        ("mk", "и на да не"),
        ("sq", "dhe është në nuk"),
        ("lv", "un kas nav es"),
        ("lt", "ir yra kad į"),
        ("tl", "ang ng mga hindi"),
        ("et", "ja on ei see"),
        ("az", "və bu bir üçün"),
        ("sr", "и да је али"),
        ("hy", "և է մի այս"),
        ("ka", "და არის რომ ეს"),
    ],
)
def test_the_commonest_words_end_a_phrase(language: str, common: str) -> None:
    """They are no tags."""
    known = lexicon(language, f"{common} " * 5)
    if language == "sr":
        common = common.replace(" је", "")
    assert [word for word in common.split() if known.kind(known.key(word)) != "stop"] == []


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="aéèñåİıक़खि่ণ়াüö.,!?؟।'’-\u200c", max_size=20))
def test_both_forms_of_a_text_are_one_for_comparing(text: str) -> None:
    """Composed or decomposed, the key is the same; a core has letters at its ends."""
    assert folded(unicodedata.normalize("NFD", text)) == folded(composed(text))
    found = core(text)
    assert found in text
    assert found == "" or (WORD.match(found[0]) and WORD.match(found[-1]))


@needs_field
@pytest.mark.parametrize(
    ("name", "topic", "never"),
    [
        ("hi", "टमाटर", "है के में कि जो से"),
        ("bn", "টমেটো", "যে আমরা এটি"),
        ("uk", "помідори", "не і на я а"),
    ],
)
@pytest.mark.parametrize("length", ["", "-long"])
def test_the_files_of_the_field(name: str, topic: str, never: str, length: str) -> None:
    """The talk's own word is among the tags, and no function word is."""
    data = (FIELD / "13-tags-of-function-words" / f"{name}{length}.json").read_bytes()
    title, tags, _ = described(data)
    words = folded(f"{title} {' '.join(tags)}").replace(",", " ").split()
    assert topic in words
    assert not {word for word in never.split() if word in words}


@needs_field
def test_a_decomposed_text_has_the_tags_of_the_composed_one() -> None:
    """And the text stays as it is written."""
    folder = FIELD / "30-decomposed-letters"
    one, other = (described((folder / f"{form}.json").read_bytes()) for form in ("nfc", "nfd"))
    assert one[:2] == other[:2]
    assert one[2] != other[2]
    assert composed(other[2]) == one[2]
    said = json.loads((folder / "nfd.json").read_text(encoding="utf-8"))["text"]
    assert other[2].split() == said.split()
