"""Part -> enhanced part: all its words labelled in one pass, the lattice deciding what is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from engine.records import EnhancedPart, EnhancedWord, ModelInfo, Part, Word
from engine.tagger.network import Network
from engine.tagger.path import LabelScores, best_path
from engine.tagger.pieces import START, TURN, Pieces, shown, strongest
from engine.tagger.windows import windows
from engine.text.lattice import Lattice
from engine.text.readings import is_mark, is_sentence_end, is_shouting, take_apart


@dataclass(slots=True)
class Tagger:
    """A loaded encoder with its tokenizer."""

    info: ModelInfo
    network: Network
    pieces: Pieces
    device_path: str  # what computes, in words
    load_s: float

    @classmethod
    def load(cls, info: ModelInfo, *, floats: bool, device_path: str) -> Tagger:
        """Load a model folder; raises `ModelRefused`."""
        started = time.monotonic()
        folder = Path(info.path)
        network = Network(folder, floats=floats)
        pieces = Pieces.load(folder / "tokenizer.json")
        return cls(info, network, pieces, device_path, time.monotonic() - started)

    def enhance(
        self,
        part: Part,
        tail: Sequence[EnhancedWord],
        *,
        on_progress: Callable[[int], None] | None = None,
    ) -> EnhancedPart:
        """Return the part with the readings of the best path; the words are the part's own."""
        started = time.monotonic()
        lattice = Lattice(part, self.info)
        before = [word.word for word in tail]
        scored = self.score([*before, *part.words, *part.after], more_follows=bool(part.after))
        path = best_path(
            lattice,
            scored.of[len(before) : len(before) + len(part.words)],
            begins_sentence=_ends_sentence(tail),
        )
        if on_progress is not None:
            on_progress(scored.pieces)
        return EnhancedPart(
            index=part.index,
            status="enhanced",
            words=lattice.enhanced(path),
            tokens=len(part.words),
            passes=scored.passes,
            decode_s=time.monotonic() - started,
        )

    def score(self, words: Sequence[Word], *, more_follows: bool) -> Scored:
        """Return the scores of words in their order, in as many windows as they need."""
        spelled = self._spell(words)
        rows: list[LabelScores] = []
        passes = 0
        for window in windows([len(ids) for ids in spelled]):
            ids, places = _row(spelled[window.first : window.stop])
            if window.stop == len(words) and not more_follows:
                ids.append(TURN)
            heads = self._ask(ids)
            passes += 1
            for place in places[window.taken - window.first : window.until - window.first]:
                rows.append(LabelScores(*(head[place].tolist() for head in heads)))
        return Scored(rows, sum(map(len, spelled)), passes)

    def _spell(self, words: Sequence[Word]) -> list[tuple[int, ...]]:
        """Return the pieces of every word; a mark on its own is shown with the word before it."""
        shouting = is_shouting([word.text for word in words])
        texts = [shown(word.text, shouting=shouting) for word in words]
        alone = [is_mark(word.text) for word in words]
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
        scores = self.network(mx.array([ids]))
        heads = (scores.marks[0], scores.cases[0], scores.paragraphs[0])
        mx.eval(*heads)
        return [_log_softmax(np.array(head)) for head in heads]


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of some words."""

    of: list[LabelScores]  # one per word
    pieces: int  # that the words were spelled in
    passes: int  # windows


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
    if not tail:
        return True
    split = take_apart(tail[-1].text)
    return tail[-1].paragraph or (bool(split.trail) and is_sentence_end(split.trail, split.core))
