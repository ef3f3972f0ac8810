"""Which models are on this machine, what they can do, and which of them answers by itself."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from engine.child.client import ModelClient
from engine.errors import ModelNotFound, ModelRefused
from engine.models import catalog, facts, local, opinions, places
from engine.records import Opinion
from tests.chat_model import smollm2


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home on a machine with empty caches."""
    monkeypatch.setattr(places.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("HF_HOME", raising=False)
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    home = tmp_path / "home"
    home.mkdir()
    return home


@pytest.fixture
def no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no package bring a model."""

    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(local, "distribution", missing)


def cached(folder: Path, name: str, *, revision: str = "a" * 40, is_main: bool = True) -> Path:
    """Put a model folder into the shared cache."""
    repository = places.repository_folder(name)
    snapshot = repository / "snapshots" / revision
    shutil.copytree(folder, snapshot)
    if is_main:
        (repository / "refs").mkdir(exist_ok=True)
        (repository / "refs" / "main").write_text(revision)
    return snapshot


def names(found: list[local.LocalModel]) -> list[str]:
    return [model.name for model in found]


def test_models_of_the_home_of_llasa_and_of_the_cache_are_found_by_their_names(
    machine: Path, model_folders: dict[str, Path], no_package: None
) -> None:
    """Every name that the list gives is one that the catalog takes."""
    shutil.copytree(model_folders["qwen3"], machine / "var" / "models" / "mine")
    shutil.copytree(model_folders["qwen3"], machine / "mlx-models" / "theirs")
    shutil.copytree(model_folders["qwen3"], places.own_folder() / "made")
    (machine / "var" / "models" / "notes").mkdir()
    cached(model_folders["qwen3"], "someone/some-model")
    found = local.models(machine)
    assert names(found) == ["punct", "mine", "mlx-models/theirs", "made", "someone/some-model"]
    for model in found:
        assert catalog.describe(model.name, base=machine).path == str(model.path.resolve())


def test_the_best_chat_model_is_the_largest_that_fits_and_edits_text(
    machine: Path,
    model_folders: dict[str, Path],
    no_package: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One made for speech and one that is too large come last; a punctuator does not answer."""
    sizes = {"small": 10 << 20, "large": 100 << 20, "speech": 500 << 20, "huge": 9000 << 20}
    for name in sizes:
        shutil.copytree(model_folders["qwen3"], machine / "var" / "models" / name)
    speech = machine / "var" / "models" / "speech" / "tokenizer.json"
    data = json.loads(speech.read_text())
    data["spoken"] = [f"<|s_{number}|>" for number in range(1000)]
    speech.write_text(json.dumps(data, separators=(",", ":")))
    monkeypatch.setattr(facts, "_weights", lambda folder, bits: (sizes[folder.name],) * 2)
    monkeypatch.setattr(local, "_memory_bytes", lambda: 8 << 30)
    assert names(local.chat_models(machine)) == ["large", "small", "speech", "huge"]


def test_a_folder_that_is_refused_is_listed_and_does_not_answer(
    machine: Path, model_folders: dict[str, Path], no_package: None
) -> None:
    """It takes space and the user may want to remove it."""
    folder = machine / "var" / "models" / "evil"
    shutil.copytree(model_folders["qwen3"], folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModel": "x.Y"}}))
    assert names(local.models(machine)) == ["punct", "evil"]
    assert local.chat_models(machine) == []


def test_a_recorded_revision_goes_before_a_newer_download(
    machine: Path, model_folders: dict[str, Path]
) -> None:
    """Another program that fetches a newer revision does not change the model under a home."""
    pulled = cached(model_folders["qwen3"], "someone/some-model", revision="b" * 40, is_main=False)
    cached(model_folders["qwen3"], "someone/some-model")
    pin = places.pin_file("someone/some-model")
    pin.parent.mkdir(parents=True)
    pin.write_text(json.dumps({"revision": "b" * 40}))
    found = catalog.describe("someone/some-model")
    assert (found.path, found.revision) == (str(pulled), "b" * 40)
    shutil.rmtree(pulled)
    assert catalog.describe("someone/some-model").revision == "a" * 40
    pin.write_text(json.dumps({"revision": "../../elsewhere"}))
    assert catalog.describe("someone/some-model").revision == "a" * 40


def test_the_packaged_model_is_made_a_folder_once_and_then_describes_itself(machine: Path) -> None:
    """A clone can chat without a download."""
    smollm2()  # skips where the package is not installed
    assert names(local.chat_models(machine)) == [local.PACKAGED]
    info = local.resolve(local.PACKAGED, base=machine)
    assert Path(info.path) == places.own_folder() / local.PACKAGED
    assert local.resolve(local.PACKAGED, base=machine) == info
    (model,) = local.chat_models(machine)
    assert (model.name, model.origin) == (local.PACKAGED, "converted")
    found = facts.read(info)
    assert found.chats
    assert not found.tools
    assert (found.licence, found.languages) == ("apache-2.0", ("en",))
    assert found.parameters == pytest.approx(135e6, rel=0.25)


def test_the_memory_that_a_model_needs_is_not_below_what_its_child_uses() -> None:
    """With packed weights, as a GPU has them; the estimate may be higher, never half."""
    info = catalog.describe(str(smollm2()))
    client = ModelClient(info, device="quantized")
    try:
        client.start()
        used = client.memory_bytes() or 0
    finally:
        client.close()
    needed = facts.read(info).memory_bytes
    assert used * 0.8 < needed < used * 3


def test_a_file_that_is_no_model_is_refused_with_a_reason(machine: Path, tmp_path: Path) -> None:
    """Whatever the converting process dies of, the user reads a sentence."""
    source = tmp_path / "talk.gguf"
    source.write_bytes(b"GGUF" + bytes(200))
    with pytest.raises(ModelRefused, match=r"talk\.gguf") as caught:
        local.convert(source, places.own_folder() / "talk")
    assert "model pull" in caught.value.hint
    assert not (places.own_folder() / "talk").exists()
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize(
    ("write", "tools", "thinks"),
    [
        (lambda f: (f / "chat_template.jinja").write_text("{{ tools }}"), True, False),
        (
            lambda f: (f / "chat_template.json").write_text(
                json.dumps({"chat_template": [{"name": "x", "template": "<think>{{ tools }}"}]})
            ),
            True,
            True,
        ),
        (lambda f: None, False, True),
    ],
)
def test_a_template_says_whether_tools_and_thinking_are_known(
    machine: Path,
    model_folders: dict[str, Path],
    write: Callable[[Path], object],
    tools: bool,
    thinks: bool,
) -> None:
    """Templates lie in one of three places, alone or in a list."""
    folder = Path(shutil.copytree(model_folders["qwen3"], machine / "model"))
    write(folder)
    found = facts.read(catalog.describe(str(folder)))
    assert (found.tools, found.thinks) == (tools, thinks)


@pytest.mark.parametrize(
    ("model", "file"),
    [
        ("mlx-community/Qwen3-4B", "mlx-community--Qwen3-4B"),
        ("/models/a b/", "a_b"),
        ("~/models/x", "x"),
        ("../..", "model"),
        ("punct", "punct"),
    ],
)
def test_a_name_becomes_a_file_name_that_stays_in_its_folder(model: str, file: str) -> None:
    """A name may hold anything."""
    assert places.file_name(model) == file


def test_a_command_line_names_a_folder_from_here_before_a_model_of_the_home(
    machine: Path, model_folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of the same name that is no model is passed over; the error names what was typed."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    of_home = machine / "var" / "models" / "mine"
    shutil.copytree(model_folders["qwen3"], of_home)
    assert Path(local.named("mine", machine).path) == of_home
    with pytest.raises(ModelNotFound, match=str(here / "mine")):
        local.named("mine", None)
    (here / "mine").mkdir()
    assert Path(local.named("mine", machine).path) == of_home
    shutil.copytree(model_folders["qwen3"], here / "mine", dirs_exist_ok=True)
    assert Path(local.named("mine", machine).path) == here / "mine"
    with pytest.raises(ModelNotFound, match=str(here / "other")):
        local.named("other", machine)
    with pytest.raises(ModelNotFound):
        local.named("x" * 5_000, machine)


def test_what_was_measured_in_the_home_holds_wherever_the_model_lies(
    machine: Path, model_folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`calibrate` writes to the home and says that it is used from then on."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(model_folders["qwen3"], tmp_path / "near")
    shutil.copytree(model_folders["qwen3"], machine / "var" / "models" / "mine")
    for name in ("near", "mine"):
        measured = opinions.path_of(machine, name)
        measured.write_text(json.dumps({"opinion": opinions.dump(Opinion(margin=2.5))}))
        found = local.named(name, machine).opinion
        assert found is not None
        assert (found.margin, found.calibrated) == (2.5, True)
        cautious = local.named(name, machine, use_measured=False).opinion
        assert cautious is not None
        assert not cautious.calibrated
