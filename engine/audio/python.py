"""Find a Python that has the packages of an extra: our own, or one that the user names.

PyTorch and its like are large, and a user may keep them in an environment of their own.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import subprocess
import sys
from typing import Final

VARIABLE: Final = "LLASA_AUDIO_PYTHON"
_PATIENCE_S: Final = 20.0
_ASK: Final = (
    "import importlib.util,sys; "
    "sys.exit(any(importlib.util.find_spec(name) is None for name in sys.argv[1:]))"
)


def interpreter_with(*packages: str, named: str | None = None) -> str | None:
    """Return the first Python that has all these packages, without importing them.

    The one in the environment's `LLASA_AUDIO_PYTHON` goes first, then the one that the settings
    name, then our own.
    """
    for interpreter in (os.environ.get(VARIABLE), named):
        if interpreter and _has(os.path.expanduser(interpreter), packages):
            return os.path.expanduser(interpreter)
    if all(importlib.util.find_spec(name) is not None for name in packages):
        return sys.executable
    return None


@functools.lru_cache(maxsize=64)
def _has(interpreter: str, packages: tuple[str, ...]) -> bool:
    try:
        done = subprocess.run(
            [interpreter, "-P", "-c", _ASK, *packages],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0
