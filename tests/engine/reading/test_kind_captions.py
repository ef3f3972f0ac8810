"""Captions that show again what is on the screen: said once, counted, timed by their marks."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import pipeline
from engine.reading import read
from engine.records import ModelFacts, Profile, Transcript
from tests.engine.reading.samples import words_of
from tests.field import FIELD, needs_field

LINES = [
    "the kettle is on the stove",
    "and the water gets warm slowly",
    "so we wait for a while",
    "until the whistle begins to sing",
    "then we pour the tea",
    "into both of our old cups",
]
SAID = " ".join(LINES).split()
Cues = list[tuple[float, float, str]]


def clock(at: float) -> str:
    ms = round(at * 1000)
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


def srt(cues: Cues) -> Transcript:
    text = "\n".join(
        f"{n + 1}\n{clock(start)} --> {clock(end)}\n{said}\n"
        for n, (start, end, said) in enumerate(cues)
    )
    return read(text.encode(), name="talk.srt")


def left_out(transcript: Transcript) -> int:
    return sum(r.count for r in transcript.removals if r.kind == "captions")


def shown(cues: Cues) -> int:
    return sum(len(re.sub(r"<[^>]*>", "", said).split()) for *_, said in cues)


def scrolling(lines: list[str], height: int, *, step_s: float = 2.0) -> Cues:
    return [
        (step_s * n, step_s * (n + 1), "\n".join(lines[max(0, n - height + 1) : n + 1]))
        for n in range(len(lines))
    ]


def with_copies(lines: list[str]) -> Cues:
    """Two lines, and after each cue its last line alone for a hundredth of a second."""
    cues: Cues = []
    for n in range(len(lines)):
        cues.append((2 * n, 2 * n + 1.99, "\n".join(lines[max(0, n - 1) : n + 1])))
        cues.append((2 * n + 1.99, 2 * n + 2, lines[n]))
    return cues


def growing(words: list[str], *, step_s: float = 0.4, by: int = 1) -> Cues:
    ends = range(by, len(words) + by, by)
    return [(step_s * n, step_s * (n + 1), " ".join(words[:end])) for n, end in enumerate(ends)]


def marked(words: list[str], opening: str, closing: str, *, from_s: float = 0.0) -> Cues:
    return [
        (
            from_s + 0.3 * n,
            from_s + 0.3 * (n + 1),
            " ".join(f"{opening}{w}{closing}" if m == n else w for m, w in enumerate(words)),
        )
        for n in range(len(words))
    ]


@pytest.mark.parametrize(
    "cues",
    [
        scrolling(LINES, 2),
        scrolling(LINES, 3),
        scrolling(LINES, 4),
        with_copies(LINES),
        growing(SAID),
        growing(SAID[:12], by=3),
        growing(SAID[:6], step_s=1.0),
        [(n / 2, n / 2 + 0.5, " ".join(SAID[3 * n : 3 * n + 9])) for n in range(9)],
        marked(SAID[:12], "<u>", "</u>"),
        marked(SAID[:12], '<font color="#00ff00">', "</font>"),
        marked(SAID[:4], "<b>", "</b>"),
        [
            (
                0.3 * n,
                0.3 * n + 0.3,
                f"<c.now>{' '.join(SAID[: n + 1])}</c> {' '.join(SAID[n + 1 : 8])}",
            )
            for n in range(8)
        ],
    ],
    ids=[
        "two lines",
        "three lines",
        "four lines",
        "two lines and copies",
        "growing",
        "growing by three",
        "growing slowly",
        "in one line",
        "underlined",
        "coloured",
        "a short karaoke",
        "a mark that grows",
    ],
)  # fmt: skip
def test_what_is_shown_again_was_said_once(cues: Cues) -> None:
    """All words once, in order; the others are counted."""
    transcript = srt(cues)
    said = words_of(transcript)
    assert said == SAID[: len(said)]
    assert left_out(transcript) == shown(cues) - len(said) > 0
    starts = [word.start_s for word in transcript.words]
    assert starts == sorted(starts, key=lambda at: at or 0.0)
    text = " ".join(r.text for r in transcript.removals)
    assert len(text.split()) <= len(said)  # each word once, however often it was shown


def test_a_growing_line_inside_a_screen_that_scrolls() -> None:
    """Live captions do both."""
    cues: Cues = []
    at = 0.0
    for n in range(1, 5):
        words = LINES[n].split()
        for end in range(1, len(words) + 1):
            cues.append((at, at + 0.4, f"{LINES[n - 1]}\n{' '.join(words[:end])}"))
            at += 0.4
    assert words_of(srt(cues)) == " ".join(LINES[:5]).split()


def test_marks_time_the_words() -> None:
    """The mark moves when the word is said, over copies without a mark too."""
    words = ["So", "the", "ferry", "leaves"]
    cues: Cues = []
    for start, end, said in marked(words, "<u>", "</u>"):
        cues += [(start, end - 0.1, said), (end - 0.1, end, " ".join(words))]
    transcript = srt(cues)
    assert transcript.timing == "word"
    assert [(w.text, w.start_s) for w in transcript.words] == [
        ("So", 0.0),
        ("the", 0.3),
        ("ferry", 0.6),
        ("leaves", 0.9),
    ]


def test_times_inside_a_line_time_the_words() -> None:
    """WebVTT's own clocks, whether or not the captions scroll."""
    vtt = (
        "WEBVTT\n\n00:01.000 --> 00:03.000\n"
        "the<00:01.500><c> kettle</c><00:02.000><c> sings</c>\n\n"
        "00:04.000 --> 00:05.000\nand<00:04.500><c> stops</c>\n"
    )
    transcript = read(vtt.encode(), name="talk.vtt")
    assert transcript.timing == "word"
    assert [w.start_s for w in transcript.words] == [1.0, 1.5, 2.0, 4.0, 4.5]


def test_a_line_that_is_sung_twice_stays_twice() -> None:
    """The mark is at its beginning again."""
    once = marked(["No", "way", "out"], "<u>", "</u>")
    again = marked(["No", "way", "out"], "<u>", "</u>", from_s=0.9)
    assert words_of(srt([*once, *again])) == ["No", "way", "out"] * 2


@pytest.mark.parametrize(
    "lines",
    [
        ["No."] * 5,
        ["Look at this!"] * 7,
        ["Yes.", "Yes, I know.", "I know that you know.", "You know that, too."],
        ["I think", "I think that we should go", "we should go now", "now"],
        ["Row, row your boat", "row, row your boat", "gently down", "gently down"],
        ["Let it be\nlet it be", "let it be\nlet it be", "let it be\nspeak", "speak\nlet it be"],
        ["I <i>said</i> no.", "I said <i>no</i>.", "And I meant it."],
        ["My bag has a hat", "My bag has a hat and a book", "My bag has a hat and a book and tea"],
        ["And then?", "And then we went home.", "We went home late."],
    ],
)  # fmt: skip
def test_what_is_said_twice_stays(lines: list[str]) -> None:
    """An overlap alone proves nothing."""
    transcript = srt([(3.0 * n, 3.0 * n + 2.8, line) for n, line in enumerate(lines)])
    plain = re.sub(r"<[^>]*>", "", " ".join(lines))
    assert words_of(transcript) == plain.split()
    assert transcript.removals == ()


def test_removals_add_up_in_the_plan() -> None:
    """Words of the source are all that the file shows."""
    info = ModelFacts(
        name="x",
        revision=None,
        quantization=None,
        tasks=(),
        languages=(),
        part_words=60,
        tail_words=20,
        lookahead_words=8,
    )
    cues = scrolling(LINES, 2)
    text = "\n".join(
        f"{n + 1}\n{clock(a)} --> {clock(b)}\n{said}\n" for n, (a, b, said) in enumerate(cues)
    )
    plan = pipeline.prepare(text.encode(), name="talk.srt", profile=Profile(), info=info)
    assert plan.source.words == shown(cues)
    assert sum(r.count for r in plan.removals) == shown(cues) - len(SAID)


def test_a_line_that_begins_like_the_one_above_it_is_new() -> None:
    """It could be the line above that grew; what cannot be decided is kept."""
    lines = ["ax", "ax", "ax bx", "by", "ay az aw", "ax"]
    assert words_of(srt(scrolling(lines, 2, step_s=3.0))) == " ".join(lines).split()


_words = st.lists(
    st.sampled_from([a + b for a in "abcd" for b in "xyzw"]),
    min_size=1,
    max_size=5,
).map(" ".join)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(_words, min_size=1, max_size=12),
    st.sampled_from([1, 2, 3]),
    st.floats(2.5, 4.0),
)
def test_no_word_is_lost_or_invented(lines: list[str], height: int, step_s: float) -> None:
    """Whatever scrolls: words that stay and words left out are those of the file, in its order."""
    cues = scrolling(lines, height, step_s=step_s)
    transcript = srt(cues)
    said = words_of(transcript)
    assert len(said) + left_out(transcript) == shown(cues)
    rest = iter(" ".join(c[2] for c in cues).split())
    assert all(word in rest for word in said)
    every = iter(said)
    assert all(word in every for word in " ".join(lines).split())


@needs_field
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("15-rolling-captions/auto.srt", 22),
        ("15-rolling-captions/auto.vtt", 22),
        ("17-karaoke/long.srt", 21),
        ("17-karaoke/short.srt", 15),
    ],
)
def test_the_files_of_the_field(name: str, words: int) -> None:
    """What was left out is counted; no sentence is squeezed."""
    path = FIELD / name
    transcript = read(path.read_bytes(), name=path.name)
    assert len(transcript.words) == words
    assert left_out(transcript) > words
    span = (transcript.words[-1].end_s or 0.0) - (transcript.words[0].start_s or 0.0)
    assert words / span < 4.0


@pytest.mark.parametrize("cues", [scrolling(LINES, 2), scrolling(LINES, 3), growing(SAID[:12])])
@pytest.mark.parametrize("shape", ["csv", "tsv", "json", "ms"])
def test_tables_and_json_hold_captions_too(cues: Cues, shape: str) -> None:
    """Said once, and the times in whatever unit."""
    rows = [(start, end, said.replace("\n", " ")) for start, end, said in cues]
    scale = 1000 if shape in ("tsv", "ms") else 1
    items = [
        {"start": round(a * scale, 3), "end": round(b * scale, 3), "text": t} for a, b, t in rows
    ]
    if shape in ("json", "ms"):
        data, name = json.dumps(items), "a.json"
    else:
        mark = "\t" if shape == "tsv" else ","
        lines = [mark.join(("start", "end", "text"))]
        lines += [f"{i['start']:g}{mark}{i['end']:g}{mark}{i['text']}" for i in items]
        data, name = "\n".join(lines), f"a.{shape}"
    transcript = read(data.encode(), name=name)
    said = words_of(transcript)
    assert said == SAID[: len(said)]
    assert left_out(transcript) == shown(cues) - len(said) > 0
    assert transcript.words[-1].end_s == pytest.approx(cues[-1][1])


@pytest.mark.parametrize("scale", [1, 1000, 1 / 60])
def test_what_is_said_twice_in_json_stays(scale: float) -> None:
    """In minutes, everything looks too fast to be said."""
    lines = ["Yes.", "Yes.", "Yes, I know.", "I know that you know it.", "And then we went home."]
    items = [
        {"start": 3 * n * scale, "end": (3 * n + 2.8) * scale, "text": t}
        for n, t in enumerate(lines)
    ]
    transcript = read(json.dumps(items).encode(), name="a.json")
    assert words_of(transcript) == " ".join(lines).split()


def test_fast_growing_captions_leave_the_unit_of_tsv_alone() -> None:
    """Its milliseconds are those of its format, also where lines grow over the end of sentences."""
    said = "The ferry leaves early today. Cars wait in a long line. Who has seen my blue bag?"
    words = said.split()
    rows, at = ["start\tend\ttext"], 12_500
    for first in range(0, len(words), 6):
        for last in range(first + 1, min(first + 6, len(words)) + 1):
            rows.append(f"{at}\t{at + 310}\t{' '.join(words[first:last])}")
            at += 310
    transcript = read("\n".join(rows).encode(), name="a.tsv")
    assert words_of(transcript) == words
    assert transcript.words[0].start_s == 12.5
    assert "unit_inferred" not in {str(note.name) for note in transcript.notes}


@pytest.mark.parametrize("length_s", [0.0, 0.4])
def test_a_line_that_grows_may_begin_with_the_sentence_before(length_s: float) -> None:
    """The mark shows that the sentence was over: "Yes." is no part of "Yes, in"."""
    first, second = [*LINES[0].split(), "Yes."], ["Yes,", *LINES[1].split()]
    cues = growing(first)
    end = cues[-1][1]
    cues += [(end, end + 1.0, "Yes.")]
    cues += [(a + end + 1.0, b + end + 1.0, said) for a, b, said in growing(second)]
    place = len(first) + 1
    cues[place] = (cues[place][0], cues[place][0] + length_s, cues[place][2])
    assert words_of(srt(cues)) == [*first, "Yes.", *second]


def test_a_line_that_grows_may_begin_as_the_line_before_it_ended() -> None:
    """No line of the file scrolls, so that the three words were said twice."""
    lines = [
        "so the boats came back before the first storm of autumn",
        "and their crews sat and waited in the old harbour",
        "in the old harbour nobody slept until the wind had turned",
        "then all of them went out again in the morning",
    ]
    cues, at = [], 0.0
    for line in lines:
        cues += [(a + at, b + at, said) for a, b, said in growing(line.split(), by=5, step_s=2.0)]
        at = cues[-1][1]
    assert words_of(srt(cues)) == " ".join(lines).split()


def test_a_cue_that_adds_nothing_and_could_be_said_is_told() -> None:
    """Whether a line stood still or was said twice, nobody knows: it is left out, and counted."""
    cues = scrolling([*LINES, "once again please", *LINES], 2)
    start, end, said = cues[8]
    cues[8:9] = [(start, start + 1, said), (start + 1, end, said)]
    transcript = srt(cues)
    found = [note for note in transcript.notes if note.name == "repeats_in_doubt"]
    assert [note.count for note in found] == [len(said.split("\n")[-1].split())]
    quick = with_copies(LINES)
    assert [note for note in srt(quick).notes if note.name == "repeats_in_doubt"] == []


def test_three_equal_lines_that_scroll_are_said_as_often_as_they_come() -> None:
    """Each cue adds one line, though it looks like the one before."""
    lines = [*LINES, *["again and again"] * 4, *LINES[:2]]
    assert words_of(srt(scrolling(lines, 3))) == " ".join(lines).split()


def test_captions_in_a_list_keep_their_unit_though_nothing_proves_them() -> None:
    """Words that are shown again make speech look fast, and another unit likely."""
    items = []
    for number, line in enumerate(LINES):
        for a, b, said in growing(line.split(), step_s=0.25):
            start, end = 2.0 * number + a, 2.0 * number + b
            items.append({"text": said, "start": round(1000 * start), "end": round(1000 * end)})
    transcript = read(json.dumps(items).encode(), name="talk.json")
    told = {note.name for note in transcript.notes}
    assert transcript.words[-1].start_s == pytest.approx(11.0, abs=0.6) or "times_in_doubt" in told
