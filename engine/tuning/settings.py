"""The line of llasa.toml that makes a model the one that is used, and the lines before it; pure.

The former line stays above the new one as a comment, the last one nearest, so that undoing is a
matter of one line, by hand or by command.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Final

from engine.tuning.errors import TuningError

_NOTE: Final = "  # before `llasa-cli tune use`"
_SECTION: Final = re.compile(r"^\s*\[")
_NONE: Final = "(no line)"


def used(text: str, key: str, model: str) -> str:
    """Return settings in which `key` names a model; the line before is kept as a comment.

    Raises `TuningError` where the settings cannot be changed safely.
    """
    lines = text.splitlines()
    wanted = f"{key} = {json.dumps(model, ensure_ascii=False)}"
    place = _place(lines, key)
    if place is not None:
        if lines[place].strip() == wanted:
            return text
        lines[place : place + 1] = [f"# {lines[place].rstrip()}{_NOTE}", wanted]
    else:
        end = next((n for n, line in enumerate(lines) if _SECTION.match(line)), len(lines))
        lines[end:end] = [f"# {key} {_NONE}{_NOTE}", wanted, *([""] if end < len(lines) else [])]
    return _checked(text, lines, key, model)


def undone(text: str, key: str) -> tuple[str, str | None]:
    """Return settings with the line before, and the model that it names; None: no line.

    Raises `TuningError` where there is none.
    """
    lines = text.splitlines()
    place = _place(lines, key)
    if place is None or not _remembered(lines, place, key):
        raise TuningError(
            f"llasa.toml does not say which {key} there was before.",
            hint=f"Write the line by hand: {key} = ...",
        )
    before = lines[place - 1].removeprefix("# ").split(_NOTE)[0]
    if before.endswith(_NONE):
        blank = place + 1 < len(lines) and not lines[place + 1].strip()  # `used` put it there
        del lines[place - 1 : place + 1 + blank]
        return _checked(text, lines, key, None), None
    lines[place - 1 : place + 1] = [before]
    model = str(tomllib.loads(before)[key])
    return _checked(text, lines, key, model), model


def _place(lines: list[str], key: str) -> int | None:
    """Return the line of a key outside of every section."""
    pattern = re.compile(rf"^{re.escape(key)}\s*=")
    for number, line in enumerate(lines):
        if _SECTION.match(line):
            return None
        if pattern.match(line):
            return number
    return None


def _remembered(lines: list[str], place: int, key: str) -> bool:
    return place > 0 and lines[place - 1].startswith(f"# {key} ") and _NOTE in lines[place - 1]


def _checked(before: str, lines: list[str], key: str, model: str | None) -> str:
    """Return the text of lines after a look at what it says: one key changed and nothing else."""
    text = "\n".join(lines) + "\n"
    try:
        old, new = tomllib.loads(before), tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TuningError(
            f"llasa.toml cannot be changed: {error}", hint="Correct it, then run this again."
        ) from error
    old.pop(key, None)
    if new.pop(key, None) != model or old != new:
        raise TuningError(
            "llasa.toml has a form in which no line can be changed safely.",
            hint=f"Write the line by hand: {key} = {json.dumps(model)}",
        )
    return text
