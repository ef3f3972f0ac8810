"""Kind: keys that hold speakers or times are read by name and by value, or told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import NotATranscript
from engine.reading import read
from engine.records import Transcript
from tests.engine.reading.samples import load, words_of
from tests.engine.reading.test_kind_times import LINES, SECONDS, items, note, starts
from tests.field import FIELD, needs_field

VOICES = ("Ada", "Ben", "Ada", "Ben")
SAID = " ".join(LINES).split()


def written(start: str, end: str, speaker: str, text: str, voices: Any = VOICES) -> list[Any]:
    """Return segments with these keys."""
    return [
        {start: a, end: b, speaker: voice, text: said}
        for (a, b), voice, said in zip(SECONDS, voices, LINES, strict=True)
    ]


def is_read(transcript: Transcript) -> None:
    """Fail unless words, times and speakers are those of the segments."""
    assert words_of(transcript) == SAID
    assert starts(transcript) == [0.4, 4.2, 8.4, 12.5]
    assert [s.words[0].speaker for s in transcript.segments] == list(VOICES)


def test_the_names_in_a_list_of_turns_are_not_what_is_said() -> None:
    """Where the keys of the segments tell nothing, the file is refused."""
    spans = [{"wer": a, "end": b, "p1": said} for (a, b), said in zip(SECONDS, LINES, strict=True)]
    turns = [
        {"start": a, "end": b, "speaker": f"{who} Nowak"}
        for (a, b), who in zip(SECONDS, VOICES, strict=True)
    ]
    with pytest.raises(NotATranscript):
        load({"segments": spans, "turns": turns})


@pytest.mark.parametrize("wrapped", [False, True])
@pytest.mark.parametrize(
    ("start", "end", "speaker", "text"),
    [
        ("start", "end", "speakerLabel", "text"),
        ("start", "end", "speaker_name", "text"),
        ("startTime", "endTime", "speakerDesignation", "text"),
        ("begin", "stop", "spk", "content"),
        ("start_seconds", "end_seconds", "who", "transcript"),
        ("from", "to", "voice", "utterance"),
        ("t0", "t1", "participant", "text"),
        ("qua", "qui", "persona", "parole"),  # nothing is known of these but what they hold
    ],
)
def test_keys_of_other_names(start: str, end: str, speaker: str, text: str, wrapped: bool) -> None:
    """Names that tools use, and names that nobody knows; the note says what was taken for what."""
    segments = written(start, end, speaker, text)
    transcript = load({"language": "en", "segments": segments} if wrapped else segments)
    is_read(transcript)
    told = note(transcript, "keys_inferred")
    assert told is not None
    assert f"speaker={speaker}" in str(told.detail)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"name": "Ada", "id": 4}, "Ada"),
        (["Ada"], "Ada"),
        ({"id": 7}, "7"),
        (3, "3"),
    ],
)
def test_speakers_that_are_objects(value: Any, expected: str) -> None:
    """A name inside an object or a list of one is the speaker's."""
    other = {"name": "Ben"} if isinstance(value, dict) else value
    transcript = load({"segments": written("start", "end", "speaker", "text", [value, other] * 2)})
    assert transcript.words[0].speaker == expected


def test_names_beside_the_segments() -> None:
    """A map or a list of labels and names gives the names."""
    segments = written("start", "end", "speaker", "text", ["s1", "s2"] * 2)
    for names in (
        {"s1": "Ada", "s2": "Ben"},
        [{"id": "s1", "name": "Ada"}, {"id": "s2", "name": "Ben"}],
    ):
        is_read(load({"speakers": names, "segments": segments}))


def test_a_list_of_turns_beside_the_segments() -> None:
    """Who speaks when is given to the segments by their time."""
    turns = [
        {"start": a - 0.2, "end": b + 0.1, "speaker": voice}
        for (a, b), voice in zip(SECONDS, VOICES, strict=True)
    ]
    segments = [
        {"start": a, "end": b, "text": said} for (a, b), said in zip(SECONDS, LINES, strict=True)
    ]
    is_read(load({"language": "en", "segments": segments, "diarization": turns}))


@pytest.mark.parametrize(
    "value",
    [
        ("0.4s", "3.9s"),
        ("00:00:00.400", "00:00:03,900"),
        ("PT0.4S", "PT3.9S"),
        ("400ms", "3900 ms"),
    ],
)
def test_times_with_their_unit(value: tuple[str, str]) -> None:
    """A unit behind the number, a clock, ISO 8601."""
    segments = written("start", "end", "speaker", "text")
    segments[0] |= {"start": value[0], "end": value[1]}
    is_read(load({"segments": segments}))


def test_a_unit_in_the_name_of_a_key() -> None:
    """`startMs` needs no inference."""
    segments = [
        {"startMs": a * 1000, "durationMs": (b - a) * 1000, "text": said, "speaker": voice}
        for (a, b), voice, said in zip(SECONDS, VOICES, LINES, strict=True)
    ]
    transcript = load({"segments": segments})
    is_read(transcript)
    assert note(transcript, "unit_inferred") is None


@pytest.mark.parametrize("pair", [[0, 1], {"from": 0, "to": 1}, {"start": 0, "end": 1}])
def test_start_and_end_in_one_value(pair: Any) -> None:
    """A list of two, or an object."""
    segments = []
    for span, voice, said in zip(SECONDS, VOICES, LINES, strict=True):
        times = {key: span[n] for key, n in pair.items()} if isinstance(pair, dict) else list(span)
        segments.append({"time": times, "speaker": voice, "text": said})
    is_read(load({"segments": segments}))


def test_words_with_keys_of_their_own() -> None:
    """`w`, `s` and `e`, and a speaker for each."""
    words = [
        {"w": w, "s": 0.4 * n, "e": 0.4 * n + 0.3, "spk": VOICES[n // 10]}
        for n, w in enumerate(SAID)
    ]
    transcript = load({"text": " ".join(SAID), "words": words})
    assert transcript.timing == "word"
    assert transcript.words[1].start_s == 0.4
    assert {w.speaker for w in transcript.words} == {"Ada", "Ben"}


def test_what_may_be_a_speaker_or_a_time_and_is_not_read_is_told() -> None:
    """The metadata names the keys."""
    segments = [
        {"text": said, "clip_timing": {"a": n}, "speaker_embedding": [0.1 * n, 0.2]}
        for n, said in enumerate(LINES)
    ]
    transcript = load({"language": "en", "segments": segments})
    assert transcript.timing == "none"
    times, speakers = note(transcript, "times_unread"), note(transcript, "speakers_unread")
    assert times is not None
    assert times.detail == "clip_timing"
    assert speakers is not None
    assert speakers.detail == "speaker_embedding"


def test_clocks_under_an_unknown_key_are_told() -> None:
    """Starts that are not found take the times with them, and it is said."""
    segments = [
        {"text": said, "inhalt": f"00:00:0{n}.500", "end": f"00:00:0{n + 1},000"}
        for n, said in enumerate(LINES[:3])
    ]
    transcript = load({"language": "en", "segments": segments})
    told = note(transcript, "times_unread")
    assert transcript.timing == "none"
    assert told is not None
    assert told.detail == "inhalt"


@pytest.mark.parametrize(
    "said", ["船は朝早く港を出ます。", "离开港口的船很早就出发了", "เรือออกจากท่าแต่เช้า"]
)
def test_what_is_said_without_spaces_is_no_less_a_text_than_a_name(said: str) -> None:
    """Of two keys that say nothing, the one with the longer text holds it."""
    transcript = load([{"start": 0.0, "end": 4.0, "kiek": said, "inhalt": "Chiara Nowak"}])
    assert "".join(words_of(transcript)) == said


@pytest.mark.parametrize(
    "extra",
    [
        {"language": "English"}, {"type": "Final"}, {"sentiment": "Neutral"}, {"channel": 0},
        {"model": "Large"}, {"id": 5}, {"seek": 0, "temperature": 0.2},
    ],
)  # fmt: skip
def test_other_keys_are_no_speakers(extra: dict[str, Any]) -> None:
    """Figures and kinds that come back are not names."""
    segments = [
        {"start": a, "end": b, "text": said, **extra}
        for (a, b), said in zip(SECONDS, LINES, strict=True)
    ]
    transcript = load({"language": "en", "segments": segments})
    assert not transcript.has_speakers
    assert transcript.notes == ()


@pytest.mark.parametrize(
    "document",
    [
        [{"time": "12:00:05", "msg": "started"}, {"time": "12:00:09", "msg": "stopped"}],
        {"events": [{"start": "2026-01-03", "end": "2026-01-04", "content": "A day of leave"}]},
        [{"offset": 12, "text": "a"}, {"offset": 40, "text": "b"}],
        {"items": [{"start": 900, "end": 1000, "content": "Lunch"}]},
        [{"start": 900, "end": 1000, "note": "Lunch"}, {"start": 1100, "end": 1130, "note": "Tea"}],
    ],
)  # fmt: skip
def test_what_is_no_transcript_stays_unread(document: Any) -> None:
    """Logs, calendars, places in a text."""
    with pytest.raises(NotATranscript):
        load(document)


@settings(max_examples=60, deadline=None)
@given(
    start=st.sampled_from(["start", "begin", "startTime", "t0", "inizio"]),
    speaker=st.sampled_from(["speaker", "speakerId", "spk", "chi", "persona"]),
    text=st.sampled_from(["text", "body", "content", "detto"]),
    labels=st.lists(st.sampled_from(["Ada", "Ben", "Cleo"]), min_size=6, max_size=9),
    wrapped=st.booleans(),
)
def test_no_name_of_a_key_loses_a_word_or_a_speaker(
    start: str, speaker: str, text: str, labels: list[str], wrapped: bool
) -> None:
    """The words always; the speakers and times, or a note; or a named refusal."""
    segments: list[Any] = [
        {start: 4.0 * n, "end": 4.0 * n + 3.5, speaker: voice, text: f"{n} {LINES[n % 4]}"}
        for n, voice in enumerate(labels)
    ]
    document = {"language": "en", "segments": segments} if wrapped else segments
    try:
        transcript = read(json.dumps(document).encode(), name="talk.json")
    except NotATranscript:
        return
    assert words_of(transcript) == " ".join(item[text] for item in segments).split()
    if transcript.timing == "none":
        assert note(transcript, "times_unread") is not None
    if [s.words[0].speaker for s in transcript.segments] != labels:
        assert not transcript.has_speakers


@needs_field
@pytest.mark.parametrize(
    ("name", "speakers", "timing"),
    [
        ("10-speakers-lost/aws-bites.json", {"Ada", "Ben"}, "segment"),
        ("10-speakers-lost/name.json", {"Ada", "Ben"}, "segment"),
        ("11-times-lost/seconds-s.json", {None}, "segment"),
        ("11-times-lost/t0t1.json", {None}, "segment"),
        ("11-times-lost/words-w.json", {None}, "word"),
        ("12-standard-refused/parakeet-mlx.json", {None}, "word"),
        ("12-standard-refused/podcast.json", {"Ada", "Ben"}, "segment"),
        ("12-standard-refused/yt-npm.json", {None}, "segment"),
    ],
)
def test_the_cases_of_the_field(name: str, speakers: set[str | None], timing: str) -> None:
    """Times and speakers of each are read."""
    transcript = read(Path(FIELD / name).read_bytes(), name=name)
    assert {word.speaker for word in transcript.words} == speakers
    assert transcript.timing == timing
    assert 9.0 < (transcript.duration_s or 0.0) < 18.0


@pytest.mark.parametrize("count", [2, 3])
def test_the_key_of_ends_is_found_in_two_segments(count: int) -> None:
    """It follows the starts in each of them, and no other key does."""
    segments = [
        {"start": a, "q7": b, "text": said, "score": 0.5}
        for (a, b), said in zip(SECONDS[:count], LINES, strict=False)
    ]
    transcript = load(segments)
    assert transcript.segments[-1].end_s == SECONDS[count - 1][1]
    assert note(transcript, "keys_inferred") is not None


@pytest.mark.parametrize("value", ["Ada", {"name": "Ada"}])
def test_a_name_under_an_unknown_key_is_told(value: Any) -> None:
    """Too few segments to know whether it is a speaker; but nothing is passed over in silence."""
    segments = [
        {"start": a, "end": b, "text": t, "zz": value}
        for (a, b), t in zip(SECONDS, LINES, strict=True)
    ]
    found = note(load(segments[:2]), "speakers_unread")
    assert found is not None
    assert found.detail == "zz"


@pytest.mark.parametrize("of_turns", [1, 100, 1_000, 1_000_000])
@pytest.mark.parametrize("of_segments", [1, 100, 1_000, 1_000_000])
@pytest.mark.parametrize("joined", [False, True])
def test_turns_in_another_unit_go_to_their_segments(
    of_turns: int, of_segments: int, joined: bool
) -> None:
    """They begin where the segments begin, once they are in one unit."""
    voices = ("Ada", "Ada", "Ben", "Ben") if joined else VOICES
    turns = [
        {"start": a * of_turns, "end": b * of_turns, "speaker": voice}
        for (a, b), voice in zip(SECONDS, voices, strict=True)
    ]
    if joined:
        turns = [{**turns[0], "end": turns[1]["end"]}, {**turns[2], "end": turns[3]["end"]}]
    transcript = load({"language": "en", "segments": items(of_segments), "turns": turns})
    assert starts(transcript) == [0.4, 4.2, 8.4, 12.5]
    assert [s.words[0].speaker for s in transcript.segments] == list(voices)
    told = [n.detail or "" for n in transcript.notes if n.name == "unit_inferred"]
    assert any(detail.startswith("speakers") for detail in told) == (of_turns != of_segments)


@pytest.mark.parametrize("scale", [0.02, 12, 100, 1e6])
def test_turns_at_other_times_than_the_segments_are_told(scale: float) -> None:
    """They are of another recording, or of more than was written; nothing goes by in silence."""
    turns = [
        {"start": scale * (n * 1.9 + 0.9), "end": scale * (n * 1.9 + 2.8), "speaker": "AB"[n % 2]}
        for n in range(7)
    ]
    transcript = load({"language": "en", "segments": items(), "turns": turns})
    found = note(transcript, "speakers_unread")
    assert found is not None
    assert found.detail == "turns"
    assert not transcript.has_speakers


def test_turns_whose_clock_starts_again_belong_to_their_segments_or_to_none() -> None:
    """One time is that of two moments, so only turns that stand beside the segments are sure."""
    times = [(0, 2), (2, 4), (4, 8), (0, 2), (2, 4), (4, 9)]
    voices = ["A", "B", "A", "B", "A", "B"]
    document: dict[str, Any] = {
        "segments": [
            {"start": a, "end": b, "text": f"{LINES[n % 4]} {n}"} for n, (a, b) in enumerate(times)
        ],
        "turns": [
            {"start": a, "end": b, "speaker": v} for (a, b), v in zip(times, voices, strict=True)
        ],
    }
    assert [s.words[0].speaker for s in load(document).segments] == voices
    del document["turns"][3]
    transcript = load(document)
    assert not transcript.has_speakers
    assert "speakers_unread" in {note.name for note in transcript.notes}
