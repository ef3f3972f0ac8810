"""Recordings and shipped text -> what a model is shown, and what it should write; pure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine.calibration.texts import LANGUAGES, Sample, samples, works
from engine.records import Segment, Transcript
from engine.records import Word as SourceWord
from engine.tagger.path import LOWER
from engine.tuning.degrade import BARE, WHISPER, as_heard
from engine.tuning.records import Recording
from engine.tuning.words import COMMA, MASKED, NO_BREAK, PERIOD, QUESTION, TURN, case_of

#: Words of each language that ships with llasa, from the start of each work, that measure a model;
#: the words behind them are what it should still read as before.
MEASURED_WORDS: Final = 1_000
_SEGMENT_WORDS: Final = 12
_MARKS: Final = {COMMA: "comma", PERIOD: "period", QUESTION: "question"}
_OF_LABEL: Final = {"COMMA": "comma", "PERIOD": "period", "QUESTION": "question"}


@dataclass(frozen=True, slots=True)
class Right:
    """How a word should be written; None where that is not known."""

    mark: str | None  # "none", "comma", "period", "question" or "dash", after the word
    case: int | None  # as the labels of a tagger
    capital: bool | None  # whether it has a capital; where `case` is not known
    paragraph: bool | None  # whether one ends after the word


@dataclass(frozen=True, slots=True)
class Trial:
    """A text that a model is shown."""

    name: str
    language: str
    transcript: Transcript
    right: tuple[Right, ...]  # of its words


def of_recording(recording: Recording, *, bare: bool) -> Trial:
    """Return a recording as its source has it, or in lower case without marks.

    Where there is no source it is degraded as Whisper writes, the same way every time.
    """
    words = [said.word for said in recording.said]
    rng = random.Random(recording.id)  # noqa: S311
    shown = as_heard(words, BARE if bare else WHISPER, rng, following=None, turns=True)
    texts = [
        one.text if bare or said.shown is None else said.shown
        for one, said in zip(shown, recording.said, strict=True)
    ]
    right = []
    for n, said in enumerate(recording.said):
        after = recording.said[n + 1].word if n + 1 < len(recording.said) else None
        if not said.asked or after is None:
            right.append(Right(None, None, None, None))
            continue
        label = said.word.label
        mark = "dash" if label == COMMA and said.word.mark == "-" else _MARKS.get(label, "none")
        known = said.word.paragraph_known and after.before != TURN
        right.append(
            Right(
                None if label == MASKED else mark,
                case_of(said.word.core),
                None,
                after.before != NO_BREAK if known else None,
            )
        )
    turns = [n > 0 and word.before == TURN for n, word in enumerate(words)]
    transcript = transcript_of(texts, turns, recording.language)
    return Trial(f"{recording.name} {'bare' if bare else 'source'}", recording.language,
                 transcript, tuple(right))  # fmt: skip


def of_sample(sample: Sample) -> Trial:
    """Return a text that ships with llasa, in lower case without marks."""
    right = [
        Right(_OF_LABEL.get(word.label, "none"), None, word.capital, word.ends_paragraph)
        for word in sample.words
    ]
    if right:  # what follows the end of a text is not known
        right[-1] = replace(right[-1], mark=None, paragraph=None)
    if not sample.has_paragraphs:
        right = [replace(one, paragraph=None) for one in right]
    return Trial(sample.title, sample.language, sample.transcript(), tuple(right))


def anchor_samples() -> list[Sample]:
    """Return the text that ships with llasa, but for what measures a model."""
    out = []
    for code in LANGUAGES:
        measured = {one.title: len(one.words) for one in samples(code, MEASURED_WORDS)}
        for work in works(code):
            out.append(replace(work, words=work.words[measured.get(work.title, 0) :]))
    return out


def first_case(right: Right) -> bool:
    """Return whether a word should have a capital."""
    return right.capital if right.case is None else right.case != LOWER  # type: ignore[return-value]


def transcript_of(texts: Sequence[str], turns: Sequence[bool], language: str) -> Transcript:
    """Return words as a source has them; `turns` says before which another speaker begins."""
    speaker, many = 0, any(turns)
    words = []
    for text, turn in zip(texts, turns, strict=True):
        speaker += turn
        words.append(SourceWord(text, speaker="AB"[speaker % 2] if many else None))
    segments = tuple(
        Segment(tuple(words[n : n + _SEGMENT_WORDS])) for n in range(0, len(words), _SEGMENT_WORDS)
    )
    return Transcript("tuning", segments, language=language)
