"""What a model's words claim, held against what was measured."""

from __future__ import annotations

import pytest

from engine.music.claims import check
from engine.music.measure import Measured, Measurement


def measured(*, bpm: float = 120.0, key: str = "C major", sure: float = 0.9) -> Measured:
    """Return measurements of a tempo and a key."""
    return Measured(
        (
            Measurement("tempo", bpm, "BPM", "m", sure, {"also": [bpm / 2, bpm * 2]}),
            Measurement("key", key, "", "m", sure, {"also": []}),
        ),
        "librosa",
        10.0,
    )


def test_a_tempo_that_the_measurement_contradicts_is_said_with_both() -> None:
    """The words as they are, and the measured value."""
    (claim,) = check("A slow ballad at 72 BPM.", measured(bpm=101.0))
    assert (claim.said, claim.measured, claim.agrees) == ("72 BPM", 101.0, False)
    assert claim.remark == "the words say 72 BPM, measured are 101 BPM"


@pytest.mark.parametrize(
    "text", ["about 118 bpm", "tempo is around 121", "115-125 BPM", "120 beats per minute"]
)
def test_a_tempo_within_four_percent_agrees(text: str) -> None:
    """As a listener would count it, however it is written."""
    (claim,) = check(f"It has {text}.", measured())
    assert claim.agrees, claim


def test_half_and_double_time_agree_and_are_said() -> None:
    """Both are right ways to count."""
    (claim,) = check("A brisk 240 BPM.", measured())
    assert claim.agrees
    assert claim.remark == "counted in half or double time"


def test_a_key_is_compared_with_its_enharmonic_name() -> None:
    """D flat is C sharp."""
    (claim,) = check("The piece is in D-flat major.", measured(key="C# major"))
    assert claim.agrees


def test_the_relative_key_is_a_contradiction_whose_notes_are_the_same() -> None:
    """The remark helps to see how near the words are."""
    (claim,) = check("Written in A minor.", measured())
    assert not claim.agrees
    assert "the two share all their notes" in claim.remark


@pytest.mark.parametrize(
    "text",
    [
        "This is a major part of the song.",
        "It ends on a G major chord.",
        "Take 5 minutes; 1200 people came.",
        "A tempo marking is missing.",
    ],
)
def test_words_that_claim_neither_are_left_alone(text: str) -> None:
    """Articles, chords in passing, numbers of other things."""
    assert check(text, measured()) == ()


def test_a_measurement_that_is_not_sure_contradicts_nobody() -> None:
    """There would be two guesses, and no knowledge."""
    assert check("72 BPM in A minor", measured(sure=0.2)) == ()
