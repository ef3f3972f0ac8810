"""One test for each producer: it is recognised and read."""

from __future__ import annotations

from typing import Any

import pytest

from engine.reading import PRODUCERS, read
from tests.engine.reading import samples
from tests.engine.reading.samples import figures, load, plain, words_of

TEA = ["The", "kettle", "is", "on.", "Who", "wants", "tea?"]


def test_openai_whisper_without_word_times() -> None:
    """mlx-whisper writes the same; times are spread over the segments by length."""
    transcript = load(samples.openai_whisper())
    assert transcript.producer == "openai-whisper"
    assert transcript.language == "en"
    assert transcript.timing == "segment"
    assert words_of(transcript) == TEA
    assert transcript.duration_s == 4.0
    first, second = transcript.segments
    assert (first.start_s, first.end_s) == (0.0, 2.0)
    assert (first.avg_logprob, first.compression_ratio, first.no_speech_prob) == (-0.25, 1.3, 0.02)
    assert first.words[1].start_s == pytest.approx(8 / 17, abs=0.001)
    assert second.words[0].start_s == 2.0


def test_openai_whisper_with_word_times() -> None:
    """The words' own times and probabilities."""
    transcript = load(samples.openai_words())
    assert transcript.producer == "openai-whisper"
    assert transcript.timing == "word"
    assert words_of(transcript) == TEA
    assert [w.start_s for w in transcript.words][:4] == [0.0, 0.5, 1.0, 1.5]
    assert transcript.words[0].confidence == 0.9


def test_whisper_cpp() -> None:
    """Offsets are milliseconds; there is no whole text."""
    transcript = load(samples.whisper_cpp(), "talk.wav.json")
    assert transcript.producer == "whisper.cpp"
    assert transcript.language == "en"
    assert words_of(transcript) == ["the", "kettle", "is", "on", "who", "wants", "tea"]
    assert (transcript.segments[1].start_s, transcript.segments[1].end_s) == (2.5, 4.0)


def token(text: str, start_ms: int, end_ms: int) -> dict[str, Any]:
    return {
        "text": text,
        "offsets": {"from": start_ms, "to": end_ms},
        "id": 1,
        "p": 0.5,
        "t_dtw": -1,
    }


def test_whisper_cpp_with_tokens() -> None:
    """-ojf: special tokens are no words, and tokens of one word are joined."""
    document = samples.whisper_cpp()
    document["transcription"] = [
        {
            "offsets": {"from": 0, "to": 2000},
            "text": " the kettle",
            "tokens": [
                token("[_BEG_]", 0, 0),
                token(" the", 100, 300),
                token(" ket", 400, 600),
                token("tle", 600, 900),
                token("[_TT_100]", 2000, 2000),
            ],
        }
    ]
    transcript = load(document)
    assert words_of(transcript) == ["the", "kettle"]
    assert transcript.timing == "word"
    assert [(w.start_s, w.end_s) for w in transcript.words] == [(0.1, 0.3), (0.4, 0.9)]


def test_whisper_cpp_with_one_token_a_segment() -> None:
    """-ml 1: fragments without a leading space continue the word before."""
    texts = [" Gin", "ny", " made", " tea", " for", " all", " of", " us", ".", " Then"]
    document = samples.whisper_cpp(
        transcription=[
            {"offsets": {"from": 100 * i, "to": 100 * i + 90}, "text": text}
            for i, text in enumerate(texts)
        ]
    )
    transcript = load(document)
    assert words_of(transcript) == ["Ginny", "made", "tea", "for", "all", "of", "us.", "Then"]
    assert transcript.timing == "word"
    assert (transcript.words[0].start_s, transcript.words[0].end_s) == (0.0, 0.19)


def test_whisper_cpp_with_tokens_of_long_words() -> None:
    """-ml 1 where most words are several tokens: few of them begin with a space."""
    texts = [
        " Die", " Kaff", "ee", "ma", "schi", "nen", "fa", "brik", " schl", "ie", "ß", "t", ".",
    ]  # fmt: skip
    document = samples.whisper_cpp(
        transcription=[
            {"offsets": {"from": 100 * i, "to": 100 * i + 90}, "text": text}
            for i, text in enumerate(texts)
        ]
    )
    transcript = load(document)
    assert words_of(transcript) == ["Die", "Kaffeemaschinenfabrik", "schließt."]
    assert [w.start_s for w in transcript.words] == [0.0, 0.1, 0.8]


def test_whisper_cpp_with_segments_cut_inside_of_words() -> None:
    """-ml 10: the word is rejoined in the segment where it began."""
    document = samples.whisper_cpp()
    for segment, text in zip(document["transcription"], (" the ket", "tle is on"), strict=True):
        segment["text"] = text
    document["transcription"].append({"offsets": {"from": 4000, "to": 5000}, "text": " today"})
    document["transcription"].append({"offsets": {"from": 5000, "to": 6000}, "text": " again"})
    assert words_of(load(document)) == ["the", "kettle", "is", "on", "today", "again"]


def test_whisperx() -> None:
    """Speakers by word; the word that it could not align is timed between its neighbours."""
    transcript = load(samples.whisperx())
    assert transcript.producer == "whisperx"
    assert transcript.timing == "word"
    assert words_of(transcript) == ["Bring", "12", "cups.", "Done."]
    assert [w.speaker for w in transcript.words] == ["SPEAKER_00"] * 3 + ["SPEAKER_01"]
    number = transcript.words[1]
    assert (number.start_s, number.end_s) == (0.8, 1.4)
    assert number.confidence is None


def test_whisperx_without_language_and_word_segments() -> None:
    """Both may be missing, and speakers may be numbers."""
    document = samples.whisperx()
    del document["language"], document["word_segments"]
    document["segments"] = [
        {**s, "speaker": 0, "words": [{**w, "speaker": 0} for w in s["words"]]}
        for s in document["segments"]
    ]
    transcript = load(document)
    assert transcript.producer == "whisperx"
    assert transcript.language is None
    assert {w.speaker for w in transcript.words} == {"0"}


def test_whisperx_without_words() -> None:
    """Without alignment there are only segments, and no whole text."""
    transcript = load({"segments": plain(" One two.", " Three."), "language": "en"})
    assert transcript.producer == "whisperx"
    assert transcript.timing == "segment"


def test_whisperx_word_list() -> None:
    """The bare list of its words is cut into new segments."""
    transcript = load(samples.whisperx()["word_segments"])
    assert transcript.producer == "whisperx"
    assert words_of(transcript) == ["Bring", "12", "cups.", "Done."]


def test_whisper_ctranslate2() -> None:
    """faster-whisper's order of keys, `words` null, speakers where diarized."""
    segment = {"id": 1, "seek": 0, "start": 0.0, "end": 2.0, "text": " Bon dia.", "tokens": [1],
               "avg_logprob": -0.2, "compression_ratio": 1.1, "no_speech_prob": 0.0,
               "words": None, "temperature": 0.0, "speaker": "SPEAKER_01"}  # fmt: skip
    transcript = load({"text": " Bon dia.", "segments": [segment], "language": "ca"})
    assert transcript.producer == "whisper-ctranslate2"
    assert transcript.language == "ca"
    assert [w.speaker for w in transcript.words] == ["SPEAKER_01", "SPEAKER_01"]


def test_old_whisper_ctranslate2() -> None:
    """`avg_log_prob`, no id, seek or tokens, the language by its name."""
    segment = {"start": 0.0, "end": 2.0, "text": " Bon dia.", "avg_log_prob": -0.3}
    transcript = load({"text": " Bon dia.", "segments": [segment], "language": "Catalan"})
    assert transcript.producer == "whisper-ctranslate2"
    assert transcript.language == "ca"
    assert transcript.segments[0].avg_logprob == -0.3


@pytest.mark.parametrize(
    "item",
    [
        [1, 0, 0.0, 2.0, " Good day.", [50364, 2], -0.2, 1.1, 0.0, None, 0.0],
        [1, 0, 0.0, 2.0, " Good day.", [1], -0.2, 1.1, 0.0, [[0.0, 0.9, " Good", 0.9]]],
        [0.0, 2.0, " Good day.", None, -0.2, 0.0],
    ],
    ids=["newer", "with-words", "older"],
)
def test_faster_whisper_tuples(item: list[Any]) -> None:
    """`json.dump(list(segments))` writes its named tuples as lists, in two orders."""
    transcript = load([item])
    assert transcript.producer == "faster-whisper"
    assert words_of(transcript) == ["Good", "day."]
    assert (transcript.segments[0].raw_start_s, transcript.segments[0].raw_end_s) == (0.0, 2.0)


def test_faster_whisper_bare_list() -> None:
    """Start, end and text, with or without a speaker."""
    items = plain("One two.", "Three.")
    items[1]["speaker"] = "SPEAKER 4"
    transcript = load(items)
    assert transcript.producer == "faster-whisper"
    assert [w.speaker for w in transcript.words] == [None, None, "SPEAKER 4"]


def test_faster_whisper_object() -> None:
    """What a script writes: language, segments, text."""
    document = {"language": "en", "segments": plain(" One.", " Two."), "text": " One. Two."}
    assert load(document).producer == "faster-whisper"


def test_insanely_fast_whisper() -> None:
    """Speakers where diarized, else chunks."""
    turn = {"speaker": "SPEAKER_00", "timestamp": [0.0, 2.0], "text": " One two."}
    chunk = {"timestamp": [0.0, 2.0], "text": " One two."}
    diarized = load({"speakers": [turn], "chunks": [chunk], "text": " One two."})
    assert diarized.producer == "insanely-fast-whisper"
    assert [w.speaker for w in diarized.words] == ["SPEAKER_00"] * 2
    alone = load({"speakers": [], "chunks": [chunk], "text": " One two."})
    assert alone.producer == "insanely-fast-whisper"
    assert not alone.has_speakers
    assert words_of(alone) == ["One", "two."]
    assert words_of(load({"speakers": [turn]})) == ["One", "two."]


def test_chunks_that_no_speaker_has_are_not_lost() -> None:
    """The speaker list can end early: then the chunks count, labelled by time."""
    chunks = [
        {"timestamp": [0.0, 2.0], "text": " One."},
        {"timestamp": [2.0, 4.0], "text": " Two."},
    ]
    turns = [{"speaker": "SPEAKER_00", "timestamp": [0.0, 2.0], "text": " One."}]
    transcript = load({"speakers": turns, "chunks": chunks, "text": " One. Two."})
    assert words_of(transcript) == ["One.", "Two."]
    assert [w.speaker for w in transcript.words] == ["SPEAKER_00", None]


@pytest.mark.parametrize(
    ("timestamp", "speaker"),
    [
        ([1.0, 1.0], "SPEAKER_00"),
        ([2.0, 2.0], "SPEAKER_01"),
        ([4.0, 4.0], "SPEAKER_01"),
        ([3.0, None], "SPEAKER_01"),
        ([4.0, None], None),
        ([9.0, 9.0], None),
        ([None, None], None),
    ],
)
def test_a_chunk_without_length_has_the_speaker_of_its_turn(
    timestamp: list[float | None], speaker: str | None
) -> None:
    """A point inside a turn belongs to it, between two turns to the one that begins."""
    chunks = [
        {"timestamp": [0.0, 1.0], "text": " One."},
        {"timestamp": timestamp, "text": " Thank you."},
    ]
    turns = [
        {"speaker": "SPEAKER_00", "timestamp": [0.0, 2.0], "text": " One."},
        {"speaker": "SPEAKER_01", "timestamp": [2.0, 4.0], "text": " Two."},
    ]
    transcript = load({"speakers": turns, "chunks": chunks, "text": ""})
    assert [w.speaker for w in transcript.words] == ["SPEAKER_00", speaker, speaker]


def test_transformers_pipeline() -> None:
    """Chunks and text; `return_timestamps="word"` makes each word a chunk."""
    chunk = {"timestamp": [0.0, 2.0], "text": " One two."}
    assert load({"text": " One two.", "chunks": [chunk]}).producer == "transformers"
    words = [f" w{i}" for i in range(12)]
    chunks = [{"text": w, "timestamp": [i, i + 0.5]} for i, w in enumerate(words)]
    transcript = load({"text": "".join(words), "chunks": chunks})
    assert transcript.timing == "word"
    assert [w.start_s for w in transcript.words] == [float(i) for i in range(12)]


def test_openai_api() -> None:
    """verbose_json: the language by its name, words without marks beside the segments."""
    document = samples.openai_whisper(
        task="transcribe",
        language="english",
        duration=4.5,
        words=[
            {"word": word, "start": 0.5 * i, "end": 0.5 * i + 0.4}
            for i, word in enumerate(["The", "kettle", "is", "on", "Who", "wants", "tea"])
        ],
    )
    transcript = load(document)
    assert transcript.producer == "openai-api"
    assert transcript.language == "en"
    assert transcript.duration_s == 4.5
    assert words_of(transcript) == TEA
    assert transcript.timing == "word"
    assert transcript.words[3].start_s == 1.5


def test_openai_api_with_words_alone() -> None:
    """`timestamp_granularities=["word"]` gives no segments."""
    document = {
        "task": "transcribe",
        "language": "english",
        "duration": 2.0,
        "text": "Who wants tea?",
        "words": [{"word": w, "start": i, "end": i + 0.5} for i, w in enumerate(["Who", "wants"])],
    }
    transcript = load(document)
    assert words_of(transcript) == ["Who", "wants", "tea?"]
    assert transcript.timing == "word"


def test_openai_api_text_alone() -> None:
    """`response_format="json"`: no times at all, and none are made up."""
    transcript = load({"text": "Who wants tea?", "usage": {"type": "tokens"}})
    assert transcript.producer == "openai-api"
    assert transcript.timing == "none"
    assert {w.start_s for w in transcript.words} == {None}


def test_openai_api_diarized() -> None:
    """diarized_json: a speaker a segment."""
    segment = {"type": "transcript.text.segment", "id": "seg_1", "start": 0.0, "end": 1.0,
               "speaker": "agent", "text": "Hello."}  # fmt: skip
    document = {"task": "transcribe", "duration": 1.0, "text": "Hello.", "segments": [segment]}
    transcript = load(document)
    assert transcript.producer == "openai-api"
    assert transcript.words[0].speaker == "agent"


def test_whisper_timestamped() -> None:
    """A word's text is `text`, and there is a confidence."""
    words = [{"text": "Bonjour", "start": 0.2, "end": 0.9, "confidence": 0.95}]
    segment = {**figures(), "start": 0.2, "end": 0.9, "text": " Bonjour !", "words": words}
    transcript = load({"text": " Bonjour !", "segments": [segment], "language": "fr"})
    assert transcript.producer == "whisper-timestamped"
    assert words_of(transcript) == ["Bonjour", "!"]
    assert transcript.words[0].confidence == 0.95


def test_stable_ts() -> None:
    """It has openai-whisper's keys and a copy of the original, which is not read twice."""
    document = samples.openai_words()
    document |= {
        "ori_dict": samples.openai_words(),
        "regroup_history": "",
        "nonspeech_sections": [],
    }
    transcript = load(document)
    assert transcript.producer == "stable-ts"
    assert words_of(transcript) == TEA


def test_every_producer_is_in_the_documented_list() -> None:
    """Metadata names no other."""
    documents = [
        samples.openai_whisper(),
        samples.whisper_cpp(),
        samples.whisperx(),
        plain("a"),
        samples.DEEPGRAM,
        samples.ASSEMBLYAI,
        samples.AWS,
    ]
    assert {load(document).producer for document in documents} <= set(PRODUCERS)
    assert len(set(PRODUCERS)) == len(PRODUCERS)


def test_the_name_separates_text_formats_from_json() -> None:
    """`talk.srt.json` is JSON, `TALK.SRT` is not."""
    assert load(samples.whisper_cpp(), "talk.srt.json").producer == "whisper.cpp"
    assert read(b"1\n00:00:00,000 --> 00:00:01,000\nHi.\n", name="TALK.SRT").producer == "srt"
