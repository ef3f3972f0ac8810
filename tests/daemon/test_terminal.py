"""Printed text cannot move the cursor or change the clipboard."""

from __future__ import annotations

import json
import unicodedata

import pytest

from daemon.terminal import json_text, safe, safe_block

NASTY = {
    "escape": "\x1b[2Jtalk",
    "clipboard": "\x1b]52;c;ZWNobw==\x07",
    "c1": "\x9b31mred",
    "carriage return": "fine\r\nrm -rf",
    "delete": "a\x7fb",
    "right to left": "talk\u202egnp.exe",
    "isolate": "\u2066x\u2069",
    "line separator": "a\u2028b",
    "tag": "a\U000e0041b",
    "not utf-8": b"caf\xe9.json".decode("utf-8", "surrogateescape"),
    "byte order mark": "\ufeffx",
}


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_no_control_character_is_left(text: str) -> None:
    """Every harmful character is shown as its code."""
    shown = safe(text)
    assert all(unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"} for c in shown)
    assert "\\" in shown
    shown.encode("utf-8")


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_json_for_programs_is_plain_ascii_and_keeps_the_text(text: str) -> None:
    """A program gets the name back; a terminal gets no control characters."""
    shown = json_text({"path": text})
    assert shown.isascii()
    assert shown.isprintable()
    assert json.loads(shown) == {"path": text}


@pytest.mark.parametrize(
    "text", ["talk.json", "Größe", "日本語", "سلام\u200cها", "👩\u200d👩\u200d👧", "a b"]
)
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    """Text that needs joiners too."""
    assert safe(text) == text


def test_a_byte_of_a_name_is_shown_as_that_byte() -> None:
    """Names in Latin-1 are found on old disks."""
    assert safe(b"caf\xe9".decode("utf-8", "surrogateescape")) == "caf\\xe9"


def test_a_block_keeps_its_lines() -> None:
    """And nothing else that moves the cursor."""
    assert safe_block("one\n\ntwo\x1b[1A") == "one\n\ntwo\\x1b[1A"
