"""A model that a server of the user answers for: its address as a name, and which hosts are near.

`http://HOST:PORT/v1#MODEL` names a model on a server with the interface of OpenAI. Nothing leaves
the machine and its own network unless the user names another host a second time, after the model:
`https://HOST/v1#MODEL host=HOST`. Nothing is connected here.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urlsplit

from engine.errors import ModelRefused
from engine.records import Server

_FORM: Final = re.compile(r"(?P<url>https?://[^\s#]+)#(?P<model>\S+)(?: host=(?P<host>\S+))?")
#: Ends of names that no public host has.
_NEAR_ENDS: Final = (".local", ".localhost", ".lan", ".internal", ".home.arpa")
_EXAMPLE: Final = "http://127.0.0.1:8000/v1#NAME"


def is_address(model: str) -> bool:
    """Return whether the name of a model is the address of a server."""
    return model.startswith(("http://", "https://"))


def named_again(model: str, host: str | None) -> str:
    """Return the name of a model with the host that the user allowed beside it."""
    if host is None or not is_address(model) or " host=" in model:
        return model
    return f"{model} host={host.strip().lower()}"


def parse(model: str) -> Server:
    """Return the server that a name means; raises `ModelRefused` for what is not allowed."""
    found = _FORM.fullmatch(model)
    if found is None:
        raise ModelRefused(
            "This is not the address of a model on a server.",
            hint=f"Write it as {_EXAMPLE}; the server lists its models at its /v1/models.",
        )
    try:
        parts = urlsplit(found["url"])
        host, _ = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host = ""
    if not host or parts.query:
        raise ModelRefused("The address of the server is not one.", hint=f"Such as {_EXAMPLE}.")
    if parts.username is not None or parts.password is not None:
        raise ModelRefused(
            "The address of the server has a password in it, which every output would name.",
            hint="Leave it out and put the key into the variable LLASA_SERVER_KEY.",
        )
    elsewhere = not is_near(host)
    if elsewhere and (found["host"] or "").lower() != host:
        raise ModelRefused(
            f"{host} is outside of this machine and its network: what was said would go there.",
            hint=f"If that is what you want, say so: --allow-host {host}, or "
            f'model_host = "{host}" beside `model` in llasa.toml.',
        )
    return Server(url=found["url"].rstrip("/"), model=found["model"], elsewhere=elsewhere)


def is_near(host: str) -> bool:
    """Return whether a host is this machine or in a private network, by its name alone."""
    try:
        return is_near_address(host)
    except ValueError:
        return "." not in host or host.endswith(_NEAR_ENDS)


def is_near_address(address: str) -> bool:
    """Return whether an IP address is of this machine or a private network; raises `ValueError`."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    return not found.is_global and not found.is_multicast
