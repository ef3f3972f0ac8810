"""The user's pairs: every use is counted, timed and reported, and all counts stay right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import pipeline, rerender
from engine.errors import AlignmentError
from engine.records import EnhancedPart, EnhancedWord, Profile, Segment, Transcript, Word
from engine.text import changes, checkpoint, glossary
from engine.text.words import split_words
from tests.engine.test_pipeline import INFO, source


def heard(*segments: str, speaker: str | None = None) -> Transcript:
    """Return a transcript of these segments, with a second for each word."""
    found, at = [], 0.0
    for text in segments:
        words = []
        for token in split_words(text):
            words.append(Word(token.text, at, at + 0.5, speaker=speaker, glued=token.glued))
            at += 1.0
        found.append(Segment(tuple(words)))
    return Transcript(producer="test", segments=tuple(found))


def written(transcript: Transcript) -> str:
    return "".join(("" if w.glued else " ") + w.text for w in transcript.words).strip()


@pytest.mark.parametrize(
    ("text", "pairs", "expected", "used"),
    [
        ("we run post gress here", {"post gress": "Postgres"}, "we run Postgres here", 1),
        ("Post Gress, and POST GRESS.", {"post gress": "Postgres"}, "Postgres, and Postgres.", 2),
        ("post gress's log", {"post gress": "Postgres"}, "Postgres's log", 1),
        ("post gresses and compost gress", {"post gress": "Postgres"}, None, 0),
        ("post. gress", {"post gress": "Postgres"}, None, 0),
        ('post "gress"', {"post gress": "Postgres"}, None, 0),
        ('he said "post gress"!', {"post gress": "Postgres"}, 'he said "Postgres"!', 1),
        ("sequel light", {"sequel": "SQL", "sequel light": "SQLite"}, "SQLite", 1),
        ("sequel heavy", {"sequel": "SQL", "sequel light": "SQLite"}, "SQL heavy", 1),
        ("newyork now", {"newyork": "New York"}, "New York now", 1),
        ("a b c", {"a": "b", "b": "a"}, "b a c", 2),
        ("Postgres", {"postgres": "Postgres"}, "Postgres", 0),
        ("東京都に行く", {"東京都": "東京府"}, "東京府に行く", 1),
        ("nothing here", {}, None, 0),
    ],
)
def test_a_pair_fits_whole_words_in_any_case(
    text: str, pairs: Mapping[str, str], expected: str | None, used: int
) -> None:
    """Marks around the words and a possessive stay; the longest pair wins."""
    result, replaced = glossary.apply(heard(text), pairs)
    assert written(result) == (text if expected is None else expected)
    assert len(replaced) == used


def test_a_replacement_is_reported_with_its_time() -> None:
    """The report has the text of the source and its replacement."""
    _, replaced = glossary.apply(heard("we run Post gress"), {"post gress": "Postgres"})
    (one,) = replaced
    assert (one.source, one.target, one.start_s) == ("Post gress", "Postgres", 2.0)


def test_a_merged_word_counts_for_those_it_replaced_and_keeps_their_time() -> None:
    """The time runs from the start of the first to the end of the last; the speaker stays."""
    result, _ = glossary.apply(heard("we run post gress", speaker="A"), {"post gress": "Postgres"})
    merged = result.words[-1]
    assert (merged.start_s, merged.end_s, merged.speaker) == (2.0, 3.5, "A")
    assert (merged.stands_for, merged.heard) == (2, "post gress")


def test_further_words_count_for_none_and_share_the_time() -> None:
    """They share it by their length."""
    result, _ = glossary.apply(heard("newyork"), {"newyork": "New York"})
    first, second = result.words
    assert (first.stands_for, second.stands_for) == (1, 0)
    assert first.start_s == 0.0
    assert first.end_s == second.start_s == pytest.approx(0.5 * 3 / 7)
    assert second.end_s == pytest.approx(0.5)


def test_a_pair_fits_across_segments_but_not_across_speakers() -> None:
    """Whisper cuts segments anywhere, but words of two speakers do not belong together."""
    pairs = {"post gress": "Postgres"}
    result, replaced = glossary.apply(heard("we run post", "gress here", "gress"), pairs)
    assert written(result) == "we run Postgres here gress"
    assert len(result.segments) == 3
    assert len(replaced) == 1
    one, two = heard("post"), heard("gress", speaker="B")
    parted = replace(one, segments=one.segments + two.segments)
    assert glossary.apply(parted, pairs)[1] == ()


@given(
    st.lists(st.sampled_from(["a", "b", "A,", '"b"', "c.", "b's", "漢字"]), max_size=30),
    st.dictionaries(
        st.sampled_from(["a", "b", "a b", "b a", "c", "a b c", "漢"]),
        st.sampled_from(["x", "X y", "long one here", "a", "b", "字"]),
    ),
)
def test_no_glossary_ever_changes_the_count(words: list[str], pairs: dict[str, str]) -> None:
    """Whatever matches, the words stand for as many as the source has."""
    before = heard(" ".join(words))
    result, _ = glossary.apply(before, pairs)
    assert sum(word.stands_for for word in result.words) == len(before.words)
    times = [word.start_s for word in result.words if word.start_s is not None]
    assert times == sorted(times)


def enhanced(text: str, source_text: str, heard_text: str | None) -> EnhancedPart:
    word = EnhancedWord(Word(source_text, heard=heard_text), text)
    return EnhancedPart(index=0, status="enhanced", words=(word,))


@pytest.mark.parametrize(
    ("chosen", "correct", "expected"),
    [
        ("postgres,", "Postgres", "Postgres,"),
        ('"Macos".', "macOS", '"macOS".'),
        ("Frontend", "frontend", "Frontend"),
        ("frontend", "frontend", "frontend"),
    ],
)
def test_the_spelling_that_was_given_is_kept(chosen: str, correct: str, expected: str) -> None:
    """Its capitals stay; a spelling in lower case may begin a sentence."""
    (part,) = glossary.respell([enhanced(chosen, correct, "x y")])
    assert part.words[0].text == expected
    untouched = enhanced("postgres", "Postgres", None)
    assert glossary.respell([untouched]) == [untouched]


TEXT = "so we run post gress at home and i like it because post gress is never down for long"


def finished(profile: Profile, plan: pipeline.Plan | None = None) -> pipeline.Result:
    plan = plan or pipeline.prepare(source(TEXT), name="t.json", profile=profile, info=INFO)
    parts = [pipeline.keep(part, "fallback") for part in plan.parts]
    return pipeline.finish(
        plan, parts, load_s=0.0, total_s=0.0, created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )


def test_from_the_profile_to_the_metadata() -> None:
    """A pair is in the text, in `replaced` and in the recipe, and the words add up."""
    profile = Profile(glossary={"post gress": "Postgres"})
    result = finished(profile)
    coverage = result.metadata["coverage"]
    assert [(r["from"], r["to"]) for r in coverage["replaced"]] == [("post gress", "Postgres")] * 2
    assert coverage["words_in"] == coverage["words_out"] == len(TEXT.split())
    assert "we run Postgres at home" in result.files[0].content
    assert " glossary=" in result.metadata["recipe"]
    assert "glossary" not in finished(Profile()).metadata["recipe"]
    shown = changes.diff(word for words in result.document.paragraphs for word in words)
    assert ("changed", "post gress", "Postgres") in shown


def test_a_text_is_rendered_again_only_with_its_own_glossary() -> None:
    """With another one it is refused: the parts would not fit. Pairs added behind are left out."""
    profile = Profile(glossary={"post gress": "Postgres"})
    made = pipeline.prepare(source(TEXT), name="t.json", profile=profile, info=INFO)
    payloads = {part.index: checkpoint.dump(pipeline.keep(part, "enhanced")) for part in made.parts}
    plan = rerender.plan(source(TEXT), name="t.json", recipe=made.recipe, model={}, profile=profile)
    assert len(rerender.parts(plan, payloads)) == len(made.parts)
    with pytest.raises(AlignmentError, match="glossary has changed"):
        rerender.plan(source(TEXT), name="t.json", recipe=made.recipe, model={}, profile=Profile())
    more = Profile(glossary={"post gress": "Postgres", "last": "lost"})
    plan = rerender.plan(source(TEXT), name="t.json", recipe=made.recipe, model={}, profile=more)
    assert len(rerender.parts(plan, payloads)) == len(made.parts)
    before = Profile(glossary={"first": "fist", "post gress": "Postgres"})
    with pytest.raises(AlignmentError, match="glossary has changed"):
        rerender.plan(source(TEXT), name="t.json", recipe=made.recipe, model={}, profile=before)
    plain = pipeline.prepare(source(TEXT), name="t.json", profile=Profile(), info=INFO)
    plan = rerender.plan(
        source(TEXT), name="t.json", recipe=plain.recipe, model={}, profile=profile
    )
    assert plan.replaced == ()
