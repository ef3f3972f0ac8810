"""Sources -> files, one at a time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.archive import listing


def paths(*sources: str, into: Path | None = None) -> list[tuple[str, str]]:
    parsed = [listing.parse(source) for source in sources]
    return sorted((item.path, item.outlet) for item in listing.walk(parsed, into=into))


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("a/talk.json", "a/b/talk.json", "a/b/notes.txt", "a/.hidden/talk.json"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    (tmp_path / "a/old.metadata.json").write_text("{}")
    (tmp_path / "a/link.json").symlink_to("talk.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_gives_its_transcripts_at_every_depth(archive: Path) -> None:
    """Hidden folders, links, other files and our own outputs are left out."""
    assert [path for path, _ in paths("a")] == ["a/b/talk.json", "a/talk.json"]


def test_outputs_mirror_the_folder_so_that_equal_names_never_meet(archive: Path) -> None:
    """The folder that was named is the top of the mirror."""
    assert [outlet for _, outlet in paths("a", into=Path("out"))] == [
        "out/b/talk.json",
        "out/talk.json",
    ]


def test_several_sources_are_mirrored_from_what_they_have_in_common(archive: Path) -> None:
    """Two files of one name in two folders get two places."""
    found = paths("a/talk.json", "a/b/talk.json", into=Path("out"))
    assert [outlet for _, outlet in found] == ["out/b/talk.json", "out/talk.json"]


@pytest.mark.parametrize(
    ("glob", "expected"),
    [
        ("a/*.json", ["a/talk.json"]),
        ("a/*/*.json", ["a/b/talk.json"]),
        ("a/**/*.json", ["a/b/talk.json", "a/talk.json"]),
        ("a/**/*.txt", ["a/b/notes.txt"]),
        ("**/TALK.json", ["a/b/talk.json", "a/talk.json"]),
    ],
)
def test_a_glob_is_listed_below_its_first_wildcard(
    archive: Path, glob: str, expected: list[str]
) -> None:
    """A star stands for a part of a name, two stars for any folders, also for none."""
    assert [path for path, _ in paths(glob)] == expected


def test_a_file_that_two_sources_name_comes_once(archive: Path) -> None:
    """Nothing is done twice."""
    found = [path for path, _ in paths("a/b/talk.json", "a", "a/**/*.json")]
    assert sorted(found) == ["a/b/talk.json", "a/talk.json"]


def test_a_named_file_that_is_not_there_is_kept_to_be_named(archive: Path) -> None:
    """The worker that reads it says why."""
    assert paths("gone.json") == [("gone.json", "gone.json")]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list everything")
def test_a_folder_that_cannot_be_listed_is_named(archive: Path) -> None:
    """The others are listed all the same."""
    (archive / "a/b").chmod(0)
    problems: list[str] = []
    parsed = [listing.parse("a")]
    found = list(listing.walk(parsed, into=None, on_problem=lambda path, _: problems.append(path)))
    (archive / "a/b").chmod(0o755)
    assert problems == ["a/b"]
    assert [item.path for item in found] == ["a/talk.json"]


def test_listing_is_lazy(archive: Path) -> None:
    """The first file is there before the sources are listed to their end."""
    items = listing.walk([listing.parse("a"), listing.parse("nowhere/")], into=None)
    assert next(items).path.endswith("talk.json")


def test_a_source_without_files_is_named_unless_it_could_not_be_listed(archive: Path) -> None:
    """What another source took already is no lack of files."""
    empty: list[str] = []
    parsed = [listing.parse(text) for text in ("a", "a/**/*.srt", "a/*.json", "gone/*.json")]
    walked = listing.walk(parsed, into=None, on_empty=lambda source: empty.append(str(source)))
    assert len(list(walked)) == 2
    assert empty == ["a/**/*.srt"]
