"""Whisper models on this machine: found where tools keep them, never downloaded."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Kind = Literal["mlx", "ct2", "ggml"]

# The best first. A model of one language alone (`base.en`) comes after all others.
_SIZES: Final = ("large-v3-turbo", "turbo", "large-v3", "large-v2", "large", "medium", "small",
                 "base", "tiny")  # fmt: skip
_GGML: Final = re.compile(r"ggml-(?P<name>[\w.-]+)\.bin")
_LEAST_BYTES: Final = 1 << 20  # a smaller file is a pointer to one, or a sample of a test suite


@dataclass(frozen=True, slots=True)
class WhisperModel:
    """One model as a tool takes it."""

    name: str  # the folder's or file's, or that of the repository: "whisper-large-v3-turbo"
    path: Path  # a folder, or a file of whisper.cpp
    kind: Kind

    @property
    def size_bytes(self) -> int:
        """Return the size of its file or of the files in its folder, links followed."""
        files = self.path.rglob("*") if self.path.is_dir() else [self.path]
        return sum(file.stat().st_size for file in files if file.is_file())


def places(own: Sequence[Path] = ()) -> list[Path]:
    """Return the folders in which models may lie; `own` are those of a home."""
    user = Path.home()
    found = [
        *own,
        user / ".cache" / "llasa" / "models",
        user / "Library" / "Caches" / "llasa" / "models",
    ]
    found += [user / ".cache" / "whisper.cpp", user / "whisper.cpp" / "models"]
    found += [
        Path(root) / "share" / "whisper-cpp" for root in ("/opt/homebrew", "/usr/local", "/usr")
    ]
    return found


def hub() -> Path:
    """Return the folder of the Hugging Face cache."""
    cache = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if cache:
        return Path(cache)
    return Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface") / "hub"


def found(kind: Kind, own: Sequence[Path] = ()) -> list[WhisperModel]:
    """Return the models of a kind, the best first."""
    models = {model.path: model for model in _all(own) if model.kind == kind}
    return sorted(models.values(), key=_rank)


def named(kind: Kind, name: str, own: Sequence[Path] = ()) -> WhisperModel | None:
    """Return the model of a name: a path, a repository, or a size such as "base"."""
    path = Path(os.path.expanduser(name))
    for place in (path, *(folder / name for folder in own)):
        if place.exists():
            made = _model_at(place, place.name)
            return made if made is not None and made.kind == kind else None
    wanted = name.lower()
    models = found(kind, own)
    for fits in (lambda m: m.name.lower() == wanted, lambda m: _size(m.name) == wanted):
        if (model := next(filter(fits, models), None)) is not None:
            return model
    return None


def _all(own: Sequence[Path]) -> Iterator[WhisperModel]:
    for folder in places(own):
        for entry in _entries(folder):
            if (model := _model_at(entry, entry.name)) is not None:
                yield model
    for repository in _entries(hub()):
        if not repository.name.startswith("models--"):
            continue
        name = repository.name.removeprefix("models--").replace("--", "/", 1)
        for snapshot in _entries(repository / "snapshots"):
            if (model := _model_at(snapshot, name)) is not None:
                yield model


def _model_at(place: Path, name: str) -> WhisperModel | None:
    """Return the model in a folder or file, None where there is none."""
    try:
        if match := _GGML.fullmatch(place.name):
            large = place.is_file() and place.stat().st_size >= _LEAST_BYTES
            return WhisperModel(match["name"], place, "ggml") if large else None
        if not place.is_dir():
            return None
        if (place / "model.bin").exists() and (place / "config.json").exists():
            is_whisper = "whisper" in name.lower() or _has_key(place, "alignment_heads")
            return WhisperModel(name, place, "ct2") if is_whisper else None
        weights = ("weights.npz", "weights.safetensors", "model.safetensors")
        if _has_key(place, "n_audio_state") and any((place / file).exists() for file in weights):
            return WhisperModel(name, place, "mlx")
    except OSError:
        return None
    return None


def _has_key(folder: Path, key: str) -> bool:
    try:
        with (folder / "config.json").open("rb") as file:
            settings = json.loads(file.read(1 << 20))
    except (OSError, ValueError):
        return False
    return isinstance(settings, dict) and key in settings


def _rank(model: WhisperModel) -> tuple[bool, int, str]:
    size = _size(model.name)
    order = _SIZES.index(size) if size in _SIZES else len(_SIZES)
    return ".en" in model.name, order, model.name


def _size(name: str) -> str:
    """Return the size that a name ends with: "Systran/faster-whisper-base" gives "base"."""
    last = re.sub(r"^(?:faster-|distil-)?whisper-", "", name.lower().rsplit("/", 1)[-1])
    return re.sub(r"-(?:mlx|ct2|q\d\w*|\dbit|fp16)\b.*$", "", last)


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []
