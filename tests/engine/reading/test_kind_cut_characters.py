"""Characters that a tool cut in two are whole again, or told to be lost; so are marks cut off."""

from __future__ import annotations

import unicodedata

import pytest

from engine.reading import read
from tests.engine.reading.test_kind_bytes import cpp, names_of, srt, text_of


@pytest.mark.parametrize(
    "said", ["car l'été la file s'allonge", "après un œuf", "il a été très sûr"]
)
def test_characters_cut_by_a_segment_are_whole_again(said: str) -> None:
    """Wherever a segment ends, the word is whole, with no space in it and nothing lost."""
    data = said.encode()
    for place in range(1, len(data)):
        try:
            data[:place].decode()
        except UnicodeDecodeError:
            transcript = read(cpp(b" " + data[:place], data[place:]), name="a.json")
            assert text_of(transcript) == said
            assert names_of(transcript) == {"characters_rejoined": 1}


def test_characters_of_scripts_without_spaces_are_whole_again() -> None:
    """Each of three bytes may be in another segment, subtitles among them."""
    one = "离开港口".encode()
    for places in ((4, 7), (5, 8), (4, 5)):
        pieces = [one[: places[0]], one[places[0] : places[1]], one[places[1] :]]
        assert text_of(read(cpp(*pieces, language=b"zh"), name="a.json")) == "离开港口"
    cues = b"1\n00:00:00,000 --> 00:00:01,000\n" + one[:4]
    cues += b"\n\n2\n00:00:01,000 --> 00:00:02,000\n" + one[4:] + b"\n"
    assert text_of(read(cues, name="a.srt")) == "离开港口"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (
            b"[00:00:00.000 --> 00:00:01.000]  l'\xc3\n"
            b"[00:00:01.000 --> 00:00:02.000]  \xa9t\xc3\xa9\n",
            "a.txt",
        ),
        (b"0\t1000\tl'\xc3\n1000\t2000\t\xa9t\xc3\xa9\n", "a.tsv"),
        (b'start,end,text\n0,1000,"l\'\xc3"\n1000,2000,"\xa9t\xc3\xa9"\n', "a.csv"),
        (
            b"WEBVTT\n\n00:00.000 --> 00:01.000\nl'\xc3\n\n"
            b"00:01.000 --> 00:02.000\n\xa9t\xc3\xa9\n",
            "a.vtt",
        ),
    ],
)
def test_cut_characters_are_whole_in_every_format(data: bytes, name: str) -> None:
    """The rest of the word comes along, over numbers and clocks."""
    assert text_of(read(data, name=name)) == "l'été"


def test_the_mark_behind_a_cut_word_comes_along_before_the_end_of_a_style() -> None:
    """The full stop of "café." stands in the next cue, in italics."""
    data = (
        b"1\n00:00:00,000 --> 00:00:02,000\n<i>We had caf\xc3\n\n"
        b"2\n00:00:02,000 --> 00:00:04,000\n\xa9.</i> And then some tea.\n"
    )
    assert text_of(read(data, name="a.srt")) == "We had café. And then some tea."


def test_halves_of_an_escaped_pair_are_whole_again() -> None:
    """JSON escapes a character beyond the first 65,536 in two."""
    transcript = read(cpp(rb" So \ud83e", rb"\uded6 then"), name="a.json")
    assert text_of(transcript) == "So \U0001fad6 then"


def test_half_a_character_is_told() -> None:
    """No letter is guessed: U+FFFD stands there, and the metadata says so."""
    transcript = read(cpp(" déjà vu là".encode(), b" caf\xc3", b" noir"), name="a.json")
    assert text_of(transcript) == "déjà vu là caf\ufffd noir"
    assert names_of(transcript) == {"characters_lost": 1}


def test_a_lost_character_of_the_tool_is_told() -> None:
    """The tool itself wrote U+FFFD."""
    transcript = read(srt("So \ufffd it goes").encode(), name="a.srt")
    assert names_of(transcript) == {"characters_lost": 1}


@pytest.mark.parametrize(
    ("language", "head", "tail"),
    [
        ("de", "Das war fr", "ü|her, was wir verteilen."),
        ("hi", "वह काम कर", "त|ा। नीला सूटकेस किसने देखा है?"),
        ("fr", "Il est all", "é|… et puis rien."),
        ("fi", "Lapset ovat väsyneit", "ä|.[_TT_150] Juomme teetä."),
    ],
)
@pytest.mark.parametrize("shape", ["srt", "txt", "cpp"])
def test_the_rest_of_a_cut_word_keeps_its_signs_and_marks(
    language: str, head: str, tail: str, shape: str
) -> None:
    """A vowel sign or a comma after the cut is no word of its own."""
    char, rest = tail.split("|")
    first, second = head.encode() + char.encode()[:1], char.encode()[1:] + rest.encode()
    data = {
        "srt": b"1\n00:00:00,000 --> 00:00:02,000\n%s\n\n2\n00:00:02,000 --> 00:00:06,000\n%s\n",
        "txt": b"[00:00:00.000 --> 00:00:02.000]   %s\n[00:00:02.000 --> 00:00:06.000]  %s\n",
    }
    made = cpp(b" " + first, second, language=language.encode())
    data_of = made if shape == "cpp" else data[shape] % (first, second)
    name = "a.json" if shape == "cpp" else f"a.{shape}"
    transcript = read(data_of, name=name)
    assert text_of(transcript) == unicodedata.normalize(
        "NFC", head + char + rest.replace("[_TT_150]", "")
    )


@pytest.mark.parametrize(
    "mark",
    ["<", "<i", "</", "<fon", "<v Ada", "<v Chiara Nowa", '<font color="#ff', "{\\an", "\\", "&am"],
)
def test_a_file_that_is_cut_off_inside_a_mark_has_no_half_mark_as_a_word(mark: str) -> None:
    """The mark is no word, whole or not."""
    cue = "1\n00:00:00,000 --> 00:00:02,000\nTea &amp; <i>cake</i> for\n\n"
    said = "2\n00:00:02,000 --> 00:00:04,000\nall of us" + (mark if mark in "\\&am" else f" {mark}")
    transcript = read((cue + said).encode(), name="a.srt")
    assert text_of(transcript) == "Tea & cake for all of us"
    assert "marks_removed" in names_of(transcript)


@pytest.mark.parametrize(
    ("rest", "said"),
    [("0", ""), ("00", ""), ("00:0", ""), ("00\n", ""), ("0\n", " 0"), ("7", " 7"), ("7\n", " 7")],
)
def test_webvtt_that_is_cut_off_inside_of_times_has_no_figure_as_a_word(
    rest: str, said: str
) -> None:
    """A single figure is the beginning of a time only where the file ends right behind it."""
    cue = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nTea for two.\n\n"
    assert text_of(read((cue + rest).encode(), name="a.vtt")) == f"Tea for two.{said}"
