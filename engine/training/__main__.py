"""Commands: python -m engine.training prepare | train | export | evaluate | plot | tune."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from engine.training.export import BITS, GROUP

DATA = Path("../shared/data")
WORK = Path("var/training")
MODEL = Path("engine/models/punct-en")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; heavy imports happen inside it, so that help works without torch."""
    parser = argparse.ArgumentParser(prog="python -m engine.training", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _prepare(commands)
    _train(commands)
    _export(commands)
    _evaluate(commands)
    _tune(commands)
    _plot(commands)
    options = parser.parse_args(arguments)
    return int(options.run(options) or 0)


def _prepare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("prepare", help="clean the corpus, train the tokenizer")
    parser.add_argument("--corpus", type=Path, default=DATA / "corpus")
    parser.add_argument("--out", type=Path, default=WORK / "data")
    parser.add_argument("--vocabulary", type=int, default=6144)
    parser.add_argument("--tokenizer-windows", type=int, default=15_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=int, help="read only so many records of each part")

    def run(options: argparse.Namespace) -> None:
        from engine.training.corpus import Corpus, prepare
        from engine.training.tokens import save_tokenizer, train_tokenizer

        counts = prepare(options.corpus, options.out, seed=options.seed, limit=options.limit)
        texts = Corpus(options.out / "train.npz").tokenizer_texts(
            seed=options.seed, windows=options.tokenizer_windows
        )
        save_tokenizer(train_tokenizer(texts, options.vocabulary), options.out / "tokenizer")
        print(f"{counts['train']:,} words to train on, {counts['dev']:,} to measure on")

    parser.set_defaults(run=run)


def _train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("train", help="train, or go on from the checkpoint in --out")
    parser.add_argument("--data", type=Path, default=WORK / "data")
    parser.add_argument("--out", type=Path, default=WORK / "run")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--minutes", type=float, help="budget of training time")
    parser.add_argument("--tokens", type=int, help="budget in tokens; deterministic")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--helpers", type=int, default=1, help="further processes, CPU only")
    parser.add_argument("--drawers", type=int, default=0, help="processes that draw ahead")
    parser.add_argument("--layers", type=int)
    parser.add_argument("--decay", type=float, default=0.5, help="share of the budget")
    parser.add_argument("--batch-tokens", type=int, default=7_000)
    parser.add_argument("--optimizer", choices=("muon", "adamw"), default="muon")
    parser.add_argument("--matrix-rate", type=float, default=3e-3)
    parser.add_argument("--other-rate", type=float, default=3e-3)
    parser.add_argument("--checkpoint-minutes", type=float, default=5.0)
    parser.add_argument("--dev-tokens", type=int, default=1_500_000)
    parser.add_argument("--dev-windows", type=int, default=80)
    parser.add_argument("--compile", action="store_true", help="use torch.compile")
    parser.add_argument("--seed", type=int, default=1)

    def run(options: argparse.Namespace) -> None:
        from engine.training.train import Trainer, TrainOptions

        values = {key: value for key, value in vars(options).items() if key != "run"}
        Trainer(TrainOptions(**values)).run()

    parser.set_defaults(run=run)


def _export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("export", help="quantise the float model for the engine")
    parser.add_argument("--source", type=Path, default=WORK / "run/float")
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--bits", type=int, default=BITS, help="16: leave the floats")
    parser.add_argument("--group", type=int, default=GROUP)
    parser.add_argument("--embedding-bits", type=int, default=BITS)

    def run(options: argparse.Namespace) -> None:
        from engine.training.export import export

        folder = export(
            options.source,
            options.out,
            bits=options.bits,
            group=options.group,
            embedding_bits=options.embedding_bits,
        )
        print(f"{folder}: {(folder / 'model.safetensors').stat().st_size:,} bytes of weights")

    parser.set_defaults(run=run)


def _evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("evaluate", help="measure a model through the engine")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--tsv", type=Path, help="token and label per line, may be gzipped")
    source.add_argument("--corpus", type=Path, help="dev.jsonl.gz, measured per style")
    source.add_argument("--kept", type=Path, nargs="+", help="punctuated transcripts")
    parser.add_argument("--limit", type=int, help="tokens of the TSV, words of each style")
    parser.add_argument("--model", default="punct-en", help="a model folder, or its name")
    parser.add_argument("--bias", type=json.loads, help="JSON; overrules the model's own")
    parser.add_argument("--json", action="store_true", help="print one JSON object")

    def run(options: argparse.Namespace) -> None:
        from engine.training import evaluate
        from engine.training.guided import guided

        with guided(options.model, options.bias) as engine:
            if options.tsv:
                table = evaluate.tsv(engine, options.tsv, options.limit)
            elif options.corpus:
                table = evaluate.corpus(engine, options.corpus, words=options.limit or 4_000)
            else:
                table = evaluate.kept(engine, options.kept)
        if options.json:
            print(json.dumps(table))
        else:
            for key, value in table.items():
                print(f"{key:18}{value}")

    parser.set_defaults(run=run)


def _tune(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("tune", help="tune the biases on dev, write them to llasa.json")
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--corpus", type=Path, default=DATA / "corpus/dev.jsonl.gz")
    parser.add_argument("--words", type=int, default=3_000, help="of each style")

    def run(options: argparse.Namespace) -> None:
        from engine.training import tune
        from engine.training.export import read_manifest, write_bias

        start = dict(read_manifest(options.model)["bias"])
        bias, best = tune.climb(
            lambda trial: tune.score(options.model, options.corpus, trial, options.words), start
        )
        write_bias(options.model, bias)
        print(f"mean overall F1 {best:.2f} with {bias}")

    parser.set_defaults(run=run)


def _plot(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("plot", help="draw the learning curve of a run")
    parser.add_argument("--log", type=Path, default=WORK / "run/log.jsonl")
    parser.add_argument("--out", type=Path, default=Path("docs/training-curve.png"))

    def run(options: argparse.Namespace) -> None:
        from engine.training.plot import plot

        plot(options.log, options.out)

    parser.set_defaults(run=run)


if __name__ == "__main__":
    raise SystemExit(main())
