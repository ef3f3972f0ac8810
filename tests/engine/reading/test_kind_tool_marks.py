"""Marks of tools are no words: special tokens, colours, entities, dashes before voices, clocks."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.reading import read
from engine.records import Transcript
from tests.field import FIELD, needs_field


def text_of(transcript: Transcript) -> str:
    return "".join(("" if w.glued else " ") + w.text for w in transcript.words).strip()


def notes_of(transcript: Transcript) -> dict[str, Any]:
    return {str(note.name): (note.count, note.detail) for note in transcript.notes}


def document(*texts: str) -> bytes:
    segments = [{"start": 3 * n, "end": 3 * n + 3, "text": text} for n, text in enumerate(texts)]
    return json.dumps({"language": "en", "text": "", "segments": segments}).encode()


@pytest.mark.parametrize(
    ("written", "said", "count"),
    [
        ("<|startoftranscript|><|en|><|0.00|> We go.<|2.50|><|endoftext|>", "We go.", 5),
        ("<|zh|><|HAPPY|><|Speech|><|withitn|>We go.", "We go.", 4),
        ("We go.<|2.50|><|2.50|>Then we wait.", "We go. Then we wait.", 2),
        ("[_BEG_] We go.[_TT_125][_EOT_]", "We go.", 3),
        ("<|nocaptions|>", "", 1),
    ],
)
def test_special_tokens_are_counted_and_no_words(written: str, said: str, count: int) -> None:
    """They are Whisper's own, in JSON and in plain text."""
    for data, name in ((document(written), "a.json"), (written.encode(), "a.txt")):
        transcript = read(data, name=name)
        assert text_of(transcript) == said
        assert notes_of(transcript) == {"marks_removed": (count, "special tokens")}


def test_what_only_looks_like_a_token_was_said() -> None:
    """A chat model's tokens are not Whisper's; brackets may be a tag of a sound."""
    written = "<|im_end|> [Music] a <b and c> [x_y]"
    assert text_of(read(document(written), name="a.json")) == written


@pytest.mark.parametrize(
    "written",
    [
        "\x1b[38;5;160m So\x1b[0m\x1b[38;5;77m we\x1b[0m\x1b[38;5;77m go\x1b[0m",
        "\x1b[2K\x1b[1;32mSo\x1b[0m we \x1b[4mgo\x1b[m",
        "[38;5;160m So[0m[38;5;77m we[0m[38;5;77m go[0m",
        "^[[31mSo^[[0m we go",
        "\x1b]0;title\x07So we go",
    ],
    ids=["confidence", "bold", "without-escape", "shown", "title"],
)
def test_colours_of_a_terminal_are_no_words(written: str) -> None:
    """The escape character goes with its sequence, or has gone before it."""
    for data, name in ((document(written), "a.json"), (written.encode(), "a.txt")):
        transcript = read(data, name=name)
        assert text_of(transcript) == "So we go"
        assert "marks_removed" in notes_of(transcript)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("don&#39;t take the Q&amp;A boat", "don't take the Q&A boat"),
        ("it&amp;#39;s &quot;no&quot;", 'it\'s "no"'),
        ("&#x201C;no&#x201D;&nbsp;now", "“no” now"),
        ("AT&T and R&D; B&B", "AT&T and R&D; B&B"),
    ],
)
def test_entities_are_decoded_and_what_was_said_stays(written: str, said: str) -> None:
    """The same in JSON, plain text, tables and subtitles."""
    table = f"start\tend\ttext\n0\t2000\t{written}\n".encode()
    cues = f"1\n00:00:00,000 --> 00:00:02,000\n{written}\n".encode()
    for data, name in (
        (document(written), "a.json"),
        (written.encode(), "a.txt"),
        (table, "a.tsv"),
        (cues, "a.srt"),
    ):
        assert text_of(read(data, name=name)) == said, name


@pytest.mark.parametrize("dash", ["-", "–", "— ", ">>", "- -"])
def test_a_dash_before_a_voice_is_no_voice(dash: str) -> None:
    """Nobody but the voices speaks."""
    cue = f"WEBVTT\n\n00:01.000 --> 00:04.000\n{dash}<v Ada>We go.</v>\n"
    transcript = read(cue.encode(), name="a.vtt")
    assert [(w.text, w.speaker) for w in transcript.words] == [("We", "Ada"), ("go.", "Ada")]


@pytest.mark.parametrize("written", ["[00:01:16]", "(01:16)", "[00:01:16.400]"])
def test_a_clock_alone_is_a_time(written: str) -> None:
    """A time in the middle of a sentence was said."""
    cues = (
        f"WEBVTT\n\n00:01.000 --> 00:04.000\n<v Ada>{written}\n\n"
        "00:01.000 --> 00:04.000\n<v Ada>We go at [12:30] now.\n"
    )
    assert text_of(read(cues.encode(), name="a.vtt")) == "We go at [12:30] now."
    assert text_of(read(document(written, "We go."), name="a.json")) == "We go."


def test_marks_of_other_subtitles_are_no_words() -> None:
    """A position, and a line break of ASS."""
    written = r"{\an8}So we go\Nnow"
    cues = f"1\n00:00:00,000 --> 00:00:02,000\n{written}\n".encode()
    assert text_of(read(cues, name="a.srt")) == "So we go now"
    assert text_of(read(document(written), name="a.json")) == "So we go now"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(("So", "we", "go", "AT&T", "12:30", "[sic]", "—")), min_size=1),
    st.lists(
        st.tuples(
            st.integers(0, 9),
            st.sampled_from(("<|en|>", "<|1.50|>", "\x1b[31m", "\x1b[0m", "[_TT_50]", "{\\an8}")),
        )
    ),
)
def test_marks_between_words_change_no_word(words: list[str], marks: list[tuple[int, str]]) -> None:
    """Wherever marks stand, the words are the same."""
    pieces = list(words)
    for place, mark in marks:
        pieces.insert(min(place, len(pieces)), mark)
    found = text_of(read(document("start " + " ".join(pieces)), name="a.json")).split()
    assert found == ["start", *words]


@needs_field
def test_the_cases_of_the_field() -> None:
    """Nothing but what was said is left."""
    for path in sorted([*FIELD.glob("19-*/*.*"), *FIELD.glob("2[016]-*/*.*")]):
        if path.suffix != ".toml":
            transcript = read(path.read_bytes(), name=path.name)
            said = text_of(transcript)
            assert not [m for m in ("<|", "[_", "\x1b", "[0m", "&#", "&amp;", "[00:") if m in said]
            assert "-" not in said.split()
            assert all(word.speaker or not transcript.has_speakers for word in transcript.words)
