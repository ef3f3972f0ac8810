"""Finished part -> checkpoint, and back: what the model chose, kept in the database as JSON."""

from __future__ import annotations

import json

from engine.records import EnhancedPart, Part
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
    )
