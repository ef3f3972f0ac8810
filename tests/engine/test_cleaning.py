"""What is removed, and above all what is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.records import Cleaning, Removal, Segment, Transcript, Word
from engine.text.cleaning import clean
from engine.text.words import split_words


def segment(text: str, start: float, end: float, **figures: Any) -> Segment:
    """Return a segment with its words spread evenly."""
    tokens = split_words(text)
    step = max(end - start, 0.0) / max(len(tokens), 1)
    words = tuple(
        Word(
            t.text,
            round(start + i * step, 3),
            round(start + (i + 1) * step, 3),
            None,
            None,
            t.glued,
        )
        for i, t in enumerate(tokens)
    )
    return Segment(words, start, end, raw_start_s=start, raw_end_s=end, **figures)


def talk(*segments: Segment, language: str | None = "en") -> Transcript:
    return Transcript("openai-whisper", segments, language)


def text_of(transcript: Transcript) -> str:
    return " ".join(word.text for word in transcript.words)


def run(text: str, times: Sequence[tuple[float, float]], **figures: Any) -> list[Segment]:
    return [segment(text, start, end, **figures) for start, end in times]


def cleaned(*segments: Segment, level: Cleaning = "safe") -> tuple[str, tuple[Removal, ...]]:
    """Clean a talk and check that the report accounts for every word."""
    before = talk(*segments)
    after, removals = clean(before, level=level)
    assert len(before.words) - len(after.words) == sum(r.count for r in removals)
    assert all(s.words for s in after.segments)
    return text_of(after), removals


EVERY_TWO = [(2.0 * i, 2.0 * i + 2.0) for i in range(12)]
UNEVEN = [(0.0, 1.1), (1.1, 2.9), (2.9, 3.6), (3.6, 5.0), (5.0, 7.3), (7.3, 8.0), (8.0, 9.4)]


# --- what stays -------------------------------------------------------------------------------


def test_off_touches_nothing() -> None:
    """Not even tags are removed."""
    before = talk(segment("[Music]", 0, 1), *run("Bye now, dear.", EVERY_TWO))
    assert clean(before, level="off") == (before, ())


def test_a_roll_call_stays() -> None:
    """People say the same word again and again, at an uneven pace."""
    text, removals = cleaned(*run("Aye.", UNEVEN))
    assert text == " ".join(["Aye."] * 7)
    assert removals == ()


def test_even_short_answers_stay() -> None:
    """Whisper writes whole seconds: three or nine "Yes." of one second are speech."""
    for count in (3, 9):
        times = [(float(i), i + 1.0) for i in range(count)]
        assert cleaned(*run("Yes.", times, compression_ratio=1.6))[1] == ()


def test_a_line_repeated_in_a_film_stays() -> None:
    """It is said seven times, with uneven lengths and no suspicious figure."""
    assert cleaned(*run("Look at this!", UNEVEN))[1] == ()


def test_a_repeated_line_stays_though_it_compresses_well() -> None:
    """Repetition itself raises the ratio, so the ratio alone is no sign in a short run."""
    assert cleaned(*run("Look at this!", UNEVEN, compression_ratio=3.1))[1] == ()


def test_a_refrain_stays() -> None:
    """It is the same phrase, but not in a row."""
    lines = ["Row the boat.", "Down the stream.", "Row the boat.", "Life is a dream."] * 2
    assert (
        cleaned(*(segment(t, *times) for t, times in zip(lines, EVERY_TWO, strict=False)))[1] == ()
    )


def test_spoken_thanks_stay() -> None:
    """At the end of a talk thanks are spoken, whatever one of Whisper's figures says."""
    for figures in (
        {"no_speech_prob": 0.01, "avg_logprob": -0.1},
        {"no_speech_prob": 0.58, "avg_logprob": -0.9},
        {"no_speech_prob": 0.75, "avg_logprob": -0.2},
        {},
    ):
        body = segment("That is all for today.", 0, 3)
        assert cleaned(body, segment("Thanks for watching!", 3, 4, **figures))[1] == ()


def test_what_people_say_to_each_other_is_no_phantom() -> None:
    """ "Thank you." after an answer is an answer, even with doubt and a pause."""
    body = segment("Thank you so much, Ada.", 0, 3)
    reply = segment("Thank you.", 6, 8, no_speech_prob=0.79, avg_logprob=-0.6)
    assert cleaned(body, reply)[1] == ()


def test_a_gap_keeps_its_spacing() -> None:
    """The word after a tag gets the space before the tag."""
    after, _ = clean(talk(segment("你好 【拍手】世界", 0, 2), language="zh"), level="safe")
    assert [(w.text, w.glued) for w in after.words][2] == ("世", False)


def test_speech_in_brackets_stays() -> None:
    """Only known sounds are tags."""
    for text in ("(he said quietly)", "[sic]", "[INST]", "(music is my life)", "*Be a hero*",
                 "[inaudible]", "the (only) way", "( ) [1]", "♪ sing a song ♪ now"):  # fmt: skip
        kept, _ = cleaned(segment(text, 0, 2))
        assert kept == text.replace("♪ ", "")


def test_fillers_and_stutters_stay_at_safe() -> None:
    """They were spoken."""
    assert cleaned(segment("Um, the the kettle, you know, uh, is on.", 0, 4))[1] == ()


# --- what goes --------------------------------------------------------------------------------


def test_a_loop_of_equal_durations_is_cut_to_one_instance() -> None:
    """A phrase five times or more, with durations equal to the millisecond, is a loop."""
    text, removals = cleaned(segment("Hello.", 0, 1), *run("See you again soon.", EVERY_TWO))
    assert text == "Hello. See you again soon."
    assert [(r.kind, r.count) for r in removals] == [("loops", 44)]
    assert removals[0].start_s == 2.0
    assert removals[0].end_s == 24.0
    assert removals[0].text.startswith("See you again soon. See you")


def test_a_short_loop_needs_more_instances() -> None:
    """One or two words at an even pace are a loop only after nine times."""
    times = [(float(i), i + 1.0) for i in range(30)]
    assert cleaned(*run("1", times))[0] == "1"


def test_a_loop_that_nobody_can_speak_is_cut() -> None:
    """The same sentence stands three times in a tenth of a second."""
    times = [(5.0, 5.04), (5.04, 5.1), (5.1, 5.14)]
    text, removals = cleaned(*run("Thank you so much.", times))
    assert text == "Thank you so much."
    assert removals[0].count == 8


def test_a_loop_in_silence_is_cut() -> None:
    """Whisper itself reports that nobody spoke."""
    times = [(30.0 * i, 30.0 * i + 1.7 + i / 10) for i in range(4)]
    text, _ = cleaned(*run("We will meet again.", times, no_speech_prob=0.98))
    assert text == "We will meet again."


def test_a_loop_in_a_compressed_window_is_cut() -> None:
    """The ratio is above Whisper's own threshold, and the run is long."""
    times = [(i * 1.3, i * 1.3 + 1.0 + (i % 3) / 10) for i in range(9)]
    text, _ = cleaned(*run("I think so too.", times, compression_ratio=8.0))
    assert text == "I think so too."


def test_lines_that_alternate_in_a_loop_are_cut() -> None:
    """One round stays."""
    lines = ["Where are you now?", "I am over here."] * 6
    segments = [segment(t, *times) for t, times in zip(lines, EVERY_TWO, strict=True)]
    assert cleaned(*segments)[0] == "Where are you now? I am over here."


def test_a_loop_inside_of_one_segment_is_cut() -> None:
    """ "got them" seventy times, in segments that Whisper found far too repetitive."""
    text = "All right, " + "got them, " * 70 + "over."
    kept, removals = cleaned(segment(text, 0, 30, compression_ratio=24.0))
    assert kept == "All right, got them, over."
    assert removals[0].count == 138


def test_a_loop_inside_of_one_segment_needs_the_second_sign_too() -> None:
    """Without a second sign a chant stays."""
    assert cleaned(segment("no more " * 20, 0, 30, compression_ratio=2.0))[1] == ()


def test_a_loop_of_clusters_is_cut() -> None:
    """Scripts without spaces have loops too."""
    after, removals = clean(talk(*run("お待ち下さい。", EVERY_TWO), language="ja"), level="safe")
    assert "".join(w.text for w in after.words) == "お待ち下さい。"
    assert removals[0].text.replace(" ", "") == "お待ち下さい。" * 11


@pytest.mark.parametrize(
    "text",
    ["[Music]", "(applause)", "[BLANK_AUDIO]", "[ Silence ]", "(upbeat music playing)", "*laughs*",
     "[MUSIC PLAYING]", "[Musik]", "[Applaus]", "(Rires)", "♪", "♪♪", "[Music].",
     "(拍手)", "【音楽】", "[SPEAKER_TURN]", "(audience laughing)",
     "(speaking in foreign language)", "♪ (music) ♪"],
)  # fmt: skip
def test_tags_for_sounds_are_removed(text: str) -> None:
    """They may stand alone or among words."""
    kept, removals = cleaned(segment(f"Hello {text} there", 0, 3), segment(text, 3, 4))
    assert kept == "Hello there"
    assert {r.kind for r in removals} == {"tags"}


@pytest.mark.parametrize(
    ("line", "figures", "pause"),
    [
        ("Thanks for watching!", {"no_speech_prob": 0.67, "avg_logprob": -0.9}, 0),
        ("Thanks for watching!", {"no_speech_prob": 0.97, "avg_logprob": -0.2}, 8),
        ("Vielen Dank fürs Zuschauen!", {"no_speech_prob": 0.9, "avg_logprob": -0.6}, 0),
        ("Untertitel im Auftrag des ZDF, 2021", {"no_speech_prob": 0.99}, 0),
        ("Copyright WDR 2021", {}, 9),
        ("Subtitles by the Amara.org community", {}, 6),
        ("ご視聴ありがとうございました", {"no_speech_prob": 0.8, "avg_logprob": -0.7}, 0),
    ],
)
def test_phantom_closing_lines_are_removed(
    line: str, figures: dict[str, float], pause: int
) -> None:
    """Silence or the decoder's own doubt is needed."""
    body = segment("That is all for today.", 0, 3)
    text, removals = cleaned(body, segment(line, 3 + pause, 5 + pause, **figures))
    assert text == "That is all for today."
    assert [r.kind for r in removals] == ["loops"]


def test_a_transcript_of_nothing_but_a_phantom_is_silence() -> None:
    """The transcript has no words, and the removal shows why."""
    line = segment("Thanks for watching!", 0, 3, no_speech_prob=0.67, avg_logprob=-0.2)
    assert cleaned(line)[0] == ""


# --- thorough ---------------------------------------------------------------------------------


def test_thorough_removes_fillers_of_the_language() -> None:
    """ "um" is a hesitation in English and a word in German."""
    english = segment("Um, the kettle, uh, is on.", 0, 4)
    kept, removals = cleaned(english, level="thorough")
    assert kept == "the kettle, is on."
    assert [r.kind for r in removals] == ["fillers", "fillers"]
    german = talk(segment("Er fährt, äh, um zu sehen.", 0, 4), language="de")
    assert text_of(clean(german, level="thorough")[0]) == "Er fährt, um zu sehen."


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("the the kettle", "the kettle"),
        ("I, I think", "I think"),
        ("we just we just wanted", "we just wanted"),
        ("The the the end", "the end"),
        ("and we will and we will go", "and we will go"),
    ],
)
def test_thorough_removes_stutters(text: str, kept: str) -> None:
    """The last repetition stays."""
    assert cleaned(segment(text, 0, 3), level="thorough")[0] == kept


@pytest.mark.parametrize(
    "text",
    ["no no no", "very very good", "I had had enough", "on and on and on", "year by year by year",
     "Never, never, never", "Stop. Stop.", "one one two", "10 10", "Bye bye",
     "the cat. The cat sat"],
)  # fmt: skip
def test_thorough_keeps_what_is_repeated_on_purpose(text: str) -> None:
    """These are emphasis, grammar, numbers, and repetitions across a sentence end."""
    assert cleaned(segment(text, 0, 3), level="thorough")[0] == text


@pytest.mark.parametrize(
    "text",
    ["they took him to the ER at noon", "it is 5 mm thick", "we heard Duran Duran live"],
)
def test_thorough_keeps_what_only_looks_like_noise(text: str) -> None:
    """These are an acronym, a unit, and a name with the same word twice."""
    assert cleaned(segment(text, 0, 3), level="thorough")[0] == text


def test_the_same_words_of_several_speakers_are_no_loop() -> None:
    """An oath has the same words and durations for everybody."""
    said = run("I so swear.", EVERY_TWO[:6])
    people = [
        replace(s, words=tuple(replace(w, speaker=f"SPEAKER_0{n}") for w in s.words))
        for n, s in enumerate(said)
    ]
    assert cleaned(*people)[0] == " ".join(["I so swear."] * 6)
    assert cleaned(*said)[0] == "I so swear."


def test_a_repetition_by_another_speaker_stays() -> None:
    """It is an echo, not a stutter."""
    words = (Word("tea", 0.0, 0.4, "A"), Word("tea", 0.5, 0.9, "B"))
    before = talk(Segment(words, 0.0, 0.9, raw_start_s=0.0, raw_end_s=0.9))
    assert clean(before, level="thorough") == (before, ())


# --- for every text ---------------------------------------------------------------------------


@given(
    st.lists(st.text(alphabet="ab [](*)♪.um 今", max_size=16), max_size=14),
    st.sampled_from(["off", "safe", "thorough"]),
)
def test_the_kept_and_the_reported_words_are_all_words(texts: list[str], level: Cleaning) -> None:
    """The kept words are the source's own, in order; the report counts the others."""
    segments = [segment(t, float(i), i + 1.0) for i, t in enumerate(texts) if split_words(t)]
    before = talk(*segments)
    after, removals = clean(before, level=level)
    source = iter(word.text for word in before.words)
    assert all(word.text in source for word in after.words)
    assert len(before.words) - len(after.words) == sum(r.count for r in removals)
    assert clean(after, level="off") == (after, ())
