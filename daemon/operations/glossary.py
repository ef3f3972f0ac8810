"""Put a pair of heard and correct words into `[glossary]` of llasa.toml, as a person asked."""

from __future__ import annotations

import re
import tomllib
from typing import Any, Final

from daemon import checks
from daemon.config import Config
from daemon.errors import WrongValue
from daemon.operations import settings_file
from daemon.operations.errors import InvalidRequest
from daemon.operations.session import Session
from daemon.operations.settings_file import quoted

_HEADER: Final = re.compile(r"[ \t]*\[[ \t]*glossary[ \t]*\][ \t]*(?:#.*)?$")
_ANY_HEADER: Final = re.compile(r"[ \t]*\[")
_NOTHING: Final = re.compile(r"[ \t]*(?:#.*)?$")


def add(session: Session, heard: str, correct: str) -> tuple[str, str]:
    """Add a pair behind the others and return it; comments and everything else stay as they are.

    Raises InvalidRequest for words that make no pair, or whose heard words are there already, and
    NotPossible for settings that cannot be edited safely.
    """
    heard, correct = " ".join(heard.split()), " ".join(correct.split())
    try:
        checks.glossary({heard: correct})
    except WrongValue as error:
        raise InvalidRequest(f"A glossary has {error}.") from error
    known = session.config.default.glossary
    same = next((pair for pair in known.items() if pair[0].casefold() == heard.casefold()), None)
    if same is not None:
        raise InvalidRequest(f"The glossary has it already: {line_of(*same)}")
    text = settings_file.text_of(session)
    meant = _table(text)
    meant["glossary"] = {**meant.get("glossary", {}), heard: correct}
    changed = _with_line(text, line_of(heard, correct))

    def is_meant(_: Config) -> bool:
        return _table(changed) == meant

    settings_file.save(
        session, changed, is_meant, what="The glossary",
        by_hand=f"Write below [glossary] by hand: {line_of(heard, correct)}",
    )  # fmt: skip
    return heard, correct


def line_of(heard: str, correct: str) -> str:
    """Return a pair as a line of llasa.toml."""
    return f"{quoted(heard)} = {quoted(correct)}"


def elsewhere(config: Config) -> list[str]:
    """Return the names of the profiles that have a glossary of their own in place of this one."""
    own = config.default.glossary
    return [rule.profile.name for rule in config.rules if rule.profile.glossary != own]


def _table(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return {}


def _with_line(text: str, line: str) -> str:
    """Return the settings with a line at the end of the glossary; without one, with a new one."""
    lines = text.splitlines(keepends=True)
    begin = next((n for n, each in enumerate(lines) if _HEADER.match(each.rstrip("\r\n"))), None)
    if begin is None:
        gap = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}[glossary]\n{line}\n"
    last = begin
    for n in range(begin + 1, len(lines)):
        if _ANY_HEADER.match(lines[n]):
            break
        if not _NOTHING.match(lines[n].rstrip("\r\n")):
            last = n
    if not lines[last].endswith("\n"):
        lines[last] += "\n"
    return "".join([*lines[: last + 1], f"{line}\n", *lines[last + 1 :]])
