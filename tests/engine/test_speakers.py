"""Names files: what they may contain, how a mistake is reported, and how they are edited."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import SpeakersError
from engine.speakers import edited, file_for, names_beside, parse, read


def test_the_file_is_named_as_the_outputs_are() -> None:
    """There is one names file for one source, whatever its suffix."""
    assert file_for(Path("/t/talk.json")) == Path("/t/talk.speakers.toml")
    assert file_for(Path("/t/talk.srt")) == Path("/t/talk.srt.speakers.toml")


def test_labels_need_quotes_only_where_toml_requires_them() -> None:
    """Labels of real tools have spaces."""
    text = 'SPEAKER_00 = "Ada"\n"SPEAKER 4" = "Grace Hopper"\n0 = "Zoë"\n'
    assert parse(text) == {"SPEAKER_00": "Ada", "SPEAKER 4": "Grace Hopper", "0": "Zoë"}


@pytest.mark.parametrize(
    ("text", "key", "line", "allowed"),
    [
        ('A = "x"\nSPEAKER 4 = "Ada"\n', "", 2, "a label and a name"),
        ('# names\n\nA = "x"\nB = 3\n', "B", 4, "a label and a name"),
        ('A = "x"\n[speakers]\nB = "y"\n', "speakers", 2, "a label and a name"),
        ('"A b" = ""\n', "A b", 1, "a name of at most 80 characters"),
        ('A = "one\\ntwo"\n', "A", 1, "on one line"),
        (f'A = "{"x" * 81}"\n', "A", 1, "80 characters"),
        ('A = " x"\n', "A", 1, "a name"),
        ("A =", "", 1, "SPEAKER_00"),
    ],
)
def test_a_mistake_is_reported_with_its_place(text: str, key: str, line: int, allowed: str) -> None:
    """It has the file, line, key and what is allowed, but not the name, which may reach a log."""
    with pytest.raises(SpeakersError) as caught:
        parse(text, path="/t/speakers.toml")
    error = caught.value
    assert (error.key, error.line, error.path) == (key, line, "/t/speakers.toml")
    assert f"/t/speakers.toml, line {line}: " in str(error)
    assert allowed in str(error)


def test_the_files_own_names_come_before_its_folders(tmp_path: Path) -> None:
    """This holds for each label."""
    (tmp_path / "speakers.toml").write_text('A = "folder"\nB = "folder"\n')
    (tmp_path / "talk.speakers.toml").write_text('B = "file"\n')
    assert names_beside(tmp_path / "talk.json") == {"A": "folder", "B": "file"}
    assert names_beside(tmp_path / "other.json") == {"A": "folder", "B": "folder"}


def test_only_a_small_text_file_is_accepted(tmp_path: Path) -> None:
    """Links are not followed, a pipe does not block, and binary files are refused."""
    link, folder, binary, large = (tmp_path / name for name in "abcd")
    link.symlink_to(tmp_path / "elsewhere")
    folder.mkdir()
    binary.write_bytes(b'A = "x"\n\xff')
    large.write_text("#" * 70_000)
    for path, reported in (
        (link, "cannot be read"),
        (folder, "not a regular file"),
        (binary, "line 2"),
        (large, "larger"),
    ):
        with pytest.raises(SpeakersError, match=reported):
            read(path)


def test_editing_keeps_comments_and_order() -> None:
    """The user wrote them."""
    text = '# the board\nB = "Bo"  # chair\n"A x" = \'Al\'\n\nC = "Cy"\n'
    assert edited(text, {"A x": "Ann", "C": None, "D d": 'Dee "Q" \\'}) == (
        '# the board\nB = "Bo"  # chair\n"A x" = "Ann"\n\n"D d" = "Dee \\"Q\\" \\\\"\n'
    )


def test_a_text_that_cannot_be_edited_by_line_is_rewritten() -> None:
    """The names are right, whatever the form of the text was."""
    assert parse(edited('A = """\nAda"""\nB = "Bo"\n', {"A": "Ann"})) == {"A": "Ann", "B": "Bo"}
