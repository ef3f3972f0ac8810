"""One file has one path, however it is spelled; a Mac's answers are simulated by its manual."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from daemon import config
from daemon.files.spelling import as_on_disk, name_key, resolved
from daemon.home import Home

COMPOSED, APART = "Gespr\u00e4che", "Gespra\u0308che"
F_GETPATH = 50


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Simulate a disk that finds files in any case and returns their spelling, as fcntl(2) says."""
    real = os.open

    def find(path: str, flags: int) -> int:
        folder, name = os.path.split(path)
        found = [n for n in os.listdir(folder) if n.casefold() == name.casefold()]
        return real(os.path.join(folder, *(found or [name])), flags)

    def tell(descriptor: int, command: int, buffer: bytes) -> bytes:
        assert command == F_GETPATH
        name = os.fsencode(os.readlink(f"/proc/self/fd/{descriptor}"))
        return name + bytes(len(buffer) - len(name))

    monkeypatch.setattr(fcntl, "F_GETPATH", F_GETPATH, raising=False)
    monkeypatch.setattr(fcntl, "fcntl", tell)
    monkeypatch.setattr(os, "open", find)
    return tmp_path.resolve()


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="simulated with /proc")
def test_a_path_is_returned_as_the_disk_spells_it(mac: Path) -> None:
    """A path without a file stays as it was given; no descriptor stays open."""
    (mac / "Talk.json").write_bytes(b"")
    before = len(os.listdir("/proc/self/fd"))
    assert as_on_disk(f"{mac}/talk.JSON") == f"{mac}/Talk.json"
    assert as_on_disk(f"{mac}/none.json") == f"{mac}/none.json"
    assert resolved(mac / "TALK.json") == mac / "Talk.json"
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.skipif(hasattr(fcntl, "F_GETPATH"), reason="this system returns the spelling")
def test_elsewhere_a_path_is_unchanged(tmp_path: Path) -> None:
    """The file is not even opened."""
    assert as_on_disk("/t/x.json") == "/t/x.json"
    (tmp_path / "link").symlink_to(tmp_path / "x")
    assert resolved(tmp_path / "link") == tmp_path.resolve() / "x"


def test_names_agree_whatever_their_normal_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a Mac they also agree in any case."""
    assert name_key(APART) == name_key(COMPOSED)
    monkeypatch.setattr("sys.platform", "linux")
    assert name_key("Talks") != name_key("talks")
    monkeypatch.setattr("sys.platform", "darwin")
    assert name_key("Talks") == name_key("talks")


def test_a_profile_fits_its_folder_in_any_normal_form(tmp_path: Path) -> None:
    """Names copied from an old disk of a Mac are decomposed."""
    home = Home(tmp_path, "test")
    found = config.parse(f'[profile.de]\nfolders = ["{COMPOSED}"]\nlanguage = "de"\n', home)
    for folder in (COMPOSED, APART):
        assert found.profile_for(home.transcripts / folder / "x.json").language == "de"
