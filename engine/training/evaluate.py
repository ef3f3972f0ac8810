"""Measure any labelled word list or corpus file; how its words are enhanced is an argument."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.records import EnhancedWord
from engine.text.readings import take_apart
from engine.text.scores import LABELS, Tally, label, punctuation, speed
from engine.training.clean import documents
from engine.training.corpus import read_records
from engine.training.lists import read_tsv
from engine.tuning.words import MASKED, NO_BREAK, TURN, Word, case_of


@dataclass(frozen=True, slots=True)
class Written:
    """A word as it was enhanced."""

    text: str  # with its mark
    paragraph: bool  # a paragraph ends with it


#: Enhances the words of one text; a word's turn says that another speaker begins with it.
Enhance = Callable[[Sequence[str], Sequence[bool]], Sequence[Written]]
#: Enhances a transcript file, given its bytes and its name.
Read = Callable[[bytes, str], Sequence[EnhancedWord]]


def tsv(enhance: Enhance, path: Path, limit: int | None = None) -> dict[str, Any]:
    """Return F1 of the marks on a labelled word list, which has no case and no paragraphs."""
    words, labels, tokens = read_tsv(path, limit)
    started = time.monotonic()
    written = enhance(words, [False] * len(words))
    seconds = time.monotonic() - started
    table: dict[str, Any] = punctuation(labels, [label(word.text) for word in written])
    return {**table, "tokens": tokens, **speed(len(words), seconds)}


def corpus(
    enhance: Enhance, path: Path, *, words: int | None = None, turns: bool = True
) -> dict[str, Any]:
    """Return figures of every style of a corpus file, and of all, from lower case without marks.

    Whole documents are read, at most about `words` of a style; those come from documents spread
    evenly over the file. `turns` says whether known changes of speaker are shown. Paragraphs are
    measured where the record says that they are real.
    """
    styles: dict[str, list[list[Word]]] = {}
    for record in read_records(path):
        said = {"paras": "none", **record}
        found = documents(said, random.Random(0), whole=True)
        styles.setdefault(record.get("style", "text"), []).extend(found)
    table: dict[str, Any] = {}
    total = Tally()
    for style, texts in styles.items():
        counted = Tally()
        for text in _spread(texts, words):
            begun = [turns and word.before == TURN for word in text]
            started = time.monotonic()
            written = enhance([w.core.lower() for w in text], begun)
            _count(counted, text, written, begun, seconds=time.monotonic() - started)
        table[style] = counted.figures()
        total.extend(counted)
    return {**table, "all": total.figures()}


def kept(read: Read, paths: Sequence[Path]) -> dict[str, Any]:
    """Return how much of punctuated transcripts comes back as it was.

    `sentence_ends` and `marks` are the shares of the source's that stayed, `case` that of words
    whose case stayed; `added` is the number of sentence ends added, in percent of the source's.
    """
    ends, marks, case = [0, 0, 0], [0, 0], [0, 0]
    started = time.monotonic()
    for path in paths:
        for word in read(path.read_bytes(), path.name):
            source, written = label(word.word.text), label(word.text)
            was, is_ = source in ("PERIOD", "QUESTION"), written in ("PERIOD", "QUESTION")
            ends = [ends[0] + (was and is_), ends[1] + was, ends[2] + (is_ and not was)]
            marks = [marks[0] + (source != "O" and source == written), marks[1] + (source != "O")]
            core = take_apart(word.word.text).core
            case = [case[0] + (core in word.text), case[1] + 1]
    return {
        "sentence_ends": _share(ends[0], ends[1]),
        "added": _share(ends[2], ends[1]),
        "marks": _share(*marks),
        "case": _share(*case),
        **speed(case[1], time.monotonic() - started),
    }


def _share(part: int, whole: int) -> float:
    return round(100 * part / max(1, whole), 2)


def _spread(texts: Sequence[list[Word]], limit: int | None) -> Sequence[list[Word]]:
    """Return texts of about `limit` words in all, each as long as it is."""
    size = sum(map(len, texts))
    if limit is None or size <= limit:
        return texts
    wanted = max(1, round(len(texts) * limit / size))
    return [texts[n * len(texts) // wanted] for n in range(wanted)]


def _count(
    tally: Tally,
    text: Sequence[Word],
    written: Sequence[Written],
    turns: Sequence[bool],
    *,
    seconds: float,
) -> None:
    """Count one text: what is masked is not measured, nor are breaks that were told or lost."""
    names = ("O", *LABELS)
    tally.words += len(text)
    tally.seconds += seconds
    for number, (word, guess) in enumerate(zip(text, written, strict=True)):
        if word.label != MASKED:
            tally.mark(names[word.label], label(guess.text))
        tally.capital(case_of(word.core) > 0, case_of(guess.text) > 0)
        last = number + 1 == len(text)
        if not last and word.paragraph_known and not turns[number + 1]:
            tally.break_(text[number + 1].before != NO_BREAK, guess.paragraph)
