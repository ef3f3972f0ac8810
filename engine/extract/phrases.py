"""Sentences -> key phrases, for tags and titles.

Candidates are runs between stop words and marks, as in RAKE (Rose et al. 2010). The language's own
linking words may stand inside a phrase that is said more than once. Phrases are ranked by C-value
(Frantzi, Ananiadou and Mima 2000: frequency and length, less for a part of a longer phrase), times
what their words say: words in bursts say more than words spread evenly (Ortuño et al. 2002), and
names say more than nouns.
"""

from __future__ import annotations

import math
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.extract.common import AND, ARTICLES, LINKS
from engine.extract.lexicon import Lexicon, stem_of
from engine.extract.nouns import Nouns
from engine.extract.sentences import Sentence
from engine.text.letters import composed, without_marks
from engine.text.marks import CLOSERS, MARKS, OPENERS, letters

_LONGEST = 4  # content words in a phrase
_WIDE_WEIGHT = 0.3
_NAME_WEIGHT = 1.6
_WEB = re.compile(r"[^\s.]\.(?:com|org|net|io|de|co|fm|tv)\b|www\.|//", re.IGNORECASE)
_ENDINGS = {
    "en": ("s", "es"),
    "de": ("n", "en", "e", "s"),
    "fr": ("s", "x"),
    "es": ("s", "es"),
    "pt": ("s", "es"),
    "ca": ("s",),
    "nl": ("s", "en"),
}
_EDGES = OPENERS + CLOSERS + MARKS + "›-"


@dataclass(frozen=True, slots=True)
class Phrase:
    """A phrase of the text with its score."""

    keys: tuple[str, ...]
    text: str  # its most frequent spelling
    count: int
    score: float

    @property
    def stems(self) -> frozenset[str]:
        """Return the stems of its words."""
        return frozenset(stem_of(key) for key in self.keys)


@dataclass(slots=True)
class Token:
    """A word of a sentence as phrases are counted."""

    key: str
    text: str  # without the marks at its edges
    kind: str
    first: bool  # opens its sentence
    breaks_before: bool
    breaks_after: bool


class Phrasebook:
    """The phrases of a text: counted once, ranked for the whole or for a part of it."""

    def __init__(self, sentences: Sequence[Sentence], lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._links = LINKS.get(lexicon.language or "", frozenset())
        self._and = AND.get(lexicon.language or "")
        self._tokens = [tokens_of(sentence, lexicon) for sentence in sentences]
        _join_forms(self._tokens, lexicon.language)
        self._nouns = Nouns(lexicon.language)
        _note_uses(self._tokens, self._nouns)
        same: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._found = [
            [same.setdefault(keys, keys) for keys in self._candidates(tokens)]
            for tokens in self._tokens
        ]
        self.weights = self._word_weights()
        self._texts = self._surfaces()
        once = _said_once(self._tokens)
        self._found = [f if new else [] for f, new in zip(self._found, once, strict=True)]
        self.counts = Counter(keys for found in self._found for keys in found)
        self._full_names = self._extended()
        self._tokens = []  # counted: release the memory

    def ranked(self, *, least: int) -> list[Phrase]:
        """Return the phrases of the whole text said at least `least` times, the best first."""
        return self._rank(self.counts, least=least)

    def ranked_in(self, stretch: range, *, least: int, stretches: int) -> list[Phrase]:
        """Return the phrases of some sentences; those said everywhere in the text rank lower."""
        counts = Counter(keys for i in stretch for keys in self._found[i])
        return self._rank(
            counts,
            least=least,
            factor=lambda keys: own_share(counts[keys], self.counts[keys], stretches),
        )

    def may_lead(self, key: str, text: str) -> bool:
        """Return whether a word may open a phrase of several words."""
        return self._nouns.may_lead(key, text)

    def ends(self, key: str) -> bool:
        """Return whether a word may end a heading: it is used as a noun."""
        return self._nouns.ends(key)

    def _rank(
        self,
        counts: Counter[tuple[str, ...]],
        *,
        least: int,
        factor: Callable[[tuple[str, ...]], float] | None = None,
    ) -> list[Phrase]:
        longer: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for keys, count in counts.items():
            if count >= least and len(keys) > 1:
                for part in _parts(keys):
                    longer[part].append(count)
        found = []
        for keys, count in counts.items():
            if count < least or not self._nouns.heads(keys):
                continue
            if self._is_linked(keys) and self.counts[keys] < 2:
                continue
            nested = longer.get(keys)
            own = count - (max(nested) * 0.75 if nested else 0.0)
            telling = [k for k in keys if self._lexicon.kind(k) != "stop"]
            if not telling:
                continue
            worth = sum(self.weights[key] for key in telling) / len(telling)
            if all(self._lexicon.kind(k) != "full" for k in keys):
                worth *= 0.5 if len(telling) > 1 else 0.1
            score = math.log2(1 + len(telling)) * own * worth
            if factor:
                score *= factor(keys)
            if score > 0:
                full = self._full_names.get(keys, keys)
                found.append(Phrase(full, self._texts[full], count, score))
        return sorted(found, key=lambda phrase: (-phrase.score, phrase.text))

    def _is_linked(self, keys: tuple[str, ...]) -> bool:
        return any(self._lexicon.kind(key) == "stop" for key in keys)

    def _candidates(self, tokens: Sequence[Token]) -> Iterable[tuple[str, ...]]:
        for start, first in enumerate(tokens):
            if first.kind == "stop":
                continue
            telling = links = 0
            leads = self._nouns.may_lead(first.key, first.text)
            for end in range(start, len(tokens)):
                token = tokens[end]
                if end > start and (
                    not leads or token.breaks_before or tokens[end - 1].breaks_after
                ):
                    break
                if token.kind == "stop":
                    links += 1
                    if token.key not in self._links or links > 2:
                        break
                    before = tokens[end - 1]
                    # "Winter the colony", "the public and the council": two phrases.
                    if token.key in ARTICLES and (before.kind != "stop" or before.key == self._and):
                        break
                    continue
                telling += 1
                if telling > _LONGEST:
                    break
                keys = tuple(t.key for t in tokens[start : end + 1])
                if len(set(keys)) == len(keys):
                    yield keys

    def _extended(self) -> dict[tuple[str, ...], tuple[str, ...]]:
        """Return for a name of one word the name of two that it mostly means: Ada Lovelace."""
        longer: dict[tuple[str, ...], Counter[tuple[str, ...]]] = defaultdict(Counter)
        inside: Counter[tuple[str, ...]] = (
            Counter()
        )  # within an even longer one: Harbour Bridge Club
        for keys, count in self.counts.items():
            if len(keys) == 3:
                inside[keys[:2]] += count
                inside[keys[1:]] += count
            elif len(keys) == 2 and all(map(self._is_name, keys)):
                for key in keys:
                    longer[key,][keys] = count
        found = {}
        for name, pairs in longer.items():
            pair, count = min(pairs.items(), key=lambda item: (-item[1], item[0]))
            often = count * 4 > self.counts[name] and count >= max(2, 0.7 * pairs.total())
            if often and inside[pair] * 2 < count:
                found[name] = pair
        return found

    def _is_name(self, key: str) -> bool:
        return self._nouns.is_name(key) and self._lexicon.kind(key) != "stop"

    def _word_weights(self) -> dict[str, float]:
        places: dict[str, list[int]] = defaultdict(list)
        place = 0
        for tokens in self._tokens:
            for token in tokens:
                place += 1
                places[token.key].append(place)
        weights = {}
        for key, at in places.items():
            weight = _WIDE_WEIGHT if self._lexicon.kind(key) == "wide" else 1.0
            weight *= _burst(at, place)
            if self._nouns.is_name(key):
                weight *= _NAME_WEIGHT
            weights[key] = weight
        return weights

    def _surfaces(self) -> dict[tuple[str, ...], str]:
        seen: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for tokens, found in zip(self._tokens, self._found, strict=True):
            if not found:
                continue
            at: dict[str, list[int]] = {}
            for i, token in enumerate(tokens):
                at.setdefault(token.key, []).append(i)
            for keys in found:
                for i in at[keys[0]]:
                    stretch = tokens[i : i + len(keys)]
                    if tuple(t.key for t in stretch) == keys:
                        text = self._lexicon.bare(" ".join(t.text for t in stretch))
                        # A capital at the start of a sentence may not be the word's own.
                        seen[keys][text] += 1 if stretch[0].first else 3
        return {
            keys: min(texts.items(), key=lambda item: (-item[1], item[0]))[0]
            for keys, texts in seen.items()
        }


def own_share(inside: int, whole: int, stretches: int) -> float:
    """Return how much a phrase belongs to a stretch: near 0 for one said everywhere."""
    return max(0.05, inside / whole - 0.5 / stretches)


def distinct(phrases: Iterable[Phrase], *, most: int) -> list[Phrase]:
    """Return the first `most` phrases, without those that repeat the words of an earlier one."""
    kept: list[Phrase] = []
    for phrase in phrases:
        if len(kept) == most:
            break
        if any(_alike(phrase, other) for other in kept):
            continue
        kept.append(phrase)
    return kept


def _alike(one: Phrase, other: Phrase) -> bool:
    shared = one.stems & other.stems
    return len(shared) * 2 >= min(len(one.stems), len(other.stems))


def tokens_of(sentence: Sentence, lexicon: Lexicon) -> list[Token]:
    """Return the words of a sentence; marks at their edges become breaks."""
    tokens: list[Token] = []
    for word in sentence.words:
        key = lexicon.key(word.text)
        if not key:
            if tokens:
                tokens[-1].breaks_after = True
            continue
        text = composed(word.text.strip())
        core = without_marks(text, _EDGES)
        if core.endswith(("'s", "’s")):
            core = core[:-2]
        elif "." in core and text.startswith(core + "."):
            core += "."  # U.S.
        tokens.append(
            Token(
                key,
                sys.intern(core or key),
                "stop" if _WEB.search(text) else lexicon.kind(key),
                first=not tokens,
                breaks_before=text[:1] in OPENERS,
                breaks_after=not (text[-1:].isalnum() or letters(text[-1:]) != ""),
            )
        )
    _keep_names(tokens, lexicon)
    return tokens


def _keep_names(tokens: Sequence[Token], lexicon: Lexicon) -> None:
    """Make a stop word with a capital beside another capital part of a name: New York."""
    if lexicon.language == "de":
        return
    capital = [t.text[:1].isupper() and len(t.text) > 2 and "'" not in t.key for t in tokens]
    for i, token in enumerate(tokens):
        if token.kind == "stop" and capital[i] and not token.first:
            before = capital[i - 1] and not tokens[i - 1].breaks_after
            after = i + 1 < len(tokens) and capital[i + 1] and not token.breaks_after
            if (before and not tokens[i - 1].first) or (after and tokens[i + 1].kind != "stop"):
                token.kind = "wide"


def _join_forms(sentences: Sequence[Sequence[Token]], language: str | None) -> None:
    """Count a plural as its singular where the text has both."""
    said = {token.key for tokens in sentences for token in tokens if token.kind != "stop"}
    endings = _ENDINGS.get(language or "", ())
    singular = {}
    for key in said:
        bases = (key[: -len(ending)] for ending in endings if key.endswith(ending))
        base = next((base for base in bases if len(base) > 2 and base in said), None)
        if base:
            singular[key] = base
    for tokens in sentences:
        for token in tokens:
            token.key = singular.get(token.key, token.key)


def _note_uses(sentences: Sequence[Sequence[Token]], nouns: Nouns) -> None:
    for tokens in sentences:
        for i, token in enumerate(tokens):
            before = tokens[i - 1] if i else None
            after = tokens[i + 1] if i + 1 < len(tokens) else None
            nouns.note(
                token.key,
                before=None if before is None or before.breaks_after else before.key,
                leads=after is not None and not token.breaks_after and after.kind != "stop",
                capital=token.text[:1].isupper(),
            )


def _said_once(sentences: Sequence[Sequence[Token]]) -> list[bool]:
    """Return for each sentence whether it is the first with its words: adverts and loops repeat."""
    seen: set[tuple[str, ...]] = set()
    first = []
    for tokens in sentences:
        keys = tuple(token.key for token in tokens)
        first.append(keys not in seen)
        seen.add(keys)
    return first


def _parts(keys: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    for size in range(1, len(keys)):
        for start in range(len(keys) - size + 1):
            yield keys[start : start + size]


def _burst(at: Sequence[int], length: int) -> float:
    """Return how bursty a word is: 1 by chance, more in clusters, less if spread evenly."""
    if len(at) < 4:
        return 1.0
    gaps = [b - a for a, b in pairwise(at)]
    mean = sum(gaps) / len(gaps)
    spread = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) / mean
    return min(1.4, max(0.6, spread))
