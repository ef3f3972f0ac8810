"""Repository name -> model in the shared cache: the only door to the network.

Only weights, JSON, tokenizer files and templates are fetched, never code, and a model that asks for
code is refused before its weights are.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

# Before the import, which reads it: the library would tell the server more than is needed.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")

import huggingface_hub as hub
from huggingface_hub import utils
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    HTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.repocard import metadata_load

from engine.errors import ModelDownloadFailed, ModelRefused
from engine.models import catalog, places, transfer

_WANTED: Final = re.compile(
    r"model[\w.-]*\.safetensors|[\w.-]+\.json|tokenizer\.model|vocab\.txt|merges\.txt"
    r"|chat_template\.jinja|README\.md|LICENSE[\w.-]*"
)
_SPARE_BYTES: Final = 1 << 30  # of the disk, which stay free
_AGAIN: Final = "Run the same command again; it continues where it stopped."


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository that would be fetched."""

    name: str
    size: int  # bytes
    sha256: str | None  # of a large file


@dataclass(frozen=True, slots=True)
class Plan:
    """What a download will fetch."""

    name: str  # of the repository
    revision: str  # commit
    licence: str | None
    files: tuple[RemoteFile, ...]
    total_bytes: int
    missing_bytes: int  # not on this machine yet


def host() -> str:
    """Return the server that a download asks."""
    return str(hub.constants.ENDPOINT)


def sends_token() -> bool:
    """Return whether this machine has an access token, which the server would be sent."""
    return hub.get_token() is not None


def front_matter(path: Path) -> Mapping[str, Any]:
    """Return what the head of a model card says; opens no connection."""
    try:
        return metadata_load(path) or {}
    except Exception:  # a card that is no YAML says nothing; PyYAML has errors of its own
        return {}


def plan(name: str, *, revision: str | None = None) -> Plan:
    """Ask the server what a model consists of, and whether it may be loaded here.

    Raises `ModelDownloadFailed`, `ModelRefused`.
    """
    with _named_errors(name):
        found = hub.HfApi().model_info(name, revision=revision, files_metadata=True)
        siblings = [one for one in found.siblings or () if _WANTED.fullmatch(one.rfilename)]
        files = tuple(
            RemoteFile(one.rfilename, one.size or 0, one.lfs.sha256 if one.lfs else None)
            for one in sorted(siblings, key=lambda one: one.rfilename)
        )
        commit = str(found.sha)
        names = {file.name for file in files}
        _check_files(name, names, [one.rfilename for one in found.siblings or ()])
        for config in ("config.json", "tokenizer_config.json"):
            if config in names:
                path = hub.hf_hub_download(name, config, revision=commit)
                catalog.refuse_code(config, _object(Path(path)), about=name)
    blobs = places.repository_folder(name) / "blobs"
    missing = sum(file.size - _present(blobs, file) for file in files)
    total = sum(file.size for file in files)
    licence = found.card_data.get("license") if found.card_data else None
    return Plan(name, commit, str(licence) if licence else None, files, total, max(0, missing))


def fetch(plan: Plan, *, on_progress: Callable[[int], None]) -> Path:
    """Fetch what is missing, record the revision, and return the folder.

    `on_progress` is called with bytes that arrived. Raises `ModelDownloadFailed`, `ModelRefused`.
    """
    blobs = places.repository_folder(plan.name) / "blobs"
    blobs.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(blobs).free
    if plan.missing_bytes + _SPARE_BYTES > free:
        raise ModelDownloadFailed(
            f"{plan.name} needs {plan.missing_bytes / 1e9:.1f} GB more, and the disk of {blobs} "
            f"has {free / 1e9:.1f} GB free.",
            hint="Free some space, or set HF_HOME to a folder on another disk.",
        )
    with _named_errors(plan.name):
        for file in plan.files:
            if file.sha256 is not None:
                url = hub.hf_hub_url(plan.name, file.name, revision=plan.revision)
                transfer.fetch(url, blobs / file.sha256, size=file.size, on_progress=on_progress)
        with utils.disable_progress_bars():
            folder = hub.snapshot_download(
                plan.name,
                revision=plan.revision,
                allow_patterns=[file.name for file in plan.files],
            )
        on_progress(sum(file.size for file in plan.files if file.sha256 is None))
    _record(plan)
    return Path(folder)


def _check_files(name: str, names: set[str], every: list[str]) -> None:
    """Raise `ModelRefused` where the files are not those of an MLX model."""
    if not any(file.endswith(".safetensors") for file in names):
        gguf = any(file.endswith(".gguf") for file in every)
        raise ModelRefused(
            f"{name} has no model*.safetensors.",
            hint="Download one GGUF file of it, then: llasactl model pull FILE.gguf"
            if gguf
            else "Look for a version of it for MLX: mlx-community has many.",
        )
    for needed in ("config.json", "tokenizer.json"):
        if needed not in names:
            raise ModelRefused(f"{name} has no {needed}.", hint="Look for a version of it for MLX.")


def _object(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise ModelRefused(f"{path.name} does not hold an object.")
    return data


def _present(blobs: Path, file: RemoteFile) -> int:
    """Return the bytes of a large file that are here."""
    if file.sha256 is None:
        return 0
    return min(file.size, transfer.present(blobs / file.sha256))


def _record(plan: Plan) -> None:
    """Record the revision, so that a newer one never takes its place by itself."""
    pin = places.pin_file(plan.name)
    pin.parent.mkdir(parents=True, exist_ok=True)
    temporary = pin.with_name(f"{pin.name}.{os.getpid()}.tmp")
    temporary.write_text(json.dumps({"repository": plan.name, "revision": plan.revision}) + "\n")
    temporary.replace(pin)


@contextmanager
def _named_errors(name: str) -> Iterator[None]:
    """Turn what the library and the network raise into an error with a next step."""
    try:
        yield
    except HFValidationError:
        raise ModelDownloadFailed(
            f"{name!r} cannot be the name of a repository.",
            hint="Names have the form OWNER/MODEL; `/` stands once in them.",
        ) from None
    except GatedRepoError:
        raise ModelDownloadFailed(
            f"The owner of {name} gives it only to people who accepted a licence.",
            hint=f"Accept it at {host()}/{name}, then log in once: uvx --from huggingface_hub hf "
            "auth login",
        ) from None
    except RepositoryNotFoundError:
        raise ModelDownloadFailed(
            f"{host()} has no public model {name}.", hint="Check the name for typing errors."
        ) from None
    except RevisionNotFoundError:
        raise ModelDownloadFailed(
            f"{name} has no such revision.", hint="Leave --revision out for the newest."
        ) from None
    except OfflineModeIsEnabled:
        raise ModelDownloadFailed(
            "HF_HUB_OFFLINE forbids downloads in this terminal.", hint="Unset it, then try again."
        ) from None
    except HfHubHTTPError as error:
        raise ModelDownloadFailed(
            f"{host()} answered with an error ({error.response.status_code}).", hint=_AGAIN
        ) from None
    except HTTPError as error:
        raise ModelDownloadFailed(
            f"The connection to {host()} failed ({type(error).__name__}).", hint=_AGAIN
        ) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise ModelDownloadFailed(f"{name} cannot be downloaded: {why}.", hint=_AGAIN) from None
