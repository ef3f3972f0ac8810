"""How often the labels that a style brings are taken: biases, searched on what is kept apart.

A label that is seldom right is seldom the likeliest, so a model that knows where dashes are likely
sets none. And where the source has marks and capitals of its own, these weigh more than the
model's opinion: for a title in capitals that must not hold. The shipped labels have such biases
from a search of their own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from engine.records import EnhancedWord
from engine.tagger.path import ALL, DASH, LabelScores, case_of
from engine.text import parts
from engine.text.paths import best
from engine.text.readings import take_apart
from engine.tuning.figures import mark_of
from engine.tuning.trials import Right, Trial

if TYPE_CHECKING:
    from engine.tagger.tag import Labelled, Tagger

#: What is tried for a label, from the one that changes nothing.
TRIED: Final = {
    "dash": (0.0, -1.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0),
    "all": (0.0, 1.0, 2.0, 3.0, 4.5, 6.0, 8.0),
}
#: Times that a label must be right in what is kept apart; of fewer nothing can be said.
FEWEST: Final = 4


@dataclass(frozen=True, slots=True)
class Found:
    """Biases of labels, beside those that a model has already."""

    bare: dict[str, dict[str, float]] = field(default_factory=dict)  # of a language
    marked: dict[str, float] = field(default_factory=dict)  # where the source has marks


@dataclass(frozen=True, slots=True)
class Read:
    """A part as a tagger scores it, and what is right."""

    labelled: Labelled
    right: tuple[Right, ...]


def search(tagger: Tagger, trials: Iterable[Trial]) -> Found:
    """Return the biases with which a tagger writes trials best; raises `ModelError`."""
    reads: dict[str | None, list[Read]] = {}
    for trial in trials:
        for own in _read(tagger, trial):
            key = None if own.labelled.lattice.marked else trial.language
            reads.setdefault(key, []).append(own)
    found = Found()
    for language, group in reads.items():
        biases = best_for(group)
        if language is None:
            found.marked.update(biases)
        elif biases:
            found.bare[language] = biases
    return found


def _read(tagger: Tagger, trial: Trial) -> list[Read]:
    out = []
    tail: tuple[EnhancedWord, ...] = ()
    place = 0
    pieces = parts.split(trial.transcript, tagger.info, covered=True, language=trial.language)
    for part in pieces:
        labelled = tagger.read(part, tail)
        weighed = labelled.weighed()
        tail = weighed.written(best(weighed.lattice, weighed.scores)) if part.words else tail
        out.append(Read(labelled, trial.right[place : place + len(part.words)]))
        place += len(part.words)
    return out


def best_for(group: Sequence[Read]) -> dict[str, float]:
    """Return the bias of each label that is right often enough: that of the highest F1."""
    biases: dict[str, float] = {}
    rights = [right for one in group for right in one.right]
    counts = {
        "dash": sum(right.mark == "dash" for right in rights),
        "all": sum(right.case == ALL for right in rights),
    }
    for name, tried in TRIED.items():
        if counts[name] < FEWEST or (name == "dash" and not _has_dash(group)):
            continue
        scored = {value: _f1(group, name, {**biases, name: value}) for value in tried}
        biases[name] = max(tried, key=lambda value: (scored[value], -abs(value)))
    return {name: value for name, value in biases.items() if value}


def _has_dash(group: Sequence[Read]) -> bool:
    return any(len(one.labelled.scores[0].marks) > DASH for one in group if one.labelled.scores)


def _f1(group: Sequence[Read], name: str, biases: dict[str, float]) -> float:
    """Return the F1 of marks (for a dash) or case (for capitals) with some biases."""
    hits = said = true = 0
    for one in group:
        scores = [_biased(own, biases) for own in one.labelled.scores]
        weighed = replace(one.labelled, scores=scores).weighed()
        if not one.right:
            continue
        path = best(weighed.lattice, weighed.scores)
        for right, word in zip(one.right, weighed.lattice.enhanced(path), strict=True):
            wanted, guess = _labels(name, right, word.text)
            if wanted is not None:
                hits += bool(wanted) and guess == wanted
                said += bool(guess)
                true += bool(wanted)
    return 2 * hits / (said + true) if said + true else 0.0


def _labels(name: str, right: Right, text: str) -> tuple[str | int | None, str | int]:
    """Return what is right of a word and what is written; the label that says nothing is false."""
    if name == "all":  # LOWER is 0
        return right.case, case_of(take_apart(text).core)
    mark = right.mark
    return ("" if mark == "none" else mark), mark_of(text).replace("none", "")


def _biased(scores: LabelScores, biases: dict[str, float]) -> LabelScores:
    marks, cases = list(scores.marks), list(scores.cases)
    if len(marks) > DASH:
        marks[DASH] += biases.get("dash", 0.0)
    cases[ALL] += biases.get("all", 0.0)
    return LabelScores(marks, cases, scores.paragraph)


def enter(card: dict[str, Any], found: Found) -> None:
    """Enter biases in a model's card, on top of those that it has."""
    by_language: dict[str, dict[str, float]] = card.setdefault("biases", {})
    marked: dict[str, float] = card.setdefault("bias_marked", {})
    targets = [(by_language.setdefault(code, {}), own) for code, own in found.bare.items()]
    for target, own in itertools.chain(targets, [(marked, found.marked)]):
        for name, value in own.items():
            target[name] = round(target.get(name, 0.0) + value, 3)
