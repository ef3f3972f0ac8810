"""Decide how often a part is tried: the one policy of the daemon and of `llasa-cli`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from engine.errors import ChildError, PartError
from engine.records import EnhancedPart

TRIES: Final = 3  # of one part, the first one included


def try_part(
    attempt: Callable[[], EnhancedPart], *, failed: Callable[[ChildError | PartError], int]
) -> EnhancedPart | None:
    """Decode a part, again after a failure of the child; return None when it is given up.

    Args:
        attempt: Decodes the part once. A ChildError is worth another try; a PartError is not,
            because the same part would end the same way.
        failed: Called with every failure. Returns how often the part has failed, which the caller
            counts so that the count can outlive the process; may wait before the next try.
    """
    while True:
        try:
            return attempt()
        except PartError as error:
            failed(error)
            return None
        except ChildError as error:
            if failed(error) >= TRIES:
                return None
