"""Any file gives a transcript that keeps its promises, or a refusal with a reason."""

from __future__ import annotations

import copy
import json
import math
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine.errors import TranscriptError
from engine.reading import PRODUCERS, Reason, read
from engine.records import Transcript
from engine.text.cleaning import clean
from engine.text.marks import letters
from tests.engine.reading import samples

DOCUMENTS: list[Any] = [
    samples.openai_whisper(),
    samples.openai_words(),
    samples.whisper_cpp(),
    samples.whisperx(),
    samples.whisperx()["word_segments"],
    samples.plain("One two.", "今日は", "Three."),
    {"text": " One.", "chunks": [{"timestamp": [0.0, None], "text": " One."}], "speakers": []},
    [[1, 0, 0.0, 2.0, " One.", [1], -0.2, 1.1, 0.0, [[0.0, 1.0, " One.", 0.5]]]],
    samples.DEEPGRAM,
    samples.ASSEMBLYAI,
    samples.AWS,
]
SUBTITLES = {
    "a.srt": "1\n00:00:00,500 --> 00:00:02,000\n[SPEAKER_00]: One\ntwo.\n\n",
    "a.vtt": "WEBVTT\n\n00:00.500 --> 00:02.000\n<v Ada>One two.\n\n",
    "a.txt": "[00:00:00.000 --> 00:00:02.000]   One\n[00:00:02.000 --> 00:00:03.000]   two\n",
    "a.tsv": "start\tend\ttext\n0\t2000\tOne two.\n",
    "a.csv": 'start,end,text\n0.0,2.0,"One, two."\n',
}

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        [10**30, -1, 1e308, "NaN", "00:99:99,999", "\ud800", "\u202e", " ", "[Music]"]
    )
)
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "start", "end", "word", "words", "speaker", "segments", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything inside a document."""
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += places(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += places(inner, (*path, index))
    return found


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Return a document in which a few places were replaced, removed, repeated or moved."""
    document = copy.deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 4))):
        all_places = places(document)
        if not all_places:
            break
        path = draw(st.sampled_from(all_places))
        parent = document
        for step in path[:-1]:
            parent = parent[step]
        last = path[-1]
        action = draw(st.sampled_from(["replace", "remove", "repeat", "wrap"]))
        if action == "replace":
            parent[last] = draw(values)
        elif action == "remove":
            del parent[last]
        elif action == "wrap":
            parent[last] = [parent[last]]
        elif isinstance(parent, list):
            parent.insert(last, copy.deepcopy(parent[last]))
    return document


def check(transcript: Transcript) -> None:
    """Assert what holds for every transcript."""
    assert transcript.producer in PRODUCERS
    assert transcript.timing in ("word", "segment", "none")
    assert transcript.duration_s is None or math.isfinite(transcript.duration_s)
    latest = 0.0
    for segment in transcript.segments:
        assert segment.words
        for word in segment.words:
            assert word.text.split() == [word.text]
            word.text.encode("utf-8")
            assert word.speaker is None or word.speaker.split()
            assert word.confidence is None or 0 <= word.confidence <= 1
            assert (word.start_s is None) == (word.end_s is None)
            if word.start_s is not None and word.end_s is not None:
                assert latest <= word.start_s <= word.end_s
                latest = word.start_s
    for level in ("off", "safe", "thorough"):
        cleaned, removals = clean(transcript, level=level)
        assert len(transcript.words) - len(cleaned.words) == sum(r.count for r in removals)


def check_file(data: bytes, name: str) -> None:
    """Assert that a file is read, or refused with a reason of the list."""
    refusal: TranscriptError | None = None
    try:
        check(read(data, name=name))
    except TranscriptError as error:
        refusal = error
    if refusal is not None:
        assert refusal.reason in set(Reason)
        assert str(refusal)
        assert refusal.hint


few = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@few
@given(mutated())
def test_mutated_documents_are_read_or_refused(document: Any) -> None:
    """Wrong types, missing keys and odd values anywhere in any producer's shape."""
    check_file(json.dumps(document).encode(), "a.json")


@few
@given(values)
def test_any_json_is_read_or_refused(document: Any) -> None:
    """Most of it is not a transcript."""
    check_file(json.dumps(document).encode(), "a.json")


@few
@given(st.sampled_from(DOCUMENTS), st.data())
def test_damaged_bytes_are_read_or_refused(document: Any, data: st.DataObject) -> None:
    """They are cut short, or some bytes are overwritten."""
    raw = bytearray(json.dumps(document, ensure_ascii=False).encode())
    for _ in range(data.draw(st.integers(0, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    check_file(bytes(raw[: data.draw(st.integers(0, len(raw)))]), "a.json")


@few
@given(st.sampled_from(sorted(SUBTITLES)), st.data())
def test_damaged_subtitles_are_read_or_refused(name: str, data: st.DataObject) -> None:
    """Lines are dropped, repeated and changed."""
    lines = (SUBTITLES[name] * 3).split("\n")
    for _ in range(data.draw(st.integers(0, 3))):
        lines[data.draw(st.integers(0, len(lines) - 1))] = data.draw(
            st.text(alphabet=st.characters(codec="utf-8"), max_size=30) | st.sampled_from(lines)
        )
    check_file("\n".join(lines).encode(), name)


@few
@given(st.binary(max_size=60), st.sampled_from([*SUBTITLES, "a.json", "a"]))
@example(b"\xff\xfe", "a.json")
@example(b"\xef\xbb\xbf", "a.srt")
def test_any_bytes_are_read_or_refused(data: bytes, name: str) -> None:
    """No file of a few bytes raises an unknown error."""
    check_file(data, name)


@few
@given(
    st.lists(st.text(alphabet="ab 。今 \n!'-", max_size=20), max_size=8),
    st.lists(st.none() | st.floats(-10, 100), min_size=16, max_size=16),
)
@example(["", "今", "今", "今a"], [*[None] * 4, 0.0, 0.0, *[None] * 10])
@example(["a-", "a a", "a a"], [*[None] * 4, 0.0, 0.0, *[None] * 10])
def test_no_word_is_lost_or_invented(texts: list[str], times: list[float | None]) -> None:
    """Joined without white space, the words are the segments' texts, whatever the times.

    What is shown again without time to say it may be left out, with its marks, and is reported.
    Everything else is there as it was said, in its order.
    """
    items = [
        {"id": 1, "start": times[2 * i], "end": times[2 * i + 1], "text": text}
        for i, text in enumerate(texts)
    ]
    data = json.dumps({"language": "en", "segments": items}).encode()
    found = read(data, name="a.json")
    written, said = "".join(w.text for w in found.words), "".join("".join(texts).split())
    if found.removals:
        assert {removal.kind for removal in found.removals} == {"captions"}
        assert set(letters(written)) == set(letters(said))
        rest = iter(said)
        assert all(char in rest for char in written)
    else:
        assert written == said
