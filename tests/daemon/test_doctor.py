"""The doctor names each thing that is wrong, with what to do, and nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import pytest

from daemon.config import Config
from daemon.control import doctor as command
from daemon.doctor import machine, running
from daemon.doctor import model as model_examination
from daemon.doctor.findings import Finding
from daemon.files import filesystem
from daemon.home import Home
from daemon.intake.inbox import CANARY
from daemon.intake.watch import RootWatch
from daemon.operations.status_records import Held, Model, Parked, Paused, StatusReport
from engine.child.client import ModelClient
from engine.models import catalog, suitability
from engine.records import ModelInfo, Part, Profile, Word
from launchd.agent import ServiceState
from state.queue import Queue
from tests.daemon.conftest import Ask, LightChild, WorkerRig
from tests.daemon.making import offered, talk
from tests.daemon.test_control import documented

REPORT = StatusReport(
    home="/h",
    home_found_by="--home",
    running=True,
    pid=7,
    phase="idle",
    watching=(),
    model=Model("m"),
    parked=None,
    jobs={"failed": 0, "invalid": 0},
)


def states(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.check, finding.state) for finding in findings]


def test_versions_below_the_floor_are_failures() -> None:
    """Each is named with the version that is needed."""
    (found,) = machine.versions({"mlx-lm": "0.32.1", "mlx": "0.33.0", "watchdog": "7.1.0"})
    assert found.state == "failure"
    assert "mlx-lm 0.32.1; 0.32.2 or newer is needed" in found.text
    (missing,) = machine.versions({"mlx": None})
    assert "mlx is missing" in missing.text
    (fine,) = machine.versions({"mlx": "0.32.4+cpu", "sqlite-utils": "4.10"})
    assert fine.state == "ok"


def test_a_home_that_others_may_write_to_is_a_failure(home: Home) -> None:
    """The advice is the command that closes it."""
    assert states(list(machine.folders(home)))[0] == ("home", "ok")
    home.state.chmod(0o777)
    found = next(iter(machine.folders(home)))
    assert found.state == "failure"
    assert "chmod go-w" in found.advice


@pytest.mark.parametrize(
    ("free", "state"), [(10**10, "ok"), (10**8, "warning"), (10**6, "failure")]
)
def test_a_disk_is_judged_by_its_free_space(tmp_path: Path, free: int, state: str) -> None:
    """Below a gigabyte it warns, below what the queue needs it fails."""
    assert machine.disk(tmp_path, free).state == state


def test_watched_folders_are_checked(config: Config, tmp_path: Path) -> None:
    """One that exists is fine, one open to every user a warning, a missing one a failure."""
    (folder,) = config.watch
    assert states(list(machine.watched(config))) == [("folder", "ok")]
    folder.chmod(0o777)
    assert states(list(machine.watched(config))) == [("folder", "ok"), ("folder", "warning")]
    gone = replace(config, watch=(tmp_path / "nowhere",))
    assert states(list(machine.watched(gone))) == [("folder", "failure")]


def test_a_share_is_a_warning_for_folders_and_a_failure_for_the_home(
    config: Config, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Folders can be scanned there; a database is not safe there."""
    mounts = {PurePath("/"): "ext4", PurePath(config.watch[0]): "cifs"}
    monkeypatch.setattr(filesystem, "_mounts", lambda: mounts)
    (folder,) = machine.watched(config)
    assert folder.state == "warning"
    assert "rescan_s" in folder.advice
    assert "failure" not in [finding.state for finding in machine.folders(home)]
    mounts[PurePath(home.path)] = "nfs4"
    found = [finding for finding in machine.folders(home) if finding.state == "failure"]
    assert [finding.check for finding in found] == ["home"]
    assert "share" in found[0].text
    assert "disk of this machine" in found[0].advice


def test_a_folder_that_macos_guards_is_named_with_the_program(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Access is granted to the interpreter; the Mac checklist has a row for it."""
    assert not machine.guarded(Path.home() / "Documents", platform="linux")
    assert machine.guarded(Path.home() / "Documents" / "x", platform="darwin")
    assert machine.guarded(Path("/Volumes/stick"), platform="darwin")

    def denied(_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(machine, "guarded", lambda folder: True)
    (may,) = machine.watched(config)
    assert may.state == "warning"
    assert "Full Disk Access" in may.advice
    monkeypatch.setattr(os, "scandir", denied)
    (found,) = machine.watched(config)
    assert found.state == "failure"
    assert "TCC" in found.text
    assert "Full Disk Access" in found.advice


def test_evicted_files_are_counted(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """They cannot be read until they are downloaded."""
    for name in ("a.json", "b.json"):
        (config.watch[0] / name).write_bytes(talk())
    assert states(list(machine.evicted(config))) == [("files", "ok")]
    monkeypatch.setattr(machine, "is_dataless", lambda status: True)
    (found,) = machine.evicted(config)
    assert (found.state, found.text[:6]) == ("warning", "2 of 2")


def test_the_watcher_is_tried_with_a_real_file(config: Config) -> None:
    """The event comes from the real kernel, and the file is removed afterwards."""
    (found,) = running.watcher(config)
    assert found.state == "ok"
    assert "was noticed" in found.text
    assert list(config.watch[0].iterdir()) == []


def test_a_deaf_watcher_is_a_failure(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its threads are alive, so only the file can show it."""
    monkeypatch.setattr(running, "EVENT_S", 0.2)
    monkeypatch.setattr(RootWatch, "_listen", lambda *_, **__: None)
    (found,) = running.watcher(config)
    assert found.state == "failure"
    assert "not noticed" in found.text
    assert not (config.watch[0] / CANARY).exists()


def test_an_old_sqlite_is_a_warning_and_damage_a_failure(
    home: Home, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The advice says how to get a newer one, and how to rebuild the database."""
    monkeypatch.setattr(running, "SAFE_SQLITE", (99,))
    assert states(list(running.database(home))) == [("database", "ok"), ("database", "warning")]
    monkeypatch.setattr(running, "SAFE_SQLITE", (3,))
    assert states(list(running.database(home))) == [("database", "ok")]
    monkeypatch.setattr(type(queue.database), "check", lambda _: ["row 1 missing"])
    (found,) = running.database(home)
    assert found.state == "failure"
    assert "rebuilt" in found.advice


@pytest.mark.parametrize(
    ("number", "state"), [("3.51.2", "warning"), ("3.51.3", "ok"), ("3.9.2", "warning")]
)
def test_the_sqlite_version_that_fixed_the_log_is_known(
    home: Home, queue: Queue, monkeypatch: pytest.MonkeyPatch, number: str, state: str
) -> None:
    """Version numbers are compared as numbers, not as text."""
    monkeypatch.setattr(type(queue.database), "sqlite_version", number)
    assert list(running.database(home))[-1].state == state


def test_a_log_that_has_grown_is_a_warning(
    home: Home, queue: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It means that a process holds a read open."""
    monkeypatch.setattr(running, "SAFE_SQLITE", (3,))
    monkeypatch.setattr(type(queue.database), "wal_bytes", lambda _: running.WAL_BYTES + 1)
    found = list(running.database(home))[-1]
    assert found.state == "warning"
    assert "read open" in found.advice


@pytest.mark.parametrize(
    ("change", "check", "state"),
    [
        ({}, "daemon", "ok"),
        ({"running": False}, "daemon", "warning"),
        ({"stalled": True}, "daemon", "failure"),
        ({"held": Held("disk_full", "Make room.", "")}, "queue", "failure"),
        ({"paused": Paused("", None, "")}, "queue", "warning"),
        ({"jobs": {"failed": 2, "invalid": 1}}, "queue", "warning"),
        ({"parked": Parked(5, "bad", None)}, "service", "failure"),
    ],
)
def test_the_state_of_the_daemon_is_judged(change: dict[str, Any], check: str, state: str) -> None:
    """Every bad state comes with advice."""
    there = ServiceState(installed=True, running=True, pid=7, detail="running as process 7")
    found = list(running.service(replace(REPORT, **change), there))
    assert (check, state) in states(found)
    assert all(finding.advice for finding in found if finding.state != "ok")


def test_a_service_that_is_not_installed_or_not_running_is_a_warning() -> None:
    """The advice is the command that fixes it."""
    for installed, advice in ((False, "llasactl install"), (True, "llasactl start")):
        there = ServiceState(installed=installed, running=False, pid=None, detail="inactive")
        found = next(iter(running.service(REPORT, there)))
        assert (found.state, found.advice) == ("warning", advice)


def part(words: int) -> Part:
    return Part(index=1, words=tuple(Word("so") for _ in range(words)), after=())


@pytest.mark.parametrize(("here_s", "state"), [(2.0, "ok"), (1.85, "ok"), (1.5, "warning")])
def test_a_daemon_slower_than_the_terminal_is_a_warning(here_s: float, state: str) -> None:
    """The limit is nine tenths of the terminal's speed over the same parts."""
    records = [model_examination.Record(part(10), 1.0), model_examination.Record(part(30), 1.0)]
    found = model_examination.compare(records, [here_s / 2, here_s / 2])
    assert found.state == state
    assert "20 words/s" in found.text


def with_light_child(
    monkeypatch: pytest.MonkeyPatch, child: LightChild
) -> Callable[[Config, Profile], list[Finding]]:
    """Make the examination use the child without a model."""

    def client(info: ModelInfo, **_: object) -> ModelClient:
        return child.client(info)

    monkeypatch.setattr(model_examination, "ModelClient", client)
    return lambda config, profile: list(model_examination.model(config, profile))


def test_a_model_is_tried_and_compared_with_what_the_daemon_did(
    rig: WorkerRig, child: LightChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is loaded, decodes, and is compared over parts of a file that has not changed."""
    examine = with_light_child(monkeypatch, child)
    found = examine(rig.config, rig.config.default)
    assert states(found) == [("model", "ok"), ("decoding", "ok"), ("speed", "ok")]
    assert "light child" in found[1].text
    assert "not decoded enough yet" in found[2].text
    path = rig.config.watch[0] / "talk.json"
    path.write_bytes(talk(parts=4))
    offered(rig.queue, path)
    rig.worker().run_one()
    info = rig.keeper.describe(rig.config.default.model)
    rig.queue.database.execute("UPDATE parts SET decode_s = 1.0")
    assert len(model_examination.recorded(rig.config, info)) == 3
    path.write_bytes(talk(parts=5))
    assert model_examination.recorded(rig.config, info) == []


def test_a_model_whose_child_dies_is_a_failure(
    config: Config, child: LightChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model itself is found."""
    child.misbehave("<load>", "abort", times=None)
    examine = with_light_child(monkeypatch, child)
    found = examine(config, config.default)
    assert states(found) == [("model", "ok"), ("decoding", "failure")]
    assert child.fired() == 1


def test_a_model_that_is_not_there_or_runs_code_is_a_failure(
    config: Config, model_folder: Path
) -> None:
    """No process is started."""
    (found,) = model_examination.model(config, Profile(model="no/such"))
    assert "model pull" in found.advice
    (model_folder / "config.json").write_text('{"model_file": "x.py"}')
    (found,) = model_examination.model(config, config.default)
    assert found.state == "failure"
    assert "Python code" in found.text


@pytest.mark.parametrize(
    ("settings", "tokens", "kinds"),
    [
        ("{}", 0, []),
        ('{"sliding_window": 512, "layer_types": ["sliding_attention"]}', 0, ["cache"]),
        ('{"sliding_window": 512, "use_sliding_window": false}', 0, []),
        ('{"text_config": {"layer_types": ["linear_attention"]}}', 0, ["cache"]),
        ('{"model_type": "mamba2"}', 0, ["cache"]),
        ('{"model_type": "llama"}', 65_536, ["speech_tokens"]),
        ('{"model_type": "llama", "sliding_window": null}', 10, []),
        ("not json", 0, []),
    ],
)
def test_a_model_not_made_for_this_is_recognised(
    model_folder: Path, settings: str, tokens: int, kinds: list[str]
) -> None:
    """That is a model that speaks (Llasa), or one whose cache cannot be cut back."""
    info = catalog.describe(str(model_folder))
    (model_folder / "config.json").write_text(settings)
    vocabulary = ", ".join(f'"<|s_{n}|>": {n}' for n in range(tokens))
    (model_folder / "tokenizer.json").write_text(f'{{"vocab": {{{vocabulary}}}}}')
    assert [oddity.kind for oddity in suitability.oddities(info)] == kinds


def test_the_command_prints_all_findings_and_exits_with_3_when_anything_fails(
    ask: Ask, config: Config, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Warnings are not failures; the JSON has the documented keys."""
    answer = ask("doctor", "--no-model")
    assert answer.code == 0
    assert "ok       watcher" in answer.out
    report = ask("doctor", "--no-model", "--json").json
    assert set(report) == documented("doctor")
    assert set(report["findings"][0]) == documented("doctor.findings")
    assert report["failures"] == 0
    assert report["warnings"] >= 1
    home.settings.write_text("settle = 1\n")
    answer = ask("doctor", "--no-model")
    assert answer.code == command.EXIT_FAILURE
    assert "did you mean `settle_s`" in " ".join(answer.out.split())
    home.settings.unlink()
    shutil.rmtree(config.watch[0])
    home.settings.write_text('watch = ["elsewhere"]\n')
    assert ask("doctor", "--no-model").code == command.EXIT_FAILURE
