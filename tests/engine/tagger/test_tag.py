"""Taggers that know nothing: every word stays, whatever the script and the size of the parts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.child import client
from engine.errors import ModelRefused
from engine.models import catalog
from engine.records import EnhancedWord, Part, Segment, Transcript, Word
from engine.tagger.pieces import START, TURN
from engine.tagger.tag import Tagger
from engine.text import parts, terms
from engine.text.readings import content
from tests import small_taggers
from tests.engine.test_decode import TEXTS, transcript

SAID = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "so",
                "The",
                "thing,",
                "U.S.",
                "don't",
                "(maybe)",
                "know?",
                "слово",
                "天",
                "été",
                '"yes,"',
                "?",
                "—",
                "👍",
                "nasa",
                "cubernetties",
                "Donaudampfschifffahrtsgesellschaft",
            ]
        ),
        st.sampled_from([None, "A"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=60,
)


@pytest.fixture(scope="session")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    folder = small_taggers.tagger_like(
        tmp_path_factory.mktemp("tagger") / "random",
        part={"words": 9, "tail_words": 6, "lookahead_words": 5},
    )
    return Tagger.load(catalog.describe(str(folder)))


def enhance(tagger: Tagger, source: Transcript, language: str | None = None) -> list[EnhancedWord]:
    out: list[EnhancedWord] = []
    for part in parts.split(source, tagger.info, covered=True, language=language):
        shown = out[-tagger.info.tail_words :] if tagger.info.tail_words else []
        done = tagger.enhance(part, shown)
        words = [[word.text, word.paragraph] for word in done.words]
        assert terms.fit(part, words) == done.words
        out += done.words
    return out


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("script", TEXTS)
def test_a_tagger_that_knows_nothing_keeps_every_word(
    tagger: Tagger, script: str, language: str
) -> None:
    """In every script the words come out in order, none added or missing."""
    source = transcript(TEXTS[script])
    out = enhance(tagger, source, language)
    assert [word.word for word in out] == list(source.words)
    assert all(content(word.text) == content(word.word.text) for word in out)


@settings(max_examples=40)
@given(SAID, st.integers(1, 80), st.integers(0, 40), st.integers(0, 30))
def test_every_size_of_parts_keeps_every_word(
    tagger: Tagger, said: list[tuple[str, str | None, bool]], size: int, tail: int, ahead: int
) -> None:
    """With terms, speakers and glued words, with tails and without."""
    words = tuple(
        Word(
            text,
            speaker=speaker,
            glued=glued and n > 0,
            offered=("Kubernetes",) if text == "cubernetties" else (),
        )
        for n, (text, speaker, glued) in enumerate(said)
    )
    info = dataclasses.replace(tagger.info, part_words=size, tail_words=tail, lookahead_words=ahead)
    sized = dataclasses.replace(tagger, info=info)
    out = enhance(sized, Transcript("test", (Segment(words),)), "es")
    assert [word.word for word in out] == list(words)


def test_a_part_longer_than_a_window_is_read_in_several(tagger: Tagger) -> None:
    """Long words have more pieces than a window has room for; each is labelled once."""
    part = Part(0, tuple(Word("Rindfleischetikettierung") for _ in range(120)))
    done = tagger.enhance(part, ())
    assert done.passes > 3
    assert len(done.words) == 120
    assert done.tokens == 120


def test_a_part_without_words_and_one_of_marks_alone_are_parts(tagger: Tagger) -> None:
    """No transcript has the first; some have the second."""
    assert tagger.enhance(Part(0, ()), ()).words == ()
    done = tagger.enhance(Part(0, (Word("..."), Word("—"))), ())
    assert [word.text for word in done.words] == ["...", "—"]


def test_progress_is_told_in_words_of_the_part(tagger: Tagger) -> None:
    """More than a part can have would end the child as one that repeats itself."""
    told: list[int] = []
    tail = [EnhancedWord(Word("so"), "So")] * 30
    part = Part(0, (Word("we"), Word("know")), after=(Word("that"),) * 20)
    tagger.enhance(part, tail, on_progress=told.append)
    assert told
    assert max(told) <= 3


def test_the_end_of_a_text_and_a_change_of_speaker_are_shown(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not a change of speaker before the first word that is shown."""
    asked: list[list[int]] = []
    ask = Tagger._ask
    monkeypatch.setattr(Tagger, "_ask", lambda self, ids: asked.append(list(ids)) or ask(self, ids))
    words = (Word("a", speaker="A"), Word("b", speaker="B"))
    tagger.enhance(Part(0, words), ())
    tagger.enhance(Part(0, words, after=(Word("c", speaker="B"),)), ())
    a, b, c = (tagger.pieces.word(text) for text in "abc")
    assert asked == [[START, *a, TURN, *b, TURN], [START, *a, TURN, *b, *c]]


def test_the_biases_of_a_language_count_where_the_source_has_no_marks(tagger: Tagger) -> None:
    """They are tuned on bare text; text with marks keeps its own."""
    info = dataclasses.replace(tagger.info, biases={"de": {"comma": 99.0}})
    biased = dataclasses.replace(tagger, info=info)
    bare = tuple(Word(text) for text in ["so", "we", "know"])
    marked = tuple(Word(text) for text in ["So", "we", "know."])

    def commas(words: tuple[Word, ...], language: str) -> int:
        done = biased.enhance(Part(0, words, language=language, after=(Word("and"),)), ())
        return sum(word.text.endswith(",") for word in done.words)

    assert commas(bare, "de") == 3
    assert commas(bare, "en") == commas(bare, "fr") < 3
    assert commas(marked, "de") < 3


def test_a_tokenizer_with_more_pieces_than_the_weights_is_refused(tmp_path: Path) -> None:
    """Two files of different models would label at random, or worse."""
    folder = small_taggers.tagger_like(tmp_path / "m")
    text = (folder / "config.json").read_text().replace('"pieces": ', '"pieces": 1, "was": ')
    (folder / "config.json").write_text(text)
    with pytest.raises(ModelRefused, match="fit together"):
        Tagger.load(catalog.describe(str(folder)))


def test_the_child_enhances_with_a_tagger_and_writes_nothing(tmp_path: Path) -> None:
    """The same question gets the same answer in another process; a free answer is refused."""
    info = catalog.describe(str(small_taggers.tagger_like(tmp_path / "m", languages=("en", "es"))))
    assert (info.kind, info.template, info.converses) == ("tagger", "labels", False)
    assert (info.part_words, info.tail_words, info.lookahead_words) == (190, 30, 24)
    part = Part(0, tuple(Word(word) for word in ["qué", "hora", "es", "nasa"]), language="es")
    one = client.ModelClient(info)
    try:
        assert "CPU" in one.start().device_path or "GPU" in one.start().device_path
        done = one.enhance(part, ())
        assert done.words == Tagger.load(info).enhance(part, ()).words
        assert done.tokens == len(part.words)
        assert (one.memory_bytes() or 0) < 500e6
        said = [{"role": "user", "content": "hello"}]
        with pytest.raises(ModelRefused, match="writes no text"):
            one.write(said, options={"max_tokens": 5}, on_text=print)
    finally:
        one.close()
