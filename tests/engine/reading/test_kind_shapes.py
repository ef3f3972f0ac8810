"""Files that are nearly JSON, several in one, wrapped or misnamed: read, or refused in words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InvalidTranscript, NotATranscript, TranscriptError
from engine.reading import is_read, read
from engine.reading.reasons import Reason
from engine.records import Transcript
from tests.field import FIELD, needs_field

LINES = ("So the ferry leaves at seven.", "We have to be early.", "She took the later one.")
SEGMENTS = [{"start": 5 * n, "end": 5 * n + 4, "text": f" {line}"} for n, line in enumerate(LINES)]
WHOLE = {"language": "en", "text": " ".join(LINES), "segments": SEGMENTS}
SRT = "".join(
    f"{n + 1}\n00:00:0{3 * n},000 --> 00:00:0{3 * n + 2},000\n{line}\n\n"
    for n, line in enumerate(LINES)
)


def text_of(transcript: Transcript) -> str:
    return " ".join(word.text for word in transcript.words)


def notes_of(transcript: Transcript) -> list[str]:
    return [str(note.name) for note in transcript.notes]


def refusal(data: str, name: str = "a.json") -> TranscriptError:
    with pytest.raises(TranscriptError) as caught:
        read(data.encode(), name=name)
    return caught.value


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(WHOLE).replace("the ferry", "the\nferry"),
        json.dumps(WHOLE).replace("the ferry", "the\tferry"),
        json.dumps(WHOLE)[:-1] + r', "model": "D:\whisper.cpp\uggml.bin"}',
        json.dumps(WHOLE)[:-1] + ",}",
        json.dumps(WHOLE).replace("]", ",]"),
        str(WHOLE),
    ],
    ids=["line-end", "tab", "path", "comma", "comma-in-list", "python"],
)
def test_what_is_nearly_json_is_read(data: str) -> None:
    """The same tool would write the same file again."""
    transcript = read(data.encode(), name="a.json")
    assert text_of(transcript) == " ".join(LINES)
    assert "json_repaired" in notes_of(transcript)


def test_what_is_not_json_is_the_tools_fault() -> None:
    """Writing the file again helps nobody."""
    error = refusal('{"segments": [{"start": 0, "text": "He said "no"."}]}')
    assert error.reason == Reason.NOT_JSON
    assert "Write the transcript again" not in error.hint


@pytest.mark.parametrize("gap", ["\n", "\r\n\r\n", "", ",\n", "\x1e"])
def test_one_segment_a_line_is_one_talk(gap: str) -> None:
    """JSON Lines, or objects that only lack the brackets of their list."""
    data = gap.join(map(json.dumps, SEGMENTS))
    for name in ("a.json", "a.jsonl", "a.ndjson"):
        transcript = read(data.encode(), name=name)
        assert text_of(transcript) == " ".join(LINES)
        assert transcript.timing == "segment"
        assert notes_of(transcript) == ["documents_joined"]


def test_a_line_that_is_still_written_is_waited_for() -> None:
    """The last line is cut off."""
    data = "\n".join(map(json.dumps, SEGMENTS))
    assert refusal(data[:-9]).reason == Reason.TRUNCATED


@pytest.mark.parametrize(
    "wrapped",
    [
        [WHOLE],
        {"id": "x", "output": WHOLE},
        {"status": "done", "result": {"data": [WHOLE]}},
        {"body": json.dumps(WHOLE)},
        json.dumps(WHOLE),
        [{"body": {"body": {"status": "done", "result": [WHOLE]}}}],
    ],
    ids=["list", "output", "deep", "text", "quoted", "deeper"],
)
def test_a_wrapped_result_is_found(wrapped: Any) -> None:
    """The place is told."""
    transcript = read(json.dumps(wrapped).encode(), name="a.json")
    assert text_of(transcript) == " ".join(LINES)
    assert transcript.language == "en"
    assert "unwrapped" in notes_of(transcript)


def test_two_talks_in_one_file_are_refused() -> None:
    """Nothing says which one is meant; the words say what to do."""
    other = {**WHOLE, "text": "No.", "segments": [{"start": 0, "end": 2, "text": "No."}]}
    for data in (
        json.dumps(WHOLE) + "\n" + json.dumps(other),
        json.dumps([WHOLE, other]),
        json.dumps({"a": WHOLE, "b": other}),
    ):
        error = refusal(data)
        assert isinstance(error, NotATranscript)
        assert error.reason == Reason.SEVERAL_TRANSCRIPTS
        assert "2 transcripts" in str(error)


def test_pieces_that_go_on_are_one_talk() -> None:
    """Each begins where the one before ends; the same one twice is one."""
    later = [{**s, "start": s["start"] + 20, "end": s["end"] + 20} for s in SEGMENTS]
    data = json.dumps(WHOLE) + "\n" + json.dumps({**WHOLE, "segments": later})
    assert text_of(read(data.encode(), name="a.json")) == " ".join((*LINES, *LINES))
    twice = json.dumps(WHOLE) + "\n" + json.dumps(WHOLE)
    assert text_of(read(twice.encode(), name="a.json")) == " ".join(LINES)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (SRT, "a.txt"),
        (SRT, "a.vtt"),
        (SRT, "a.json"),
        (SRT, "a.sub"),
        ("WEBVTT\n\n" + SRT.replace(",000", ".000"), "a.txt"),
        ("WEBVTT\n\n" + SRT.replace(",000", ".000"), "a.srt"),
        (json.dumps(WHOLE), "a.txt"),
        (json.dumps(WHOLE), "a.srt"),
        ("start\tend\ttext\n" + "".join(f"0\t9\t{line}\n" for line in LINES), "a.txt"),
        ("start,end,text\n" + "".join(f'0,9,"{line}"\n' for line in LINES), "a.txt"),
    ],
)
def test_a_misnamed_file_is_read_as_what_it_is(data: str, name: str) -> None:
    """No clock and no number becomes a word of the talk."""
    transcript = read(data.encode(), name=name)
    assert text_of(transcript) == " ".join(LINES)
    assert "read_as" in notes_of(transcript)


@pytest.mark.parametrize("end", [1, 4, 14, 15, 16, 19, 20, 25, 31])
def test_a_clock_that_is_cut_off_is_no_word(end: int) -> None:
    """whisper.cpp's standard output, copied while it was written."""
    stamp = "[00:00:04.000 --> 00:00:06.000]"
    data = f"[00:00:00.000 --> 00:00:04.000]   Tea is ready.\n{stamp[:end]}"
    assert [w.text for w in read(data.encode(), name="a.txt").words] == ["Tea", "is", "ready."]


@pytest.mark.parametrize("end", [1, 2, 5, 10, 14, 15, 19, 25, 30])
@pytest.mark.parametrize("kind", ["srt", "vtt"])
def test_a_cue_that_is_cut_off_before_its_words_says_none(kind: str, end: int) -> None:
    """Neither its number nor a piece of its times was said."""
    second = {"srt": "2\n00:00:04,000 --> 00:00:06,000", "vtt": "00:00:04.000 --> 00:00:06.000xx"}
    cut = second[kind][: max(end, 2) if kind == "vtt" else end]
    first = "WEBVTT\n\n" if kind == "vtt" else "1\n"
    data = f"{first}00:00:00.000 --> 00:00:04.000\nTea is ready at 5.\n\n{cut}"
    said = [w.text for w in read(data.encode(), name=f"a.{kind}").words]
    assert said == ["Tea", "is", "ready", "at", "5."]


@pytest.mark.parametrize("token", ["<|endo", "<|0.0", "[_", " [_BE", "[_TT_15", "[_EOT_"])
def test_a_special_token_that_is_cut_off_is_no_word(token: str) -> None:
    """At the end of a file that was copied while it was written."""
    data = f"1\n00:00:00,000 --> 00:00:04,000\nTea is ready.{token}"
    assert [w.text for w in read(data.encode(), name="a.srt").words] == ["Tea", "is", "ready."]


def test_pythons_notation_with_json_inside() -> None:
    """What repairs JSON must not touch it."""
    inner = json.dumps({"segments": [{"start": 0, "end": 2, "text": 'It\'s "tea".\n'}]})
    transcript = read(repr({"output": inner}).encode(), name="a.json")
    assert [w.text for w in transcript.words] == ["It's", '"tea".']


def test_pythons_notation_in_several_lists() -> None:
    """However many brackets stand before the first name."""
    transcript = read(repr([[WHOLE]]).encode(), name="a.json")
    assert text_of(transcript) == " ".join(LINES)


def test_lines_with_clocks_are_no_words() -> None:
    """Lyrics under the name of a text, with their heading."""
    lines = "".join(f"[00:0{n}.00] {line}\n" for n, line in enumerate(LINES))
    transcript = read(f"[ti:talk]\n{lines}".encode(), name="a.txt")
    assert text_of(transcript) == " ".join(LINES)
    assert transcript.words[-1].start_s is not None


@pytest.mark.parametrize(
    ("data", "name", "said"),
    [
        ("[00:00.00] So we go.\n", "a.lrc", ".lrc"),
        ("[Script Info]\n[Events]\nDialogue: 0,0:00:00.00,0:00:04.00,So.\n", "a.ass", ".ass"),
        ("[Script Info]\n[Events]\nDialogue: 0,0:00:00.00,0:00:04.00,So.\n", "a.txt", "ASS"),
        ("0:00:00.000,0:00:04.000\nSo we go.\n", "a.txt", "SBV"),
        ("<?xml version='1.0'?><tt><p>So we go.</p></tt>", "a.txt", "XML"),
        ("# Talk\n\nSo we go.\n", "a.md", ".md"),
    ],
)
def test_a_format_that_is_not_read_is_named(data: str, name: str, said: str) -> None:
    """The message says what the file is, and the advice what to write instead."""
    error = refusal(data, name)
    assert error.reason == Reason.FORMAT_NOT_READ
    assert said in str(error)
    assert "SRT" in error.hint


def test_binary_files_are_named() -> None:
    """A PDF and an archive are no transcripts, whatever their name."""
    for data in (b"%PDF-1.7 \xe2\xe3", b"PK\x03\x04 \xff\xfe"):
        with pytest.raises(NotATranscript) as caught:
            read(data, name="a.txt")
        assert caught.value.reason == Reason.FORMAT_NOT_READ


def test_endings_that_are_read() -> None:
    """The check of the settings asks the same question."""
    assert [
        e for e in ("json", "jsonl", "srt", "vtt", "txt", "tsv", "csv") if not is_read(f"a.{e}")
    ] == []
    assert [e for e in ("lrc", "ass", "md", "docx") if is_read(f"a.{e}")] == []


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(("output", "data", "x", "result", "[]", "text")), max_size=3),
    st.sampled_from(("", "\n", "\t", " ")),
    st.integers(0, 400),
)
def test_a_wrapped_or_damaged_result_is_whole_or_refused(
    wrappers: list[str], inside: str, cut: int
) -> None:
    """However it is wrapped, the words are those of the talk; a cut file is never `done`."""
    value: Any = WHOLE
    for wrapper in wrappers:
        value = [value] if wrapper == "[]" else {wrapper: value}
    data = json.dumps(value).replace("the ferry", f"the {inside}ferry")
    assert text_of(read(data.encode(), name="a.json")) == " ".join(LINES)
    if 0 < cut < len(data):
        with pytest.raises(InvalidTranscript) as caught:
            read(data[:-cut].encode(), name="a.json")
        assert caught.value.reason in (Reason.TRUNCATED, Reason.EMPTY_FILE)


@needs_field
def test_the_cases_of_the_field() -> None:
    """Read, or refused in words that help."""
    for path in sorted([*FIELD.glob("2[3457]-*/*.*")]):
        if path.suffix == ".toml":
            continue
        if path.name == "twice.json" or path.suffix in (".ass", ".lrc"):
            with pytest.raises(NotATranscript) as caught:
                read(path.read_bytes(), name=path.name)
            assert caught.value.reason in (Reason.SEVERAL_TRANSCRIPTS, Reason.FORMAT_NOT_READ)
            continue
        said = text_of(read(path.read_bytes(), name=path.name))
        assert said.startswith("So the ferry leaves")
        assert not [word for word in said.split() if word[0].isdigit() or ">" in word]


def test_subtitles_with_old_line_ends_under_another_name_are_subtitles() -> None:
    """Before Mac OS X a line ended in a carriage return: no clock is a word."""
    cues = "1\r00:00:00,000 --> 00:00:02,000\rTea\r\r2\r00:00:02,000 --> 00:00:04,000\rand cake.\r"
    transcript = read(cues.encode(), name="talk.txt")
    assert [word.text for word in transcript.words] == ["Tea", "and", "cake."]
    assert transcript.timing == "segment"
