"""Where models lie on this machine, and which revision of one was downloaded."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Final

HOME_MODELS: Final = Path("var") / "models"  # below a home: the user's folders, and calibrations
_REVISION: Final = re.compile(r"[0-9a-f]{7,64}")


def own_folder() -> Path:
    """Return the folder of the models that llasa converted; it may not exist."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "llasa" / "models"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "llasa" / "models"


def hub_folder() -> Path:
    """Return the cache of downloads that all programs share; it may not exist."""
    home = os.environ.get("HF_HOME") or (
        Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    )
    return Path(os.environ.get("HF_HUB_CACHE") or Path(home) / "hub").expanduser()


def repository_folder(name: str) -> Path:
    """Return the folder of a repository in the shared cache; it may not exist."""
    return hub_folder() / f"models--{name.replace('/', '--')}"


def file_name(model: str) -> str:
    """Return a model's name as part of a file name: the repository, or the last folder."""
    is_path = model.startswith((".", "/", "~")) or model.count("/") != 1
    name = Path(model).name if is_path else model.replace("/", "--")
    return re.sub(r"[^\w.@+-]", "_", name).lstrip(".") or "model"


def snapshot(name: str) -> tuple[Path, str] | None:
    """Return the folder and the revision of a downloaded repository, None where it is not here.

    The revision that `llasactl model pull` recorded goes before the newest that any program
    fetched.
    """
    repository = repository_folder(name)
    pinned = _pinned(name)
    if pinned is not None and (repository / "snapshots" / pinned).is_dir():
        return repository / "snapshots" / pinned, pinned
    try:
        revision = (repository / "refs" / "main").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return repository / "snapshots" / revision, revision


def pin_file(name: str) -> Path:
    """Return the file in which a download records the revision of a repository."""
    return own_folder() / f"{file_name(name)}.pull.json"


def _pinned(name: str) -> str | None:
    try:
        data = json.loads(pin_file(name).read_text(encoding="utf-8"))
        revision = str(data["revision"])
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return revision if _REVISION.fullmatch(revision) else None
