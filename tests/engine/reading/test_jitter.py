"""Labels that jump inside a sentence: which are corrected, and which never are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.reading import read
from engine.records import Transcript


def whisperx(*segments: tuple[str, str]) -> Transcript:
    """Read segments of (speaker, words); a word of another speaker is written `word/B`."""
    at = 0.0
    items: list[dict[str, Any]] = []
    for speaker, text in segments:
        words = []
        for piece in text.split():
            word, _, other = piece.partition("/")
            words.append(
                {
                    "word": word,
                    "start": at,
                    "end": at + 0.3,
                    "score": 0.9,
                    "speaker": other or speaker,
                }
            )
            at += 0.4
        said = " ".join(w["word"] for w in words)
        items.append(
            {
                "start": words[0]["start"],
                "end": at,
                "text": said,
                "words": words,
                "speaker": speaker,
            }
        )
    data = json.dumps({"segments": items, "language": "en"}).encode()
    return read(data, name="talk.json")


def labels(transcript: Transcript) -> str:
    return "".join(word.speaker or "-" for word in transcript.words)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("And their chocolate/B chip cookies are good.", "AAAAAAA"),
        ("we had the active and sold for/B eBay/B and/B active and sold.", "A" * 12),
        ("Because/B we/B just got some cookies from them.", "A" * 8),
        ("It looks like it's down./B", "A" * 5),
        ("Where you/B got/B it/B from?", "A" * 5),
    ],
)
def test_a_few_words_inside_a_sentence_go_with_the_rest(text: str, expected: str) -> None:
    """WhisperX gives their whole segment to the other speaker too."""
    transcript = whisperx(("B", "So what was it like?"), ("A", text))
    assert labels(transcript)[5:] == expected
    assert transcript.relabelled == text.count("/")


def test_the_end_of_a_sentence_goes_with_the_speaker_who_continues() -> None:
    """Segments of other tools have one label each, so both sides must agree."""
    segments = ("A", "it requires a careful"), ("B", "approach."), ("A", "Today we will see.")
    assert labels(whisperx(*segments)) == "AAAAAAAAA"
    cut = whisperx(segments[0], segments[1], ("C", "Today we will see."))
    assert labels(cut) == "AAAABCCCC"


@pytest.mark.parametrize(
    "text",
    [
        "so we took the car yeah/B that was in spring.",  # an answer
        "Not/B the/B sugar,/B just the coffee with the milk.",  # too many at the edge
        "Where you/B got./B",  # too little beside it
        "I was there. Which/B one?/B And then I left.",  # a sentence of its own
        "crazy that's/B crazy/B yeah and so we will be in dallas",  # no sentence is marked at all
    ],
)
def test_what_may_have_been_said_keeps_its_label(text: str) -> None:
    """An extra paragraph is better than words given to the wrong speaker."""
    transcript = whisperx(("A", text))
    expected = "".join("B" if "/" in word else "A" for word in text.split())
    assert (labels(transcript), transcript.relabelled) == (expected, 0)


def test_a_silence_separates_words_from_their_sentence() -> None:
    """After a second of silence another speaker may have answered."""
    words = [("we", 0.0, "A"), ("went", 0.4, "A"), ("down", 0.8, "A"), ("there", 1.2, "A")]
    words += [("once", 5.0, "B"), ("again.", 5.4, "A")]
    timed = [{"word": w, "start": s, "end": s + 0.3, "speaker": who} for w, s, who in words]
    segment = {"start": 0.0, "end": 6.0, "text": " ".join(w for w, *_ in words), "words": timed}
    data = json.dumps({"segments": [{**segment, "speaker": "A"}], "language": "en"}).encode()
    assert labels(read(data, name="talk.json")) == "AAAABA"


def test_a_segment_that_begins_with_a_capital_continues_no_sentence() -> None:
    """Dialogue without marks has three speakers in three segments."""
    transcript = whisperx(
        ("A", "Come on let's go now"), ("B", "Let's go"), ("A", "Papa what is it.")
    )
    assert labels(transcript) == "AAAAABBAAAA"
