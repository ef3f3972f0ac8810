"""`watch add` and `remove` change one list of the settings and refuse what makes no sense."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from daemon import config as settings
from daemon.config import Config
from daemon.doctor import homes
from daemon.home import Home
from daemon.lock import HomeLock
from tests.daemon.conftest import Ask


def watched(home: Home) -> list[str]:
    return [str(path) for path in settings.load(home).watch]


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    folder = tmp_path / "calls"
    folder.mkdir()
    return folder.resolve()


BEFORE = """# My settings.
# Do not lose this.
model = "punct"  # the small one

watch = [
    "var/transcripts",  # the usual
    # kept for later: "old"
    '/tmp/we"ird # folder',
]  # the end
settle_s = 3

[profile.a]
folders = ["watch = [1]"]
"""


def test_a_folder_is_added_and_removed_without_a_change_of_anything_else(
    ask: Ask, home: Home, calls: Path
) -> None:
    """Comments, white space and the other keys stay, to the letter."""
    home.settings.write_text(BEFORE)
    before = watched(home)
    added = ask("watch", "add", str(calls))
    assert added.code == 0
    assert f"added: {calls}\nwatched when llasad runs\n" in added.out
    assert watched(home) == [*before, str(calls)]
    text = home.settings.read_text()
    assert text.replace(f', "{calls}"', "") == BEFORE
    assert ask("watch", "remove", str(calls)).code == 0
    assert home.settings.read_text() == BEFORE


@pytest.mark.parametrize("number", [0, 1, 2])
def test_each_folder_of_a_list_can_be_removed(
    ask: Ask, home: Home, calls: Path, number: int
) -> None:
    """The first, one in the middle, the last."""
    home.settings.write_text(f'watch = ["a", "b", "{calls}"]\n')
    names = watched(home)
    assert ask("watch", "remove", ("a", "b", str(calls))[number]).code == 0
    assert watched(home) == [name for name in names if name != names[number]]


def test_settings_without_the_list_get_it(ask: Ask, home: Home, calls: Path) -> None:
    """The folder that was watched by default stays watched; a file is made where there is none."""
    assert ask("watch", "add", str(calls)).code == 0
    assert watched(home) == [str(home.transcripts), str(calls)]
    assert home.settings.stat().st_mode & 0o777 == 0o600
    home.settings.write_text('# Mine.\n\nsettle_s = 3\n[speakers]\nA = "B"\n')
    assert ask("watch", "add", str(calls)).code == 0
    assert home.settings.read_text().startswith('# Mine.\nwatch = ["var/transcripts", ')
    assert watched(home) == [str(home.transcripts), str(calls)]
    assert settings.load(home).settle_s == 3


def test_what_makes_no_sense_is_refused(ask: Ask, home: Home, calls: Path) -> None:
    """And the file stays as it was."""
    home.settings.write_text(f'watch = ["{calls}"]\n')
    (calls / "below").mkdir()
    (calls / "file").touch()
    for folder, said in (
        ("/nowhere/at/all", "does not exist"),
        (str(calls / "file"), "is not a folder"),
        ("/", "holds everything"),
        (str(Path.home()), "holds everything"),
        (str(home.state), "llasa's own"),
        (str(calls), "watched already"),
        (str(calls / "below"), "watched already"),
        (str(calls.parent), "would be found twice"),
    ):
        refused = ask("watch", "add", folder)
        assert (refused.code, said in refused.err) == (2, True), folder
    assert ask("watch", "remove", "/nowhere").code == 2
    last = ask("watch", "remove", str(calls))
    assert (last.code, "only watched folder" in last.err) == (3, True)
    assert home.settings.read_text() == f'watch = ["{calls}"]\n'


def test_a_list_that_cannot_be_understood_is_left_to_its_user(
    ask: Ask, home: Home, calls: Path
) -> None:
    """A dotted or a multi-line form of TOML that nobody writes by hand."""
    text = 'watch = ["""a""", "b"]\n'
    home.settings.write_text(text)
    refused = ask("watch", "remove", "b")
    assert (refused.code, "by hand" in refused.err) == (3, True)
    assert home.settings.read_text() == text


def test_settings_behind_a_link_stay_behind_it(
    ask: Ask, home: Home, calls: Path, tmp_path: Path
) -> None:
    """Many keep such files elsewhere and link to them."""
    kept = tmp_path / "dotfiles.toml"
    kept.write_text("settle_s = 3\n")
    home.settings.symlink_to(kept)
    assert ask("watch", "add", str(calls)).code == 0
    assert home.settings.is_symlink()
    assert str(calls) in kept.read_text()


def test_a_running_daemon_is_told_to_start_again(ask: Ask, home: Home, calls: Path) -> None:
    """It keeps the settings with which it started."""
    lock = HomeLock(home.lock)
    lock.acquire()
    said = ask("watch", "add", str(calls)).out
    assert (
        f"added: {calls}\nThe daemon that runs watches it when it starts again.\nStop it in" in said
    )
    lock.release()
    assert f"{calls}  watched when llasad runs\n" in ask("watch", "list").out
    assert "unwatched" not in ask("watch", "list").out


def test_two_homes_that_watch_one_folder_are_found(
    config: Config, calls: Path, tmp_path: Path
) -> None:
    """Also where one of them watches a folder above."""
    other = tmp_path / "other"
    other.mkdir()
    mine = replace(config, watch=(calls / "a",))
    (other / "llasa.toml").write_text(f'watch = ["{calls}"]\n')
    (found,) = homes.homes(mine, other)
    assert (found.state, str(calls / "a") in found.text) == ("warning", True)
    (other / "llasa.toml").write_text('watch = ["in"]\n')
    (found,) = homes.homes(mine, other)
    assert found.state == "ok"
    assert list(homes.homes(mine, config.home.path)) == []
    assert os.path.isdir(other)
