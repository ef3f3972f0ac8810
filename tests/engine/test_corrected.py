"""A person's corrections hold for the text, whatever made it, and say where they do not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from engine import corrections, pipeline, sidecars
from engine.corrections import Corrections
from engine.errors import CorrectionsError
from engine.records import EnhancedWord, Profile
from engine.text.corrected import Kind, Operation, apply, is_valid, place_of
from tests.engine.output_samples import CREATED, MODEL, paragraph

SOURCE = [
    "so",
    "we",
    "met",
    "martin",
    "and",
    "kuber",
    "netties",
    "was",
    "down",
    "then",
    "we",
    "left",
]
TEXT = (
    paragraph("So we met Martin and kuber netties was down. Then we left", source=" ".join(SOURCE)),
)


def numbered(paragraphs: object = TEXT) -> list[list[EnhancedWord]]:
    """Return the paragraphs with the index of each word in the source."""
    number = iter(range(1000))
    return [
        [replace(w, word=replace(w.word, index=next(number))) for w in p]
        for p in paragraphs  # type: ignore[attr-defined]
    ]


def operation(kind: Kind, at: int, to: str | bool | None, **fields: object) -> Operation:
    """Return an operation on a word of SOURCE."""
    around = ["", *SOURCE, ""]
    made = Operation(
        id=1, step=1, kind=kind, to=to, was=None, at=at, word=SOURCE[at],
        before=around[at], after=around[at + 2],
    )  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type]


def written(*operations: Operation, source: list[str] = SOURCE) -> list[str]:
    """Return the corrected paragraphs as texts."""
    ordered = [replace(o, id=n) for n, o in enumerate(operations, start=1)]
    return [" ".join(w.text for w in p) for p in apply(numbered(), ordered, source).paragraphs]


def test_marks_capitals_paragraphs_and_words_are_written_as_the_person_said() -> None:
    """Two words of the source may become one; all its words stay counted."""
    operations = (
        operation("mark", 3, "!"),
        operation("case", 4, "And"),
        operation("paragraph", 3, to=True),
        operation("word", 5, "Kubernetes", count=2),
        operation("opening", 0, "“"),
        operation("mark", 8, ""),
    )
    assert written(*operations) == [
        "“So we met Martin!",
        "And Kubernetes was down Then we left",
    ]
    ordered = [replace(o, id=n) for n, o in enumerate(operations, start=1)]
    corrected = apply(numbered(), ordered, SOURCE)
    words = [w.word for p in corrected.paragraphs for w in p]
    assert sum(word.stands_for for word in words) == len(SOURCE)
    assert words[5].heard == "kuber netties"
    assert (corrected.applied, corrected.misfits) == (6, ())


def test_a_paragraph_that_the_person_joins_is_one() -> None:
    """Except where another speaker begins."""
    broken = numbered((TEXT[0][:4], TEXT[0][4:]))
    joined = apply(broken, [operation("paragraph", 3, to=False)], SOURCE)
    assert len(joined.paragraphs) == 1
    told = [replace(w, word=replace(w.word, speaker="B")) for w in broken[1]]
    assert (
        len(apply([broken[0], told], [operation("paragraph", 3, to=False)], SOURCE).paragraphs) == 2
    )


def test_words_of_another_speaker_are_a_paragraph_of_their_own() -> None:
    """A turn that the diarization gave to the wrong person."""
    spoken = [[replace(w, word=replace(w.word, speaker="A")) for w in p] for p in numbered()]
    made = apply(spoken, [operation("speaker", 9, "B", count=3)], SOURCE)
    assert [p[0].word.speaker for p in made.paragraphs] == ["A", "B"]


def test_the_last_correction_of_a_place_holds() -> None:
    """Each sets a value; none is a difference from another."""
    assert written(operation("mark", 3, "!"), operation("mark", 3, "?"))[0].startswith(
        "So we met Martin? and"
    )


def test_a_correction_finds_its_word_in_another_transcription() -> None:
    """The same word between the same neighbours, the nearest one."""
    moved = ["well", "yes", *SOURCE]
    assert place_of(operation("mark", 3, "!"), moved) == 5
    assert place_of(operation("mark", 3, "!"), [w.upper() + "," for w in moved]) == 5
    assert place_of(operation("mark", 3, "!"), ["martin"] * 12) is None


def test_a_correction_that_does_not_fit_is_told_and_changes_nothing() -> None:
    """The word is gone, was cleaned away, or has other letters by now."""
    text = numbered()
    del text[0][3]
    made = apply(text, [operation("mark", 3, "!")], SOURCE)
    assert [m.why for m in made.misfits] == ["removed"]
    made = apply(numbered(), [operation("mark", 3, "!")], ["other"] * 12)
    assert [m.why for m in made.misfits] == ["moved"]
    pair = [operation("word", 3, "Marten"), operation("case", 3, "MARTIN", id=2)]
    made = apply(numbered(), pair, SOURCE)
    assert [m.why for m in made.misfits] == ["respelled"]
    assert made.applied == 1


@pytest.mark.parametrize(
    ("kind", "to", "valid"),
    [
        ("mark", "?!", True), ("mark", ".”", True), ("mark", "", True), ("mark", "a", False),
        ("mark", ". .", False), ("mark", "." * 7, False), ("opening", "“", True),
        ("opening", ".", False), ("case", "MARTIN", True), ("case", "Marten", False),
        ("word", "New York", True), ("word", "", False), ("word", "—", False),
        ("word", "a\nb", False), ("paragraph", True, True), ("paragraph", "yes", False),
        ("speaker", "", False), ("word", "x" * 121, False), ("mark", "\u202e", False),
    ],
)  # fmt: skip
def test_a_correction_changes_how_a_word_is_written_and_cannot_remove_it(
    kind: Kind, to: object, *, valid: bool
) -> None:
    """Marks hold no letters, a capital has the same letters, a word is never empty."""
    assert is_valid(kind, to, written="martin,") is valid


def test_undo_takes_back_a_whole_step_and_again_brings_it_back() -> None:
    """A mark and the capital after it were one act; a new correction ends what can come back."""
    first = Corrections().added([operation("mark", 3, "."), operation("case", 4, "And")])
    second = first.added([operation("mark", 8, "!")])
    assert [o.id for o in second.operations] == [1, 2, 3]
    assert second.without_last().operations == first.operations
    undone = second.without_last().without_last()
    assert (undone.operations, [o.id for o in undone.undone]) == ((), [3, 1, 2])
    assert undone.with_undone().operations == first.operations
    assert undone.with_undone().with_undone().operations == second.operations
    assert undone.revision == 4
    assert undone.added([operation("mark", 1, ",")]).operations[0].id == 4


def test_a_file_of_corrections_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Every kind of operation, with what it needs and nothing else."""
    made = Corrections().added(
        [
            operation("mark", 3, "."),
            operation("word", 5, "Kubernetes", count=2, glossary=True),
            operation("paragraph", 3, to=True),
            Operation(id=0, step=0, kind="name", to="Ada", was=None, label="SPEAKER_00"),
        ]
    )
    made = replace(made.added([operation("mark", 8, "!")]).without_last())
    path = tmp_path / "talk.corrections.json"
    corrections.write(
        path, corrections.dump(made, name="talk.json", sha256="ab", words=12), mode=0o600
    )
    assert corrections.read_beside(tmp_path / "talk.json") == made
    assert set(json.loads(path.read_text())["operations"][0]) == {
        "id", "step", "op", "at", "word", "before", "after", "from", "to", "made_at",
    }  # fmt: skip


def test_a_file_of_corrections_is_never_taken_for_a_transcript() -> None:
    """By its name and by its content, whatever its name; it leads to its source."""
    assert sidecars.is_ours("talk.corrections.json")
    assert "talk.json" in sidecars.sources_of("talk.corrections.json")
    text = corrections.dump(Corrections(), name="talk.json", sha256="ab", words=1)
    assert sidecars.is_ours_content(text.encode())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": "llasa.corrections/2"}, "`schema`"),
        ({"revision": True}, "`revision`"),
        ({"operations": {}}, "`operations`"),
        ({"operations": [{"op": "delete"}]}, "operations[0].op"),
        ({"operations": [{"op": "mark", "at": "3", "to": "."}]}, "operations[0].at"),
        ({"operations": [{"op": "mark", "at": 3, "to": "no"}]}, "operations[0].to"),
        ({"operations": [{"op": "word", "at": 3, "to": "x", "count": 99}]}, "operations[0].count"),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    """The file is somebody's work: it is not overwritten and not half used."""
    path = tmp_path / "talk.corrections.json"
    value = {"schema": corrections.SCHEMA, "revision": 1, "operations": [], "undone": []} | change
    path.write_text(json.dumps(value))
    with pytest.raises(CorrectionsError) as caught:
        corrections.read(path)
    assert message in str(caught.value)


def test_corrections_are_in_every_output_and_counted_in_the_metadata() -> None:
    """After cleaning and glossary, by the index in the source as read."""
    data = json.dumps(
        {"text": "", "segments": [{"start": 0, "end": 4, "text": " [Music] so we met martin"}]}
    ).encode()
    profile = Profile(outputs=("txt", "srt", "md", "html"), glossary={"we": "they"})
    plan = pipeline.prepare(data, name="talk.json", profile=profile, info=MODEL)
    fix = Operation(
        id=1, step=1, kind="word", to="Marten", was="martin", at=4, word="martin", before="met"
    )
    lost = Operation(id=2, step=2, kind="mark", to=".", was="", at=0, word="[Music]", after="so")
    plan = replace(plan, corrections=(fix, lost))
    parts = [pipeline.keep(part, "fallback") for part in plan.parts]
    result = pipeline.finish(plan, parts, load_s=0, total_s=0, created_at=CREATED)
    for file in result.files[:-1]:
        assert "Marten" in file.content
        assert "martin" not in file.content.replace(">martin<", "").replace('="martin"', "")
    found = result.metadata["corrections"]
    assert found["applied"] == 1
    assert [(m["op"], m["word"], m["why"]) for m in found["misfits"]] == [
        ("mark", "[Music]", "removed")
    ]
    schema = Path(__file__).parents[2] / "docs" / "metadata.schema.json"
    jsonschema.validate(result.metadata, json.loads(schema.read_text()))
