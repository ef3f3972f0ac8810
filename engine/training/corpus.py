"""Prepare corpora as arrays of word codes, and draw stretches of words from them."""

from __future__ import annotations

import gzip
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from engine.training.clean import documents
from engine.tuning.words import Word

#: Codes of the marks after words, and of the marks before them.
MARK_CODES = ("", ",", ".", "?", "!", ":", ";", "-", "...")
OPENING_CODES = ("", "\u00bf", "\u00a1")
#: Of the ten million words of English classics this share is read.
CLASSICS_SHARE = 0.15
LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "ca", "pl", "sv", "ru", "uk", "tr")


@dataclass(frozen=True, slots=True)
class Source:
    """A file of the shared corpora."""

    name: str  # of the prepared file
    language: str
    path: str  # below the data folder, with {part} for train or dev
    share: float = 1.0  # of its prose records that are read


SOURCES = (
    Source("en-podcasts", "en", "corpora/en/{part}_podcasts.jsonl.gz"),
    Source("en-speech", "en", "corpora/en/{part}.jsonl.gz"),
    Source("en-classics", "en", "corpus/{part}.jsonl.gz", CLASSICS_SHARE),
    *(Source(code, code, f"corpora/{code}/{{part}}.jsonl.gz") for code in LANGUAGES[1:]),
)


def read_records(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of a JSONL file, gzipped or not."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def cleaned(
    path: Path, *, seed: int, share: float = 1.0, prose_share: float = 1.0
) -> Iterator[tuple[str, list[Word]]]:
    """Yield the style and the words of every document of a file; the same seed, the same words."""
    for record in read_records(path):
        rng = random.Random(f"{seed}:{record['id']}")
        read = share * prose_share if record["style"] == "prose" else share
        if rng.random() >= read:
            continue
        for words in documents(record, rng):
            yield record["style"], words


def prepare_source(
    data: Path, out: Path, source: Source, part: str, *, seed: int, share: float
) -> None:
    """Clean one file into `out`, unless it is there; of train, a share of the records is read."""
    target = out / f"{source.name}.{part}.npz"
    if target.exists():
        return
    builder = _Builder()
    path = data / source.path.format(part=part)
    read = share if part == "train" else 1.0
    for style, words in cleaned(path, seed=seed, share=read, prose_share=source.share):
        builder.add(style, words)
    builder.save(target)


class _Builder:
    """Collects words as codes into a vocabulary of distinct strings."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.rows: list[tuple[int, int, int, int, int]] = []
        self.starts: list[int] = []
        self.styles: list[str] = []

    def add(self, style: str, words: list[Word]) -> None:
        """Append one document."""
        self.starts.append(len(self.rows))
        self.styles.append(style if words[0].paragraph_known else f"{style}/loose")
        self.rows.extend(
            (
                self.codes.setdefault(word.core, len(self.codes)),
                MARK_CODES.index(word.mark),
                word.label,
                word.before,
                OPENING_CODES.index(word.opening[:1]),
            )
            for word in words
        )

    def save(self, path: Path) -> None:
        """Write everything as one .npz file, beside the target first."""
        columns = np.asarray(self.rows, np.int32).reshape(-1, 5)
        temporary = path.with_suffix(".tmp.npz")
        np.savez(
            temporary,
            cores=columns[:, 0],
            rest=columns[:, 1:].astype(np.int8),
            starts=np.asarray([*self.starts, len(self.rows)], np.int64),
            styles=np.asarray(self.styles),
            strings=np.frombuffer("\0".join(self.codes).encode(), np.uint8),
        )
        os.replace(temporary, path)


class Corpus:
    """The documents of one prepared file in memory."""

    def __init__(self, path: Path) -> None:
        data = np.load(path)
        self.strings: list[str] = data["strings"].tobytes().decode().split("\0")
        self.cores, self.rest = data["cores"], data["rest"]
        self.starts = data["starts"]
        self.styles = [str(style) for style in data["styles"]]

    def counts(self) -> Counter[str]:
        """Count every word as it stands."""
        often = np.bincount(self.cores, minlength=len(self.strings))
        return Counter(dict(zip(self.strings, often.tolist(), strict=True)))

    def words(self, document: int, start: int, stop: int) -> list[Word]:
        """Return words of a document; the first one has no break before it."""
        first = int(self.starts[document])
        known = not self.styles[document].endswith("/loose")
        out = []
        for core, row in zip(
            self.cores[first + start : first + stop].tolist(),
            self.rest[first + start : first + stop].tolist(),
            strict=True,
        ):
            mark, label, before, opening = row
            out.append(
                Word(
                    self.strings[core],
                    MARK_CODES[mark],
                    label,
                    before if out else 0,
                    OPENING_CODES[opening],
                    known,
                )
            )
        return out

    def length(self, document: int) -> int:
        """Return how many words a document has."""
        return int(self.starts[document + 1] - self.starts[document])
