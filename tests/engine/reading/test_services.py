"""Services that are not Whisper and are read too."""

from __future__ import annotations

import json

from tests.engine.reading import samples
from tests.engine.reading.samples import load, words_of


def test_deepgram() -> None:
    """Punctuated words, speakers as numbers, segments cut at the turns."""
    transcript = load(samples.DEEPGRAM)
    assert transcript.producer == "deepgram"
    assert words_of(transcript) == ["Tea?", "Yes,", "please."]
    assert [w.speaker for w in transcript.words] == ["0", "1", "1"]
    assert transcript.timing == "word"
    assert len(transcript.segments) == 2
    assert transcript.duration_s == 5.5


def test_deepgram_with_two_channels() -> None:
    """Each channel is one voice; in the transcript they take turns."""
    document = json.loads(json.dumps(samples.DEEPGRAM))
    channels = document["results"]["channels"]
    channels.append(json.loads(json.dumps(channels[0])))
    for number, channel in enumerate(channels):
        for word in channel["alternatives"][0]["words"]:
            del word["speaker"]
            word["start"] += 10 * number
            word["end"] += 10 * number
    transcript = load(document)
    assert len(transcript.words) == 6
    assert [w.speaker for w in transcript.words] == ["CHANNEL 0"] * 3 + ["CHANNEL 1"] * 3


def test_assemblyai() -> None:
    """Milliseconds; turns where there are speakers, else one text; also its list of sentences."""
    transcript = load(samples.ASSEMBLYAI)
    assert transcript.producer == "assemblyai"
    assert transcript.language == "en"
    assert [(w.text, w.start_s, w.speaker) for w in transcript.words] == [
        ("Tea?", 0.5, "A"),
        ("Yes.", 1.5, "B"),
    ]
    whole = load({**samples.ASSEMBLYAI, "utterances": None})
    assert [w.speaker for w in whole.words] == ["A", "B"]
    assert load(samples.ASSEMBLYAI["utterances"]).producer == "assemblyai"


def test_a_list_in_whole_seconds_is_not_assemblyais() -> None:
    """Other tools have words with confidence and a start of 0 too; only the unit differs."""
    words = [{"text": "Yes.", "start": 0, "end": 1, "confidence": 0.9}]
    more = [{"text": "Tea?", "start": 61.5, "end": 62.5, "confidence": 0.9}]
    items = [
        {"text": " Yes.", "start": 0, "end": 1, "confidence": 0.9, "words": words},
        {"text": " Tea?", "start": 61, "end": 63, "confidence": 0.9, "words": more},
    ]
    for document in (items, items[:1]):
        transcript = load(document)
        assert transcript.producer == "whisper-timestamped"
        assert transcript.words[0].end_s == 1.0
    assert load(items).words[1].start_s == 61.5


def test_aws_transcribe() -> None:
    """Times are texts, punctuation has its own items, speakers are in another list."""
    transcript = load(samples.AWS)
    assert transcript.producer == "aws-transcribe"
    assert [(w.text, w.start_s, w.speaker) for w in transcript.words] == [
        ("Tea?", 0.5, "spk_0"),
        ("Yes.", 1.5, "spk_1"),
    ]
    assert transcript.timing == "word"
