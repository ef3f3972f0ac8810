"""What tools call a start, an end, a speaker and a text: names of keys, as tools write them.

Spelling does not count (`startTime`, `start_time`), and a unit may stand at the end (`startMs`).
"""

from __future__ import annotations

import re

TEXT = (
    "text", "word", "body", "transcript", "transcription", "content", "sentence", "utterance",
    "caption", "line", "phrase", "said", "value", "display", "display_text", "punctuated_word",
    "raw_text", "token", "utf8", "txt", "msg", "w", "t",
)  # fmt: skip
START = (
    "start", "start_time", "begin", "begin_time", "begins", "from", "t0", "time_start",
    "time_begin", "start_timestamp", "timestamp_start", "start_ts", "ts_start", "t_start",
    "start_offset", "offset_start", "audio_start", "segment_start", "start_at", "starts_at",
    "start_position", "onset", "in", "in_time", "xmin", "bg", "st", "offset", "time_offset", "ts",
    "time", "timestamp", "timecode", "at", "s", "t",
)  # fmt: skip
END = (
    "end", "end_time", "stop", "stop_time", "to", "until", "t1", "time_end", "time_stop",
    "end_timestamp", "timestamp_end", "end_ts", "ts_end", "t_end", "end_offset", "offset_end",
    "audio_end", "segment_end", "end_at", "ends_at", "end_position", "finish", "ends", "out",
    "out_time", "xmax", "ed", "et", "e",
)  # fmt: skip
LENGTH = ("duration", "dur", "length", "d_duration", "duration_time", "d")
SPEAKER = (
    "speaker", "speaker_id", "speaker_label", "speaker_name", "speaker_tag", "speaker_index",
    "speaker_number", "speaker_designation", "speaker_idx", "spk", "spk_id", "spkr", "voice",
    "talker", "who", "participant", "participant_name", "person", "role", "author", "user",
    "user_name", "name", "sprecher", "locuteur", "orador", "hablante", "channel", "channel_tag",
)  # fmt: skip
# These are speakers only where there are at least two of them.
SEVERAL = frozenset({
    "voice", "who", "person", "role", "author", "user", "user_name", "name", "channel",
    "channel_tag",
})  # fmt: skip
VOICES = frozenset(SPEAKER) - SEVERAL  # always speakers, and never what is said
WORDS = (
    "words", "tokens", "word_timings", "word_timestamps", "word_level", "word_segments", "items",
)  # fmt: skip
PAIR = (
    "timestamp", "timestamps", "time", "times", "span", "interval", "range", "offsets", "position",
    "timecode", "timecodes", "bounds",
)  # fmt: skip
OWN = frozenset({"text", "word", "start", "end", "timestamp", "speaker", "speaker_id", "words"})

_UNITS: tuple[tuple[str, float], ...] = (
    ("milliseconds", 0.001), ("millisec", 0.001), ("millis", 0.001), ("msec", 0.001), ("ms", 0.001),
    ("microseconds", 1e-6), ("micros", 1e-6), ("us", 1e-6), ("nanoseconds", 1e-9),
    ("nanos", 1e-9), ("ns", 1e-9), ("ticks", 1e-7), ("centiseconds", 0.01), ("cs", 0.01),
    ("seconds", 1.0), ("secs", 1.0), ("sec", 1.0), ("s", 1.0), ("minutes", 60.0),
)  # fmt: skip
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-. ]+")


def plain(key: str) -> str:
    """Return a key in lower case with underscores."""
    return _HUMP.sub("_", key).casefold().strip("_")


def unit_of(key: str) -> tuple[str, float | None]:
    """Return a key without the unit at its end, and what the unit is in seconds."""
    name = plain(key)
    for ending, size in _UNITS:
        rest = name.removesuffix(f"_{ending}").removesuffix("_in")
        if name.endswith(f"_{ending}") and rest:
            return rest, size
    return name, None


def sounds_like_time(key: str) -> bool:
    """Return whether a key may hold a time, by its name."""
    name, unit = unit_of(key)
    return (unit is not None and unit != 1.0) or bool(
        re.search(
            r"tim(?:e|ing)|start|begin|stamp|offset|onset|(^|_)(t\d|ts|sec|secs|seconds|ms)(_|$)",
            name,
        )
    )


def sounds_like_speaker(key: str) -> bool:
    """Return whether a key may hold a speaker, by its name."""
    return bool(
        re.search(r"speak|spk|talker|voice|diari|participant|sprecher|locuteur", plain(key))
    )
