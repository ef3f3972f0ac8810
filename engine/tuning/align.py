"""A source and a corrected text -> what the user changed, word by word; pure.

An edit of marks, case or a paragraph is something to learn. An edit that changes words is a
proposal for the glossary: no model of ours may write other words, so none learns from it, and the
words around it are shown to the model without being asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Final

from engine.records import EnhancedWord
from engine.tagger.pieces import shown, strongest
from engine.text.marks import letters
from engine.text.readings import is_shouting
from engine.tuning.records import Proposal, Said
from engine.tuning.words import NO_BREAK, PARAGRAPH, TURN, Word, parse

#: Words before the first correction and after the last one that the user is held to have read.
READ_WORDS: Final = 30
#: Words of a proposal for the glossary, on either side.
MOST_WORDS: Final = 4


@dataclass(frozen=True, slots=True)
class Aligned:
    """What a corrected text says of the words of its source."""

    said: tuple[Said, ...]
    corrections: int  # places where marks, case or a paragraph were changed
    proposals: tuple[Proposal, ...]
    left_out: int  # words that were rewritten, put in or taken out


def parsed(paragraphs: Sequence[str], *, turns: Sequence[bool] = ()) -> list[Word]:
    """Return the words of paragraphs; `turns` says which of them another speaker begins."""
    out: list[Word] = []
    for number, paragraph in enumerate(paragraphs):
        words = parse(paragraph)
        if not words:
            continue
        if out:
            turn = number < len(turns) and turns[number]
            words[0] = replace(words[0], before=TURN if turn else PARAGRAPH)
        out.extend(words)
    return out


def align(machine: Sequence[EnhancedWord], corrected: Sequence[Word]) -> Aligned:
    """Lay the words of a corrected text onto those that the machine had written.

    What lies before the first correction and after the last one was perhaps never read: it is
    shown and not asked, but for `READ_WORDS` on either side.
    """
    own = _sources(machine)
    keys = [letters(word.core).casefold() for word in own.words]
    wanted = [letters(word.core).casefold() for word in corrected]
    said: list[Said] = []
    proposals: list[Proposal] = []
    changed: list[int] = []
    left_out = 0
    matcher = SequenceMatcher(None, keys, wanted, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            for n, m in zip(range(a, b), range(c, d), strict=True):
                if _differs(own.words[n], corrected[m]):
                    changed.append(len(said))
                said.append(Said(corrected[m], own.shown[n]))
            continue
        left_out += max(b - a, d - c)
        if said:  # the mark before rewritten words belongs to the new ones
            said[-1] = replace(said[-1], asked=False)
        said.extend(Said(own.words[n], own.shown[n], asked=False) for n in range(a, b))
        if kind == "replace" and b - a <= MOST_WORDS and d - c <= MOST_WORDS:
            heard = " ".join(word.core for word in own.words[a:b])
            proposals.append(Proposal(heard, " ".join(word.core for word in corrected[c:d])))
    return Aligned(_read(said, changed), len(changed), _counted(proposals), left_out)


@dataclass(frozen=True, slots=True)
class _Sources:
    words: list[Word]  # as the machine wrote them
    shown: list[str]  # as the source has them


def _sources(machine: Sequence[EnhancedWord]) -> _Sources:
    """Return the words that hold a letter or figure; a mark on its own joins the one before it."""
    shouting = is_shouting([word.word.text for word in machine])
    out = _Sources([], [])
    before = NO_BREAK
    speaker: str | None = None
    for enhanced in machine:
        source = enhanced.word
        if not any(char.isalnum() for char in source.text):
            if out.shown and out.shown[-1][-1:].isalnum():
                out.shown[-1] += strongest(source.text)
            if out.words and enhanced.text and not out.words[-1].mark:
                out.words[-1] = replace(out.words[-1], mark=strongest(enhanced.text))
            before = PARAGRAPH if enhanced.paragraph else before
            continue
        found = parse(enhanced.text)
        if found:
            if out.words and source.speaker != speaker:
                before = TURN
            word = found[0] if len(found) == 1 else Word(enhanced.text)
            out.words.append(replace(word, before=before))
            out.shown.append(shown(source.text, shouting=shouting))
            speaker = source.speaker
        before = PARAGRAPH if enhanced.paragraph else NO_BREAK
    return out


def _differs(machine: Word, corrected: Word) -> bool:
    """Return whether a user changed the mark or the case of a word, or the break before it."""
    return (
        machine.mark != corrected.mark
        or machine.core != corrected.core
        or (machine.before == NO_BREAK) != (corrected.before == NO_BREAK)
    )


def _read(said: Sequence[Said], changed: Sequence[int]) -> tuple[Said, ...]:
    if not changed:
        return tuple(replace(one, asked=False) for one in said)
    first, last = changed[0] - READ_WORDS, changed[-1] + READ_WORDS
    return tuple(
        one if first <= n <= last else replace(one, asked=False) for n, one in enumerate(said)
    )


def _counted(proposals: Sequence[Proposal]) -> tuple[Proposal, ...]:
    times: dict[tuple[str, str], int] = {}
    for one in proposals:
        key = (one.heard.casefold(), one.correct)
        times[key] = times.get(key, 0) + 1
    return tuple(Proposal(heard, correct, count) for (heard, correct), count in times.items())
