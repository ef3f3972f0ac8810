"""A tagger takes a term where what was heard is no common word, and there alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import ModelRefused
from engine.models import catalog
from engine.records import Part, Word
from engine.tagger.known import FILE, KnownWords, write
from engine.tagger.tag import Tagger
from tests import small_taggers

TERM = ("Kubernetes",)


@pytest.fixture
def words(tmp_path: Path) -> KnownWords:
    write(tmp_path / FILE, {"en": ["mattress", "don't", "garden"], "de": ["garten"]})
    return KnownWords(tmp_path / FILE)


@pytest.mark.parametrize(
    ("text", "language", "kept"),
    [
        ("mattress", "en", False),
        ("Mattress,", "en", False),
        ("mattress's", "en", False),
        ("don’t", "en", False),
        ("cubernetties", "en", True),
        ("“Cubernetties?", "en", True),
        ("garden", "de", True),
        ("cubernetties", "fr", False),
        ("cubernetties", None, False),
    ],
)
def test_a_common_word_is_offered_nothing(
    words: KnownWords, text: str, language: str | None, kept: bool
) -> None:
    """Case, marks and a possessive do not make a word uncommon; without a list nothing is."""
    part = Part(0, (Word("so"), Word(text, offered=TERM)), language=language)
    offered = words.offered(part)
    assert [word.text for word in offered.words] == ["so", text]
    assert offered.words[1].offered == (TERM if kept else ())


def test_a_part_without_terms_does_not_read_the_lists(tmp_path: Path) -> None:
    """Most runs have none."""
    (tmp_path / FILE).write_bytes(b"no archive")
    known = KnownWords(tmp_path / FILE)
    part = Part(0, (Word("so"),), language="en")
    assert known.offered(part) is part
    with pytest.raises(ModelRefused, match=FILE):
        known.offered(Part(0, (Word("so", offered=TERM),), language="en"))


def test_the_term_is_written_with_the_marks_of_its_place(tmp_path: Path) -> None:
    """Whatever the weights are: a term that is offered is taken."""
    folder = small_taggers.tagger_like(tmp_path / "tagger", languages=("en",))
    write(folder / FILE, {"en": ["so", "yes", "garden"]})
    tagger = Tagger.load(catalog.describe(str(folder)))
    said = (Word("so"), Word("cubernetties", offered=TERM), Word("garden", offered=("Gardens",)))
    written = tagger.enhance(Part(0, said, language="en"), ()).words
    assert written[1].text.startswith("Kubernetes")
    assert written[2].text.lower().startswith("garden")
    assert not written[2].text.startswith("Gardens")


def test_the_embedded_model_knows_common_words_of_its_languages() -> None:
    """What was heard as one of them stays."""
    folder = Path(catalog.describe("punct").path)
    known = KnownWords(folder / FILE)
    common = {"en": "mattress", "de": "Garten", "fr": "toujours", "es": "ahora", "pl": "zawsze"}
    for language, text in common.items():
        part = Part(
            0, (Word(text, offered=("X",)), Word("qzxv", offered=("X",))), language=language
        )
        assert [word.offered for word in known.offered(part).words] == [(), ("X",)], language
