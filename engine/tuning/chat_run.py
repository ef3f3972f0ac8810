"""A run of tuning for a chat model, in the child: LoRA on its upper layers, asked as it is asked.

Parts, tagger and questions are the product's own (`engine.tuning.questions`). What is learnt is to
find the right way to go on likelier than the others, where the product asks.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from engine.errors import ModelRefused
from engine.models import catalog
from engine.records import ModelInfo, Opinion
from engine.tuning import chat_examples, loop
from engine.tuning.chat_task import ChatTask
from engine.tuning.errors import NothingToLearn
from engine.tuning.presets import presets
from engine.tuning.store import Run
from engine.tuning.tagger_run import Progress

#: Adapters of mlx-lm: what they are multiplied by.
SCALE: Final = 20.0
#: Bits of a packed matrix that learnt. Packed again in 4 bits it differs from its base even where
#: nothing was learnt, and that costs more than learning gains.
BITS: Final = 8
_GROUPS: Final = (32, 64, 128)  # numbers of a group, as MLX packs matrices of 8 bits
_NOT_COPIED: Final = ("config.json", "model*.safetensors", "model.safetensors.index.json", "*.py")


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
    anchor_rows: int = 2  # beside those of a step: of text that it should read as before
    examples: int = 400  # at most
    epochs: int = 2
    patience: int = 3
    validations: int = 4  # an epoch
    seed: int = 1


def train(run: Run, options: Options, *, report: Progress) -> dict[str, Any]:
    """Train; returns where the run stands. Raises `TuningError` and `ModelError`."""
    from engine.child.deciding import Deciders
    from engine.guided import model

    info = catalog.describe(options.base, base=Path(options.home), use_measured=False)
    if info.template != "chat":
        raise ModelRefused(f"{info.name} is no chat model.")
    report(stage=f"loading {Path(info.name).name}", done=0, of=2)
    deciders = Deciders.of(model.load(info), info.opinion or Opinion())
    preset = presets()[options.preset]
    made = {
        part: chat_examples.examples(
            run.of_part(part), deciders, preset, ways=options.ways, seed=options.seed
        )
        for part in ("train", "valid")
    }
    learning = made["train"][: options.examples]
    valid = made["valid"][: max(1, options.examples // 8)]
    if len(learning) < options.rows or not valid:
        raise NothingToLearn("The recordings have too few words for a chat model.")
    network = deciders.model.network
    _adapt(network, options)
    task = ChatTask(
        network,
        deciders.reader,
        {"train": learning, "valid": valid},
        chat_examples.anchors(deciders.reader),
        seed=options.seed,
        rows=options.rows,
        anchor_rows=options.anchor_rows,
    )
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
        "recordings": run.digest(),
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


def _write(run: Run, info: ModelInfo, options: Options) -> None:
    """Write the model folder of a run: its base with the adapters, all else packed as it was."""
    import mlx.core as mx
    from mlx.utils import tree_unflatten
    from mlx_lm.utils import load_model, save_config, save_model

    folder = Path(info.path)
    network, config = load_model(folder)
    _adapt(network, options)
    network.update(tree_unflatten(list(loop.best(run.training).items())))
    packed = _fuse(network)
    mx.eval(network.parameters())
    shutil.rmtree(run.model, ignore_errors=True)
    run.model.mkdir(parents=True, mode=0o700)
    save_model(run.model, network, donate_model=True)
    if packed:
        config["quantization"] = config["quantization"] | packed
    save_config(config, run.model / "config.json")
    for path in folder.iterdir():
        if path.is_file() and not any(path.match(pattern) for pattern in _NOT_COPIED):
            shutil.copyfile(path, run.model / path.name)
    card_path = run.model / "llasa.json"
    card = json.loads(card_path.read_text(encoding="utf-8")) if card_path.is_file() else {}
    digest = hashlib.sha256()
    for path in sorted(run.model.glob("model*.safetensors")):
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    card |= {"name": run.name, "revision": digest.hexdigest()[:12]}
    card_path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def _fuse(network: Any) -> dict[str, dict[str, int]]:
    """Put the adapters into the weights; return how those are packed that were packed."""
    from mlx.utils import tree_unflatten

    fused, packed = [], {}
    for name, one in network.named_modules():
        if not hasattr(one, "fuse"):
            continue
        matrix = one.fuse(dequantize=True)
        if hasattr(one.linear, "bits"):
            group = one.linear.group_size
            packed[name] = {
                "group_size": group if group in _GROUPS else _GROUPS[0],
                "bits": BITS,
            }
            matrix = matrix.to_quantized(**packed[name])
        fused.append((name, matrix))
    network.update_modules(tree_unflatten(fused))
    return packed


def _identity(run: Run, options: Options, info: ModelInfo) -> str:
    own = {**asdict(options), "home": ""}
    plain = json.dumps([run.digest(), own, info.revision], sort_keys=True)
    return hashlib.sha256(plain.encode()).hexdigest()[:16]
