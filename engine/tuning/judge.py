"""A model before and after it was tuned: measured as the product uses it, and compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from engine import pipeline
from engine.calibration import texts
from engine.child.client import ModelClient
from engine.child.retry import try_part
from engine.errors import ChildError, PartError
from engine.records import EnhancedPart, EnhancedWord, ModelInfo, Part
from engine.text import paragraphs, parts
from engine.tuning import figures, trials
from engine.tuning.figures import KINDS, Gain, Tally
from engine.tuning.records import Recording
from engine.tuning.trials import Trial

#: Points of F1 that text from elsewhere may lose.
MOST_LOST: Final = 0.5
_SILENCE_S: Final = 600.0
_DECIDES: Final = ("marks", "case")


@dataclass(frozen=True, slots=True)
class Trials:
    """The texts that a model is judged by."""

    home: tuple[Trial, ...]  # recordings of the user's that it did not learn from
    elsewhere: tuple[Trial, ...]  # text that ships with llasa

    @property
    def words(self) -> int:
        """Return how many words all of them have."""
        return sum(len(one.right) for one in (*self.home, *self.elsewhere))


def trials_of(
    recordings: Sequence[Recording], *, languages: Sequence[str] = (), words: int = 1_000
) -> Trials:
    """Return what a model is judged by: each recording twice, and so many words a language."""
    home = [trials.of_recording(one, bare=bare) for one in recordings for bare in (False, True)]
    samples = [
        sample
        for code in texts.LANGUAGES
        if not languages or code in languages
        for sample in texts.samples(code, words)
    ]
    return Trials(tuple(home), tuple(trials.of_sample(sample) for sample in samples))


@dataclass(frozen=True, slots=True)
class Result:
    """What a model did."""

    home: Tally
    elsewhere: Tally
    by_language: dict[str, Tally]  # of what is elsewhere
    memory_bytes: int | None


def measure(
    info: ModelInfo,
    wanted: Trials,
    *,
    lock_path: Path | None = None,
    on_words: Callable[[int], None] = lambda words: None,
) -> Result:
    """Let a model decide all texts, in a child as in all work; raises `ModelError`."""
    home, elsewhere = Tally(), Tally()
    by_language: dict[str, Tally] = {}
    memory = 0
    client = ModelClient(info, silence_s=_SILENCE_S, lock_path=lock_path)
    try:
        client.start()
        for trial in wanted.home:
            _add([home], client, trial)
            memory = max(memory, client.memory_bytes() or 0)
            on_words(len(trial.right))
        for trial in wanted.elsewhere:
            _add([elsewhere, by_language.setdefault(trial.language, Tally())], client, trial)
            on_words(len(trial.right))
    finally:
        client.close()
    return Result(home, elsewhere, by_language, memory or None)


def _add(tallies: Sequence[Tally], client: ModelClient, trial: Trial) -> None:
    pieces = parts.split(trial.transcript, client.info, covered=True, language=trial.language)
    started = time.monotonic()
    tail: tuple[EnhancedWord, ...] = ()
    done: list[EnhancedPart] = []
    for part in pieces:
        found = _decide(client, part, tail) or pipeline.keep(part, "fallback")
        tail = found.words
        done.append(found)
    seconds = time.monotonic() - started
    written = [word for paragraph in paragraphs.settle(done) for word in paragraph]
    for tally in tallies:
        tally.seconds += seconds
        tally.refused_parts += sum(part.status != "enhanced" for part in done)
        tally.add(trial, written)


def _decide(client: ModelClient, part: Part, tail: tuple[EnhancedWord, ...]) -> EnhancedPart | None:
    failures = 0

    def failed(_: ChildError | PartError) -> int:
        nonlocal failures
        failures += 1
        return failures

    return try_part(lambda: client.enhance(part, tail), failed=failed)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a tuned model is offered, and why."""

    better: bool
    sentence: str
    data: dict[str, Any]  # all figures, as evaluation.json has them


def judge(before: Result, after: Result) -> Judgement:
    """Compare a model with what it was: better at home, and hardly worse elsewhere."""
    home = figures.gain(before.home, after.home, *_DECIDES)
    elsewhere = figures.gain(before.elsewhere, after.elsewhere, *_DECIDES)
    problems = _problems(before, after, home, elsewhere)
    table = {
        kind: {
            "home": figures.gain(before.home, after.home, kind).to_json(),
            "elsewhere": figures.gain(before.elsewhere, after.elsewhere, kind).to_json(),
        }
        for kind in KINDS
    }
    changed = (
        f"Marks and case of held-out recordings: F1 {before.home.f1(*_DECIDES):.1f} before, "
        f"{after.home.f1(*_DECIDES):.1f} after, a gain of {home.low:+.1f} to {home.high:+.1f}. "
        f"Of shipped text: {before.elsewhere.f1(*_DECIDES):.1f} before, "
        f"{after.elsewhere.f1(*_DECIDES):.1f} after, {elsewhere.low:+.1f} to {elsewhere.high:+.1f}."
    )
    sentence = f"Not better: {'; '.join(problems)}. {changed}" if problems else f"Better. {changed}"
    data = {
        "better": not problems,
        "sentence": sentence,
        "before": {"home": before.home.to_json(), "elsewhere": before.elsewhere.to_json()},
        "after": {"home": after.home.to_json(), "elsewhere": after.elsewhere.to_json()},
        "gain": {"home": home.to_json(), "elsewhere": elsewhere.to_json(), **table},
        "languages": {
            code: {
                "before": round(before.by_language[code].f1(*_DECIDES), 2),
                "after": round(after.by_language[code].f1(*_DECIDES), 2),
            }
            for code in before.by_language
        },
        "memory_bytes": after.memory_bytes,
    }
    return Judgement(not problems, sentence, data)


def _problems(before: Result, after: Result, home: Gain, elsewhere: Gain) -> list[str]:
    found = []
    if home.low <= 0:
        found.append("the gain on held-out recordings may be chance")
    if elsewhere.mean < -MOST_LOST:
        lost = f"{-elsewhere.mean:.2f} points, more than {MOST_LOST}"
        found.append(f"text from elsewhere loses {lost}")
    if after.home.kept_words < after.home.words:
        found.append("it changes words")
    if after.home.refused_parts > before.home.refused_parts:
        found.append("more parts are implausible")
    return found
