"""A run of tuning for a chat model, in the child: LoRA on its upper layers, asked as it is asked.

Prompt, parts and guide are the product's own. What is learnt are the choices that the guide leaves
(`engine.tuning.decisions`): to write the words themselves a model needs no training.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from engine.errors import ModelRefused
from engine.models import catalog
from engine.records import EnhancedWord, ModelInfo, Transcript
from engine.text import parts
from engine.tuning import biases, chat_biases, loop
from engine.tuning.decisions import Decision, Example, Wanted, example
from engine.tuning.degrade import as_heard, choose
from engine.tuning.errors import NothingToLearn
from engine.tuning.presets import Preset, presets
from engine.tuning.records import Recording
from engine.tuning.store import Run
from engine.tuning.tagger_run import Progress, anchor_samples
from engine.tuning.trials import transcript_of
from engine.tuning.words import NO_BREAK, PARAGRAPH, TURN, Word

if TYPE_CHECKING:
    import mlx.core as mx

    from engine.guided.model import Model

#: Adapters of mlx-lm: what they are multiplied by.
SCALE: Final = 20.0
#: Less than any logit: of what stands beyond the tokens of a choice.
_NEVER: Final = -1e4
#: Words of an anchor, and anchors of a language.
ANCHOR_WORDS: Final = 40
ANCHORS: Final = 2
_MARK_OF: Final = {"COMMA": ",", "PERIOD": ".", "QUESTION": "?"}
_WEIGHTS: Final = ("model*.safetensors", "model.safetensors.index.json")


@dataclass(frozen=True, slots=True)
class Options:
    """How a chat model learns."""

    base: str
    home: str = "."
    preset: str = "general"
    upper: int = 8  # layers that learn
    rank: int = 8
    rate: float = 1e-4
    rows: int = 2  # of a step
    ways: int = 2  # in which every recording is shown
    anchor_rows: int = 1  # beside those of a step: of text that it should read as before
    examples: int = 400  # at most
    epochs: int = 2
    patience: int = 3
    validations: int = 3  # an epoch
    seed: int = 1


class ChatTask:
    """Examples that are learnt from, and examples that stop the training."""

    def __init__(
        self, model: Model, examples: Mapping[str, Sequence[Example]], own: Options
    ) -> None:
        """Take a model with new adapters, and the examples named train, valid and anchors."""
        from mlx.utils import tree_flatten

        self._network, self._head = model.network, model.head
        self._train, self._valid = examples["train"], examples["valid"]
        self._anchors, self._options = examples["anchors"], own
        self._untouched: dict[str, mx.array] = dict(
            tree_flatten(self._network.trainable_parameters())
        )
        self._before: list[mx.array] = []  # what the untouched model says of each anchor
        self.steps_an_epoch = max(1, len(self._train) // own.rows)

    def begin(self) -> dict[str, mx.array]:
        """Return the adapters as they stand at the beginning."""
        return self._untouched

    def loss(self, learnt: dict[str, mx.array], step: int) -> mx.array:
        """Return the loss on the choices of a step."""
        epoch, place = divmod(step, self.steps_an_epoch)
        order = list(range(len(self._train)))
        random.Random(f"{self._options.seed}:{epoch}").shuffle(order)  # noqa: S311
        rows = self._options.rows
        chosen = [self._train[n] for n in order[place * rows : (place + 1) * rows]]
        loss = _right(self.scores(learnt, chosen), chosen).mean()
        return loss + self._anchored(learnt, step) if self._anchors else loss

    def _anchored(self, learnt: dict[str, mx.array], step: int) -> mx.array:
        """Return how far the model has moved from what it said of some anchors."""
        import mlx.core as mx

        if not self._before:
            self._before = [_logs(self.scores(self._untouched, [one])) for one in self._anchors]
            mx.eval(self._before)
        rng = random.Random(f"{self._options.seed}:anchors:{step}")  # noqa: S311
        total = mx.array(0.0)
        for n in rng.sample(range(len(self._anchors)), self._options.anchor_rows):
            before, now = self._before[n], _logs(self.scores(learnt, [self._anchors[n]]))
            known = before > _NEVER
            moved = mx.where(known, mx.exp(before) * (before - now), 0.0)
            total = total + moved.sum(axis=-1).mean() / self._options.anchor_rows
        return total

    def validate(self, learnt: dict[str, mx.array]) -> float:
        """Return the loss on the choices that are kept apart."""
        total, count = 0.0, 0
        for start in range(0, len(self._valid), self._options.rows):
            chosen = self._valid[start : start + self._options.rows]
            losses = _right(self.scores(learnt, chosen), chosen)
            total += float(cast("float", losses.sum().item()))
            count += losses.size
        return total / max(1, count)

    def scores(self, learnt: dict[str, mx.array], chosen: Sequence[Example]) -> mx.array:
        """Return the logits of the choices of some examples with their biases, a row each.

        Rows are filled up with `_NEVER`.
        """
        import mlx.core as mx
        from mlx.utils import tree_unflatten

        self._network.update(tree_unflatten(list(learnt.items())))
        batch = np.zeros((len(chosen), max(len(one.ids) for one in chosen)), np.int32)
        for row, one in enumerate(chosen):
            batch[row, : len(one.ids)] = one.ids
        rows = mx.array([row for row, one in enumerate(chosen) for _ in one.decisions])
        made = [decision for one in chosen for decision in one.decisions]
        places = mx.array([one.place for one in made])
        if self._head is None:
            logits = self._network(mx.array(batch))[rows, places]
        else:
            logits = self._head(self._network.model(mx.array(batch))[rows, places])
        ids, bias = _table(made)
        return mx.take_along_axis(logits.astype(mx.float32), ids, axis=-1) + bias


def _right(scores: mx.array, chosen: Sequence[Example]) -> mx.array:
    """Return the loss of every choice."""
    import mlx.core as mx

    right = mx.array([[choice.right] for one in chosen for choice in one.decisions])
    return -mx.take_along_axis(_logs(scores), right, axis=-1)[:, 0]


def _logs(scores: mx.array) -> mx.array:
    import mlx.core as mx

    return scores - mx.logsumexp(scores, axis=-1, keepdims=True)


def _table(decisions: Sequence[Decision]) -> tuple[mx.array, mx.array]:
    """Return the tokens of choices in rows of one length, and what is added to their logits."""
    import mlx.core as mx

    shape = len(decisions), max(len(one.ids) for one in decisions)
    ids, bias = np.zeros(shape, np.int32), np.full(shape, 2 * _NEVER, np.float32)
    for row, one in enumerate(decisions):
        ids[row, : len(one.ids)] = one.ids
        bias[row, : len(one.ids)] = one.bias
    return mx.array(ids), mx.array(bias)


def train(run: Run, options: Options, *, report: Progress) -> dict[str, Any]:
    """Train; returns where the run stands. Raises `TuningError` and `ModelError`."""
    from engine.guided import model

    info = catalog.describe(options.base, base=Path(options.home), use_measured=False)
    if info.template != "chat":
        raise ModelRefused(f"{info.name} is no chat model.")
    report(stage=f"loading {info.name}", done=0, of=2)
    loaded = model.load(info)
    preset = presets()[options.preset]
    learning = _examples(run.of_part("train"), loaded, info, preset, options)[: options.examples]
    valid = _examples(run.of_part("valid"), loaded, info, preset, options, keys=True)
    valid = valid[: max(1, options.examples // 8)]
    if len(learning) < options.rows or not valid:
        raise NothingToLearn("The recordings have too few words for a chat model.")
    anchors = _anchors(loaded, info) if options.anchor_rows else []
    _adapt(loaded.network, options)
    task = ChatTask(loaded, {"train": learning, "valid": valid, "anchors": anchors}, options)
    every = max(1, task.steps_an_epoch // options.validations)
    schedule = loop.Schedule(
        steps=options.epochs * task.steps_an_epoch,
        rate=options.rate,
        validate_every=every,
        save_every=every,
        patience=options.patience,
    )
    report(stage=f"{len(learning)} examples, {len(valid)} kept apart", done=1, of=2)

    def told(state: loop.State) -> bool:
        return report(steps=schedule.steps, **asdict(state))

    identity = _identity(run, options, info)
    state = loop.train(task, schedule, run.training, identity=identity, report=told)
    found = biases.Found()
    if state.best_step:
        if state.ended:
            report(stage="searching biases", done=0, of=2)
            found = chat_biases.search(_choices(task, loop.best(run.training), valid))
        report(stage="writing the model", done=1, of=2)
        _write(run, info, options, found)
    facts = {
        **asdict(state),
        "steps": schedule.steps,
        "windows": {"train": len(learning), "valid": len(valid)},
        "base": {"name": info.name, "revision": info.revision},
        "biases": asdict(found),
        "options": asdict(options),
    }
    run.write_json("training.json", facts)
    return facts


def _choices(
    task: ChatTask, learnt: dict[str, mx.array], examples: Sequence[Example]
) -> list[chat_biases.Choice]:
    """Return the choices of examples as a model scores them."""
    out = []
    for one in examples:
        scores = np.array(task.scores(learnt, [one]))
        for row, choice in zip(scores, one.decisions, strict=True):
            written = np.array(choice.written)
            own = row[: len(choice.ids)]
            out.append(chat_biases.Choice(own, written, choice.right, one.language, one.marked))
    return out


def _adapt(network: Any, options: Options) -> None:
    """Give the upper layers adapters; everything else stays as it is."""
    import mlx.core as mx
    from mlx_lm.tuner.utils import linear_to_lora_layers

    mx.random.seed(options.seed)
    network.freeze()
    config = {"rank": options.rank, "scale": SCALE, "dropout": 0.0}
    linear_to_lora_layers(network, options.upper, config)
    mx.eval(network.parameters())


def _examples(
    recordings: Sequence[Recording],
    loaded: Model,
    info: ModelInfo,
    preset: Preset,
    options: Options,
    *,
    keys: bool = False,
) -> list[Example]:
    """Return the parts of recordings, each shown in some ways, in an order that a seed gives."""
    rng = random.Random(options.seed)  # noqa: S311
    out: list[Example] = []
    for _ in range(options.ways):
        for recording in recordings:
            out += _of_recording(recording, loaded, info, preset, rng, keys=keys)
    rng.shuffle(out)
    return out


def _of_recording(
    recording: Recording,
    loaded: Model,
    info: ModelInfo,
    preset: Preset,
    rng: random.Random,
    *,
    keys: bool,
) -> Iterator[Example]:
    """Yield the parts of a recording that leave a choice, shown in a way that is drawn."""
    words = [one.word for one in recording.said]
    own = all(one.shown is not None for one in recording.said) and rng.random() < preset.own
    kind = choose(rng, preset.shown)
    made = as_heard(words, kind, rng, following=None, turns=True)
    shown = [
        said.shown if own else one.text for said, one in zip(recording.said, made, strict=True)
    ]
    turns = [n > 0 and word.before == TURN for n, word in enumerate(words)]
    transcript = transcript_of([text or "" for text in shown], turns, recording.language)
    befores = [word.before for word in words]
    wanted = [
        Wanted(said.word, after, said.asked)
        for said, after in zip(recording.said, [*befores[1:], NO_BREAK], strict=True)
    ]
    yield from _of_transcript(transcript, wanted, loaded, info, keys=keys)


def _of_transcript(
    transcript: Transcript,
    wanted: Sequence[Wanted],
    loaded: Model,
    info: ModelInfo,
    *,
    keys: bool = False,
) -> Iterator[Example]:
    at = 0
    tail: tuple[EnhancedWord, ...] = ()
    for part in parts.split(transcript, info, covered=True, language=transcript.language):
        here = wanted[at : at + len(part.words) + 1]
        at += len(part.words)
        found = example(
            part,
            tail,
            here,
            info=info,
            template=loaded.template,
            vocabulary=loaded.vocabulary,
            keys=keys,
        )
        tail = tuple(one.written(word) for one, word in zip(here, part.words, strict=False))
        if found.decisions:
            yield found


def _anchors(loaded: Model, info: ModelInfo) -> list[Example]:
    """Return parts of every language's text that ships with llasa, none of which measures a model.

    The works take turns.
    """
    short = replace(info, part_words=ANCHOR_WORDS)
    found: dict[str, list[Iterator[Example]]] = {}
    for sample in anchor_samples():
        wanted = [
            Wanted(
                Word(word.core, _MARK_OF.get(word.label, "")),
                PARAGRAPH if word.ends_paragraph else NO_BREAK,
                asked=True,
            )
            for word in sample.words
        ]
        own = _of_transcript(sample.transcript(), wanted, loaded, short)
        found.setdefault(sample.language, []).append(own)
    return [
        one
        for works in found.values()
        for one in islice(chain.from_iterable(zip(*works, strict=False)), ANCHORS)
    ]


def _write(run: Run, info: ModelInfo, options: Options, found: biases.Found) -> None:
    """Write the model folder of a run: its base, packed as it was, with adapters and biases."""
    import mlx.core as mx
    from mlx.utils import tree_unflatten
    from mlx_lm.utils import load_model, save_model

    folder = Path(info.path)
    network, _ = load_model(folder)
    _adapt(network, options)
    network.update(tree_unflatten(list(loop.best(run.training).items())))
    fused = [(name, one.fuse()) for name, one in network.named_modules() if hasattr(one, "fuse")]
    network.update_modules(tree_unflatten(fused))
    mx.eval(network.parameters())
    shutil.rmtree(run.model, ignore_errors=True)
    run.model.mkdir(parents=True, mode=0o700)
    save_model(run.model, network, donate_model=True)
    weights = {path.name for pattern in _WEIGHTS for path in folder.glob(pattern)}
    for path in folder.iterdir():
        if path.is_file() and path.name not in weights and path.suffix != ".py":
            shutil.copyfile(path, run.model / path.name)
    card_path = run.model / "llasa.json"
    card = json.loads(card_path.read_text(encoding="utf-8")) if card_path.is_file() else {}
    digest = hashlib.sha256()
    for path in sorted(run.model.glob("model*.safetensors")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    biases.enter(card, found)
    digest.update(json.dumps(asdict(found), sort_keys=True).encode())
    card |= {"name": run.name, "revision": digest.hexdigest()[:12]}
    card_path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def _identity(run: Run, options: Options, info: ModelInfo) -> str:
    plain = json.dumps([{**asdict(options), "home": ""}, info.revision], sort_keys=True)
    return hashlib.sha256(run.recordings.read_bytes() + plain.encode()).hexdigest()[:16]
