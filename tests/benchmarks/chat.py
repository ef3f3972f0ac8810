"""Measure a conversation in the model child: seconds to load, tokens per second, memory by turn.

    uv run python tests/benchmarks/chat.py [--model FOLDER] [--shape 1b|3b] [--turns 20]
        [--tokens 16] [--words 40] [--device quantized] [--peer] [--peer-s 600] [--json]

Without --model, a 4-bit model of real shape with random weights is made: its speed and memory are
those of a trained one. Every turn adds a message of so many words, and the answer is read again in
the next; no tools are offered. Memory is the peak of the child's process. "CPU s" is the time of
its processors (Linux alone), which other work on the machine changes least.

--peer lets mlx_lm answer the first message of the same folder in a process of its own: as it is
called by everybody, and with all that is not packed as float32. Each ends after --peer-s seconds.
On a busy machine: --tokens 2 --words 4, and OPENBLAS_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
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


PEERS = ("as it is", "float32")


def main() -> None:
    """Print a row per turn and, if asked, one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model")
    parser.add_argument("--shape", choices=sorted(SHAPES), default="3b")
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=16, help="of each answer")
    parser.add_argument("--words", type=int, default=40, help="of each message")
    parser.add_argument("--device", choices=["auto", "quantized", "float32"], default="quantized")
    parser.add_argument("--peer", action="store_true", help="measure mlx_lm beside it")
    parser.add_argument("--peer-s", type=float, default=600.0, help="for each of its two ways")
    parser.add_argument("--json", action="store_true", help="end in one JSON object")
    parser.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--as-peer", choices=PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        make(options.make, SHAPES[options.shape])
        return
    if options.as_peer:
        answer_as_peer(options)
        return
    with _model(options) as folder:
        client = ModelClient(catalog.describe(folder), silence_s=3_600, device=options.device)
        try:
            found = converse(client, options)
        finally:
            client.close()
        if options.peer:
            found["peers"] = [_peer(way, folder, options) for way in PEERS]
    if options.json:
        print(json.dumps(found))


def converse(client: ModelClient, options: argparse.Namespace) -> dict[str, Any]:
    """Hold a conversation; print and return its figures."""
    loaded = client.start()
    backend = LocalBackend(client)
    found: dict[str, Any] = {
        "device": loaded.device_path,
        "load_s": loaded.load_s,
        "load_cpu_s": _cpu_s(loaded.pid),
        "context": backend.facts.context,
        "loaded_mb": _mb(client.memory_bytes()),
        "turns": [],
    }
    print(
        f"{loaded.device_path}; loaded in {loaded.load_s:.1f} s ({found['load_cpu_s']:.1f} CPU s); "
        f"context {found['context']:,}; peak {found['loaded_mb']} MB\n\n"
        "| turn | prompt | cached | read in CPU s | tokens/s | written | tokens/CPU s | tokens/s "
        "| peak MB |\n|---|---|---|---|---|---|---|---|---|",
        flush=True,
    )
    messages: list[Message] = []
    for turn in range(1, options.turns + 1):
        messages.append(_question(turn, options))
        before = _cpu_s(loaded.pid)
        began: list[float] = []  # CPU seconds at every piece: the first ends reading
        done = backend.write(
            messages,
            options=WritingOptions(max_tokens=options.tokens, temperature=1.0, seed=turn),
            on_text=lambda piece, began=began: began.append(_cpu_s(loaded.pid)),  # type: ignore[misc]
        )
        ended = _cpu_s(loaded.pid)
        messages.append(Message("assistant", done.text))
        read_cpu_s = (began[0] if began else ended) - before
        row = {
            "prompt": done.prompt_tokens,
            "cached": done.cached_tokens,
            "read_cpu_s": read_cpu_s,
            "read_tokens_per_s": (done.prompt_tokens - done.cached_tokens) / done.read_s,
            "written": done.tokens,
            "tokens_per_cpu_s": done.tokens / max(ended - before - read_cpu_s, 0.01),
            "tokens_per_s": done.tokens / done.write_s,
            "peak_mb": _mb(client.memory_bytes()),
        }
        found["turns"].append(row)
        print(
            f"| {turn} | {row['prompt']} | {row['cached']} | {read_cpu_s:.1f} "
            f"| {row['read_tokens_per_s']:.2f} | {row['written']} "
            f"| {row['tokens_per_cpu_s']:.2f} | {row['tokens_per_s']:.2f} | {row['peak_mb']} |",
            flush=True,
        )
    return found


def _question(turn: int, options: argparse.Namespace) -> Message:
    return Message("user", " ".join(f"word{turn}" for _ in range(options.words)))


def _cpu_s(pid: int) -> float:
    """Return the processor seconds that a process has used, 0.0 where that is not told."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _model(options: argparse.Namespace) -> Iterator[str]:
    if options.model:
        yield options.model
        return
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--shape", options.shape, "--make", folder]
        subprocess.run(command, check=True)  # its memory is not the child's
        yield folder


def _peer(way: str, folder: str, options: argparse.Namespace) -> dict[str, Any]:
    """Let mlx_lm answer in a process of its own; return its figures, or that it did not end."""
    command = [sys.executable, __file__, "--as-peer", way, "--model", folder]
    command += ["--tokens", str(options.tokens), "--words", str(options.words)]
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=options.peer_s
        )
    except subprocess.TimeoutExpired:
        print(f"\nmlx_lm, {way}: no answer of {options.tokens} tokens in {options.peer_s:.0f} s")
        return {"way": way, "ended": False}
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(
        f"\nmlx_lm, {way}: loaded in {row['load_cpu_s']:.1f} CPU s; answer of {row['written']} to "
        f"{row['prompt']} tokens in {row['cpu_s']:.1f} CPU s; read {row['read_tokens_per_s']:.2f}, "
        f"written {row['tokens_per_s']:.2f} tokens/s; peak {row['peak_mb']} MB",
        flush=True,
    )
    return {"way": way, "ended": True, **row}


def answer_as_peer(options: argparse.Namespace) -> None:
    """Answer the first message with mlx_lm alone; print the figures as JSON."""
    import resource

    from engine.models.device import use_fast_blas

    use_fast_blas()
    import mlx.core as mx
    from mlx_lm import load, stream_generate

    network, tokenizer = load(options.model)[:2]
    if options.as_peer == "float32":
        network.set_dtype(mx.float32)
    mx.eval(network.parameters())
    load_cpu_s = time.process_time()
    question = [{"role": "user", "content": _question(1, options).content}]
    prompt = tokenizer.apply_chat_template(question, add_generation_prompt=True)
    last = [*stream_generate(network, tokenizer, prompt, max_tokens=options.tokens)][-1]
    row = {
        "load_cpu_s": load_cpu_s,
        "cpu_s": time.process_time() - load_cpu_s,
        "prompt": last.prompt_tokens,
        "written": last.generation_tokens,
        "read_tokens_per_s": last.prompt_tps,
        "tokens_per_s": last.generation_tps,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024 / 1e6),
    }
    print(json.dumps(row))


def make(folder: Path, shape: dict[str, Any]) -> None:
    """Write a 4-bit model with random weights, which never exist as floats."""
    import mlx.core as mx
    import numpy as np
    from mlx import nn
    from mlx.utils import tree_flatten
    from mlx_lm.utils import _get_classes

    from tests import small_models

    config = {**COMMON, **shape}
    model_class, arguments = _get_classes(config)
    network = model_class(arguments.from_dict(config))
    nn.quantize(network, **config["quantization"])  # type: ignore[arg-type]
    chance = np.random.default_rng(0)
    weights = {}
    for name, values in tree_flatten(network.parameters()):
        kind = name.rsplit(".", 1)[1]
        if values.dtype == mx.uint32:
            made = mx.array(chance.integers(0, 1 << 32, values.shape, dtype=np.uint32))
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
