"""Train the tagger, by minutes or by steps, from pretrained weights or from where it stopped."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.numpy import load_file
from torch import nn

from engine.tagger.pieces import PAD, Pieces
from engine.training import checkpoint, dev, floats
from engine.training.batches import Batch, Windows
from engine.training.corpus import LANGUAGES
from engine.training.encoder import Shape, Tagger, load_pretrained
from engine.training.helpers import Helpers, Rows, compiled
from engine.training.prepare import PRETRAINED, TOKENIZER
from engine.tuning.words import MASKED

CHECKPOINT, LOG, FLOATS = "checkpoint.pt", "log.jsonl", "floats"
WARM_UP_STEPS = 60
#: The weights are averaged every so many steps, the last tenth of a run above all.
AVERAGE_STEPS, AVERAGED_SHARE = 10, 0.1
LOG_STEPS = 20
#: The benchmark has so many times the words of every other file that is measured in training.
BENCHMARK_TIMES = 6


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is asked to do."""

    prepared: Path  # what `prepare` wrote
    out: Path  # where checkpoint and log go
    minutes: float | None = None  # the rate falls to nought over these
    steps: int | None = None  # or over these
    rate: float = 4e-4
    length: int = 192  # pieces of a window
    rows: int = 28
    layers: int = 12  # the lowest ones of the pretrained encoder
    frozen: int = 0  # of these, the lowest ones that stay as they are
    start: Path | None = None  # floats to begin with, in place of the pretrained weights
    languages: tuple[str, ...] = LANGUAGES  # whose windows are drawn
    seed: int = 1
    device: str = "cpu"
    helpers: int = 1  # processes beside this one that share a step, on a CPU
    compiled: bool = False
    benchmark: Path | None = None
    dev_minutes: float = 15.0  # 0 measures nothing
    dev_words: int = 5_000  # of every file
    save_minutes: float = 5.0
    stop_after: int | None = None  # ends early after so many steps; the rate is not changed by it


def rate_at(progress: float, step: int) -> float:
    """Return the share of the rate: up over the first steps, then down to nought."""
    return min(1.0, (step + 1) / WARM_UP_STEPS) * max(0.0, 1.0 - progress)


class Run:
    """A model in training with its optimisers and the average of its last weights."""

    def __init__(self, settings: Settings, shape: Shape | None = None) -> None:
        if (settings.minutes is None) == (settings.steps is None):
            raise ValueError("give either minutes or steps")
        torch.manual_seed(settings.seed)
        if settings.helpers:
            torch.set_num_threads(1)
        torch.set_flush_denormal(True)
        self.settings = settings
        # Corpora are kept as words, so a run spells as the weights do that it begins with.
        self._tokenizer = (settings.start or settings.prepared) / TOKENIZER
        self.pieces = Pieces.load(self._tokenizer)
        self.windows = Windows(
            settings.prepared,
            self.pieces,
            length=settings.length,
            rows=settings.rows,
            seed=settings.seed,
            languages=settings.languages,
        )
        if settings.start is not None:
            self.model = floats.load(settings.start)[0].to(settings.device)
        else:
            self.model = Tagger(shape or Shape(self.pieces.count, layers=settings.layers)).to(
                settings.device
            )
        self.model.freeze(settings.frozen)
        self.average = Tagger(self.model.shape).to(settings.device).eval()
        self.step, self.elapsed, self.seen, self.averaged = 0, 0.0, 0, 0
        self._optimisers = _optimisers(self.model, settings.rate)
        self._path = settings.out / CHECKPOINT
        settings.out.mkdir(parents=True, exist_ok=True)
        if self._path.exists():
            self._resume()
        else:
            if shape is None and settings.start is None:
                load_pretrained(self.model, load_file(settings.prepared / PRETRAINED))
            self.average.load_state_dict(self.model.state_dict())
        self._loss = compiled(self.model, compile_it=settings.compiled)
        self.helpers = Helpers(
            self.model,
            settings.helpers,
            rows=settings.rows,
            length=settings.length,
            compile_it=settings.compiled,
        )

    def _resume(self) -> None:
        state = checkpoint.load(self._path, self.settings.device)
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        for optimiser, kept in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(kept)
        self.step, self.elapsed = state["step"], state["elapsed"]
        self.seen, self.averaged = state["seen"], state["averaged"]

    def save(self) -> None:
        """Write the checkpoint."""
        checkpoint.save(
            self._path,
            {
                "model": self.model.state_dict(),
                "average": self.average.state_dict(),
                "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
                "shape": self.model.shape.facts(),
                "settings": {k: str(v) for k, v in asdict(self.settings).items()},
                "step": self.step,
                "elapsed": self.elapsed,
                "seen": self.seen,
                "averaged": self.averaged,
            },
        )
        facts = {"steps": self.step, "pieces_seen": self.seen, "seconds": round(self.elapsed)}
        floats.save(self.settings.out / FLOATS, self.average, self._tokenizer, facts)

    @property
    def progress(self) -> float:
        """Return how much of the run is over, from 0 to 1."""
        if self.settings.steps is not None:
            return self.step / self.settings.steps
        assert self.settings.minutes is not None
        return self.elapsed / (60 * self.settings.minutes)

    def one(self, batch: Batch) -> list[float]:
        """Take one step; returns the losses of mark, case and paragraph."""
        device = self.settings.device
        rate = self.settings.rate * rate_at(self.progress, self.step)
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate
        columns = (batch.ids, batch.marks, batch.cases, batch.paragraphs)
        counts = [int((column != MASKED).sum()) for column in columns[1:]]
        self.model.train()
        rows: Rows = tuple(map(torch.from_numpy, columns))  # type: ignore[assignment]
        losses = self.helpers.step(self._loss, rows, counts, device)
        _clip(self.model)
        for optimiser in self._optimisers:
            optimiser.step()
            optimiser.zero_grad()
        self.step += 1
        self.seen += int((batch.ids != PAD).sum())
        if self.step % AVERAGE_STEPS == 0:
            self._average()
        return list(losses)

    def _average(self) -> None:
        decay = self.averaged / (self.averaged + 1 / AVERAGED_SHARE)
        self.averaged += 1
        with torch.no_grad():
            for kept, new in zip(self.average.parameters(), self.model.parameters(), strict=True):
                kept.lerp_(new, 1 - decay)

    def figures(self) -> dict[str, Any]:
        """Return figures on dev of the averaged weights."""
        out = {}
        folder, device = self.settings.prepared, self.settings.device
        words = self.settings.dev_words
        if self.settings.benchmark is not None:
            texts = [dev.benchmark(self.settings.benchmark, BENCHMARK_TIMES * words)]
            out["ted"] = dev.figures(dev.ask(self.average, self.pieces, texts, device=device))
        for name, texts in dev.excerpts(folder, words, self.settings.languages):
            out[name] = dev.figures(dev.ask(self.average, self.pieces, texts, device=device))
        return out


def _optimisers(model: Tagger, rate: float) -> list[torch.optim.Optimizer]:
    """Return one for the table of pieces, of which a step reads few rows, and one for the rest."""
    decayed, plain = [], []
    for name, parameter in model.named_parameters():
        if name != "pieces.weight":
            (decayed if parameter.dim() > 1 and "positions" not in name else plain).append(
                parameter
            )
    groups = [{"params": decayed, "weight_decay": 0.01}, {"params": plain, "weight_decay": 0.0}]
    dense = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), fused=True)
    table = torch.optim.SparseAdam([model.pieces.weight], lr=rate, betas=(0.9, 0.98))
    return [dense, table]


def _clip(model: Tagger, most: float = 1.0) -> None:
    """Clip the gradients, those of the table by themselves."""
    table = model.pieces.weight
    nn.utils.clip_grad_norm_([p for p in model.parameters() if p is not table], most)
    if table.grad is not None:
        values = table.grad.values()
        values.mul_((most / (values.norm() + 1e-6)).clamp(max=1.0))


def train(settings: Settings, shape: Shape | None = None) -> Run:
    """Train until the minutes or steps are over, writing log and checkpoint."""
    run = Run(settings, shape)
    log = settings.out / LOG
    started, before = time.monotonic(), run.elapsed
    first = shown_step = run.step
    shown_at, shown_seen = before, run.seen
    saved = measured = run.elapsed
    sums = [0.0, 0.0, 0.0]
    while run.progress < 1.0:
        if settings.stop_after is not None and run.step - first >= settings.stop_after:
            break
        losses = run.one(run.windows.batch(run.step))
        run.elapsed = before + time.monotonic() - started
        sums = [a + b for a, b in zip(sums, losses, strict=True)]
        if run.step % LOG_STEPS == 0:
            mark, case, paragraph = (round(s / (run.step - shown_step), 4) for s in sums)
            speed = (run.seen - shown_seen) / max(1e-9, run.elapsed - shown_at)
            _append(log, {
                "step": run.step, "pieces": run.seen, "seconds": round(run.elapsed),
                "mark": mark, "case": case, "paragraph": paragraph, "speed": round(speed),
                "progress": round(run.progress, 4),
            })  # fmt: skip
            sums, shown_at, shown_seen = [0.0, 0.0, 0.0], run.elapsed, run.seen
            shown_step = run.step
        if 0 < 60 * settings.dev_minutes < run.elapsed - measured:
            _measure(run, log)
            run.elapsed = before + time.monotonic() - started
            measured = run.elapsed
        if run.elapsed - saved > 60 * settings.save_minutes:
            run.save()
            saved = run.elapsed
    run.helpers.close()
    run.save()
    if settings.dev_minutes > 0:
        _measure(run, log)
    return run


def _measure(run: Run, log: Path) -> None:
    _append(
        log,
        {
            "step": run.step,
            "pieces": run.seen,
            "seconds": round(run.elapsed),
            "dev": run.figures(),
        },
    )


def _append(log: Path, row: dict[str, Any]) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
