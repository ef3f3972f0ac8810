"""A run of tuning for a tagger, in the child: recordings -> rows -> training -> a model folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from engine.models import catalog
from engine.models.device import use_fast_blas
from engine.tagger.pieces import Pieces
from engine.tuning import biases, trials, windows
from engine.tuning.errors import NothingToLearn
from engine.tuning.presets import presets
from engine.tuning.records import Recording
from engine.tuning.store import Run

COPIED: Final = ("tokenizer.json", "words.npz")


@dataclass(frozen=True, slots=True)
class Options:
    """How a tagger learns; what follows from these and the recordings is the same every time."""

    base: str = catalog.EMBEDDED  # the model that learns
    home: str = "."  # where its name is looked up
    preset: str = "general"
    upper: int = 2  # layers that learn
    rank: int = 8  # of the adapters
    rate: float = 1e-3
    rows: int = 8  # of a step
    anchor_rows: int = 2  # beside them: of text that it should read as before
    variants: int = 2  # ways in which each stretch is shown
    epochs: int = 3
    patience: int = 3
    validations: int = 2  # an epoch
    seed: int = 1


#: Is told what is done before the training, and how much of it.
Progress = Callable[..., bool]


def train(run: Run, options: Options, *, report: Progress) -> dict[str, Any]:
    """Train; returns where the run stands. Raises `TuningError` and `ModelError`."""
    fast = use_fast_blas()
    from engine.tuning import loop, tagger_task
    from engine.tuning.adapted import Adapted

    info = catalog.describe(options.base, base=Path(options.home))
    folder = Path(info.path)
    preset = presets()[options.preset]
    learning, valid = run.of_part("train"), run.of_part("valid")
    dashes = windows.shows_dashes(learning)
    pieces = Pieces.load(folder / "tokenizer.json")
    model = Adapted(folder, upper=options.upper, rank=options.rank, dashes=dashes, fast=fast)
    rows = {
        "train": windows.make(
            learning, pieces, preset, seed=options.seed, variants=options.variants,
            dashes=model.dashes,
        ),
        "valid": windows.make(
            valid, pieces, preset, seed=options.seed, variants=1, dashes=model.dashes
        ),
        "anchors": windows.anchors(pieces, anchor_texts()),
    }  # fmt: skip
    if not len(rows["train"]) or not len(rows["valid"]):
        raise NothingToLearn("The recordings have no words to learn from.")
    identity = _identity(run, options, info.revision)
    steps_an_epoch = max(1, len(rows["train"]) // options.rows)
    every = max(1, steps_an_epoch // options.validations)
    schedule = loop.Schedule(
        steps=options.epochs * steps_an_epoch,
        rate=options.rate,
        validate_every=every,
        save_every=every,
        patience=options.patience,
    )
    kept = _read(model, rows, run, f"{info.revision}:{model.lower}", report)
    found = biases.Found()
    if kept is None:
        state = loop.state_of(run.training) or loop.State()
    else:
        task = tagger_task.TaggerTask(
            model, *kept, seed=options.seed, rows=options.rows, anchor_rows=options.anchor_rows
        )

        def told(state: loop.State) -> bool:
            return report(steps=schedule.steps, **asdict(state))

        state = loop.train(task, schedule, run.training, identity=identity, report=told)
        if state.best_step:
            write_model(run, model, loop.best(run.training), folder, dashes=model.dashes)
            if state.ended:
                report(stage="searching biases", done=0, of=1)
                found = set_biases(run, valid)
    facts = {
        **asdict(state),
        "steps": schedule.steps,
        "windows": {name: len(own) for name, own in rows.items()},
        "base": {"name": info.name, "revision": info.revision},
        "recordings": run.digest(),
        "dashes": model.dashes,
        "biases": asdict(found),
        "options": asdict(options),
    }
    run.write_json("training.json", facts)
    return facts


def _read(
    model: Any, rows: dict[str, windows.Rows], run: Run, below: str, report: Progress
) -> list[Any] | None:
    """Return what the lower layers make of all rows; None where it was stopped."""
    from engine.tuning import tagger_task

    total, before = sum(map(len, rows.values())), 0
    kept = []
    for name, own in rows.items():

        def told(done: int, name: str = name, before: int = before) -> bool:
            return report(stage=f"reading the windows of {name}", done=before + done, of=total)

        stored = tagger_task.stored(model, own, run.training, name, below, report=told)
        if stored is None:
            return None
        kept.append(stored)
        before += len(own)
    return kept


def anchor_texts() -> list[list[str]]:
    """Return words of every language that ships with llasa, but for those that measure a model."""
    return [[word.core for word in sample.words] for sample in trials.anchor_samples()]


def write_model(run: Run, model: Any, learnt: Any, base: Path, *, dashes: bool) -> None:
    """Write the model folder of a run: that of its base with other weights."""
    import mlx.core as mx

    run.model.mkdir(parents=True, exist_ok=True)
    run.model.chmod(0o700)
    weights = run.model / "model.safetensors"
    temporary = run.model / ".model.tmp.safetensors"
    mx.save_safetensors(str(temporary), model.fused(learnt), {"format": "mlx"})
    temporary.chmod(0o600)
    for name in COPIED:
        if (base / name).is_file():
            shutil.copyfile(base / name, run.model / name)
    shutil.copyfile(base / "config.json", run.model / "config.json")
    card = json.loads((base / "llasa.json").read_text(encoding="utf-8"))
    digest = hashlib.sha256(temporary.read_bytes()).hexdigest()[:12]
    card |= {"name": run.name, "revision": digest}
    if dashes:
        card["marks"] = ["—"]
        for bias in card.get("biases", {}).values():  # a dash competes with the comma
            bias.setdefault("dash", bias.get("comma", 0.0))
    (run.model / "llasa.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    temporary.replace(weights)


def set_biases(run: Run, recordings: Sequence[Recording]) -> biases.Found:
    """Search the biases of a model that was made, and enter them in its card."""
    from engine.tagger.tag import Tagger

    info = catalog.describe(str(run.model), use_measured=False)
    shown = [trials.of_recording(one, bare=bare) for one in recordings for bare in (False, True)]
    found = biases.search(Tagger.load(info), shown)
    path = run.model / "llasa.json"
    card = json.loads(path.read_text(encoding="utf-8"))
    biases.enter(card, found)
    known = f"{card['revision']}{json.dumps(asdict(found), sort_keys=True)}"
    card["revision"] = hashlib.sha256(known.encode()).hexdigest()[:12]
    path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return found


def _identity(run: Run, options: Options, revision: str | None) -> str:
    plain = json.dumps([run.digest(), {**asdict(options), "home": ""}, revision], sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
