"""What a model wrote is counted, and a gain comes with how sure it is."""

from __future__ import annotations

import pytest

from engine.records import EnhancedWord, Segment, Transcript, Word
from engine.tuning.figures import Tally, gain, mark_of
from engine.tuning.judge import Result, judge
from engine.tuning.trials import Right, Trial, of_recording
from tests.tuning.test_prepare import taken


def tally(*texts: str, right: str = "We went, home. Yes, we did.") -> Tally:
    """Return the counts of what was written, each text beside what is right."""
    out = Tally()
    for text in texts:
        wanted = tuple(
            Right(mark_of(word), 1 if word[0].isupper() else 0, None, None)
            for word in right.split()
        )
        words = [Word(word.strip(",.—").lower()) for word in right.split()]
        trial = Trial("t", "en", Transcript("test", (Segment(tuple(words)),)), wanted)
        written = [EnhancedWord(word, one) for word, one in zip(words, text.split(), strict=True)]
        out.add(trial, written)
    return out


def test_marks_and_case_are_counted_apart() -> None:
    """Precision and recall both count, and every kind of mark has a figure of its own."""
    found = tally("We went home. Yes, we did.").to_json()
    assert found["marks"] == pytest.approx(85.71)
    assert found["case"] == 100.0
    assert found["by_mark"] == {"comma": 66.67, "period": 100.0}
    assert found["words_kept"] == 100.0


def test_right_marks_that_stayed_have_no_figure_where_the_source_had_none() -> None:
    """No marks is not the same as none that stayed."""
    assert tally("We went, home. Yes, we did.").to_json()["right_marks_kept"] is None


def test_a_dash_is_a_mark_of_its_own_and_a_hyphen_is_none() -> None:
    """Quotes that close stand behind the mark."""
    assert [mark_of(text) for text in ("well—", "well—”", "well,", "well", "Ein-", "—")] == [
        "dash", "dash", "comma", "none", "none", "dash",
    ]  # fmt: skip


def test_a_gain_in_every_block_is_sure_and_none_at_all_is_not() -> None:
    """The ends say how sure it is."""
    worse = tally(*["we went home yes we did"] * 20)
    better = tally(*["We went, home. Yes, we did."] * 20)
    assert gain(worse, better, "marks", "case").low > 50
    assert gain(better, better, "marks").high == 0.0


def test_a_word_that_was_changed_is_counted() -> None:
    """Retention is measured, not believed."""
    assert tally("We went, home. Yes, we dog.").to_json()["words_kept"] < 100


def result(home: Tally, elsewhere: Tally) -> Result:
    return Result(home, elsewhere, {"en": elsewhere}, None)


def test_a_gain_at_home_that_is_a_loss_elsewhere_is_not_better() -> None:
    """The sentence says which it is."""
    bad, good = (
        tally(*[text] * 20) for text in ("we went home yes we did", "We went, home. Yes, we did.")
    )
    assert judge(result(bad, good), result(good, good)).better
    lost = judge(result(bad, good), result(good, bad))
    assert not lost.better
    assert "text from elsewhere loses 100.00 points, more than 0.5." in lost.sentence
    assert "may be chance" in judge(result(good, good), result(good, good)).sentence


def test_a_recording_is_shown_in_the_same_way_every_time() -> None:
    """As Whisper might write it, and bare; what is right is the same for both."""
    recording = taken(3).recording
    assert recording is not None
    one, other = of_recording(recording, bare=False), of_recording(recording, bare=False)
    assert one == other
    bare = of_recording(recording, bare=True)
    assert bare.right == one.right
    assert all(word.text == word.text.lower() for word in bare.transcript.words)
    assert bare.right[-1].mark is None
