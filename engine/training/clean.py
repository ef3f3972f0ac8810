"""Clean corpus documents into words: drops headings, notes, unpunctuated turns."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from engine.training.words import (
    COMMA,
    EXCLAMATION,
    NO_BREAK,
    PARAGRAPH,
    QUESTION,
    TURN,
    Word,
    parse,
)

_ENDS = re.compile(r"[.?!][\"')\]]*$|(?:--|\u2014)[\"']?$")
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


def documents(record: dict[str, Any], rng: random.Random) -> Iterator[list[Word]]:
    """Yield the clean documents of one corpus record; a gap in the text starts another one."""
    style = record["style"]
    chunks = record["text"].split("\n\n")
    speakers = record["speakers"] or [None] * len(chunks)
    speakers = list(speakers) + [None] * (len(chunks) - len(speakers))
    conversation = style in ("speech-meeting", "speech-radio", "speech-qa")
    words: list[Word] = []
    since_break, last_speaker = 0, None
    for text, speaker in zip(chunks, speakers, strict=False):
        text = _HEADERS.sub(" ", text).strip() if style == "speech-qa" else text.strip()
        if not _usable(text, conversation=conversation):
            continue
        parsed = parse(text)
        if not parsed:
            continue
        if style == "prose":
            parsed = _with_tags(parsed)
        short = style in ("speech-meeting", "speech-radio") and len(parsed) <= 2
        if short and rng.random() < SHORT_TURNS_DROPPED:
            continue
        before = NO_BREAK
        if words:
            if conversation and speaker != last_speaker:
                before = TURN
            elif style in ("speech-qa", "speech-prepared") or (
                style == "prose" and since_break >= PROSE_PARAGRAPH_WORDS
            ):
                before = PARAGRAPH
        if before:
            since_break = 0
        parsed[0] = replace(parsed[0], before=before)
        words.extend(parsed)
        since_break += len(parsed)
        last_speaker = speaker
    if len(words) >= 30:
        yield words


def _with_tags(words: list[Word]) -> list[Word]:
    """Give '"Why?" said Ann' a comma: without quotes, no sentence ends before a lower-case word.

    Of the question marks of the classics 22 % stand so, of the exclamation marks 34 %.
    """
    out = [
        replace(word, separator=COMMA)
        if word.separator in (QUESTION, EXCLAMATION) and after.core[:1].islower()
        else word
        for word, after in pairwise(words)
    ]
    return [*out, words[-1]]


def _usable(text: str, *, conversation: bool) -> bool:
    """False for headings, lines in capitals, and turns without their final mark."""
    count = len(text.split())
    if count == 0 or not any(c.islower() for c in text):
        return False
    if len(_CAPS.findall(text)) > 0.4 * count and count > 3:
        return False
    ends = _ENDS.search(text) is not None
    if conversation:
        marks = sum(text.count(mark) for mark in ".,?!")
        return ends and marks >= count / 40
    return ends or (count > 15 and text[-1] in ":;,\"'")
