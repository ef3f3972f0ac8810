"""What the exit codes of our own program for webhooks mean."""

from __future__ import annotations

from typing import Final

FINE: Final = 0
NO_ANSWER: Final = 10
REFUSED: Final = 11
ANOTHER_MACHINE: Final = 12
BAD_URL: Final = 13
MEANINGS: Final = {
    NO_ANSWER: "the host of the webhook did not answer",
    REFUSED: "the webhook answered with an error",
    ANOTHER_MACHINE: "the name of the webhook's host leads to another machine",
    BAD_URL: "the webhook is no URL that can be used",
}
