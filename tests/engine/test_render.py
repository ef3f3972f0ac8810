"""Rendered files have the document's words and keep the rules of their formats."""

from __future__ import annotations

import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from engine import render
from engine.records import Document, EnhancedWord, Word
from engine.render.cues import WIDTH, cues, width_of
from engine.render.markdown import escape
from engine.render.timing import times_of
from tests.engine.output_samples import (
    document,
    metadata_of,
    needs_data,
    paragraph,
    real_document,
)

TALK = document(
    [
        paragraph("Good morning, everyone.", speaker="SPEAKER_00"),
        paragraph("Morning.", start_s=2.0, speaker=None),
        paragraph("Let us begin with the numbers.", start_s=3.0, speaker="SPEAKER_00"),
    ]
)


def glued(letters: str, *, start_s: float = 0.0) -> tuple[EnhancedWord, ...]:
    """Return letters as words without spaces, one every fifth of a second."""
    return tuple(
        EnhancedWord(Word(c, start_s + i * 0.2, start_s + (i + 1) * 0.2, glued=i > 0), c)
        for i, c in enumerate(letters)
    )


def test_a_katakana_word_is_not_cut_between_two_lines_or_cues():
    """Its letters belong together like those of a Latin word; kanji and hiragana do not."""
    text = "これは" * 5 + "グルニュース" + "です" * 12 + "パブリシャーセンター" + "へ" * 20
    lines = [line for cue in cues(document([glued(text)]), labelled=False) for line in cue.lines]
    assert "".join(lines) == text
    for word in ("グルニュース", "パブリシャーセンター"):
        assert any(word in line for line in lines)


def test_text_has_one_blank_line_between_paragraphs():
    """Without speakers a text is its paragraphs, with LF and one newline at the end."""
    made = document([paragraph("Hello, world."), paragraph("And again.", start_s=5.0)])
    assert render.text(made) == "Hello, world.\n\nAnd again.\n"


def test_silence_is_an_empty_text():
    """Without words the txt and srt files are empty."""
    made = document([])
    assert render.text(made) == ""
    assert render.srt(made) == ""
    assert render.vtt(made) == "WEBVTT\n"


def test_every_paragraph_of_a_talk_with_speakers_opens_with_its_label():
    """The label is a given name or the producer's label; null is UNKNOWN."""
    assert render.text(TALK, names={"SPEAKER_00": "Ada"}) == (
        "Ada: Good morning, everyone.\n\nUNKNOWN: Morning.\n\nAda: Let us begin with the numbers.\n"
    )


def test_words_without_spaces_between_them_stay_so():
    """Glued words are written together."""
    made = document([glued("你好。"), glued("再见。", start_s=3.0)], language="zh")
    assert render.text(made) == "你好。\n\n再见。\n"


HOSTILE = ["a\nb", "\x1b[31mred", "c\u2028d", "\ud800", "\x85", "tab\there", "nul\x00", "\r\n"]


@pytest.mark.parametrize("word", HOSTILE)
def test_no_word_breaks_a_paragraph_or_a_terminal(word):
    """Controls, line separators and lone surrogates reach no file."""
    made = document([(EnhancedWord(Word(word, 0.0, 1.0, "A\nB: \x1b"), word),)])
    metadata = metadata_of(made)
    for file in render.render(made, metadata, outputs=render.FORMATS):
        file.content.encode("utf-8")
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", file.content), file.suffix
    text = render.text(made)
    assert text.startswith("A B: \ufffd: ")
    assert text.count("\n") == 1


def test_files_come_text_first_and_metadata_last():
    """txt and metadata are always there, the others on request."""
    metadata = metadata_of(TALK)
    files = render.render(TALK, metadata, outputs=["vtt", "srt"])
    assert [file.suffix for file in files] == [
        "enhanced.txt",
        "enhanced.srt",
        "enhanced.vtt",
        "metadata.json",
    ]
    everything = render.render(TALK, metadata, outputs=render.FORMATS)
    assert {file.suffix for file in everything} == {
        *(f"enhanced.{kind}" for kind in render.FORMATS),
        "metadata.json",
    }
    assert json.loads(everything[-1].content) == metadata
    assert metadata["outputs"] == [
        {"suffix": file.suffix, "sha256": hashlib.sha256(file.content.encode()).hexdigest()}
        for file in everything[:-1]
    ]


def test_srt_has_the_words_own_times_and_the_speaker_at_each_turn():
    """The first cue of a turn carries the label."""
    assert render.srt(TALK) == (
        "1\n00:00:00,000 --> 00:00:01,200\nSPEAKER_00: Good morning, everyone.\n\n"
        "2\n00:00:02,000 --> 00:00:03,000\nUNKNOWN: Morning.\n\n"
        "3\n00:00:03,000 --> 00:00:05,400\nSPEAKER_00: Let us begin with the numbers.\n"
    )


def test_vtt_names_the_voice_and_escapes_the_text():
    """Angle brackets and ampersands in a talk are text; an arrow is no cue."""
    made = document([paragraph("a <b> & c --> d", speaker='x>y & "z"')])
    assert render.vtt(made) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:02.400\n"
        '<v x&gt;y &amp; "z">a &lt;b&gt; &amp; c --&gt; d\n'
    )
    assert "-->" not in render.srt(made).split("\n")[2]


def parse_srt(text: str) -> list[tuple[int, int, list[str]]]:
    """Read SubRip by the rules of its format."""
    found = []
    for number, block in enumerate(text.rstrip("\n").split("\n\n") if text else [], start=1):
        first, times, *lines = block.split("\n")
        assert first == str(number)
        h1, m1, s1, f1, h2, m2, s2, f2 = map(
            int,
            re.fullmatch(
                r"(\d\d):(\d\d):(\d\d),(\d{3}) --> (\d\d):(\d\d):(\d\d),(\d{3})", times
            ).groups(),
        )
        start = ((h1 * 60 + m1) * 60 + s1) * 1000 + f1
        end = ((h2 * 60 + m2) * 60 + s2) * 1000 + f2
        found.append((start, end, lines))
    return found


def check_subtitles(made: Document) -> list[tuple[int, int, list[str]]]:
    """Assert the rules of subtitles: width, order, no overlap, every word."""
    found = parse_srt(render.srt(made))
    for start, end, lines in found:
        assert start < end
        assert 1 <= len(lines) <= 2
        assert all(0 < width_of(line) <= WIDTH for line in lines)
    for (_, end, _), (start, _, _) in pairwise(found):
        assert end <= start
    shown = "".join(line for _, _, lines in found for line in lines)
    said = render.text(made)
    if not made.has_speakers:
        assert "".join(shown.split()) == "".join(said.split())
    return found


def test_a_long_sentence_is_cut_at_its_marks():
    """A cue ends at a comma rather than where it is full, and never after an article."""
    made = document(
        [
            paragraph(
                "When the committee met again in the spring, the members had read the report, "
                "and nobody asked the question that everybody had expected them to ask."
            )
        ]
    )
    found = check_subtitles(made)
    assert [" ".join(lines) for _, _, lines in found] == [
        "When the committee met again in the spring, the members had read the report,",
        "and nobody asked the question that everybody had expected them to ask.",
    ]


def test_an_abbreviation_does_not_end_a_cue():
    """ "Mr." stays with the name."""
    made = document(
        [paragraph("The following members are here: Mr. Burchett of Tennessee, and Ms. Luna.")]
    )
    assert not any(
        line.endswith(("Mr.", "Ms.")) for _, _, ls in check_subtitles(made) for line in ls
    )


def test_a_silence_within_a_paragraph_ends_a_cue():
    """Words three seconds apart are not shown together."""
    made = document([paragraph("One two") + paragraph("three four", start_s=10.0)])
    assert [(s, e) for s, e, _ in check_subtitles(made)] == [(0, 1000), (10_000, 11_000)]


def test_wide_letters_count_twice_and_numbers_stay_whole():
    """Chinese lines have at most 21 letters, and 2024 is not cut."""
    made = document([glued("今天是我们2024年的最后一期节目也是我们的年度特辑" * 3)], language="zh")
    lines = [line for _, _, ls in check_subtitles(made) for line in ls]
    assert max(map(len, lines)) <= WIDTH
    assert sum(line.count("2024") for line in lines) == 3


def test_a_word_longer_than_a_line_is_cut():
    """A URL or an endless cry fits too."""
    check_subtitles(document([paragraph("Look at " + "https://example.org/" + "a" * 150 + " now")]))


def test_a_long_label_leaves_room_for_the_words():
    """A speaker's name in a subtitle is shortened."""
    made = document([paragraph("Incomprehensibilities notwithstanding.", speaker="x" * 90)])
    for cue in cues(made, labelled=True):
        assert all(width_of(line) <= WIDTH for line in cue.lines)


def test_equal_or_decreasing_times_still_give_separate_cues():
    """Twenty sentences at one moment are shown one after the other."""
    made = document([paragraph("This is said.", start_s=5.0, word_s=0.0) for _ in range(20)])
    found = check_subtitles(made)
    assert len(found) == 20
    made = document(
        [paragraph("Later words.", start_s=9.0), paragraph("Earlier ones.", start_s=2.0)]
    )
    check_subtitles(made)


def test_words_without_times_share_the_gap_between_their_neighbours():
    """A word without a time lies between those with one, in proportion to its length."""
    words = (
        paragraph("One", start_s=0.0)
        + paragraph("two three", start_s=None)
        + paragraph("four", start_s=10.0)
    )
    spans = times_of(document([words]))
    assert spans[0].start_ms == 0
    assert spans[1].start_ms == 400
    assert 400 < spans[2].start_ms < 10_000
    assert spans[2].end_ms == spans[3].start_ms == 10_000


def test_a_text_without_any_time_gets_estimates_and_says_so():
    """SRT of a plain text follows the speed of speech; VTT has a note about it."""
    made = document([paragraph("Some words that nobody timed. " * 10, start_s=None)])
    assert made.timing == "none"
    found = check_subtitles(made)
    assert 10_000 < found[-1][1] < 40_000
    assert "NOTE The source has no times" in render.vtt(made)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 * 3 * 4", r"2 \* 3 \* 4"),
        ("# not a heading", r"\# not a heading"),
        ("1984. It was", r"1984\. It was"),
        ("- a dash", r"\- a dash"),
        ("snake_case stays", "snake_case stays"),
        ("_edge_", r"\_edge\_"),
        ("__init__", r"\_\_init\_\_"),
        ("<script>", r"\<script>"),
        ("[a](b)", r"\[a\](b)"),
        ("AT&T &amp; co", r"AT&T \&amp; co"),
        ("a `b` | c ~~d~~", r"a \`b\` \| c \~\~d\~\~"),
    ],
)
def test_markdown_shows_the_words_as_they_are(text, expected):
    """No speech becomes a heading, a list, a link or a tag."""
    assert escape(text) == expected


def test_markdown_has_front_matter_and_chapters():
    """The front matter is YAML in its JSON form; chapters are headings with their time."""
    made = document([paragraph("Hello there."), paragraph("Next matter.", start_s=700.0)])
    metadata = metadata_of(made)
    metadata["title"] = 'A "quoted": title #1'
    metadata["tags"] = ["one: two", "# three"]
    metadata["chapters"] = [
        {"title": "Beginning", "start_s": 0.0, "paragraph": 0},
        {"title": "End *", "start_s": 700.0, "paragraph": 1},
    ]
    text = render.markdown(made, metadata)
    head, _, body = text.partition("\n---\n")
    fields = dict(line.split(": ", 1) for line in head.split("\n")[1:])
    assert json.loads(fields["title"]) == 'A "quoted": title #1'
    assert json.loads(fields["tags"]) == ["one: two", "# three"]
    assert fields["duration"] == '"11:40"'
    assert body == (
        '\n# A "quoted": title #1\n\n## Beginning (0:00)\n\nHello there.\n\n'
        "## End \\* (11:40)\n\nNext matter.\n"
    )


class Page(HTMLParser):
    """Collect the tags and the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on")
            if name in ("href", "src"):
                self.links.append(value or "")
            if name == "id":
                self.ids.append(value or "")


def test_the_page_is_self_contained_and_every_link_stays_inside():
    """Its one script is its own, links lead to paragraphs, hostile text is text."""
    made = document(
        [
            paragraph("<script>alert(1)</script> said & done", speaker='"><img src=x>'),
            paragraph("More words here.", start_s=5.0, speaker="B"),
        ]
    )
    metadata = metadata_of(made, source_name="<b>.json")
    metadata["chapters"] = [
        {"title": "<i>One", "start_s": None, "paragraph": 0},
        {"title": "Two", "start_s": 5.0, "paragraph": 1},
    ]
    text = render.html(made, metadata)
    page = Page()
    page.feed(text)
    assert not {"img", "link", "iframe", "i"} & set(page.tags)
    assert page.tags.count("script") == 1
    assert page.links == ["#text", "#p0", "#p1"]
    assert [i for i in page.ids if i.startswith("p") and i[1:].isdigit()] == ["p0", "p1"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</span>" in text
    assert "prefers-color-scheme:dark" in text
    # A Latin label does not set the direction of what is said in another script.
    assert '<b dir="auto">B</b>' in text


@needs_data
@pytest.mark.parametrize(
    "name",
    [
        "openai-whisper/pod_en_1h03_37c3.json",
        "openai-whisper/pod_en_4h31_long.json",
        "openai-whisper/pod_de_zdf-untertitel.json",
        "openai-whisper/he_video_words_3min.json",
        "whisperx/hi_film_2h22_loop23.json",
        "whisperx/wx_diarized_19min.json",
        "whisper-timestamped/wt_corner_cases__issue24_empty.wav.json",
        "faster-whisper/hearing_2h16_diarize_list.json",
    ],
)
def test_subtitles_of_real_files_keep_the_rules(name):
    """Width, order and words are right for every real file."""
    check_subtitles(real_document(name))
