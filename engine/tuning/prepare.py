"""What was taken -> a split by recordings without doubles, and a report; pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from engine.calibration.texts import LANGUAGES, works
from engine.tuning.errors import NothingToLearn
from engine.tuning.records import PARTS, Part, Proposal, Recording, Taken

#: Shares of the recordings that are learnt from, that stop the training and that it is judged by.
SHARES: Final = (("train", 0.7), ("valid", 0.12), ("test", 0.18))
FEWEST_RECORDINGS: Final = 5
#: Two recordings that share so many of the runs of words of the shorter one are the same talk.
SAME_TALK: Final = 0.5
RUN_WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a run learns from, and what the user should know about it."""

    parted: tuple[tuple[Recording, Part], ...]
    proposals: tuple[Proposal, ...]
    report: dict[str, Any]


def prepare(taken: Iterable[Taken], *, most_words: int | None = None) -> Prepared:
    """Drop doubles and split by recordings; raises `NothingToLearn` for fewer than five.

    The order of the files does not matter: the split follows from the words. `most_words` bounds
    what is learnt from; recordings beyond it are left out, and the report says so.
    """
    every = list(taken)
    kept: list[Recording] = []
    refused: list[tuple[Taken, str]] = []
    runs: list[set[int]] = []
    words = 0
    for one in sorted(every, key=_order):
        recording, reason = one.recording, one.reason
        if recording is not None:
            own = _runs([said.word.core for said in recording.said])
            if any(_same(own, other) for other in runs):
                reason = "its words are in another recording"
            elif any(_same(own, other) for other in _shipped(recording.language)):
                reason = "the same text ships with llasa, to measure what a model loses elsewhere"
            elif most_words is not None and kept and words + recording.asked > most_words:
                reason = f"{most_words:,} words are enough"
            else:
                kept.append(recording)
                runs.append(own)
                words += recording.asked
                continue
        refused.append((one, reason))
    if len(kept) < FEWEST_RECORDINGS:
        reasons = Counter(reason for _, reason in refused)
        told = "; ".join(f"{count}: {reason}" for reason, count in reasons.most_common(3))
        raise NothingToLearn(
            f"{len(kept)} recordings can be learnt from, and {FEWEST_RECORDINGS} are needed: some "
            "must be kept apart to measure what was learnt."
            + (f" Of the others, {told}." if told else "")
        )
    parted = tuple(zip(kept, _parts(kept), strict=True))
    return Prepared(parted, _proposals(every), _report(parted, every, refused))


def _order(one: Taken) -> tuple[int, str, str]:
    """Corrections go first: of two texts of one talk the corrected one is kept."""
    rank = ("edited", "review", "text").index(one.origin)
    return rank, one.recording.id if one.recording else "", one.name


def _parts(recordings: Sequence[Recording]) -> list[Part]:
    """Return the part of every recording, by the order of the hashes of their words."""
    order = sorted(
        range(len(recordings)),
        key=lambda n: hashlib.sha256(f"split:{recordings[n].id}".encode()).hexdigest(),
    )
    count = len(recordings)
    valid = max(1, round(SHARES[1][1] * count))
    test = max(2, round(SHARES[2][1] * count))
    found: list[Part] = ["train"] * count
    for place, n in enumerate(order):
        found[n] = "valid" if place < valid else "test" if place < valid + test else "train"
    return found


@cache
def _shipped(language: str) -> tuple[set[int], ...]:
    """Return the runs of the works of a language that a model is measured by."""
    found = works(language) if language in LANGUAGES else ()
    return tuple(_runs([word.core for word in work.words]) for work in found)


def _runs(words: Iterable[str]) -> set[int]:
    cores = [word.casefold() for word in words]
    size = min(RUN_WORDS, len(cores))
    return {
        int.from_bytes(
            hashlib.blake2b(" ".join(cores[n : n + size]).encode(), digest_size=8).digest()
        )
        for n in range(len(cores) - size + 1)
    }


def _same(one: set[int], other: set[int]) -> bool:
    return len(one & other) >= SAME_TALK * max(1, min(len(one), len(other)))


def _proposals(taken: Sequence[Taken]) -> tuple[Proposal, ...]:
    times: Counter[tuple[str, str]] = Counter()
    for one in taken:
        for proposal in one.proposals:
            times[proposal.heard, proposal.correct] += proposal.times
    return tuple(Proposal(heard, correct, n) for (heard, correct), n in times.most_common())


def _report(
    parted: Sequence[tuple[Recording, Part]],
    every: Sequence[Taken],
    refused: Sequence[tuple[Taken, str]],
) -> dict[str, Any]:
    corrections = {one.recording.id: one.corrections for one in every if one.recording}
    return {
        "parts": {
            part: {
                "recordings": sum(own == part for _, own in parted),
                "words": sum(one.asked for one, own in parted if own == part),
            }
            for part in PARTS
        },
        "languages": dict(Counter(one.language for one, _ in parted)),
        "origins": dict(Counter(one.origin for one, _ in parted)),
        "corrections": sum(corrections[one.id] for one, _ in parted),
        "words_not_asked": sum(len(one.said) - one.asked for one, _ in parted),
        "words_left_out": sum(one.left_out for one in every),
        "proposals": sum(len(one.proposals) for one in every),
        "taken": [
            {
                "name": one.name,
                "origin": one.origin,
                "part": part,
                "language": one.language,
                "words": one.asked,
                "corrections": corrections[one.id],
            }
            for one, part in parted
        ],
        "refused": [
            {"name": one.name, "origin": one.origin, "reason": reason} for one, reason in refused
        ],
    }


def proposals_toml(proposals: Sequence[Proposal]) -> str:
    """Return proposals as lines that the user may move to the [glossary] of llasa.toml."""
    import json

    lines = [
        "# Words that you wrote in place of others. Nothing of this is used by itself: move the",
        "# lines that should hold for every recording to the [glossary] of llasa.toml.",
    ]
    seen: set[str] = set()
    for one in proposals:
        doubled = one.heard in seen
        seen.add(one.heard)
        key, value = json.dumps(one.heard, ensure_ascii=False), json.dumps(one.correct)
        lines.append(f"{'# ' if doubled else ''}{key} = {value}  # {one.times} times")
    return "\n".join(lines) + "\n"
