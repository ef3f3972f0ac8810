"""Make text safe to print: names and transcripts come from others, and terminals obey text."""

from __future__ import annotations

import unicodedata

# Joiners are part of words (Persian, Hindi, emoji families) and move nothing on the screen.
_KEPT = frozenset("\u200c\u200d")
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe(text: object) -> str:
    r"""Return one line of text with every control character visible (`\x1b`) and none raw.

    These are C0, DEL, C1, direction overrides, line and paragraph separators, and the lone
    surrogates with which Python keeps bytes of a file name that are not UTF-8.
    """
    raw = str(text)
    if raw.isascii() and raw.isprintable():
        return raw
    return "".join(_visible(character) for character in raw)


def safe_block(text: object) -> str:
    """Return text of several lines with each line safe; line ends stay."""
    return "\n".join(safe(line) for line in str(text).split("\n"))


def _visible(character: str) -> str:
    if character in _KEPT or unicodedata.category(character) not in _HARMFUL:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte of a name, as os.fsdecode keeps it
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}.get(character, f"\\x{code:02x}")
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
