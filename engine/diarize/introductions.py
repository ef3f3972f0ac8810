"""Who says their own name: a proposal for a label, with the words and the time that speak for it.

A proposal is never applied by itself. Only whole phrases count that hardly mean anything else, and
the name must begin with a capital: "I'm Ada" counts, "I'm tired" does not. In English "I'm" and
"this is" are weak, so they count at the beginning of somebody's first words alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from engine.records import EnhancedWord
from engine.text import prose
from engine.text.letters import is_letter

_SURE: Final = (
    "my name is", "my name's", "mein name ist", "ich heiße", "ich heisse", "je m'appelle",
    "je m’appelle", "mon nom est", "me llamo", "mi nombre es", "mi chiamo", "il mio nome è",
    "me chamo", "chamo-me", "meu nome é", "ik heet", "mijn naam is", "nazywam się",
    "mam na imię", "em dic", "el meu nom és",
)  # fmt: skip
_WEAK: Final = ("i'm", "i’m", "i am", "this is", "ich bin", "je suis", "soy", "sono", "sou",
                "ik ben", "jestem", "soc", "sóc")  # fmt: skip
_FIRST_WORDS: Final = 40  # of a speaker, in which a weak phrase counts
_LONGEST_NAME: Final = 3  # words
_CONTEXT: Final = 6  # words before and after, in the quote
_TRAIL: Final = ".,;:!?…\"'”’)]"
_NO_NAMES: Final = frozenset({
    "Mr", "Mrs", "Ms", "Dr", "Sir", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
    "Saturday", "Sunday", "English", "American", "British", "French", "German", "God", "I", "The",
    "A", "An", "And", "But", "So", "Not", "It", "We", "You", "They", "He", "She", "My",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """A name that somebody gives themselves."""

    label: str
    name: str
    quote: str  # the words as they were said
    at_s: float | None


def proposals(words: Sequence[EnhancedWord]) -> list[Proposal]:
    """Return one proposal at most for each label, the earliest; of a name twice, neither."""
    found: dict[str, Proposal] = {}
    for label, start, stop in _turns(words):
        if label not in found and (one := _in_turn(words, label, start, stop)) is not None:
            found[label] = one
    names = [proposal.name for proposal in found.values()]
    return [proposal for proposal in found.values() if names.count(proposal.name) == 1]


def _turns(words: Sequence[EnhancedWord]) -> Iterator[tuple[str, int, int]]:
    start = 0
    for n in range(1, len(words) + 1):
        if n == len(words) or words[n].word.speaker != words[start].word.speaker:
            label = words[start].word.speaker
            if label is not None:
                yield label, start, n
            start = n


def _in_turn(words: Sequence[EnhancedWord], label: str, start: int, stop: int) -> Proposal | None:
    plain = [_plain(word) for word in words[start:stop]]
    is_first = all(word.word.speaker != label for word in words[:start])
    for phrases, limit in ((_SURE, len(plain)), (_WEAK, _FIRST_WORDS if is_first else 0)):
        for phrase in phrases:
            parts = phrase.split()
            for n in range(min(limit, len(plain) - len(parts))):
                if plain[n : n + len(parts)] != parts:
                    continue
                at = start + n + len(parts)
                if name := _name(words, at, stop):
                    return Proposal(label, name, _quote(words, start + n, at, stop),
                                    words[start + n].word.start_s)  # fmt: skip
    return None


def _of_a_name(char: str) -> bool:
    return char in "-'’" or (is_letter(char) and not char.isnumeric())


def _name(words: Sequence[EnhancedWord], at: int, stop: int) -> str | None:
    """Return the capitalised words that begin at a place, up to a mark."""
    name: list[str] = []
    for word in words[at : min(at + _LONGEST_NAME, stop)]:
        bare = re.sub(r"['’]s$", "", word.text.strip(_TRAIL).lstrip("\"'“‘(["))
        if not bare[:1].isupper() or not all(map(_of_a_name, bare)):
            break
        if bare in _NO_NAMES:
            break
        name.append(bare)
        if word.text[-1:] in _TRAIL:
            break
    return " ".join(name) or None


def _quote(words: Sequence[EnhancedWord], begin: int, at: int, stop: int) -> str:
    return prose.join(words[begin : min(stop, at + _CONTEXT)])


def _plain(word: EnhancedWord) -> str:
    return word.text.strip(_TRAIL).lower()
