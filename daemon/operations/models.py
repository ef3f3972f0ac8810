"""Models on this machine: what they can do, which one to fetch, which one to remove."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.errors import DaemonError
from daemon.home import find_home
from daemon.operations.session import Session
from engine.errors import ModelError
from engine.models import calibrations, catalog, facts, local, places, suitability

if TYPE_CHECKING:
    from engine.models.download import Plan


class ModelRequestFailed(DaemonError):
    """What was asked of a model cannot be done."""

    hint = "`llasactl model list` shows the models on this machine."


class NoSuchModel(ModelRequestFailed):
    """There is no such model on this machine."""

    exit_code = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReport:
    """A model on this machine; the fields are the keys of `model list --json`."""

    name: str  # as `--model` and llasa.toml take it
    origin: str  # llasa, home, converted, Hugging Face cache or package
    path: str
    usable: bool
    problem: str | None = None  # why it cannot be used
    set_in: tuple[str, ...] = ()  # profiles of llasa.toml that name it
    revision: str | None = None
    kind: str | None = None  # causal or tagger
    quantization: str | None = None
    parameters: int | None = None
    disk_bytes: int = 0
    memory_bytes: int | None = None  # about
    context_tokens: int | None = None
    chats: bool = False
    tools: bool = False
    thinks: bool = False
    licence: str | None = None
    languages: tuple[str, ...] = ()  # that its card names; empty: the card is silent
    oddities: tuple[str, ...] = ()
    calibration: str | None = None  # what was measured, one sentence

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain values; docs/commands.md explains the keys."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Removal:
    """What removing a model deletes."""

    report: ModelReport
    paths: tuple[Path, ...]
    warnings: tuple[str, ...]  # what else will miss the model


def base_of(session: Session) -> Path:
    """Return the folder from which names of models are understood: the home, if there is one."""
    home = find_home(session.option)
    return home.path if home.path.is_dir() else Path.cwd()


def reports(session: Session) -> list[ModelReport]:
    """Return every model on this machine, usable or not."""
    base = base_of(session)
    used = _used(session)
    return [_report(model, base, used) for model in local.models(base)]


def report_of(session: Session, name: str) -> ModelReport:
    """Return one model by its name or its folder; raises NoSuchModel."""
    base = base_of(session)
    found = next((model for model in local.models(base) if model.name == name), None)
    if found is None:
        try:
            path = Path(catalog.describe(name, base=base).path)
        except ModelError as error:
            raise NoSuchModel(str(error), hint=error.hint) from error
        found = local.LocalModel(name, "home", path)
    return _report(found, base, _used(session))


def pull_plan(name: str, *, revision: str | None) -> Plan:
    """Ask the server what a download would fetch; raises ModelRequestFailed."""
    from engine.models import download

    try:
        return download.plan(name, revision=revision)
    except ModelError as error:
        raise ModelRequestFailed(str(error), hint=error.hint) from error


def pull(session: Session, plan: Plan, *, on_progress: Callable[[int], None]) -> ModelReport:
    """Fetch a model and return what it is; raises ModelRequestFailed."""
    from engine.models import download

    try:
        download.fetch(plan, on_progress=on_progress)
    except ModelError as error:
        raise ModelRequestFailed(str(error), hint=error.hint) from error
    return report_of(session, plan.name)


def convert(session: Session, file: Path) -> ModelReport:
    """Make a model folder of a GGUF file and return what it is; raises ModelRequestFailed."""
    name = places.file_name(file.stem)
    folder = places.own_folder() / name
    if folder.exists():
        raise ModelRequestFailed(
            f"There is a model {name} already: {folder}",
            hint=f"Remove it first: llasactl model remove {name}",
        )
    try:
        local.convert(file, folder)
    except ModelError as error:
        raise ModelRequestFailed(str(error), hint=error.hint) from error
    return report_of(session, name)


def removal(session: Session, name: str) -> Removal:
    """Return what removing a model would delete; raises ModelRequestFailed for one that stays."""
    report = report_of(session, name)
    path = Path(report.path)
    warnings = []
    if report.origin == "llasa":
        raise ModelRequestFailed(f"{name} is a part of llasa and stays.")
    if report.origin == "package":
        raise ModelRequestFailed(
            f"{name} belongs to the development packages and stays.",
            hint="It is not there without them: uv sync --no-dev",
        )
    if report.origin == "Hugging Face cache":
        paths = [places.repository_folder(name), places.pin_file(name)]
        warnings.append("Other programs that use the Hugging Face cache will miss it too.")
    else:
        paths = [path]
    if report.set_in:
        profiles = ", ".join(report.set_in)
        warnings.append(f"llasa.toml names it ({profiles}): transcripts will wait for it.")
    paths.append(calibrations.path_of(base_of(session), name))
    there = tuple(path for path in paths if path.exists() or path.is_symlink())
    return Removal(report, there, tuple(warnings))


def remove(what: Removal) -> None:
    """Delete a model's folder and what was recorded about it; raises ModelRequestFailed."""
    for path in what.paths:
        try:
            if path.is_symlink() or path.is_file():
                path.unlink()  # what a link points to is not ours
            else:
                shutil.rmtree(path)
        except OSError as error:
            raise ModelRequestFailed(
                f"{path} cannot be removed: {error.strerror}.", hint="Check its permissions."
            ) from error


def _report(model: local.LocalModel, base: Path, used: dict[str, tuple[str, ...]]) -> ModelReport:
    known: dict[str, Any] = {
        "name": model.name,
        "origin": model.origin,
        "path": str(model.path),
        "set_in": used.get(model.name, ()),
    }
    if model.origin == "package":
        size = model.path.stat().st_size
        problem = "It becomes a model folder when it is first used."
        return ModelReport(
            **known, usable=True, problem=problem, disk_bytes=size, kind="causal", chats=True
        )
    try:
        info = catalog.describe(model.name, base=base)
        found = facts.read(info)
        measured = calibrations.read(base, info)
    except (ModelError, OSError) as error:
        size = facts.disk_bytes(model.path)
        return ModelReport(**known, usable=False, problem=str(error), disk_bytes=size)
    return ModelReport(
        **known,
        usable=True,
        revision=info.revision,
        kind=info.kind,
        quantization=info.quantization,
        oddities=tuple(oddity.text for oddity in suitability.oddities(info)),
        calibration=measured.sentence if measured else None,
        **asdict(found),
    )


def _used(session: Session) -> dict[str, tuple[str, ...]]:
    """Return which profiles of the home name which model; none where there is no home."""
    if not find_home(session.option).path.is_dir():
        return {}
    try:
        config = session.config
    except DaemonError:  # `config check` says what is wrong with the settings
        return {}
    used: dict[str, tuple[str, ...]] = {}
    for profile in (config.default, *(rule.profile for rule in config.rules)):
        used[profile.model] = (*used.get(profile.model, ()), profile.name)
    return used
