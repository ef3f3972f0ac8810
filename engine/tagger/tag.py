"""Part -> enhanced part: its words are labelled in one pass; the lattice bounds the text."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from engine.errors import ModelRefused
from engine.models.device import Device, use_fast_blas
from engine.records import EnhancedPart, EnhancedWord, ModelInfo, Part, Word
from engine.tagger import known
from engine.tagger.opening import open_questions
from engine.tagger.path import CASES, MARKS, STYLED, LabelScores, weigh
from engine.tagger.pieces import START, TURN, Pieces, shown, strongest
from engine.tagger.windows import windows
from engine.text.lattice import Choice, Lattice
from engine.text.paths import PathScores, best
from engine.text.readings import is_mark, is_sentence_end, is_shouting, take_apart
from engine.text.structure import is_ellipsis

# MLX is imported by `Tagger.load`, after the fast BLAS.
Progress = Callable[[int], None]


@dataclass(slots=True)
class Tagger:
    """A loaded encoder with its tokenizer."""

    info: ModelInfo
    network: Any  # engine.tagger.network.Network
    pieces: Pieces
    words: known.KnownWords
    device_path: str  # what computes, in words
    load_s: float

    @classmethod
    def load(cls, info: ModelInfo, *, device: Device = "auto") -> Self:
        """Load a model folder; raises `ModelRefused`."""
        started = time.monotonic()
        fast_blas = use_fast_blas()
        from engine.tagger.network import Network

        folder = Path(info.path)
        network = Network(folder, device=device, fast_blas=fast_blas)
        pieces = Pieces.load(folder / "tokenizer.json")
        if pieces.count > network.pieces:
            raise ModelRefused(
                f"{folder} does not fit together: {pieces.count:,} pieces in tokenizer.json, "
                f"{network.pieces:,} in its weights."
            )
        load_s = time.monotonic() - started
        words = known.KnownWords(folder / known.FILE)
        return cls(info, network, pieces, words, network.form.device_path, load_s)

    def enhance(
        self,
        part: Part,
        tail: Sequence[EnhancedWord],
        *,
        on_progress: Progress | None = None,
    ) -> EnhancedPart:
        """Return the part with the readings of the best path; the words are the part's own.

        `on_progress` gets the number of words labelled so far, once per window.
        """
        started = time.monotonic()
        weighed = self.weigh(part, tail, on_progress=on_progress)
        path = best(weighed.lattice, weighed.scores) if part.words else []
        return EnhancedPart(
            index=part.index,
            status="enhanced",
            words=weighed.written(path),
            tokens=len(part.words),
            passes=weighed.passes,
            decode_s=time.monotonic() - started,
        )

    def weigh(
        self,
        part: Part,
        tail: Sequence[EnhancedWord],
        *,
        on_progress: Progress | None = None,
    ) -> Weighed:
        """Return the lattice of a part and the scores of all that a path through it may take."""
        return self.read(part, tail, on_progress=on_progress).weighed()

    def read(
        self,
        part: Part,
        tail: Sequence[EnhancedWord],
        *,
        on_progress: Progress | None = None,
    ) -> Labelled:
        """Return the lattice of a part and the scores of its labels."""
        lattice = Lattice(self.words.offered(part), self.info, tail)
        before = [word.word for word in tail]
        begins = _ends_sentence(tail)
        scored = self.score(
            [*before, *part.words, *part.after],
            first=len(before),
            count=len(part.words) + bool(part.after),
            more_follows=bool(part.after),
            on_progress=on_progress,
        )
        labelled = _weighed(scored.of, self.info, lattice, part.language)
        return Labelled(part, lattice, labelled, begins, scored.passes)

    def score(
        self,
        words: Sequence[Word],
        *,
        first: int = 0,
        count: int | None = None,
        more_follows: bool = False,
        on_progress: Progress | None = None,
    ) -> Scored:
        """Return the scores of `count` words from `first` on, seen among all `words`.

        They are read in as many windows as they need. `more_follows`: the text goes on after them.
        """
        spelled = self._spell(words)
        end = len(words) if count is None else first + count
        rows: list[LabelScores] = []
        passes = 0
        for window in windows([len(ids) for ids in spelled]):
            wanted = range(max(window.taken, first), min(window.until, end))
            if not wanted:
                continue
            ids, places = _row(spelled[window.first : window.stop])
            if window.stop == len(words) and not more_follows:
                ids.append(TURN)
            heads = self._ask(ids)
            passes += 1
            for n in wanted:
                place = places[n - window.first]
                rows.append(LabelScores(*(head[place].tolist() for head in heads)))
            if on_progress is not None:
                on_progress(len(rows))
        return Scored(rows, passes)

    def _spell(self, words: Sequence[Word]) -> list[tuple[int, ...]]:
        """Return the pieces of every word; a mark on its own is shown with the word before it.

        What has neither letter nor figure is no word: it has no pieces, and the scores of the word
        before it.
        """
        shouting = is_shouting([word.text for word in words])
        texts = [shown(word.text, shouting=shouting) for word in words]
        alone = [not any(char.isalnum() for char in word.text) for word in words]
        for n in range(1, len(words)):
            if alone[n] and not alone[n - 1] and texts[n - 1][-1:].isalnum():
                texts[n - 1] += strongest(words[n].text)
        spelled: list[tuple[int, ...]] = []
        for n, (word, text) in enumerate(zip(words, texts, strict=True)):
            ids = () if alone[n] else self.pieces.word(text)
            turn = n > 0 and word.speaker != words[n - 1].speaker
            spelled.append((TURN, *ids) if turn else ids)
        return spelled

    def _ask(self, ids: Sequence[int]) -> list[Any]:
        import mlx.core as mx

        scores = self.network(mx.array([ids]))
        heads = (scores.marks[0], scores.cases[0], scores.paragraphs[0])
        mx.eval(*heads)
        return [_log_softmax(np.array(head)) for head in heads]


@dataclass(frozen=True, slots=True)
class Labelled:
    """The labels of a part as a tagger scores them."""

    part: Part
    lattice: Lattice
    scores: list[LabelScores]  # of its words, and of the word after it where one follows
    begins: bool  # a sentence begins with the part
    passes: int  # windows

    def weighed(self) -> Weighed:
        """Return the scores of all that a path through the lattice may take."""
        own, after = self.scores[: len(self.part.words)], self.scores[len(self.part.words) :]
        scores = PathScores((), ())
        if own:
            scores = weigh(
                self.lattice, own, begins_sentence=self.begins, after=after[0] if after else None
            )
        return Weighed(self.part, self.lattice, scores, self.begins, self.passes)


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a tagger says of a part."""

    part: Part
    lattice: Lattice  # offers terms only where one is to be taken
    scores: PathScores
    begins: bool  # a sentence begins with the part
    passes: int  # windows

    def written(self, path: Sequence[Choice]) -> tuple[EnhancedWord, ...]:
        """Return the words of the part as a path writes them, its questions opened."""
        written = self.lattice.enhanced(open_questions(self.lattice, path, begins=self.begins))
        return tuple(replace(w, word=o) for w, o in zip(written, self.part.words, strict=True))


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of some words."""

    of: list[LabelScores]  # one per word
    passes: int  # windows


def _weighed(
    scores: Sequence[LabelScores], info: ModelInfo, lattice: Lattice, language: str | None
) -> list[LabelScores]:
    """Add the biases of a language, or where the source has marks those of labels of a style.

    A language's own are meant for text without marks. A style's outweigh in the other what the
    source has of its own.
    """
    bias: Mapping[str, float] = info.biases.get(language or "", {})
    if lattice.marked:
        bias = {name: info.bias_marked[name] for name in STYLED if name in info.bias_marked}
    if not bias:
        return list(scores)
    names = (*MARKS, "dash")[: len(scores[0].marks) if scores else len(MARKS)]
    marks = [bias.get(name, 0.0) for name in names]
    cases = [bias.get(name, 0.0) for name in CASES]
    breaks = [0.0, bias.get("paragraph", 0.0)]
    return [
        LabelScores(_sum(one.marks, marks), _sum(one.cases, cases), _sum(one.paragraph, breaks))
        for one in scores
    ]


def _sum(one: Sequence[float], other: Sequence[float]) -> list[float]:
    return [a + b for a, b in zip(one, other, strict=True)]


def _row(spelled: Sequence[tuple[int, ...]]) -> tuple[list[int], list[int]]:
    """Return the ids of a window and the place of every word's last piece."""
    ids, places = [START], []
    for word in spelled:
        ids.extend(word[1:] if len(ids) == 1 and word[:1] == (TURN,) else word)
        places.append(len(ids) - 1)
    return ids, places


def _log_softmax(scores: Any) -> Any:
    top = scores - scores.max(axis=-1, keepdims=True)
    return top - np.log(np.exp(top).sum(axis=-1, keepdims=True))


def _ends_sentence(tail: Sequence[EnhancedWord]) -> bool:
    """Return whether what comes after the tail begins a sentence; the first word of all does."""
    if not tail or tail[-1].paragraph:
        return True
    split = take_apart(tail[-1].text)
    trail = split.trail or (split.core if is_mark(split.core) else "")
    return bool(trail) and not is_ellipsis(trail) and is_sentence_end(trail, split.core)
