"""Is this what was said? A text that claims to be a quotation, held against passages.

Case, punctuation and white space may differ; letters, digits and diacritics may not. What is not
there is answered with the nearest words that are.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import jellyfish

from engine.ask.passages import Passage, Spoken, join
from engine.text import marks

MOST_CHARACTERS: Final = 2_000  # of a text that is verified
LEAST_SIMILARITY: Final = 0.5  # below, words are not near
_WINDOWS: Final = 8  # that are compared letter by letter
_SLACK: Final = 4  # words that the nearest words may have more or less: one in so many

Status = Literal["found", "misattributed", "not_found"]


@dataclass(frozen=True, slots=True)
class Source:
    """Consecutive passages of one transcript."""

    path: str  # of the transcript's source
    passages: tuple[Passage, ...]  # in order, none missing between them


@dataclass(frozen=True, slots=True)
class Quote:
    """Real words: a contiguous run of one transcript."""

    path: str
    text: str  # as it is written there
    speakers: tuple[str, ...]  # whose words these are, in order; empty where unknown
    start_s: float | None  # None where the transcript has no times
    similarity: float  # to what was claimed: 1.0 for the same words, 0.0 for nothing in common


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a claim."""

    status: Status
    quote: Quote | None  # where the words stand; of words that were not found, the nearest


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The words of a source as one string of letters, with the way back to the words."""

    path: str
    spoken: tuple[Spoken, ...]  # those of which something is heard
    speakers: tuple[str | None, ...]  # of each word
    letters: tuple[str, ...]  # of each word, never empty
    text: str  # all letters
    starts: tuple[int, ...]  # where each word begins in `text`


def verify_quote(text: str, sources: Iterable[Source], *, speaker: str | None = None) -> Verdict:
    """Return whether somebody said `text`, word for word and in one go.

    With `speaker`, words of somebody else are misattributed; a name in part is enough ("Ada" for
    "Ada Lovelace").

    Args:
        text: What is claimed; only the first `MOST_CHARACTERS` count.
        sources: Where it may stand.
        speaker: Who is claimed to have said it.
    """
    claimed = [heard for word in text[:MOST_CHARACTERS].split() if (heard := _heard(word))]
    if not claimed:
        return Verdict("not_found", None)
    elsewhere: Quote | None = None
    nearest: Quote | None = None
    for source in sources:
        stretch = _stretch(source)
        for begin, end in _exact("".join(claimed), stretch):
            quote = _quote(stretch, begin, end, 1.0)
            if speaker is None or _is_by(speaker, quote):
                return Verdict("found", quote)
            elsewhere = elsewhere or quote
        if elsewhere is None:
            near = _nearest(claimed, stretch)
            if near is not None and (nearest is None or near.similarity > nearest.similarity):
                nearest = near
    if elsewhere is not None:
        return Verdict("misattributed", elsewhere)
    return Verdict("not_found", nearest)


def _heard(word: str) -> str:
    """Return the letters of a word as they are compared."""
    return marks.letters(unicodedata.normalize("NFKC", word).casefold())


def _is_by(speaker: str, quote: Quote) -> bool:
    """Return whether all words of a quote are by the speaker with this name, or part of a name."""
    wanted = [_heard(part) for part in speaker.split()]
    names = [[_heard(part) for part in name.split()] for name in quote.speakers]
    return bool(names) and all(_holds(name, wanted) for name in names)


def _holds(name: Sequence[str], wanted: Sequence[str]) -> bool:
    size = len(wanted)
    return any(list(name[at : at + size]) == list(wanted) for at in range(len(name) - size + 1))


def _stretch(source: Source) -> _Stretch:
    spoken: list[Spoken] = []
    speakers: list[str | None] = []
    letters: list[str] = []
    for passage in source.passages:
        for turn in passage.turns:
            for word in turn.words:
                if heard := _heard(word.text):
                    spoken.append(word)
                    speakers.append(turn.speaker)
                    letters.append(heard)
    starts: list[int] = []
    at = 0
    for heard in letters:
        starts.append(at)
        at += len(heard)
    return _Stretch(
        source.path, tuple(spoken), tuple(speakers), tuple(letters), "".join(letters), tuple(starts)
    )


def _exact(claimed: str, stretch: _Stretch) -> Iterator[tuple[int, int]]:
    """Yield the runs of words with exactly these letters, as the first word and one past the last.

    The letters are compared without the gaps, for tools cut words at different places ("can not").
    """
    edges = {start: index for index, start in enumerate(stretch.starts)}
    edges[len(stretch.text)] = len(stretch.starts)
    at = stretch.text.find(claimed)
    while at >= 0:
        begin, end = edges.get(at), edges.get(at + len(claimed))
        if begin is not None and end is not None:
            yield begin, end
        at = stretch.text.find(claimed, at + 1)


def _nearest(claimed: Sequence[str], stretch: _Stretch) -> Quote | None:
    """Return the contiguous words that are most like the claim, None where none are near."""
    best: tuple[float, int, int] | None = None
    text = " ".join(claimed)
    for at in _promising(claimed, stretch.letters):
        for begin, end in _around(at, len(claimed), len(stretch.letters)):
            similarity = _similarity(text, " ".join(stretch.letters[begin:end]))
            if best is None or similarity > best[0]:
                best = similarity, begin, end
    if best is None or best[0] < LEAST_SIMILARITY:
        return None
    similarity, begin, end = best
    return _quote(stretch, begin, end, round(min(similarity, 0.999), 3))


def _promising(claimed: Sequence[str], letters: Sequence[str]) -> list[int]:
    """Return where windows as long as the claim begin that share most words with it."""
    size = len(claimed)
    wanted = Counter(claimed)
    have: Counter[str] = Counter()
    shared = 0
    scores: list[tuple[int, int]] = []  # (shared words, negative place)
    for index, word in enumerate(letters):
        have[word] += 1
        shared += have[word] <= wanted[word]
        if index >= size:
            gone = letters[index - size]
            shared -= have[gone] <= wanted[gone]
            have[gone] -= 1
        if shared and index + 1 >= min(size, len(letters)):
            scores.append((shared, -max(0, index + 1 - size)))
    scores.sort(reverse=True)
    return [-place for _, place in scores[:_WINDOWS]]


def _around(at: int, size: int, total: int) -> Iterator[tuple[int, int]]:
    """Yield runs near a window: up to a quarter of its words more, fewer, or further on."""
    slack = max(1, size // _SLACK)
    step = max(1, slack // 3)
    for begin in range(max(0, at - slack), min(total, at + slack) + 1, step):
        for end in range(begin + max(1, size - slack), min(total, begin + size + slack) + 1, step):
            yield begin, end


def _similarity(one: str, other: str) -> float:
    longest = max(len(one), len(other))
    return 1.0 - jellyfish.levenshtein_distance(one, other) / longest if longest else 0.0


def _quote(stretch: _Stretch, begin: int, end: int, similarity: float) -> Quote:
    spoken = stretch.spoken[begin:end]
    speakers = [name for name in stretch.speakers[begin:end] if name is not None]
    return Quote(
        path=stretch.path,
        text=join(spoken),
        speakers=tuple(dict.fromkeys(speakers)),
        start_s=next((word.start_s for word in spoken if word.start_s is not None), None),
        similarity=similarity,
    )
