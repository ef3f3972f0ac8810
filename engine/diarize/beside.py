"""The turns of a source, kept in `talk.speakers.json` beside it: read, written, taken back.

The file holds the turns that count, a hash of them, and those of the search before. Where the hash
does not fit, somebody has edited the turns: they count, and no search ever replaces them.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine import sidecars
from engine.diarize.records import Count, Found, Turn
from engine.errors import SpeakersError

SCHEMA: Final = "llasa.speakers/1"
SUFFIX: Final = "speakers.json"
_LARGEST_BYTES: Final = 32 << 20
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Kept:
    """What the file beside a source holds."""

    turns: tuple[Turn, ...]
    edited: bool  # by hand, since it was written
    before: Any  # the search before, as it stands in the file; None where there was none


def file_for(source: Path) -> Path:
    """Return the path of a source's turns, whether it exists or not."""
    return sidecars.paths_for(source, [SUFFIX])[SUFFIX]


def turns_beside(source: Path) -> tuple[Turn, ...]:
    """Return the turns of a source, none where there is no file; raises `SpeakersError`."""
    kept = read(file_for(source))
    return () if kept is None else kept.turns


def read(path: Path) -> Kept | None:
    """Return what a file holds, None if it does not exist; raises `SpeakersError`."""
    data = _bytes(path)
    if data is None:
        return None
    try:
        value = json.loads(data)
        if value["schema"] != SCHEMA:
            raise SpeakersError("this is not a file of turns that llasa knows", path=str(path))
        turns = tuple(_turn(entry) for entry in value["turns"])
    except SpeakersError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SpeakersError(
            "the turns cannot be read",
            allowed='{"start_s": 0.5, "end_s": 3.2, "speaker": "SPEAKER_00"} for each',
            path=str(path),
        ) from error
    return Kept(turns, value.get("check") != _check(turns), value.get("before"))


def write(source: Path, found: Found, *, mode: int) -> sidecars.Written:
    """Write what was found beside a source; turns that were edited by hand stay.

    Then ours get a number and do not count. Raises `OutputError`.
    """
    path = file_for(source)
    try:
        before = read(path)
    except SpeakersError:
        before = Kept((), edited=True, before=None)
    previous = _bytes(path) if before is not None and not before.edited else None
    content = _content(found, before=json.loads(previous) if previous else None)
    known = {str(path): hashlib.sha256(previous).hexdigest()} if previous else {}
    return sidecars.write_new(path, content, mode=mode, previous=known)


def undo(source: Path, *, mode: int) -> bool:
    """Put the search before the last one back, or no turns; return whether there was any.

    Raises `SpeakersError` for turns that were edited by hand.
    """
    path = file_for(source)
    kept = read(path)
    if kept is None:
        return False
    if kept.edited:
        raise SpeakersError("somebody has edited the turns; move the file away", path=str(path))
    if kept.before is None:
        path.unlink()
    else:
        sidecars.write_file(path, _dump(kept.before), mode=mode)
    return True


def _content(found: Found, *, before: Any) -> str:
    if isinstance(before, dict):
        before = {**before, "before": None}  # one step back is kept
    seconds: Counter[str] = Counter()
    for turn in found.turns:
        seconds[turn.speaker] += turn.end_s - turn.start_s  # type: ignore[assignment]
    return _dump(
        {
            "schema": SCHEMA,
            "recording": {"name": found.recording, "duration_s": found.duration_s},
            "found_by": {"tool": found.tool, "told": _told(found.count)},
            "speakers": [
                {"label": label, "seconds": round(seconds[label], 1)} for label in sorted(seconds)
            ],
            "turns": [_entry(turn) for turn in found.turns],
            "check": _check(found.turns),
            "before": before,
        }
    )


def _told(count: Count) -> dict[str, int]:
    return {"least": count.least, "most": count.most}


def _entry(turn: Turn) -> dict[str, Any]:
    return {
        "start_s": turn.start_s,
        "end_s": turn.end_s,
        "speaker": turn.speaker,
        "confidence": turn.confidence,
    }


def _turn(entry: Any) -> Turn:
    start, end, speaker = float(entry["start_s"]), float(entry["end_s"]), entry["speaker"]
    if not (math.isfinite(start) and math.isfinite(end)) or end < start or start < 0:
        raise ValueError("times out of order")
    if not isinstance(speaker, str) or not speaker.strip() or not speaker.isprintable():
        raise ValueError("not a label")
    sure = entry.get("confidence")
    return Turn(start, end, speaker.strip(), float(sure) if sure is not None else None)


def _check(turns: Sequence[Turn]) -> str:
    rows = [[turn.start_s, turn.end_s, turn.speaker] for turn in turns]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]


def _dump(value: Any) -> str:
    """Return the file's text, a turn on each line, for people who edit it."""
    head = {key: value[key] for key in value if key not in ("turns", "check", "before")}
    lines = ",\n".join("    " + json.dumps(turn, ensure_ascii=False) for turn in value["turns"])
    parts = [f'  "{key}": {json.dumps(head[key], ensure_ascii=False)}' for key in head]
    parts.append(f'  "turns": [\n{lines}\n  ]' if lines else '  "turns": []')
    parts += [
        f'  "{key}": {json.dumps(value[key], ensure_ascii=False)}' for key in ("check", "before")
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _bytes(path: Path) -> bytes | None:
    try:
        descriptor = os.open(path, _READ)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise SpeakersError("cannot be read", path=str(path)) from error
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise SpeakersError("this is not a regular file", path=str(path))
        data = file.read(_LARGEST_BYTES + 1)
    if len(data) > _LARGEST_BYTES:
        raise SpeakersError(f"larger than {_LARGEST_BYTES >> 20} MiB", path=str(path))
    return data
