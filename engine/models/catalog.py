"""Name -> model folder, what it is, and whether it may be loaded. Reads JSON, never imports MLX."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import ModelNotFound, ModelRefused
from engine.models import calibrations, opinions, places, servers
from engine.records import Layout, ModelInfo, Opinion

EMBEDDED = "punct"
#: Names that the embedded model had in earlier versions; settings may still have them.
FORMER_NAMES = {"punct-en": EMBEDDED}
#: Of the embedded model's weights and of what is made of them; its card says why.
EMBEDDED_LICENCE = "CC-BY-SA-4.0"
_EMBEDDED_FOLDER = Path(__file__).parent
_FINGERPRINT_BYTES = 1 << 20
_HEADER_BYTES = 100_000_000  # the format's own limit
_OTHER_WEIGHTS = ("*.bin", "*.gguf", "*.npz", "*.pt", "*.pth", "*.h5")
_AGAIN = "Run the download again; it continues where it stopped."
_UPDATE = "Update llasa, or choose another model."
_KINDS = ("causal", "tagger")
# White space as a model reads and writes it. A model that was trained to write the text out (as the
# embedded one was once) has a space before each word, the first of a text and of a paragraph too.
_LAYOUTS = {
    "punct": Layout(paragraph="\n\n ", opening=" "),
    "chat": Layout(),
    "labels": Layout(),
    "server": Layout(),
}
# Words of a part, and words shown before and after it. A causal model reads what it wrote and pays
# for every word that it is shown. A tagger reads a part, with the words around it, in one window of
# 384 pieces as a rule; where it needs two, they overlap by 30 and 20 words.
_SIZES = {"causal": (120, 12, 15), "tagger": (190, 30, 24)}


def describe(
    model: str,
    *,
    base: Path | None = None,
    decider: str = EMBEDDED,
    use_measured: bool = True,
) -> ModelInfo:
    """Return what is known about a model without loading it.

    `model` is "punct" (or a name that it had before), the address of a model on a server
    (`http://HOST:PORT/v1#NAME`, see `servers`; it is not asked here), a folder (a relative one lies
    under `base`, the home), the name of a folder in `base`/var/models or in llasa's own cache, or
    of a repository in the local Hugging Face cache. Nothing is downloaded. A chat model comes with
    the `decider` if that is a tagger: it decides, and the chat model has an opinion. What
    `calibrate` found about it in the home holds, unless it is to be measured again
    (`use_measured`). Raises `ModelNotFound`, `ModelRefused`.
    """
    home = base or Path.cwd()
    if servers.is_address(model):
        return _served(model, _described(decider, home))
    info = _described(model, home)
    if not info.converses:
        return info
    info = dataclasses.replace(info, opinion=Opinion())
    tagger = _described(decider, home)
    if tagger.kind == "tagger":
        info = dataclasses.replace(
            info,
            decider=tagger,
            part_words=tagger.part_words,
            tail_words=tagger.tail_words,
            lookahead_words=tagger.lookahead_words,
        )
    return as_measured(info, home) if use_measured else info


def _served(model: str, decider: ModelInfo) -> ModelInfo:
    """Return a model on a server; the embedded one decides what it does not."""
    server = servers.parse(model)
    return ModelInfo(
        name=f"{server.url}#{server.model}",
        path=server.url,
        revision=None,  # no server says which weights it has
        quantization=None,
        tasks=("punctuate",),
        languages=(),
        kind="causal",
        template="server",
        part_words=decider.part_words,
        tail_words=decider.tail_words,
        lookahead_words=decider.lookahead_words,
        decider=decider,
        server=server,
    )


def as_measured(info: ModelInfo, home: Path) -> ModelInfo:
    """Return a model as it is best used, where that was measured in the home `home`."""
    if not info.converses:
        return info
    file = calibrations.file_of(home, info)
    if file is None:
        return info
    measured = calibrations.read(home, info)
    return dataclasses.replace(
        info,
        opinion=opinions.load(file),
        languages=(measured.languages if measured else ()) or info.languages,
    )


def _described(model: str, base: Path) -> ModelInfo:
    model = FORMER_NAMES.get(model, model)
    folder, revision = find_folder(model, base)
    config = _read_json(folder / "config.json")
    _check_safe(folder, config)
    own = folder / "llasa.json"
    card = _read_json(own) if own.is_file() else {}
    part = card.get("part", {})
    kind = card.get("kind", "causal")
    template = card.get("template", "labels" if kind == "tagger" else "chat")
    if kind not in _KINDS:
        raise ModelRefused(
            f"The model {model} is of a kind that is not known here: {kind!r}.", hint=_UPDATE
        )
    of_folder = template in _LAYOUTS and template != "server"
    if not of_folder or (kind == "tagger") != (template == "labels"):
        raise ModelRefused(
            f"The model {model} has a template that is not known here: {template!r}.", hint=_UPDATE
        )
    if template == "chat" and not _has_chat_template(folder):
        raise ModelRefused(
            f"The model {model} has no chat template: it was not trained to follow instructions.",
            hint="Choose an instruction-tuned model ('-Instruct' or '-it' in its name).",
        )
    words, tail_words, lookahead_words = _SIZES[kind]
    return ModelInfo(
        name=model,
        path=str(folder),
        revision=card.get("revision") or revision or fingerprint(folder),
        quantization=_quantization(config),
        tasks=tuple(card.get("tasks", ("punctuate",))),
        languages=tuple(card.get("languages", ())),
        kind=kind,
        template=template,
        layout=_LAYOUTS[template],
        part_words=int(part.get("words", words)),
        tail_words=int(part.get("tail_words", tail_words)),
        lookahead_words=int(part.get("lookahead_words", lookahead_words)),
        separators=tuple(card.get("separators", ())),
        marks=tuple(card.get("marks", ())),
        bias=_biases(card.get("bias", {})),
        bias_marked=_biases(card.get("bias_marked", {})),
        biases={str(code): _biases(own) for code, own in card.get("biases", {}).items()},
    )


def embedded_folder() -> Path:
    """Return the folder of the model that comes with llasa."""
    return _EMBEDDED_FOLDER / EMBEDDED


def _biases(data: Mapping[str, Any]) -> dict[str, float]:
    return {str(key): float(value) for key, value in data.items()}


def find_folder(model: str, base: Path) -> tuple[Path, str | None]:
    """Return the folder of a model, and its revision where the cache knows it."""
    if model == EMBEDDED:
        return embedded_folder(), None
    try:
        folder = (base / os.path.expanduser(model)).resolve()
        if folder.is_dir():
            return folder, None
    except (OSError, ValueError, RuntimeError):  # not a file name, or links in a circle
        raise ModelNotFound(f"{model!r} cannot be the name of a model folder.") from None
    if "/" not in model:
        for place in (base / places.HOME_MODELS, places.own_folder()):
            if (place / model / "config.json").is_file():
                return (place / model).resolve(), None
    if model.count("/") == 1 and not model.startswith((".", "/", "~")):
        return _find_cached(model)
    raise ModelNotFound(f"There is no model folder {folder}.")


def _find_cached(model: str) -> tuple[Path, str]:
    found = places.snapshot(model)
    if found is None:
        raise ModelNotFound(
            f"The model {model} is not on this machine.",
            hint=f"Download it once with `llasactl model pull {model}`.",
        )
    return found


def _read_json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelNotFound(f"The model folder has no {path.name}: {path.parent}") from None
    except (OSError, ValueError) as error:
        raise ModelRefused(f"{path} cannot be read: {error}") from None
    if not isinstance(data, dict):
        raise ModelRefused(f"{path} does not hold an object.")
    return data


def _check_safe(folder: Path, config: dict[str, Any]) -> None:
    """Raise if a folder brings code, has weights that may be code, or is not complete."""
    tokenizer = folder / "tokenizer_config.json"
    extra = _read_json(tokenizer) if tokenizer.is_file() else {}
    for source, data in (("config.json", config), ("tokenizer_config.json", extra)):
        refuse_code(source, data, about=str(folder))
    weights = sorted(path for path in folder.glob("model*.safetensors") if path.is_file())
    if not weights and any(any(folder.glob(pattern)) for pattern in _OTHER_WEIGHTS):
        raise ModelRefused(
            f"The model folder {folder} has no model*.safetensors.",
            hint="Only safetensors weights are loaded; convert others with `mlx_lm.convert`.",
        )
    if not weights:
        raise ModelNotFound(
            f"The download of {folder} is not complete: model.safetensors is missing.", hint=_AGAIN
        )
    index = folder / "model.safetensors.index.json"
    if index.is_file():
        needed = set(_read_json(index).get("weight_map", {}).values())
        missing = sorted(name for name in needed if not (folder / name).is_file())
        if missing:
            raise ModelNotFound(
                f"The download of {folder} is not complete: {missing[0]} is missing.",
                hint=_AGAIN,
            )
    for path in weights:
        _check_whole(path)
    if not (folder / "tokenizer.json").is_file():
        raise ModelRefused(f"The model folder {folder} has no tokenizer.json.")


def refuse_code(source: str, data: Mapping[str, Any], *, about: str) -> None:
    """Raise `ModelRefused` if a model's file asks for code that the model brings."""
    for key in ("model_file", "auto_map"):
        if data.get(key):
            raise ModelRefused(
                f"{source} of {about} asks to run Python code from the folder ({key}).",
                hint="Code that a model brings is never run. Choose another model.",
            )


def _check_whole(path: Path) -> None:
    """Raise unless a weights file is as long as its header says."""
    cut_off = ModelNotFound(
        f"The download of {path.parent} is not complete: {path.name} is cut off.", hint=_AGAIN
    )
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            begin = file.read(8)
            length = int.from_bytes(begin, "little")
            if len(begin) < 8 or 8 + length > size:
                raise cut_off
            if length > _HEADER_BYTES:
                raise ValueError("its header is too long")
            entries = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for key, entry in entries.items() if key[:2] != "__"]
            if 8 + length + max(ends, default=0) > size:
                raise cut_off
    except (OSError, ValueError, AttributeError, TypeError, LookupError) as error:
        raise ModelRefused(f"{path} cannot be read: {error}") from None


def _has_chat_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").is_file() or (folder / "chat_template.json").is_file():
        return True
    config = folder / "tokenizer_config.json"
    return config.is_file() and bool(_read_json(config).get("chat_template"))


def _quantization(config: dict[str, Any]) -> str | None:
    found = config.get("quantization") or config.get("quantization_config")
    if not isinstance(found, dict) or "bits" not in found:
        return None
    return f"{found['bits']}-bit, group {found.get('group_size', '?')}"


def fingerprint(folder: Path) -> str:
    """Return 12 hex digits that change with the weights, without reading gigabytes.

    They are a hash of the name, the size, and the first and last MiB of each weights file.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.glob("model*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.name}:{size}".encode())
        with path.open("rb") as file:
            digest.update(file.read(_FINGERPRINT_BYTES))
            if size > _FINGERPRINT_BYTES:
                file.seek(max(_FINGERPRINT_BYTES, size - _FINGERPRINT_BYTES))
                digest.update(file.read(_FINGERPRINT_BYTES))
    return digest.hexdigest()[:12]
