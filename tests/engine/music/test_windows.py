"""Recordings that are longer than the model can hear."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.music.errors import TooLong
from engine.music.records import Span
from engine.music.windows import cut, join, plan
from tests.engine.music.sounds import RATE, tone, write


def test_what_fits_is_heard_whole_and_needs_no_remark() -> None:
    """Under every policy."""
    for policy in ("truncate", "refuse"):
        made = plan(1200.0, cap_s=1200, policy=policy, window_s=None, overlap_s=10)
        assert (made.spans, made.truncated, made.remark) == ((Span(0, 1200),), False, "")


def test_truncated_says_what_was_heard_of_how_much() -> None:
    """Twenty of twenty-five minutes."""
    made = plan(1500.0, cap_s=1200, policy="truncate", window_s=300, overlap_s=10)
    assert made.spans == (Span(0, 1200),)
    assert made.truncated
    assert made.remark.startswith("Heard 0 to 1200 s of 1500 s")


def test_refused_names_both_lengths() -> None:
    """So that the user knows how much to cut."""
    with pytest.raises(TooLong, match=r"1500 s.*1200 s"):
        plan(1500.0, cap_s=1200, policy="refuse", window_s=None, overlap_s=10)


@given(
    duration_s=st.floats(1, 20_000),
    cap_s=st.floats(30, 1200),
    window_s=st.floats(5, 3600),
    overlap_s=st.floats(0, 60),
)
def test_windows_cover_everything_and_none_is_longer_than_the_model_hears(
    duration_s: float, cap_s: float, window_s: float, overlap_s: float
) -> None:
    """For every length of recording, window and overlap."""
    made = plan(duration_s, cap_s=cap_s, policy="window", window_s=window_s, overlap_s=overlap_s)
    assert made.spans[0].from_s == 0
    assert made.spans[-1].to_s == made.of_s
    assert not made.truncated
    for span in made.spans:
        assert 0 < span.to_s - span.from_s <= min(cap_s, window_s) + 1e-6
    for before, after in zip(made.spans, made.spans[1:], strict=False):
        assert before.from_s < after.from_s <= before.to_s


def test_a_span_is_cut_to_the_sample(tmp_path: Path) -> None:
    """The samples are those of the recording."""
    whole = write(tmp_path / "a.wav", tone(440, 3.0))
    with wave.open(str(cut(whole, Span(1.0, 2.5), tmp_path / "b.wav"))) as file:
        assert file.getnframes() == 1.5 * RATE
        made = file.readframes(10)
    with wave.open(str(whole)) as file:
        file.setpos(RATE)
        assert file.readframes(10) == made


def test_a_reference_and_a_recording_have_two_seconds_of_silence_between_them(
    tmp_path: Path,
) -> None:
    """One sound, because a message has room for one."""
    first = write(tmp_path / "a.wav", tone(440, 1.0))
    second = write(tmp_path / "b.wav", tone(220, 2.0))
    join([(first, Span(0, 1)), (second, Span(0, 2))], tmp_path / "c.wav")
    with wave.open(str(tmp_path / "c.wav")) as file:
        assert file.getnframes() == 5 * RATE
        file.setpos(RATE)
        assert file.readframes(2 * RATE) == bytes(4 * RATE)
