"""The tuning child: `python -P -m engine.tuning.host [LOCK]`; training never runs anywhere else.

It is a model child with operations of its own: a model that learns fills the memory as one that
works does, so it holds the same lock.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from engine.child import host
from engine.child.operations import Host, Operation, Request, memory_bytes
from engine.tuning.store import Run


def tagger(own: Host, request: Request) -> None:
    """Train a tagger until it is done or the parent cancels it."""
    from engine.tuning import tagger_run

    options = tagger_run.Options(**request["options"])
    _train(own, request, tagger_run.train, options)


def chat(own: Host, request: Request) -> None:
    """Train a chat model until it is done or the parent cancels it."""
    from engine.models.device import use_fast_blas

    use_fast_blas()
    from engine.tuning import chat_run

    options = chat_run.Options(**request["options"])
    _train(own, request, chat_run.train, options)


def _train(own: Host, request: Request, train: Any, options: Any) -> None:
    number = int(request["number"])

    def report(**said: Any) -> bool:
        own.send(event="progress", memory_bytes=memory_bytes(), **said)
        return own.cancelled == number

    run = Run(str(request["name"]), Path(request["folder"]))
    facts = train(run, options, report=report)
    own.send(event="done", memory_bytes=memory_bytes(), **facts)


OPERATIONS: Final[dict[str, Operation]] = {"tagger": tagger, "chat": chat}


if __name__ == "__main__":
    host.main(OPERATIONS)
