"""Five ways to find a home, in order; its state and log are private."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePath

import pytest

from daemon.errors import HomeError, UnsafeFolder
from daemon.files import filesystem
from daemon.home import Home, find_home, make_folders


def test_the_ways_are_tried_in_their_order(tmp_path: Path) -> None:
    """Each one takes precedence over those after it."""
    project = tmp_path / "project"
    (project / "deep" / "er").mkdir(parents=True)
    (project / "llasa.toml").touch()
    record = tmp_path / "home-record"
    record.write_text("/recorded\n")

    def found(option: str | None, environment: dict[str, str], record: Path, folder: Path) -> Home:
        return find_home(option, environment=environment, record=record, folder=folder)

    said, missing, deep = {"LLASA_HOME": "/said"}, tmp_path / "none", project / "deep" / "er"
    assert found("/given", said, record, deep) == Home(Path("/given"), "--home")
    assert found(None, said, record, deep) == Home(Path("/said"), "LLASA_HOME")
    assert found(None, {}, record, deep) == Home(Path("/recorded"), "install")
    assert found(None, {}, missing, deep) == Home(project, "llasa.toml upward")
    assert found(None, {}, missing, tmp_path) == Home(Path.home() / "llasa", "default")


def test_a_record_without_a_home_is_ignored(tmp_path: Path) -> None:
    """So is one that is not text, and one with a relative path."""
    for content in (b"", b"\xff\xfe", b"relative/home"):
        (tmp_path / "record").write_bytes(content)
        home = find_home(None, environment={}, record=tmp_path / "record", folder=tmp_path)
        assert home.origin == "default"


def test_a_given_home_is_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The daemon may change its working directory later."""
    monkeypatch.chdir(tmp_path)
    assert find_home("h/../x").path == tmp_path / "x"


def test_the_folders_are_private_under_any_umask(tmp_path: Path) -> None:
    """But not the one that transcripts are written into."""
    home = Home(tmp_path / "h", "--home")
    before = os.umask(0)
    try:
        make_folders(home)
    finally:
        os.umask(before)
    modes = {folder.name: stat.S_IMODE(folder.stat().st_mode) for folder in (home.state, home.logs)}
    assert modes == {"state": 0o700, "log": 0o700}


def test_a_state_folder_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    """With the command that fixes the mode."""
    home = Home(tmp_path, "--home")
    make_folders(home)
    home.state.chmod(0o777)
    with pytest.raises(UnsafeFolder) as caught:
        make_folders(home)
    assert "chmod go-w" in caught.value.hint


def test_a_home_that_cannot_be_created_is_an_error_with_a_hint(tmp_path: Path) -> None:
    """Here a file is in the way."""
    (tmp_path / "h").touch()
    with pytest.raises(HomeError, match="cannot be created"):
        make_folders(Home(tmp_path / "h", "--home"))


def test_a_home_on_a_share_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a link too, and before anything is created there."""
    share = tmp_path.resolve() / "nas"
    share.mkdir()
    (tmp_path / "link").symlink_to(share)
    mounts = {PurePath("/"): "ext4", PurePath(share): "nfs4"}
    monkeypatch.setattr(filesystem, "_mounts", lambda: mounts)
    for place in (share / "home", tmp_path / "link" / "home"):
        with pytest.raises(HomeError, match="share of another machine") as caught:
            make_folders(Home(place, "--home"))
        assert "disk of this machine" in caught.value.hint
    assert list(share.iterdir()) == []
    mounts[PurePath(share)] = "virtiofs"
    make_folders(Home(share / "home", "--home"))
