"""Which reader a JSON document needs: each family is asked in turn, the surest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.errors import NotATranscript
from engine.reading import (
    chunks,
    foreign,
    lists,
    services,
    standards,
    whisper_family,
    whispercpp,
)
from engine.reading.reasons import Reason
from engine.records import Transcript

Reader = Callable[[Any, str], Transcript]

_FAMILIES: tuple[tuple[Callable[[Any], str | None], Reader], ...] = (
    (services.producer_of, services.read),
    (whispercpp.producer_of, whispercpp.read),
    (chunks.producer_of, chunks.read),
    (whisper_family.producer_of, whisper_family.read),
    (lists.producer_of, lists.read),
)


def detect(document: Any) -> tuple[str, Reader]:
    """Return the producer of a document and the reader for it.

    Raises `NotATranscript`, with a reason and a message for the user, where there is none.
    """
    refusal = foreign.own_output(document)
    if refusal is None:
        documented = standards.producer_of(document)
        if documented is not None:
            return documented, standards.read
        refusal = foreign.foreign_service(document)
    if refusal is not None:
        raise refusal
    for producer_of, reader in _FAMILIES:
        producer = producer_of(document)
        if producer is not None:
            return producer, reader
    raise NotATranscript(
        f"This is JSON, but not a transcript that llasa knows: {_describe(document)}.",
        reason=Reason.NOT_A_TRANSCRIPT,
    )


def _describe(document: Any) -> str:
    if isinstance(document, dict):
        if not document:
            return "an empty object"
        keys = ", ".join(ascii(key)[:40] for key in list(document)[:5])
        return f"an object with {keys}" + (" and more" if len(document) > 5 else "")
    if isinstance(document, list):
        return f"a list of {len(document)}"
    return "a single value"
