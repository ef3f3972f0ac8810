"""Sentences -> a heading: the stretch of words, as somebody said them, that says most.

A list of two nouns is no title. A heading is a run of content words with the language's
prepositions and articles between them: "cost of the new harbour bridge". It is a whole run: what
stands beside it is a mark or a function word. It begins with what may lead a phrase, ends with a
noun, and speaks of what the talk says most.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.extract.common import AND, ARTICLES, LINKS, words
from engine.extract.lexicon import Lexicon, stem_of
from engine.extract.phrases import Phrase, Phrasebook, Token, tokens_of
from engine.extract.sentences import Sentence
from engine.text.letters import composed

# Prepositions and articles beside the links of phrases.
_MORE_LINKS = {
    "en": "a an in on with from about against between",
    "de": "ein eine einen einem einer eines mit auf bei nach über aus gegen zwischen durch ohne",
    "fr": "un une dans avec par contre entre sans",
    "es": "un una con por sobre contra entre sin al",
    "it": "un una con su tra al alla nel nella dal dalla sul sulla contro senza",
    "pt": "um uma com por sobre entre ao à contra sem",
    "nl": "een op met aan uit over tussen tegen bij zonder",
    "ca": "un una amb sobre entre contra sense",
}
_ARTICLES = ARTICLES | words(
    "a an der die das den dem ein eine einen einem einer un une una um uma o os as i gli lo de een"
)
_ALSO_PREPOSITIONS = words("de des den dem der o")  # articles in one language, links in another
_LEAST, _MOST = 2, 9  # content words at least, words at most
_LINKED = 3  # links in a row: "out of the"
_EARLY = 0.15  # share of a talk in which its subject is mostly named
_EARLY_WORTH = 1.25
_USUAL = 5.0  # words of a heading


@dataclass(frozen=True, slots=True)
class Heading:
    """A stretch of a sentence."""

    text: str
    stems: frozenset[str]  # of its content words
    score: float


def headings(
    found: Sequence[Sentence],
    book: Phrasebook,
    lexicon: Lexicon,
    subjects: Sequence[Phrase],
    *,
    among: range | None = None,
) -> list[Heading]:
    """Return the stretches that may be a heading, the best first.

    Each holds one of the `subjects`, the best phrases. `among` are the sentences of a chapter;
    None: all.
    """
    wanted = [phrase.stems for phrase in subjects]
    joint = AND.get(lexicon.language or "")
    every = [tokens_of(sentence, lexicon) for sentence in found]
    inside = range(len(found)) if among is None else among
    counts = Counter(t.key for i in inside for t in every[i] if t.kind != "stop")
    general = Counter(t.key for tokens in every for t in tokens if t.kind != "stop")
    links = LINKS.get(lexicon.language or "", frozenset()) | words(
        _MORE_LINKS.get(lexicon.language or "", "")
    )
    best: dict[str, Heading] = {}
    for place, i in enumerate(inside):
        early = _EARLY_WORTH if place <= _EARLY * len(inside) else 1.0
        for start, end in _stretches(every[i], book, links, joint):
            stretch = every[i][start:end]
            told = {t.key: t for t in stretch if t.kind != "stop"}
            worth = sum(
                math.log2(1 + counts[key])
                * book.weights.get(key, 1.0)
                * (counts[key] / general[key]) ** 0.5
                for key in told
            )
            content = [t for t in stretch if t.kind != "stop"]
            linked = len(content) < len(stretch)
            if len(told) < len(content) or not (linked or all(t.text.istitle() for t in content)):
                continue  # it says a word twice, or is a mere row of words
            stems = frozenset(map(stem_of, told))
            held = [place for place, subject in enumerate(wanted) if subject <= stems]
            if not held:
                continue
            worth *= 1 + sum(1 / (1 + place) for place in held)
            size = len(stretch)
            worth *= early / (1 + abs(math.log(size / _USUAL))) / math.sqrt(len(told))
            text = _text(stretch)
            heading = Heading(text, stems, worth)
            if text not in best or best[text].score < worth:
                best[text] = heading
    return sorted(best.values(), key=lambda heading: (-heading.score, heading.text))


def _stretches(
    tokens: Sequence[Token], book: Phrasebook, links: frozenset[str], joint: str | None
) -> Iterator[tuple[int, int]]:
    """Yield the first token and one past the last of every stretch that may be a heading."""
    for start, first in enumerate(tokens):
        if first.kind != "full" or not book.may_lead(first.key, first.text):
            continue
        if start and _goes_on(tokens[start - 1], first):
            continue
        linked = told = 0
        for end in range(start, min(start + _MOST, len(tokens))):
            token = tokens[end]
            if end > start and (token.breaks_before or tokens[end - 1].breaks_after):
                break
            if token.kind == "stop":
                before = tokens[end - 1]
                if end == start + 1 and not book.ends(first.key):
                    break  # a verb: "complained about"
                if before.key == joint:
                    break
                free = token.key in _ARTICLES and token.key not in _ALSO_PREPOSITIONS
                follows = before.kind == "stop" and before.key != joint
                linked += 1
                if token.key not in links or linked > _LINKED or (free and not follows):
                    break
                continue
            linked, told = 0, told + 1
            whole = end + 1 == len(tokens) or not _goes_on(token, tokens[end + 1])
            if told >= _LEAST and whole and token.kind == "full" and book.ends(token.key):
                yield start, end + 1


def _goes_on(before: Token, token: Token) -> bool:
    """Return whether two content words stand side by side: there no heading begins or ends."""
    both = before.kind != "stop" and token.kind != "stop"
    return both and not before.breaks_after and not token.breaks_before


def _text(stretch: Sequence[Token]) -> str:
    return composed(" ".join(token.text for token in stretch))
