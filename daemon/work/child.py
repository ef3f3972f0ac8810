"""Keep one model child: started for work, ended when idle, replaced before it grows old."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from daemon.config import Config
from daemon.log import Log
from engine.child.client import Loaded, ModelClient
from engine.models import catalog
from engine.records import ModelInfo

RECYCLE_TOKENS: Final = 150_000  # well below the 318,780 after which Metal ran out of handles

ClientMaker = Callable[[ModelInfo], ModelClient]


class ModelKeeper:
    """The one model child of the daemon.

    All methods belong to the worker's thread, except `interrupt`, which any thread may call.
    """

    def __init__(
        self,
        config: Config,
        log: Log,
        *,
        make: ClientMaker | None = None,
        recycle_tokens: int = RECYCLE_TOKENS,
    ) -> None:
        self._config = config
        self._log = log
        self._make = make or self._real_client
        self._recycle_tokens = recycle_tokens
        self._lock = threading.Lock()
        self._client: ModelClient | None = None
        self._used_at = 0.0
        self._renamed: set[str] = set()  # former names that the log has been told of

    def describe(self, model: str) -> ModelInfo:
        """Return the description of a model; raises ModelNotFound, ModelRefused."""
        info = catalog.describe(model, base=self._config.home.path)
        if model in catalog.FORMER_NAMES and model not in self._renamed:
            self._renamed.add(model)
            self._log.info("model.renamed", former=model, model=info.name)
        return info

    def ready(self, info: ModelInfo, now: float) -> tuple[ModelClient, Loaded]:
        """Return the child with this model loaded; start or replace it if necessary.

        Raises ModelError when the model cannot be used, ChildError when the child dies loading it.
        """
        client = self._client
        if client is not None and client.info != info:
            self.close("other_model")
        elif client is not None and client.alive and client.tokens >= self._recycle_tokens:
            self.close("recycled")
        with self._lock:
            client = self._client = self._client or self._make(info)
        fresh = not client.alive
        if fresh:
            self._log.info("model.starting", model=info.name)
        loaded = client.start()
        if fresh:
            self._log.info(
                "model.started",
                model=info.name,
                device=loaded.device_path,
                load_s=round(loaded.load_s, 2),
                pid=loaded.pid,
            )
        self._used_at = now
        return client, loaded

    def touch(self, now: float) -> None:
        """Note that the child has just worked."""
        self._used_at = now

    @property
    def loaded(self) -> Loaded | None:
        """Return what the running child reported when it was ready, None without a child."""
        client = self._client
        return client.loaded if client is not None and client.alive else None

    def memory_bytes(self) -> int | None:
        """Return the peak memory that the child last reported, None without a child."""
        client = self._client
        return client.memory_bytes() if client is not None else None

    def unload_if_idle(self, now: float) -> bool:
        """End a child that has been idle for `idle_unload_s`; return whether it was ended."""
        client = self._client
        if client is None or not client.alive:
            return False
        if now - self._used_at < self._config.idle_unload_s:
            return False
        self.close("idle")
        return True

    def unload_at(self) -> float | None:
        """Return when `unload_if_idle` will end the child, None when none runs."""
        client = self._client
        if client is None or not client.alive:
            return None
        return self._used_at + self._config.idle_unload_s

    def interrupt(self) -> None:
        """End the child at once, from any thread; a thread that waits for it gets ChildDied."""
        with self._lock:
            client = self._client
        if client is not None:
            client.close()

    def close(self, reason: str) -> None:
        """End the child and forget its client."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            if client.alive:
                self._log.info("model.ended", reason=reason)
            client.close()

    def _real_client(self, info: ModelInfo) -> ModelClient:
        return ModelClient(
            info,
            silence_s=self._config.silence_s,
            device=self._config.device,
            log=self._child_said,
            lock_path=Path(self._config.home.model_lock),
        )

    def _child_said(self, line: str) -> None:
        self._log.warning("model.said", line=line)
