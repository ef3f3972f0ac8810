"""A person's corrections, from a file beside the transcript: `talk.corrections.json`.

The source is never touched. The file is a list of operations (`engine.text.corrected`), explained
in docs/corrections.md. It is written whole or not at all; a mistake in it is told with its place.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from engine import sidecars
from engine.errors import CorrectionsError
from engine.text.corrected import KINDS, MOST_WORDS, Operation, is_valid
from engine.text.prose import printable

SCHEMA: Final = "llasa.corrections/1"
LARGEST_BYTES: Final = 16 << 20
MOST_OPERATIONS: Final = 100_000
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Corrections:
    """All corrections of one source."""

    operations: tuple[Operation, ...] = ()  # that hold, in the order in which they were made
    undone: tuple[Operation, ...] = ()  # the one undone last at the end
    revision: int = 0  # grows with every save; 0: never saved

    def added(self, operations: Sequence[Operation]) -> Corrections:
        """Return the corrections with more, as one step; what was undone cannot come back then."""
        used = (*self.operations, *self.undone)
        number = max((operation.id for operation in used), default=0)
        step = max((operation.step for operation in used), default=0) + 1
        new = [replace(o, id=number + n, step=step) for n, o in enumerate(operations, start=1)]
        return replace(self, operations=(*self.operations, *new), revision=self.revision + 1)

    def without_last(self) -> Corrections:
        """Return the corrections with the last step undone; the same where there is none."""
        if not self.operations:
            return self
        step = max(operation.step for operation in self.operations)
        return self._moved(step, back=False)

    def with_undone(self) -> Corrections:
        """Return the corrections with the step that was undone last; the same if there is none."""
        if not self.undone:
            return self
        return self._moved(self.undone[-1].step, back=True)

    def without_names(self, labels: Sequence[str]) -> Corrections:
        """Return the corrections without names for these labels: they got others elsewhere."""
        kept = [o for o in self.operations if o.kind != "name" or o.label not in labels]
        if len(kept) == len(self.operations):
            return self
        return replace(self, operations=tuple(kept), revision=self.revision + 1)

    def _moved(self, step: int, *, back: bool) -> Corrections:
        there, here = self.operations, self.undone
        if back:
            moved = [o for o in here if o.step == step]
            there = tuple(sorted((*there, *moved), key=lambda o: o.id))
            here = tuple(o for o in here if o.step != step)
        else:
            moved = [o for o in there if o.step == step]
            here = (*here, *moved)
            there = tuple(o for o in there if o.step != step)
        return Corrections(there, here, self.revision + 1)


def file_for(source: Path) -> Path:
    """Return the path of the corrections of one source, whether it exists or not."""
    return source.with_name(f"{sidecars.base_of(source.name)}.{sidecars.CORRECTIONS}")


def read_beside(source: Path) -> Corrections:
    """Return the corrections of a source; raises `CorrectionsError` for a mistake in the file."""
    return read(file_for(source))


def read(path: Path) -> Corrections:
    """Return the corrections in a file, none if it does not exist; raises `CorrectionsError`."""
    try:
        descriptor = os.open(path, _READ)
    except FileNotFoundError:
        return Corrections()
    except OSError as error:
        raise CorrectionsError("cannot be read", path=printable(str(path))) from error
    with open(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise CorrectionsError("this is not a regular file", path=printable(str(path)))
        data = stream.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise CorrectionsError(f"larger than {LARGEST_BYTES >> 20} MiB", path=printable(str(path)))
    try:
        return parse(json.loads(data))
    except (ValueError, RecursionError) as error:
        what = "this is not JSON"
        if isinstance(error, _Mistake):
            what = str(error)
        raise CorrectionsError(what, path=printable(str(path))) from error


def parse(value: object) -> Corrections:
    """Return the corrections of a parsed file; raises `ValueError` with the place of a mistake."""
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise _Mistake(f"`schema` is not {SCHEMA}: another version of llasa may have written it")
    revision = value.get("revision")
    if not isinstance(revision, int) or not _is_count(revision):
        raise _Mistake("`revision` is not a number")
    return Corrections(_operations(value, "operations"), _operations(value, "undone"), revision)


def dump(corrections: Corrections, *, name: str, sha256: str, words: int) -> str:
    """Return the text of a file of corrections; the source is described for those who read it."""
    value = {
        "schema": SCHEMA,
        "revision": corrections.revision,
        "source": {"name": printable(name), "sha256": sha256, "words": words},
    }
    lines = json.dumps(value, ensure_ascii=False, indent=2)[:-2]  # without the last brace
    for key, operations in (
        ("operations", corrections.operations),
        ("undone", corrections.undone),
    ):
        rows = ",\n".join("    " + json.dumps(to_json(o), ensure_ascii=False) for o in operations)
        lines += f',\n  "{key}": ' + (f"[\n{rows}\n  ]" if rows else "[]")
    return lines + "\n}\n"


def write(path: Path, text: str, *, mode: int) -> None:
    """Write a file of corrections, whole or not at all; raises `OutputError`."""
    sidecars.write_file(path, text, mode=mode)


def to_json(operation: Operation) -> dict[str, Any]:
    """Return an operation as it is written: without what its kind does not have."""
    found: dict[str, Any] = {"id": operation.id, "step": operation.step, "op": operation.kind}
    if operation.kind == "name":
        found["label"] = operation.label
    else:
        found |= {"at": operation.at, "word": operation.word}
        found |= {"before": operation.before, "after": operation.after}
    if operation.kind in ("word", "speaker"):
        found["count"] = operation.count
    found |= {"from": operation.was, "to": operation.to}
    if operation.kind == "word":
        found["glossary"] = operation.glossary
    return found | {"made_at": operation.made_at}


def from_json(value: object, where: str) -> Operation:
    """Return the operation of a parsed object; raises `ValueError` naming the place.

    Keys that are not known are ignored; a newer llasa may have written them.
    """
    if not isinstance(value, dict):
        raise _Mistake(f"{where} is not an object")
    kind = value.get("op")
    if kind not in KINDS:
        raise _Mistake(f"{where}.op is none of {', '.join(KINDS)}")
    texts = {key: value.get(key, "") for key in ("word", "before", "after", "label", "made_at")}
    for key, text in texts.items():
        if not isinstance(text, str):
            raise _Mistake(f"{where}.{key} is not a text")
    numbers = {key: value.get(key, least) for key, least in (("id", 0), ("step", 0), ("count", 1))}
    numbers["at"] = value.get("at", -1) if kind == "name" else value.get("at")
    for key, number in numbers.items():
        if not (_is_count(number) or (kind == "name" and key == "at")):
            raise _Mistake(f"{where}.{key} is not a number")
    if not 1 <= numbers["count"] <= (1 << 20 if kind == "speaker" else MOST_WORDS):
        raise _Mistake(f"{where}.count is out of range")
    to, was = value.get("to"), value.get("from")
    # The word that a capital is for is not known here: what no longer fits is told when applied.
    takes_back = kind == "name" and to is None
    if not takes_back and not is_valid(kind, to, written=str(to)):
        raise _Mistake(f"{where}.to cannot be the value of `{kind}`")
    if was is not None and not isinstance(was, str | bool):
        raise _Mistake(f"{where}.from is neither a text nor true or false")
    glossary = value.get("glossary", False)
    return Operation(kind=kind, to=to, was=was, glossary=glossary is True, **texts, **numbers)


def _operations(value: dict[str, Any], key: str) -> tuple[Operation, ...]:
    listed = value.get(key, [])
    if not isinstance(listed, list):
        raise _Mistake(f"`{key}` is not a list")
    if len(listed) > MOST_OPERATIONS:
        raise _Mistake(f"`{key}` has more than {MOST_OPERATIONS:,} operations")
    return tuple(from_json(item, f"{key}[{n}]") for n, item in enumerate(listed))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53


class _Mistake(ValueError):
    """A place of the file with what is wrong there; never the text of a transcript."""
