"""Finished part -> checkpoint, and back: what the model chose, kept in the database as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, get_args

from engine.records import EnhancedPart, Part, Served, ServedReason
from engine.text import terms


def dump(part: EnhancedPart) -> str:
    """Return a finished part as JSON: what was written, not the words it came from."""
    return json.dumps(
        {
            "status": part.status,
            "words": [[word.text, word.paragraph] for word in part.words],
            "tokens": part.tokens,
            "passes": part.passes,
            "decode_s": part.decode_s,
            "ties": part.ties,
            **served_to_json(part.served),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


def load(part: Part, payload: str) -> EnhancedPart:
    """Read a checkpoint back onto its part; raises `AlignmentError` where they do not fit.

    After an upgrade the same bytes may be cut or cleaned in another way. Raises `ValueError`,
    `KeyError` or `TypeError` for a payload that is no checkpoint.
    """
    data = json.loads(payload)
    return EnhancedPart(
        index=part.index,
        status=data["status"],
        words=terms.fit(part, data["words"]),
        tokens=data["tokens"],
        passes=data["passes"],
        decode_s=data["decode_s"],
        ties=data["ties"],
        served=served_from_json(data),
    )


def served_to_json(served: Served | None) -> dict[str, Any]:
    """Return what a server decided of a part; nothing where none was asked."""
    return {} if served is None else {"served": dataclasses.asdict(served)}


def served_from_json(data: Mapping[str, Any]) -> Served | None:
    """Read it back; raises `KeyError`, `TypeError`, `ValueError`."""
    found = data.get("served")
    if found is None:
        return None
    otherwise, reason = found["otherwise"], found["reason"]
    if otherwise not in ("embedded", "source"):
        raise ValueError("this is not who decides without a server")
    if reason not in (None, *get_args(ServedReason)):
        raise ValueError("this is not why an answer was not taken")
    return Served(otherwise, int(found["taken"]), reason)
