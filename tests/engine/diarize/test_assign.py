"""Turns give words their speakers; nothing else of the words changes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine import pipeline, reading
from engine.diarize import assign
from engine.diarize.introductions import proposals
from engine.diarize.records import Turn
from engine.models import catalog
from engine.records import EnhancedWord, Profile, Transcript, Word


def read(*words: tuple[str, float, float]) -> Transcript:
    """Return a transcript of these words with their times."""
    segment = {
        "start": words[0][1],
        "end": words[-1][2],
        "text": " " + " ".join(word for word, _, _ in words),
        "words": [{"word": f" {w}", "start": a, "end": b, "probability": 1} for w, a, b in words],
    }
    data = json.dumps({"text": segment["text"], "segments": [segment], "language": "en"})
    return reading.read(data.encode(), name="talk.json")


def speakers(transcript: Transcript) -> list[str | None]:
    """Return the speaker of each word."""
    return [word.speaker for word in transcript.words]


def test_a_word_belongs_to_the_turn_that_it_shares_most_time_with() -> None:
    """At a border, with both."""
    found = assign.labelled(
        read(("so", 0.0, 1.0), ("then", 1.0, 2.0), ("he", 2.0, 3.0)),
        [Turn(0.0, 1.4, "A"), Turn(1.4, 3.0, "B")],
    )
    assert speakers(found) == ["A", "B", "B"]


def test_a_word_beside_all_turns_goes_to_the_nearest() -> None:
    """A word far from all of them belongs to nobody."""
    found = assign.labelled(
        read(("so", 0.0, 1.0), ("then", 2.0, 2.5), ("gone", 20.0, 20.5)), [Turn(0.0, 1.2, "A")]
    )
    assert speakers(found) == ["A", "A", None]


def test_a_label_that_jumps_inside_a_sentence_is_corrected() -> None:
    """By the rule of three words, which the readers have."""
    words = [
        (w, float(n), n + 0.9)
        for n, w in enumerate(["We", "went", "down", "to", "the", "river", "today."])
    ]
    found = assign.labelled(
        read(*words), [Turn(0.0, 3.0, "A"), Turn(3.0, 4.0, "B"), Turn(4.0, 7.0, "A")]
    )
    assert speakers(found) == ["A"] * 7
    assert found.relabelled == 1


def plan_of(count: int) -> pipeline.Plan:
    """Return the plan of a talk of so many words, a second each."""
    words = [{"word": f" word{n}", "start": float(n), "end": n + 0.9} for n in range(count)]
    text = "".join(str(word["word"]) for word in words)
    segment = {"start": 0.0, "end": float(count), "text": text, "words": words}
    data = json.dumps({"text": text, "segments": [segment], "language": "en"}).encode()
    info = catalog.describe(catalog.EMBEDDED)
    return pipeline.prepare(data, name="talk.json", profile=Profile(), info=info)


def test_a_plan_with_speakers_is_cut_as_before() -> None:
    """What was decided for its parts still fits: the model need not run again."""
    plan = plan_of(400)
    spoken = assign.in_plan(plan, [Turn(10.0 * n, 10.0 * n + 10, "AB"[n % 2]) for n in range(40)])
    assert len(plan.parts) > 2
    assert [len(part.words) for part in spoken.parts] == [len(part.words) for part in plan.parts]
    assert spoken.recipe == plan.recipe
    bare = [replace(word, speaker=None) for part in spoken.parts for word in part.words]
    assert bare == [word for part in plan.parts for word in part.words]
    assert spoken.transcript.has_speakers


def test_decided_parts_keep_every_reading() -> None:
    """Their words get speakers, and nothing else."""
    plan = plan_of(120)
    parts = [pipeline.keep(part, "fallback") for part in plan.parts]
    spoken = assign.in_plan(plan, [Turn(0.0, 60.0, "A"), Turn(60.0, 120.0, "B")])
    found = assign.in_parts(spoken, parts)
    assert [word.text for part in found for word in part.words] == [
        word.text for part in parts for word in part.words
    ]
    assert {word.word.speaker for part in found for word in part.words} == {"A", "B"}


def test_words_without_times_keep_what_they_have() -> None:
    """There is nothing that a turn could share with them."""
    data = b'{"text": "no times here at all", "segments": []}'
    info = catalog.describe(catalog.EMBEDDED)
    plan = pipeline.prepare(data, name="a.json", profile=Profile(), info=info)
    assert assign.in_plan(plan, [Turn(0.0, 9.0, "A")]) == plan


def said(label: str | None, text: str, start_s: float = 0.0) -> list[EnhancedWord]:
    """Return the words of a turn."""
    return [
        EnhancedWord(Word(word, start_s + n, start_s + n + 1, label), word)
        for n, word in enumerate(text.split())
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hello, my name is Ada Lovelace, and I write programs.", "Ada Lovelace"),
        ("Good morning. I'm Grace. Thank you for having me.", "Grace"),
        ("This is Jean-Luc from the office.", "Jean-Luc"),
        ("Guten Tag, ich heiße Jürgen und komme aus Kiel.", "Jürgen"),
        ("Bonjour, je m'appelle Zoé.", "Zoé"),
        ("Hola, me llamo Inés.", "Inés"),
        ("I'm tired of it.", None),
        ("This is the first of them.", None),
        ("I'm not Ada.", None),
        ("My name is on the list.", None),
        ("I am American, and so is she.", None),
    ],
)
def test_a_name_is_proposed_where_somebody_says_their_own(text: str, name: str | None) -> None:
    """With the words as evidence, and where they begin."""
    found = proposals(said("SPEAKER_00", text))
    assert [one.name for one in found] == ([name] if name else [])
    if found:
        assert found[0].name.split()[0] in found[0].quote
        assert found[0].at_s is not None


def test_weak_words_count_at_the_beginning_alone() -> None:
    """Later, "this is Bo" presents somebody else."""
    words = (
        said("A", "Hello and welcome.") + said("B", "Thanks.", 10) + said("A", "This is Bo.", 20)
    )
    assert proposals(words) == []


def test_a_name_that_two_speakers_give_themselves_is_no_proposal() -> None:
    """One of the two labels is wrong, or both."""
    assert proposals(said("A", "My name is Ada.") + said("B", "My name is Ada.", 9)) == []


def test_words_of_nobody_are_no_evidence() -> None:
    """There is no label that could get the name."""
    assert proposals(said(None, "My name is Ada.")) == []
