"""Recordings and shipped text -> examples for a chat model: parts as it is asked about them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from engine.errors import CannotSpell
from engine.records import EnhancedWord, Transcript
from engine.text import parts
from engine.tuning.degrade import as_heard, choose
from engine.tuning.presets import Preset
from engine.tuning.questions import Example, Wanted, example
from engine.tuning.records import Recording
from engine.tuning.trials import anchor_samples, transcript_of
from engine.tuning.words import NO_BREAK, PARAGRAPH, TURN, Word

if TYPE_CHECKING:
    from engine.child.deciding import Deciders

#: Words of an anchor, and anchors of a language.
ANCHOR_WORDS: Final = 60
ANCHORS: Final = 6
_MARK_OF: Final = {"COMMA": ",", "PERIOD": ".", "QUESTION": "?"}


def examples(
    recordings: Sequence[Recording], deciders: Deciders, preset: Preset, *, ways: int, seed: int
) -> list[Example]:
    """Return the parts of recordings, each shown in `ways` ways, in an order that a seed gives."""
    rng = random.Random(seed)  # noqa: S311
    out: list[Example] = []
    for _ in range(ways):
        for recording in recordings:
            out += _of_recording(recording, deciders, preset, rng)
    rng.shuffle(out)
    return out


def _of_recording(
    recording: Recording, deciders: Deciders, preset: Preset, rng: random.Random
) -> Iterator[Example]:
    """Yield the parts of a recording that are asked about, shown in a way that is drawn."""
    words = [one.word for one in recording.said]
    own = all(one.shown is not None for one in recording.said) and rng.random() < preset.own
    kind = choose(rng, preset.shown)
    made = as_heard(words, kind, rng, following=None, turns=True)
    shown = [
        said.shown if own else one.text for said, one in zip(recording.said, made, strict=True)
    ]
    turns = [n > 0 and word.before == TURN for n, word in enumerate(words)]
    transcript = transcript_of([text or "" for text in shown], turns, recording.language)
    befores = [word.before for word in words]
    wanted = [
        Wanted(said.word, after, said.asked)
        for said, after in zip(recording.said, [*befores[1:], NO_BREAK], strict=True)
    ]
    yield from _of_transcript(transcript, wanted, deciders, rng)


def _of_transcript(
    transcript: Transcript,
    wanted: Sequence[Wanted],
    deciders: Deciders,
    rng: random.Random,
    *,
    part_words: int | None = None,
) -> Iterator[Example]:
    """Yield the parts of a transcript that are asked about and that the model can spell."""
    info = deciders.model.info
    if part_words is not None:
        info = replace(info, part_words=part_words)
    at = 0
    tail: tuple[EnhancedWord, ...] = ()
    for part in parts.split(transcript, info, covered=True, language=transcript.language):
        here = wanted[at : at + len(part.words) + 1]
        at += len(part.words)
        before = tail[-info.tail_words :] if info.tail_words else ()  # all of it costs more to read
        tail = tuple(one.written(word) for one, word in zip(here, part.words, strict=False))
        try:
            found = example(part, before, here, deciders, rng)
        except CannotSpell:
            continue
        if found.questions:
            yield found


def anchors(deciders: Deciders) -> list[Example]:
    """Return parts of every language's text that ships with llasa, none of which measures a model.

    The works take turns.
    """
    rng = random.Random(0)  # noqa: S311
    found: dict[str, list[Iterator[Example]]] = {}
    for sample in anchor_samples():
        wanted = [
            Wanted(
                Word(word.core, _MARK_OF.get(word.label, "")),
                PARAGRAPH if word.ends_paragraph else NO_BREAK,
                asked=True,
            )
            for word in sample.words
        ]
        own = _of_transcript(sample.transcript(), wanted, deciders, rng, part_words=ANCHOR_WORDS)
        found.setdefault(sample.language, []).append(own)
    return [
        one
        for works in found.values()
        for one in islice(chain.from_iterable(zip(*works, strict=False)), ANCHORS)
    ]
