"""The settings as llasactl shows, checks and explains them; and profiles from folder to output."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from daemon import config as settings
from daemon.home import Home
from daemon.operations.settings import table_of, toml_of
from state.job import Status
from tests.daemon.conftest import Ask, WorkerRig
from tests.daemon.making import DOCS, offered, transcript
from tests.daemon.test_control import documented

TOML = """
outputs = ["txt", "srt"]
speakers = { SPEAKER_00 = "Anna \\u001b[31m" }
glossary = { "post gress" = "Postgres" }
[profile.interviews]
folders = ["interviews", "20*/calls"]
cleaning = "thorough"
language = "en"
[profile.rest]
folders = ["*"]
outputs = ["md"]
"""


@pytest.fixture
def set_up(home: Home) -> Callable[[str], settings.Config]:
    def write(text: str) -> settings.Config:
        home.settings.write_text(text)
        return settings.load(home)

    return write


def test_what_is_shown_can_be_used_as_settings(
    ask: Ask, home: Home, set_up: Callable[[str], settings.Config]
) -> None:
    """Reading it back gives the same settings."""
    config = set_up(TOML)
    shown = ask("config", "show").out
    assert "\x1b" not in shown
    assert settings.parse(shown, home) == config
    assert ask("config", "show", "--json").json == tomllib.loads(toml_of(table_of(config)))


def test_settings_that_are_not_there_are_the_defaults(ask: Ask, home: Home) -> None:
    """`path` prints where they would be."""
    assert "these are the defaults" in ask("config", "show").out
    assert ask("config", "path").out == f"{home.settings}\n"
    assert ask("config", "check").code == 0


def test_check_names_what_cannot_be_used(
    ask: Ask, home: Home, set_up: Callable[[str], settings.Config]
) -> None:
    """It names a missing folder or model, says what to do, and exits with 3."""
    set_up('watch = ["nowhere"]\nmodel = "no/such"\n')
    answer = ask("config", "check")
    assert answer.code == 3
    assert f"missing  watch {home.path}/nowhere" in answer.out
    assert "model pull no/such" in answer.out
    home.settings.write_text("cleaning = 1\n")
    assert 'Allowed: "off", "safe", "thorough"' in ask("config", "check").err


def test_check_names_endings_that_are_not_read(
    ask: Ask, set_up: Callable[[str], settings.Config]
) -> None:
    """The daemon takes such files, and every job of them ends as ignored."""
    set_up('include = ["*.lrc", "*.ASS", "*.srt", "talk*"]\n')
    shown = ask("config", "check").out
    assert "include *.lrc: files that end in .lrc are not read" in shown
    assert "include *.ASS: files that end in .ASS are not read" in shown
    assert shown.count("are not read") == 2


def test_check_ends_with_where_to_look(ask: Ask, set_up: Callable[[str], settings.Config]) -> None:
    """Several lines may say what to do."""
    set_up('watch = ["nowhere"]\n')
    assert "lines above that begin with `failure` or `missing`" in ask("config", "check").err


def test_the_example_has_every_setting_at_its_default(ask: Ask, home: Home) -> None:
    """It is the checkout's own file, and has the same effect as no file."""
    shown = ask("config", "example").out
    assert shown == (DOCS.parent / "llasa.toml").read_text(encoding="utf-8")
    assert settings.parse(shown, home) == settings.parse("", home)


def test_explain_finds_a_path_as_it_is_written_in_the_settings(ask: Ask, home: Home) -> None:
    """It is relative to the home, and neither the file nor the folder need exist."""
    report = ask("config", "explain", "var/transcripts/talk.json", "--json").json
    assert report["file"] == str(home.path / "var/transcripts/talk.json")
    assert report["taken"] is True


@pytest.mark.parametrize(
    ("file", "profile", "pattern", "passed"),
    [
        ("interviews/anna.json", "interviews", '"interviews"', []),
        ("2026/calls/a.json", "interviews", '"20*/calls"', []),
        ("lectures/a.json", "rest", '"*"', ["interviews"]),
        ("a.json", "default", "no [profile.NAME]", ["interviews", "rest"]),
    ],
)
def test_explain_says_which_profile_and_why(
    ask: Ask,
    set_up: Callable[[str], settings.Config],
    file: str,
    profile: str,
    pattern: str,
    passed: list[str],
) -> None:
    """It names the first profile that fits, and those that were passed over."""
    set_up(TOML)
    report = ask("config", "explain", file, "--json").json
    assert set(report) == documented("config")
    assert report["profile"] == profile
    assert pattern in report["because"]
    assert [rule["profile"] for rule in report["passed_over"]] == passed
    assert f"profile  {profile}: " in ask("config", "explain", file).out


@pytest.mark.parametrize(
    ("file", "taken", "why"),
    [
        ("talk.json", True, "fits *.json"),
        ("talk.srt", False, "fits nothing in `include`"),
        ("talk.metadata.json", False, "our own outputs"),
        (".hidden/talk.json", False, "hidden"),
        ("/elsewhere/talk.json", False, "llasactl add"),
    ],
)
def test_explain_says_whether_a_file_is_taken(ask: Ask, file: str, taken: bool, why: str) -> None:
    """The user asks this when nothing happens."""
    report = ask("config", "explain", file, "--json").json
    assert report["taken"] is taken
    assert why in report["taken_because"]


def test_a_profile_applies_to_its_folder(rig: WorkerRig, model_folder: Path) -> None:
    """Cleaning, formats, language and glossary of its files are the profile's."""
    home = rig.config.home
    config = settings.parse(
        f'model = "{model_folder}"\nsettle_s = 1\n'
        '[profile.calls]\nfolders = ["20*/calls"]\ncleaning = "thorough"\n'
        'outputs = ["txt", "md"]\nlanguage = "en"\n',
        home,
    )
    rig.config = config
    rig.keeper._config = config
    data = transcript("so um we went down to the river", "and then we went home")
    for folder in ("2026/calls", "."):
        place = home.transcripts / folder
        place.mkdir(parents=True, exist_ok=True)
        (place / "talk.json").write_bytes(data)
        offered(rig.queue, place / "talk.json")
        assert rig.worker().run_one()
    plain, call = rig.queue.jobs()
    assert (plain.status, call.status) == (Status.DONE, Status.DONE)
    assert "cleaning=thorough" in (call.recipe or "")
    assert "cleaning=safe" in (plain.recipe or "")
    calls = home.transcripts / "2026" / "calls"
    assert (calls / "talk.enhanced.md").exists()
    assert not (home.transcripts / "talk.enhanced.md").exists()
    assert " um " not in (calls / "talk.enhanced.txt").read_text()
    assert " um " in (home.transcripts / "talk.enhanced.txt").read_text()
