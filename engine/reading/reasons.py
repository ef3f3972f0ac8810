"""Why a file was not read: the closed list of reasons for the errors of this room."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """A short word for a job's row; the error's message is for the user."""

    EMPTY_FILE = "empty_file"  # invalid: nothing but white space
    BAD_ENCODING = "bad_encoding"  # invalid: text in no known encoding
    NOT_JSON = "not_json"  # invalid: a syntax error, line and column are in the message
    TRUNCATED = "truncated"  # invalid: ends too early; a tool may still be writing it
    TOO_DEEP = "too_deep"  # invalid: nested far deeper than any transcript
    TOO_COMPLEX = "too_complex"  # invalid: more objects than memory should hold
    WRONG_TYPES = "wrong_types"  # invalid: a transcript's keys with something else in them
    BAD_SUBTITLES = "bad_subtitles"  # invalid: SRT, VTT, TSV or CSV without one readable line
    NOT_A_TRANSCRIPT = "not_a_transcript"  # ignored: readable, something else
    SEVERAL_TRANSCRIPTS = "several_transcripts"  # ignored: more than one talk in one file
    FORMAT_NOT_READ = "format_not_read"  # ignored: a format of subtitles or documents
    FOREIGN_SERVICE = "foreign_service"  # ignored: another speech service's format
    OWN_OUTPUT = "own_output"  # ignored: written by llasa itself
