"""The checker of faithfulness must fail when a text is not faithful."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import fidelity
from tests.acceptance.raw_words import normalised, read_source

OPENAI = {
    "text": " so this is it and it is it we go um on",
    "language": "en",
    "segments": [
        {"id": 0, "start": 0.0, "end": 2.0, "text": " so this is it and"},
        {"id": 1, "start": 2.0, "end": 4.0, "text": " it is it"},
        {"id": 2, "start": 4.0, "end": 6.0, "text": " we go um on"},
    ],
}
GOOD = "So this is it, and it is it.\n\nWe go on.\n"
WHISPERX = {
    "segments": [
        {"start": 0, "end": 1, "text": " who is there", "speaker": "SPEAKER_00"},
        {"start": 1, "end": 2, "text": " it is me"},
        {
            "start": 2,
            "end": 3,
            "text": " come in thanks",
            "speaker": "SPEAKER_00",
            "words": [
                {"word": "come", "speaker": "SPEAKER_00"},
                {"word": "in", "speaker": "SPEAKER_00"},
                {"word": "thanks", "speaker": "SPEAKER_01"},
            ],
        },
    ]
}
TURNS = "SPEAKER_00: Who is there?\n\nUNKNOWN: It is me.\n\nSPEAKER_00: Come in.\n\n"
TURNS_GOOD = TURNS + "SPEAKER_01: Thanks!\n"
WHISPERCPP = {
    "systeminfo": "",
    "result": {"language": "en"},
    "transcription": [
        {"offsets": {"from": 0, "to": 900}, "text": " un"},
        {"offsets": {"from": 900, "to": 1500}, "text": "believable"},
        {"offsets": {"from": 1500, "to": 1900}, "text": " news"},
        {"offsets": {"from": 1900, "to": 2400}, "text": " today"},
    ],
}


def coverage(words_in: int, *removals: tuple[str, str], words_out: int | None = None) -> Any:
    """Return metadata with these removals, each a kind and a text."""
    removed = dict.fromkeys(("loops", "fillers", "repeats", "tags"), 0)
    listed = []
    for kind, text in removals:
        count = len(text.split())
        removed[kind] += count
        listed.append({"kind": kind, "text": text, "count": count, "start_s": None, "end_s": None})
    lost = sum(removed.values())
    return {
        "coverage": {
            "words_in": words_in,
            "words_out": words_in - lost if words_out is None else words_out,
            "removed": removed,
            "removals": listed,
            "replaced": [],
        }
    }


FILLER = coverage(12, ("fillers", "um"))


@pytest.mark.parametrize(
    ("document", "text", "metadata"),
    [
        (OPENAI, GOOD, FILLER),
        (OPENAI, GOOD.replace("We", "“WE”").replace(",", " —"), FILLER),
        (OPENAI, "So this is it. We go um on.\n", coverage(12, ("loops", "and it is it"))),
        (OPENAI["segments"], GOOD, FILLER),
        (WHISPERX, TURNS_GOOD, coverage(9)),
        (WHISPERCPP, "Unbelievable news today.\n", coverage(3)),
        ({"text": "今日は 3月です", "segments": []}, "今日は、3月です。\n", coverage(7)),
        ({"text": "", "segments": [], "language": "en"}, "", coverage(0)),
    ],
)
def test_faithful_texts_pass(document: Any, text: str, metadata: Any) -> None:
    """Case, marks and paragraphs may change, and what is listed may be missing."""
    assert fidelity.compare(document, text, metadata) == []


@pytest.mark.parametrize(
    ("text", "metadata", "complaint"),
    [
        (GOOD.replace("it is it.", "it is."), FILLER, "word 7"),
        (GOOD.replace(" go", " will go"), FILLER, "word 9"),
        (GOOD.replace("this is", "is this"), FILLER, "word 1"),
        (GOOD.replace("this", "these"), FILLER, "word 1"),
        (GOOD.replace("on.", "on. Thank you."), FILLER, "over at the end"),
        (GOOD, coverage(12), "word 10"),
        (GOOD, coverage(12, ("fillers", "uh")), "word 10"),
        (GOOD, coverage(12, ("fillers", "um um")), "over at the end"),
        (GOOD, coverage(12, ("fillers", "um"), ("loops", "it is it")), "over at the end"),
        (GOOD, coverage(12, ("fillers", "um"), words_out=12), "words_in - words_out is 0"),
        (GOOD.rstrip("\n"), FILLER, "exactly one newline"),
        (GOOD + "\n", FILLER, "exactly one newline"),
        (GOOD.replace("and it", "and\nit"), FILLER, "a newline inside paragraph 0"),
        (GOOD.replace("\n\nWe", "\n\n\nWe"), FILLER, "one blank line"),
        (GOOD.replace("\n", "\r\n"), FILLER, "one blank line"),
    ],
)
def test_every_kind_of_damage_is_found(text: str, metadata: Any, complaint: str) -> None:
    """A dropped, invented, moved or changed word, or a wrong list, is named with its place."""
    found = fidelity.compare(OPENAI, text, metadata)
    assert complaint in "\n".join(found)


def test_a_removal_that_counts_wrong_is_found() -> None:
    """The counts by kind are those of the removals that are listed."""
    metadata = coverage(12, ("fillers", "um"))
    metadata["coverage"]["removals"][0]["kind"] = "loops"
    assert "add up to" in fidelity.compare(OPENAI, GOOD, metadata)[0]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (TURNS_GOOD.replace("UNKNOWN", "SPEAKER_00"), "word 3 (UNKNOWN)"),
        (TURNS_GOOD.replace("UNKNOWN: ", ""), "paragraph 1 opens with no speaker"),
        (TURNS_GOOD.replace("UNKNOWN", "ANNA"), "paragraph 1 opens with no speaker"),
        (TURNS_GOOD.replace("Come in.\n\nSPEAKER_01: ", "Come in. "), "word 8 (SPEAKER_01)"),
    ],
)
def test_a_wrong_label_is_found(text: str, complaint: str) -> None:
    """Each paragraph carries the label of its words, and every paragraph has one."""
    assert complaint in "\n".join(fidelity.compare(WHISPERX, text, coverage(9)))


def test_a_lost_character_is_found_where_there_are_no_spaces() -> None:
    """Scripts without spaces are compared character by character."""
    document = {"text": "今日は月曜日です", "segments": []}
    assert fidelity.compare(document, "今日は月曜です。\n", coverage(8))


def test_replaced_words_count_as_kept_only_where_they_are_listed() -> None:
    """A glossary's replacement is no loss, one that is not listed is."""
    metadata = coverage(12, ("fillers", "um"))
    text = GOOD.replace("We go", "Vigo")
    assert fidelity.compare(OPENAI, text, metadata)
    metadata["coverage"]["replaced"] = [{"from": "we go", "to": "Vigo", "start_s": None}]
    assert fidelity.compare(OPENAI, text, metadata) == []


def test_words_are_normalised_as_documented() -> None:
    """NFC, casefold, marks off the edges, one character a word where there are no spaces."""
    assert normalised("“L'Été,”") == normalised("l'e\u0301te\u0301") == ["l'été"]
    assert normalised("...") == []
    assert normalised("第2回、") == ["第", "2", "回"]
    assert normalised("🎵") == ["🎵"]


def test_what_is_no_transcript_is_refused() -> None:
    """A JSON of something else is an error, not an empty transcript."""
    with pytest.raises(ValueError, match="not a Whisper transcript"):
        read_source({"name": "package"})


def write(folder: Path, text: str, *, sha256: str | None = None) -> None:
    """Put a source and sidecars into a folder."""
    raw = json.dumps(OPENAI).encode()
    (folder / "talk.json").write_bytes(raw)
    (folder / "talk.enhanced.txt").write_text(text)
    digest = sha256 or hashlib.sha256(raw).hexdigest()
    metadata = {**FILLER, "source": {"sha256": digest}}
    (folder / "talk.metadata.json").write_text(json.dumps(metadata))


def test_the_command_fails_when_a_file_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line a file, a summary, and exit code 1 for any difference or an empty folder."""
    monkeypatch.setattr(fidelity, "SCHEMA", tmp_path / "no schema")
    assert fidelity.main([str(tmp_path)]) == 1
    write(tmp_path, GOOD)
    assert fidelity.main([str(tmp_path)]) == 0
    assert "1 files with sidecars, 0 wrong" in capsys.readouterr().out
    write(tmp_path, GOOD.replace(" go", ""))
    assert fidelity.main([str(tmp_path)]) == 1
    assert "FAIL talk.json" in capsys.readouterr().out
    write(tmp_path, GOOD, sha256="0" * 64)
    assert fidelity.main([str(tmp_path)]) == 1
    assert "another version" in capsys.readouterr().out


def test_metadata_without_a_key_fails_the_schema(tmp_path: Path) -> None:
    """Where the schema is there, metadata is validated against it."""
    if not fidelity.SCHEMA.exists():
        pytest.skip("docs/metadata.schema.json is not there")
    write(tmp_path, GOOD)
    assert any(
        "schema: " in line for line in fidelity.check_folder(tmp_path)[tmp_path / "talk.json"]
    )
