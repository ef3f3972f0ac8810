"""Hostile and damaged JSON."""

from __future__ import annotations

import codecs
import json

import pytest

from engine.errors import InvalidTranscript
from engine.reading.cut import rejoin
from engine.reading.encoding import decode
from engine.reading.reasons import Reason
from engine.reading.safe_json import MAX_DEPTH, parse

DOCUMENT = {"text": "Grüße, Zoë 🫖"}
JSON = json.dumps(DOCUMENT, ensure_ascii=False)


def refusal(data: bytes) -> InvalidTranscript:
    with pytest.raises(InvalidTranscript) as caught:
        parse(data)
    return caught.value


@pytest.mark.parametrize(
    "data",
    [
        JSON.encode(),
        codecs.BOM_UTF8 + JSON.encode(),
        codecs.BOM_UTF16_LE + JSON.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + JSON.encode("utf-16-be"),
        JSON.encode("utf-16-le"),
        codecs.BOM_UTF32_LE + JSON.encode("utf-32-le"),
        JSON.encode() + b"\0\0\0",
        JSON.replace(": ", ":\r\n").encode(),
    ],
    ids=["utf-8", "bom", "utf-16-le", "utf-16-be", "utf-16-without-bom", "utf-32", "nul", "crlf"],
)
def test_every_unicode_encoding_is_recognised(data: bytes) -> None:
    """Byte order marks, UTF-16 of PowerShell, padding and CRLF change nothing."""
    assert parse(data) == DOCUMENT


def test_windows_1252_is_read_where_no_utf_8_is() -> None:
    """A script on Windows writes it if it names no encoding."""
    said = "Viele Grüße aus München, wir hören uns später."
    assert parse(f'{{"text": "{said}"}}'.encode("cp1252")) == {"text": said}


def test_a_cut_character_among_utf_8_is_replaced() -> None:
    """whisper.cpp writes halves of characters into its token lists."""
    data = '{"text": "Grüße äöü", "token": "'.encode() + b"\xe3\x81" + b'"}'
    document, count = rejoin(parse(data))
    assert document == {"text": "Grüße äöü", "token": "\ufffd"}
    assert count == 0


def test_damaged_utf_16_is_named() -> None:
    """It cannot be read, and the message says what it looks like."""
    error = refusal(codecs.BOM_UTF16_LE + JSON.encode("utf-16-le") + b"\x00\xd8")
    assert error.reason == Reason.BAD_ENCODING
    assert "utf-16" in str(error)


@pytest.mark.parametrize("data", [b"", b"  \r\n", b"\0\0\0\0"])
def test_an_empty_file_is_named_so(data: bytes) -> None:
    """It has no byte, only white space, or the zeros that a crash leaves."""
    assert refusal(data).reason == Reason.EMPTY_FILE


@pytest.mark.parametrize("cut", range(1, len(JSON)))
def test_a_truncated_file_is_a_reason_to_wait(cut: int) -> None:
    """This holds wherever the writer has stopped."""
    assert refusal(JSON.encode()[:cut]).reason == Reason.TRUNCATED


def test_an_error_names_line_and_column() -> None:
    """The user can find the place."""
    error = refusal(b'{"text": "a",\n  oops: 1}')
    assert error.reason == Reason.NOT_JSON
    assert "Line 2, column 3" in str(error)


def test_nan_and_infinity_are_no_numbers() -> None:
    """Python writes them, but JSON does not have them."""
    assert parse(b'{"a": NaN, "b": [-Infinity, Infinity]}') == {"a": None, "b": [None, None]}


def test_a_number_of_ten_thousand_digits_is_no_crash() -> None:
    """Python refuses to convert it, with a ValueError that is not a JSON error."""
    assert parse(b'{"start": ' + b"9" * 10_000 + b"}") == {"start": float("inf")}


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 1_000, 200_000])
def test_depth_is_refused_before_recursion(depth: int) -> None:
    """A thousand brackets cause no stack overflow."""
    assert refusal(b"[" * depth + b"]" * depth).reason == Reason.TOO_DEEP


def test_brackets_inside_of_strings_are_text() -> None:
    """They do not count as structure, with or without escaped quotes."""
    text = '[{"' * 500
    assert parse(json.dumps({"text": text}).encode()) == {"text": text}


def test_a_key_twice_counts_for_the_last_time() -> None:
    """Every other reader of JSON does the same."""
    assert parse(b'{"text": "one", "text": "two"}') == {"text": "two"}


def test_lone_surrogates_pass_the_parser() -> None:
    """The words are cleaned of them later."""
    assert parse(rb'{"text": "a\ud83d"}') == {"text": "a\ud83d"}


def test_an_unterminated_string_of_escapes_takes_no_quadratic_time() -> None:
    """The structure check reads every character once (this took hours otherwise)."""
    assert refusal(b"[" * 100 + b'[["' + b'\\"' * 500_000).reason == Reason.TOO_DEEP
    assert refusal(b'{"a": [[' + b"[]," * 100 + b'"' + b'\\"' * 500_000).reason == Reason.TRUNCATED


def test_text_files_are_decoded_in_the_same_way() -> None:
    """The byte order mark is removed."""
    assert decode(codecs.BOM_UTF8 + "ä".encode()).text == "ä"
