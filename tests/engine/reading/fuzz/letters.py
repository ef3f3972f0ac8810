"""Faults of bytes, letters and marks: kinds A, D and F."""

from __future__ import annotations

import html
import unicodedata
from dataclasses import replace
from typing import Literal

from engine.reading.encoding import CODE_PAGES
from engine.text.words import is_spaceless
from tests.engine.reading.fuzz.case import CannotApply, Case, Fault
from tests.engine.reading.fuzz.talks import Line

_UNICODE = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
_FIRST, _SECOND, _STRAY = "\ue101", "\ue102", "\ue103"  # where bytes come at the end
_RAW = frozenset(("cpp", "srt", "vtt", "txt"))  # whose bytes are cut between two texts
_PIECES = frozenset(("words", "whisperx", "podcast", "assemblyai"))  # with lists of words
_TOKENS = (
    "<|en|>", "<|0.00|>", "<|startoftranscript|>", "<|transcribe|>", "[_BEG_]", "[_TT_150]",
    "<|endoftext|>",
)  # fmt: skip
_COLOURS = ("\x1b[38;5;78m", "\x1b[0m", "\x1b[1;31m", "\x1b[K")


def changed(case: Case, place: int, text: str) -> None:
    """Change the text of one cue."""
    case.cues[place] = replace(case.cues[place], text=text)


def _pages(text: str) -> list[str]:
    found = []
    for page in (*CODE_PAGES, "gbk", "shift_jis", "euc-kr", "iso2022_jp"):
        try:
            text.encode(page)
        except UnicodeEncodeError:
            continue
        found.append(page)
    return found


def _raw_json(case: Case) -> None:
    """Write the file without escapes, so that its letters are bytes."""
    import json

    if case.is_json:
        case.text = json.dumps(case.document, ensure_ascii=False)


def _code_page(case: Case) -> None:
    case.alone()
    _raw_json(case)
    pages = [page for page in _pages(case.text) if not page.startswith("utf")]
    if case.text.isascii() or not pages:
        raise CannotApply
    page = case.rng.choice(pages)
    case.faults[-1] += f" {page}"
    case.must_read = False
    case.data = case.text.encode(page)


def _unicode(case: Case) -> None:
    case.alone()
    case.data = case.text.encode(case.rng.choice(_UNICODE))


def _two_pages(case: Case) -> None:
    case.alone()
    _raw_json(case)
    lines = case.text.split("\n")
    half = len(lines) // 2
    halves = "\n".join(lines[:half]) + "\n", "\n".join(lines[half:])
    if any(one.isascii() for one in halves):
        raise CannotApply
    first, second = (case.rng.choice([*_pages(one), "utf-8"]) for one in halves)
    data = halves[0].encode(first) + halves[1].encode(second)
    if any(data == case.text.encode(page) for page in (first, second) if page in _pages(case.text)):
        raise CannotApply
    case.faults[-1] += f" {first}+{second}"
    case.must_read = False
    case.data = data


def _cut_characters(case: Case) -> None:
    """Cut a character between two texts, as whisper.cpp does; the rest of its word moves, too."""
    case.alone()
    _not_shown_again(case)
    places = []
    for place, cue in enumerate(case.cues[:-1]):
        ending = cue.text.split()[-1:]
        if ending and any(not c.isascii() and c.isalpha() for c in ending[0]):
            places.append(place)
    if not places:
        raise CannotApply
    place = case.rng.choice(places)
    head, _, last = case.cues[place].text.rpartition(" ")
    at = case.rng.choice([n for n, c in enumerate(last) if not c.isascii() and c.isalpha()])
    coded = last[at].encode()
    if is_spaceless(last[at]) and at + 1 < len(last):
        raise CannotApply  # the rest of the line would be another one's
    cut = case.rng.randrange(1, len(coded))
    changed(case, place, f"{head} {last[:at]}{_FIRST}".strip())
    changed(case, place + 1, f"{_SECOND}{last[at + 1 :]} {case.cues[place + 1].text}")

    def finish(case: Case) -> None:
        _raw_json(case)
        data = case.text.encode()
        data = data.replace(_FIRST.encode(), coded[:cut])
        # A tool writes its space before each text: the second half comes before that.
        data = data.replace(b" " + _SECOND.encode(), coded[cut:])
        case.data = data.replace(_SECOND.encode(), coded[cut:])

    case.late.append(finish)


def _stray_bytes(case: Case) -> None:
    case.alone()
    _not_shown_again(case)
    if {"styles", "karaoke"} & set(case.faults):
        raise CannotApply  # a byte in a tag makes it words
    if case.overlapping or all(cue.text.isascii() for cue in case.cues):
        raise CannotApply  # one byte in English is a letter of some code page
    count = case.rng.choice((1, 1, 2, 5))
    for _ in range(count):
        place = case.rng.randrange(len(case.cues))
        words = case.cues[place].text.split()
        at = case.rng.randrange(len(words))
        if len(words[at]) < 2 or is_spaceless(words[at]) or _STRAY in case.cues[place].text:
            raise CannotApply
        if words[at].startswith(_TOKENS):
            raise CannotApply  # a byte in a mark makes it a word
        words[at] = words[at][:1] + _STRAY + words[at][1:]
        changed(case, place, " ".join(words))
    byte = bytes([case.rng.randrange(0x80, 0x100)])

    def finish(case: Case) -> None:
        _raw_json(case)
        case.data = case.text.encode().replace(_STRAY.encode(), byte)

    case.broken_words = count
    case.must_read = False
    case.late.append(finish)


def _cut_off(case: Case) -> None:
    _not_shown_again(case)
    if len(case.data) < 300:
        raise CannotApply
    case.data = case.data[: case.rng.randrange(len(case.data) // 3, len(case.data))]
    case.must_read = False
    case.may_end_early = True
    case.broken_words += 1


def _decomposed(case: Case) -> None:
    form: Literal["NFD", "NFC"] = case.rng.choice(("NFD", "NFD", "NFC"))
    texts = [unicodedata.normalize(form, cue.text) for cue in case.cues]
    if texts == [cue.text for cue in case.cues]:
        raise CannotApply
    case.cues = [replace(cue, text=text) for cue, text in zip(case.cues, texts, strict=True)]


def _each(case: Case, share: float) -> list[int]:
    return [n for n in range(len(case.cues)) if case.rng.random() < share]


def _tokens(case: Case) -> None:
    for place in _each(case, 0.6):
        first, last = case.rng.choice(_TOKENS), case.rng.choice(_TOKENS)
        inner = case.rng.choice(("", " "))
        changed(case, place, f"{first}{inner}{case.cues[place].text}{last}")


def _colours(case: Case) -> None:
    if case.shape in _PIECES:
        raise CannotApply  # its words are cut as reading cuts them: half a colour, as of no tool
    for place in _each(case, 0.6):
        words = case.cues[place].text.split(" ")
        at = case.rng.randrange(len(words))
        words[at] = f"{case.rng.choice(_COLOURS)}{words[at]}\x1b[0m"
        changed(case, place, " ".join(words))


def _entities(case: Case) -> None:
    marks = {"'": "&#39;", '"': "&quot;", "&": "&amp;", "é": "&eacute;", "ü": "&uuml;"}
    if case.shape == "txt" or not any(m in cue.text for cue in case.cues for m in marks):
        raise CannotApply
    for place, cue in enumerate(case.cues):
        text = cue.text.replace("&", "&amp;")
        for mark, written in marks.items():
            text = text.replace(mark, written) if mark != "&" else text
        changed(case, place, text)


def _not_shown_again(case: Case) -> None:
    if case.shown != case.said:
        raise CannotApply  # what is left of captions, nobody knows


def _styles(case: Case) -> None:
    if {"karaoke", "names in front"} & set(case.faults):
        raise CannotApply
    for place in _each(case, 0.5):
        text = case.cues[place].text
        words = text.split(" ")
        at = case.rng.randrange(len(words))
        case.cues[place] = replace(
            case.cues[place],
            text=case.rng.choice(
                (
                    f"<i>{text}</i>",
                    "{\\an8}" + text,
                    f'<font color="#ffff00">{text}</font>',
                    "\n".join((" ".join(words[:at]), " ".join(words[at:]))).strip(),
                    " ".join(words[:at]) + ("\\N" if at else "") + " ".join(words[at:]),
                    f"- {text}",
                )
            ),
        )
    case.shown = [w for cue in case.cues for w in _without_styles(cue)]


def _without_styles(cue: Line) -> list[str]:
    """Return the words that reading may find: a dash before a voice may be one."""
    text = cue.text
    for mark in ("<i>", "</i>", "{\\an8}", '<font color="#ffff00">', "</font>"):
        text = text.replace(mark, "")
    for mark in (*_COLOURS, *_TOKENS):
        text = text.replace(mark, "")
    return replace(cue, text=html.unescape(text.replace("\\N", " "))).words


_SUBTITLES = frozenset(("srt", "vtt"))
FAULTS = (
    Fault("A", "code page", 3, _code_page),
    Fault("A", "code page", 3, _code_page),
    Fault("A", "unicode", 3, _unicode),
    Fault("A", "two pages", 3, _two_pages, _SUBTITLES | {"txt", "tsv"}),
    Fault("A", "cut characters", 0, _cut_characters, _RAW - {"vtt"}),
    Fault("A", "stray bytes", 0, _stray_bytes, _RAW | {"openai", "list"}),
    Fault("A", "cut off", 3, _cut_off),
    Fault("D", "other normal form", 0, _decomposed),
    Fault("F", "special tokens", 0, _tokens),
    Fault("F", "colours", 0, _colours),
    Fault("F", "entities", 0, _entities),
    Fault("F", "styles", 0, _styles, _SUBTITLES),
)
