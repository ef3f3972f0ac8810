"""Corrections of the review page -> the text as its user wants it; pure.

The file is `talk.corrections.json`, in the form `llasa.corrections/1`: operations in order, each
anchored at a word of the source as it was read. One that does not fit its word is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from engine import sidecars
from engine.records import EnhancedWord
from engine.records import Word as SourceWord
from engine.text.marks import letters
from engine.text.readings import take_apart
from engine.tuning.records import Proposal

SCHEMA: Final = "llasa.corrections/1"
MOST_BYTES: Final = 16 * 1024 * 1024
#: Words around the place of an operation in which its word is looked for.
REACH: Final = 200


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A text with its corrections."""

    words: tuple[EnhancedWord, ...]
    applied: int
    misfits: int
    proposals: tuple[Proposal, ...]


def file_for(source: Path) -> Path:
    """Return where the corrections of a source are."""
    return source.with_name(f"{sidecars.base_of(source.name)}.corrections.json")


def read(path: Path) -> list[Mapping[str, Any]]:
    """Return the operations of a file; none where it is not there or not understood."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return []
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        return []
    operations = data.get("operations")
    return (
        [one for one in operations if isinstance(one, dict)] if isinstance(operations, list) else []
    )


def apply(
    source: Sequence[SourceWord],
    machine: Sequence[EnhancedWord],
    operations: Sequence[Mapping[str, Any]],
) -> Reviewed:
    """Return the words of the machine as they were corrected.

    `source` are the words as they were read, whose numbers the operations name.
    """
    places = _places(source, machine)
    words = list(machine)
    applied = misfits = 0
    proposals: list[Proposal] = []
    for one in operations:
        kind, to = one.get("op"), one.get("to")
        if kind == "name":
            continue
        at = _anchored(source, one)
        place = None if at is None else places.get(at)
        if place is None or at is None:
            misfits += 1
            continue
        if kind == "word":
            count = one.get("count", 1)
            heard = " ".join(take_apart(word.text).core for word in source[at : at + int(count)])
            if isinstance(to, str) and to:
                proposals.append(Proposal(heard, to))
            continue
        changed = _changed(words[place], str(kind), to)
        if changed is None:
            misfits += 1
            continue
        words[place] = changed
        applied += 1
    return Reviewed(tuple(words), applied, misfits, tuple(proposals))


def _changed(word: EnhancedWord, kind: str, to: Any) -> EnhancedWord | None:
    written = take_apart(word.text)
    if kind == "paragraph" and isinstance(to, bool):
        return replace(word, paragraph=to)
    if kind == "speaker" and isinstance(to, str):
        return replace(word, word=replace(word.word, speaker=to))
    if not isinstance(to, str):
        return None
    if kind == "mark":
        return replace(word, text=written.lead + written.core + to)
    if kind == "case" and to.casefold() == written.core.casefold():
        return replace(word, text=written.lead + to + written.trail)
    if kind == "opening":
        return replace(word, text=to + written.core + written.trail)
    return None


def _places(source: Sequence[SourceWord], machine: Sequence[EnhancedWord]) -> dict[int, int]:
    """Return the place of each word of the source among those of the machine.

    Cleaning took words out and the glossary put some in the place of others; the rest follows in
    order.
    """
    out: dict[int, int] = {}
    number = 0
    for place, enhanced in enumerate(machine):
        own = enhanced.word
        if own.heard is not None:
            number += own.stands_for if own.heard else 0
            continue
        ahead = number
        while ahead < len(source) and (
            source[ahead].text != own.text or source[ahead].start_s != own.start_s
        ):
            ahead += 1
        if ahead < len(source):
            out[ahead] = place
            number = ahead + 1
    return out


def _anchored(source: Sequence[SourceWord], one: Mapping[str, Any]) -> int | None:
    """Return the number of the word that an operation means, None where it fits none."""
    at, word = one.get("at"), one.get("word")
    if not isinstance(at, int) or not isinstance(word, str):
        return None
    if _fits(source, at, one, both=False):
        return at
    near = [
        n
        for n in range(max(0, at - REACH), min(len(source), at + REACH + 1))
        if _fits(source, n, one, both=True)
    ]
    return min(near, key=lambda n: abs(n - at)) if near else None


def _fits(source: Sequence[SourceWord], n: int, one: Mapping[str, Any], *, both: bool) -> bool:
    if not 0 <= n < len(source) or _heard(source[n].text) != _heard(str(one["word"])):
        return False
    before = _heard(source[n - 1].text) if n > 0 else ""
    after = _heard(source[n + 1].text) if n + 1 < len(source) else ""
    same = [
        before == _heard(str(one.get("before", ""))),
        after == _heard(str(one.get("after", ""))),
    ]
    return all(same) if both else any(same)


def _heard(text: str) -> str:
    return letters(text).casefold()
