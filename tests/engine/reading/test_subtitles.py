"""SRT, WebVTT, TXT, TSV and CSV."""

from __future__ import annotations

import codecs

import pytest

from engine.errors import InvalidTranscript, NotATranscript
from engine.reading import Reason, read
from tests.engine.reading.samples import words_of

SRT = """1
00:00:00,500 --> 00:00:02,000
[SPEAKER_00]: The kettle
is on.

2
00:00:02,500 --> 00:00:04,000
<i>Who</i> wants tea &amp; cake?
"""
VTT = """WEBVTT

NOTE a remark

00:00.500 --> 00:02.000 align:start
<v Ada>The kettle is on.

01:00:02.500 --> 01:00:04.000
- Who wants tea?
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_srt(newline: str, mark: bytes) -> None:
    """Labels are speakers, markup goes, entities are characters; BOM and CRLF are nothing."""
    transcript = read(mark + SRT.replace("\n", newline).encode(), name="talk.srt")
    assert transcript.producer == "srt"
    assert words_of(transcript) == [
        "The",
        "kettle",
        "is",
        "on.",
        "Who",
        "wants",
        "tea",
        "&",
        "cake?",
    ]
    assert [s.start_s for s in transcript.segments] == [0.5, 2.5]
    assert transcript.words[0].speaker == "SPEAKER_00"
    assert transcript.words[-1].speaker is None
    assert transcript.timing == "segment"


def test_vtt() -> None:
    """Short and long clocks, voices, notes and settings."""
    transcript = read(VTT.encode(), name="talk.vtt")
    assert transcript.producer == "vtt"
    assert words_of(transcript) == ["The", "kettle", "is", "on.", "-", "Who", "wants", "tea?"]
    assert [s.start_s for s in transcript.segments] == [0.5, 3602.5]
    assert transcript.words[0].speaker == "Ada"


def test_txt() -> None:
    """Lines without times: none are made up."""
    transcript = read(b"The kettle is on.\n[SPEAKER_01]: Who wants tea?\n", name="talk.txt")
    assert transcript.producer == "txt"
    assert words_of(transcript) == ["The", "kettle", "is", "on.", "Who", "wants", "tea?"]
    assert transcript.timing == "none"
    assert transcript.words[-1].speaker == "SPEAKER_01"


def test_txt_of_whisper_cpps_output() -> None:
    """Brackets with times before each line; one token a line is a word list."""
    lines = (
        "[00:00:00.000 --> 00:00:02.000]   The kettle.\n[00:00:02.000 --> 00:00:03.000]   Tea?\n"
    )
    transcript = read(lines.encode(), name="talk.txt")
    assert words_of(transcript) == ["The", "kettle.", "Tea?"]
    assert transcript.segments[1].start_s == 2.0
    tokens = ["   Gin", "  ny", "   made", "   a", "   pot", "   of", "   tea", "  .", "   Then"]
    stamped = "\n".join(f"[00:00:0{i}.000 --> 00:00:0{i}.900]{t}" for i, t in enumerate(tokens))
    transcript = read(stamped.encode(), name="talk.txt")
    assert words_of(transcript) == ["Ginny", "made", "a", "pot", "of", "tea.", "Then"]
    assert transcript.timing == "word"


def test_tsv() -> None:
    """Whole milliseconds, tabs in the text survive as spaces between words."""
    transcript = read(b"start\tend\ttext\n0\t2000\tThe kettle\tis on.\n", name="talk.tsv")
    assert transcript.producer == "tsv"
    assert words_of(transcript) == ["The", "kettle", "is", "on."]
    assert transcript.segments[0].end_s == 2.0


def test_csv() -> None:
    """Columns by their names, quoted text, a speaker where there is one."""
    data = 'Start,End,Speaker,Text\n0.0,2.0,Ada,"Tea, or not?"\n'
    transcript = read(data.encode(), name="talk.csv")
    assert transcript.producer == "csv"
    assert words_of(transcript) == ["Tea,", "or", "not?"]
    assert transcript.words[0].speaker == "Ada"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.srt", b"no subtitles here\n"),
        ("a.vtt", b"1\n00:00:00.000 --> 00:00:01.000\nHi.\n"),
        ("a.tsv", b"start\tend\ttext\nHi.\n"),
        ("a.tsv", b"start\tend\ttext\nnow\tthen\tHi.\n"),
        ("a.csv", b"start,end,text\nnow,then,Hi.\n"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_invalid(name: str, data: bytes) -> None:
    """With the format in the message."""
    with pytest.raises(InvalidTranscript) as caught:
        read(data, name=name)
    assert caught.value.reason == Reason.BAD_SUBTITLES


def test_a_table_of_something_else_is_no_transcript() -> None:
    """A CSV without our columns is left alone."""
    with pytest.raises(NotATranscript) as caught:
        read(b"name,price\ntea,3\n", name="a.csv")
    assert caught.value.reason == Reason.NOT_A_TRANSCRIPT
