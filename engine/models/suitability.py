"""Model folder -> what makes the model less fit for this work, before the user waits for it.

Nothing is loaded: config.json and tokenizer.json have the answers.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from engine.records import ModelInfo

Kind = Literal["speech_tokens", "cache"]
_SPEECH_TOKEN: Final = re.compile(r'"<\|s_\d+\|>"')
_MANY: Final = 1_000  # speech tokens; a text model has none
_TOKENIZER_BYTES: Final = 64 << 20
# Layers whose memory is a running state, and model families with such layers.
_STATE_LAYERS: Final = frozenset({"linear_attention", "conv", "mamba", "recurrent", "m"})
_STATE_FAMILIES: Final = re.compile(
    r"mamba|rwkv|jamba|lfm2|recurrent_gemma|falcon_h1|nemotron_h|granitemoehybrid|qwen3_next|bamba"
)


@dataclass(frozen=True, slots=True)
class Oddity:
    """Something about a model that the user should know before choosing it."""

    kind: Kind
    text: str  # what is odd
    advice: str  # what this means for the user


def oddities(info: ModelInfo) -> tuple[Oddity, ...]:
    """Return what is odd about a model that `catalog.describe` accepted."""
    if info.kind == "tagger":
        return ()
    folder = Path(info.path)
    found = [_speech_tokens(folder), _cache(folder)]
    return tuple(oddity for oddity in found if oddity is not None)


def _speech_tokens(folder: Path) -> Oddity | None:
    """Recognise a model that was trained to produce speech: Llasa has 65,536 speech tokens."""
    try:
        with (folder / "tokenizer.json").open(encoding="utf-8", errors="replace") as file:
            text = file.read(_TOKENIZER_BYTES)
    except OSError:
        return None
    count = len(set(_SPEECH_TOKEN.findall(text)))
    if count < _MANY:
        return None
    return Oddity(
        "speech_tokens",
        f"It was trained to turn text into speech ({count:,} speech tokens), not to edit text.",
        "It can only choose among the readings of what was said, so nothing is lost; but an "
        "instruction-tuned text model of the same size punctuates better.",
    )


def _cache(folder: Path) -> Oddity | None:
    """Recognise a cache from which tokens cannot be removed: a window or a running state."""
    config = _config(folder)
    text = config.get("text_config")
    config = {**config, **text} if isinstance(text, dict) else config
    layers = config.get("layer_types") or config.get("hybrid_override_pattern") or ()
    kinds = {str(layer) for layer in layers} if isinstance(layers, list) else set()
    window = config.get("sliding_window")
    windowed = bool(window) and config.get("use_sliding_window") is not False
    if _STATE_FAMILIES.search(str(config.get("model_type", ""))) or kinds & _STATE_LAYERS:
        why = "Its memory is a running state, from which no token can be removed."
    elif windowed and (not kinds or "sliding_attention" in kinds):
        why = f"Its memory is a window of {window} tokens; once full, no token can be removed."
    else:
        return None
    return Oddity(
        "cache",
        why,
        "It works, with a copy of the memory for every draft: slower than a model with full "
        "attention, and more memory.",
    )


def _config(folder: Path) -> dict[str, Any]:
    try:
        data = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
