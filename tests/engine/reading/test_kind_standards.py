"""Kind: documented formats are read with their times and speakers, not refused by their keys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.engine.reading.samples import load, words_of

SAID = ["Who", "wants", "tea?", "I", "do,", "please."]
VOICES = ["a"] * 3 + ["b"] * 3
STARTS = [0.5, 1.0, 1.5, 3.0, 3.5, 4.0]
TICKS = 10_000_000


def azure_word(n: int) -> dict[str, Any]:
    """Return a word of a phrase with its times in ticks."""
    return {
        "displayText": SAID[n],
        "offsetInTicks": int(STARTS[n] * TICKS),
        "durationInTicks": 4_000_000,
    }


def azure_phrase(first: int) -> dict[str, Any]:
    """Return a phrase of three words, as batch transcription writes it."""
    said = " ".join(SAID[first : first + 3])
    words = [azure_word(n) for n in range(first, first + 3)]
    return {
        "recognitionStatus": "Success",
        "channel": 0,
        "speaker": VOICES[first],
        "offset": "PT0.5S",
        "offsetInTicks": float(STARTS[first] * TICKS),
        "durationInTicks": 14_000_000.0,
        "nBest": [
            {"confidence": 0.9, "lexical": said.lower(), "display": said, "displayWords": words}
        ],
    }


def youtube_event(first: int) -> dict[str, Any]:
    """Return a caption of three words, as automatic captions are written."""
    pieces = [
        {"utf8": " " * (n > first) + SAID[n], "tOffsetMs": int(1000 * (STARTS[n] - STARTS[first]))}
        for n in range(first, first + 3)
    ]
    return {"tStartMs": int(1000 * STARTS[first]), "dDurationMs": 4000, "segs": pieces}


def speechmatics() -> dict[str, Any]:
    """Return words and marks as results."""
    results: list[dict[str, Any]] = []
    for n, word in enumerate(SAID):
        letters = word.strip("?,.")
        alternative = {"content": letters, "confidence": 0.9, "speaker": VOICES[n]}
        times = {"start_time": STARTS[n], "end_time": STARTS[n] + 0.4}
        results.append({**times, "type": "word", "alternatives": [alternative]})
        if letters != word:
            mark = {**alternative, "content": word[-1]}
            mark_at = {"start_time": STARTS[n] + 0.4, "end_time": STARTS[n] + 0.4}
            results.append(
                {
                    **mark_at,
                    "type": "punctuation",
                    "attaches_to": "previous",
                    "alternatives": [mark],
                }
            )
    config = {"language": "en"}
    return {"format": "2.9", "metadata": {"transcription_config": config}, "results": results}


def turn(first: int, keys: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    """Return three words as one object with these keys for start, end and text."""
    said = " ".join(SAID[first : first + 3])
    return {
        keys[0]: STARTS[first],
        keys[1]: STARTS[first + 2] + 0.4,
        keys[2]: said,
        "speaker": VOICES[first],
        **more,
    }


def words(first: int, key: str) -> list[dict[str, Any]]:
    """Return three words with start and end."""
    return [
        {key: SAID[n], "start": STARTS[n], "end": STARTS[n] + 0.4, "confidence": 0.9}
        for n in range(first, first + 3)
    ]


ELEVENLABS = {
    "language_code": "eng",
    "language_probability": 0.99,
    "text": " ".join(SAID),
    "words": [
        piece
        for n, word in enumerate(SAID)
        for piece in (
            {
                "text": word,
                "start": STARTS[n],
                "end": STARTS[n] + 0.4,
                "type": "word",
                "speaker_id": VOICES[n],
            },
            {"text": " ", "start": STARTS[n] + 0.4, "end": STARTS[n] + 0.5, "type": "spacing"},
        )
    ],
}
UTTERANCES = [
    turn(n, ("start", "end", "text"), words=words(n, "word"), language="en") for n in (0, 3)
]
CASES: dict[str, tuple[Any, bool, bool]] = {  # document, speakers, word times
    "podcasting-2.0": (
        {
            "version": "1.0.0",
            "segments": [turn(n, ("startTime", "endTime", "body")) for n in (0, 3)],
        },
        True,
        False,
    ),
    "parakeet-mlx": (
        {
            "text": " ".join(SAID),
            "sentences": [
                {"text": " ".join(SAID[n : n + 3]), "start": STARTS[n], "tokens": words(n, "text")}
                for n in (0, 3)
            ],
        },
        False,
        True,
    ),
    "youtube-transcript": (
        [
            {"text": " ".join(SAID[n : n + 3]), "duration": 3.0, "offset": STARTS[n], "lang": "en"}
            for n in (0, 3)
        ],
        False,
        False,
    ),
    "youtube": (
        {
            "wireMagic": "pb3",
            "events": [
                {"tStartMs": 0, "dDurationMs": 9000, "id": 1},
                youtube_event(0),
                {"tStartMs": 2990, "aAppend": 1, "segs": [{"utf8": "\n"}]},
                youtube_event(3),
            ],
        },
        False,
        True,
    ),
    "elevenlabs": (ELEVENLABS, True, True),
    "speechmatics": (speechmatics(), True, True),
    "gladia": (
        {
            "id": "x",
            "result": {
                "metadata": {"audio_duration": 5.0},
                "transcription": {"languages": ["en"], "utterances": UTTERANCES},
            },
        },
        True,
        True,
    ),
    "azure-speech": ({"recognizedPhrases": [azure_phrase(0), azure_phrase(3)]}, True, True),
}


@pytest.mark.parametrize("producer", CASES)
def test_a_documented_format(producer: str) -> None:
    """Words, times and speakers are those of the file, and nothing was guessed."""
    document, speakers, word_times = CASES[producer]
    transcript = load(document)
    assert transcript.producer == producer
    assert words_of(transcript) == SAID
    first, second = transcript.words[0], transcript.words[3]
    assert first.start_s == pytest.approx(0.5)
    assert second.start_s == pytest.approx(3.0)
    assert transcript.timing == ("word" if word_times else "segment")
    assert [w.speaker for w in transcript.words] == (VOICES if speakers else [None] * 6)
    assert transcript.notes == ()


def test_azures_fast_transcription() -> None:
    """Milliseconds, phrases with their own text."""
    phrases = [
        {
            "speaker": VOICES[n],
            "offsetMilliseconds": int(1000 * STARTS[n]),
            "durationMilliseconds": 1400,
            "text": " ".join(SAID[n : n + 3]),
            "locale": "en-US",
        }
        for n in (0, 3)
    ]
    transcript = load({"durationMilliseconds": 5000, "combinedPhrases": [], "phrases": phrases})
    assert transcript.producer == "azure-speech"
    assert words_of(transcript) == SAID
    assert [w.speaker for w in transcript.words] == VOICES
    assert (transcript.language, transcript.duration_s) == ("en", 5.0)


def test_azures_channels_take_turns() -> None:
    """Each is a voice; the phrases of one follow those of the other in the file."""
    late, early = azure_phrase(3) | {"channel": 0}, azure_phrase(0) | {"channel": 1}
    for phrase in (late, early):
        del phrase["speaker"]
    transcript = load({"recognizedPhrases": [late, early]})
    assert words_of(transcript) == SAID
    assert transcript.words[0].speaker == "CHANNEL 1"


def test_podcast_transcripts_of_single_words() -> None:
    """The standard allows a segment a word."""
    many = [*SAID, "It", "is", "hot."]
    segments = [
        {"startTime": n / 2, "endTime": n / 2 + 0.4, "body": word, "speaker": "Ada"}
        for n, word in enumerate(many)
    ]
    transcript = load({"version": "1.0.0", "segments": segments})
    assert transcript.timing == "word"
    assert words_of(transcript) == many
    assert transcript.words[4].start_s == 2.0


def test_single_words_of_a_podcast_stay_single_where_some_have_a_space() -> None:
    """A space that stands behind a tool's mark is the mark's; a segment is never a piece of one."""
    segments = [
        {
            "startTime": float(n),
            "endTime": n + 0.5,
            "body": f"<|en|> {n % 3}" if n % 5 == 0 else "1",
        }
        for n in range(20)
    ]
    transcript = load({"version": "1.0.0", "segments": segments})
    assert words_of(transcript) == [str(n % 3) if n % 5 == 0 else "1" for n in range(20)]


def test_old_captions_of_the_npm_package_are_in_milliseconds() -> None:
    """Its offsets were whole milliseconds before they were seconds."""
    lines = ["who wants tea in the garden", "I do and my sister does too", "then get two cups"]
    items = [{"text": t, "duration": 2500, "offset": 2600 * n} for n, t in enumerate(lines)]
    transcript = load(items)
    assert transcript.producer == "youtube-transcript"
    assert [s.start_s for s in transcript.segments] == [0.0, 2.6, 5.2]


def test_an_unknown_tools_export() -> None:
    """A list of texts with times is read wherever it stands; its producer is called json."""
    lines = [turn(n, ("startTime", "endTime", "text")) for n in (0, 3)]
    transcript = load({"app": "x", "data": {"language": "en", "lines": lines}})
    assert transcript.producer == "json"
    assert words_of(transcript) == SAID
    assert transcript.language == "en"
    assert [w.speaker for w in transcript.words] == VOICES
