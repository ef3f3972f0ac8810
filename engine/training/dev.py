"""Quick figures on held-out text: lower case without marks, through the model in PyTorch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.tagger.pieces import Pieces
from engine.text.scores import LABELS, marked, punctuation
from engine.training.corpus import LANGUAGES, SOURCES, Corpus
from engine.training.encoder import Tagger
from engine.training.lists import read_tsv
from engine.training.predict import Scored, predict
from engine.tuning.words import FIRST, LOWER, MASKED, NO_BREAK, TURN, case_of

#: Words of an excerpt; those after the counted ones are shown alone.
EXCERPT, SHOWN = 500, 20
NAMES = ("O", *LABELS)


@dataclass(frozen=True, slots=True)
class Text:
    """A held-out text: what is shown, and what is right."""

    words: list[str]
    turns: list[bool]
    marks: list[int]
    cases: list[int]
    breaks: list[int]  # 1 where a paragraph ends with the word; MASKED is not measured


@dataclass(frozen=True, slots=True)
class Answers:
    """A text with what the model says of it."""

    text: Text
    scored: Scored


def benchmark(path: Path, limit: int | None = None) -> Text:
    """Return a labelled word list as a text without case or breaks."""
    words, labels, _ = read_tsv(path, limit)
    nothing = [MASKED] * len(words)
    marks = [NAMES.index(label) for label in labels]
    return Text([w.lower() for w in words], [False] * len(words), marks, nothing, nothing)


def excerpts(
    folder: Path, limit: int, languages: Sequence[str] = LANGUAGES
) -> Iterator[tuple[str, list[Text]]]:
    """Yield for every prepared dev file excerpts of about `limit` words in all."""
    for source in SOURCES:
        path = folder / f"{source.name}.dev.npz"
        if source.language in languages and path.exists():
            yield source.name, list(_excerpts(Corpus(path), limit))


def _excerpts(corpus: Corpus, limit: int) -> Iterator[Text]:
    documents = len(corpus.styles)
    wanted = min(documents, max(1, limit // EXCERPT))
    count = max(EXCERPT, limit // wanted)
    for number in range(wanted):
        document = number * documents // wanted
        size = corpus.length(document)
        start = max(0, (size - count) // 2)
        words = corpus.words(document, start, min(size, start + count + SHOWN))
        counted = len(words) if start + len(words) == size else len(words) - SHOWN
        marks = [w.label if n < counted else MASKED for n, w in enumerate(words)]
        cases = [case_of(w.core) if n < counted else MASKED for n, w in enumerate(words)]
        breaks = [
            MASKED
            if n >= counted or after.before == TURN or not after.paragraph_known
            else int(after.before != NO_BREAK)
            for n, after in enumerate(words[1:])
        ]
        yield Text(
            [w.core.lower() for w in words], [w.before == TURN for w in words], marks, cases,
            [*breaks, MASKED],
        )  # fmt: skip


def ask(model: Tagger, pieces: Pieces, texts: Sequence[Text], *, device: str) -> list[Answers]:
    """Let the model score every text."""
    model.eval()
    return [
        Answers(t, predict(model, pieces, t.words, turns=t.turns, device=device)) for t in texts
    ]


def figures(answers: Sequence[Answers], bias: Sequence[float] = (0, 0, 0, 0)) -> dict[str, Any]:
    """Return F1 of the marks, of capitals and of paragraphs, with `bias` added to the marks."""
    right: list[str] = []
    guess: list[str] = []
    capitals: tuple[list[bool], list[bool]] = ([], [])
    breaks: tuple[list[bool], list[bool]] = ([], [])
    for one in answers:
        marks = (one.scored.marks + np.asarray(bias, np.float32)).argmax(-1)
        cases, ends = one.scored.cases.argmax(-1), one.scored.paragraphs.argmax(-1)
        text = one.text
        for n in range(len(text.words)):
            if text.marks[n] != MASKED:
                right.append(NAMES[text.marks[n]])
                guess.append(NAMES[marks[n]])
            if text.cases[n] != MASKED:
                capitals[0].append(text.cases[n] >= FIRST)
                capitals[1].append(cases[n] != LOWER)
            if text.breaks[n] != MASKED:
                breaks[0].append(text.breaks[n] == 1)
                breaks[1].append(bool(ends[n]))
    table: dict[str, Any] = {**punctuation(right, guess)}
    if capitals[0]:
        table["capitals"] = marked(*capitals)
    if any(breaks[0]):
        table["paragraphs"] = marked(*breaks)
    return table
