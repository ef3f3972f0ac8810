"""Clean the records of a corpus into documents of words: no headings, no turns without marks."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from engine.tuning.words import NO_BREAK, PARAGRAPH, TURN, Word, parse

_ENDS = re.compile(r"[.?!\u2026][\"'\u2019\u201d\u201c\u00bb)\]\s]*$|(?:--|[-\u2014\u2013])[\"']?$")
_CAPS = re.compile(r"\b[A-Z]{2,}\b")
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
#: The heads of pages, in the middle of what is said there, and labels of speakers before it.
_HEADERS = re.compile(
    r"(?:Vice )?Chair(?:man)? \w+['\u2019]s Press Conference (?:FINAL|PRELIMINARY)|Page \d+ of \d+"
    rf"|(?<![Oo]n )(?<![Oo]f )(?<!ince )(?<!rom )\b(?:{_MONTHS}) \d{{1,2}}, \d{{4}}(?= [a-z])"
    r"|\b(?:VICE )?(?:CHAIRMAN|CHAIR|MR\.|MS\.) [A-Z]{3,}\.(?= )"
)
#: Paragraphs of prose (dialogue above all) are joined until they hold this many words.
PROSE_PARAGRAPH_WORDS = 40
#: Share of turns of one or two words that are left out of meetings and radio.
SHORT_TURNS_DROPPED = 0.7
#: Fewest words of a document.
SHORTEST = 30


def documents(
    record: dict[str, Any], rng: random.Random, *, whole: bool = False
) -> Iterator[list[Word]]:
    """Yield the clean documents of one record: one, or none where too little is left.

    `whole` leaves out no short turn and no short document: that is for measuring.
    """
    style = record.get("style", "")
    chunks = record["text"].split("\n\n")
    speakers = list(record.get("speakers") or ())
    speakers += [None] * (len(chunks) - len(speakers))
    known = record.get("paras", "real") != "none"
    meeting = style in ("speech-meeting", "speech-radio")
    words: list[Word] = []
    since_break, last_speaker = 0, None
    for text, speaker in zip(chunks, speakers, strict=False):
        text = _HEADERS.sub(" ", text).strip()
        if not _usable(text):
            continue
        parsed = parse(text)
        dropped = meeting and not whole and len(parsed) <= 2 and rng.random() < SHORT_TURNS_DROPPED
        if not parsed or dropped:
            continue
        before = NO_BREAK
        if words:
            if speaker != last_speaker and style != "prose":
                before = TURN
            elif style != "prose" or since_break >= PROSE_PARAGRAPH_WORDS:
                before = PARAGRAPH
        if before:
            since_break = 0
        parsed[0] = replace(parsed[0], before=before)
        if not known:
            parsed = [replace(w, paragraph_known=False) for w in parsed]
        words.extend(parsed)
        since_break += len(parsed)
        last_speaker = speaker
    if words and (whole or len(words) >= SHORTEST):
        yield words


def _usable(text: str) -> bool:
    """Return whether the text is neither a heading, nor in capitals, nor without marks."""
    count = len(text.split())
    if count == 0 or not any(c.islower() for c in text):
        return False
    if len(_CAPS.findall(text)) > 0.4 * count and count > 3:
        return False
    marks = sum(text.count(mark) for mark in ".,?!")
    if marks < count / 40:
        return False
    return _ENDS.search(text) is not None or (count > 15 and text[-1] in ":;,\"'")
