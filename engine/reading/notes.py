"""What reading tells the user beside the words: the closed list of the metadata's `notes`."""

from __future__ import annotations

from enum import StrEnum


class NoteName(StrEnum):
    """What was inferred, and what is in the file and was not used; never text of the talk."""

    # Times and speakers
    UNIT_INFERRED = "unit_inferred"  # the speaking rate decided the unit of times; detail: the unit
    CLOCK_JOINED = "clock_joined"  # the clock starts again; count: how often; put one after another
    TIMES_IN_DOUBT = "times_in_doubt"  # times left out because their unit or origin is not clear
    DURATION_IN_DOUBT = "duration_in_doubt"  # a duration that does not fit the times was left out
    KEYS_INFERRED = "keys_inferred"  # keys read by what they hold; detail: role=key, ...
    TIMES_UNREAD = "times_unread"  # keys that may hold times and were not read; detail: the keys
    SPEAKERS_UNREAD = "speakers_unread"  # the same with speakers
    NAMES_IN_FRONT = "names_in_front"  # names before what was said are speakers; count: how many
