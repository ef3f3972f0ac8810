"""Other services' JSON is named, not guessed at."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import NotATranscript
from engine.reading import Reason
from tests.engine.reading.samples import load

ALTERNATIVE = {"transcript": "who wants tea", "confidence": 0.9}


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("Google", {"results": [{"alternatives": [ALTERNATIVE], "languageCode": "en-us"}]}),
        ("Google", {"response": {"results": [{"alternatives": [ALTERNATIVE]}]}}),
        ("IBM", {"result_index": 0, "results": [{"alternatives": [ALTERNATIVE], "final": True}]}),
        ("IBM", {"results": [{"result_index": 0, "results": [], "speaker_labels": []}]}),
        ("Kaldi", {"retval": {"words": [{"word": "tea", "start": 0, "end": 1}]}}),
        ("Vosk", {"result": [{"conf": 1.0, "word": "tea", "start": 0, "end": 1}], "text": "tea"}),
        ("Rev.ai", {"monologues": [{"speaker": 0, "elements": []}]}),
        ("Azure", {"combinedPhrases": [{"text": "tea"}], "phrases": []}),
        ("Gladia", {"result": {"transcription": {"utterances": []}}}),
        (
            "Speechmatics",
            {"format": "2.9", "results": [{"start_time": 0, "alternatives": [{"content": "tea"}]}]},
        ),
        (
            "ElevenLabs",
            {"language_code": "eng", "language_probability": 1, "text": "", "words": []},
        ),
        ("YouTube", {"wireMagic": "pb3", "events": [{"tStartMs": 0, "segs": []}]}),
        ("hyprnote", [{"start": i * 400, "end": i * 400 + 390, "text": "tea"} for i in range(9)]),
    ],
)
def test_the_message_names_the_service_and_what_to_do(name: str, document: Any) -> None:
    """The file is ignored, with a message for the user."""
    with pytest.raises(NotATranscript) as caught:
        load(document)
    assert caught.value.reason == Reason.FOREIGN_SERVICE
    assert name in str(caught.value)
    assert "SRT" in caught.value.hint


def test_faster_whispers_language_probability_is_no_sign_of_elevenlabs() -> None:
    """A dump with info, segments and words has segments, which the service has not."""
    document = {
        "language": "en",
        "language_probability": 0.98,
        "duration": 2.0,
        "segments": [{"id": 1, "start": 0.0, "end": 2.0, "text": " Who wants tea?"}],
        "words": [{"word": " Who", "start": 0.1, "end": 0.4, "probability": 0.9}],
    }
    assert load(document).producer in ("faster-whisper", "openai-api", "whisperx")
    assert load(document).words[0].start_s == 0.1


def test_whole_seconds_are_no_foreign_format() -> None:
    """A plain list with whole numbers is read as seconds if it can be spoken in that time."""
    items = [{"start": 5 * i, "end": 5 * i + 5, "text": "who wants tea now"} for i in range(9)]
    assert load(items).producer == "faster-whisper"
