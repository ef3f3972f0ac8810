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
    # Bytes and marks
    ENCODING_INFERRED = "encoding_inferred"  # not Unicode; the text decided; detail: the code page
    CHARACTERS_REJOINED = "characters_rejoined"  # cut in two by the tool; count: put together again
    CHARACTERS_LOST = "characters_lost"  # in their place stands U+FFFD; count: in the text
    MARKS_REMOVED = "marks_removed"  # special tokens, colours, clocks; count; detail: which
    ENTITIES_DECODED = "entities_decoded"  # `&amp;` and the like outside of subtitles; count
    # The shape of the file
    JSON_REPAIRED = "json_repaired"  # not quite JSON; detail: what was wrong
    DOCUMENTS_JOINED = "documents_joined"  # several JSON values, one talk; count: how many
    UNWRAPPED = "unwrapped"  # the transcript was inside of something else; detail: its place
    READ_AS = "read_as"  # the content is another format than the name says; detail: the format
    REPEATS_IN_DOUBT = (
        "repeats_in_doubt"  # left out as captions shown again; count: maybe said twice
    )
    NAMES_IN_FRONT = "names_in_front"  # names before what was said are speakers; count: how many
