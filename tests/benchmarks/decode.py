"""Compare guided decoding with its alternatives, on the same parts in the same run.

    uv run python tests/benchmarks/decode.py [--model FOLDER] [--quick] [--json]

Without --model, the chat model of the tests is measured, SmolLM2-135M-Instruct.

"free" is `mlx_lm.stream_generate` asked to rewrite the text, as a user would script it; "step" is
guided decoding with one token per pass; "drafted" is guided decoding as the product does it. Word
retention is the share of the source's words that are found in order in what was written (longest
common subsequence of normalised words).
"""

from __future__ import annotations

import argparse
import dataclasses
import difflib
import json
import math
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine import pipeline
from engine.child.measure import Run, measure
from engine.guided import model as models
from engine.guided.decode import decode
from engine.models import catalog
from engine.records import ModelInfo, Part, Profile
from tests.chat_model import smollm2

DATA = Path(__file__).parents[3] / "shared" / "data" / "whisper"
KINDS = {
    "punctuated": "openai-whisper/pod_en_1h03_37c3.json",
    "lowercase": "openai-whisper/pod_en_lower_nopunct_54min.json",
    "diarized": "whisperx/wx_diarized_19min.json",
    "three hours": "openai-whisper/lex_podcast_3h17.json",
}
CURVE = (1, 2, 4, 8, 16, 32, 64)
ONE_BILLION: dict[str, Any] = {
    "hidden_size": 2048,
    "num_hidden_layers": 16,
    "intermediate_size": 8192,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
}


def main() -> None:
    """Print the tables and, if asked, one JSON object last."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, help="folder of a language model")
    parser.add_argument("--quick", action="store_true", help="few parts, no 1B-shaped model")
    parser.add_argument("--json", action="store_true", help="end in one JSON object")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--parts", type=int, help="parts of each file (default 24, quick 4)")
    parser.add_argument("--curve", choices=["fast", "plain"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.curve:
        print(json.dumps(curve(options.model, fast=options.curve == "fast")))
        return
    count = options.parts or (4 if options.quick else 24)
    folder = options.model or smollm2()
    rows = table(folder.name, catalog.describe(str(folder)), options.data, count)
    curves = {
        how: json.loads(
            subprocess.run(
                [sys.executable, __file__, "--curve", how, "--model", str(folder)],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        for how in ("plain", "fast")
    }
    print("\nCost of a pass, milliseconds (median of 9, 150 tokens in the cache)\n")
    print("| tokens | " + " | ".join(str(n) for n in CURVE) + " |")
    print("|---|" + "---|" * len(CURVE))
    for how, costs in curves.items():
        print(
            f"| {costs['device']} ({how}) | " + " | ".join(f"{c:.1f}" for c in costs["ms"]) + " |"
        )
    if not options.quick:
        with tempfile.TemporaryDirectory() as made:
            info = one_billion(Path(made))
            table("random, 1B shape", info, options.data, 1, kinds=["punctuated"])
    if options.json:
        print(json.dumps(summary(rows)))


def table(
    name: str, info: ModelInfo, data: Path, count: int, *, kinds: Sequence[str] = tuple(KINDS)
) -> dict[str, dict[str, dict[str, float]]]:
    """Measure the three ways on each kind of transcript, print a table and return its figures."""
    model = models.load(info)  # before MLX is imported here: it loads the fast BLAS first
    import mlx.core as mx

    print(f"\n{name} on {model.device_path}; {count} parts of each file\n")
    heads = ["transcript", "way", "words", "tokens", "passes", "tokens/pass", "words/s", "peak MB"]
    print(f"| {' | '.join([*heads, 'retention'])} |\n|{'---|' * (len(heads) + 1)}")
    out: dict[str, dict[str, dict[str, float]]] = {}
    for kind in kinds:
        source = data / KINDS[kind]
        plan = pipeline.prepare(
            source.read_bytes(), name=source.name, profile=Profile(language="en"), info=info
        )
        parts = plan.parts[:count]
        measure(partial(decode, model), parts[:1])  # warm up, and fit the cost of a pass
        out[kind] = {}
        texts: dict[str, list[str]] = {}
        for way in ("free", "step", "drafted"):
            mx.reset_peak_memory()
            if way == "free":
                run, texts[way] = free(model, parts)
            else:
                draft_tokens = 0 if way == "step" else None
                run = measure(partial(decode, model, draft_tokens=draft_tokens), parts)
                texts[way] = " ".join(run.written).split()
            out[kind][way] = {
                "tokens": run.tokens,
                "passes": run.passes,
                "tokens_per_pass": run.tokens_per_pass,
                "words_per_second": run.words_per_second,
                "ties": run.ties,
                "retention": retention([w.text for part in parts for w in part.words], texts[way]),
            }
            row = out[kind][way]
            print(
                f"| {kind} | {way} | {run.words} | {run.tokens} | {run.passes} "
                f"| {run.tokens_per_pass:.1f} | {run.words_per_second:.0f} "
                f"| {mx.get_peak_memory() / 1e6:.0f} | {100 * row['retention']:.1f} % |",
                flush=True,
            )
        same = "the same text" if texts["step"] == texts["drafted"] else "ANOTHER TEXT"
        print(
            f"| {kind} | drafted/step | | | | | "
            f"{_faster(out[kind], 'step'):.1f}x, over free {_faster(out[kind], 'free'):.1f}x "
            f"| | {same}, {int(out[kind]['drafted']['ties'])} ties |"
        )
    return out


def free(model: models.Model, parts: Sequence[Part]) -> tuple[Run, list[str]]:
    """Rewrite each part without the guide; return the figures and the words that were written."""
    from mlx_lm import stream_generate
    from mlx_lm.sample_utils import make_sampler

    from engine.guided import prompts
    from engine.guided.chat_tokenizer import ChatTokenizer

    tokenizer = ChatTokenizer(Path(model.info.path)).loaded
    sampler = make_sampler(temp=0.0)
    tokens = passes = words = 0
    out: list[str] = []
    started = time.perf_counter()
    for part in parts:
        lone = dataclasses.replace(part, after=())
        prompt = prompts.build(
            lone, (), info=model.info, template=model.template, vocabulary=model.vocabulary
        )
        pieces = []
        limit = 3 * len(part.words)
        for response in stream_generate(
            model.network, tokenizer, prompt, max_tokens=limit, sampler=sampler
        ):
            pieces.append(response.text)
            tokens += 1
            passes += 1
            if response.token == model.template.end_id:
                break
        out += "".join(pieces).split()
        words += len(part.words)
    return Run(words, tokens, passes, time.perf_counter() - started, 0, ()), out


def _faster(ways: dict[str, dict[str, float]], than: str) -> float:
    return ways["drafted"]["words_per_second"] / ways[than]["words_per_second"]


def retention(source: Sequence[str], written: Sequence[str]) -> float:
    """Return the share of the source's words that are in `written`, in order."""
    one, two = _normal(source), _normal(written)
    matcher = difflib.SequenceMatcher(a=one, b=two, autojunk=False)
    return sum(block.size for block in matcher.get_matching_blocks()) / max(1, len(one))


def _normal(words: Sequence[str]) -> list[str]:
    out = []
    for word in words:
        text = unicodedata.normalize("NFC", word).casefold()
        text = "".join(char for char in text if unicodedata.category(char)[0] != "P")
        if text:
            out.append(text)
    return out


def curve(folder: Path, *, fast: bool) -> dict[str, Any]:
    """Time passes of 1 to 64 tokens over a model, with or without OpenBLAS."""
    if not fast:
        models.use_fast_blas = lambda: False
    model = models.load(catalog.describe(str(folder)))
    import mlx.core as mx
    from mlx_lm.models.cache import make_prompt_cache, trim_prompt_cache

    cache = make_prompt_cache(model.network)
    mx.eval(model.network(mx.array([[5] * 150]), cache=cache))
    costs = []
    for n in CURVE:
        taken = []
        for _ in range(9):
            started = time.perf_counter()
            mx.eval(model.network(mx.array([[5] * n]), cache=cache))
            taken.append(time.perf_counter() - started)
            trim_prompt_cache(cache, n)
        costs.append(1e3 * sorted(taken)[4])
    return {"device": model.device_path, "ms": costs}


def one_billion(folder: Path) -> ModelInfo:
    """Write a model of Llama-3.2-1B's shape with random weights."""
    from tests import small_models

    tokenizer = small_models.byte_level_tokenizer(128_000)
    tokenizer.add_special_tokens(small_models.LLAMA3_TOKENS)
    small_models.write_model(
        folder,
        tokenizer,
        template=small_models.LLAMA3_TEMPLATE,
        end="<|eot_id|>",
        config=ONE_BILLION,
    )
    return dataclasses.replace(catalog.describe(str(folder)), part_words=40)


def summary(rows: dict[str, dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Return the figures to watch; speedups are geometric means over the files."""

    def mean(values: Sequence[float]) -> float:
        return math.exp(sum(math.log(value) for value in values) / len(values))

    def speedup(over: str) -> float:
        return mean([_faster(ways, over) for ways in rows.values()])

    return {
        "tokens_per_pass": {
            kind: round(rows[kind]["drafted"]["tokens_per_pass"], 2)
            for kind in ("punctuated", "lowercase")
        },
        "speedup_vs_step": round(speedup("step"), 2),
        "speedup_vs_stream_generate": round(speedup("free"), 2),
        "retention": {
            "guided": min(
                w[way]["retention"] for w in rows.values() for way in ("step", "drafted")
            ),
            "free": round(min(w["free"]["retention"] for w in rows.values()), 4),
        },
    }


if __name__ == "__main__":
    main()
