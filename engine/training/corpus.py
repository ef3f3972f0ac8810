"""Prepare the corpus as arrays of word codes, and draw windows from it by style."""

from __future__ import annotations

import gzip
import json
import os
import random
from bisect import bisect
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from engine.training.clean import documents
from engine.training.dialogue import dialogues
from engine.training.words import NO_BREAK, QUESTION, SENTENCE_ENDS, SEPARATORS, Word

#: Share of windows drawn from each style: speech above prose, as the target is speech. With less
#: prose paragraphs suffer, which are learned there above all.
STYLE_SHARES = {
    "speech-prepared": 0.24,
    "speech-qa": 0.11,
    "speech-meeting": 0.15,
    "speech-radio": 0.03,
    "dialogue": 0.09,
    "prose": 0.38,
}
#: Windows are drawn from blocks of this many words, weighted by how spoken a block sounds, by its
#: questions, which are rarer than any other mark that readers miss, and by its sentences that begin
#: as spoken ones do.
BLOCK = 200
_SPOKEN = frozenset(
    (
        "i",
        "you",
        "we",
        "i'm",
        "you're",
        "we're",
        "it's",
        "that's",
        "don't",
        "my",
        "your",
        "our",
        "me",
        "us",
        "let's",
    )
)
_OPENING = frozenset(("and", "but", "so", "now", "well", "because", "or", "then"))


def prepare(corpus: Path, out: Path, *, seed: int, limit: int | None = None) -> dict[str, int]:
    """Clean `corpus` (train and dev) into `out`; the same seed gives the same bytes."""
    out.mkdir(parents=True, exist_ok=True)
    counts = {}
    for part in ("train", "dev"):
        builder = _Builder()
        for number, record in enumerate(read_corpus(corpus / f"{part}.jsonl.gz")):
            if limit is not None and number >= limit:
                break
            for words in documents(record, random.Random(f"{seed}:{record['id']}")):
                builder.add(record["style"], words)
            if record["style"] == "prose":
                for words in dialogues(record["text"].split("\n\n")):
                    builder.add("dialogue", words)
        builder.save(out / f"{part}.npz")
        counts[part] = len(builder.cores)
    return counts


def read_corpus(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a gzipped JSONL file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


class _Builder:
    """Collects words as codes into a vocabulary of distinct strings."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.cores: list[int] = []
        self.literals: list[int] = []
        self.separators: list[int] = []
        self.breaks: list[int] = []
        self.starts: list[int] = []
        self.styles: list[str] = []

    def add(self, style: str, words: list[Word]) -> None:
        """Append one document."""
        self.starts.append(len(self.cores))
        self.styles.append(style)
        for word in words:
            self.cores.append(self._code(word.core))
            self.literals.append(-1 if word.literal is None else self._code(word.literal))
            self.separators.append(word.separator)
            self.breaks.append(word.before)

    def _code(self, text: str) -> int:
        return self.codes.setdefault(text, len(self.codes))

    def save(self, path: Path) -> None:
        """Write everything as one .npz file, beside the target first."""
        temporary = path.with_suffix(".tmp.npz")
        np.savez(
            temporary,
            cores=np.asarray(self.cores, np.int32),
            literals=np.asarray(self.literals, np.int32),
            separators=np.asarray(self.separators, np.int8),
            breaks=np.asarray(self.breaks, np.int8),
            starts=np.asarray([*self.starts, len(self.cores)], np.int64),
            styles=np.asarray(self.styles),
            strings=np.frombuffer("\0".join(self.codes).encode(), np.uint8),
        )
        os.replace(temporary, path)


class Corpus:
    """Prepared documents in memory; `draw` takes windows, `words` a given stretch."""

    def __init__(self, path: Path) -> None:
        data = np.load(path)
        self.strings = data["strings"].tobytes().decode().split("\0")
        self.cores, self.literals = data["cores"], data["literals"]
        self.separators, self.breaks = data["separators"], data["breaks"]
        self.starts, self.styles = data["starts"], [str(s) for s in data["styles"]]
        self._blocks = self._index()

    def _index(self) -> dict[str, tuple[list[int], list[float]]]:
        """Per style: the first word of every block and the cumulated weights."""
        spoken = np.asarray([s.lower() in _SPOKEN for s in self.strings])[self.cores]
        ends = np.isin(self.separators, list(SENTENCE_ENDS))
        opening = np.asarray([s.lower() in _OPENING for s in self.strings])[self.cores]
        opening[1:] &= ends[:-1]
        blocks: dict[str, tuple[list[int], list[float]]] = {}
        for style, lo, hi in zip(self.styles, self.starts, self.starts[1:], strict=False):
            firsts, weights = blocks.setdefault(style, ([], []))
            for first in range(int(lo), int(hi), BLOCK):
                last = min(first + BLOCK, int(hi))
                share = float(spoken[first:last].mean())
                sentences = float(ends[first:last].mean())
                size = (last - first) / BLOCK
                questions = float((self.separators[first:last] == QUESTION).mean())
                spokenness = 0.25 + min(1.0, share / 0.08) + min(0.5, sentences * 6)
                openings = float(opening[first:last].mean())
                firsts.append(first)
                weight = (spokenness + min(1.0, questions * 60)) * (1 + min(4.0, openings * 200))
                weights.append(size * weight)
        return {s: (f, list(accumulate(w))) for s, (f, w) in blocks.items()}

    def document(self, position: int) -> tuple[int, int]:
        """First and last + 1 word of the document that holds the word at `position`."""
        index = int(np.searchsorted(self.starts, position, side="right")) - 1
        return int(self.starts[index]), int(self.starts[index + 1])

    def draw(self, rng: random.Random, style: str, count: int) -> tuple[list[Word], bool, bool]:
        """Draw about `count` words: the words, whether they start a sentence, end the text."""
        firsts, weights = self._blocks[style]
        first = firsts[bisect(weights, rng.random() * weights[-1], 0, len(firsts) - 1)]
        lo, hi = self.document(first)
        start = first + rng.randrange(BLOCK)
        if start >= hi:
            start = max(lo, hi - count)
        if rng.random() < 0.55:
            while start > lo and self.separators[start - 1] not in SENTENCE_ENDS:
                start -= 1
        if rng.random() < 0.03:  # whole ends of documents are rare otherwise
            start = max(lo, hi - count)
        stop = min(hi, start + count)
        at_start = start == lo or self.separators[start - 1] in SENTENCE_ENDS
        return self.words(start, stop), bool(at_start), stop == hi

    def words(self, start: int, stop: int) -> list[Word]:
        """The words from `start` to `stop`; the first one has no break before it."""
        out = []
        for i in range(start, stop):
            literal = int(self.literals[i])
            out.append(
                Word(
                    self.strings[self.cores[i]],
                    int(self.separators[i]),
                    int(self.breaks[i]) if i > start else NO_BREAK,
                    None if literal < 0 else self.strings[literal],
                )
            )
        return out

    def style(self, rng: random.Random) -> str:
        """Draw a style by its share among those present."""
        present = [s for s in STYLE_SHARES if s in self._blocks]
        return rng.choices(present, [STYLE_SHARES[s] for s in present])[0]

    def tokenizer_texts(self, *, seed: int, windows: int) -> Iterator[str]:
        """Yield windows in target form and in lower case, drawn as in training."""
        rng = random.Random(seed)
        for _ in range(windows):
            words, _, _ = self.draw(rng, self.style(rng), 200)
            text = "".join(
                f"{chr(10) * 2 if w.before else ''} {w.core}{SEPARATORS[w.separator]}"
                for w in words
            )
            yield text if rng.random() < 0.5 else text.lower()
        yield "\n\n" * 100  # the break is one token, whatever the texts are
