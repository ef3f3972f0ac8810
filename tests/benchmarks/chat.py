"""Measure a conversation in the model child: seconds to load, tokens per second, memory by turn.

    uv run python tests/benchmarks/chat.py [--model FOLDER] [--shape 1b|3b] [--turns 20]
        [--tokens 16] [--words 40] [--device quantized] [--json]

Without --model, a 4-bit model of real shape with random weights is made: its speed and memory are
those of a trained one. Every turn adds a message of so many words, and the answer is read again in
the next. Memory is the peak of the child's process.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.chat.local import LocalBackend
from engine.chat.records import Message, WritingOptions
from engine.child.client import ModelClient
from engine.models import catalog

SHAPES: dict[str, dict[str, Any]] = {
    "1b": {
        "hidden_size": 2048, "num_hidden_layers": 16, "intermediate_size": 8192,
        "num_attention_heads": 32, "num_key_value_heads": 8,
    },
    "3b": {
        "hidden_size": 3072, "num_hidden_layers": 28, "intermediate_size": 8192,
        "num_attention_heads": 24, "num_key_value_heads": 8,
    },
}  # fmt: skip
COMMON = {
    "model_type": "llama",
    "rms_norm_eps": 1e-5,
    "vocab_size": 128_256,
    "tie_word_embeddings": True,
    "rope_theta": 500_000.0,
    "max_position_embeddings": 131_072,
    "quantization": {"group_size": 64, "bits": 4},
}


def main() -> None:
    """Print a row per turn and, if asked, one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="3b")
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=16, help="of each answer")
    parser.add_argument("--words", type=int, default=40, help="of each message")
    parser.add_argument("--device", choices=["auto", "quantized", "float32"], default="quantized")
    parser.add_argument("--json", action="store_true", help="end in one JSON object")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(options.make, SHAPES[options.shape])
        return
    with _model(options) as folder:
        client = ModelClient(catalog.describe(folder), silence_s=3_600, device=options.device)
        try:
            found = converse(client, options)
        finally:
            client.close()
    if options.json:
        print(json.dumps(found))


def converse(client: ModelClient, options: argparse.Namespace) -> dict[str, Any]:
    """Hold a conversation; print and return its figures."""
    loaded = client.start()
    backend = LocalBackend(client)
    print(f"{loaded.device_path}; loaded in {loaded.load_s:.1f} s; ", end="")
    print(f"context {backend.facts.context:,}; {_mb(client.memory_bytes())} MB")
    print("| turn | prompt | cached | read tokens/s | written | tokens/s | peak MB |")
    print("|---|---|---|---|---|---|---|")
    messages: list[Message] = []
    turns = []
    for turn in range(1, options.turns + 1):
        messages.append(Message("user", " ".join(f"word{turn}" for _ in range(options.words))))
        done = backend.write(
            messages,
            options=WritingOptions(max_tokens=options.tokens, temperature=1.0, seed=turn),
            on_text=lambda piece: None,
        )
        messages.append(Message("assistant", done.text))
        row = {
            "prompt": done.prompt_tokens,
            "cached": done.cached_tokens,
            "read_tokens_per_s": (done.prompt_tokens - done.cached_tokens) / done.read_s,
            "written": done.tokens,
            "tokens_per_s": done.tokens / done.write_s,
            "peak_mb": _mb(done.memory_bytes),
        }
        turns.append(row)
        print(
            f"| {turn} | {row['prompt']} | {row['cached']} | {row['read_tokens_per_s']:.1f} "
            f"| {row['written']} | {row['tokens_per_s']:.2f} | {row['peak_mb']} |",
            flush=True,
        )
    return {"load_s": loaded.load_s, "device": loaded.device_path, "turns": turns}


@contextmanager
def _model(options: argparse.Namespace) -> Iterator[str]:
    if options.model:
        yield options.model
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--shape", options.shape, "--make", folder]
        subprocess.run(command, check=True)  # its memory is not the child's
        yield folder


def make(folder: Path, shape: dict[str, Any]) -> None:
    """Write a 4-bit model with random weights, which never exist as floats."""
    import mlx.core as mx
    from mlx import nn
    from mlx.utils import tree_flatten
    from mlx_lm.utils import _get_classes

    from tests import small_models

    config = {**COMMON, **shape}
    model_class, arguments = _get_classes(config)
    network = model_class(arguments.from_dict(config))
    nn.quantize(network, **config["quantization"])  # type: ignore[arg-type]
    weights = {}
    for name, values in tree_flatten(network.parameters()):
        kind = name.rsplit(".", 1)[1]
        if values.dtype == mx.uint32:
            made = mx.random.bits(values.shape)
        elif kind == "scales":
            made = mx.full(values.shape, 0.005, dtype=mx.float16)
        elif kind == "biases":
            made = mx.full(values.shape, -0.04, dtype=mx.float16)
        else:
            made = mx.ones(values.shape, dtype=mx.float16)
        mx.eval(made)
        weights[name] = made
    mx.save_safetensors(str(folder / "model.safetensors"), weights, {"format": "mlx"})
    tokenizer = small_models.byte_level_tokenizer(100_000)
    tokenizer.add_special_tokens(small_models.LLAMA3_TOKENS)
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps(config))
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<|eot_id|>",
        "chat_template": small_models.LLAMA3_TEMPLATE,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def _mb(size: int | None) -> int:
    return round((size or 0) / 1e6)


if __name__ == "__main__":
    main()
