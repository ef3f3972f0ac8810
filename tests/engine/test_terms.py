"""Terms are offered where a word sounds like one, chosen by the model, and reported."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine import pipeline, rerender
from engine.child import protocol
from engine.child.client import _enhanced
from engine.errors import AlignmentError
from engine.guided.decode import decode
from engine.guided.guide import Guide
from engine.guided.model import Model
from engine.records import EnhancedWord, Part, Profile, Word
from engine.text import checkpoint, terms
from engine.text.lattice import TERM_BIAS
from tests.engine.test_glossary import heard
from tests.engine.test_pipeline import INFO, source


@pytest.mark.parametrize(
    ("word", "term", "alike"),
    [
        ("cubernetties", "Kubernetes", True),
        ("Sara", "Sarah", True),
        ("marc", "Mark", True),
        ("katherine", "Catherine", True),
        ("clawed", "Claude", False),
        ("cooper", "Kubernetes", False),
        ("post", "Postgres", False),
        ("no", "know", False),
        ("garden", "Kubernetes", False),
        ("Zoe", "Zoë", True),
        ("кубернетес", "Kubernetes", False),
        ("日本", "Nippon", False),
    ],
)
def test_a_term_is_offered_where_a_word_sounds_like_it(word: str, term: str, alike: bool) -> None:
    """Sound and spelling must be alike; short words and other scripts are offered nothing."""
    assert terms.sounds_like(word, term) is alike
    offered = [found.offered for found in terms.offer(heard(word), [term]).words]
    assert set(offered) == {(term,) if alike else ()}


def test_the_marks_around_a_word_are_kept_around_the_term() -> None:
    """Opening quotes and a possessive stay; the model chooses the marks after it."""
    (word,) = terms.offer(heard("“sara's,"), ["Sarah"]).words
    assert word.offered == ("“Sarah's",)


def test_a_word_of_the_glossary_is_offered_nothing() -> None:
    """A pair is the user's own decision."""
    profile = Profile(glossary={"sarra": "Sara"}, terms=("Sarah",))
    plan = pipeline.prepare(source("so sarra and sara"), name="x", profile=profile, info=INFO)
    assert [word.offered for word in plan.transcript.words] == [(), (), (), ("Sarah",)]


WORD = Word("cubernetties,", 1.0, 2.0, offered=("Kubernetes",))
PART = Part(index=0, words=(Word("we"), WORD), after=(Word("daily"),))


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("cubernetties", True),
        ("Cubernetties.", True),
        ("Kubernetes", True),
        ("Kubernetes,", True),
        ("kubernetes", False),
        ("Kubernete", False),
        ("Kubernetess", False),
        ("Docker", False),
    ],
)
def test_the_child_is_believed_only_what_was_offered(text: str, right: bool) -> None:
    """The term must match exactly."""
    answer = {"words": [["we", False], [text, False]], "tokens": 1, "passes": 1, "decode_s": 0.1}
    if right:
        assert _enhanced(PART, answer).words[1].text == text
    else:
        with pytest.raises(AlignmentError):
            _enhanced(PART, answer)


@pytest.mark.parametrize(
    "written",
    [
        [],
        [["we", False]],
        [["we", False], ["Kubernetes", False], ["now", False]],
        [["we", False], ["Kubernetes"]],
        [["we", False], "Kubernetes"],
        [["we", False], [None, False]],
        [["we", False], ["Kubernetes now", False]],
    ],
)
def test_what_does_not_fit_its_part_word_for_word_is_refused(written: list[object]) -> None:
    """One check serves the child's answers and the checkpoints."""
    with pytest.raises(AlignmentError):
        terms.fit(PART, written)


def test_what_fits_its_part_keeps_its_words() -> None:
    """The written text and the paragraphs are laid onto the words of the part."""
    fitted = terms.fit(PART, [["We", False], ["Kubernetes.", True]])
    assert [(word.word, word.text, word.paragraph) for word in fitted] == [
        (PART.words[0], "We", False),
        (PART.words[1], "Kubernetes.", True),
    ]


def test_terms_reach_the_child_and_no_further() -> None:
    """They are in the words of the part; the tail and the lookahead are only read."""
    there = protocol.part_from_wire(protocol.part_to_wire(PART))
    assert [word.offered for word in there.words] == [(), ("Kubernetes",)]
    tail = protocol.tail_from_wire(protocol.tail_to_wire([EnhancedWord(WORD, "Kubernetes")]))
    assert (tail[0].text, tail[0].word.text) == ("Kubernetes", "cubernetties,")


def test_the_guide_admits_what_was_heard_and_what_was_offered(random_model: Model) -> None:
    """Whatever the model, the answer is one of them."""
    guide = Guide(PART, (), random_model.info, random_model.vocabulary)
    texts = {option.text for option in guide.nodes[3]}
    assert texts == {b"cubernetties", b"Cubernetties", b"Kubernetes"}
    (option,) = [option for option in guide.nodes[3] if option.text == b"Kubernetes"]
    assert option.bias_at == ((0, TERM_BIAS),)
    written = decode(random_model, PART, ())
    assert terms.is_reading(WORD, written.words[1].text)


def test_a_chosen_term_is_reported_in_its_place() -> None:
    """It is among the replacements of the glossary, in the order of times, and the counts hold."""
    text = "so we run post gress and cubernetties at home because it is never down for long"
    profile = Profile(glossary={"post gress": "Postgres"}, terms=("Kubernetes",))
    plan = pipeline.prepare(source(text), name="x", profile=profile, info=INFO)
    parts = []
    for part in plan.parts:
        words = [
            EnhancedWord(word, f"{word.offered[0]}," if word.offered else word.text)
            for word in part.words
        ]
        kept = pipeline.keep(part, "enhanced")
        parts.append(
            checkpoint.load(
                part,
                checkpoint.dump(
                    type(kept)(index=part.index, status="enhanced", words=tuple(words))
                ),
            )
        )
    result = pipeline.finish(
        plan, parts, load_s=0.0, total_s=0.0, created_at=datetime(2026, 1, 1, tzinfo=UTC)
    )
    coverage = result.metadata["coverage"]
    assert [(r["from"], r["to"]) for r in coverage["replaced"]] == [
        ("post gress", "Postgres"),
        ("cubernetties", "Kubernetes"),
    ]
    assert coverage["words_in"] == coverage["words_out"]
    assert "Postgres and Kubernetes," in result.files[0].content
    payloads = {part.index: checkpoint.dump(part) for part in parts}
    plan = rerender.plan(source(text), name="x", recipe=plan.recipe, model={}, profile=profile)
    assert len(rerender.parts(plan, payloads)) == len(parts)
