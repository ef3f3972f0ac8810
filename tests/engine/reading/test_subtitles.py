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
    """Labels are speakers, markup is removed, entities are decoded; BOM and CRLF do not matter."""
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


def said(text: str, name: str) -> list[str]:
    """Return the words of each segment of a file, in order."""
    segments = read(text.encode(), name=name).segments
    return [" ".join(word.text for word in segment.words) for segment in segments]


def spans(text: str, name: str) -> list[tuple[float | None, float | None]]:
    """Return start and end of each segment."""
    return [(s.start_s, s.end_s) for s in read(text.encode(), name=name).segments]


def test_a_vtt_cue_keeps_a_last_line_that_is_a_number() -> None:
    """It is not the number of the next cue."""
    text = (
        "WEBVTT\n\n00:00.000 --> 00:03.000\nThe new one was built in\n1991\n\n"
        "00:03.000 --> 00:06.000\nand it still stands.\n"
    )
    assert said(text, "a.vtt") == ["The new one was built in 1991", "and it still stands."]


def test_vtt_notes_styles_names_of_cues_and_settings_are_not_said() -> None:
    """Blocks may have several lines and stand before, between and after the cues."""
    text = (
        "WEBVTT - Bees\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nREGION\nid:one\n\n"
        "NOTE checked by Ann\nand Bob\n\nintro\n00:00.000 --> 00:03.000 align:start line:0\n"
        "The queen stays.\n\n9f1c/8-0\n1000:00:05.000 --> 1000:00:06.000\nNOTE this:\n"
        "the drones go.\n\nNOTE\nthe end\nof it\n"
    )
    assert said(text, "a.vtt") == ["The queen stays.", "NOTE this: the drones go."]
    assert spans(text, "a.vtt")[1] == (3600005.0, 3600006.0)


def test_vtt_text_after_a_blank_line_is_not_lost() -> None:
    """A player would not show it; a missing blank line before a cue loses nothing either."""
    text = (
        "WEBVTT\n\n00:00.000 --> 00:03.000\nThe kettle\n\nis on.\n\n"
        "00:03.000 --> 00:06.000\nWho wants\n00:06.000 --> 00:07.000\ntea?\n"
    )
    assert said(text, "a.vtt") == ["The kettle is on.", "Who wants", "tea?"]


def test_srt_numbers_of_cues_are_removed_and_spoken_numbers_stay() -> None:
    """They stand at the end of a text, alone, after a blank line, or in files without numbers."""
    numbered = (
        "1\n00:00:00,000 --> 00:00:03,000\nIt was built in\n1991\n\n"
        "2\n00:00:03,000 --> 00:00:06,000\n\nand it\n\nstill stands.\n\n"
        "3\n00:00:06,000 --> 00:00:07,000\n42\n\n"
        "4\n00:00:07,000 --> 00:00:08,000\n\n5\n00:00:08,000 --> 00:00:09,000\nHow many?\n7\n"
    )
    assert said(numbered, "a.srt") == [
        "It was built in 1991", "and it still stands.", "42", "How many? 7",
    ]  # fmt: skip
    bare = (
        "00:00:00,000 --> 00:00:03,000\nIt was built in\n1991\n\n"
        "00:00:03,000 --> 00:00:06,000\nor\n1992\n00:00:06,000 --> 00:00:07,000\nor so.\n"
    )
    assert said(bare, "a.srt") == ["It was built in 1991", "or 1992", "or so."]


@pytest.mark.parametrize("gap", ["\r\r\n", "\n"])
def test_srt_without_blank_lines_or_with_twice_as_many(gap: str) -> None:
    """Consecutive numbers are still removed; broken line ends double every line."""
    lines = ["1", "0:00:00,000 --> 0:00:03,000", "Built in", "1991", "2",
             "00:00:03.000 --> 00:00:06.000", "it stands."]  # fmt: skip
    assert said(gap.join(lines), "a.srt") == ["Built in 1991", "it stands."]
    doubled = "1\r\r\n00:00:00,0 --> 00:00:03,0\r\r\n1991\r\r\n\r\r\n2\r\r\n"
    doubled += "00:00:03,0 --> 00:00:06,0\r\r\nstands.\r\r\n"
    assert said(doubled, "a.srt") == ["1991", "stands."]


def test_clocks_of_srt_in_several_forms() -> None:
    """Comma, dot, no fraction, no hours, one digit or four, no spaces around the arrow."""
    text = (
        "1\n0:00:01.5 --> 00:00:02,250 X1:40 X2:600\nOne.\n\n2\n00:03,0-->00:04,0\nTwo.\n\n"
        "3\n00:00:05 --> 00:00:06\nThree.\n\n4\n1000:00:00,000 --> 1000:00:01,000\nFour.\n"
    )
    assert spans(text, "a.srt") == [
        (1.5, 2.25), (3.0, 4.0), (5.0, 6.0), (3600000.0, 3600001.0),
    ]  # fmt: skip


def test_a_damaged_clock_costs_neither_a_word_nor_the_other_time() -> None:
    """A clock in a sentence begins no cue."""
    text = (
        "1\n00:00:00,000 --> 00:00:0x,000\nFrom 12:30 -->\n12:30 --> 13:00 is lunch.\n\n"
        "2\n00:00:03,000 --> 00:00:06,000\nGood.\n"
    )
    assert said(text, "a.srt") == ["From 12:30 --> 12:30 --> 13:00 is lunch.", "Good."]
    assert spans(text, "a.srt") == [(0.0, 3.0), (3.0, 6.0)]


@pytest.mark.parametrize("name", ["a.srt", "a.vtt"])
def test_backslashes_and_angle_brackets_that_were_said_stay(name: str) -> None:
    r"""`\\N` is a line break in another format, and only marks of subtitles are marks."""
    cue = (
        "WEBVTT\n\n00:00:00.000 --> 00:00:03.000\n"
        "Open C:\\Notes, {press} \\Next, put it into a <div> element, if a <b and c> d, "
        "{\\an8}<font color='red'>now</font> <c.yellow.bg_blue>go</c>, <00:00:01.000><I >there</I> "
        "<lang en-GB>&lt;now&gt;</lang> &#999999999999; &amp <ruby>x<rt>y</rt></ruby>"
    )
    assert said(cue, name) == [
        "Open C:\\Notes, {press} \\Next, put it into a <div> element, if a <b and c> d, "
        "now go, there <now> &#999999999999; &amp xy"
    ]


def test_tsv_text_is_taken_as_it_stands() -> None:
    """There is no markup in a table, but some tools write entities."""
    text = "start\tend\ttext\n0\t2000\t[SPEAKER_00]: Put <i>it</i> into &lt;b&gt;.\n"
    assert said(text, "a.tsv") == ["Put <i>it</i> into <b>."]
    assert read(text.encode(), name="a.tsv").words[0].speaker == "SPEAKER_00"


def test_two_voices_in_a_cue_are_two_speakers() -> None:
    """Each has a share of the cue's time, as long as what it says."""
    text = (
        "WEBVTT\n\n00:00.000 --> 00:10.000\n<v Ann>Hello there Bob.</v>\n"
        "<v.loud Tom &amp; Bob>Hi Ann.</v>\n\n00:10.000 --> 00:12.000\n<v Speaker?>Who?</v>\n"
    )
    transcript = read(text.encode(), name="a.vtt")
    assert [(w.text, w.speaker) for w in transcript.words] == [
        ("Hello", "Ann"), ("there", "Ann"), ("Bob.", "Ann"),
        ("Hi", "Tom & Bob"), ("Ann.", "Tom & Bob"), ("Who?", None),
    ]  # fmt: skip
    first, second, _ = transcript.segments
    assert first.start_s == 0.0
    assert second.end_s == 10.0
    assert first.end_s == pytest.approx(10 * 16 / 24, abs=0.001)
    assert second.start_s == pytest.approx(10 * 17 / 24, abs=0.001)


def test_labels_of_whisper_cpp() -> None:
    """Its `-di` writes them before the text; a question mark is no name."""
    text = (
        "1\n00:00:00,000 --> 00:00:03,000\n(speaker 0) Hello there.\n\n"
        "2\n00:00:03,000 --> 00:00:06,000\n(speaker ?) Who is (speaker 1) here?\n"
    )
    assert said(text, "a.srt") == ["Hello there.", "Who is (speaker 1) here?"]
    words = read(text.encode(), name="a.srt").words
    assert [words[0].speaker, words[-1].speaker] == ["speaker 0", None]
    stamped = "[00:00:00.000 --> 00:00:03.000]  (speaker 1) Hello.\n"
    for plain in (stamped, "(speaker 1) Hello.\n"):
        assert [(w.text, w.speaker) for w in read(plain.encode(), name="a.txt").words] == [
            ("Hello.", "speaker 1")
        ]


@pytest.mark.parametrize("name", ["a.srt", "a.vtt", "a.txt", "a.csv"])
def test_long_runs_of_anything_are_read_in_a_moment(name: str) -> None:
    """The time grows in proportion to the length: its square would reach the limit of pytest."""
    times = "00:00:00.000 --> 00:00:03.000"
    head = {
        "a.srt": f"{times}\n",
        "a.vtt": f"WEBVTT\n\n{times}\n",
        "a.txt": f"[{times}]\n",
        "a.csv": 'start,end,text\n0,1,"',
    }[name]
    tail = ' word"' if name == "a.csv" else " word"
    for run in ("<v ", "<i.", "<b =", "<i ", " ", "\n", "1\n", "{\\", "&#9", "9:", "a --> "):
        text = head + run * (100_000 // len(run))
        assert read((text + tail).encode(), name=name).words[-1].text == "word"


def test_txt() -> None:
    """Lines without times get none."""
    transcript = read(b"The kettle is on.\n[SPEAKER_01]: Who wants tea?\n", name="talk.txt")
    assert transcript.producer == "txt"
    assert words_of(transcript) == ["The", "kettle", "is", "on.", "Who", "wants", "tea?"]
    assert transcript.timing == "none"
    assert transcript.words[-1].speaker == "SPEAKER_01"


def test_txt_of_whisper_cpps_output() -> None:
    """Times in brackets stand before each line; one token per line is a word list."""
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


def test_txt_lines_without_a_stamp_continue_the_line_before() -> None:
    """There may be many of them; messages of the program are skipped, before and after."""
    text = (
        "[00:00:00.000 --> 00:00:05.000]\nHello there everybody.\n\n"
        "[00:00:05.000 --> 00:00:09.000]\nThis is\nall we have.\nReally.\n"
    )
    assert said(text, "a.txt") == ["Hello there everybody.", "This is all we have. Really."]
    assert spans(text, "a.txt") == [(0.0, 5.0), (5.0, 9.0)]
    text = (
        "Detected language: English\n[00:00.000 --> 00:02.000]  Hello\nthere.\n"
        "[00:02.000 --> 00:03.000]  Bye.\n\nwhisper_print_timings: total time = 7.00 ms\n"
    )
    assert said(text, "a.txt") == ["Hello there.", "Bye."]


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


def test_csv_of_whisper_cpp_is_in_milliseconds() -> None:
    """Whole numbers that would give a word minutes are milliseconds; seconds stay seconds."""
    text = 'start,end,text\n0,5000," Hello there everybody."\n5000,7500," Goodbye."\n'
    assert spans(text, "a.csv") == [(0.0, 5.0), (5.0, 7.5)]
    text = "start,end,text\n0,5,Hello there everybody.\n5,8,Goodbye.\n"
    assert spans(text, "a.csv") == [(0.0, 5.0), (5.0, 8.0)]
    text = "start,end,text\n0.0,2.0,Hello.\n5000.0,5002.0,Goodbye.\n"
    assert spans(text, "a.csv") == [(0.0, 2.0), (5000.0, 5002.0)]


def test_csv_text_with_unquoted_commas() -> None:
    """The rest of the line belongs to the text, where that is the last column."""
    text = "start,end,text\n0,5,Hello there, everybody, and welcome.\n5,9\n"
    assert said(text, "a.csv") == ["Hello there, everybody, and welcome."]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ("start,text,end\n0,Hello there, everybody,5\n", "line 2"),
        ("start,end,text\n0,5,Hello\nthere everybody.\n", "line 3"),
    ],
)
def test_a_csv_line_whose_cells_cannot_be_told_apart_is_named(data: str, line: str) -> None:
    """No transcript is better than one with missing words."""
    with pytest.raises(InvalidTranscript, match=line) as caught:
        read(data.encode(), name="a.csv")
    assert caught.value.reason == Reason.BAD_SUBTITLES


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.srt", b"no subtitles here\n"),
        ("a.vtt", b"Hi.\n"),
        ("a.tsv", b"start\tend\ttext\nHi.\n"),
        ("a.tsv", b"start\tend\ttext\nnow\tthen\tHi.\n"),
        ("a.csv", b"start,end,text\nnow,then,Hi.\n"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_invalid(name: str, data: bytes) -> None:
    """The message names the format."""
    with pytest.raises(InvalidTranscript) as caught:
        read(data, name=name)
    assert caught.value.reason == Reason.BAD_SUBTITLES


def test_a_table_of_something_else_is_no_transcript() -> None:
    """A CSV without our columns is ignored."""
    with pytest.raises(NotATranscript) as caught:
        read(b"name,price\ntea,3\n", name="a.csv")
    assert caught.value.reason == Reason.NOT_A_TRANSCRIPT
