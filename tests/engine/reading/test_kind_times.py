"""Kind: times in another unit or with another origin are put right, or left out with a note."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.reading import read
from engine.records import Note, Transcript
from tests.engine.reading.samples import load
from tests.field import FIELD, needs_field

LINES = (
    "The baker opens his shop at five in the morning.",
    "He likes to be alone with the dough for an hour.",
    "Then the first people come and ask for warm rolls.",
    "By noon most of the shelves are empty again.",
)
SECONDS = ((0.4, 3.9), (4.2, 8.1), (8.4, 12.0), (12.5, 15.7))


def items(scale: float = 1.0, *, lines: tuple[str, ...] = LINES, **more: Any) -> list[Any]:
    """Return plain segments whose times are multiplied."""
    spans = zip(SECONDS, lines, strict=False)
    return [{"start": a * scale, "end": b * scale, "text": said, **more} for (a, b), said in spans]


def whole(scale: float) -> list[Any]:
    """Return the same with whole numbers."""
    return [{**i, "start": round(i["start"]), "end": round(i["end"])} for i in items(scale)]


def starts(transcript: Transcript) -> list[float]:
    """Return when each segment starts, in tenths of a second."""
    return [round(s.start_s or 0.0, 1) for s in transcript.segments]


def note(transcript: Transcript, name: str) -> Note | None:
    """Return the note of this name."""
    return next((found for found in transcript.notes if found.name == name), None)


@pytest.mark.parametrize(
    ("scale", "unit"),
    [
        (100, "hundredths of a second"),
        (1_000, "milliseconds"),
        (16_000, "samples at 16 kHz"),
        (1_000_000, "microseconds"),
        (10_000_000, "units of 100 nanoseconds"),
        (1_000_000_000, "nanoseconds"),
    ],
)
@pytest.mark.parametrize("wrapped", [False, True])
def test_whole_numbers_in_a_small_unit_become_seconds(
    scale: float, unit: str, wrapped: bool
) -> None:
    """The speaking rate fits one unit alone, and the note says which."""
    segments = whole(scale)
    transcript = load({"text": " ".join(LINES), "segments": segments} if wrapped else segments)
    assert starts(transcript) == [0.4, 4.2, 8.4, 12.5]
    assert transcript.duration_s == pytest.approx(15.7)
    assert note(transcript, "unit_inferred") == Note("unit_inferred", 4, unit)


def test_minutes_become_seconds() -> None:
    """Nobody says ten words in a twentieth of a second."""
    transcript = load(items(1 / 60))
    assert starts(transcript) == [0.4, 4.2, 8.4, 12.5]
    assert note(transcript, "unit_inferred") == Note("unit_inferred", 4, "minutes")


def test_a_word_list_in_milliseconds() -> None:
    """Words beside one text time it, in whatever unit."""
    said = " ".join(LINES).split()
    words = [{"word": w, "start": 400 * n, "end": 400 * n + 300} for n, w in enumerate(said)]
    transcript = load({"text": " ".join(LINES), "words": words})
    assert [w.start_s for w in transcript.words[:3]] == [0.0, 0.4, 0.8]
    assert transcript.timing == "word"


def test_words_in_another_unit_than_their_segments() -> None:
    """Segments in seconds, words in milliseconds."""
    segments = items()
    for segment in segments:
        said = segment["text"].split()
        start, step = segment["start"], (segment["end"] - segment["start"]) / len(said)
        segment["words"] = [
            {
                "word": w,
                "start": round(1000 * (start + n * step)),
                "end": round(1000 * (start + n * step + step)),
            }
            for n, w in enumerate(said)
        ]
    transcript = load(segments)
    assert starts(transcript) == [0.4, 4.2, 8.4, 12.5]
    assert note(transcript, "unit_inferred") == Note("unit_inferred", 40, "words: milliseconds")


@pytest.mark.parametrize(
    ("own", "words", "detail"),
    [
        ((0.5, 3.5), [(500, 1500), (1500, 3500)], "words: milliseconds"),
        ((500, 3500), [(0.5, 1.5), (1.5, 3.5)], "the segment: that of its words"),
    ],
)
def test_one_segment_and_its_words_have_one_unit(
    own: tuple[float, float], words: list[tuple[float, float]], detail: str
) -> None:
    """The unit in which people speak is that of both."""
    said = ["Hello", "there."]
    segment = {
        "start": own[0],
        "end": own[1],
        "text": " ".join(said),
        "words": [{"word": w, "start": a, "end": b} for w, (a, b) in zip(said, words, strict=True)],
    }
    transcript = load([segment])
    assert [(w.start_s, w.end_s) for w in transcript.words] == [(0.5, 1.5), (1.5, 3.5)]
    assert [n.detail for n in transcript.notes if n.name == "unit_inferred"] == [detail]


@pytest.mark.parametrize("start", [3.0, 60.0, 159.9, 1000.0, 7200.0])
@pytest.mark.parametrize("length", [1.7, 6.3])
def test_words_that_count_from_their_only_segment_have_its_unit(
    start: float, length: float
) -> None:
    """Their last end is a sixtieth or a hundredth of the segment's only by chance."""
    said = ["It", "is", "raining", "again."]
    step = length / len(said)
    words = [
        {"word": word, "start": round(n * step, 3), "end": round((n + 1) * step, 3)}
        for n, word in enumerate(said)
    ]
    text = " ".join(said)
    transcript = load([{"start": start, "end": start + length, "text": text, "words": words}])
    assert [w.start_s for w in transcript.words] == pytest.approx(
        [start + n * step for n in range(len(said))], abs=0.01
    )
    assert note(transcript, "unit_inferred") is None


@pytest.mark.parametrize(
    "times",
    [
        [(0, 6), (6, 12), (12, 18), (18, 24)],
        [(0, 30), (30, 60), (60, 90), (90, 120)],
        [(0, 60), (60, 120), (120, 180), (180, 240)],
        [(0, 1), (3, 5), (600, 604), (7200, 7203)],
    ],
)
def test_whole_seconds_stay_seconds(times: list[tuple[int, int]]) -> None:
    """A usual rate, slow speech, windows of a fixed length, and hours of silence between."""
    segments = [
        {"start": a, "end": b, "text": said} for (a, b), said in zip(times, LINES, strict=True)
    ]
    transcript = load(segments)
    assert starts(transcript) == [float(a) for a, _ in times]
    assert transcript.notes == ()


def test_music_with_few_words_stays_in_seconds() -> None:
    """Windows of thirty seconds that hold one word each, the same again and again or not."""
    said = ["you", "Thank you.", "you", "Bye.", "you", "Music", "you", "Thanks for watching!"]
    segments = [{"start": 30 * n, "end": 30 * n + 30, "text": t} for n, t in enumerate(said)]
    transcript = load(segments)
    assert starts(transcript) == [30.0 * n for n in range(8)]
    assert transcript.notes == ()


@pytest.mark.parametrize(
    "segments",
    [
        [{"start": 0, "end": 5500, "text": "Thank you."}],
        [{"start": 0, "end": 3600, "text": "Ten words in an hour or in three seconds, who knows."}],
    ],
)
def test_what_cannot_be_decided_has_no_times_and_says_so(segments: list[Any]) -> None:
    """One segment shows no unit, and seconds would be too slow."""
    transcript = load(segments)
    assert (transcript.timing, transcript.duration_s) == ("none", None)
    assert note(transcript, "times_in_doubt") is not None


def test_a_duration_of_weeks_is_none_of_a_short_talk() -> None:
    """And no unit makes it one."""
    transcript = load({"language": "en", "duration": 3_017_447.08, "segments": items()})
    assert transcript.duration_s == 15.7
    assert note(transcript, "duration_in_doubt") is not None


def test_one_segment_of_words_in_hundredths() -> None:
    """A word that lasts for fifteen seconds is none of music."""
    said = " ".join(LINES).split()[:20]
    words = [{"word": w, "start": 300 + 22 * n, "end": 318 + 22 * n} for n, w in enumerate(said)]
    segment = {"start": 300, "end": 740, "text": " ".join(said), "words": words}
    transcript = load({"language": "en", "segments": [segment]})
    assert transcript.words[0].start_s == 3.0 or note(transcript, "times_in_doubt") is not None


@pytest.mark.parametrize("length", [8, 12, 20, 25, 30, 50])
@pytest.mark.parametrize("start", [0, 320])
def test_one_word_alone_in_whole_numbers_has_no_times(length: int, start: int) -> None:
    """It lasts twelve seconds or hundredths; a duration in the same unit shows nothing."""
    segment = {"start": start, "end": start + length, "text": "Okay."}
    for more in ({}, {"duration": start + length + 1}):
        transcript = load({"language": "en", "segments": [segment], **more})
        assert transcript.timing == "none"
        assert note(transcript, "times_in_doubt") is not None


@pytest.mark.parametrize("words", ["Okay.", "Okay. Thanks."])
def test_windows_of_music_stay_in_seconds(words: str) -> None:
    """Whisper's windows have half a minute, and a word now and then; one alone proves nothing."""
    texts = [words, "Right."]
    segments = [{"start": 30 * n, "end": 30 * n + 30, "text": text} for n, text in enumerate(texts)]
    assert load({"segments": segments}).segments[1].end_s == 60.0
    one = load({"segments": [{**segments[0], "start": 0.0, "end": 29.98}]})
    assert one.words[-1].end_s == 29.98


@pytest.mark.parametrize("per_s", [8, 11, 14, 17])
@pytest.mark.parametrize("scale", [100, 1_000, 1_000_000, 10_000_000])
@pytest.mark.parametrize("timed", [False, True])
def test_words_of_letters_without_spaces_are_as_fast_as_others(
    per_s: int, scale: int, timed: bool
) -> None:
    """Thai is written with letters, not with syllables: four make a word."""
    said = " เรือข้ามฟากออกจากท่าเรือแต่เช้า แถวรถยาวมาก และเด็กๆ ก็เหนื่อยแล้ว"
    length = len(said) / per_s
    step = length / len(said.split())
    words = [
        {"word": word, "start": round((n * step) * scale), "end": round((n + 1) * step * scale)}
        for n, word in enumerate(said.split())
    ]
    more = {"words": words} if timed else {}
    segment = {"start": 0, "end": round(length * scale), "text": said, **more}
    transcript = load({"language": "th", "segments": [segment], "duration": length})
    if transcript.timing != "none":
        assert abs((transcript.segments[-1].end_s or 0.0) - length) < 0.1
    else:
        assert note(transcript, "times_in_doubt") is not None


def test_a_unit_that_the_duration_contradicts_is_not_taken() -> None:
    """Speech that is hurried in one unit is slow in another; the duration knows which it is."""
    said = " ".join(LINES)
    segment = {"start": 0, "end": 35_000_000, "text": said}  # ten words a second
    document = {"language": "en", "segments": [segment], "duration": 3.6}
    transcript = load(document)
    assert transcript.timing == "none"
    assert note(transcript, "times_in_doubt") is not None


@pytest.mark.parametrize(
    ("duration", "told"), [(16.0, False), (60.0, True), (28.94, True), (5_000.0, True)]
)
def test_a_duration_beside_a_clock_that_counts_from_a_date(duration: float, told: bool) -> None:
    """How long the recording ran before its first word is lost, so a longer one is told."""
    segments = items()
    for segment in segments:
        segment["start"] += 1_700_000_000
        segment["end"] += 1_700_000_000
    transcript = load({"segments": segments, "language": "en", "duration": duration})
    assert starts(transcript)[0] == 0.0
    assert transcript.duration_s == duration
    assert (note(transcript, "duration_in_doubt") is not None) is told


def test_slow_speech_in_hundredths_is_not_fast_speech_in_milliseconds() -> None:
    """Silence makes the mean slow; the fastest quarter of the words shows the unit."""
    spans = [(0, 2), (2.5, 4), (60, 63), (63, 66), (66, 190)]
    said = [f"{line} Number {n}." for n, line in enumerate((*LINES, "Go on."))]
    segments = [
        {"start": round(100 * a), "end": round(100 * b), "text": t}
        for (a, b), t in zip(spans, said, strict=True)
    ]
    transcript = load(segments)
    assert note(transcript, "times_in_doubt") is not None or starts(transcript)[1] == 2.5


def test_a_few_segments_of_one_length_in_hundredths_are_no_windows() -> None:
    """Nobody says so little in every one of the windows of ten minutes."""
    segments = [
        {"start": 300 + 600 * n, "end": 900 + 600 * n, "text": f"{said} {said} Yes, {n}."}
        for n, said in enumerate(LINES)
    ]
    transcript = load(segments)
    assert note(transcript, "times_in_doubt") is not None or starts(transcript)[0] == 3.0


@pytest.mark.parametrize(
    ("duration", "expected", "told"),
    [
        (17.5, 17.5, None),
        (300.0, 300.0, None),  # a silence at the end
        (17_500, 17.5, "read as milliseconds"),
        (16_000_000, 16.0, "read as microseconds"),
        (1_600, 16.0, "read as hundredths of a second"),
        (3.0, 15.7, "left out"),
    ],
)
def test_a_duration_is_compared_with_the_last_word(
    duration: float, expected: float, told: str | None
) -> None:
    """It is read in the unit that fits, or left out."""
    transcript = load({"segments": items(), "language": "en", "duration": duration})
    assert transcript.duration_s == pytest.approx(expected)
    found = note(transcript, "duration_in_doubt")
    assert (found.detail if found else None) == told


@settings(max_examples=60, deadline=None)
@given(
    rates=st.lists(st.floats(1.2, 4.5), min_size=3, max_size=8),
    gaps=st.lists(st.floats(0.1, 4.0), min_size=8, max_size=8),
    scale=st.sampled_from([100, 1_000, 1_000_000, 10_000_000, 1_000_000_000]),
    renamed=st.booleans(),
)
def test_no_scale_gives_other_times(
    rates: list[float], gaps: list[float], scale: int, renamed: bool
) -> None:
    """Speech at any usual rate, in any unit: the times that it had, or none."""
    at, segments, true = 0.0, [], []
    for n, rate in enumerate(rates):
        said = f"{n} {LINES[n % len(LINES)]}"
        end = at + len(said.split()) / rate
        keys = ("t0", "t1") if renamed else ("start", "end")
        segments.append({keys[0]: round(at * scale), keys[1]: round(end * scale), "text": said})
        true.append(at)
        at = end + gaps[n]
    transcript = read(json.dumps({"language": "en", "segments": segments}).encode(), name="a.json")
    if transcript.timing == "none":
        assert note(transcript, "times_in_doubt") is not None
    else:
        assert [s.start_s for s in transcript.segments] == pytest.approx(true, abs=0.02)


@needs_field
@pytest.mark.parametrize(
    ("name", "duration"),
    [
        ("07-whole-number-times/ms-doc.json", 17.5),
        ("07-whole-number-times/ms-list.json", 17.5),
        ("07-whole-number-times/vibe.json", 21.96),
        ("08-times-start-again/ifw.json", 81.6),
        ("09-duration-in-ms/meta.json", 17.5),
    ],
)
def test_the_cases_of_the_field(name: str, duration: float) -> None:
    """Each has the duration that its README asks for, and a note."""
    transcript = read((FIELD / name).read_bytes(), name=name)
    assert transcript.duration_s == pytest.approx(duration)
    assert transcript.timing == "segment"
    assert transcript.notes


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_few_words_that_nobody_says_so_fast_have_no_times(wrapped: bool) -> None:
    """In minutes they take half a minute: too few words to tell the unit, too fast for seconds."""
    segments = [
        {"start": 0.0, "end": 0.5, "text": " Hello, my name is Ode"},
        {"start": 0.5033, "end": 0.5417, "text": " Thanks for watching!"},
    ]
    transcript = load({"segments": segments} if wrapped else segments)
    found = note(transcript, "times_in_doubt")
    assert transcript.timing == "none"
    assert found is not None
    assert found.count == 2
    assert [word.start_s for word in transcript.words] == [None] * 8
