"""What Whisper heard -> what was meant: the user's pairs, applied before the text is cut up.

A pair fits whole words in any letter case; a possessive 's is carried over. The word that takes
another's place keeps its times and its speaker, and says how many words of the source it stands
for, so that no count is ever off. Every use is reported.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.records import EnhancedPart, EnhancedWord, Replacement, Transcript, Word
from engine.text.readings import take_apart
from engine.text.words import Token, split_words

_POSSESSIVES = ("'s", "’s")


@dataclass(frozen=True, slots=True)
class _Pair:
    heard: tuple[tuple[str, bool], ...]  # folded core and whether it is glued, word by word
    correct: tuple[Token, ...]
    written: str  # the correct spelling, as the user gave it


@dataclass(frozen=True, slots=True)
class _Fit:
    pair: _Pair
    length: int  # words of the source
    possessive: str  # carried over to the last word


def apply(
    transcript: Transcript, pairs: Mapping[str, str]
) -> tuple[Transcript, tuple[Replacement, ...]]:
    """Return the transcript with every heard text replaced, and each replacement, in order.

    The longest fit at a place wins; what was put in is not looked at again.
    """
    index = _index(pairs)
    if not index:
        return transcript, ()
    words = [(n, word) for n, segment in enumerate(transcript.segments) for word in segment.words]
    kept: list[list[Word]] = [[] for _ in transcript.segments]
    replaced: list[Replacement] = []
    at = 0
    while at < len(words):
        number, word = words[at]
        fit = _fit(words, at, index)
        if fit is None:
            kept[number].append(word)
            at += 1
            continue
        source = [word for _, word in words[at : at + fit.length]]
        kept[number] += _written(source, fit)
        heard = _heard(source)
        if heard != fit.pair.written + fit.possessive:
            replaced.append(
                Replacement(heard, fit.pair.written + fit.possessive, source[0].start_s)
            )
        at += fit.length
    segments = [
        replace(segment, words=tuple(words))
        for segment, words in zip(transcript.segments, kept, strict=True)
        if words
    ]
    return replace(transcript, segments=tuple(segments)), tuple(replaced)


def respell(parts: Iterable[EnhancedPart]) -> list[EnhancedPart]:
    """Return the parts with the user's own letter case in every word that a pair put in.

    A spelling in small letters may begin a sentence; one with capitals stays as it was given.
    """
    return [
        replace(part, words=tuple(_respelled(word) for word in part.words))
        if any(word.word.heard is not None for word in part.words)
        else part
        for part in parts
    ]


def fingerprint(pairs: Mapping[str, str], terms: Sequence[str] = ()) -> str | None:
    """Return 12 hex digits that change with the glossary, None for an empty one."""
    if not pairs and not terms:
        return None
    told = json.dumps([sorted(pairs.items()), sorted(terms)], ensure_ascii=True)
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _respelled(enhanced: EnhancedWord) -> EnhancedWord:
    if enhanced.word.heard is None:
        return enhanced
    own, written = take_apart(enhanced.word.text).core, take_apart(enhanced.text)
    if own == written.core or own.casefold() != written.core.casefold() or own == own.lower():
        return enhanced
    return replace(enhanced, text=written.lead + own + written.trail)


def _index(pairs: Mapping[str, str]) -> dict[str, list[_Pair]]:
    """Return the pairs by the first word that is heard, the longest first."""
    index: dict[str, list[_Pair]] = {}
    for heard, correct in pairs.items():
        tokens = [
            (take_apart(token.text).core.casefold(), token.glued) for token in split_words(heard)
        ]
        target = tuple(split_words(correct))
        if tokens and target:
            pair = _Pair(tuple(tokens), target, " ".join(correct.split()))
            index.setdefault(tokens[0][0], []).append(pair)
    for found in index.values():
        found.sort(key=lambda pair: -len(pair.heard))
    return index


def _fit(
    words: Sequence[tuple[int, Word]], at: int, index: Mapping[str, Sequence[_Pair]]
) -> _Fit | None:
    core = take_apart(words[at][1].text).core.casefold()
    candidates = index.get(core, ())
    if core.endswith(_POSSESSIVES):
        candidates = (*candidates, *index.get(core[:-2], ()))
    for pair in sorted(candidates, key=lambda pair: -len(pair.heard)):
        possessive = _fits(words[at : at + len(pair.heard)], pair)
        if possessive is not None:
            return _Fit(pair, len(pair.heard), possessive)
    return None


def _fits(words: Sequence[tuple[int, Word]], pair: _Pair) -> str | None:
    """Return the possessive that the words carry beyond the pair, None where they do not fit."""
    if len(words) < len(pair.heard):
        return None
    last = len(words) - 1
    possessive = ""
    for n, ((_, word), (wanted, glued)) in enumerate(zip(words, pair.heard, strict=True)):
        token = take_apart(word.text)
        core = token.core
        if n == last and core.casefold() != wanted and core.endswith(_POSSESSIVES):
            core, possessive = core[:-2], core[-2:]
        if (
            core.casefold() != wanted
            or (n > 0 and (word.glued != glued or token.lead))
            or (n < last and token.trail)
            or word.speaker != words[0][1].speaker
        ):
            return None
    return possessive


def _written(source: Sequence[Word], fit: _Fit) -> list[Word]:
    """Return the words that take the place of those of the source."""
    lead, trail = take_apart(source[0].text).lead, take_apart(source[-1].text).trail
    targets = fit.pair.correct
    counts = _counts(len(source), len(targets))
    spans = _spans(source, [len(token.text) for token in targets])
    out = []
    for n, token in enumerate(targets):
        text = token.text
        text = lead + text if n == 0 else text
        text = text + fit.possessive + trail if n == len(targets) - 1 else text
        out.append(
            Word(
                text,
                start_s=spans[n][0],
                end_s=spans[n][1],
                speaker=source[0].speaker,
                confidence=min(
                    (word.confidence for word in source if word.confidence is not None),
                    default=None,
                ),
                glued=source[0].glued if n == 0 else token.glued,
                stands_for=counts[n],
                heard=_heard(source) if n == 0 else "",
            )
        )
    return out


def _counts(source: int, target: int) -> list[int]:
    """Return for how many words of the source each new one stands; the sum is theirs."""
    counts = [1 if n < source else 0 for n in range(target)]
    counts[0] += source - sum(counts)
    return counts


def _spans(
    source: Sequence[Word], lengths: Sequence[int]
) -> list[tuple[float | None, float | None]]:
    """Return a time for each new word: its own where they are as many, else its share of all."""
    if len(source) == len(lengths):
        return [(word.start_s, word.end_s) for word in source]
    start, end = source[0].start_s, source[-1].end_s
    if start is None or end is None:
        return [(start, end)] * len(lengths)
    share, done = (end - start) / sum(lengths), 0
    spans: list[tuple[float | None, float | None]] = []
    for length in lengths:
        spans.append((start + done * share, start + (done + length) * share))
        done += length
    return spans


def _heard(source: Sequence[Word]) -> str:
    """Return what stands in the source, without the marks around it."""
    cores = [take_apart(word.text).core for word in source]
    glue = ["" if n == 0 or word.glued else " " for n, word in enumerate(source)]
    return "".join(part for pair in zip(glue, cores, strict=True) for part in pair)
