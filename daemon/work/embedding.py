"""Passages of the library -> their vectors, where an embedding model is configured.

What has no vector of this model is what is missing: a new passage, a library that was deleted,
another model. A few passages are done at a time, and only when nothing else is to be done.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from daemon.config import Config
from daemon.log import Log
from engine.ask import stored
from engine.child.embedder import EmbedderClient
from engine.errors import ChildError, EngineError
from engine.models.embedders import EmbedderInfo, describe
from state.library.library import Library
from state.library.records import Unembedded
from state.library.vectors import forget_others, of_others, put_vectors, unembedded

BATCH: Final = 8  # passages that are embedded before the queue is looked at again
LOOK_S: Final = 60.0  # between two looks at what is missing, if nothing was put in
PAUSE_S: Final = 600.0  # after a model that cannot be used, or a child that failed


class PassageEmbedder:
    """Gives passages their vectors; `step` does a few. For the worker's thread."""

    def __init__(
        self,
        config: Config,
        log: Log,
        *,
        clock: Callable[[], float],
        at_step: Callable[[str], None] = lambda name: None,
        make: Callable[[EmbedderInfo], EmbedderClient] = EmbedderClient,
    ) -> None:
        self._config = config
        self._log = log
        self._clock = clock
        self._at_step = at_step
        self._make = make
        self._client: EmbedderClient | None = None
        self._due = 0.0
        self._failing = ""
        self._count = 0  # passages since the child was started
        self._tidy = False  # nothing is left of another model

    def close(self) -> None:
        """End the child."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def look(self) -> None:
        """Look for what is missing at the next step, unless a model has just failed."""
        if not self._failing:
            self._due = 0.0

    def step(self, library: Library) -> bool:
        """Embed a few passages; return whether more are missing.

        A model that cannot be used is logged and waits: search goes on by words. Raises the errors
        of the library.
        """
        name = self._config.embedding_model
        if name is None:
            if not self._tidy:
                forget_others(library, None)
                self._tidy = True
            return False
        if self._clock() < self._due:
            return False
        try:
            return self._embed(library, name)
        except EngineError as error:
            self.close()
            self._due = self._clock() + PAUSE_S  # whatever is put in meanwhile
            if self._failing != type(error).__name__:
                self._failing = type(error).__name__
                detail = "" if isinstance(error, ChildError) else str(error)[:300]
                self._log.error("embedding.failed", kind=self._failing, detail=detail)
            return False

    def _embed(self, library: Library, name: str) -> bool:
        info = (
            self._client.info
            if self._client is not None
            else describe(name, base=self._config.home.path)
        )
        rows = unembedded(library, info.identity, limit=BATCH)
        if not rows:
            self._finish(library, info)
            self._due = self._clock() + LOOK_S
            return False
        if self._client is None:
            self._client = self._make(info)
            self._log.info("embedding.began", model=info.name)
            if others := of_others(library, info.identity):
                self._log.info("embedding.model_changed", model=info.name, passages=others)
        vectors = self._client.embed([_text_of(row) for row in rows])
        self._at_step("embedded")
        self._count += put_vectors(
            library, info.identity, zip((row.id for row in rows), vectors, strict=True)
        )
        self._at_step("vectors_kept")
        self._failing = ""
        return True

    def _finish(self, library: Library, info: EmbedderInfo) -> None:
        if not self._tidy:
            forget_others(library, info.identity)
            self._tidy = True
        if self._client is not None:
            self._log.info("embedding.finished", model=info.name, passages=self._count)
            self._count = 0
            self.close()


def _text_of(row: Unembedded) -> str:
    passage = stored.load(row.body, position=row.position, start_s=row.start_s, end_s=row.end_s)
    return passage.text
