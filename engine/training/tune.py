"""Tune the biases of an exported model on dev, language by language, and write them into it."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.models.catalog import describe
from engine.records import Word as SourceWord
from engine.text.scores import LABELS
from engine.training.clean import documents
from engine.training.corpus import read_records
from engine.training.decisions import Bias, Gaps, figures, joined, kept
from engine.training.lists import read_tsv
from engine.tuning.words import MASKED, NO_BREAK, TURN, Word, case_of

#: Steps of the search, and what is searched.
STEPS = (1.6, 0.8, 0.4, 0.2, 0.1)
TUNED = ("comma", "period", "question", "first", "paragraph")
LARGEST = 4.0
#: A break after every sentence has the best F1 in some languages, and nobody would read that.
LARGEST_BREAK = 1.2
#: What a point of F1 counts for.
WEIGHTS = {"marks": 1.0, "capitals": 0.25, "paragraphs": 0.1}
#: How much of what is right must stay, in percent, and the biases that are tried for it. Dev reads
#: less like what Whisper writes, whose podcasts keep more: at 1.0 and 1.0 all ends and all case.
ENDS_KEPT, CASE_KEPT = 99.0, 99.5
OWN = (1.0, 1.5, 2.0, 2.5, 3.0)
#: Words of a text that is asked at once.
TEXT_WORDS = 1_000
NAMES = ("O", *LABELS)

#: Returns the scores of the words of a text, given where changes of speaker are shown.
Score = Callable[[Sequence[str], Sequence[bool]], Sequence[Any]]


def climb(
    measure: Callable[[Bias], float], names: Sequence[str] = TUNED, start: Bias | None = None
) -> tuple[dict[str, float], float]:
    """Return the best biases and their value: coordinate ascent in shrinking steps."""
    bias = dict(start or dict.fromkeys(names, 0.0))
    best = measure(bias)
    for step in STEPS:
        moved = True
        while moved:
            moved = False
            for name in names:
                for direction in (step, -step):
                    trial = {**bias, name: round(bias[name] + direction, 3)}
                    if abs(trial[name]) > (LARGEST_BREAK if name == "paragraph" else LARGEST):
                        continue
                    value = measure(trial)
                    if value > best + 1e-9:
                        bias, best, moved = trial, value, True
    return bias, best


def tune(folder: Path, data: Path, *, benchmark: Path | None, words: int) -> dict[str, Any]:
    """Write the best biases of every language into `llasa.json`; return F1 before and after."""
    score = scorer(folder)
    manifest = json.loads((folder / "llasa.json").read_text(encoding="utf-8"))
    table: dict[str, Any] = {}
    biases: dict[str, dict[str, float]] = {}
    right: list[Gaps] = []
    for code in manifest["languages"]:
        texts = list(_texts(data, code, words))
        if not texts:
            continue
        bare = [_gaps(text, score, right=False) for text in texts]
        if code == "en" and benchmark is not None:
            bare.extend(_benchmark(benchmark, score, 2 * words))
        right.extend(_gaps(text, score, right=True) for text in texts[: max(1, len(texts) // 4)])
        gaps = joined(bare)
        biases[code] = _best(gaps)
        before, after = figures(gaps, {}), figures(gaps, biases[code])
        table[code] = {
            "before": round(before["marks"], 2),
            **{name: round(value, 2) for name, value in after.items()},
            **biases[code],
        }
    marked = own_biases(joined(right))
    ends, case = kept(joined(right), marked)
    table["kept"] = {"sentence_ends": round(ends, 2), "case": round(case, 2), **marked}
    write(folder, biases, marked)
    return table


def _best(gaps: Gaps) -> dict[str, float]:
    """Return the best biases of a language, from several places to begin the search at.

    Where no paragraph is found at all, a small step changes nothing.
    """
    found = [
        climb(
            lambda bias: _worth(figures(gaps, bias)),
            start={**dict.fromkeys(TUNED, 0.0), "paragraph": paragraph},
        )
        for paragraph in (0.0, LARGEST_BREAK)
    ]
    return max(found, key=lambda one: one[1])[0]


def own_biases(gaps: Gaps) -> dict[str, float]:
    """Return the smallest biases of a source's own marks and case that keep what is right."""
    out = {"own": OWN[0], "own_case": OWN[0]}
    wanted = {"own": ENDS_KEPT, "own_case": CASE_KEPT}
    for _ in OWN:
        for (name, share), found in zip(wanted.items(), kept(gaps, out), strict=True):
            if found < share and out[name] < OWN[-1]:
                out[name] += 0.5
    return out


def write(folder: Path, biases: Mapping[str, Bias], marked: Bias) -> None:
    """Put biases into `llasa.json`, which is replaced in one move.

    A word in capitals is raised as one with a raised first letter is.
    """
    path = folder / "llasa.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    written = {code: {**bias, "all": bias["first"]} for code, bias in biases.items()}
    manifest |= {"biases": written, "bias_marked": dict(marked)}
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    os.replace(temporary, path)


def scorer(folder: Path) -> Score:
    """Return a function that asks the model in MLX, as the engine does."""
    from engine.tagger.tag import Tagger

    tagger = Tagger.load(describe(str(folder.resolve())))

    def score(words: Sequence[str], turns: Sequence[bool]) -> Sequence[Any]:
        speaker, asked = 0, []
        for word, turn in zip(words, turns, strict=True):
            speaker += turn
            asked.append(SourceWord(word, speaker="AB"[speaker % 2]))
        return tagger.score(asked).of

    return score


def _worth(found: Mapping[str, float]) -> float:
    return sum(WEIGHTS[name] * value for name, value in found.items())


def _texts(data: Path, code: str, words: int) -> Iterator[list[Word]]:
    """Yield texts of about `words` words of every dev file of a language, spread evenly over it."""
    for name in ("dev", "dev_podcasts"):
        path = data / f"corpora/{code}/{name}.jsonl.gz"
        if not path.exists():
            continue
        found = [
            text[n : n + TEXT_WORDS]
            for record in read_records(path)
            for text in documents(record, random.Random(0), whole=True)
            for n in range(0, len(text), TEXT_WORDS)
        ]
        wanted = min(len(found), max(1, words // TEXT_WORDS))
        yield from (found[n * len(found) // wanted] for n in range(wanted))


def _gaps(text: Sequence[Word], score: Score, *, right: bool) -> Gaps:
    """Return the gaps of a text, shown in lower case without marks or as it should read."""
    turns = [n > 0 and word.before == TURN for n, word in enumerate(text)]
    shown = [w.opening + w.core + w.mark if right else w.core.lower() for w in text]
    paragraphs = [
        MASKED
        if after.before == TURN or not after.paragraph_known
        else int(after.before != NO_BREAK)
        for after in text[1:]
    ]
    return Gaps.of(
        score(shown, turns),
        turns=turns,
        marks=[word.label for word in text],
        cases=[case_of(word.core) for word in text],
        paragraphs=[*paragraphs, MASKED],
    )


def _benchmark(path: Path, score: Score, limit: int) -> Iterator[Gaps]:
    words, labels, _ = read_tsv(path, limit)
    for n in range(0, len(words), TEXT_WORDS):
        part = [word.lower() for word in words[n : n + TEXT_WORDS]]
        nothing = [MASKED] * len(part)
        marks = [NAMES.index(name) for name in labels[n : n + TEXT_WORDS]]
        turns = [False] * len(part)
        yield Gaps.of(
            score(part, turns), turns=turns, marks=marks, cases=nothing, paragraphs=nothing
        )
