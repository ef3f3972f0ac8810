"""A model child that embeds: texts become vectors, and the nearest of many are found there.

The parent handles bytes alone. Numpy and MLX stay in the child, so that neither the daemon nor a
command that searches needs them.
"""

from __future__ import annotations

import base64
import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from engine.child.process import ChildProcess, Message
from engine.errors import ChildFailed, ModelNotFound, ModelRefused, NoMemory
from engine.models.embedders import EmbedderInfo

SILENCE_S: Final = 120.0
_ERRORS: Final = {error.__name__: error for error in (ModelNotFound, ModelRefused, NoMemory)}


class EmbedderClient:
    """One child with one embedding model; started when it is first asked."""

    def __init__(
        self,
        info: EmbedderInfo,
        *,
        silence_s: float = SILENCE_S,
        log: Callable[[str], None] = lambda line: None,
        command: Sequence[str] | None = None,
    ) -> None:
        self.info = info
        base = list(command) if command else [sys.executable, "-P", "-m", "engine.child.host"]
        self._process = ChildProcess(base, silence_s=silence_s, log=log)

    @property
    def alive(self) -> bool:
        """Return whether the child runs."""
        return self._process.alive

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        """Return the vector of each text as float16; raises `ModelError`, `ChildError`."""
        answer = self._ask({"op": "embed", "texts": list(texts)})
        whole = base64.b64decode(answer["vectors"])
        size = len(whole) // max(len(texts), 1)
        return [whole[at * size : (at + 1) * size] for at in range(len(texts))]

    def nearest(self, text: str, vectors: Path, *, limit: int) -> list[tuple[int, float]]:
        """Return the vectors of a file that are nearest to a text: row and cosine.

        Raises `ModelError`, `ChildError`.
        """
        answer = self._ask({"op": "nearest", "text": text, "file": str(vectors), "limit": limit})
        return [(int(row), float(cosine)) for row, cosine in answer["nearest"]]

    def close(self) -> None:
        """End the child."""
        self._process.close()

    def _ask(self, request: Mapping[str, Any]) -> Message:
        if not self.alive:
            self._process.start()
            self._answered({"op": "load_embedder", "info": dataclasses.asdict(self.info)})
        return self._answered(request)

    def _answered(self, request: Mapping[str, Any]) -> Message:
        try:
            answer = self._process.ask(request, listener=lambda message: True)
        except BaseException:  # Ctrl-C too: an answer that is left behind would be the next one's
            self.close()
            raise
        if answer.get("event") == "done":
            return answer
        self.close()
        kind = _ERRORS.get(str(answer.get("kind")), ChildFailed)
        raise kind(str(answer.get("message", "")), hint=str(answer.get("hint", "")))
