"""Sentences -> the few worth quoting: description, summary and key points.

A sentence is worth what its words say for its length, as in the centroid method (Radev et al.
2004). One that depends on the sentence before it ("And that ...", "He ...") is worth less, and one
that repeats a chosen sentence is left out (Carbonell and Goldstein 1998).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from engine.extract.common import words
from engine.extract.lexicon import Lexicon, stem_of
from engine.extract.phrases import Phrasebook
from engine.extract.sentences import Sentence
from engine.text.letters import composed, folded

_LEANING = {
    "en": """and but so or because that this these those he she it they his her its their which who
        then also well yeah yes no okay ok now there here like oh um uh right i i'm i've i'd we'd
        you you're him them one such if what how why when where whereas while although unless until
        cause to it's that's he's she's they're
        there's let's don't did do does is are was were can could would should said though which's
        exactly absolutely sure again anyway plus even maybe just only actually""",
    "de": """und aber also oder denn weil dass das dies diese dieser dieses er sie es ihr ihre sein
        seine die der da dann dort hier ja nein genau okay ok so ich du wir man den dem wenn was wie
        warum wo doch auch nur noch jetzt hat ist war sind habe haben kann""",
    "fr": """et mais donc ou car parce que ça cela ce c'est cette ces il elle ils elles on je tu oui
        non alors après là puis qui bon ben voilà si quand comme""",
    "es": """y pero o porque que eso esto esa ese él ella ellos ellas yo tú sí no entonces luego
        pues bueno si cuando como ahí también es""",
}
_ASIDE = re.compile(
    r"sponsor|promo code|discount|subscrib|\.com\b|% off|percent off|patreon|newsletter|click the"
    r"|brought to you|show notes|tickets available|terms apply|available now|18 plus"
    r"|without objection|free trial|sign up|rabatt|abonnier|gutschein|werbung|abonne",
    re.IGNORECASE,
)
# What introduces a talk near its beginning, first strongly, then weakly.
_NAMING = re.compile(
    r"\b(?:(?:this|today's|our) (?:episode|video|talk|podcast|lecture|series|show|hearing|meeting)"
    r"|talk(?:ing)? (?:to you )?about|(?:going to|will|to) (?:discuss|present)|conversation with"
    r"|interview with|joined by|thoughts on|purpose of"
    r"|diese[rnm]? (?:folge|episode|sendung|podcast)"
    r"|geht es (?:um|heute)|es geht|reden wir|sprechen wir|cet épisode|parler d|este episodio"
    r"|hablar (?:de|sobre)|questo episodio|parliamo)\b",
    re.IGNORECASE,
)
_INTRODUCING = re.compile(
    r"\b(?:today|tonight|this (?:week|morning|afternoon|evening)|welcome|my name is|i'm going to"
    r"|heute|willkommen|aujourd'hui|bienvenue|hoy|bienvenid[oa]s?|oggi|benvenut[oi]|hoje"
    r"|bem-vind[oa]s?|vandaag|welkom)\b",
    re.IGNORECASE,
)
_OPENERS = words("so well um uh okay ok")  # a talk often begins with these
_NEGATION = {
    language: re.compile(pattern)
    for language, pattern in {
        "en": r"\b(?:not|never|no)\b|n['’]t\b",
        "de": r"\b(?:nicht|kein(?:e[mnrs]?)?|nie)\b",
        "fr": r"\b(?:pas|jamais)\b",
        "es": r"\b(?:no|nunca)\b",
        "it": r"\b(?:non|mai)\b",
        "pt": r"\b(?:não|nunca)\b",
        "nl": r"\b(?:niet|geen|nooit)\b",
    }.items()
}
_FIRST_PERSONS = words("i i'm i've i'd i'll me my you you're your ich du mich dir je tu yo")
_ALIKE = 0.5  # share of words at which a sentence repeats another
_SHORTEST, _COMFORTABLE, _LONGEST = 8, 35, 60  # words of a sentence
_INTRO_WORDS = 700
_INTRODUCES = 0.5  # a sentence of this strength introduces the talk
_NEAR = 3  # sentences before and after an advert
_ONCE = 0.1  # worth of a word said once
_LONGEST_DESCRIPTION = 320  # characters


class Ranking:
    """The score of each sentence of a text."""

    def __init__(
        self, sentences: Sequence[Sentence], book: Phrasebook | None, lexicon: Lexicon
    ) -> None:
        self.sentences = sentences
        self._lexicon = lexicon
        self._keys = [tuple(lexicon.key(word.text) for word in s.words) for s in sentences]
        self._said = Counter(self._keys)
        self._asides = [_ASIDE.search(s.text) is not None for s in sentences]
        self._leaning = words(_LEANING.get(lexicon.language or "", ""))
        self.stems = [
            frozenset(stem_of(key) for key in keys if lexicon.kind(key) == "full")
            for keys in self._keys
        ]
        counts: dict[str, int] = {}
        for stems in self.stems:
            for stem in stems:
                counts[stem] = counts.get(stem, 0) + 1
        worth: dict[str, float] = {}
        for key, weight in book.weights.items() if book else ():
            stem = stem_of(key)
            worth[stem] = max(worth.get(stem, 0.0), weight)
        self.worth = {
            s: (math.log(1 + n) if n > 1 else _ONCE) * worth.get(s, 1.0) for s, n in counts.items()
        }
        self.scores = [self._score(i) for i in range(len(sentences))]

    def best(self, among: Sequence[int], *, most: int, taken: Sequence[int] = ()) -> list[int]:
        """Return up to `most` of the sentences `among`, the best first, no two alike."""
        chosen: list[int] = []
        for i in sorted(among, key=lambda i: (-self.scores[i], i)):
            if len(chosen) == most or self.scores[i] <= 0:
                break
            if not any(self._alike(i, other) for other in (*taken, *chosen)):
                chosen.append(i)
        return chosen

    def introducing(self, *, most: int) -> list[int]:
        """Return the sentences near the beginning that say what the talk is about, best first."""
        words = 0
        found = []
        for i, sentence in enumerate(self.sentences):
            if words > _INTRO_WORDS:
                break
            words += len(sentence.words)
            text = composed(sentence.text)
            if sentence.question or self._worth(i) <= 0 or self._asides[i]:
                continue
            strength = 1.0 * bool(_NAMING.search(text)) + 0.5 * bool(_INTRODUCING.search(text))
            if len(sentence.words) > _COMFORTABLE:
                strength *= 0.5
            negation = _NEGATION.get(self._lexicon.language or "")
            if negation is not None and negation.search(folded(text)):
                strength *= 0.5
            first = self._keys[i][0]
            least = _INTRODUCES
            if first in self._leaning:
                strength *= 0.5
                least *= 0.5 if first in _OPENERS else 1.0
            if strength >= least:
                found.append((-strength * self._worth(i), i))
        found.sort()
        return [i for worth, i in found[:most] if worth <= 0.5 * found[0][0]]

    def _alike(self, one: int, other: int) -> bool:
        a, b = self.stems[one], self.stems[other]
        return one == other or len(a & b) >= _ALIKE * max(1, min(len(a), len(b)))

    def _worth(self, i: int) -> float:
        """Return what the words of a sentence say for its length; 0 for what is no sentence."""
        sentence = self.sentences[i]
        size = len(sentence.words)
        if not sentence.whole or not _SHORTEST <= size <= _LONGEST:
            return 0.0
        worth = sum(self.worth[stem] for stem in self.stems[i])
        worth /= math.pow(size + 12, 0.8)
        if self._asides[i] or self._said[self._keys[i]] > 1:
            worth *= 0.1
        elif self._is_near_aside(i):
            worth *= 0.4
        telling = sum(self._lexicon.kind(key) != "stop" for key in self._keys[i])
        if telling > 0.75 * size:  # a list or a slogan
            worth *= 0.4
        return worth

    def _is_near_aside(self, i: int) -> bool:
        """Return whether an advert is near a sentence that does not introduce the talk."""
        if not any(self._asides[max(0, i - _NEAR) : i + _NEAR + 1]):
            return False
        text = composed(self.sentences[i].text)
        return _NAMING.search(text) is None and _INTRODUCING.search(text) is None

    def _score(self, i: int) -> float:
        score = self._worth(i)
        keys = self._keys[i]
        size = len(keys)
        if keys[0] in self._leaning:
            score *= 0.5
        if self.sentences[i].question:
            score *= 0.3
        score /= 1 + 6.0 * sum(key in _FIRST_PERSONS for key in keys) / size
        return score * (0.7 if size > _COMFORTABLE else 1.0)


def describe(ranking: Ranking, summary: Sequence[int]) -> list[int]:
    """Return one or two sentences for a description, in order.

    They introduce the talk if any sentence does, else they are the best of the summary.
    """
    candidates = ranking.introducing(most=2) or ranking.best(summary, most=2)
    chosen = candidates[:1]
    for i in candidates[1:]:
        if sum(len(ranking.sentences[j].text) for j in (*chosen, i)) <= _LONGEST_DESCRIPTION:
            chosen.append(i)
    return sorted(chosen)
