"""Describe the service to launchd: an AgentSpec becomes a property list.

The keys that are used, with their types from launchd.plist(5) (the edition of 30 July 2019, which
macOS still has):

| key | type | value, and why |
|---|---|---|
| Label | string | names the job and its file |
| ProgramArguments | array of strings | the first is an absolute path, so that PATH is not used |
| EnvironmentVariables | dictionary of strings | other types are ignored; left out when empty |
| RunAtLoad | boolean | true: start at login; KeepAlive implies it |
| KeepAlive | boolean or dictionary of stuff | only `SuccessfulExit`: conditions are ORed |
| SuccessfulExit | boolean | false: restart after a failure, never after exit 0 |
| ThrottleInterval | integer | 30: seconds between two starts |
| ExitTimeOut | integer | 45: seconds from SIGTERM to SIGKILL |
| ProcessType | string | Interactive: all others are throttled |
| Umask | integer or string | "077": strtoul(3) reads the leading 0 as octal |
| MaterializeDatalessFiles | boolean | false: a read must not download; the manual names no type |
| StandardErrorPath | string | for errors before our own log is open |

Left out on purpose: `Crashed` (ORed with the rest, it restarts a job that ended well), `WatchPaths`
and `QueueDirectories` (race-prone, according to the manual), `WorkingDirectory` (the job could not
start at all in a folder that macOS's privacy protection guards), `StandardOutPath` (nothing is
printed).
"""

from __future__ import annotations

import plistlib
from typing import Any

from launchd.errors import InvalidSpec
from launchd.spec import STOP_TIMEOUT_S, THROTTLE_S, AgentSpec, check

# launchd refuses a file that its group or others may write. Everybody may read it: nothing in it is
# secret, and tools that list the login items of other accounts show the files that they can read.
MODE = 0o644


def build(spec: AgentSpec) -> bytes:
    """Return the property list; raise InvalidSpec for text that XML would change."""
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
        "StandardErrorPath": str(spec.log_dir / spec.error_log),
    }
    if not spec.environment:
        del document["EnvironmentVariables"]
    try:
        data = plistlib.dumps(document, sort_keys=False)
    except ValueError as error:
        raise InvalidSpec(f"a plist cannot contain a path or argument: {error}") from None
    # XML silently turns a carriage return into a line feed.
    if plistlib.loads(data) != document:
        raise InvalidSpec("a path or argument has a carriage return, which a plist cannot contain")
    return data
