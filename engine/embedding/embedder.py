"""Text -> a vector of its meaning, of length one; and the vectors that are nearest to another."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelRefused
from engine.models.device import Device, use_fast_blas
from engine.models.embedders import EmbedderInfo

Vectors = NDArray[np.float16]

_MOST_TOKENS: Final = 512  # of a text; what follows is not seen
_ROWS: Final = 16_384  # of a matrix of vectors that are compared at a time


class Embedder:
    """A loaded embedding model."""

    def __init__(
        self, info: EmbedderInfo, pool: Callable[[Sequence[int]], Any], tokenizer: Any
    ) -> None:
        self.info = info
        self.load_s = 0.0
        self._pool = pool  # ids -> one vector
        self._tokenizer = tokenizer

    @classmethod
    def load(cls, info: EmbedderInfo, *, device: Device = "auto") -> Embedder:
        """Load a model folder; raises `ModelRefused`."""
        begun = time.monotonic()
        fast_blas = use_fast_blas()  # before MLX is imported
        folder = Path(info.path)
        try:
            from tokenizers import Tokenizer

            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises bare Exception
            raise ModelRefused(f"{folder}: its tokenizer cannot be read.") from error
        if info.kind == "encoder":
            pool = _encoder(folder, device, fast_blas=fast_blas)
        else:
            pool = _causal(folder)
        made = cls(info, pool, tokenizer)
        made.load_s = time.monotonic() - begun
        return made

    def embed(
        self,
        texts: Sequence[str],
        *,
        is_query: bool = False,
        on_done: Callable[[int], None] = lambda texts: None,
    ) -> Vectors:
        """Return one vector for each text, of length one; `on_done` is told how many there are."""
        prefix = self.info.query if is_query else self.info.passage
        rows = []
        for text in texts:
            rows.append(self._one(prefix + text))
            on_done(len(rows))
        return np.stack(rows).astype(np.float16) if rows else np.zeros((0, 0), np.float16)

    def nearest(self, text: str, file: Path, *, limit: int) -> list[tuple[int, float]]:
        """Return which vectors of a file are nearest to a question, with their cosines."""
        (wanted,) = self.embed([text], is_query=True)
        rows = file.stat().st_size // wanted.nbytes
        if not rows:
            return []
        vectors = np.memmap(file, np.float16, "r", shape=(rows, len(wanted)))
        return nearest(vectors, wanted, limit=limit)

    def _one(self, text: str) -> NDArray[np.float32]:
        ids = self._tokenizer.encode(text, add_special_tokens=True).ids
        vector = np.array(self._pool(ids), np.float32)
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


def nearest(vectors: Vectors, wanted: Vectors, *, limit: int) -> list[tuple[int, float]]:
    """Return the rows that are nearest to a vector, the nearest first, with their cosines."""
    query = wanted.astype(np.float32)
    scores = np.concatenate(
        [
            vectors[at : at + _ROWS].astype(np.float32) @ query
            for at in range(0, len(vectors), _ROWS)
        ]
        or [np.zeros(0, np.float32)]
    )
    most = min(limit, len(scores))
    if not most:
        return []
    best = np.argpartition(-scores, most - 1)[:most]
    best = best[np.argsort(-scores[best], kind="stable")]
    return [(int(row), float(scores[row])) for row in best]


def _encoder(folder: Path, device: Device, *, fast_blas: bool) -> Callable[[Sequence[int]], Any]:
    import json

    import mlx.core as mx

    from engine.tagger.network import Encoder

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    network = Encoder(folder, device=device, fast_blas=fast_blas)
    begin, end = int(config["begin"]), int(config["end"])
    most = min(_MOST_TOKENS, network.places or _MOST_TOKENS) - 2

    def pool(ids: Sequence[int]) -> Any:
        whole = [begin, *ids[:most], end]
        return network.encode(mx.array([whole]))[0].astype(mx.float32).mean(axis=0)

    return pool


def _causal(folder: Path) -> Callable[[Sequence[int]], Any]:
    import mlx.core as mx
    from mlx_lm.utils import load_model

    try:
        network: Any = load_model(folder)[0]
        body = network.model  # what is below the words: its last layer is the meaning
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError, OSError) as error:
        raise ModelRefused(f"MLX cannot load {folder}: {error}") from error

    def pool(ids: Sequence[int]) -> Any:
        kept = list(ids) if len(ids) <= _MOST_TOKENS else [*ids[: _MOST_TOKENS - 1], ids[-1]]
        return body(mx.array([kept]))[0, -1].astype(mx.float32)

    return pool
