"""`llasactl model pull` against a server that imitates the real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import small_models
from tests.acceptance.model_hub import COMMIT, Hub, hub_of, serving

NAME = "someone/some-model"
WEIGHTS = "model.safetensors"


class Machine:
    """A home and empty caches, on which `llasactl` runs as a user runs it."""

    def __init__(self, folder: Path, url: str) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        self.hub = folder / "hub"
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("HF_")},
            "HF_ENDPOINT": url,
            "HF_HUB_CACHE": str(self.hub),
            "HF_HOME": str(folder / "hf"),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "HOME": str(folder),
        }

    def ask(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from daemon.control import main; main()"]
        return subprocess.run(
            [*command, "--home", str(self.home), "model", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    @property
    def begun(self) -> list[Path]:
        return sorted(self.hub.rglob("*.incomplete"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_models.qwen3_like(tmp_path_factory.mktemp("models") / "qwen3")


@pytest.fixture
def hub(folder: Path) -> Iterator[Hub]:
    """Return a repository with a model, a card, and code that nobody may fetch."""
    more = {"README.md": b"---\nlicense: mit\nlanguage: [en, de]\n---\n", "model.py": b"evil()"}
    with serving(hub_of(folder, NAME, **more)) as hub:
        yield hub


@pytest.fixture
def machine(tmp_path: Path, hub: Hub) -> Machine:
    return Machine(tmp_path, hub.url)


def test_a_model_is_downloaded_without_code_and_then_found_offline(
    machine: Machine, hub: Hub
) -> None:
    """It is said before that a connection is opened; the revision is recorded."""
    answer = machine.ask("pull", NAME)
    assert answer.returncode == 0, answer.stderr
    first, second = answer.stdout.splitlines()[:2]
    assert first.startswith(f"opening a connection to {hub.url}")
    assert COMMIT[:12] in second
    assert "licence mit" in second
    assert "model.py" not in hub.fetched()
    assert WEIGHTS in hub.fetched()
    machine.environment["HF_ENDPOINT"] = "http://127.0.0.1:9"
    before = len(hub.asked)
    shown = json.loads(machine.ask("show", NAME, "--json").stdout)
    assert shown["usable"]
    assert (shown["revision"], shown["licence"], shown["languages"]) == (
        COMMIT,
        "mit",
        ["en", "de"],
    )
    listed = json.loads(machine.ask("list", "--json").stdout)
    assert NAME in [entry["name"] for entry in listed]
    assert len(hub.asked) == before


def test_a_download_that_was_cut_off_continues_where_it_stopped(machine: Machine, hub: Hub) -> None:
    """Neither a short interruption nor another run fetches a byte of the weights twice."""
    size = len(hub.files[WEIGHTS])
    hub.break_off[WEIGHTS] = size // 3
    hub.refuse_from[WEIGHTS] = size // 3
    failed = machine.ask("pull", NAME)
    assert failed.returncode == 3
    assert "it continues where it stopped" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert [path.stat().st_size for path in machine.begun] == [size // 3]
    assert "not on this machine" in machine.ask("show", NAME).stderr
    hub.refuse_from.clear()
    answer = machine.ask("pull", NAME)
    assert answer.returncode == 0, answer.stderr
    assert "to go" in answer.stdout
    assert hub.ranges(WEIGHTS) == ["", f"bytes={size // 3}-", f"bytes={size // 3}-"]
    assert machine.begun == []
    assert json.loads(machine.ask("show", NAME, "--json").stdout)["usable"]


def test_a_server_that_begins_again_is_understood(machine: Machine, hub: Hub) -> None:
    """Not every server continues; then the file is fetched whole."""
    hub.break_off[WEIGHTS] = 1000
    hub.ignore_ranges = True
    answer = machine.ask("pull", NAME)
    assert answer.returncode == 0, answer.stderr
    assert hub.ranges(WEIGHTS) == ["", "bytes=1000-"]
    assert json.loads(machine.ask("show", NAME, "--json").stdout)["usable"]


def test_weights_that_arrive_damaged_are_not_kept(machine: Machine, hub: Hub) -> None:
    """Their hash is compared with that of the repository."""
    hub.damaged.add(WEIGHTS)
    answer = machine.ask("pull", NAME)
    assert answer.returncode == 3
    assert "damaged" in answer.stderr
    assert machine.begun == []
    assert "not on this machine" in machine.ask("show", NAME).stderr


@pytest.mark.parametrize("file", ["config.json", "tokenizer_config.json"])
def test_a_model_that_asks_for_code_is_refused_before_its_weights_are_fetched(
    machine: Machine, hub: Hub, file: str
) -> None:
    """A configuration is a few kilobytes, the weights may be many gigabytes."""
    data = json.loads(hub.files[file])
    hub.files[file] = json.dumps({**data, "auto_map": {"AutoModel": "model.Evil"}}).encode()
    answer = machine.ask("pull", NAME)
    assert answer.returncode == 3
    assert "Code that a model brings is never run" in answer.stderr
    assert WEIGHTS not in hub.fetched()


def test_what_cannot_be_downloaded_is_said_with_what_to_do(machine: Machine, hub: Hub) -> None:
    """An unknown name, a licence to accept, no weights, no server, a name that is none."""
    assert "no public model" in machine.ask("pull", "someone/another").stderr
    hub.gated = True
    assert "Accept it at" in machine.ask("pull", NAME).stderr
    hub.gated = False
    hub.files["some-model.Q4.gguf"] = hub.files.pop(WEIGHTS)
    assert "model pull FILE.gguf" in machine.ask("pull", NAME).stderr
    assert "cannot be the name" in machine.ask("pull", "some/some/model").stderr
    machine.environment["HF_HUB_OFFLINE"] = "1"
    assert "HF_HUB_OFFLINE" in machine.ask("pull", NAME).stderr
    del machine.environment["HF_HUB_OFFLINE"]
    machine.environment["HF_ENDPOINT"] = "http://127.0.0.1:9"
    answer = machine.ask("pull", NAME)
    assert answer.returncode == 3
    assert "connection to http://127.0.0.1:9 failed" in answer.stderr


def test_removing_asks_first_and_takes_everything_of_the_model(machine: Machine) -> None:
    """Without a terminal there is nobody to ask."""
    assert machine.ask("pull", NAME).returncode == 0
    (machine.home / "llasa.toml").write_text(f'model = "{NAME}"\n')
    asked = machine.ask("remove", NAME)
    assert asked.returncode == 2
    assert "--yes" in asked.stderr
    assert "llasa.toml names it (default)" in asked.stdout
    assert json.loads(machine.ask("show", NAME, "--json").stdout)["set_in"] == ["default"]
    done = machine.ask("remove", NAME, "--yes")
    assert done.returncode == 0, done.stderr
    assert "not on this machine" in machine.ask("show", NAME).stderr
    assert not list(machine.hub.glob("models--*"))
