"""Describe the service to launchd: an AgentSpec becomes a property list.

Every key that is used, with the type that launchd.plist(5) gives it (the edition of
30 July 2019, which macOS still carries):

| key | type | value, and why |
|---|---|---|
| Label | string | names the job; the file is named after it |
| ProgramArguments | array of strings | the first is an absolute path, others would be looked up |
| EnvironmentVariables | dictionary of strings | other types are ignored; left out when empty |
| RunAtLoad | boolean | true: start at login; KeepAlive implies it |
| KeepAlive | boolean or dictionary of stuff | `SuccessfulExit` alone: conditions are ORed |
| SuccessfulExit | boolean | false: again after a failure, never after exit 0 |
| ThrottleInterval | integer | 30: seconds between two starts |
| ExitTimeOut | integer | 45: seconds from SIGTERM to SIGKILL |
| ProcessType | string | Interactive: any other is throttled |
| Umask | integer or string | "077": strtoul(3) reads the leading 0 as octal |
| MaterializeDatalessFiles | boolean | false: reading must not download; no type is named |
| StandardErrorPath | string | what is said before our own log is open |

Left out on purpose: `Crashed` (ORed with the rest it restarts what ended well), `WatchPaths` and
`QueueDirectories` (race-prone, says the manual), `WorkingDirectory` (a folder that the privacy
protection guards would keep the job from starting at all), `StandardOutPath` (nothing is printed).
"""

from __future__ import annotations

import plistlib
from typing import Any

from launchd.errors import InvalidSpec
from launchd.spec import STOP_TIMEOUT_S, THROTTLE_S, AgentSpec, check

# launchd refuses a file that its group or others may write. Reading is left open: nothing in it
# is secret, and tools that list login items for other accounts show what they can read.
MODE = 0o644
ERROR_LOG = "launchd.err.log"


def build(spec: AgentSpec) -> bytes:
    """Return the property list; raises `InvalidSpec` where XML would change what is asked."""
    check(spec)
    document: dict[str, Any] = {
        "Label": spec.label,
        "ProgramArguments": list(spec.program_arguments),
        "EnvironmentVariables": dict(sorted(spec.environment.items())),
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": THROTTLE_S,
        "ExitTimeOut": STOP_TIMEOUT_S,
        "ProcessType": "Interactive",
        "Umask": "077",
        "MaterializeDatalessFiles": False,
        "StandardErrorPath": str(spec.log_dir / ERROR_LOG),
    }
    if not spec.environment:
        del document["EnvironmentVariables"]
    try:
        data = plistlib.dumps(document, sort_keys=False)
    except ValueError as error:
        raise InvalidSpec(f"a path or argument cannot stand in a plist: {error}") from None
    # XML turns a carriage return into a line feed without a word.
    if plistlib.loads(data) != document:
        raise InvalidSpec("a path or argument holds a carriage return, which a plist cannot keep")
    return data
