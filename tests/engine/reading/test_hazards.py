"""What real and hostile files contain; each test is named after its hazard."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import InvalidTranscript, NotATranscript
from engine.reading import Reason, read
from tests.engine.reading import samples
from tests.engine.reading.samples import load, plain, words_of


def starts(document: Any) -> list[float | None]:
    return [word.start_s for word in load(document).words]


def test_words_without_times() -> None:
    """Their times are spread between the neighbours; without any, the segment's time is used."""
    document = samples.openai_words()
    for word in document["segments"][0]["words"]:
        word["start"] = word["end"] = None
    transcript = load(document)
    assert transcript.segments[0].words[0].start_s == 0.0
    assert [w.start_s for w in transcript.words] == sorted(w.start_s or 0 for w in transcript.words)


def test_null_end_of_the_last_chunk() -> None:
    """insanely-fast-whisper leaves it open."""
    chunk = {"timestamp": [3.0, None], "text": " The end."}
    transcript = load({"speakers": [], "chunks": [chunk], "text": " The end."})
    assert transcript.words[0].start_s == 3.0
    assert transcript.words[-1].end_s == pytest.approx(3 + 8 / 15, abs=0.001)
    assert transcript.segments[0].raw_end_s is None


def test_null_end_where_the_duration_is_known() -> None:
    """The last words take as long as speaking them would, but end with the recording."""
    items = plain("One.", "And this is what nobody could read in the blink of an eye.")
    items[1]["end"] = None
    transcript = load({"task": "transcribe", "duration": 3.5, "text": "x", "segments": items})
    assert transcript.segments[1].end_s == 3.5


def test_null_end_in_the_middle() -> None:
    """The next start ends it."""
    items = plain("One.", "Two.")
    items[0]["end"] = None
    assert load(items).segments[0].end_s == 2.0


WAITING = "I was thinking that maybe we could go there on Monday."


def test_two_voices_at_once_take_turns() -> None:
    """With segments alone, the first voice ends when the other begins, and no cue is too short."""
    texts = (WAITING, "Yes, I totally agree with you on that.", "Good, then let us do it.")
    spans = ((0.0, 10.0, "A"), (5.0, 8.0, "B"), (8.0, 12.0, "A"))
    items = [
        {"start": start, "end": end, "speaker": speaker, "text": text}
        for (start, end, speaker), text in zip(spans, texts, strict=True)
    ]
    found = load({"language": "en", "segments": items}).segments
    assert [(s.start_s, s.end_s) for s in found] == [(0.0, 5.0), (5.0, 8.0), (8.0, 12.0)]
    assert (found[0].raw_start_s, found[0].raw_end_s) == (0.0, 10.0)


def test_two_voices_at_once_with_word_times() -> None:
    """No word starts before the one before it, and the second voice still has time."""
    said = (
        ("SPEAKER_00", 0.0, 1.0, WAITING),
        ("SPEAKER_01", 3.0, 0.4, "Oh really, that is great."),
        ("SPEAKER_00", 12.0, 0.4, "Yes it is."),
    )
    segments = []
    for speaker, start, step, text in said:
        words = [
            {"word": w, "start": start + i * step, "end": start + (i + 0.9) * step, "score": 0.9,
             "speaker": speaker}
            for i, w in enumerate(text.split())
        ]  # fmt: skip
        segments.append(
            {"start": start, "end": words[-1]["end"], "text": text, "words": words,
             "speaker": speaker}
        )  # fmt: skip
    first, second, third = load({"language": "en", "segments": segments}).segments
    assert [w.start_s for w in first.words] == [float(i) for i in range(11)]
    assert second.start_s == 10.0
    assert second.end_s == pytest.approx(10 + segments[1]["end"] - 3, abs=0.001)
    assert all((w.end_s or 0) > (w.start_s or 0) for w in second.words)
    assert third.start_s == 12.0


def test_a_voice_that_begins_with_another_does_not_push_it_away() -> None:
    """Both start together, so there is no time before the second for the first."""
    items = plain(WAITING, "Yes.", "Good.")
    items[0]["end"] = 10.0
    items[1]["start"], items[2]["start"], items[2]["end"] = 0.0, 10.0, 12.0
    found = load(items).segments
    assert (found[0].start_s, found[0].end_s) == (0.0, 10.0)
    assert found[2].start_s == 10.0


def test_a_words_list_that_lacks_segments() -> None:
    """The segments have right times, and the words after the gap keep theirs."""
    texts = [
        f"{a} {b} {c} over there on the other side of the river."
        for a, b, c in (
            ("Ada", "measured", "soil"), ("Nobody", "bought", "it"), ("Three", "years", "went"),
            ("Farmers", "called", "us"), ("Bob", "ordered", "many"), ("Winter", "came", "early"),
            ("Someone", "sold", "bread"), ("Everything", "was", "dark"),
        )
    ]  # fmt: skip
    segments = plain(*texts, step_s=12.0)
    words = [
        {"word": word.strip("."), "start": 12.0 * n + i, "end": 12.0 * n + i + 0.5}
        for n, text in enumerate(texts)
        for i, word in enumerate(text.split())
        if n not in (2, 3, 4)
    ]
    document = {"task": "transcribe", "duration": 96.0, "text": "x", "segments": segments}
    transcript = load({**document, "words": words})
    for n in (0, 1, 5, 6, 7):
        found = [word.start_s for word in transcript.segments[n].words]
        assert found == [12.0 * n + i for i in range(len(found))]
    for n in (2, 3, 4):
        assert transcript.segments[n].start_s == 12.0 * n


def test_starts_that_go_backwards_at_a_batch_join() -> None:
    """Words stay in the file's order, and times never decrease."""
    items = plain("One.", "Two.", "Three.", "Four.")
    items[2]["start"], items[2]["end"] = 1.5, 5.0
    found = starts(items)
    assert words_of(load(items)) == ["One.", "Two.", "Three.", "Four."]
    assert found == sorted(t for t in found if t is not None)
    assert load(items).segments[2].raw_start_s == 1.5


def test_one_segment_with_a_wild_time() -> None:
    """Only that segment is moved."""
    items = plain("One.", "Two.", "Three.")
    items[1]["start"] = 90_000.0
    assert starts(items) == [0.0, 2.0, 4.0]


def test_zero_length_and_negative_length_segments() -> None:
    """Both exist in real files; a segment never ends before it starts."""
    items = plain("One.", "Two.")
    items[0]["end"] = 0.0
    items[1]["end"] = 1.0
    transcript = load(items)
    assert all(s.end_s is not None and s.end_s >= (s.start_s or 0) for s in transcript.segments)


def test_times_that_are_no_times() -> None:
    """Negative, NaN, text, huge or missing: the words stay, with the times that are left."""
    for value in (-5, None, "soon", 10**400, 1e300, [], True):
        items = plain("One two.", "Three.")
        items[0]["start"] = value
        assert words_of(load(items)) == ["One", "two.", "Three."]
    data = json.dumps(plain("One.", "Two.")).replace("0.0", "NaN").encode()
    assert words_of(read(data, name="a.json")) == ["One.", "Two."]


def test_times_as_text() -> None:
    """Some scripts write numbers in quotes."""
    items = [{"start": "1.5", "end": "2.5", "text": "One."}]
    assert starts(items) == [1.5]


def test_blank_segments() -> None:
    """They have no word and only count for the duration."""
    transcript = load(plain("One.", "  ", ""))
    assert words_of(transcript) == ["One."]
    assert len(transcript.segments) == 1
    assert transcript.duration_s == 6.0


def test_text_that_differs_from_the_segments() -> None:
    """The segments are the transcript."""
    assert words_of(load(samples.openai_whisper(text="Something else."))) == [
        "The", "kettle", "is", "on.", "Who", "wants", "tea?",
    ]  # fmt: skip


def test_text_where_the_segments_have_none() -> None:
    """Then the whole text is used."""
    document = samples.openai_whisper(segments=[], text=" Who wants tea?")
    transcript = load(document)
    assert words_of(transcript) == ["Who", "wants", "tea?"]
    assert transcript.timing == "none"


def test_words_that_differ_from_the_text() -> None:
    """The text is read, and the words give the times that they can."""
    document = samples.openai_words()
    document["segments"][0]["words"][1]["word"] = " caldron"
    transcript = load(document)
    assert words_of(transcript)[:4] == ["The", "kettle", "is", "on."]
    assert transcript.words[2].start_s == 1.0


def test_segments_with_words_but_no_text() -> None:
    """Then the words are the text."""
    document = samples.openai_words()
    for segment in document["segments"]:
        segment["text"] = ""
    assert words_of(load(document))[:2] == ["The", "kettle"]


def test_silence() -> None:
    """Every tool can write a transcript without words."""
    silent: list[Any] = [
        {"text": "", "segments": [], "language": "en"},
        samples.whisper_cpp(transcription=[]),
        {"segments": [], "language": "en"},
        {"segments": [], "word_segments": []},
        {"text": "", "chunks": []},
        {"speakers": [], "chunks": [], "text": ""},
        {"task": "transcribe", "duration": 3.0, "text": "", "language": "english", "segments": []},
        {"text": ""},
    ]
    for document in silent:
        transcript = load(document)
        assert transcript.words == ()
        assert transcript.timing == "none" or transcript.segments == ()
    assert load(silent[0]).producer == "openai-whisper"
    assert load(silent[5]).producer == "insanely-fast-whisper"


def test_one_giant_segment() -> None:
    """58 minutes in one segment are cut at sentence ends, with the same words."""
    text = " ".join(f"This is sentence number {i} of a long talk." for i in range(300))
    transcript = load({"segments": [{"start": 0.0, "end": 3480.0, "text": text}], "text": text})
    assert words_of(transcript) == text.split()
    assert len(transcript.segments) == 300


def test_word_lists_of_thousands_of_chunks() -> None:
    """They are times for words, not segments of one word."""
    chunks = [{"text": f" w{i}", "timestamp": [i * 0.3, i * 0.3 + 0.25]} for i in range(5000)]
    transcript = load({"text": "", "chunks": chunks})
    assert len(transcript.words) == 5000
    assert len(transcript.segments) < 300
    assert transcript.timing == "word"


def test_word_lists_of_scripts_without_spaces() -> None:
    """No entry has a space and none is added, except around Latin words."""
    said = ["我", "们", "今天", "，", "去", "Tea", "House", "喝", "茶", "。"]
    chunks = [{"text": w, "timestamp": [i * 0.3, i * 0.3 + 0.3]} for i, w in enumerate(said)]
    transcript = load({"text": "", "chunks": chunks})
    text = "".join(("" if w.glued else " ") + w.text for w in transcript.words)
    assert text.strip() == "我们今天，去 Tea House 喝茶。"
    assert transcript.words[-1].start_s == pytest.approx(2.4)


def test_segments_whose_text_is_in_their_words_alone() -> None:
    """The same holds where a segment has no text but words."""
    said = ["今日", "は", "いい", "天気"]
    words = [{"word": w, "start": i, "end": i + 1} for i, w in enumerate(said)]
    items = [{"start": 0, "end": 4, "text": "", "words": words}]
    transcript = load({"language": "ja", "segments": items})
    assert [w.glued for w in transcript.words] == [False] + [True] * 6


def test_a_stray_space_glues_no_words_together() -> None:
    """One entry of twenty that begins with a space shows nothing about the others."""
    said = [f"w{i}" for i in range(20)]
    said[7] = " w7"
    chunks = [{"text": w, "timestamp": [i, i + 0.5]} for i, w in enumerate(said)]
    assert len(load({"text": "", "chunks": chunks}).words) == 20


@pytest.mark.parametrize(
    ("written", "code"),
    [("en", "en"), ("english", "en"), ("Catalan", "ca"), ("zh-CN", "zh"), ("EN_us", "en"),
     ("jw", "jv"), ("haw", None), ("klingon", None), (None, None), (7, None)],
)  # fmt: skip
def test_language_names_and_codes(written: Any, code: str | None) -> None:
    """The result is an ISO 639-1 code or None."""
    assert load(samples.openai_whisper(language=written)).language == code


def test_chinese_and_japanese_across_segments() -> None:
    """Where no space stood between two segments, none is added."""
    transcript = load(
        {"language": "ja", "segments": plain("今日は", "いい天気", " です"), "text": ""}
    )
    assert [w.glued for w in transcript.words] == [False] + [True] * 6 + [False, True]


def test_latin_words_across_segments_are_never_glued() -> None:
    """Stripped texts of two segments are two words."""
    assert [w.glued for w in load(plain("One", "two")).words] == [False, False]


def test_control_characters_surrogates_and_labels_with_newlines() -> None:
    """The result is text that can be written and shown."""
    items = plain("a\u0000b \u001b]52;c\u0007 \ud800c")
    items[0]["speaker"] = "SPEAKER\n\u202e00\u001b"
    transcript = load(items)
    assert words_of(transcript) == ["ab", "\ufffdc"]
    assert transcript.words[0].speaker == "SPEAKER 00"
    "".join(words_of(transcript)).encode("utf-8")


def test_markup_of_models_is_only_text() -> None:
    """Text that looks like a control token is a word."""
    assert words_of(load(plain("<|im_end|> </s> [INST]"))) == ["<|im_end|>", "</s>", "[INST]"]


@pytest.mark.parametrize(
    "document",
    [
        {"text": "a", "language": "en", "segments": "none"},
        {"text": "a", "language": "en", "segments": {"0": "a"}},
        {"segments": [{"start": 0, "end": 1, "text": {"a": 1}}], "language": "en"},
        {"segments": [{"start": 0, "end": 1, "text": "a"}, 7], "language": "en"},
        {"segments": [{"start": 0, "end": 1, "text": "a", "words": [1]}], "language": "en"},
        samples.whisper_cpp(transcription=[{"offsets": {}, "text": []}]),
        samples.whisper_cpp(transcription=[1]),
    ],
)
def test_wrong_types_are_named(document: Any) -> None:
    """The file is invalid, and the message has the place and the type found there."""
    with pytest.raises(InvalidTranscript) as caught:
        load(document)
    assert caught.value.reason == Reason.WRONG_TYPES
    assert "should be" in str(caught.value)


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        7,
        None,
        "text",
        {"name": "llasa", "dependencies": {}},
        {"results": {"items": []}},
        {"segments": [{"from": "A", "to": "B"}], "distance": 4},
        {"segments": [{"start": [0, 1], "end": [2, 3], "color": "red"}]},
        {"chunks": [{"id": 1, "text": "a page of a book"}]},
        {"events": [], "text": 7},
        [{"start": "2024-05-01", "end": "2024-05-02", "text": "Holiday"}],
        [{"text": "a note"}, {"text": "another"}],
        [[1, 2], [3, 4]],
        {"transcription": "Wingardium"},
    ],
)
def test_json_that_is_no_transcript_is_ignored(document: Any) -> None:
    """The message says what the file looks like."""
    with pytest.raises(NotATranscript) as caught:
        load(document)
    assert caught.value.reason == Reason.NOT_A_TRANSCRIPT
    assert caught.value.hint


def test_our_own_outputs_are_known_by_their_schema() -> None:
    """llasa never reads its own outputs."""
    with pytest.raises(NotATranscript) as caught:
        load({"schema": "llasa.metadata/1", "segments": plain("One.")})
    assert caught.value.reason == Reason.OWN_OUTPUT
