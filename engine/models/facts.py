"""Model folder -> what the model can do and what it needs, read without loading it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Final

from engine.models import catalog
from engine.records import ModelInfo

#: Tokens of context for which memory is counted.
CONTEXT_TOKENS: Final = 4096
_CACHE_BYTES: Final = 2  # of a number of the KV cache
_PROCESS_BYTES: Final = 300 << 20  # Python, MLX and what one pass computes with
_HEADER_BYTES: Final = 100_000_000
_TOOLS: Final = re.compile(r"\btools\b")
_THINKING: Final = re.compile(r"\benable_thinking\b|\bthinking\b|<think>|<\|think")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What a model can do, and its size."""

    parameters: int | None  # None where the weights do not say
    disk_bytes: int  # of its files
    memory_bytes: int  # about what the model child needs, with `CONTEXT_TOKENS` of context
    context_tokens: int | None  # that it was made for
    chats: bool  # it has a chat template
    tools: bool  # the template can show it tools
    thinks: bool  # the template knows thinking before an answer
    licence: str | None  # as its card says; None: the card is silent
    languages: tuple[str, ...]  # ISO 639-1, as its card says; empty: the card is silent


def read(info: ModelInfo, *, with_card: bool = True) -> ModelFacts:
    """Return the facts of a model that `catalog.describe` accepted.

    Without its card, which takes half a second to read, licence and languages may be missing.
    """
    folder = Path(info.path)
    config = _json(folder / "config.json")
    template = chat_template(folder) if info.kind == "causal" else ""
    licence, languages = _card(folder, info) if with_card else (None, ())
    count, stored = _weights(folder, _group_size(config))
    return ModelFacts(
        parameters=count or None,
        disk_bytes=disk_bytes(folder),
        memory_bytes=stored + cache_bytes(config, CONTEXT_TOKENS) + _PROCESS_BYTES,
        context_tokens=_whole(_text_config(config).get("max_position_embeddings")),
        chats=info.converses,
        tools=info.converses and bool(_TOOLS.search(template)),
        thinks=info.converses and bool(_THINKING.search(template)),
        licence=licence,
        languages=info.languages or languages,
    )


def chat_template(folder: Path) -> str:
    """Return the chat template of a folder, "" where it has none; several are joined."""
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8", errors="replace")
    for name in ("chat_template.json", "tokenizer_config.json"):
        found = _json(folder / name).get("chat_template")
        if isinstance(found, str):
            return found
        if isinstance(found, list):
            return "\n".join(str(one.get("template")) for one in found if isinstance(one, dict))
    return ""


def disk_bytes(folder: Path) -> int:
    """Return the size of a folder's files, links followed."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue
    return total


def cache_bytes(config: Mapping[str, Any], tokens: int) -> int:
    """Return the size of a KV cache of `tokens`, 0 where the shape is not known."""
    text = _text_config(config)
    layers = _whole(text.get("num_hidden_layers"))
    heads = _whole(text.get("num_attention_heads"))
    hidden = _whole(text.get("hidden_size"))
    if not layers or not heads or not hidden:
        return 0
    kv_heads = _whole(text.get("num_key_value_heads")) or heads
    size = _whole(text.get("head_dim")) or hidden // heads
    return 2 * layers * kv_heads * size * tokens * _CACHE_BYTES


def _text_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a config that is about text; models that see keep it apart."""
    text = config.get("text_config")
    return {**config, **text} if isinstance(text, dict) else config


def _group_size(config: Mapping[str, Any]) -> int | None:
    found = config.get("quantization") or config.get("quantization_config")
    return _whole(found.get("group_size")) if isinstance(found, dict) else None


def _whole(value: Any) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value if is_whole else None


def _weights(folder: Path, group_size: int | None) -> tuple[int, int]:
    """Return how many numbers the weights are, and their size in bytes.

    The matrices of one model may have different bits. So packed ones are counted by their scales,
    of which every group of numbers has one.
    """
    count = stored = 0
    for path in sorted(folder.glob("model*.safetensors")):
        entries = _header(path)
        for name, entry in entries.items():
            try:
                size = prod(int(length) for length in entry["shape"])
                begin, end = (int(place) for place in entry["data_offsets"])
            except (LookupError, TypeError, ValueError):
                continue
            stored += end - begin
            if group_size and name.endswith(".scales"):
                count += size * group_size
            elif not (group_size and (name.endswith(".biases") or entry.get("dtype") == "U32")):
                count += size
    return count, stored


def _header(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            data = json.loads(file.read(min(length, _HEADER_BYTES)))
    except (OSError, ValueError):
        return {}
    return {key: entry for key, entry in data.items() if key != "__metadata__"}


def _card(folder: Path, info: ModelInfo) -> tuple[str | None, tuple[str, ...]]:
    """Return licence and languages as the model's card says."""
    if info.name == catalog.EMBEDDED:
        return catalog.EMBEDDED_LICENCE, info.languages
    own = _json(folder / "llasa.json")
    if own.get("licence"):
        return str(own["licence"]), info.languages
    from engine.models.download import front_matter  # late: its library takes half a second

    for name in ("README.md", "MODEL_CARD.md"):
        if not (folder / name).is_file():
            continue
        card = front_matter(folder / name)
        said = card.get("language") or ()
        languages = [said] if isinstance(said, str) else said if isinstance(said, list) else []
        licence = card.get("license_name") or card.get("license")
        if isinstance(licence, list):
            licence = ", ".join(map(str, licence))
        return (str(licence) if licence else None), tuple(map(str, languages))
    return None, ()


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
