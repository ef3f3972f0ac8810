"""The property list, compared with the manual's table of keys."""

from __future__ import annotations

import plistlib
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchd import plist
from launchd.errors import InvalidSpec
from launchd.spec import MUSIC_LABEL, AgentSpec

GOLDEN = Path(__file__).parent / "golden/llasa.llasad.plist"
DOCS = Path(__file__).parents[2] / "docs/launchd.md"

# The words of launchd.plist(5) after each key, copied by hand: not read from the code under test.
MANUAL = {
    "Label": "string",
    "ProgramArguments": "array of strings",
    "EnvironmentVariables": "dictionary of strings",
    "RunAtLoad": "boolean",
    "KeepAlive": "boolean or dictionary of stuff",
    "SuccessfulExit": "boolean",
    "ThrottleInterval": "integer",
    "ExitTimeOut": "integer",
    "ProcessType": "string",
    "Umask": "integer or string",
    "MaterializeDatalessFiles": "boolean",
    "StandardErrorPath": "string",
}


def _table(text: str) -> dict[str, str]:
    (rows,) = re.findall(r"^\| [Kk]ey \| [Tt]ype.*\n\|[-|]+\n((?:\|.*\n)+)", text, re.MULTILINE)
    cells = [[cell.strip(" `") for cell in row.split("|")] for row in rows.splitlines()]
    return {key: words for _, key, words, *_ in cells}


def _fits(value: object, words: str) -> bool:
    checks: dict[str, bool] = {
        "string": type(value) is str,
        "boolean": type(value) is bool,
        "integer": type(value) is int,
        "array of strings": isinstance(value, list) and all(type(v) is str for v in value),
        "dictionary of strings": isinstance(value, dict)
        and all(type(v) is str for v in value.values()),
        "dictionary of stuff": isinstance(value, dict),
    }
    return any(checks[word] for word in words.split(" or "))


def _document(spec: AgentSpec) -> dict[str, Any]:
    document: dict[str, Any] = plistlib.loads(plist.build(spec))
    return document


def test_the_plist_equals_the_golden_file(golden_spec: AgentSpec) -> None:
    """They are equal byte for byte, so that a review shows every changed key."""
    assert plist.build(golden_spec) == GOLDEN.read_bytes()


def test_every_key_and_type_is_in_the_manual(golden_spec: AgentSpec) -> None:
    """launchd ignores a key that launchd.plist(5) does not name, or one of another type."""
    document = _document(golden_spec)
    for key, value in [*document.items(), *document["KeepAlive"].items()]:
        assert _fits(value, MANUAL[key]), key
    assert {*document, *document["KeepAlive"]} == set(MANUAL)


@pytest.mark.parametrize("text", [plist.__doc__, DOCS.read_text()], ids=["docstring", "docs"])
def test_the_documented_table_is_the_manuals_table(text: str) -> None:
    """The docstring and the documentation name the same keys and types as the manual."""
    assert _table(text) == MANUAL


def test_the_job_is_kept_alive_only_after_failures(golden_spec: AgentSpec) -> None:
    """Conditions are ORed: a second one would restart a job that ended well."""
    assert _document(golden_spec)["KeepAlive"] == {"SuccessfulExit": False}


def test_the_lessons_of_field_reports_are_in_the_plist(golden_spec: AgentSpec) -> None:
    """Each of these values prevents a known failure."""
    document = _document(golden_spec)
    assert document["ThrottleInterval"] >= 30
    assert document["ExitTimeOut"] >= 30
    assert document["ProcessType"] == "Interactive"
    assert document["Umask"] == "077"
    assert document["MaterializeDatalessFiles"] is False
    assert document["RunAtLoad"] is True
    assert not {"WatchPaths", "QueueDirectories", "Crashed", "OnDemand"} & set(document)
    paths = [document["ProgramArguments"][0], document["StandardErrorPath"]]
    assert all(Path(path).is_absolute() for path in paths)


def test_an_empty_environment_is_left_out(spec: AgentSpec) -> None:
    """The plist has no key without a value."""
    assert "EnvironmentVariables" not in _document(spec)


@pytest.mark.parametrize("argument", ["a\rb", "a\x01b", "a\x1bb"])
def test_text_that_xml_would_change_is_refused(spec: AgentSpec, argument: str) -> None:
    """XML turns a carriage return into a line feed, and cannot contain control characters."""
    with pytest.raises(InvalidSpec):
        plist.build(replace(spec, program_arguments=("/bin/x", argument)))


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=30))
def test_any_text_is_read_back_unchanged(text: str) -> None:
    """Quotes, ampersands, tags and emoji survive the XML."""
    spec = AgentSpec(
        program_arguments=("/bin/x", text),
        home=Path("/h"),
        log_dir=Path("/h"),
        environment={"A": text},
    )
    document = plistlib.loads(plist.build(spec))
    assert document["ProgramArguments"][1] == text
    assert document["EnvironmentVariables"]["A"] == text


@pytest.mark.skipif(shutil.which("plutil") is None, reason="only a Mac has plutil")
def test_plutil_finds_no_error(golden_spec: AgentSpec, tmp_path: Path) -> None:
    """Apple's own parser accepts the file."""
    path = tmp_path / "x.plist"
    path.write_bytes(plist.build(golden_spec))
    done = subprocess.run(["plutil", "-lint", str(path)], capture_output=True, check=False)
    assert done.returncode == 0


def test_another_service_has_an_error_log_of_its_own(spec: AgentSpec) -> None:
    """Two agents that append to one file would be hard to read; its name is no path."""
    music = replace(spec, label=MUSIC_LABEL, error_log="llasa-music.err.log")
    document = plistlib.loads(plist.build(music))
    assert document["Label"] == "llasa.llasa-music"
    assert document["StandardErrorPath"] == str(spec.log_dir / "llasa-music.err.log")
    assert document["KeepAlive"] == {"SuccessfulExit": False}
    for wrong in ("", "..", "a/b", "nul\0"):
        with pytest.raises(InvalidSpec):
            plist.build(replace(spec, error_log=wrong))


def test_a_description_is_one_line(spec: AgentSpec) -> None:
    """A unit would take the next line for a setting."""
    with pytest.raises(InvalidSpec):
        plist.build(replace(spec, description="a\nRestart=always"))
