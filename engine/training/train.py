"""The training loop: a time or token budget, checkpoints to resume from, a log of dev F1."""

from __future__ import annotations

import json
import math
import os
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from engine.training.beginning import begin
from engine.training.checkpoint import save_float
from engine.training.corpus import Corpus
from engine.training.drawing import Drawers, Pool
from engine.training.examples import CHOSEN, READ, WHOLE, Batch, Shape
from engine.training.growth import grown
from engine.training.helpers import Helpers, compiled
from engine.training.measure import decision_scores, dev_sets, f1_table
from engine.training.model import ModelConfig, Punctuator
from engine.training.optim import optimizers, rate, set_rate
from engine.training.tokens import Codec

#: Copying appears first with short windows and even weights; then the shape of real parts.
COPYING = Shape(low=20, high=60, copied=1.0)
WORKING = Shape(low=40, high=150, copied=0.25)
READING = Shape(low=40, high=150, copied=0.0)
#: Share of windows that are only read at first; it falls in a straight line to nothing.
READ_AT_FIRST, READ_UNTIL = 0.5, 0.6
#: How many layers a new model has.
LAYERS = 7
#: A mean loss below this, over the steps of one log line, says that copying has appeared.
COPIES_BELOW = 1.2
#: A step that took longer was suspended; that time is not counted as training.
LONGEST_STEP_S = 60.0
#: Optimisers that know nothing yet, after growing, begin gently.
RISE_STEPS = 100
#: What is written and measured is an average of the weights: over this many steps while the rate is
#: high, and over all of them from this share of the rate's fall to its end (Izmailov et al. 2018,
#: arXiv 1803.05407).
AVERAGE_STEPS, AVERAGE_FALL = 200, 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """What a training run is asked to do."""

    data: Path  # folder that `prepare` wrote
    out: Path  # folder of checkpoint and log
    device: str = "cpu"
    threads: int = 1
    helpers: int = 1  # further processes that share every batch (CPU only)
    drawers: int = 0  # processes that draw batches ahead, beside those that train
    minutes: float | None = None  # budget of training time, over all resumptions
    tokens: int | None = None  # budget in tokens; with this alone a run is deterministic
    decay: float = 0.5  # share of the budget over which the rate falls to zero, at its end
    batch_tokens: int = 7_000
    layers: int | None = None  # None: those of the checkpoint, else LAYERS
    seed: int = 1
    matrix_rate: float = 3e-3
    other_rate: float = 3e-3
    optimizer: str = "muon"
    checkpoint_minutes: float = 5.0
    dev_tokens: int = 1_500_000  # a dev measurement after this many
    dev_windows: int = 80  # windows per style
    compile: bool = False


class Trainer:
    """One run; `run` goes on where the checkpoint in `out` stands."""

    def __init__(self, options: TrainOptions) -> None:
        if options.minutes is None and options.tokens is None:
            raise ValueError("give a budget: --minutes or --tokens")
        self.options = options
        torch.manual_seed(options.seed)
        torch.set_flush_denormal(True)  # tiny gradients cost a CPU ten times the time
        torch.set_num_threads(options.threads)
        torch.set_float32_matmul_precision("high")
        self.codec = Codec.load(options.data / "tokenizer")
        self.drawers = Drawers(options.data, options.drawers)
        self.dev = dev_sets(
            Corpus(options.data / "dev.npz"), self.codec, windows=options.dev_windows
        )
        size = self.codec.tokenizer.get_vocab_size()
        saved = self._checkpoint()
        layers = options.layers or (saved["config"]["layers"] if saved else LAYERS)
        self.model = Punctuator(ModelConfig(vocabulary=size, layers=layers))
        begin(self.model, self.codec)
        self.model.to(options.device)
        self.optimizers = optimizers(
            self.model,
            matrix_rate=options.matrix_rate,
            other_rate=options.other_rate,
            kind=options.optimizer,
        )
        self.state: dict[str, Any] = {
            "step": 0,
            "tokens": 0,
            "pool": 0,
            "seconds": 0.0,
            "next_dev": 0,
            "copies": False,
            "grown": -RISE_STEPS,  # the step at which layers were added
            "averaged": 0,  # steps in the average
        }
        self.average = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.losses = compiled(self.model, compile_it=options.compile)
        options.out.mkdir(parents=True, exist_ok=True)
        if saved:
            self._resume(saved)
        helpers = options.helpers if options.device == "cpu" else 0
        self.helpers = Helpers(self.model, helpers, compile_it=options.compile)

    def progress(self) -> float:
        """Share of the budget that is used, by whichever limit is nearer."""
        shares = [0.0]
        if self.options.minutes:
            shares.append(self.state["seconds"] / (60 * self.options.minutes))
        if self.options.tokens:
            shares.append(self.state["tokens"] / self.options.tokens)
        return max(shares)

    def rate(self) -> float:
        """Share of the peak learning rate, now; after growing it rises anew."""
        risen = min(1.0, (1 + self.state["step"] - self.state["grown"]) / RISE_STEPS)
        return risen * rate(self.progress(), decay=self.options.decay)

    def run(self) -> None:
        """Train to the end of the budget; returns after the last checkpoint and measurement."""
        saved = mark = time.monotonic()
        seen, shown = 0, time.monotonic()
        sums: dict[str, list[float]] = {}
        pools = self.drawers.pools(self._pool, self.state["pool"])
        while self.progress() < 1:
            for batch in next(pools):
                losses, tokens = self._step(batch)
                now = time.monotonic()
                self.state["seconds"] += min(now - mark, LONGEST_STEP_S)
                mark, seen = now, seen + tokens
                for name, value in losses.items():
                    sums.setdefault(name, []).append(value)
                if self.state["step"] % 50 == 0:
                    means = {name: sum(values) / len(values) for name, values in sums.items()}
                    self._log(
                        {name: round(value, 4) for name, value in means.items()}
                        | {"tokens_per_second": round(seen / (now - shown))}
                    )
                    self.state["copies"] |= means.get(WHOLE, math.inf) < COPIES_BELOW
                    seen, shown, sums = 0, now, {}
                if self.progress() >= 1:
                    break
            self.state["pool"] += 1
            if self.state["tokens"] >= self.state["next_dev"]:
                self.measure()
                self.state["next_dev"] = self.state["tokens"] + self.options.dev_tokens
                mark = time.monotonic()
            if time.monotonic() - saved > 60 * self.options.checkpoint_minutes:
                self.save()
                saved = mark = time.monotonic()
        self.measure()
        self.save()
        self.helpers.close()
        self.drawers.close()

    def _pool(self, number: int) -> Pool:
        """What to draw next; the mixture of the three kinds follows from progress alone."""
        seed = f"{self.options.seed}:{number}"
        rng = random.Random(seed)
        read = READ_AT_FIRST * max(0.0, 1 - self.progress() / READ_UNTIL)
        tokens = self.options.batch_tokens
        if rng.random() < read:
            return Pool(seed, READING, READ, tokens, mistakes=False)
        if not self.state["copies"]:  # copying wants many steps more than many tokens
            return Pool(seed, COPYING, WHOLE, tokens // 2, mistakes=False)
        return Pool(seed, WORKING, CHOSEN, tokens, mistakes=True)

    def _step(self, batch: Batch) -> tuple[dict[str, float], int]:
        """One update; returns the mean losses, by the kind of batch, and the tokens seen."""
        set_rate(self.optimizers, self.rate())
        answer, reading = self.helpers.step(self.losses, batch, self.options.device)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        tokens = batch.tokens(self.codec.pad)
        self.state["step"] += 1
        self._average()
        self.state["tokens"] += tokens
        if not math.isfinite(answer + reading):
            raise FloatingPointError(f"a loss is not finite at step {self.state['step']}")
        return {"reading": reading} | ({} if batch.kind == READ else {batch.kind: answer}), tokens

    def measure(self) -> None:
        """Log the average's dev loss and F1 of every style, written and while reading."""
        trained = {k: v.detach().clone() for k, v in self.model.state_dict().items()}
        self.model.load_state_dict(self.average)
        self.model.eval()
        row: dict[str, Any] = {}
        for style, examples in self.dev.items():
            scores = decision_scores(self.model, self.codec, examples, device=self.options.device)
            row[style] = {"loss": round(scores.loss, 4), **f1_table(scores.written, scores.labels)}
            row[style]["reading"] = {
                lag: f1_table(found, right)["overall"]
                for lag, (found, right) in scores.read.items()
            }
        self.model.train()
        self.model.load_state_dict(trained)
        self._log({"dev": row})

    def _log(self, fields: dict[str, Any]) -> None:
        row = {
            "step": self.state["step"],
            "tokens": self.state["tokens"],
            "minutes": round(self.state["seconds"] / 60, 2),
            "rate": round(self.rate(), 4),
            **fields,
        }
        with (self.options.out / "log.jsonl").open("a") as log:
            log.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)

    def save(self) -> None:
        """Write the checkpoint atomically."""
        temporary = self.options.out / "checkpoint.tmp"
        options = {k: str(v) if isinstance(v, Path) else v for k, v in asdict(self.options).items()}
        torch.save(
            {
                "model": self.model.state_dict(),
                "average": self.average,
                "config": self.model.config.as_dict(),
                "optimizers": [o.state_dict() for o in self.optimizers],
                "state": self.state,
                "options": options,
            },
            temporary,
        )
        os.replace(temporary, self.options.out / "checkpoint.pt")

        finished = self.progress() >= 1
        save_float(
            self.options.out / "float",
            self.average,
            self.model.config,
            self.codec,
            {"tokens": self.state["tokens"], "step": self.state["step"], "finished": finished},
        )

    @torch.no_grad()
    def _average(self) -> None:
        self.state["averaged"] += 1
        if self.progress() < 1 - AVERAGE_FALL * self.options.decay:
            self.state["averaged"] = min(self.state["averaged"], AVERAGE_STEPS)
        for name, value in self.model.state_dict().items():
            self.average[name].lerp_(value, 1 / self.state["averaged"])

    def _checkpoint(self) -> dict[str, Any] | None:
        path = self.options.out / "checkpoint.pt"
        if not path.exists():
            return None
        saved: dict[str, Any]
        saved = torch.load(path, map_location=self.options.device, weights_only=True)
        return saved

    def _resume(self, saved: dict[str, Any]) -> None:
        self.state |= saved["state"]
        print(f"resumed at {self.state['tokens']:,} tokens", flush=True)
        before = ModelConfig(**saved["config"])
        if before.layers != self.model.config.layers:
            layers = self.model.config.layers
            self.model.load_state_dict(grown(saved["model"], before, layers))
            self.average = grown(saved["average"], before, layers)
            self.state["averaged"] = 0
            self.state["grown"] = self.state["step"]
            print(f"grown from {before.layers} to {layers} layers", flush=True)
            return
        self.model.load_state_dict(saved["model"])
        self.average = saved["average"]
        peaks = [[g["peak"] for g in o.param_groups] for o in self.optimizers]
        for optimizer, state, peak in zip(self.optimizers, saved["optimizers"], peaks, strict=True):
            optimizer.load_state_dict(state)
            for group, value in zip(optimizer.param_groups, peak, strict=True):
                group["peak"] = value
