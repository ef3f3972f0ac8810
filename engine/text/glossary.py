"""What Whisper heard -> what was meant: the user's pairs, applied before the parts are cut.

A pair matches whole words in any letter case, and a possessive 's is kept. A new word keeps the
times and the speaker of the words that it replaces, and their number, so that all counts stay
right. Every use is reported.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from engine.records import EnhancedPart, EnhancedWord, Replacement, Transcript, Word
from engine.text.letters import folded
from engine.text.readings import take_apart
from engine.text.words import SplitWord, split_words

_POSSESSIVES = ("'s", "’s")


@dataclass(frozen=True, slots=True)
class _Pair:
    heard: tuple[tuple[str, bool], ...]  # for each word its folded core and whether it is glued
    correct: tuple[SplitWord, ...]
    written: str  # the correct spelling, as the user gave it


@dataclass(frozen=True, slots=True)
class _Fit:
    pair: _Pair
    length: int  # words of the source
    possessive: str  # kept at the last word


def apply(
    transcript: Transcript, pairs: Mapping[str, str]
) -> tuple[Transcript, tuple[Replacement, ...]]:
    """Return the transcript with every heard text replaced, and the replacements in order.

    The longest match at a place wins. Replaced text is not searched again.
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
    """Return the parts with the user's own letter case in every word that came from a pair.

    A spelling in lower case may begin a sentence with a capital; one with capitals stays as it is.
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
    text = json.dumps([sorted(pairs.items()), sorted(terms)], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _respelled(enhanced: EnhancedWord) -> EnhancedWord:
    if enhanced.word.heard is None:
        return enhanced
    own, written = take_apart(enhanced.word.text).core, take_apart(enhanced.text)
    if own == written.core or own.casefold() != written.core.casefold() or own == own.lower():
        return enhanced
    return replace(enhanced, text=written.lead + own + written.trail)


def _index(pairs: Mapping[str, str]) -> dict[str, list[_Pair]]:
    """Return the pairs by their first heard word, the longest first."""
    index: dict[str, list[_Pair]] = {}
    for heard, correct in pairs.items():
        wanted = [(folded(take_apart(word.text).core), word.glued) for word in split_words(heard)]
        target = tuple(split_words(correct))
        if wanted and target:
            pair = _Pair(tuple(wanted), target, " ".join(correct.split()))
            index.setdefault(wanted[0][0], []).append(pair)
    for found in index.values():
        found.sort(key=lambda pair: -len(pair.heard))
    return index


def _fit(
    words: Sequence[tuple[int, Word]], at: int, index: Mapping[str, Sequence[_Pair]]
) -> _Fit | None:
    core = folded(take_apart(words[at][1].text).core)
    candidates = index.get(core, ())
    if core.endswith(_POSSESSIVES):
        candidates = (*candidates, *index.get(core[:-2], ()))
    for pair in sorted(candidates, key=lambda pair: -len(pair.heard)):
        possessive = _fits(words[at : at + len(pair.heard)], pair)
        if possessive is not None:
            return _Fit(pair, len(pair.heard), possessive)
    return None


def _fits(words: Sequence[tuple[int, Word]], pair: _Pair) -> str | None:
    """Return the possessive after a match of the pair, "" for none; None for no match."""
    if len(words) < len(pair.heard):
        return None
    last = len(words) - 1
    possessive = ""
    for n, ((_, word), (wanted, glued)) in enumerate(zip(words, pair.heard, strict=True)):
        found = take_apart(word.text)
        core = found.core
        if n == last and folded(core) != wanted and core.endswith(_POSSESSIVES):
            core, possessive = core[:-2], core[-2:]
        if (
            folded(core) != wanted
            or (n > 0 and (word.glued != glued or found.lead))
            or (n < last and found.trail)
            or word.speaker != words[0][1].speaker
        ):
            return None
    return possessive


def _written(source: Sequence[Word], fit: _Fit) -> list[Word]:
    """Return the words that replace those of the source."""
    lead, trail = take_apart(source[0].text).lead, take_apart(source[-1].text).trail
    targets = fit.pair.correct
    counts = _counts(len(source), len(targets))
    spans = _spans(source, [len(target.text) for target in targets])
    out = []
    for n, target in enumerate(targets):
        text = target.text
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
                glued=source[0].glued if n == 0 else target.glued,
                stands_for=counts[n],
                heard=_heard(source) if n == 0 else "",
                index=source[0].index if n == 0 else None,
            )
        )
    return out


def _counts(source: int, target: int) -> list[int]:
    """Return how many words of the source each new word stands for; none is left over."""
    counts = [1 if n < source else 0 for n in range(target)]
    counts[0] += source - sum(counts)
    return counts


def _spans(
    source: Sequence[Word], lengths: Sequence[int]
) -> list[tuple[float | None, float | None]]:
    """Return the times of the new words: the old ones if as many, else shares of the whole time."""
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
    """Return the text of the source without the marks around its words."""
    cores = [take_apart(word.text).core for word in source]
    glue = ["" if n == 0 or word.glued else " " for n, word in enumerate(source)]
    return "".join(part for pair in zip(glue, cores, strict=True) for part in pair)
