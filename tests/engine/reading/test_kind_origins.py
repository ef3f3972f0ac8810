"""Kind: times with another origin, or that start again, are joined or left out with a note."""

from __future__ import annotations

from typing import Any

import pytest

from engine.reading import read
from engine.records import Note
from tests.engine.reading.samples import load
from tests.engine.reading.test_kind_times import LINES, items, note, starts


def windows(length: float, lines: tuple[str, ...] = LINES) -> list[Any]:
    """Return three windows, each of which counts from zero."""
    return [
        {
            "timestamp": [n * length / len(lines), (n + 0.9) * length / len(lines)],
            "text": f" {said}",
        }
        for _ in range(3)
        for n, said in enumerate(lines)
    ]


@pytest.mark.parametrize("length", [16.0, 30.0, 80.0])
def test_a_clock_that_starts_again_is_joined(length: float) -> None:
    """Stretch after stretch, and no word is squeezed."""
    transcript = load({"text": " ".join(LINES * 3), "chunks": windows(length)})
    found = starts(transcript)
    assert found == sorted(found)
    assert transcript.duration_s == pytest.approx(3 * length * 0.975, rel=0.01)
    assert note(transcript, "clock_joined") == Note("clock_joined", 2, "one after another")


def test_windows_of_thirty_seconds_are_known_by_the_duration() -> None:
    """Where the file's duration fits them better."""
    segments = [
        {"start": i["timestamp"][0], "end": i["timestamp"][1], "text": i["text"]}
        for i in windows(24.0)
    ]
    transcript = load({"segments": segments, "language": "en", "duration": 84.0})
    assert starts(transcript)[::4] == [0.0, 30.0, 60.0]
    assert note(transcript, "clock_joined") == Note("clock_joined", 2, "windows of 30 s")


def test_subtitles_of_two_parts_in_one_file() -> None:
    """The rule is the same for clocks that need no unit."""
    cue = "{n}\n00:00:{a:02},000 --> 00:00:{b:02},500\n{said}\n\n"
    part = "".join(
        cue.format(n=n + 1, a=5 * n, b=5 * n + 4, said=said) for n, said in enumerate(LINES)
    )
    transcript = read((part + part).encode(), name="talk.srt")
    assert starts(transcript) == [0.0, 5.0, 10.0, 15.0, 19.5, 24.5, 29.5, 34.5]
    assert note(transcript, "clock_joined") is not None


def test_every_segment_with_a_clock_of_its_own() -> None:
    """Voice activity detection cuts the recording, and each piece counts from zero."""
    segments = [{"start": 0.0, "end": 3.0 + n / 2, "text": said} for n, said in enumerate(LINES)]
    transcript = load(segments)
    assert starts(transcript) == [0.0, 3.0, 6.5, 10.5]
    assert note(transcript, "clock_joined") == Note("clock_joined", 3, "one after another")


def test_words_that_count_from_their_segment() -> None:
    """They are moved to where their segment is."""
    segments = items()
    for segment in segments:
        said = segment["text"].split()
        segment["words"] = [
            {"word": w, "start": 0.3 * n, "end": 0.3 * n + 0.2} for n, w in enumerate(said)
        ]
    transcript = load(segments)
    assert starts(transcript) == [0.4, 4.2, 8.4, 12.5]
    assert note(transcript, "clock_joined") is not None


def test_one_long_word_in_its_short_segment_stays_where_it_is() -> None:
    """Of the few words that have times, it lies in its segment as it stands."""
    told = [(0.5, 1.5, ["well", "then"]), (1.5, 2.5, ["no"]), (2.7, 5.0, [])]
    segments = [
        {
            "start": start,
            "end": end,
            "text": " ".join(said) or "we begin again",
            "words": [
                {
                    "word": word,
                    "start": start + n * (end - start) / len(said),
                    "end": start + (n + 1) * (end - start) / len(said),
                }
                for n, word in enumerate(said)
            ],
        }
        for start, end, said in told
    ]
    transcript = load(segments)
    assert [word.start_s for word in transcript.words][:3] == [0.5, 1.0, 1.5]
    assert note(transcript, "clock_joined") is None


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_times_that_count_from_a_date_count_from_the_first_word(scale: float) -> None:
    """Seconds and milliseconds since 1970."""
    segments = items()
    for segment in segments:
        segment["start"] = round((1_700_000_000 + segment["start"]) * scale)
        segment["end"] = round((1_700_000_000 + segment["end"]) * scale)
    transcript = load(segments)
    assert transcript.timing == "segment"
    assert 14.0 <= (transcript.duration_s or 0.0) <= 16.0


def test_two_tracks_are_not_put_one_after_the_other() -> None:
    """Each stretch has a voice of its own: a call, or two recordings; nothing says which."""
    segments = [*items(speaker="Ada"), *items(speaker="Ben")]
    transcript = load({"segments": segments, "language": "en"})
    assert transcript.timing == "none"
    assert transcript.has_speakers
    assert note(transcript, "times_in_doubt") is not None


def test_times_that_go_back_again_and_again_are_left_out() -> None:
    """Windows of ten seconds that each count from 0 leave no order that is that of the file."""
    spans = [(0, 5.7), (5.7, 9.9), (2.2, 9.8), (0, 7.2), (7.2, 9.9), (2.7, 9.5), (2.1, 9.8)]
    said = [f"{line} Number {n}." for n, line in enumerate((*LINES, *LINES[:3]))]
    segments = [{"start": a, "end": b, "text": t} for (a, b), t in zip(spans, said, strict=True)]
    transcript = load(segments)
    assert transcript.timing == "none"
    assert note(transcript, "times_in_doubt") is not None


def test_words_that_count_from_the_first_segment() -> None:
    """They begin before it does, and are as long as it is."""
    said = LINES[0].split()
    words = [{"word": w, "start": 0.3 * n, "end": 0.3 * n + 0.3} for n, w in enumerate(said)]
    segment = {"start": 0.8, "end": 3.8, "text": LINES[0], "words": words}
    transcript = load({"language": "en", "segments": [segment]})
    assert transcript.words[0].start_s == 0.8
    assert note(transcript, "clock_joined") is not None


def test_one_time_out_of_order_is_no_origin() -> None:
    """The clock goes on as before, and the note says that one time was left out."""
    segments = items()
    segments[2]["start"] = 0.1
    transcript = load(segments)
    assert transcript.notes == (Note("times_in_doubt", 1, "out of order"),)
    assert transcript.duration_s == 15.7
