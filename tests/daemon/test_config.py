"""A mistake in llasa.toml is reported with its key, its line and what is allowed."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

import pytest

from daemon import config as settings
from daemon.config import Config, load, parse
from daemon.errors import ConfigError, UnsafeFolder
from daemon.home import Home
from engine.records import Profile

SHIPPED = Path(__file__).parents[2] / "llasa.toml"


def wrong(text: str, home: Home) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse(text, home)
    return caught.value


def test_a_home_without_settings_has_the_defaults(home: Home) -> None:
    """They are those of the dataclass."""
    assert load(home) == Config(home=home, watch=(home.transcripts,))


def test_the_shipped_file_states_the_defaults(home: Home) -> None:
    """So a user can change a line and see what it was."""
    assert parse(SHIPPED.read_text(encoding="utf-8"), home) == load(home)


def test_the_shipped_file_shows_every_key(home: Home) -> None:
    """As a line or in a comment."""
    text = SHIPPED.read_text(encoding="utf-8")
    known = {*settings._KEYS, *settings._PROFILE_KEYS, "folders"}
    missing = {key for key in known if f"{key} =" not in text and f"[{key}]" not in text}
    assert missing == set()


def test_the_comments_of_the_shipped_file_are_settings(home: Home) -> None:
    """A line behind a `#` works when the `#` is removed."""
    lines = SHIPPED.read_text(encoding="utf-8").splitlines()
    shown = [
        line.removeprefix("# ")
        for line in lines
        if re.match(
            r'# (\[|"[^"]+" = |SPEAKER|folders =|hours =|model =|cleaning =|language =)', line
        )
    ]
    config = parse("\n".join(shown), home)
    assert config.default.speakers == {"SPEAKER_00": "Anna"}
    assert [rule.profile.name for rule in config.rules] == ["interviews", "night"]


def test_an_unknown_key_is_named_with_its_line_and_a_guess(home: Home) -> None:
    """The usual mistake is a typing error."""
    error = wrong("# settings\n\nsetle_s = 3\n", home)
    assert (error.key, error.line) == ("setle_s", 3)
    assert "did you mean `settle_s`?" in str(error)
    assert "settle_s" in error.allowed
    assert str(error).startswith(f"{home.settings}, line 3: ")


@pytest.mark.parametrize(
    ("line", "key", "allowed"),
    [
        ("settle_s = 'two'", "settle_s", "a number from 0.1 to 3600"),
        ("settle_s = true", "settle_s", "a number from 0.1 to 3600"),
        ("settle_s = 0", "settle_s", "a number from 0.1 to 3600"),
        ("max_bytes = 1.5", "max_bytes", "a whole number of bytes from 1024 to 1073741824"),
        ("watch = 'here'", "watch", 'a list of one or more texts, such as ["one", "two"]'),
        ("watch = []", "watch", 'a list of one or more texts, such as ["one", "two"]'),
        ("include = ['a/*.json']", "include", "patterns of file names without a folder"),
        ("device = 'gpu'", "device", '"auto", "quantized", "float32"'),
        ("cleaning = 'much'", "cleaning", '"off", "safe", "thorough"'),
        ("language = 'English'", "language", 'an ISO 639-1 code such as "en"'),
        ("outputs = ['pdf']", "outputs", '"txt"'),
        ("model = ''", "model", "a text that is not empty"),
        ("speakers = ['Anna']", "speakers", "pairs of texts"),
        ("rescan_s = nan", "rescan_s", "a number from 1 to 86400"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    line: str, key: str, allowed: str, home: Home
) -> None:
    """And with its line."""
    error = wrong(f"# one\n# two\n{line}\n", home)
    assert (error.key, error.line) == (key, 3)
    assert allowed in error.allowed
    assert error.exit_code == 3


def test_what_is_not_toml_is_named_with_its_line(home: Home) -> None:
    """In the parser's own words."""
    error = wrong("settle_s = 2\nwatch = [\n", home)
    assert error.line is not None
    assert "not TOML" in str(error)


def test_a_mistake_in_a_profile_is_named_there(home: Home) -> None:
    """Not at the key of the same name above it."""
    text = 'cleaning = "safe"\n[profile.talks]\nfolders = ["talks"]\ncleaning = "all"\n'
    error = wrong(text, home)
    assert (error.key, error.line) == ("profile.talks.cleaning", 4)


def test_a_profile_must_name_its_folders(home: Home) -> None:
    """One that matches nothing is a mistake."""
    error = wrong("[profile.talks]\ncleaning = 'off'\n", home)
    assert (error.key, error.line) == ("profile.talks", 1)


def test_a_key_of_the_daemon_is_refused_in_a_profile(home: Home) -> None:
    """It would have no effect."""
    assert wrong("[profile.a]\nfolders = ['a']\nsettle_s = 1\n", home).line == 3


def test_the_limit_cannot_be_shorter_than_settling(home: Home) -> None:
    """A file would be called invalid before it was read."""
    assert wrong("settle_s = 10\nsettle_limit_s = 5\n", home).line == 2


def test_folders_are_relative_to_the_home(home: Home) -> None:
    """Absolute ones stay as they are, `~` is the user's home folder."""
    config = parse('watch = ["in", "/data", "~/talks"]', home)
    assert config.watch == (home.path / "in", Path("/data"), Path.home() / "talks")


PROFILES = """
cleaning = "off"
[profile.first]
folders = ["interviews", "/elsewhere/a*"]
language = "de"
[profile.second]
folders = ["interviews/late", "20*/calls"]
cleaning = "thorough"
"""


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("talk.json", "default"),
        ("interviews/talk.json", "first"),
        ("interviews/late/deep/talk.json", "first"),
        ("2026/calls/talk.json", "second"),
        ("2026/other/talk.json", "default"),
        ("old interviews/talk.json", "default"),
        ("/elsewhere/archive/x/talk.json", "first"),
        ("/elsewhere/b/talk.json", "default"),
    ],
)
def test_the_first_profile_whose_folder_matches_wins(file: str, name: str, home: Home) -> None:
    """Patterns are relative to the watched folder, or absolute."""
    config = parse(PROFILES, home)
    assert config.profile_for(home.transcripts / file).name == name


def test_a_profile_inherits_what_it_does_not_set(home: Home) -> None:
    """From the top of the file, not from the defaults."""
    config = parse(PROFILES, home)
    assert config.profile_for(home.transcripts / "interviews/x.json") == Profile(
        name="first", cleaning="off", language="de"
    )


def test_text_is_always_among_the_outputs(home: Home) -> None:
    """It is what the product is for."""
    assert parse('outputs = ["txt"]', home).default.outputs == ("txt",)


def test_settings_that_others_may_write_are_refused(home: Home) -> None:
    """They choose which model is loaded and which folders are read."""
    home.settings.write_text("settle_s = 2\n")
    home.settings.chmod(0o666)
    with pytest.raises(UnsafeFolder, match="Others may write"):
        load(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_settings_of_another_user_are_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user may have prepared a home in a shared place."""
    home.settings.write_text("settle_s = 2\n")
    os.chown(home.settings, 12345, 12345)
    with pytest.raises(UnsafeFolder, match="another user"):
        load(home)


def test_a_byte_order_mark_is_no_mistake(home: Home) -> None:
    """Some editors on Windows write one."""
    home.settings.write_text("settle_s = 7\n", encoding="utf-8-sig")
    assert load(home).settle_s == 7


def test_settings_that_are_no_text_are_an_error_not_a_crash(home: Home) -> None:
    """Here they were saved as UTF-16."""
    home.settings.write_bytes("settle_s = 2".encode("utf-16"))
    with pytest.raises(ConfigError, match="cannot be read"):
        load(home)


def test_every_key_of_the_shipped_file_is_toml() -> None:
    """The standard library alone parses the file."""
    assert tomllib.loads(SHIPPED.read_text(encoding="utf-8"))["watch"] == ["var/transcripts"]


@pytest.mark.parametrize("folder", ["~nosuch/x", "~nosuch", "a\\u0000b"])
def test_a_folder_that_cannot_exist_is_an_error_not_a_crash(home: Home, folder: str) -> None:
    """An unknown user, or a character that no file name can have."""
    with pytest.raises(ConfigError, match="line 1: `watch` cannot be"):
        parse(f'watch = ["{folder}"]', home)


def test_the_home_folder_may_be_written_as_a_tilde(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a shell."""
    monkeypatch.setenv("HOME", "/home/ada")
    assert parse('watch = ["~/talks", "a~"]', home).watch == (
        Path("/home/ada/talks"),
        home.path / "a~",
    )
