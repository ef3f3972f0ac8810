"""A run of tuning for a chat model, in the child: LoRA on its upper layers, asked as it is asked.

The prompt is the product's own, and only the answer is learnt: the user's text, word for word.
"""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from engine.errors import ModelRefused
from engine.models import catalog
from engine.records import EnhancedWord, ModelInfo, Part
from engine.records import Word as SourceWord
from engine.tuning import loop
from engine.tuning.degrade import as_heard, choose
from engine.tuning.errors import NothingToLearn
from engine.tuning.presets import Preset, presets
from engine.tuning.records import Recording, Said
from engine.tuning.store import Run
from engine.tuning.tagger_run import Progress
from engine.tuning.words import NO_BREAK, TURN

if TYPE_CHECKING:
    import mlx.core as mx

    from engine.guided.model import Model

#: Adapters of mlx-lm: what they are multiplied by.
SCALE: Final = 20.0
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
    words: int = 80  # of an example
    examples: int = 400  # at most
    epochs: int = 2
    patience: int = 3
    validations: int = 4  # an epoch
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Example:
    """A prompt and its answer as token ids."""

    ids: tuple[int, ...]
    prompt: int  # ids of the prompt, of which nothing is learnt


class ChatTask:
    """Examples that are learnt from, and examples that stop the training."""

    def __init__(
        self, network: Any, train: Sequence[Example], valid: Sequence[Example], own: Options
    ) -> None:
        self._network, self._train, self._valid, self._options = network, train, valid, own
        self.steps_an_epoch = max(1, len(train) // own.rows)

    def begin(self) -> dict[str, mx.array]:
        """Return the adapters as they stand at the beginning."""
        from mlx.utils import tree_flatten

        return dict(tree_flatten(self._network.trainable_parameters()))

    def loss(self, learnt: dict[str, mx.array], step: int) -> mx.array:
        """Return the loss on the answers of a step."""
        epoch, place = divmod(step, self.steps_an_epoch)
        order = list(range(len(self._train)))
        random.Random(f"{self._options.seed}:{epoch}").shuffle(order)  # noqa: S311
        rows = self._options.rows
        chosen = [self._train[n] for n in order[place * rows : (place + 1) * rows]]
        return cast("mx.array", self._of(learnt, chosen)[0])

    def validate(self, learnt: dict[str, mx.array]) -> float:
        """Return the loss on the answers that are kept apart."""
        total, count = 0.0, 0
        for start in range(0, len(self._valid), self._options.rows):
            loss, tokens = self._of(learnt, self._valid[start : start + self._options.rows])
            total += float(loss.item()) * int(tokens.item())
            count += int(tokens.item())
        return total / max(1, count)

    def _of(self, learnt: dict[str, mx.array], chosen: Sequence[Example]) -> Any:
        import mlx.core as mx
        from mlx.utils import tree_unflatten
        from mlx_lm.tuner.trainer import default_loss

        self._network.update(tree_unflatten(list(learnt.items())))
        longest = max(len(one.ids) for one in chosen)
        batch = np.zeros((len(chosen), longest), np.int32)
        for row, one in enumerate(chosen):
            batch[row, : len(one.ids)] = one.ids
        lengths = mx.array([[one.prompt, len(one.ids) - 1] for one in chosen])
        return default_loss(self._network, mx.array(batch), lengths)


def train(run: Run, options: Options, *, report: Progress) -> dict[str, Any]:
    """Train; returns where the run stands. Raises `TuningError` and `ModelError`."""
    from engine.guided import model

    info = catalog.describe(options.base, base=Path(options.home), use_measured=False)
    if info.template != "chat":
        raise ModelRefused(f"{info.name} is no chat model.")
    report(stage=f"loading {info.name}", done=0, of=2)
    loaded = model.load(info)
    preset = presets()[options.preset]
    examples = {
        part: _examples(run.of_part(part), loaded, info, preset, options)
        for part in ("train", "valid")
    }
    learning = examples["train"][: options.examples]
    valid = examples["valid"][: max(1, options.examples // 8)]
    if len(learning) < options.rows or not valid:
        raise NothingToLearn("The recordings have too few words for a chat model.")
    _adapt(loaded.network, options)
    task = ChatTask(loaded.network, learning, valid, options)
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
    if state.best_step:
        report(stage="writing the model", done=1, of=2)
        _write(run, info, options)
    facts = {
        **asdict(state),
        "steps": schedule.steps,
        "windows": {"train": len(learning), "valid": len(valid)},
        "base": {"name": info.name, "revision": info.revision},
        "options": asdict(options),
    }
    run.write_json("training.json", facts)
    return facts


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
) -> list[Example]:
    """Return stretches of recordings as prompts and answers, in an order that a seed gives."""
    rng = random.Random(options.seed)  # noqa: S311
    out = []
    for recording in recordings:
        for start in range(0, len(recording.said), options.words):
            stretch = recording.said[start : start + options.words]
            if all(one.asked for one in stretch) and len(stretch) > options.words // 4:
                out.append(_example(stretch, loaded, info, preset, rng))
    rng.shuffle(out)
    return out


def _example(
    stretch: Sequence[Said], loaded: Model, info: ModelInfo, preset: Preset, rng: random.Random
) -> Example:
    from engine.guided import prompts

    words = [one.word for one in stretch]
    own = all(one.shown is not None for one in stretch) and rng.random() < preset.own
    kind = choose(rng, preset.shown)
    if own:
        shown = [one.shown or "" for one in stretch]
    else:
        made = as_heard(words, kind, rng, following=None, turns=True)
        shown = [one.text for one in made]
    speaker = 0
    sources, written = [], []
    for number, (word, text) in enumerate(zip(words, shown, strict=True)):
        speaker += number > 0 and word.before == TURN
        source = SourceWord(text, speaker="AB"[speaker % 2])
        after = words[number + 1].before if number + 1 < len(words) else NO_BREAK
        mark = "—" if word.mark == "-" else word.mark
        sources.append(source)
        ends = after not in (NO_BREAK, TURN)
        written.append(EnhancedWord(source, word.opening + word.core + mark, paragraph=ends))
    prompt = prompts.build(
        Part(0, tuple(sources)),
        (),
        info=info,
        template=loaded.template,
        vocabulary=loaded.vocabulary,
    )
    answer = prompts.join_written(written, info.layout)
    ids = [*prompt, *loaded.vocabulary.encode_content(answer), loaded.template.end_id]
    return Example(tuple(ids), len(prompt))


def _write(run: Run, info: ModelInfo, options: Options) -> None:
    """Write the model folder of a run: its base, packed as it was, with the adapters in it."""
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
    card |= {"name": run.name, "revision": digest.hexdigest()[:12]}
    card_path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def _identity(run: Run, options: Options, info: ModelInfo) -> str:
    plain = json.dumps([{**asdict(options), "home": ""}, info.revision], sort_keys=True)
    return hashlib.sha256(run.recordings.read_bytes() + plain.encode()).hexdigest()[:16]
