"""`llasactl model`: what is on this machine; downloads are tested against a server elsewhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from daemon.config import load
from daemon.doctor import model as doctor
from daemon.home import Home
from engine.models import calibrations, catalog, local, opinions, places
from engine.records import Opinion
from tests import small_models
from tests.chat_model import smollm2
from tests.daemon.conftest import Ask
from tests.daemon.making import documented


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the caches of this machine be empty."""
    monkeypatch.setattr(places.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("HF_HOME", "HF_HUB_CACHE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def random_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_models.qwen3_like(tmp_path_factory.mktemp("models") / "qwen3")


def test_the_list_has_the_embedded_model_and_marks_what_the_settings_name(
    ask: Ask, home: Home, random_folder: Path
) -> None:
    """One that cannot be used is listed with the reason."""
    shutil.copytree(random_folder, home.path / "var" / "models" / "mine")
    broken = home.path / "var" / "models" / "broken"
    shutil.copytree(random_folder, broken)
    (broken / "model.safetensors").unlink()
    home.settings.write_text('model = "mine"\n')
    answer = ask("model", "list")
    assert answer.code == 0
    assert catalog.EMBEDDED in answer.out
    assert "mine *" in answer.out
    assert "broken: The download of" in answer.out
    (mine,) = [e for e in json.loads(ask("model", "list", "--json").out) if e["set_in"]]
    assert (mine["name"], mine["usable"], mine["chats"]) == ("mine", True, True)
    assert set(mine) == documented("model")


def test_a_model_is_shown_with_what_it_needs(ask: Ask, home: Home, random_folder: Path) -> None:
    """By its name, or by a folder anywhere; an unknown one is a wrong argument."""
    embedded = ask("model", "show", catalog.EMBEDDED).out
    assert "licence    CC-BY-SA-4.0" in embedded
    assert "can        punctuate" in embedded
    shown = ask("model", "show", str(random_folder)).out
    assert "can        chat, thinking" in shown
    assert "memory     about" in shown
    missing = ask("model", "show", "no/such")
    assert missing.code == 2
    assert "model pull no/such" in missing.err


def test_a_gguf_file_becomes_a_model_without_a_connection_and_is_removed_again(
    ask: Ask, home: Home
) -> None:
    """It lies in llasa's own cache and is not there after `remove`."""
    smollm2()  # skips where the package is not installed
    file = local.packaged_file()
    assert file is not None
    answer = ask("model", "pull", str(file))
    assert answer.code == 0, answer.err
    assert "no connection is opened" in answer.out
    name = file.stem
    assert json.loads(ask("model", "show", name, "--json").out)["origin"] == "converted"
    again = ask("model", "pull", str(file))
    assert again.code == 3
    assert f"model remove {name}" in again.err
    measured = home.path / "var" / "models" / f"{name}.llasa.json"
    measured.parent.mkdir(exist_ok=True)
    measured.write_text("{}")
    assert ask("model", "remove", name, "--yes").code == 0
    assert not (places.own_folder() / name).exists()
    assert not measured.exists()


def test_a_damaged_gguf_file_is_a_message(ask: Ask, home: Home, tmp_path: Path) -> None:
    """A file from anywhere may hold anything."""
    file = tmp_path / "talk.gguf"
    file.write_bytes(b"GGUF" + bytes(64))
    answer = ask("model", "pull", str(file))
    assert answer.code == 3
    assert "talk.gguf" in answer.err


def test_removing_a_link_leaves_what_it_points_to(
    ask: Ask, home: Home, random_folder: Path, tmp_path: Path
) -> None:
    """A model may lie on another disk and be linked into the home."""
    elsewhere = Path(shutil.copytree(random_folder, tmp_path / "elsewhere"))
    place = home.path / "var" / "models"
    place.mkdir(parents=True)
    (place / "linked").symlink_to(elsewhere)
    assert ask("model", "remove", "linked", "--yes").code == 0
    assert not (place / "linked").exists()
    assert (elsewhere / "config.json").exists()


def test_a_folder_elsewhere_is_shown_and_never_removed(
    ask: Ask, home: Home, random_folder: Path
) -> None:
    """It may belong to anything."""
    answer = ask("model", "remove", str(random_folder), "--yes")
    assert answer.code == 3
    assert "outside the places of llasa" in answer.err
    assert (random_folder / "config.json").exists()


@pytest.mark.parametrize("name", [catalog.EMBEDDED, local.PACKAGED])
def test_what_is_a_part_of_something_else_stays(ask: Ask, home: Home, name: str) -> None:
    """The embedded model belongs to llasa, the packaged one to the development packages."""
    smollm2()
    answer = ask("model", "remove", name, "--yes")
    assert answer.code == 3
    assert "stays" in answer.err


def test_a_model_that_was_never_measured_is_named_with_what_to_run(
    ask: Ask, home: Home, random_folder: Path
) -> None:
    """By `status`, `config check` and `doctor`; not once it was found worth using."""
    shutil.copytree(random_folder, home.path / "var" / "models" / "mine")
    home.settings.write_text('model = "mine"\n')
    run = "llasa-cli calibrate mine"
    assert run in " ".join(ask("status").out.split())
    assert run in ask("config", "check").out
    config = load(home)
    advised = [f.advice for f in doctor.model(config, config.default) if f.state == "warning"]
    assert any(run in advice for advice in advised)
    info = catalog.describe("mine", base=home.path)
    calibrations.write(
        home.path,
        info,
        {
            "verdict": "worth",
            "sentence": "mine is worth using here.",
            "languages": [],
            "opinion": opinions.dump(Opinion()),
        },
    )
    assert run not in " ".join(ask("status").out.split())
    assert json.loads(ask("status", "--json").out)["model"]["advice"] is None
    assert "calibrate" not in ask("config", "check").out
    assert "mine is worth using here." in ask("model", "show", "mine").out
