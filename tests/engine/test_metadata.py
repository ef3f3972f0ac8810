"""Metadata has the fixed keys, adds up, and validates against its schema."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import jsonschema
import pytest

from engine.errors import AlignmentError
from engine.metadata import Coverage, build, count_changes, speakers
from engine.records import VOLATILE, Extracts, Removal, Replacement, SourceFacts
from engine.render import FORMATS, metadata_json, render
from tests.engine.output_samples import (
    CREATED,
    MODEL,
    TIMINGS,
    document,
    metadata_of,
    needs_data,
    paragraph,
    real_document,
)

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/metadata.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_itself_valid():
    """The schema follows draft 2020-12 and allows no unknown key anywhere."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    def objects(node):
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield node
            for value in node.values():
                yield from objects(value)

    assert all(node["additionalProperties"] is False for node in objects(SCHEMA))
    # Files of older versions lack the first three. The others are there where somebody corrected a
    # text, a model wrote about it, a list of tags is given, a server decided, or music was heard.
    later = {"notes", "captions", "implausible", "corrections", "generation", "proposed_tags"}
    later |= {"server", "sounds"}
    for node in objects(SCHEMA):
        assert set(node["required"]) <= set(node["properties"])
        assert set(node["properties"]) - set(node["required"]) <= later


def test_every_key_of_the_contract_is_there_and_no_other():
    """The keys of the file are those that others read."""
    found = metadata_of(document([paragraph("Hello there, world.")]))
    VALIDATOR.validate(found)
    assert list(found) == [
        "schema", "source", "title", "description", "summary", "key_points", "tags", "chapters",
        "speakers", "origin", "coverage", "notes", "model", "recipe", "engine", "outputs",
        "timings", "created_at",
    ]  # fmt: skip
    assert found["source"] == {
        "name": "talk.json",
        "sha256": "ab" * 32,
        "bytes": 1234,
        "producer": "openai-whisper",
        "language": "en",
        "duration_s": 1.2,
        "words": 3,
        "timing": "word",
    }
    assert found["timings"]["total_s"] == 1.235
    assert found["created_at"] == "2026-11-20T09:30:00Z"


def test_a_written_file_names_the_texts_beside_it():
    """They are listed by suffix, with their hashes."""
    made = document([paragraph("Hello there, world.")])
    files = render(made, metadata_of(made), outputs=FORMATS)
    found = json.loads(files[-1].content)
    VALIDATOR.validate(found)
    assert [entry["suffix"] for entry in found["outputs"]] == [file.suffix for file in files[:-1]]


def test_silence_has_null_and_not_empty_shells():
    """A transcript without words has null for every extract."""
    found = metadata_of(document([]))
    VALIDATOR.validate(found)
    for key in ("title", "description", "summary", "key_points", "tags", "chapters"):
        assert found[key] is None
        assert found["origin"][key] is None
    assert found["coverage"]["parts"] == {
        "total": 0,
        "enhanced": 0,
        "fallback": 0,
        "uncovered": 0,
        "implausible": 0,
    }


def test_words_that_went_missing_without_a_removal_are_refused():
    """Nothing is lost without being listed."""
    made = document([paragraph("Two words.")])
    with pytest.raises(AlignmentError, match="5 words came in and 2 went out, but 1 removals"):
        build(
            made,
            source=SourceFacts("a.json", "ab" * 32, 1, "whisper.cpp", 5),
            extracts=Extracts(),
            coverage=Coverage([Removal("fillers", "um", 0.0, 0.1, 1)], [], ["enhanced"]),
            model=MODEL,
            recipe="r",
            engine_version="0",
            timings=TIMINGS,
            created_at=CREATED,
        )


def test_removals_and_replacements_are_listed_with_their_times():
    """Removed text is listed word for word, and the sum is the difference."""
    found = metadata_of(
        document([paragraph("We met Ada.")]),
        removals=(
            Removal("loops", "Thank you. Thank you.", 10.0, 12.5, 4),
            Removal("tags", "[music]", None, None, 1),
        ),
        replaced=(Replacement("Aida", "Ada", 0.8),),
    )
    VALIDATOR.validate(found)
    coverage = found["coverage"]
    assert coverage["words_in"] - coverage["words_out"] == sum(coverage["removed"].values()) == 5
    assert coverage["removed"] == {"loops": 4, "fillers": 0, "repeats": 0, "tags": 1, "captions": 0}
    assert coverage["removals"][0] == {
        "kind": "loops",
        "text": "Thank you. Thank you.",
        "start_s": 10.0,
        "end_s": 12.5,
        "count": 4,
    }
    assert coverage["replaced"] == [{"from": "Aida", "to": "Ada", "start_s": 0.8}]


def test_changes_are_counted_by_kind():
    """A word may change in case, in marks or in both; a replaced word never in case."""
    made = document(
        [
            paragraph("Hello, world. It's NASA!", source="hello world it's nasa!"),
            paragraph("Kubernetes stays", source="cuban stays"),
        ]
    )
    assert count_changes(made) == {"case": 3, "punctuation": 2, "paragraphs": 1}


def test_words_given_to_another_speaker_are_counted():
    """Corrections of labels by the reader are not hidden."""
    found = metadata_of(document([paragraph("One two", source="one two")]), relabelled=2)
    assert found["coverage"]["changes"]["speakers"] == 2


def test_combining_marks_are_letters_and_no_punctuation():
    """A Devanagari vowel sign that stays is no change, nor is one that is spelled twice."""
    made = document([paragraph("नमस्ते दुनिया।", source="नमस्ते दुनिया")])
    assert count_changes(made) == {"case": 0, "punctuation": 1, "paragraphs": 0}


def test_speakers_are_counted_as_they_are_written():
    """A name replaces its label, two labels with one name are one, null is UNKNOWN."""
    made = document(
        [
            paragraph("Good morning, all.", speaker="SPEAKER_00"),
            paragraph("Morning.", start_s=2.0, speaker=None),
            paragraph("Hi.", start_s=3.0, speaker="SPEAKER_01"),
        ]
    )
    assert speakers(made, {"SPEAKER_00": "Ada", "SPEAKER_01": "Ada"}) == [
        {"label": "Ada", "words": 4, "seconds": 1.6},
        {"label": "UNKNOWN", "words": 1, "seconds": 0.4},
    ]


def test_a_long_silence_is_not_speech():
    """A speaker's seconds do not include the silence inside a paragraph."""
    words = paragraph("One two", speaker="A") + paragraph("three", start_s=60.0, speaker="A")
    assert speakers(document([words]), {}) == [{"label": "A", "words": 3, "seconds": 1.2}]


def test_a_transcript_without_speakers_lists_none():
    """Without any label there is no speaker, not an unknown one."""
    assert metadata_of(document([paragraph("Just words.")]))["speakers"] == []


def test_times_of_another_zone_are_written_in_utc():
    """`created_at` is UTC wherever the machine is."""
    made = document([])
    found = build(
        made,
        source=SourceFacts("a.json", "ab" * 32, 1, "whisper.cpp", 0),
        extracts=Extracts(),
        coverage=Coverage([], [], []),
        model=MODEL,
        recipe="r",
        engine_version="0",
        timings=TIMINGS,
        created_at=datetime(2026, 1, 1, 1, 0, tzinfo=timezone(timedelta(hours=5))),
    )
    assert found["created_at"] == "2025-12-31T20:00:00Z"


def test_a_hostile_file_name_cannot_break_the_file():
    """Escaped bytes, controls and newlines in a name become visible, and UTF-8 stays whole."""
    found = metadata_of(document([]), source_name="a\udcff\x1b[2J\nb.json")
    text = metadata_json(found)
    assert json.loads(text.encode())["source"]["name"] == "a\ufffd\ufffd[2J b.json"
    assert "\x1b" not in text


def test_two_runs_differ_in_nothing_but_the_volatile_keys():
    """The keys named volatile are the only ones that depend on the clock."""
    found = metadata_of(document([paragraph("The same words again.")]))
    assert set(VOLATILE) == {"created_at", "timings"}
    assert found == metadata_of(document([paragraph("The same words again.")]))


@needs_data
@pytest.mark.parametrize(
    "name",
    [
        "openai-whisper/pod_en_1h03_37c3.json",
        "whisperx/wx_diarized_19min.json",
        "whisperx/hi_film_2h22_loop23.json",
        "openai-whisper/he_video_words_3min.json",
        "openai-whisper/pod_de_lower_nopunct_20min.json",
        "faster-whisper/hearing_2h16_diarize_list.json",
        "whisper-timestamped/wt_medium_auto__radio_short.mp3.json",
    ],
)
def test_metadata_of_real_files_validates(name):
    """Whatever a real file holds, the sidecar follows the schema."""
    VALIDATOR.validate(metadata_of(real_document(name)))


def test_what_a_model_wrote_is_counted_and_cited():
    """The figures of the writing and the tags outside of the user's list fit the schema."""
    cited = {"field": "summary", "text": "Hello.", "paragraphs": [0], "start_s": None}
    counts = {"sentences": 3, "rewritten": 1, "dropped": 1, "withheld": 0}
    generation = {"model": "m", "revision": None, "prompt": "1", **counts, "cited": [cited]}
    found = metadata_of(document([paragraph("Hello there, world.")]))
    found |= {"generation": generation, "proposed_tags": ["worlds"]}
    VALIDATOR.validate(found)
    generation["cited"] = [{**cited, "paragraphs": []}]
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(found)
