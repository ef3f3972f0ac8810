"""Recordings -> examples for a chat model: parts as it is asked about them; and its anchors."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from engine.errors import CannotSpell
from engine.records import EnhancedWord, Transcript
from engine.text import parts
from engine.tuning.degrade import as_heard, choose
from engine.tuning.presets import Preset
from engine.tuning.questions import Example, Wanted, example
from engine.tuning.records import Recording
from engine.tuning.trials import anchor_samples, transcript_of
from engine.tuning.words import NO_BREAK, TURN

if TYPE_CHECKING:
    from engine.child.deciding import Deciders
    from engine.guided.reader import Reader

#: Words of an anchor.
ANCHOR_WORDS: Final = 60
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
) -> Iterator[Example]:
    """Yield the parts of a transcript that are asked about and that the model can spell."""
    info = deciders.model.info
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


def anchors(reader: Reader) -> list[tuple[int, ...]]:
    """Return the text that ships with llasa, but for what measures a model, as tokens.

    It comes in stretches of `ANCHOR_WORDS`; what a vocabulary cannot spell is left out.
    """
    found = []
    for sample in anchor_samples():
        for start in range(0, len(sample.words), ANCHOR_WORDS):
            words = sample.words[start : start + ANCHOR_WORDS]
            befores = ["", *("\n\n" if word.ends_paragraph else " " for word in words)]
            pieces = [
                f"{before}{word.core}{_MARK_OF.get(word.label, '')}".encode()
                for before, word in zip(befores, words, strict=False)
            ]
            try:
                found.append(tuple(reader.spell_text(pieces)[0]))
            except CannotSpell:
                continue
    return found
