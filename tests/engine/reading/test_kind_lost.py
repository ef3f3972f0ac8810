"""Kind: speakers are read or told to be unread in every format, and wrappers hide no tool."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.reading.samples import load, words_of
from tests.engine.reading.test_kind_times import LINES, SECONDS, items, note

VOICES = ("Ada", "Ada", "Bo", "Ada")


def podcast(key: str) -> list[dict[str, Any]]:
    """Return segments of Podcasting 2.0 whose speakers have another key."""
    return [
        {"startTime": a, "endTime": b, "body": said, key: "Ada"}
        for (a, b), said in zip(SECONDS, LINES, strict=True)
    ]


def cpp(key: str, voices: tuple[str, ...] = VOICES) -> dict[str, Any]:
    """Return segments of whisper.cpp whose speakers have another key."""
    items = [
        {
            "timestamps": {"from": f"00:00:{a:06.3f}", "to": f"00:00:{b:06.3f}"},
            "offsets": {"from": round(a * 1000), "to": round(b * 1000)},
            "text": f" {said}",
            key: voice,
        }
        for (a, b), said, voice in zip(SECONDS, LINES, voices, strict=True)
    ]
    return {"systeminfo": "x", "result": {"language": "en"}, "transcription": items}


@pytest.mark.parametrize("key", ["role", "user_name", "author", "channel"])
def test_a_name_that_a_known_format_does_not_have_is_told(key: str) -> None:
    """One value under such a key is no speaker for certain."""
    for document in ({"segments": podcast(key)}, cpp(key, ("Ada",) * 4)):
        transcript = load(document)
        assert not transcript.has_speakers
        found = note(transcript, "speakers_unread")
        assert found is not None
        assert found.detail == key


@pytest.mark.parametrize("numbers", [(1, 1, 0, 0), (0, 0, 0, 0), (0, 1)])
def test_numbers_of_voices_under_an_unknown_key_are_told(numbers: tuple[int, ...]) -> None:
    """They may be anything; what they are not is nothing."""
    segments = [{**item, "anfang": n} for item, n in zip(items(), numbers, strict=False)]
    transcript = load({"language": "en", "segments": segments})
    assert not transcript.has_speakers
    found = note(transcript, "speakers_unread")
    assert found is not None
    assert found.detail == "anfang"


def test_an_index_is_no_speaker() -> None:
    """It does not come back, or its name says what it is."""
    for key, numbers in (("nr", range(4)), ("id", (0, 0, 1, 1)), ("seek", (0,) * 4)):
        segments = [{**item, key: n} for item, n in zip(items(), numbers, strict=True)]
        assert note(load({"language": "en", "segments": segments}), "speakers_unread") is None


def test_speakers_under_another_key_of_a_known_format_are_read() -> None:
    """Two values that take turns are speakers."""
    transcript = load(cpp("role"))
    assert [segment.words[0].speaker for segment in transcript.segments] == [*VOICES]


def test_turns_beside_a_documented_format_go_to_its_segments() -> None:
    """The format has no such list; some tool has added it."""
    told = podcast("id")
    turns = [
        {"start": a, "end": b, "speaker": voice}
        for (a, b), voice in zip(SECONDS, VOICES, strict=True)
    ]
    document = {"segments": [{k: i[k] for k in i if k != "id"} for i in told], "speakers": turns}
    transcript = load(document)
    assert transcript.producer == "podcasting-2.0"
    assert [segment.words[0].speaker for segment in transcript.segments] == [*VOICES]


@pytest.mark.parametrize("keys", [("data", "results"), ("results", "results"), ("output",)])
def test_a_known_tool_in_wrappers_is_read_by_its_own_reader(keys: tuple[str, ...]) -> None:
    """A wrapper looks like a document of no tool, whose times may be anything."""
    said = "Yes."
    document: Any = {
        "id": "a1",
        "audio_url": "x",
        "acoustic_model": "default",
        "text": said,
        "words": [{"text": said, "start": 99_000, "end": 99_300, "confidence": 0.9}],
        "utterances": [
            {
                "text": said,
                "start": 99_000,
                "end": 99_300,
                "speaker": "A",
                "words": [{"text": said, "start": 99_000, "end": 99_300, "confidence": 0.9}],
            }
        ],
    }
    for key in keys:
        document = {"status": "ok", key: document}
    transcript = load(document)
    assert transcript.producer == "assemblyai"
    assert transcript.words[0].start_s == 99.0
    assert transcript.words[0].speaker == "A"


@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000])
def test_a_list_of_speakers_in_another_unit_than_its_chunks(unit: int) -> None:
    """insanely-fast-whisper's list lacks the last chunk here; a tool has changed its unit."""
    chunks = [
        {"timestamp": [a, b], "text": f" {said}"}
        for (a, b), said in zip(SECONDS, LINES, strict=True)
    ]
    speakers = [
        {"speaker": voice, "timestamp": [a * unit, b * unit], "text": said}
        for (a, b), said, voice in zip(SECONDS, LINES, VOICES, strict=True)
    ]
    transcript = load({"chunks": chunks, "speakers": speakers[:3], "text": " ".join(LINES)})
    assert words_of(transcript) == " ".join(LINES).split()
    got = [segment.words[0].speaker for segment in transcript.segments]
    told = note(transcript, "speakers_unread")
    assert got[:3] == [*VOICES[:3]] or (told is not None and not transcript.has_speakers)
    assert transcript.segments[1].start_s == 4.2


def test_a_list_of_speakers_at_other_times_than_its_chunks_is_told() -> None:
    """No unit makes the two one."""
    chunks = [
        {"timestamp": [a, b], "text": f" {said}"}
        for (a, b), said in zip(SECONDS, LINES, strict=True)
    ]
    speakers = [{"speaker": "Ada", "timestamp": [70.0, 170.0], "text": LINES[0]}]
    transcript = load({"chunks": chunks, "speakers": speakers, "text": " ".join(LINES)})
    assert not transcript.has_speakers
    assert note(transcript, "speakers_unread") is not None
