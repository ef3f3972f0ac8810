"""What the user wants to be told, and how: a table of llasa.toml becomes a hook."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args
from urllib.parse import urlsplit

from daemon.errors import WrongValue

Channel = Literal["notify", "command", "webhook"]
CHANNELS: Final[tuple[Channel, ...]] = get_args(Channel)
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_KEYS: Final = ("notify", "command", "webhook", "host", "text", "timeout_s")
_ALLOWED: Final = (
    "a table of notify = true, command = [PROGRAM, ARGUMENT ...], webhook = URL, host = NAME, "
    "text = true and timeout_s = SECONDS"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """What happens at one event; without a channel, nothing."""

    notify: bool = False  # a notification of the system
    command: tuple[str, ...] = ()  # program and arguments; the result is on its standard input
    webhook: str | None = None  # the result is posted there
    host: str | None = None  # the host of the webhook, said again; None for this machine
    text: bool = False  # the text and its title are part of the result
    timeout_s: float = 30.0  # after which a process of ours is ended

    @property
    def channels(self) -> Iterator[Channel]:
        """Yield the channels that are used."""
        used = {"notify": self.notify, "command": self.command, "webhook": self.webhook}
        return (channel for channel in CHANNELS if used[channel])

    def to_table(self) -> dict[str, Any]:
        """Return the hook as llasa.toml would give it."""
        if not any(self.channels):
            return {}
        table: dict[str, Any] = {"notify": self.notify, "text": self.text}
        if self.command:
            table["command"] = list(self.command)
        if self.webhook:
            table["webhook"] = self.webhook
        if self.host:
            table["host"] = self.host
        return {**table, "timeout_s": self.timeout_s}


def hook_of(value: Any) -> Hook:
    """Return the hook in a table of the settings; raise WrongValue for a mistake in it."""
    if not isinstance(value, dict) or not set(value) <= set(_KEYS):
        raise WrongValue(_ALLOWED)
    for key in ("notify", "text"):
        if not isinstance(value.get(key, False), bool):
            raise WrongValue(f"{key} = true or false")
    timeout_s = value.get("timeout_s", 30)
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, int | float):
        raise WrongValue("timeout_s = a number from 1 to 600")
    if not 1 <= timeout_s <= 600:
        raise WrongValue("timeout_s = a number from 1 to 600")
    host = value.get("host")
    if host is not None and (not isinstance(host, str) or not host.strip()):
        raise WrongValue("host = the name of the webhook's host")
    return Hook(
        notify=value.get("notify", False),
        command=_command(value.get("command", [])),
        webhook=_webhook(value["webhook"], host) if "webhook" in value else None,
        host=host,
        text=value.get("text", False),
        timeout_s=float(timeout_s),
    )


def _command(value: Any) -> tuple[str, ...]:
    words = [value] if isinstance(value, str) else value
    if not isinstance(words, list) or not all(
        isinstance(word, str) and "\0" not in word for word in words
    ):
        raise WrongValue('command = a program and its arguments, such as ["~/bin/done", "--quiet"]')
    if words and not words[0].strip():
        raise WrongValue('command = a program and its arguments, such as ["~/bin/done", "--quiet"]')
    return tuple(os.path.expanduser(word) if n == 0 else word for n, word in enumerate(words))


def _webhook(value: Any, host: str | None) -> str:
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
        name, _ = parts.hostname, parts.port
    except ValueError:
        name = None
    if name is None or parts.scheme not in ("http", "https") or not _plain(value):
        raise WrongValue("webhook = a URL such as http://127.0.0.1:8123/llasa")
    if parts.username is not None or parts.password is not None:
        raise WrongValue("webhook = a URL without a password in it")
    if name not in LOOPBACK and name != (host or "").lower():
        raise WrongValue(
            f'a webhook on this machine, or host = "{name}" beside it, because it sends the names '
            "of your files to that machine"
        )
    return str(value)


def _plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text
