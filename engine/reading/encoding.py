"""Bytes of a text file -> text, in the encoding that the bytes themselves show.

- A byte order mark, zero bytes, or strict UTF-8: Unicode, nothing to decide.
- UTF-8 with pieces of characters: whisper.cpp cuts characters in two at the end of a segment or a
  token. Each byte that fits nowhere becomes a character of its own (`stray`), and
  `engine.reading.cut` puts the halves together.
- Anything else: each code page that decodes every byte is a candidate. A candidate must be a text
  in a language: the one that the file names or the identifier finds, in letters that this language
  has (`engine.reading.alphabets`). Where two different texts are left, or none, the encoding is not
  known and the file is refused: wrong letters are worse than none.
"""

from __future__ import annotations

import codecs
import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import regex  # type: ignore[import-untyped]

from engine.errors import InvalidTranscript
from engine.reading import alphabets, page_words, signs
from engine.reading.page_words import PageText
from engine.reading.reasons import Reason
from engine.text import languages

# Where two give the same text, the first one is named.
CODE_PAGES = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258",
    "iso8859-15", "iso8859-2", "iso8859-5", "iso8859-6", "iso8859-7", "iso8859-8", "iso8859-9",
    "iso8859-13", "cp874", "koi8-u", "koi8-r", "mac-roman", "mac-cyrillic", "mac-latin2",
    "mac-greek", "mac-turkish", "cp850", "cp437", "cp852", "cp866", "cp857", "cp862", "cp737",
    "gb18030", "big5hkscs", "cp950", "cp932", "euc-jp", "cp949", "utf-16-le", "utf-16-be",
)  # fmt: skip
_ONE_BYTE = CODE_PAGES[: CODE_PAGES.index("gb18030")]
_TWO_BYTES = ("big5hkscs", "gb18030", "cp932", "euc-jp", "cp949")
STRAY = 0x10FF00  # plus a byte: a private character that no text has
_STRAYS = re.compile("[\U0010ff80-\U0010ffff]+")
_LANGUAGE = re.compile(
    r'"(?:language|detected_language|language_code)"\s*:\s*"([A-Za-z][A-Za-z _-]{1,24})"'
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_WORD = regex.compile(r"[\p{L}\p{M}]+")
_JSON = re.compile(r'\s*(?:\{|\[\s*[\[{"])')  # "[00:00:01.000 --> " is a line of whisper.cpp
_CONTROL = re.compile("[\0-\x08\x0b\x0e-\x1f\x80-\x9f\ue000-\uf8ff]")
_COLOUR = re.compile(r"\x1b\[[\d;]*[A-Za-z]")
_COLOUR_BYTES = re.compile(rb"\x1b\[[\d;]*[A-Za-z]")
_MARKS_OF_TWO = frozenset("‐–—―…‥“”‘’•·‧・°§×÷±€£¥￡￥～〜♪♫\u3000（）！？：；，")
_ESCAPED = (
    (re.compile(r"\x1b\$[B@]"), "iso2022_jp"),
    (re.compile(r"\x1b\$\)C"), "iso2022_kr"),
    (re.compile(r"~\{[!-~]{2,}~\}"), "hz"),
    (re.compile(r"\+[A-Za-z0-9/]{3,}(?:-|\b)"), "utf-7"),
)
_TURNED = re.compile("[\u0a00\ufffe]")  # a line end and a byte order mark, read the wrong way round
_NARROW = re.compile(  # one byte a character, by chance in no UTF-16
    rb"[\t\n\r\x20-\x7e]{40}|\d\d:\d\d:\d\d[.,]\d\d|\d\d:\d\d[.,]\d\d\d|\n\d{1,9}\t\d{1,9}\t"
)
_WIDE = re.compile(rb"(?:\0[\x20-\x7e]){4}|(?:[\x20-\x7e]\0){4}")  # two, in a file of one
_SURE = 0.5  # the share of its language that a text without a claim must have
_FEW = 0.01  # letters that a language does not have, of all beyond ASCII
_BORDERS = frozenset(("", '"', "\n", "\r", "\t", "[", "]", "|", ">", "<"))  # of a text or token
_MOST_LOST = 3  # single bytes in the middle of a text that fit nowhere


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, and what had to be inferred."""

    text: str
    code_page: str | None = None  # None: Unicode
    strays: bool = False  # whether it has bytes that fit nowhere, as private characters


def _keep(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    found = error.object[error.start : error.end]
    return "".join(chr(STRAY + byte) for byte in found), error.end


codecs.register_error("llasa-stray", _keep)


def decode(data: bytes) -> Decoded:
    """Decode the bytes of a text file, without its byte order mark.

    Raises `InvalidTranscript` for an empty file and for bytes whose encoding is not clear.
    """
    if not data.strip(b"\0 \t\r\n"):
        raise InvalidTranscript("The file is empty.", reason=Reason.EMPTY_FILE)
    encoding = json.detect_encoding(data)
    try:
        text = data.decode(encoding).removeprefix("\ufeff")
    except UnicodeDecodeError:
        if encoding not in ("utf-8", "utf-8-sig"):
            raise InvalidTranscript(
                f"The file looks like {encoding}, but is damaged.", reason=Reason.BAD_ENCODING
            ) from None
    else:
        if "utf-8" not in encoding and (_TURNED.search(text) or _NARROW.search(data)):
            raise _unknown(f"The file begins in {encoding}, and goes on in another encoding.")
        return _escaped(text, data) or Decoded(text)
    return _cut_utf8(data) or _code_page(data)


def _escaped(text: str, data: bytes) -> Decoded | None:
    """Return the text behind ASCII that only carries it, if it does."""
    for mark, encoding in _ESCAPED:
        if encoding.startswith("iso2022") and not text.isascii() and mark.search(text):
            raise _unknown(f"The file is in UTF-8, and some of it in {encoding}.")
        if text.isascii() and mark.search(text):
            if encoding.startswith("iso2022"):
                return _strictly(data, encoding)
            found = _texts(data, (encoding,), _claimed(data))
            if found and found[0].text != text:
                return Decoded(found[0].text, encoding)
    sample = text.rstrip("\0")[:4000]
    controls = sum(c < " " and c not in "\t\n\r\f\x1b" for c in sample)
    wide = "\0" in text and _WIDE.search(text.encode("utf-8", "surrogatepass")) is not None
    if wide or controls > 0.05 * len(sample):
        found = _texts(data, ("utf-16-le", "utf-16-be"), _claimed(data))
        if len(found) == 1 and len(data) % 2 == 0:
            return Decoded(found[0].text, found[0].page)
        if wide or controls > 0.2 * len(sample):
            raise _unknown("The file is full of control characters: it is in another encoding.")
    return None


def _strictly(data: bytes, encoding: str) -> Decoded:
    """Decode bytes that change between alphabets; a terminal's colours begin as such changes do."""
    try:
        text = _COLOUR_BYTES.sub(b"", data).decode(encoding)
    except UnicodeDecodeError:
        text = "\x1b"
    if "\x1b" in text:
        raise _unknown(f"The file looks like {encoding}, but is damaged.")
    return Decoded(text, encoding)


# --- UTF-8 with pieces of characters ----------------------------------------------------------


def _cut_utf8(data: bytes) -> Decoded | None:
    """Return the text of UTF-8 in which a few bytes, or pieces of characters, fit nowhere."""
    if b"\0" in data and _WIDE.search(data):
        return None
    high = bytes(byte for byte in data if byte >= 0x80).decode("utf-8", "llasa-stray")
    missing = sum(map(len, _STRAYS.findall(high)))  # pieces whose other half is not the next one
    text = data.decode("utf-8", "llasa-stray").removeprefix("\ufeff")
    whole = sum(not c.isascii() and ord(c) < STRAY for c in text)
    runs = list(_STRAYS.finditer(text))
    if len(runs) == 1 and runs[0].end() == len(text) and (whole or text.lstrip()[:1] in "{["):
        return Decoded(text, strays=True)  # the file is cut off there
    pieces = sum(1 for char in high if ord(char) < STRAY)
    if missing > pieces:
        return None
    inside = 0
    for match in runs:
        around = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        stamped = (
            text[max(0, match.start() - 3) : match.start()] == "]  "
        )  # whisper.cpp's standard output
        at_border = stamped or any(side in _BORDERS for side in around)
        inside += _MOST_LOST + 1 if len(match[0]) > 3 else not at_border
        if inside > min(_MOST_LOST, whole / 20):
            if whole < 4 * len(runs):
                return None
            line = text.count("\n", 0, match.start()) + 1
            raise _unknown(f"Line {line} is not UTF-8, as the rest of the file is.")
    if inside and (3 * missing > pieces or _has_other_letters(text)):
        return None
    return Decoded(text, strays=True)


def _has_other_letters(text: str) -> bool:
    """Return whether words with bytes that fit nowhere have letters of a script of their own.

    The bytes of another code page are letters now and then: of no script that the text is in.
    """
    known: set[str] = set()
    found: set[str] = set()
    for word in text.split():
        if not word.isascii():
            scripts = {_script(c) for c in word if not c.isascii() and c.isalpha()}
            if _STRAYS.search(word):
                found |= scripts
            else:
                known |= scripts
    return bool(found - known)


def _script(char: str) -> str:
    return unicodedata.name(char, "?").split()[0]


# --- code pages -------------------------------------------------------------------------------


def _code_page(data: bytes) -> Decoded:
    found = _texts(data, CODE_PAGES, _claimed(data))
    one_byte = all(one.page in _ONE_BYTE for one in found)
    if len(found) > 1 and one_byte and len({one.language for one in found}) == 1:
        found = page_words.better(found) or found
    if len(found) == 1:
        [(name, text, language)] = found
        if _has_lines_of_two_bytes(data, text):
            raise _unknown(f"The text is not UTF-8, and only a part of it is {name}.")
        other = _page_of_marks(data, text)
        if other is not None:
            raise _unknown(f"The text is not UTF-8, and it may be {name} or {other}.")
        if name in _ONE_BYTE:
            other = page_words.page_of_a_part(language, name, text, _ONE_BYTE)
        if other is not None:
            raise _unknown(f"The text is not UTF-8, and a part of it may be {other}, not {name}.")
        return Decoded(text.removeprefix("\ufeff"), name)
    if not found:
        raise _unknown("The text is not UTF-8, and no other encoding makes sense of it.")
    names = " or ".join(one.page for one in found[:3])
    raise _unknown(f"The text is not UTF-8, and it may be {names}.")


def _page_of_marks(data: bytes, text: str) -> str | None:
    """Return the page of two bytes in which all that is beyond ASCII in a Latin text is marks.

    "We waited üf for a while" is a quotation mark there. Letters are such pairs now and then, but
    never all of them in a text of some length.
    """
    if any(c.isalpha() and c > "\u024f" for c in text):
        return None
    for name in (*_TWO_BYTES, "cp950"):
        try:
            other = [c for c in data.decode(name) if not c.isascii()]
        except UnicodeDecodeError:
            continue
        if other and all(c in _MARKS_OF_TWO for c in other):
            return name
    return None


def _has_lines_of_two_bytes(data: bytes, text: str) -> bool:
    """Return whether lines of a Latin text have the same letters in a page of two bytes a letter.

    "perchàm" is "perché" there. By chance, two bytes are no letter that the text has elsewhere.
    """
    letters = {c for c in text if not c.isascii() and c.isalpha()}
    if not letters or max(letters) > "\u024f":
        return False
    for line in data.split(b"\n"):
        if line.isascii():
            continue
        for name in _TWO_BYTES:
            try:
                other = [c for c in line.decode(name) if not c.isascii()]
            except UnicodeDecodeError:
                continue
            if other and all(c.isalpha() and c <= "\u024f" for c in other):
                return True
    return False


def _unknown(message: str) -> InvalidTranscript:
    return InvalidTranscript(
        message,
        reason=Reason.BAD_ENCODING,
        hint="Save the file as UTF-8, in an editor or in the tool that writes it.",
    )


def _claimed(data: bytes) -> str | None:
    """Return the language that the file names itself."""
    text = data.replace(b"\0", b"").decode("latin-1")
    codes = {languages.normalize(match[1]) for match in _LANGUAGE.finditer(text)} - {None}
    return codes.pop() if len(codes) == 1 else None


def _texts(data: bytes, names: tuple[str, ...], claimed: str | None) -> list[PageText]:
    """Return the different texts that the bytes can be, each with the first code page for it."""
    found: list[PageText] = []
    tried: set[str] = set()
    for name in names:
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if text not in tried:
            tried.add(text)
            language = _language(text, claimed, marks_alone=name in ("cp1252", "mac-roman"))
            if language is not None:
                found.append(PageText(name, text, language))
    return found


def _language(text: str, claimed: str | None, *, marks_alone: bool = False) -> str | None:
    """Return the language that a decoded text is written in; None where it is no text.

    `marks_alone` allows a text in which only marks, such as quotation marks, are beyond ASCII.
    """
    if _CONTROL.search(_COLOUR.sub("", text.rstrip("\0"))):
        return None
    lines = list(_said(text))
    words = [word for line in lines for word in _WORD.findall(line) if not word.isascii()]
    if (not words and not marks_alone) or signs.are_halves(text):
        return None
    for language in _languages(lines, words, claimed):
        if any(signs.are_wrong(line, language, alone=not words) for line in lines):
            continue
        wrong, total = alphabets.wrong_letters(language, words)
        written = alphabets.looks_written(language, words) and alphabets.is_one(language, lines)
        if wrong <= _FEW * total and written and page_words.is_written(language, words):
            return language
    return None


def _said(text: str) -> Iterator[str]:
    """Yield the lines or strings that hold something beyond ASCII."""
    if _JSON.match(text):
        for number, piece in enumerate(_QUOTED.split(text)):
            if not piece.isascii():
                yield piece if number % 2 else piece.replace("\n", " ").replace("\r", " ")
    else:
        yield from (line for line in re.split(r"[\r\n]+", text) if not line.isascii())


def _languages(lines: list[str], words: list[str], claimed: str | None) -> list[str]:
    """Return the language that a text shows, or that its file names and the text allows."""
    text = " ".join(" ".join(_WORD.findall(line)) for line in lines)
    shares, letters = languages.weigh(text)
    found = max(shares, key=lambda code: shares[code], default=None)
    if claimed is not None and alphabets.is_known(claimed):
        near = found == claimed or found in languages.near(claimed)
        short = letters < languages.ENOUGH_LETTERS and claimed not in alphabets.COMMON
        if near or shares.get(claimed, 0) >= 0.2:
            return _written(claimed) if letters >= 16 or short else []
        if short:  # it may still be another language, which its common words show
            shown = found is not None and page_words.are_common(found, words)
            return [*_written(claimed), *(_written(found) if found and shown else [])]
    if found is None or not alphabets.is_known(found):
        return []
    enough = letters >= languages.FEW_LETTERS or (found in alphabets.CJK and letters >= 6)
    sure = sum(share for code, share in shares.items() if code in languages.near(found))
    if not enough or sure < _SURE:
        return []
    return _written(found)


def _written(language: str) -> list[str]:
    return [language, "hr"] if language == "sr" else [language]  # Serbian has two alphabets
