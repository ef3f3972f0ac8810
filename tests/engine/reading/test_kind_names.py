"""`Maria: ...`: names in front of cues are speakers where the file shows it, else words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.reading import read
from engine.records import Transcript
from tests.engine.reading.samples import words_of
from tests.field import FIELD, needs_field

DIALOGUE = [
    ("Maria", "so the ferry leaves at seven"),
    ("Tom", "the queue gets long in the summer"),
    ("Maria", "then we book: two cars"),
    ("Tom", "nobody wants to wait"),
]


def srt(cues: list[str]) -> Transcript:
    text = "\n".join(
        f"{n + 1}\n00:00:{3 * n:02},000 --> 00:00:{3 * n + 2:02},500\n{said}\n"
        for n, said in enumerate(cues)
    )
    return read(text.encode(), name="talk.srt")


def turns(transcript: Transcript) -> list[tuple[str | None, str]]:
    found: list[tuple[str | None, str]] = []
    for word in transcript.words:
        if found and found[-1][0] == word.speaker:
            found[-1] = (word.speaker, f"{found[-1][1]} {word.text}")
        else:
            found.append((word.speaker, word.text))
    return found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maria", "Tom"),
        ("Maria Lopez", "Tom O'Neil"),
        ("TRAVIS", "SARAH"),
        ("Speaker 1", "Speaker 2"),
        ("Ludwig van Aken", "Dr. Ada Lake"),
        ("Мария", "Том"),
        ("小明", "老师"),
        ("मारिया", "टॉम"),
        ("Host", "Guest (Ada)"),
    ],
)
@pytest.mark.parametrize("front", ["{}: ", "{}:\n", "[{}]: ", ">> {}: ", "- {}: "])
def test_names_again_and_again_are_speakers(one: str, other: str, front: str) -> None:
    """Of any script, before the text or on a line of their own."""
    called = {"Maria": one, "Tom": other}
    cues = [front.format(called[name]) + said for name, said in DIALOGUE]
    transcript = srt(cues)
    assert turns(transcript) == [(called[name], said) for name, said in DIALOGUE]
    if front != "[{}]: ":  # a label that was known before
        assert [(n.name, n.count) for n in transcript.notes] == [("names_in_front", 4)]


def test_a_cue_without_a_name_continues_the_one_before() -> None:
    """Podcasting 2.0 writes the name where the speaker changes."""
    transcript = srt(["Ada: we look", "at the soil", "Tom: it is cold", "Ada: thank you"])
    assert turns(transcript) == [
        ("Ada", "we look at the soil"),
        ("Tom", "it is cold"),
        ("Ada", "thank you"),
    ]


def test_two_voices_in_one_cue() -> None:
    """A line that begins with a name is another's."""
    transcript = srt(["Ada: we look\nTom: at what?", "Ada: at the soil", "Tom: I see"])
    assert [speaker for speaker, _ in turns(transcript)] == ["Ada", "Tom", "Ada", "Tom"]


def test_one_voice_alone_needs_more() -> None:
    """A recording of one person, each cue with the name."""
    cues = [f"Ada Lake: this is sentence number {n}" for n in range(4)]
    assert {word.speaker for word in srt(cues).words} == {"Ada Lake"}


@pytest.mark.parametrize("name", ["talk.txt", "talk.json", "talk.tsv"])
def test_every_reader_does_it(name: str) -> None:
    """The rule stands in one place."""
    rows = [(n, f"{who}: {said}") for n, (who, said) in enumerate(DIALOGUE)]
    if name.endswith(".json"):
        items = [{"start": 3.0 * n, "end": 3.0 * n + 2, "text": text} for n, text in rows]
        data = json.dumps({"segments": items, "text": ""})
    elif name.endswith(".tsv"):
        data = "start\tend\ttext\n" + "".join(f"{n}000\t{n}900\t{text}\n" for n, text in rows)
    else:
        data = "".join(f"{text}\n" for _, text in rows)
    assert turns(read(data.encode(), name=name)) == DIALOGUE


@pytest.mark.parametrize(
    "text",
    [
        "Maria Lopez  0:03  \nSo the ferry.\n\nTom O'Neil  1:02:15  \nThe queue.\n",
        "Maria Lopez (00:03):\nSo the ferry.\nTom O'Neil (01:02:15):\nThe queue.\n",
        "[0:03] Maria Lopez\nSo the ferry.\n[1:02:15] Tom O'Neil\nThe queue.\n",
        "00:00:03 Maria Lopez: So the ferry.\n01:02:15 Tom O'Neil: The queue.\n",
    ],
)
def test_a_name_and_a_time_on_a_line_of_their_own(text: str) -> None:
    """Otter and others: times and speakers are read."""
    transcript = read(text.encode(), name="talk.txt")
    assert turns(transcript) == [("Maria Lopez", "So the ferry."), ("Tom O'Neil", "The queue.")]
    assert [s.start_s for s in transcript.segments] == [3.0, 3735.0]
    assert transcript.timing == "segment"


@pytest.mark.parametrize(
    "cues",
    [
        ["So we go.", "Note: I said this would happen.", "Then we book: two cars.", "Fine."],
        ["Note: one", "Note: two", "Question: why?", "Question: how?"],
        ["Monday: closed", "Tuesday: open", "Monday: closed again", "Sunday: closed"],
        ["Then we book: two cars", "Then we book: two beds", "then we book: no more"],
        ["We meet at 12: sharp", "We meet at 12: again", "Paris: a city", "Rome: another city"],
        ["Warning: hot", "Warning: cold", "Warning: wet", "Warning: dry"],
        ["Ada: hello", *[f"this is sentence {n}" for n in range(30)], "Ada: goodbye"],
    ],
)
def test_what_is_said_before_a_colon_stays(cues: list[str]) -> None:
    """Remarks, days, lists, and a name that hardly ever stands there."""
    transcript = srt(cues)
    assert words_of(transcript) == " ".join(cues).split()
    assert not transcript.has_speakers
    assert transcript.notes == ()


def test_a_file_that_gives_speakers_is_left_as_it_is() -> None:
    """Its labels are better than a guess."""
    items = [
        {"start": n, "end": n + 1, "text": f"{who}: {said}", "speaker": f"SPEAKER_0{n % 2}"}
        for n, (who, said) in enumerate(DIALOGUE)
    ]
    transcript = read(json.dumps({"segments": items, "text": ""}).encode(), name="talk.json")
    assert "Maria:" in words_of(transcript)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Ada", "Tom Lee", "Note", "now", "ALL", "12"]),
            st.sampled_from([": ", " ", ":\n", "; "]),
            st.sampled_from(["we go", "no: never", "it is: cold"]),
        ),
        min_size=1,
        max_size=10,
    )
)
def test_every_word_is_said_or_is_a_speaker(parts: list[tuple[str, str, str]]) -> None:
    """Nothing is lost: what is no word of the transcript is the name of its speaker."""
    cues = ["".join(part) for part in parts]
    transcript = srt(cues)
    rest = iter(words_of(transcript))
    names = {speaker for speaker, _ in turns(transcript)}
    for who, sign, said in parts:
        kept = f"{who}{sign}{said}".split()
        alone = said.split()
        spoken = [next(rest) for _ in alone]
        if spoken != alone:
            spoken += [next(rest) for _ in range(len(kept) - len(alone))]
            assert spoken == kept
        else:
            assert who in names
    assert next(rest, None) is None


@needs_field
@pytest.mark.parametrize(
    ("name", "speakers"),
    [
        ("zoom.vtt", {"Maria Lopez", "Tom O'Neil"}),
        ("podcast.srt", {"Travis", "Sarah"}),
        ("buzzsprout.srt", {"John Smith", "Ada Lake"}),
        ("otter.txt", {"Maria Lopez", "Tom O'Neil"}),
    ],
)
def test_the_files_of_the_field(name: str, speakers: set[str]) -> None:
    """The names are speakers, and no words."""
    path = FIELD / "22-name-in-front" / name
    transcript = read(path.read_bytes(), name=path.name)
    assert {word.speaker for word in transcript.words} == speakers
    said = " ".join(words_of(transcript))
    assert not any(f"{speaker}:" in said for speaker in speakers)
    if name == "zoom.vtt":
        assert "Then we book: two cars" in said
        assert "Note: I said" in said
