"""Recordings and shipped text -> examples for a chat model: parts as it is shown them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from engine.errors import CannotSpell
from engine.records import EnhancedWord, ModelInfo, Transcript
from engine.text import parts
from engine.tuning.decisions import Example, Wanted, example
from engine.tuning.degrade import as_heard, choose
from engine.tuning.presets import Preset
from engine.tuning.records import Recording
from engine.tuning.trials import anchor_samples, transcript_of
from engine.tuning.words import NO_BREAK, PARAGRAPH, TURN, Word

if TYPE_CHECKING:
    from engine.guided.model import Model

#: Words of an anchor, and anchors of a language.
ANCHOR_WORDS: Final = 40
ANCHORS: Final = 2
_MARK_OF: Final = {"COMMA": ",", "PERIOD": ".", "QUESTION": "?"}


def examples(
    recordings: Sequence[Recording],
    loaded: Model,
    info: ModelInfo,
    preset: Preset,
    *,
    ways: int,
    seed: int,
    keys: bool = False,
) -> list[Example]:
    """Return the parts of recordings, each shown in `ways` ways, in an order that a seed gives.

    `keys`: whether to tell what each token writes.
    """
    rng = random.Random(seed)  # noqa: S311
    out: list[Example] = []
    for _ in range(ways):
        for recording in recordings:
            out += _of_recording(recording, loaded, info, preset, rng, keys=keys)
    rng.shuffle(out)
    return out


def _of_recording(
    recording: Recording,
    loaded: Model,
    info: ModelInfo,
    preset: Preset,
    rng: random.Random,
    *,
    keys: bool,
) -> Iterator[Example]:
    """Yield the parts of a recording that leave a choice, shown in a way that is drawn."""
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
    yield from _of_transcript(transcript, wanted, loaded, info, keys=keys)


def _of_transcript(
    transcript: Transcript,
    wanted: Sequence[Wanted],
    loaded: Model,
    info: ModelInfo,
    *,
    keys: bool = False,
) -> Iterator[Example]:
    """Yield the parts of a transcript that leave a choice and that the model can spell."""
    at = 0
    tail: tuple[EnhancedWord, ...] = ()
    for part in parts.split(transcript, info, covered=True, language=transcript.language):
        here = wanted[at : at + len(part.words) + 1]
        at += len(part.words)
        before = tail
        tail = tuple(one.written(word) for one, word in zip(here, part.words, strict=False))
        try:
            found = example(
                part,
                before,
                here,
                info=info,
                template=loaded.template,
                vocabulary=loaded.vocabulary,
                keys=keys,
            )
        except CannotSpell:
            continue
        if found.decisions:
            yield found


def anchors(loaded: Model, info: ModelInfo) -> list[Example]:
    """Return parts of every language's text that ships with llasa, none of which measures a model.

    The works take turns.
    """
    short = replace(info, part_words=ANCHOR_WORDS)
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
        own = _of_transcript(sample.transcript(), wanted, loaded, short)
        found.setdefault(sample.language, []).append(own)
    return [
        one
        for works in found.values()
        for one in islice(chain.from_iterable(zip(*works, strict=False)), ANCHORS)
    ]
