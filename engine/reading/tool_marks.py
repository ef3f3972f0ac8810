r"""Marks of tools in a text, which nobody said: taken out before words are cut.

- special tokens: `<|en|>`, `<|0.00|>`, `[_BEG_]`, `[_TT_150]`;
- colours of a terminal, with their escape character or without it;
- a clock in brackets that is all there is of a text;
- marks of subtitles: `{\an8}`, `\N`, `<i>`;
- HTML entities, decoded: `&#39;` is an apostrophe. A spoken `AT&T` has no semicolon.
"""

from __future__ import annotations

import html
import re
from collections import Counter
from typing import Any

from engine.reading.cut import mapped
from engine.reading.notes import NoteName
from engine.records import Note
from engine.text.words import is_spaceless

LONGEST_MARK = 500  # characters of a mark in which a file is cut off, and what is before it
_TOKEN = re.compile(
    r"<\|(?:\d{1,5}\.\d{1,3}|[a-z]{2}|haw|yue|startof[a-z]{2,10}|endof(?:text|transcript)|transcribe|translate"
    r"|no(?:speech|captions|timestamps)|notimestamps|speakerturn|diarize|nodiarize|itn|noitn|pnc|nopnc"
    r"|withitn|woitn|Speech|BGM|Laughter|Applause|Cry|Sneeze|Cough|HAPPY|SAD|ANGRY|NEUTRAL|FEARFUL"
    r"|DISGUSTED|SURPRISED|EMO_UNKNOWN|EMO_UNKNOW|emo:\w{1,12}|audio|special\d{1,3}|spkchange)\|>"
    r"|\[_(?:[A-Z]+_?|TT_\d+|LANG_[a-z]{2,3}|extra_token_\d+)\]"
)
_TOKENS = re.compile(rf"(?:{_TOKEN.pattern})+")
_CUT_TOKEN = re.compile(r"(?:<\|[\w.]{0,20}\|?|\[_\w{0,20})\s*\Z")  # the file is cut off in it
_CUT_ESCAPE = re.compile(r"\x1b(?:\[[\d;]*)?\Z")
_CUT_ENTITY = re.compile(r"&(?:#[xX]?[0-9a-fA-F]{0,6}|[a-zA-Z]{1,7})?\Z")
_CUT_TAG = re.compile(
    r"<(?:/?(?:[biusv]|c(?:\.[^\s<>]{0,80})?|v[.\s][^<>\s]{0,80}(?-i: [^<>\sa-z][^<>\s]{0,40}){0,3}"
    r"|rt?|ru|rub|ruby|la?|lan"
    r"|lang(?:\s[^<>\n]{0,40})?|fo?|fon|font(?:\s[^<>\n]{0,80})?)?|\d[\d:.,]{0,14})\Z"
    r"|\{(?:\\[^{}\s]{0,80})?\Z|(?<=[^\\:])\\\Z",
    re.IGNORECASE,
)
_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|\x1b[()][0-9A-B]"
)
_SHOWN_ESCAPE = re.compile(r"(?:\^\[|␛|\\(?:033|e|x1b|u001b))\[[\d;]{0,24}[mKJ]")
_BARE_COLOUR = re.compile(r"\[(?:38;[25];[\d;]{1,14}|0|1|3\d|9\d)?m")
_BARE_PAIR = re.compile(r"\[(?:38;[25];[\d;]{1,14}|3\d|9\d)m.{1,200}?\[0?m", re.DOTALL)
_CLOCK = re.compile(r"\s*[\[(]\s*\d{1,3}:\d\d(?::\d\d)?(?:[.,]\d{1,3})?\s*[\])]\s*")

# Only b, font and the like have attributes, only v and lang have free text: `<b and c>` was said.
_TAG = re.compile(
    r"</?(?:[bcisu]|font|ruby|rt)(?:\.[^\s<>&]*)?(?:\s[^<>=]*=[^<>]*)?\s*/?>"
    r"|</?(?:v|lang)(?:\.[^\s<>&]*)?(?:[ \t][^<>\n]*)?>"
    r"|<(?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,9}>"
    r"|\{\\[^{}]{0,80}\}",
    re.IGNORECASE,
)
_STYLE = re.compile(
    r"\{\\[^{}]{0,80}\}|</?font(?:\s[^<>=]{0,40}=[^<>]{0,80})?>|</?c(?:\.[^\s<>&]{0,80})?>"
    r"|<(?:\d{1,4}:)?\d{1,2}:\d{1,2}[.,]\d{1,9}>"
)
_HARD_BREAK = r"([A-Za-z]:\\\S*)|(?<=[^\s:\\/])\\[Nh]|(?<![:\\/])\\[Nh](?![a-z])|<br ?/?>"
_OUTSIDE_BREAK = re.compile(_HARD_BREAK)
_BREAK = re.compile(_HARD_BREAK + r"|(?<![:\\/])\\n(?=[A-Z \-]|\Z)")
# Closed and short: `&copy` in a name is no entity, and thousands of digits would be an error.
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,31});")


def _space(match: re.Match[str]) -> str:
    return match[1] or " "  # a Windows path stays


def untagged(content: str) -> str:
    r"""Return a text without the marks of subtitles, with a space for `\N`."""
    if "<" in content or "{" in content:
        content = _TAG.sub("", content)
    return _BREAK.sub(_space, content) if "\\" in content or "<" in content else content


def unstyled(content: str) -> str:
    r"""Return a text without the marks that only subtitles have, with a space for `\N`.

    Outside of subtitles, `<i>` may have been said.
    """
    if "<" in content or "{" in content:
        content = _STYLE.sub("", content)
    return _OUTSIDE_BREAK.sub(_space, content) if "\\" in content or "<" in content else content


def characters(written: str) -> str:
    """Return a text with its entities decoded, also those that were written twice."""
    if "&" not in written:
        return written
    once = _ENTITY.sub(lambda match: html.unescape(match[0]), written)
    return _ENTITY.sub(lambda match: html.unescape(match[0]), once) if "&amp;" in written else once


def is_clock(content: str) -> bool:
    """Return whether a text is a time in brackets and nothing else."""
    return _CLOCK.fullmatch(content) is not None


def strip(content: str, found: Counter[str]) -> str:
    """Return a text without special tokens and colours, which are counted in `found`."""
    if "<|" in content or "[_" in content:
        count = len(_TOKEN.findall(content))
        found["special tokens"] += count
        if count:
            content = _TOKENS.sub(lambda match: _gap(content, match), content)
    if "\x1b" in content or "\x9b" in content:
        content, count = _ESCAPE.subn("", content)
        found["colours"] += count
    for pattern in (_SHOWN_ESCAPE, _BARE_COLOUR) if "[" in content else ():
        if pattern is _BARE_COLOUR and not _BARE_PAIR.search(content):
            continue
        content, count = pattern.subn("", content)
        found["colours"] += count
    return content


def strip_document(document: Any) -> tuple[Any, list[Note]]:
    """Take the marks out of every text of a JSON document, and decode its entities."""
    found: Counter[str] = Counter()
    entities = 0

    def change(text: str) -> str:
        nonlocal entities
        result = strip(text, found)
        if is_clock(result):
            found["clocks"] += 1
            return ""
        if "<" in result or "\\" in result:
            result = unstyled(result)
        if "&" in result:
            entities += len(_ENTITY.findall(result))
            result = characters(result)
        return result

    return mapped(document, change), notes(found, entities)


def strip_content(content: str, *, subtitles: bool) -> tuple[str, list[Note]]:
    """Take special tokens and colours out of a text file, and the mark in which it is cut off.

    Entities belong to subtitles, and are counted elsewhere.
    """
    found: Counter[str] = Counter()
    content, cut = _CUT_TOKEN.subn("", content)
    found["special tokens"] += cut
    written = len(_ENTITY.findall(content))
    for pattern, may_be in ((_CUT_TAG, subtitles), (_CUT_ENTITY, written), (_CUT_ESCAPE, True)):
        if may_be:
            last, cut = pattern.subn("", content[-LONGEST_MARK:])
            content = content[:-LONGEST_MARK] + last
            found["cut-off marks"] += cut
    content = strip(content, found)
    return content, notes(found, 0 if subtitles else written)


def notes(found: Counter[str], entities: int) -> list[Note]:
    """Return what is told of removed marks and decoded entities."""
    kinds = sorted(kind for kind, count in found.items() if count)
    result = []
    if kinds:
        total = sum(found.values())
        result.append(Note(NoteName.MARKS_REMOVED, count=total, detail=", ".join(kinds)))
    if entities:
        result.append(Note(NoteName.ENTITIES_DECODED, count=entities))
    return result


def _gap(content: str, match: re.Match[str]) -> str:
    before, after = (
        content[match.start() - 1 : match.start()],
        content[match.end() : match.end() + 1],
    )
    if not before.strip() or not after.strip() or is_spaceless(before) or is_spaceless(after):
        return ""
    return " " if after.isalnum() and before not in "[(<|>" else ""
