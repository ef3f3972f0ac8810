"""Describe the service to systemd: an AgentSpec becomes the text of a user unit.

The rules are those of systemd.syntax(7) and of "Command lines" in systemd.service(5):

- a word with white space or quotes is put in double quotes, inside which C escapes are read;
- `%` starts a specifier everywhere and is doubled;
- `$` starts a variable in ExecStart=, but not in the program's own path, where `$$` would stay
  two characters. The prefix `:` disables variables for the whole line, so that nothing is doubled
  (systemd 244 and later; it is written only if the line has a `$`);
- the program's path may not contain a quote, backslash or control character, escaped or not
  ("Executable name contains special characters"): such a program is started by /bin/sh, which
  replaces itself with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from launchd.spec import STOP_TIMEOUT_S, AgentSpec, check

MODE = 0o644  # systemd warns about units that others may write; nothing in it is secret

_PLAIN = re.compile(r"[A-Za-z0-9_/.,:=@+-]+")
_UNSAFE_PROGRAM = re.compile(r"[\x00-\x1f\x7f\"'\\]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "%": "%%"}


def build(spec: AgentSpec) -> str:
    """Return the unit's text, which is ASCII except for the paths and values in it."""
    check(spec)
    environment = "".join(
        f"Environment={_quoted(f'{name}={value}')}\n"
        for name, value in sorted(spec.environment.items())
    )
    return (
        "[Unit]\n"
        f"Description={spec.description.replace('%', '%%')}\n"
        "StartLimitIntervalSec=300\n"
        "StartLimitBurst=5\n"
        "\n"
        "[Service]\n"
        "Type=exec\n"
        f"ExecStart={command_line(spec.program_arguments)}\n"
        f"{environment}"
        "Restart=on-failure\n"
        "RestartSec=5\n"
        "KillMode=mixed\n"
        f"TimeoutStopSec={STOP_TIMEOUT_S}\n"
        "UMask=0077\n"
        "\n"
        "[Install]\n"
        "WantedBy=default.target\n"
    )


def command_line(arguments: Sequence[str]) -> str:
    """Return the value of ExecStart= that starts exactly these arguments."""
    words = list(arguments)
    if _UNSAFE_PROGRAM.search(words[0]):
        words = ["/bin/sh", "-c", 'exec "$@"', "llasad", *words]
    prefix = ":" if any("$" in word for word in words) else ""
    return prefix + " ".join(map(_word, words))


def unit_name(label: str) -> str:
    """Return the unit's name: the last component of the label."""
    return label.rpartition(".")[2] + ".service"


def _word(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character < " " or character == "\x7f":
        return _ESCAPES.get(character, f"\\x{ord(character):02x}")
    return _ESCAPES.get(character, character)
