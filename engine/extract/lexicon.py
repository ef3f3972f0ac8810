"""Which words of a language say something, and the stems of those words in a text."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import stopwordsiso

from engine.extract.common import EMPTY, KEPT, WIDE, words
from engine.extract.function_words import FUNCTION_WORDS, RELATIVES, without_accents
from engine.records import Document, EnhancedWord
from engine.text.letters import core, folded

Kind = Literal["stop", "wide", "full"]

_POSSESSIVE = re.compile(r"'s?$")
_ELISION = re.compile(
    r"^(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|un|all|dell|dall|nell|sull|quell)'(?=[^\s'])"
)
_ELIDING = frozenset(("fr", "it", "ca", "oc"))
_SCRIPTS = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
_KANA = re.compile("[\u3040-\u30ff]")
_UNSPACED = re.compile(_SCRIPTS)
_BOTH_UNSPACED = re.compile(_SCRIPTS + "{2}")
_PLAIN = 0.15  # least share of its language's stop words in any text
_OTHER = 0.25  # share of another language's stop words at which the text is taken for that
_TOO_COMMON = 40  # most frequent words that count as stop words where there is no list


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is known about the words of a language."""

    language: str | None
    stops: frozenset[str]  # say nothing, end a phrase
    wide: frozenset[str]  # say little alone

    def key(self, text: str) -> str:
        """Return a word as it is counted: without edge marks, case and elided articles."""
        key = core(folded(text)).replace("\u2019", "'")
        if "'" in key:
            key = _POSSESSIVE.sub("", key)
            if self.language in _ELIDING:
                key = _ELISION.sub("", key)
        return sys.intern(key)  # hours of speech have few different words

    def bare(self, text: str) -> str:
        """Return a word as it is written, without an elided article before it."""
        if self.language not in _ELIDING:
            return text
        cut = _ELISION.match(folded(text).replace("\u2019", "'"))
        return text[cut.end() :] if cut else text

    def kind(self, key: str) -> Kind:
        """Return how much a word says."""
        if not key or key in self.stops or key[0].isdigit() or (len(key) == 1 and key.isascii()):
            return "stop"
        if self.language == "el" and without_accents(key) in self.stops:
            return "stop"
        return "wide" if key in self.wide else "full"


def stem_of(key: str) -> str:
    """Return a rough stem: the first six letters, without a plural s.

    It unites most forms of a word. Truncation needs no knowledge of the language and works nearly
    as well for retrieval as real stemmers (McNamee and Mayfield 2004, 4- and 5-grams).
    """
    if len(key) > 3 and key[-1] == "s" and key[-2] != "s":
        key = key[:-1]
    return sys.intern(key[:6])


def lexicon_for(document: Document) -> Lexicon:
    """Return the stop words of the document's language, or its own most frequent words.

    If the text has almost none of its language's stop words (`language` is wrong in some real
    files), return those of the language that fits best.
    """
    counts = Counter(core(folded(word.text)) for p in document.paragraphs for word in p)
    total = sum(counts.values()) or 1
    language = document.language
    unspaced = is_unspaced(word for p in document.paragraphs for word in p)
    if language and _has_list(language):
        if unspaced or _share(counts, language) >= _PLAIN * total:
            return _listed(language)
    elif unspaced:
        japanese = any(_KANA.search(key) for key, _ in counts.most_common(_TOO_COMMON))
        return _listed("ja" if japanese else "zh")
    elif language and _has_list(language.split("-")[0]):
        return _listed(language.split("-")[0])
    share, code = max((_share(counts, code), code) for code in sorted(_COMMON_LANGUAGES))
    if share >= _OTHER * total:
        return _listed(code)
    frequent = [key for key, _ in counts.most_common(5 * _TOO_COMMON)]
    stops = {key for i, key in enumerate(frequent) if i < _TOO_COMMON or len(key) <= 3}
    return Lexicon(language, frozenset(stops), frozenset())


def stop_words(language: str) -> frozenset[str]:
    """Return the words of a language that say little, folded; none where there is no list."""
    return _stops(language)


def _share(counts: Counter[str], language: str) -> int:
    stops = _stops(language)
    if language == "el":
        return sum(count for key, count in counts.items() if without_accents(key) in stops)
    return sum(count for key, count in counts.items() if key in stops)


def _has_list(language: str) -> bool:
    return language in FUNCTION_WORDS or bool(stopwordsiso.has_lang(language))


@lru_cache(maxsize=64)
def _stops(language: str) -> frozenset[str]:
    """Return the stop words of a language: those of stopwordsiso, and those it lacks."""
    source = language if stopwordsiso.has_lang(language) else RELATIVES.get(language, "")
    listed = stopwordsiso.stopwords(source) if stopwordsiso.has_lang(source) else ()
    stops = frozenset(folded(word) for word in (*listed, *FUNCTION_WORDS.get(language, ())))
    # The Greek list has most words without accents, as they are written in capitals.
    return stops | frozenset(map(without_accents, stops)) if language == "el" else stops


_COMMON_LANGUAGES = words(
    "ar bg ca cs da de el en es et fa fi fr he hi hr hu id it lt lv nl no pl pt ro ru sk sl sv tr"
    " uk ur vi"
)


@lru_cache(maxsize=4)
def _listed(language: str) -> Lexicon:
    stops = _stops(language)
    stops -= KEPT.get(language, frozenset())
    wide = WIDE.get(language, frozenset())
    # A word in both lists says something inside a phrase, so it does not end one.
    return Lexicon(language, frozenset(stops | EMPTY.get(language, frozenset())) - wide, wide)


def is_unspaced(spoken: Iterable[EnhancedWord]) -> bool:
    """Return whether most of a text is in a script that puts no space between words."""
    total = unspaced = 0
    for word in spoken:
        total += 1
        unspaced += _UNSPACED.search(word.text) is not None
    return unspaced * 2 > total


def stems(spoken: Sequence[EnhancedWord], lexicon: Lexicon, *, unspaced: bool) -> list[str]:
    """Return the stems of the content words, or letter pairs in a script without spaces."""
    keys = [lexicon.key(word.text) for word in spoken]
    if not unspaced:
        return [stem_of(key) for key in keys if lexicon.kind(key) != "stop"]
    pairs = []
    for first, second in pairwise(keys):
        pair = first[-1:] + second[:1]
        if _BOTH_UNSPACED.fullmatch(pair) and not {first, second} & lexicon.stops:
            pairs.append(pair)
    return pairs
