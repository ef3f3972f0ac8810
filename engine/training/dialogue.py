"""Extract from prose what persons say, as the turns of a conversation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from engine.training.clean import PROSE_PARAGRAPH_WORDS
from engine.training.words import (
    COMMA,
    EXCLAMATION,
    NO_BREAK,
    PARAGRAPH,
    QUESTION,
    STOP,
    TURN,
    Word,
    first_raised,
    parse,
)

#: So many paragraphs without speech may part two turns of one document.
GAP = 2
MINIMUM_TURNS, MINIMUM_WORDS = 4, 60
#: Of narrative between two pieces of a paragraph no more than this counts as a tag.
TAG_WORDS = 60
#: A piece without its final mark is a name or a title up to this length, else a doubtful quote.
TITLE_WORDS = 5

_PLAIN = str.maketrans(
    {"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "_": None, "*": None}
)
_HEADING = re.compile(r"(?:chapter|book|part|act|scene|letter)\b.{0,60}$", re.IGNORECASE)
_OPENING_SINGLE = re.compile(r"(?:^|(?<=[\s(\u2014-]))'(?=[\w\u2014-])")
_SINGLE = re.compile(_OPENING_SINGLE.pattern + r"(.+?[.,?!;:\u2014-])'(?=[\s)\u2014-]|$)")
#: What is left of quotes that did not close, or closed without a space behind them.
_DOUBTFUL = re.compile(r"(?:^|[\s(])'[A-Z]|[.,?!]'\w")
_ENDED = re.compile(r"[.,?!;:\u2026\u2014\u2013-]$")
_BROKEN_OFF = re.compile(r"\s*(?:-+|[\u2014\u2013\u2015\u2026]|\.(?:\s?\.)+)[\s.-]*$")
_MARK = re.compile(r"[.,?!;:\u2014\u2026]|--")
#: A dash before these begins a sentence; a tag follows a nested quote that asks or exclaims.
_NEW_SENTENCE = re.compile(
    r"\s*(?:-{2,}|\u2014)\s*(?=(?:But|And|The|It|He|She|They|We|You|This|That|There|What|Why|How"
    r"|Who|When|Where|If|So|No|Yes|Well|Now|Then|Oh|Is|Are|Do|Don't|Not)\b)"
)
_NESTED_TAG = re.compile(r"(?<=\w)[?!](?='\s+[a-z])")
_WORD = re.compile(r"[\w'-]+")
_VERBS = frozenset(
    (
        *("said", "says", "say", "saying", "cried", "crying", "asked", "asking", "answered"),
        *("replied", "shouted", "exclaimed", "whispered", "murmured", "muttered", "added"),
        *("remarked", "continued", "repeated", "called", "returned", "began", "he", "she"),
    )
)
_CONJUNCTIONS = frozenset(
    (
        *("and", "but", "so", "or", "for", "if", "when", "because", "which", "who", "that"),
        *("as", "though", "then", "unless", "where", "nor", "while", "although", "whether"),
    )
)
#: Before these words a comma of a tag parts what belongs together.
_BOUND = frozenset(("was", "were", "has", "had", "of", "to", "than"))
_ADDRESSED = frozenset(
    (
        *("sir", "madam", "ma'am", "gentlemen", "dear", "father", "mother", "miss", "friend"),
        *("friends", "boy", "girl", "child", "lad", "brother", "sister", "uncle", "aunt"),
        *("lord", "lady", "fellow", "man", "doctor", "captain"),
    )
)
#: A clause begins with these, after a comma unless the words before ask for it without one.
_SUBJECTS = frozenset(
    ("you", "he", "she", "it", "we", "they", "there", "perhaps", "you'll", "it's", "he's", "you're")
)
_THOUGHTS = frozenset(
    (
        *("think", "hope", "suppose", "sure", "know", "say", "wish", "believe", "fear", "afraid"),
        *("certain", "thought", "see", "fancy", "tell", "told", "said", "that", "if", "when"),
    )
)
_FIRST_PERSON = frozenset(("I", "I'm", "I've", "I'll", "I'd"))


def dialogues(chunks: list[str]) -> Iterator[list[Word]]:
    """Yield the conversations in the paragraphs of a book, without the narrative between."""
    paragraphs = [" ".join(chunk.translate(_PLAIN).split()) for chunk in chunks]
    single = _speaks_in_single_quotes(paragraphs)
    known = {word for text in paragraphs for word in _WORD.findall(text) if word.islower()}
    words: list[Word] = []
    turns, gap, since_break, open_before = 0, 0, 0, False
    for text, following in zip(paragraphs, [*paragraphs[1:], ""], strict=True):
        if not any(c.islower() for c in text) or _HEADING.match(text):
            gap = GAP + 1
        parts, is_open = _parts(text, single=single)
        if is_open and not following.startswith("'" if single else '"'):
            parts, is_open = [], False
        said = _settle(parse(_turn(parts, known))) if parts else []
        if not said:
            gap, open_before = gap + bool(text), False
            if gap > GAP:
                if _enough(words, turns):
                    yield words
                words, turns, since_break = [], 0, 0
            continue
        before = NO_BREAK
        if not words:
            turns = 1
        elif not open_before or gap:
            before, turns = TURN, turns + 1
        elif since_break >= PROSE_PARAGRAPH_WORDS:
            before = PARAGRAPH
        since_break = len(said) + (0 if before else since_break)
        words += [replace(said[0], before=before), *said[1:]]
        gap, open_before = 0, is_open
    if _enough(words, turns):
        yield words


def _enough(words: list[Word], turns: int) -> bool:
    return turns >= MINIMUM_TURNS and len(words) >= MINIMUM_WORDS


def _speaks_in_single_quotes(paragraphs: list[str]) -> bool:
    """True if more paragraphs begin with a single quote than with a double one."""
    firsts = [text[:1] for text in paragraphs]
    return firsts.count("'") > 2 * firsts.count('"')


def _parts(text: str, *, single: bool) -> tuple[list[str], bool]:
    """Narrative and speech by turns, whether the last quote stays open; no parts if doubtful."""
    if single:
        parts = _SINGLE.split(text.replace('"', ""))
        last = _OPENING_SINGLE.search(parts[-1])
        if last and parts[-1].rstrip()[-1] in ".?!":
            parts[-1:] = [parts[-1][: last.start()], parts[-1][last.end() :]]
        if any(_DOUBTFUL.search(part) for part in parts):
            return [], False
    else:
        parts = text.split('"')
    if len(parts) == 1:
        return [], False
    is_open = len(parts) % 2 == 0
    for i, part in enumerate(parts):
        if i % 2:
            closed = not (is_open and i + 1 == len(parts))
            if not part or part[0] == " " or (closed and part[-1] == " "):
                return [], False
        else:
            if i + 1 < len(parts) and part and part[-1] not in " -\u2014([":
                return [], False
            if i and part and part[0].isalnum():
                return [], False
    return parts, is_open


def _turn(parts: list[str], known: set[str]) -> str:
    """Join the pieces of one paragraph; empty if none is speech or one is doubtful."""
    out, tag = "", ""
    for i, part in enumerate(parts):
        piece = part.strip().rstrip("'").rstrip()
        if i % 2 == 0:
            tag += part
        elif _is_speech(piece, tag, goes_on=bool(out)):
            if out and len(tag.split()) > TAG_WORDS:
                return ""
            out = _joined(out, tag.strip(), piece, known) if out else piece
            tag = ""
        elif len(piece.split()) > TITLE_WORDS or not out:
            return ""
        else:
            tag += part
    out = _NESTED_TAG.sub(",", out)
    return _ended(_NEW_SENTENCE.sub(_stop, out)) if out else ""


def _stop(dash: re.Match[str]) -> str:
    marked = dash.string[: dash.start()].rstrip("'")[-1:] in tuple(".,?!;:")
    return " " if marked or not dash.start() else ". "


def _is_speech(piece: str, before: str, *, goes_on: bool) -> bool:
    """False for titles and quoted words inside the narrative: no final mark, no capital."""
    start = _WORD.search(piece)
    if start is None or not _ENDED.search(piece):
        return False
    first = start.group().lstrip("'-")[:1]
    if not (first.isupper() or first.isdigit() or goes_on):
        return False
    context = before.rstrip()
    return not context[-1:].isalnum() or _WORD.findall(context)[-1].lower() in _VERBS


def _joined(said: str, tag: str, piece: str, known: set[str]) -> str:
    """Join a piece to what was said before the tag, with the mark that belongs there."""
    start = _WORD.search(piece)
    assert start is not None
    first = start.group()
    proper = first in _FIRST_PERSON or (first[:1].isupper() and first.lower() not in known)
    goes_on = (first[:1].islower() or proper) and tag[-1:] not in (".", "?", "!")
    stem = _BROKEN_OFF.sub("", said)
    if said[-1] in "?!" or stem[-1:] in ("?", "!") or not goes_on:
        return f"{_ended(said)} {first_raised(piece)}"
    if stem != said:
        return f"{stem}, {piece}"
    if said[-1] != ",":
        return f"{said} {piece if said[-1] in ';:' else first_raised(piece)}"
    keeps = first not in _BOUND and (proper or first in _CONJUNCTIONS or _parted(said, piece))
    return f"{said if keeps else said[:-1]} {piece}"


def _parted(said: str, piece: str) -> bool:
    """True if a comma stands between the two even without a tag: short openings, addresses."""
    clause = _MARK.split(said[:-1])[-1].split()
    if len(clause) <= 2 or len(_MARK.split(piece)[0].split()) <= 1:
        return True
    start = piece.split()[0].rstrip(".,?!;:")
    if start in _SUBJECTS and clause[-1].lower() not in _THOUGHTS:
        return True
    return clause[-1].lower() in _ADDRESSED or (clause[-1][:1].isupper() and clause[-1] != "I")


def _ended(said: str) -> str:
    """End the sentence, whatever mark the tag or an interruption had asked for."""
    stem = _BROKEN_OFF.sub("", said).rstrip(" ,;:")
    return stem if stem[-1:] in (".", "?", "!") else f"{stem}."


def _settle(words: list[Word]) -> list[Word]:
    """Old books go on in lower case: 'Oh! my dear' is a comma, 'Is it? or not' two sentences."""
    out, length = words[:1], 1
    for word, after in pairwise(words):
        length += 1
        if word.separator in (QUESTION, EXCLAMATION):
            if after.core[:1].islower():
                if word.separator == EXCLAMATION and length <= 3:
                    out[-1] = replace(out[-1], separator=COMMA)
                else:
                    after = replace(after, core=first_raised(after.core))
            length = 1
        elif word.separator == STOP:
            length = 1
        out.append(after)
    return out
