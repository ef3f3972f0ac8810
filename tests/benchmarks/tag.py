"""Compare a tagger with guided decoding: the same text, the same process, one after the other.

    uv run python tests/benchmarks/tag.py --decoder FOLDER [--words 1500] [--model FOLDER] [--json]

The decoder is the model that llasa carried before its tagger, which the history has:

    git archive 83e45d8 engine/models/punct-en | tar x -C /tmp

Without --model, taggers of real shape with random weights are made: their speed is that of trained
ones. "exact" computes the exponentials that a tagger on a CPU does without. Seconds are wall-clock
and, beside them, of the processor: on a busy machine only the latter can be compared. The child is
started as the daemon starts it, for its time to load and its memory.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine import pipeline
from engine.child.client import ModelClient
from engine.child.measure import Enhance, measure
from engine.child.operations import load_model
from engine.models import catalog
from engine.models.device import use_fast_blas
from engine.records import ModelInfo, Profile

DATA = Path(__file__).parents[3] / "shared" / "data" / "whisper" / "openai-whisper"
LOWER_CASE = DATA / "pod_en_lower_nopunct_54min.json"
SHAPE = {"pieces": 58_000, "hidden": 384, "heads": 12, "inner": 1536, "positions": 512}
LAYERS = (6, 12)
AN_HOUR = 9_000  # words


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--words", type=int, default=1_500)
    parser.add_argument("--model", type=Path, help="a tagger; without, random ones")
    parser.add_argument("--decoder", required=True, help="the model of guided decoding")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    use_fast_blas()  # before anything imports MLX
    with tempfile.TemporaryDirectory() as base:
        folders = {options.model.name: options.model} if options.model else made(Path(base))
        rows = {options.decoder: guided(options.decoder, options.words)}
        for name, folder in folders.items():
            rows |= {f"{name}, {way}": row for way, row in tagged(folder, options.words).items()}
    first = rows[options.decoder]
    print(
        "| model | words/s | words per processor second | times guided | an hour | load | child |"
    )
    print("|---|---|---|---|---|---|---|")
    for name, row in rows.items():
        faster = row["words_per_cpu_second"] / first["words_per_cpu_second"]
        load, memory = (row.get("load_s"), row.get("child_mb"))
        print(
            f"| {name} | {row['words_per_second']:.0f} | {row['words_per_cpu_second']:.0f} "
            f"| {row['words_per_second'] / first['words_per_second']:.1f} "
            f"(processor: {faster:.1f}) | {AN_HOUR / row['words_per_second']:.1f} s "
            f"| {f'{load:.2f} s' if load else ''} | {f'{memory:.0f} MB' if memory else ''} |"
        )
    if options.json:
        print(json.dumps(rows))


def guided(model: str, words: int) -> dict[str, float]:
    """Measure guided decoding with drafts."""
    info = catalog.describe(model)
    return timed(info, load_model(info).enhance, words) | in_child(info)


def tagged(folder: Path, words: int) -> dict[str, dict[str, float]]:
    """Measure a tagger, with exponentials and without."""
    from engine.tagger.tag import Tagger

    info = dataclasses.replace(catalog.describe(str(folder)), languages=())
    tagger = Tagger.load(info)
    fast = timed(info, tagger.enhance, words) | in_child(info)
    network = tagger.network
    tagger.network = partial(network, exact=True)
    return {"as it is": fast, "exact": timed(info, tagger.enhance, words)}


def timed(info: ModelInfo, enhance: Enhance, words: int) -> dict[str, float]:
    """Enhance the first parts of a lower-case podcast; the first one is done before, too."""
    plan = pipeline.prepare(
        LOWER_CASE.read_bytes(), name="x.json", profile=Profile(language="en"), info=info
    )
    parts = plan.parts[: max(1, words // info.part_words)]
    measure(enhance, parts[:1])
    spent = time.process_time()
    run = measure(enhance, parts, tail_words=info.tail_words)
    spent = time.process_time() - spent
    return {"words_per_second": run.words_per_second, "words_per_cpu_second": run.words / spent}


def in_child(info: ModelInfo) -> dict[str, float]:
    """Load the model in a child, enhance a part there, and return its seconds and its memory."""
    client = ModelClient(info)
    try:
        loaded = client.start()
        plan = pipeline.prepare(
            LOWER_CASE.read_bytes(), name="x.json", profile=Profile(language="en"), info=info
        )
        client.enhance(plan.parts[0], ())
        return {"load_s": loaded.load_s, "child_mb": (client.memory_bytes() or 0) / 1e6}
    finally:
        client.close()


def made(base: Path) -> dict[str, Path]:
    """Write taggers of real shape with random weights, packed as the exporter packs them."""
    import mlx.core as mx
    import numpy as np

    from tests import small_taggers

    out = {}
    for layers in LAYERS:
        folder = base / f"{layers} layers"
        folder.mkdir()
        rng = np.random.default_rng(layers)
        arrays: dict[str, Any] = {}
        for name, shape in small_taggers.shapes({**SHAPE, "layers": layers}).items():
            arrays[name] = rng.standard_normal(shape, dtype=np.float32) * 0.05
        small_taggers.write_weights(folder, arrays, bits=8, embedding_bits=6)
        mx.clear_cache()
        syllables(SHAPE["pieces"], folder / "tokenizer.json")
        config = SHAPE | {"layers": layers, "model_type": "llasa-tagger"}
        quantization = {"group_size": 64, "bits": 8, "embedding_bits": 6}
        (folder / "config.json").write_text(json.dumps(config | {"quantization": quantization}))
        (folder / "llasa.json").write_text(json.dumps({"kind": "tagger"}))
        out[folder.name] = folder
    return out


def syllables(size: int, path: Path) -> None:
    """Write a tokenizer whose pieces are the words of the text, and enough others."""
    from tests import small_taggers

    words: dict[str, None] = dict.fromkeys(json.loads(LOWER_CASE.read_text())["text"].split())
    known = [f"▁{word}" for word in words][: size // 2]
    letters = [chr(n) for n in range(0x4E00, 0x4E00 + 20_000)]
    fill: Callable[[int], str] = lambda n: f"▁{letters[n % 20_000]}{letters[n // 20_000]}"  # noqa: E731
    pieces = [*known, *(fill(n) for n in range(size))]
    small_taggers.tokenizer(pieces, size=size).save(str(path))


if __name__ == "__main__":
    main()
